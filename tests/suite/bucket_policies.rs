//! The policies of Remedy's own buckets, decided request by request: a principal with every permission may only read.

use std::collections::BTreeMap;

use remedy_policy::{
    Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request, decide},
};
use serde_json::Value;

use crate::template::{functions, resources};

const ACCOUNT: &str = "111122223333";
const STRANGER: &str = "arn:aws:iam::111122223333:role/everything-on-everything";
const DEPLOYER: &str = "arn:aws:iam::111122223333:role/deploys-remedy";
const IF_NONE_MATCH: (&str, &str) = ("s3:if-none-match", "*");
const KEY_ID: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// A stack's two buckets.
struct Buckets(BTreeMap<String, Value>);

impl Buckets {
    fn deployed() -> Self {
        Self(resources(&["Writes=permitted", "SettingsKey=settings.json"]))
    }

    fn administered() -> Self {
        Self(resources(&[&format!("BucketAdministrator={DEPLOYER}")]))
    }

    /// The decision on a request of a principal whose own policies allow everything.
    fn decide(&self, who: &str, action: &str, resource: &str, told: &[(&str, &str)]) -> Decision {
        let bucket = if resource.contains("evidence") { "EvidenceBucketPolicy" } else { "StateBucketPolicy" };
        let document = self.0[bucket]["Properties"]["PolicyDocument"].to_string();
        let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let (identity, resource_policy) = (Policy::parse(Kind::Identity, all), Policy::parse(Kind::Bucket, &document));
        let (identity, resource_policy) = (identity.expect("a policy"), resource_policy.expect("a bucket policy"));
        let policies = Policies { identity: vec![&identity], resource: Some(&resource_policy), ..Policies::default() };
        let mut context = BTreeMap::from([
            ("aws:securetransport".to_owned(), vec!["true".to_owned()]),
            ("aws:principalarn".to_owned(), vec![who.to_owned()]),
            ("aws:principalaccount".to_owned(), vec![ACCOUNT.to_owned()]),
        ]);
        context.extend(told.iter().map(|(key, value)| ((*key).to_lowercase(), vec![(*value).to_owned()])));
        let caller = who.rsplit_once("role/").map_or_else(
            || Caller::User { arn: who.to_owned() },
            |(_, role)| Caller::Session {
                role: who.to_owned(),
                session: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s"),
            },
        );
        let (action, resource) = (action.to_owned(), format!("arn:aws:s3:::remedy-{resource}"));
        decide(&policies, &Request { caller, action, resource, resource_account: ACCOUNT.to_owned(), context })
    }

    fn assert_denied(&self, who: &str, action: &str, resource: &str, told: &[(&str, &str)]) {
        let decision = self.decide(who, action, resource, told);
        assert_eq!(decision, Decision::ExplicitlyDenied, "{who} {action} {resource} {told:?}");
    }

    fn assert_allowed(&self, who: &str, action: &str, resource: &str, told: &[(&str, &str)]) {
        let decision = self.decide(who, action, resource, told);
        assert_eq!(decision, Decision::Allowed, "{who} {action} {resource} {told:?}");
    }
}

fn role(function: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/remedy-{function}-read")
}

/// Every action on an object that is not reading, also those that S3 uses for what it does by itself.
const ON_OBJECTS: [&str; 18] = [
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectTagging",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:ReplicateTags",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:RestoreObject",
    "s3:AbortMultipartUpload",
    "s3:WhatAwsAddsNextYear",
];
/// Every action on a bucket that is not reading.
const ON_BUCKETS: [&str; 14] = [
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketNotification",
    "s3:PutBucketLogging",
    "s3:DeleteBucket",
    "s3:WhatAwsAddsNextYear",
];
const PLACES: [&str; 10] = [
    "evidencebucket/2026/03/02/10/1530.123-s3-bucket-public-intent-ff.json",
    "evidencebucket/seal/0000000007.json",
    "evidencebucket/seal/keys/ff.pem",
    "evidencebucket/anything",
    "statebucket/ask/ff/0.decision",
    "statebucket/hold/all",
    "statebucket/settings/in-force",
    "statebucket/exemption/s3-bucket-public/x",
    "statebucket/seal/last/2026/03/0000000007",
    "statebucket/lock/x",
];

#[test]
fn who_may_do_everything_may_only_read() {
    let buckets = Buckets::deployed();
    for who in [STRANGER, DEPLOYER, "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/remedy-x"] {
        for (action, place) in ON_OBJECTS.iter().flat_map(|action| PLACES.iter().map(move |place| (action, place))) {
            buckets.assert_denied(who, action, place, &[IF_NONE_MATCH]);
        }
        for (action, bucket) in
            ON_BUCKETS.iter().flat_map(|action| ["evidencebucket", "statebucket"].map(|it| (action, it)))
        {
            buckets.assert_denied(who, action, bucket, &[]);
        }
        for (action, place) in [
            ("s3:GetObject", PLACES[0]),
            ("s3:GetObjectVersion", PLACES[0]),
            ("s3:ListBucket", "evidencebucket"),
            ("s3:ListBucketVersions", "evidencebucket"),
            ("s3:GetBucketPolicy", "statebucket"),
        ] {
            buckets.assert_allowed(who, action, place, &[]);
        }
    }
}

#[test]
fn a_copy_by_replication_is_a_write_also_of_the_settings() {
    let buckets = Buckets::deployed();
    for action in ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:PutObjectAcl"] {
        buckets.assert_denied(STRANGER, action, "statebucket/settings.json", &[]);
    }
}

#[test]
fn each_function_writes_records_once_and_only_the_sealer_seals() {
    let buckets = Buckets::deployed();
    assert!(functions().len() >= 8);
    for function in functions() {
        let role = role(&function);
        for place in ["evidencebucket/2026/03/02/10/x", "statebucket/lock/x", "statebucket/notice/x"] {
            buckets.assert_allowed(&role, "s3:PutObject", place, &[IF_NONE_MATCH]);
        }
        buckets.assert_denied(&role, "s3:PutObject", PLACES[0], &[]);
        let key = (KEY_ID, "arn:aws:kms:us-east-1:444455556666:key/mine");
        for place in [PLACES[0], "statebucket/hold/all", "evidencebucket/seal/0000000007.json"] {
            let named = [IF_NONE_MATCH, ("s3:x-amz-server-side-encryption", "aws:kms"), key];
            buckets.assert_denied(&role, "s3:PutObject", place, &named);
            let own = (KEY_ID, "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-00000datakey");
            let named = [IF_NONE_MATCH, ("s3:x-amz-server-side-encryption", "aws:kms"), own];
            if !place.contains("/seal/") {
                buckets.assert_allowed(&role, "s3:PutObject", place, &named);
            }
        }
        for action in ON_OBJECTS.iter().filter(|action| **action != "s3:PutObject") {
            buckets.assert_denied(&role, action, PLACES[0], &[IF_NONE_MATCH]);
            buckets.assert_denied(&role, action, "statebucket/hold/all", &[IF_NONE_MATCH]);
        }
        let sealing = [
            "evidencebucket/seal/0000000007.json",
            "evidencebucket/seal/0000000007.sig",
            "evidencebucket/seal/keys/ff.pem",
            "statebucket/seal/last/2026/03/0000000007",
            "statebucket/seal/draft/0000000007-ff",
        ];
        for place in sealing {
            let decision = buckets.decide(&role, "s3:PutObject", place, &[IF_NONE_MATCH]);
            let wanted = if function == "sealer" { Decision::Allowed } else { Decision::ExplicitlyDenied };
            assert_eq!(decision, wanted, "{function} {place}");
            buckets.assert_denied(&role, "s3:PutObject", place, &[]);
        }
    }
}

#[test]
fn whoever_deploys_configures_the_buckets_and_writes_nothing_in_them() {
    let buckets = Buckets::administered();
    for action in ["s3:PutBucketPolicy", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketTagging"] {
        for bucket in ["evidencebucket", "statebucket"] {
            buckets.assert_allowed(DEPLOYER, action, bucket, &[]);
            buckets.assert_denied(STRANGER, action, bucket, &[]);
        }
    }
    buckets.assert_allowed(DEPLOYER, "s3:PutLifecycleConfiguration", "statebucket", &[]);
    for action in ["s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:DeleteBucket"] {
        buckets.assert_denied(DEPLOYER, action, "evidencebucket", &[]);
    }
    for place in PLACES {
        buckets.assert_denied(DEPLOYER, "s3:PutObject", place, &[IF_NONE_MATCH]);
    }
    let root = "arn:aws:iam::111122223333:root";
    for (action, place) in [("s3:DeleteObjectVersion", PLACES[0]), ("s3:DeleteBucketPolicy", "evidencebucket")] {
        buckets.assert_allowed(root, action, place, &[]);
    }
    buckets.assert_denied(root, "s3:PutObject", PLACES[0], &[IF_NONE_MATCH]);
}
