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

use remedy_engine::prelude::*;
use remedy_kms::DESCRIBE;
use remedy_s3::{ACL, Bucket, policy};

use crate::{
    clients::S3AndKms,
    default_encryption::{self, DELETE, DefaultEncryption, GET, PUT},
    facts::{self, EncryptionFacts},
    logs::Logs,
};

/// The control `s3-bucket-default-key`.
#[derive(Debug)]
pub struct BucketDefaultKey;

impl Remediation for BucketDefaultKey {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-default-key"),
        title: "Bucket not encrypted by default with a key of the customer's",
        hipaa: "164.308(a)(4)(ii)(A); 164.312(a)(2)(iv), (c)(1), (e)(2)(ii); 164.314(b)(1), (2)",
        config_rules: &["S3_DEFAULT_ENCRYPTION_KMS"],
        events: &["CreateBucket", "DeleteBucketEncryption", "PutBucketEncryption"],
        reads: &[&[GET, policy::GET, ACL, DESCRIBE]],
        writes: &[&[DELETE, PUT]],
        elements: &["default encryption: cipher and bucket key"],
        deviates: &["algorithm", "key", "bucket-key"],
        reasons: &[
            "free-of-phi",
            "several-rules",
            "no-key-named",
            "key-elsewhere",
            "key-missing",
            "key-unusable",
            "other-context",
            "key-permissions",
            "objects-stay",
        ],
        ..Control::of(Self::KIND)
    };
    type On = Bucket<S3AndKms>;
    type Facts = EncryptionFacts;
    type Setting = DefaultEncryption;
    type Step = Whole<DefaultEncryption>;

    async fn observe(
        client: &S3AndKms,
        target: &Target,
    ) -> Result<Observed<EncryptionFacts, DefaultEncryption>, Fault> {
        let Some((setting, rules)) = default_encryption::read(&client.buckets, target).await? else {
            return Ok(Observed::Absent);
        };
        let facts = EncryptionFacts { bucket: target.clone(), rules, logs: Logs::None, keys: BTreeMap::new() };
        Ok(Observed::Present { facts, setting })
    }

    async fn consult(
        client: &S3AndKms,
        _: &Target,
        facts: EncryptionFacts,
        setting: &DefaultEncryption,
        parameters: &Parameters,
    ) -> Result<EncryptionFacts, Fault> {
        facts::consult(client, facts, setting, parameters).await
    }

    fn judge(
        facts: &EncryptionFacts,
        setting: &DefaultEncryption,
        context: &Context<'_>,
    ) -> Verdict<DefaultEncryption> {
        facts::judge(facts, setting, context.parameters)
    }

    async fn perform(
        writer: &Writer<S3AndKms>,
        target: &Target,
        Whole(encryption): &Whole<DefaultEncryption>,
    ) -> Result<(), Fault> {
        default_encryption::write(&writer.client().buckets, target, encryption).await
    }
}
