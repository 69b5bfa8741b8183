//! `s3-bucket-plaintext`: a bucket that takes requests without TLS.
//!
//! **What drifts.** The bucket policy does not deny everybody every request that comes without TLS, or there is none.
//!
//! **Why it matters.** PHI can then be read on its way: 45 CFR 164.312(e)(1) and (e)(2)(i) and (ii) (transmission
//! security), 164.312(a)(2)(iv) (encryption), 164.312(c)(1) and (c)(2) (integrity), 164.314(b)(1) and (b)(2).
//!
//! **What we read.** The bucket policy; on drift, whether the bucket hosts a website.
//!
//! **What we change.** One statement, `RemedyDenyPlaintext`, is put into the bucket policy: it denies every action to
//! requests without TLS.
//!
//! **What we never touch.** Every other statement, byte for byte. Objects, ACLs, encryption at rest.
//!
//! **Way back.** The statement is taken out again; where there was no policy, it is deleted. Statements that somebody else
//! changed since keep their text.
//!
//! **When a person decides.** The bucket hosts a website: its endpoint knows no TLS and would go dark. The policy lets
//! strangers in: Block Public Access would refuse it. The policy cannot be read, or has no room.

use remedy_aws::{
    absent,
    buckets::{self, Website},
    fault,
};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Observed, Route, Scope, StopsDestruction,
    Target, Verdict, Violation, canonical, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Writer};
use remedy_policy::{Answer, Kind, Policy, Resource, edit, requires_tls};
use serde_json::{Value, json};

use crate::{clients::Buckets, policy::BucketPolicy};

/// The reserved Sid of the statement.
pub(crate) const SID: &str = "RemedyDenyPlaintext";

const S3: &str = "s3.amazonaws.com";
const GET: Call = Call::same("s3:GetBucketPolicy");
const PUT: Call = Call::same("s3:PutBucketPolicy");
const DELETE: Call = Call::same("s3:DeleteBucketPolicy");

/// The control `s3-bucket-plaintext`.
#[derive(Debug)]
pub struct BucketPlaintext;

/// What bears on the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The bucket's ARN.
    pub arn: String,
    /// Whether it hosts a website.
    pub website: Website,
}

/// Why a person must act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The policy is none that we understand.
    Unreadable(String),
    /// There is no room for the statement.
    TooLong(String),
}

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The whole document, with what is not ours as it was.
    PutBucketPolicy(String),
    /// The policy goes.
    DeleteBucketPolicy,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::PutBucketPolicy(_) => PUT,
            Self::DeleteBucketPolicy => DELETE,
        }
    }

    fn harm(&self) -> Harm {
        Harm::None
    }
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
        reads: &[GET, buckets::WEBSITE, buckets::LIST],
        writes: &[DELETE, PUT],
        elements: &["bucket policy: statement RemedyDenyPlaintext"],
        stops_destruction: StopsDestruction::No,
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
        let request = client.0.get_bucket_policy().bucket(&target.id);
        let text = match request.expected_bucket_owner(target.account.as_str()).send().await {
            Ok(answer) => answer.policy,
            Err(error) if absent(&error, &["NoSuchBucketPolicy"]) => None,
            Err(error) if absent(&error, &["NoSuchBucket"]) => return Ok(Observed::Absent),
            Err(error) => return Err(fault(GET.operation, &error)),
        };
        let arn = target.arn.clone().unwrap_or_default();
        let compliant = text.as_deref().is_some_and(|text| denies_plaintext(text, &arn));
        let website = if compliant { Website::None } else { buckets::website(&client.0, target).await? };
        let setting = text.map_or_else(BucketPolicy::default, |text| BucketPolicy::parted(SID, text));
        Ok(Observed::Present { facts: Facts { arn, website }, setting })
    }

    fn judge(facts: &Facts, setting: &BucketPolicy, _: &Context<'_>) -> Verdict<BucketPolicy> {
        let text = setting.joined(SID);
        if text.as_deref().is_some_and(|text| denies_plaintext(text, &facts.arn)) {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new("the bucket policy lets requests without TLS through")];
        if let Some(obstacle) = obstacle(setting, &facts.arn) {
            return Verdict::NeedsHuman { violations, reason: obstacle.to_string() };
        }
        let desired = BucketPolicy { own: Some(statement(&facts.arn)), ..setting.clone() };
        Verdict::Drifted(Drift { violations, desired, consent: consent(facts, text.as_deref()), note: None })
    }

    fn steps(from: &BucketPolicy, to: &BucketPolicy) -> Route<Step> {
        Route::of(match to.joined(SID) {
            _ if Self::agrees(from, to) => vec![],
            Some(text) => vec![Step::PutBucketPolicy(text)],
            None => vec![Step::DeleteBucketPolicy],
        })
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
        let (client, owner) = (&writer.client().0, target.account.as_str());
        match step {
            Step::PutBucketPolicy(text) => {
                let request = client.put_bucket_policy().bucket(&target.id).expected_bucket_owner(owner);
                request.policy(text).send().await.map(|_| ()).map_err(|error| fault(PUT.operation, &error))
            }
            Step::DeleteBucketPolicy => {
                let request = client.delete_bucket_policy().bucket(&target.id).expected_bucket_owner(owner);
                request.send().await.map(|_| ()).map_err(|error| fault(DELETE.operation, &error))
            }
        }
    }
}

fn denies_plaintext(text: &str, arn: &str) -> bool {
    Policy::parse(Kind::Bucket, text).is_ok_and(|policy| requires_tls(&policy, arn))
}

fn obstacle(setting: &BucketPolicy, arn: &str) -> Option<Obstacle> {
    let rest = setting.rest.as_deref().map(|text| Policy::parse(Kind::Bucket, text)).transpose();
    let rest = match rest {
        Ok(rest) => rest,
        Err(error) => return Some(Obstacle::Unreadable(error.to_string())),
    };
    let put = edit::put_statement(Kind::Bucket, rest.as_ref(), SID, &statement(arn));
    put.err().map(|error| Obstacle::TooLong(error.to_string()))
}

fn consent(facts: &Facts, policy: Option<&str>) -> Consent {
    if facts.website == Website::Hosted {
        return Consent::Ask("the bucket hosts a website, whose endpoint knows no TLS".to_owned());
    }
    let open = |text: &str| {
        Policy::parse(Kind::Bucket, text).is_ok_and(|policy| Resource::of(&policy).public_literal != Answer::No)
    };
    if policy.is_some_and(open) {
        return Consent::Ask("the policy lets strangers in, and Block Public Access would refuse it".to_owned());
    }
    Consent::Auto
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(out, "the bucket policy is none that Remedy understands: {error}"),
            Self::TooLong(error) => write!(out, "make room in the bucket policy: {error}"),
        }
    }
}
