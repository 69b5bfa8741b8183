//! `s3-bucket-unencrypted-put`: a bucket that takes uploads under another encryption than SSE-KMS.
//!
//! **What drifts.** The bucket policy does not deny everybody uploads that name another encryption than SSE-KMS
//! (`aws:kms`, `aws:kms:dsse`). If the settings say `put_encryption: strict`, it must deny uploads that name none as
//! well. The bucket's default encryption does not count: it does not apply to an upload that names its encryption.
//!
//! **Why it matters.** Such an object is outside the key that guards PHI: its readers need no permission of KMS, and
//! nothing is logged: 45 CFR 164.312(a)(2)(iv) and (e)(2)(ii) (encryption), 164.308(a)(4)(ii)(A) (isolation),
//! 164.308(a)(1)(ii)(B), 164.312(c)(1) and (c)(2), 164.314(b)(1) and (b)(2).
//!
//! **What we read.** The bucket policy; on drift, the ACL and the tags.
//!
//! **What we change.** Up to two statements are put into the bucket policy: `RemedyDenyUnencryptedPut`, which permits
//! uploads that name no encryption and get the bucket's default, and under `strict` `RemedyDenyHeaderlessPut`.
//!
//! **What we never touch.** Every other statement, byte for byte. Existing objects. Buckets that the settings name as
//! free of PHI.
//!
//! **What may break.** Uploads that name another encryption, or under `strict` none: they are refused.
//!
//! **Way back.** The statements are removed again; if there was no policy, it is deleted. Statements that somebody else
//! changed since keep their text.
//!
//! **When a person decides.** Always; AWS services that may deliver logs may support SSE-S3 only. Or the policy cannot
//! be read, or has no room.

use remedy_domain::PutEncryption;
use remedy_engine::prelude::*;
use remedy_policy::{Kind, Policy, Upload, denies_uploads};
use remedy_s3::{
    ACL, Bucket, Buckets,
    policy::{self, DELETE, GET, PUT},
};

use crate::{
    bucket_policy, facts,
    logs::{self, Logs},
    upload_policy::UploadPolicy,
};

/// The control `s3-bucket-unencrypted-put`.
#[derive(Debug)]
pub struct BucketUnencryptedPut;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploads {
    /// The bucket.
    pub bucket: Target,
    /// Whether AWS services may deliver logs.
    pub logs: Logs,
}

impl Remediation for BucketUnencryptedPut {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-unencrypted-put"),
        title: "Bucket that takes uploads under another encryption than SSE-KMS",
        hipaa: "164.308(a)(1)(ii)(B), (4)(ii)(A); 164.312(a)(2)(iv), (c)(1), (2), (e)(2)(ii); 164.314(b)(1), (2)",
        config_rules: &["S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"],
        events: &["CreateBucket", "DeleteBucketPolicy", "PutBucketPolicy"],
        reads: &[&[GET, ACL]],
        writes: &[&[DELETE, PUT]],
        elements: &[
            "bucket policy: statement RemedyDenyUnencryptedPut",
            "bucket policy: statement RemedyDenyHeaderlessPut",
        ],
        deviates: &["another-encryption", "no-encryption"],
        reasons: &[
            "free-of-phi",
            "headers-required",
            "clients-refused",
            "policy-unreadable",
            "principal-gone",
            "policy-too-long",
        ],
        ..Control::of(Self::KIND)
    };
    type On = Bucket;
    type Facts = Uploads;
    type Setting = UploadPolicy;
    type Step = Whole<UploadPolicy>;

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Uploads, UploadPolicy>, Fault> {
        let Some(text) = policy::read(client, target).await? else { return Ok(Observed::Absent) };
        let setting = text.map_or_else(UploadPolicy::default, UploadPolicy::parted);
        Ok(Observed::Present { facts: Uploads { bucket: target.clone(), logs: Logs::None }, setting })
    }

    async fn consult(
        client: &Buckets,
        target: &Target,
        facts: Uploads,
        setting: &UploadPolicy,
        parameters: &Parameters,
    ) -> Result<Uploads, Fault> {
        if taken(&facts, setting, parameters).is_empty() || parameters.is_free_of_phi(&facts.bucket) {
            return Ok(facts);
        }
        let by_policy = logs::let_in_by(setting.rest.as_deref(), arn(&facts));
        if by_policy == Logs::Delivered {
            return Ok(Uploads { logs: by_policy, ..facts });
        }
        Ok(Uploads { logs: logs::let_in_by_acl(client, target).await?, ..facts })
    }

    fn judge(facts: &Uploads, setting: &UploadPolicy, context: &Context<'_>) -> Verdict<UploadPolicy> {
        let taken = taken(facts, setting, context.parameters);
        if taken.is_empty() {
            return Verdict::Compliant;
        }
        if context.parameters.is_free_of_phi(&facts.bucket) {
            return Verdict::OutOfScope(facts::free_of_phi());
        }
        let violations = taken.iter().map(|upload| violation(*upload)).collect();
        let desired = taken.iter().fold(setting.clone(), |setting, upload| setting.denying(*upload, arn(facts)));
        if let Some(obstacle) = bucket_policy::obstacle(setting.rest.as_deref(), desired.joined().as_deref()) {
            return Verdict::NeedsHuman { violations, reason: obstacle.reason() };
        }
        let consent = Consent::Ask(why_ask(&taken, facts.logs, setting.rest.as_deref()));
        Verdict::Drifted(Drift { violations, desired, consent, note: None })
    }

    async fn perform(
        writer: &Writer<Buckets>,
        target: &Target,
        Whole(setting): &Whole<UploadPolicy>,
    ) -> Result<(), Fault> {
        policy::write(writer.client(), target, setting.joined().as_deref()).await
    }
}

fn arn(facts: &Uploads) -> &str {
    facts.bucket.arn.as_deref().unwrap_or_default()
}

/// The uploads that the policy lets through and must not.
fn taken(facts: &Uploads, setting: &UploadPolicy, parameters: &Parameters) -> Vec<Upload> {
    let unwanted: &[Upload] = match parameters.put_encryption {
        PutEncryption::Compatible => &[Upload::NamingAnother],
        PutEncryption::Strict => &[Upload::NamingAnother, Upload::NamingNone],
    };
    let text = setting.joined();
    let policy = text.as_deref().and_then(|text| Policy::parse(Kind::Bucket, text).ok());
    let denied = |upload: Upload| policy.as_ref().is_some_and(|policy| denies_uploads(policy, arn(facts), upload));
    unwanted.iter().copied().filter(|upload| !denied(*upload)).collect()
}

fn violation(upload: Upload) -> Violation {
    match upload {
        Upload::NamingAnother => {
            Violation::new("another-encryption", "uploads that name another encryption than SSE-KMS are taken")
        }
        Upload::NamingNone => Violation::new("no-encryption", "uploads that name no encryption are taken"),
    }
}

fn why_ask(taken: &[Upload], logs: Logs, rest: Option<&str>) -> Reason {
    let refused = if taken.contains(&Upload::NamingNone) {
        Reason::new("headers-required", "clients that do not name SSE-KMS with every upload would be refused")
    } else {
        Reason::new("clients-refused", "clients that name another encryption, such as AES256, would be refused")
    };
    let blocked = "; the policy admits external principals, and Block Public Access would refuse it";
    let also = if rest.is_some_and(bucket_policy::is_refused_by_block) { blocked } else { "" };
    let delivery = if logs == Logs::Delivered { format!("; {}", logs::REASON) } else { String::new() };
    refused.reworded(|refused| format!("{refused}{also}{delivery}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload_policy;
    use remedy_domain::{AccountId, Region, Timestamp};

    fn judge(text: &str, logs: Logs, parameters: &Parameters) -> Verdict<UploadPolicy> {
        let account = AccountId::parse("111122223333").unwrap();
        let place = Place { account: account.clone(), region: Region::parse("us-east-1").unwrap() };
        let context = Context { now: Timestamp::UNIX_EPOCH, account: &account, parameters };
        let setting = UploadPolicy::parted(format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#));
        let uploads = Uploads { bucket: remedy_s3::named(&place, "phi"), logs };
        BucketUnencryptedPut::judge(&uploads, &setting, &context)
    }

    const PARTNER: &str = r#"{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::phi/*"}"#;

    #[test]
    fn strict_asks_for_both_statements_and_keeps_them_when_it_no_longer_holds() {
        let strict = Parameters { put_encryption: PutEncryption::Strict, ..Parameters::default() };
        let Verdict::Drifted(drift) = judge(PARTNER, Logs::None, &strict) else { panic!("not drifted") };
        assert!(drift.desired.unencrypted.is_some() && drift.desired.headerless.is_some());
        assert!(matches!(drift.consent, Consent::Ask(why) if why.code() == "headers-required"));
        let Verdict::Drifted(drift) = judge(PARTNER, Logs::None, &Parameters::default()) else { panic!("not drifted") };
        assert!(drift.desired.unencrypted.is_some() && drift.desired.headerless.is_none());
        let headerless = upload_policy::statement(Upload::NamingNone, "arn:aws:s3:::phi");
        let both = judge(&format!("{headerless},{PARTNER}"), Logs::None, &Parameters::default());
        let Verdict::Drifted(drift) = both else { panic!("not drifted") };
        assert_eq!(drift.desired.headerless, Some(headerless), "a stricter statement stays");
    }

    #[test]
    fn whom_a_policy_lets_deliver_logs_takes_no_bucket_out_of_scope() {
        let default = Parameters::default();
        let Verdict::Drifted(drift) = judge(PARTNER, Logs::Delivered, &default) else { panic!("not drifted") };
        assert!(matches!(drift.consent, Consent::Ask(why) if why.text.contains("deliver logs")));
        let service = PARTNER.replace(r#""AWS":"444455556666""#, r#""Service":"delivery.logs.amazonaws.com""#);
        assert!(matches!(judge(&service, Logs::None, &default), Verdict::Drifted(_)));
        let free = Parameters { phi_free_buckets: vec!["phi".to_owned()], ..default };
        assert!(matches!(judge(PARTNER, Logs::None, &free), Verdict::OutOfScope(_)));
    }
}
