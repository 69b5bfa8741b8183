//! `s3-bucket-plaintext`: a bucket that takes requests without TLS.
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

use remedy_aws::buckets::{self, Website};
use remedy_domain::{
    Conflict, Consent, Context, Control, ControlId, Drift, Fault, Identities, Observed, Route, Scope, Stops, Target,
    Verdict, Violation, canonical, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use remedy_policy::{Kind, Policy, requires_tls};
use serde_json::{Value, json};

use crate::{
    clients::Buckets,
    document::{self, DELETE, GET, PUT, Step},
    policy::{self, BucketPolicy},
};

/// The reserved Sid of the statement.
pub(crate) const SID: &str = "RemedyDenyPlaintext";

const S3: &str = "s3.amazonaws.com";

/// The control `s3-bucket-plaintext`.
#[derive(Debug)]
pub struct BucketPlaintext;

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

impl Remediation for BucketPlaintext {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-plaintext"),
        title: "Bucket that takes requests without TLS",
        hipaa: &[
            "164.308(a)(1)(ii)(B)",
            "164.312(a)(2)(iv)",
            "164.312(c)(1)",
            "164.312(c)(2)",
            "164.312(e)(1)",
            "164.312(e)(2)(i)",
            "164.312(e)(2)(ii)",
            "164.314(b)(1)",
            "164.314(b)(2)",
        ],
        config_rules: &["S3_BUCKET_SSL_REQUESTS_ONLY"],
        resource_types: &[buckets::TYPE],
        scope: Scope::Regional,
        api_events: &[
            ApiEvent::new(S3, "CreateBucket"),
            ApiEvent::new(S3, "DeleteBucketPolicy"),
            ApiEvent::new(S3, "PutBucketPolicy"),
        ],
        reads: &[GET, buckets::WEBSITE, buckets::TAGS, buckets::LIST],
        writes: &[DELETE, PUT],
        elements: &["bucket policy: statement RemedyDenyPlaintext"],
        stops: Stops::Nothing,
        identities: Identities::Untouched,
    };
    type Facts = Facts;
    type Setting = BucketPolicy;
    type Step = Step;
    type Client = Buckets;

    async fn discover(client: &Buckets, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        buckets::discover(&client.0, place, from).await
    }

    async fn find(_: &Buckets, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(buckets::find(place, id))
    }

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Facts, BucketPolicy>, Fault> {
        let Some(text) = document::read(&client.0, target).await? else { return Ok(Observed::Absent) };
        let arn = target.arn.clone().unwrap_or_default();
        let compliant = text.as_deref().is_some_and(|text| denies_plaintext(text, &arn));
        let website = if compliant { Website::None } else { buckets::website(&client.0, target).await? };
        let setting = text.map_or_else(BucketPolicy::default, |text| BucketPolicy::parted(SID, text));
        Ok(Observed::Present { facts: Facts { arn, website }, setting })
    }

    async fn tags(client: &Buckets, target: &Target) -> Result<Tags, Fault> {
        buckets::tags(&client.0, target).await
    }

    fn judge(facts: &Facts, setting: &BucketPolicy, _: &Context<'_>) -> Verdict<BucketPolicy> {
        let text = setting.joined(SID);
        if text.as_deref().is_some_and(|text| denies_plaintext(text, &facts.arn)) {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new("the bucket policy lets requests without TLS through")];
        let desired = BucketPolicy { own: Some(statement(&facts.arn)), ..setting.clone() };
        if let Some(obstacle) = policy::obstacle(setting.rest.as_deref(), desired.joined(SID).as_deref()) {
            return Verdict::NeedsHuman { violations, reason: obstacle.to_string() };
        }
        Verdict::Drifted(Drift { violations, desired, consent: consent(facts, text.as_deref()), note: None })
    }

    fn steps(from: &BucketPolicy, to: &BucketPolicy) -> Route<Step> {
        Route::of(if from.agrees(to) { vec![] } else { vec![Step::to(to.joined(SID))] })
    }

    fn rebase(before: &BucketPolicy, after: &BucketPolicy, now: &BucketPolicy) -> Result<BucketPolicy, Conflict> {
        let own = format!("the statement {SID}");
        Ok(BucketPolicy {
            own: merge(&own, &before.own, &after.own, &now.own)?,
            rest: merge("the other statements of the bucket policy", &before.rest, &after.rest, &now.rest)?,
        })
    }

    fn agrees(a: &BucketPolicy, b: &BucketPolicy) -> bool {
        a.agrees(b)
    }

    fn show(setting: &BucketPolicy) -> Value {
        let digest = |text: &Option<String>| text.as_ref().map(|text| canonical::sha256_hex(text.as_bytes()));
        json!({SID: digest(&setting.own), "other_statements": digest(&setting.rest)})
    }

    async fn perform(writer: &Writer<Buckets>, target: &Target, step: &Step) -> Result<(), Fault> {
        step.make(&writer.client().0, target).await
    }
}

fn denies_plaintext(text: &str, arn: &str) -> bool {
    Policy::parse(Kind::Bucket, text).is_ok_and(|policy| requires_tls(&policy, arn))
}

fn consent(facts: &Facts, policy: Option<&str>) -> Consent {
    if facts.website == Website::Hosted {
        return Consent::Ask("the bucket hosts a website, whose endpoint knows no TLS".to_owned());
    }
    if policy.is_some_and(policy::is_refused_by_block) {
        return Consent::Ask("the policy lets strangers in, and Block Public Access would refuse it".to_owned());
    }
    Consent::Auto
}
