//! `s3-bucket-default-key`: a bucket whose new objects are not encrypted with a key of the customer's.
//!
//! **What drifts.** The default encryption is not SSE-KMS (`aws:kms`, `aws:kms:dsse`) with a key that the customer manages:
//! it is SSE-S3, or its key is AWS's own, another account's, or gone. Or it is, and the bucket key is off under `aws:kms`.
//!
//! **Why it matters.** A customer-managed key decides who may read PHI, logs every use, and can be disabled: 45 CFR
//! 164.312(a)(2)(iv) and (e)(2)(ii) (encryption), 164.308(a)(4)(ii)(A) (isolation), 164.312(c)(1), 164.314(b)(1) and
//! (b)(2).
//!
//! **What we read.** The default encryption. If its key is not that of the settings, its description from KMS. On
//! drift, the bucket policy, the ACL, the tags, and the description of the key that the settings name.
//!
//! **What we change.** `PutBucketEncryption`: the key of `parameters.default_key`, and the bucket key. A stricter setting
//! stays: `aws:kms:dsse`, and another key that the customer manages in the same account.
//!
//! **What we never touch.** Existing objects: they keep their encryption. The encryptions that the bucket blocks.
//! Buckets that the settings name as free of PHI.
//!
//! **What may break.** Writers without `kms:GenerateDataKey` on the key, and readers of new objects without
//! `kms:Decrypt`, are denied; so are readers of other accounts, unless the key's policy admits them. Every request to
//! KMS is charged, but bucket keys make them few.
//!
//! **Way back.** The old configuration is restored; plain SSE-S3 by `DeleteBucketEncryption`, which results in just
//! that. A value that somebody else changed since stays.
//!
//! **When a person decides.** Always: writers need `kms:GenerateDataKey`, readers `kms:Decrypt`, and AWS services that
//! may deliver logs may support SSE-S3 only. Or the settings name no key, or one that does not exist, is not in the
//! bucket's Region, not enabled, or not for this use.
//!
//! Source: S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets".

use std::collections::BTreeMap;

use remedy_aws::buckets;
use remedy_domain::{
    Conflict, Context, Control, ControlId, Fault, Identities, Observed, Parameters, Route, Scope, Stops, Target,
    Verdict, control::ApiEvent,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use serde_json::Value;

use crate::{
    clients::Vaults,
    default_encryption::{self, DELETE, DefaultEncryption, EncryptionStep, GET, PUT},
    document, key,
    logs::{self, Logs},
    vault::{self, Vault},
};

const S3: &str = "s3.amazonaws.com";
/// The control `s3-bucket-default-key`.
#[derive(Debug)]
pub struct BucketDefaultKey;

impl Remediation for BucketDefaultKey {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-default-key"),
        title: "Bucket not encrypted by default with a key of the customer's",
        hipaa: &[
            "164.308(a)(4)(ii)(A)",
            "164.312(a)(2)(iv)",
            "164.312(c)(1)",
            "164.312(e)(2)(ii)",
            "164.314(b)(1)",
            "164.314(b)(2)",
        ],
        config_rules: &["S3_DEFAULT_ENCRYPTION_KMS"],
        resource_types: &[buckets::TYPE],
        scope: Scope::Regional,
        api_events: &[
            ApiEvent::new(S3, "CreateBucket"),
            ApiEvent::new(S3, "DeleteBucketEncryption"),
            ApiEvent::new(S3, "PutBucketEncryption"),
        ],
        reads: &[GET, document::GET, logs::ACL, key::DESCRIBE, buckets::TAGS, buckets::LIST],
        writes: &[DELETE, PUT],
        elements: &["default encryption: cipher and bucket key"],
        stops: Stops::Nothing,
        identities: Identities::Untouched,
    };
    type Facts = Vault;
    type Setting = DefaultEncryption;
    type Step = EncryptionStep;
    type Client = Vaults;

    async fn discover(client: &Vaults, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        buckets::discover(&client.buckets, place, from).await
    }

    async fn find(_: &Vaults, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(buckets::find(place, id))
    }

    async fn observe(client: &Vaults, target: &Target) -> Result<Observed<Vault, DefaultEncryption>, Fault> {
        let Some((setting, rules)) = default_encryption::read(&client.buckets, target).await? else {
            return Ok(Observed::Absent);
        };
        let facts = Vault { bucket: target.clone(), rules, logs: Logs::None, keys: BTreeMap::new() };
        Ok(Observed::Present { facts, setting })
    }

    async fn consult(
        client: &Vaults,
        _: &Target,
        facts: Vault,
        setting: &DefaultEncryption,
        parameters: &Parameters,
    ) -> Result<Vault, Fault> {
        vault::consult(client, facts, setting, parameters).await
    }

    async fn tags(client: &Vaults, target: &Target) -> Result<Tags, Fault> {
        buckets::tags(&client.buckets, target).await
    }

    fn judge(facts: &Vault, setting: &DefaultEncryption, context: &Context<'_>) -> Verdict<DefaultEncryption> {
        vault::judge(facts, setting, context.parameters)
    }

    fn steps(from: &DefaultEncryption, to: &DefaultEncryption) -> Route<EncryptionStep> {
        DefaultEncryption::steps(from, to)
    }

    fn rebase(
        before: &DefaultEncryption,
        after: &DefaultEncryption,
        now: &DefaultEncryption,
    ) -> Result<DefaultEncryption, Conflict> {
        DefaultEncryption::rebased(before, after, now)
    }

    fn show(setting: &DefaultEncryption) -> Value {
        setting.shown()
    }

    async fn perform(writer: &Writer<Vaults>, target: &Target, step: &EncryptionStep) -> Result<(), Fault> {
        step.make(&writer.client().buckets, target).await
    }
}
