//! `s3-bucket-without-tls`: a bucket that takes requests without TLS.
//!
//! **What drifts.** The bucket policy does not deny everybody every request that comes without TLS, or there is none.
//!
//! **Why it matters.** PHI can then be read on its way: 45 CFR 164.312(e)(1) and (e)(2)(i) and (ii) (transmission
//! security), 164.312(a)(2)(iv) (encryption), 164.312(c)(1) and (c)(2) (integrity), 164.314(b)(1) and (b)(2).
//!
//! **What we read.** The bucket policy; on drift, whether the bucket hosts a website, and its tags.
//!
//! **What we change.** One statement, `RemedyDenyPlaintext`, is put into the bucket policy: it denies every action to
//! requests without TLS.
//!
//! **What we never touch.** Every other statement, byte for byte. Objects, ACLs, encryption at rest.
//!
//! **What may break.** Clients that send requests without TLS are refused.
//!
//! **Way back.** The statement is removed again; if there was no policy, it is deleted. Statements that somebody else
//! changed since keep their text.
//!
//! **When a person decides.** The bucket hosts a website: its endpoint supports no TLS and would go dark. The policy
//! makes the bucket public: Block Public Access would refuse it. The policy cannot be read, or has no room.

use remedy_engine::prelude::*;
use remedy_policy::{Kind, Policy, requires_tls};
use remedy_s3::{
    Bucket, Buckets, WEBSITE, Website,
    policy::{self, DELETE, GET, PUT},
    website,
};
use serde_json::json;

use crate::bucket_policy::{self, BucketPolicy, SID};

/// The control `s3-bucket-without-tls`.
#[derive(Debug)]
pub struct BucketWithoutTls;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The bucket's ARN.
    pub arn: String,
    /// Whether it hosts a website.
    pub website: Website,
}

/// The statement for a bucket.
pub(crate) fn statement(arn: &str) -> String {
    json!({
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })
    .to_string()
}

impl Remediation for BucketWithoutTls {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-without-tls"),
        title: "Bucket that takes requests without TLS",
        hipaa: "164.308(a)(1)(ii)(B); 164.312(a)(2)(iv), (c)(1), (2), (e)(1), (2)(i), (ii); 164.314(b)(1), (2)",
        config_rules: &["S3_BUCKET_SSL_REQUESTS_ONLY"],
        events: &["CreateBucket", "DeleteBucketPolicy", "PutBucketPolicy"],
        reads: &[&[GET, WEBSITE]],
        writes: &[&[DELETE, PUT]],
        elements: &["bucket policy: statement RemedyDenyPlaintext"],
        deviates: &["tls"],
        reasons: &["website", "refused-by-block", "policy-unreadable", "principal-gone", "policy-too-long"],
        ..Control::of(Self::KIND)
    };
    type On = Bucket;
    type Facts = Facts;
    type Setting = BucketPolicy;
    type Step = Whole<BucketPolicy>;

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Facts, BucketPolicy>, Fault> {
        let Some(text) = policy::read(client, target).await? else { return Ok(Observed::Absent) };
        let arn = target.arn.clone().unwrap_or_default();
        let compliant = text.as_deref().is_some_and(|text| denies_plaintext(text, &arn));
        let website = if compliant { Website::None } else { website(client, target).await? };
        let setting = text.map_or_else(BucketPolicy::default, BucketPolicy::parted);
        Ok(Observed::Present { facts: Facts { arn, website }, setting })
    }

    fn judge(facts: &Facts, setting: &BucketPolicy, _: &Context<'_>) -> Verdict<BucketPolicy> {
        let text = setting.joined();
        if text.as_deref().is_some_and(|text| denies_plaintext(text, &facts.arn)) {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new("tls", "the bucket policy lets requests without TLS through")];
        let desired = BucketPolicy { own: Some(statement(&facts.arn)), ..setting.clone() };
        if let Some(obstacle) = bucket_policy::obstacle(setting.rest.as_deref(), desired.joined().as_deref()) {
            return Verdict::NeedsHuman { violations, reason: obstacle.reason() };
        }
        Verdict::Drifted(Drift { violations, desired, consent: consent(facts, text.as_deref()), note: None })
    }

    async fn perform(
        writer: &Writer<Buckets>,
        target: &Target,
        Whole(setting): &Whole<BucketPolicy>,
    ) -> Result<(), Fault> {
        policy::write(writer.client(), target, setting.joined().as_deref()).await
    }
}

fn denies_plaintext(text: &str, arn: &str) -> bool {
    Policy::parse(Kind::Bucket, text).is_ok_and(|policy| requires_tls(&policy, arn))
}

fn consent(facts: &Facts, policy: Option<&str>) -> Consent {
    if facts.website == Website::Hosted {
        return Consent::ask("website", "the bucket hosts a website, whose endpoint knows no TLS");
    }
    if policy.is_some_and(bucket_policy::is_refused_by_block) {
        return Consent::ask(
            "refused-by-block",
            "the policy admits external principals, and Block Public Access would refuse it",
        );
    }
    Consent::Auto
}
