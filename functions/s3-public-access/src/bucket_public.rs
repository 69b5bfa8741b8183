//! `s3-bucket-public`: a bucket that Block Public Access does not protect.
//!
//! **What drifts.** One of the four flags of Block Public Access is off, or there is no configuration.
//!
//! **Why it matters.** A policy or an ACL can then open PHI to the world: 45 CFR 164.312(a)(1) (access control),
//! 164.308(a)(4)(ii)(A) and (C) (isolation, access establishment), 164.312(e)(1) (transmission).
//!
//! **What we read.** The four flags; on drift, whether the bucket hosts a website.
//!
//! **What we change.** The flags that are off are set, in one `PutPublicAccessBlock`.
//!
//! **What we never touch.** Objects, the bucket policy, ACLs, flags that are on.
//!
//! **Way back.** The old flags are put back; where there was no configuration, it is deleted again. A flag that somebody
//! else changed since keeps their value.
//!
//! **When a person decides.** The bucket hosts a website: it would go dark.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use remedy_aws::{
    absent,
    buckets::{self, Website},
    fault,
};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Fault, Observed, Route, Scope, StopsDestruction, Target,
    Verdict, control::ApiEvent,
};
use remedy_engine::{Page, Place, Remediation, Writer};

use crate::{
    block::{self, Calls, Change, PublicAccessBlock, Setting, Step},
    clients::Buckets,
};

const S3: &str = "s3.amazonaws.com";
const GET: Call = Call::new("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock");
const PUT: Call = Call::new("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock");
const DELETE: Call = Call::new("s3:DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock");
const CALLS: Calls = Calls { put: PUT, delete: DELETE };

/// The control `s3-bucket-public`.
#[derive(Debug)]
pub struct BucketPublic;

impl Remediation for BucketPublic {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-public"),
        title: "Bucket not protected by Block Public Access",
        hipaa: &["164.308(a)(3)(i)", "164.308(a)(4)(ii)(A)", "164.308(a)(4)(ii)(C)", "164.312(a)(1)", "164.312(e)(1)"],
        config_rules: &[
            "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
            "S3_BUCKET_PUBLIC_READ_PROHIBITED",
            "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
        ],
        resource_types: &[buckets::TYPE],
        scope: Scope::Regional,
        api_events: &[
            ApiEvent::new(S3, "CreateBucket"),
            ApiEvent::new(S3, "DeleteBucketPublicAccessBlock"),
            ApiEvent::new(S3, "PutBucketAcl"),
            ApiEvent::new(S3, "PutBucketPolicy"),
            ApiEvent::new(S3, "PutBucketPublicAccessBlock"),
        ],
        reads: &[GET, buckets::WEBSITE, buckets::LIST],
        writes: &[DELETE, PUT],
        elements: &[],
        stops_destruction: StopsDestruction::No,
    };
    type Facts = Website;
    type Setting = Setting;
    type Step = Step;
    type Client = Buckets;

    async fn discover(client: &Buckets, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        buckets::discover(&client.0, place, from).await
    }

    async fn find(_: &Buckets, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(buckets::find(place, id))
    }

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Website, Setting>, Fault> {
        let request = client.0.get_public_access_block().bucket(&target.id);
        let setting = match request.expected_bucket_owner(target.account.as_str()).send().await {
            Ok(answer) => answer.public_access_block_configuration().map(mirror),
            Err(error) if absent(&error, &["NoSuchPublicAccessBlockConfiguration"]) => None,
            Err(error) if absent(&error, &["NoSuchBucket"]) => return Ok(Observed::Absent),
            Err(error) => return Err(fault(GET.operation, &error)),
        };
        let facts = if setting == Some(PublicAccessBlock::ALL) {
            Website::None
        } else {
            buckets::website(&client.0, target).await?
        };
        Ok(Observed::Present { facts, setting })
    }

    fn judge(website: &Website, setting: &Setting, _: &Context<'_>) -> Verdict<Setting> {
        block::judge(setting, || match website {
            Website::Hosted => Consent::Ask("the bucket hosts a website, which would go dark".to_owned()),
            Website::None => Consent::Auto,
        })
    }

    fn steps(from: &Setting, to: &Setting) -> Route<Step> {
        block::steps(from, to, &CALLS)
    }

    fn rebase(before: &Setting, after: &Setting, now: &Setting) -> Result<Setting, Conflict> {
        block::rebase(before, after, now)
    }

    async fn perform(writer: &Writer<Buckets>, target: &Target, step: &Step) -> Result<(), Fault> {
        let (client, owner) = (&writer.client().0, target.account.as_str());
        match &step.change {
            Change::Put(block) => {
                let request = client.put_public_access_block().bucket(&target.id).expected_bucket_owner(owner);
                let sent = request.public_access_block_configuration(configuration(block)).send().await;
                sent.map(|_| ()).map_err(|error| fault(PUT.operation, &error))
            }
            Change::Delete => {
                let request = client.delete_public_access_block().bucket(&target.id).expected_bucket_owner(owner);
                request.send().await.map(|_| ()).map_err(|error| fault(DELETE.operation, &error))
            }
        }
    }
}

fn mirror(configuration: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: configuration.block_public_acls().unwrap_or_default(),
        ignore_public_acls: configuration.ignore_public_acls().unwrap_or_default(),
        block_public_policy: configuration.block_public_policy().unwrap_or_default(),
        restrict_public_buckets: configuration.restrict_public_buckets().unwrap_or_default(),
    }
}

fn configuration(block: &PublicAccessBlock) -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build()
}
