//! `s3-bucket-ssec-allowed`: a bucket that takes objects under keys it will never see.
//!
//! **What drifts.** The bucket takes uploads with SSE-C (server-side encryption with customer-provided keys): neither does it
//! block that encryption type, nor does its policy deny everybody such uploads, in whatever words.
//!
//! **Why it matters.** Whoever may write can encrypt every object anew under a key that nobody else has, and ask for ransom;
//! S3 does not keep that key, and no key of KMS stands in between: 45 CFR 164.308(a)(1)(ii)(B) (risk management),
//! 164.308(a)(7)(i) (contingency plan), 164.312(a)(2)(iv) (encryption). The mapping is our own judgement.
//!
//! **What we read.** The default encryption. If it does not block SSE-C, the bucket policy; on drift, the tags.
//!
//! **What we change.** `PutBucketEncryption`: `SSE-C` is put on the list of blocked encryption types. `NONE` is taken off.
//!
//! **What we never touch.** The algorithm, the key and the bucket key of the default encryption, and other blocked types.
//! Existing objects, which can be read with their keys as before. The bucket policy.
//!
//! **What may break.** Uploads, copies and replication with SSE-C are refused (403). Backup software and gateways of image
//! archives that bring keys of their own stop writing.
//!
//! **Way back.** The former list is restored. Where there was none, there is no way back: an empty list is not the same as
//! none, because S3 has a default of its own, by the age of the bucket and of the account. Then a person sets `NONE`.
//!
//! **When a person decides.** Always: no call tells whether a workload brings keys of its own. Or the bucket has several
//! rules of default encryption. Buckets without PHI are not spared: ransomware does not ask.
//!
//! Source: S3 User Guide, "Blocking or unblocking SSE-C for a general purpose bucket".

use remedy_engine::prelude::*;
use remedy_policy::{Kind, Policy, denies_customer_provided_keys};
use remedy_s3::{Bucket, Buckets, policy};

use crate::default_encryption::{self, DefaultEncryption, GET, PUT, Rules, SSE_C, several};

/// The control `s3-bucket-ssec-allowed`.
#[derive(Debug)]
pub struct BucketSsecAllowed;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The bucket.
    pub bucket: Target,
    /// The rules of its default encryption.
    pub rules: Rules,
    /// What its policy says of such uploads.
    pub policy: Saying,
}

/// What a bucket policy says of uploads with SSE-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    /// Nobody looked: the bucket blocks them itself.
    Unread,
    /// Somebody may make them, as far as the policy goes.
    NotDenied,
    /// Nobody may.
    Denied,
}

impl Remediation for BucketSsecAllowed {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-ssec-allowed"),
        title: "Bucket that takes objects under keys it will never see",
        hipaa: "164.308(a)(1)(ii)(B), (7)(i); 164.312(a)(2)(iv)",
        events: &["CreateBucket", "DeleteBucketEncryption", "PutBucketEncryption"],
        reads: &[&[GET, policy::GET]],
        writes: &[&[PUT]],
        elements: &["default encryption: blocked encryption types"],
        deviates: &["sse-c"],
        reasons: &["several-rules", "clients-refused", "objects-stay"],
        ..Control::of(Self::KIND)
    };
    type On = Bucket;
    type Facts = Taken;
    type Setting = DefaultEncryption;
    type Step = Whole<DefaultEncryption>;

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Taken, DefaultEncryption>, Fault> {
        let Some((setting, rules)) = default_encryption::read(client, target).await? else {
            return Ok(Observed::Absent);
        };
        let facts = Taken { bucket: target.clone(), rules, policy: Saying::Unread };
        Ok(Observed::Present { facts, setting })
    }

    async fn consult(
        client: &Buckets,
        target: &Target,
        facts: Taken,
        setting: &DefaultEncryption,
        _: &Parameters,
    ) -> Result<Taken, Fault> {
        if setting.blocks(SSE_C) {
            return Ok(facts);
        }
        let text = policy::read(client, target).await?.flatten();
        let policy = text.as_deref().and_then(|text| Policy::parse(Kind::Bucket, text).ok());
        let bucket = target.arn.as_deref().unwrap_or_default();
        let is_denied = policy.is_some_and(|policy| denies_customer_provided_keys(&policy, bucket));
        Ok(Taken { policy: if is_denied { Saying::Denied } else { Saying::NotDenied }, ..facts })
    }

    fn judge(facts: &Taken, setting: &DefaultEncryption, _: &Context<'_>) -> Verdict<DefaultEncryption> {
        let violations = vec![Violation::new("sse-c", "uploads under a key of the client's own (SSE-C) are taken")];
        match (facts.rules, facts.policy) {
            (_, Saying::Denied) => Verdict::Compliant,
            (Rules::Several, _) => Verdict::NeedsHuman { violations, reason: several() },
            _ if setting.blocks(SSE_C) => Verdict::Compliant,
            _ => Verdict::Drifted(Drift {
                violations,
                desired: setting.blocking(SSE_C),
                consent: Consent::ask(
                    "clients-refused",
                    "clients that bring a key of their own with each upload would be refused",
                ),
                note: Some(Reason::new("objects-stay", "objects that are there can be read with their keys as before")),
            }),
        }
    }

    async fn perform(
        writer: &Writer<Buckets>,
        target: &Target,
        Whole(encryption): &Whole<DefaultEncryption>,
    ) -> Result<(), Fault> {
        default_encryption::write(writer.client(), target, encryption).await
    }
}
