//! A scan with everything in it, for the tests of all formats.

use remedy_domain::{AccountId, Outcome, Region};
use serde_json::json;

use crate::{
    About, Cell, Clue, Exempted, FORMAT, Finding, Gone, Policies, PolicyFinding, Repair, Scan, Seen, State, Subject,
    Unread, Would,
};

/// Names that somebody may give to a resource, to harm whoever reads about it.
pub(crate) const HOSTILE: [&str; 7] = [
    "=cmd|'/C calc'!A1",
    "@SUM(1+1)*cmd",
    "<script>alert(1)</script>",
    "\u{1b}[31mred\u{7}\r\nX-Header: 1",
    "\u{202e}gpj.exe _x0041_ \u{fffe}",
    " \"quoted\", `code` **bold** {{ insert: param, x }} & more ",
    "\t",
];

const ONE: &str = "111122223333";
const TWO: &str = "444455556666";

pub(crate) fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn about(id: &str, resource_type: &str, requirements: &[&str]) -> About {
    About {
        id: id.to_owned(),
        title: format!("What {id} is about"),
        requirements: requirements.iter().map(|&paragraph| paragraph.to_owned()).collect(),
        config_rules: vec!["SOME_RULE".to_owned()],
        resource_types: vec![resource_type.to_owned()],
        reversible: id != "kms-key-pending-deletion",
    }
}

fn cell(control: &str, account_id: &str, place: &str, unread: Option<Unread>) -> Cell {
    let here = |finding: &&Finding| {
        finding.control == control && finding.account.as_str() == account_id && finding.region.as_str() == place
    };
    let findings = findings();
    let targets = findings.iter().filter(here).count();
    let looked = findings.iter().filter(here).filter(|finding| finding.unread.is_none()).count();
    Cell { control: control.to_owned(), account: account(account_id), region: region(place), targets, looked, unread }
}

/// A resource under a control, as it should be.
pub(crate) fn finding(control: &str, resource_type: &str, resource: &str) -> Finding {
    let place = if control.starts_with("iam") { "global" } else { "us-east-1" };
    Finding {
        control: control.to_owned(),
        account: account(ONE),
        region: region(place),
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
        id: resource.rsplit(['/', ':']).next().unwrap().to_owned(),
        hash: remedy_domain::canonical::sha256_hex(resource.as_bytes()).chars().take(32).collect(),
        outcome: Some(Outcome::AlreadyCompliant),
        unread: None,
        violations: Vec::new(),
        elements: Vec::new(),
        reason: None,
        reason_code: None,
        repair: None,
        exempted: None,
        seen: None,
    }
}

fn bucket(name: &str) -> Finding {
    finding("s3-bucket-public", "AWS::S3::Bucket", &format!("arn:aws:s3:::{name}"))
}

fn drifted(finding: Finding, would: Would) -> Finding {
    let repair = Repair {
        would,
        calls: vec!["s3:PutBucketPublicAccessBlock".to_owned(), "s3:GetBucketPublicAccessBlock".to_owned()],
        before: json!({"block_public_acls": false}),
        after: json!({"block_public_acls": true}),
    };
    let reason = (would != Would::Auto).then(|| "it is used by others".to_owned());
    let violations = vec!["block_public_acls is off".to_owned(), "the policy lets everybody in".to_owned()];
    Finding {
        outcome: Some(Outcome::Drifted),
        violations,
        elements: vec!["block-public-acls".to_owned(), "public-statement".to_owned()],
        reason_code: reason.as_ref().map(|_| "used-by-others".to_owned()),
        reason,
        repair: Some(repair),
        seen: Some(Seen::New),
        ..finding
    }
}

fn unread(finding: Finding, state: State, detail: &str) -> Finding {
    Finding { outcome: None, unread: Some(Unread { state, detail: detail.to_owned() }), ..finding }
}

pub(crate) fn exempted(approved_by: Option<&str>) -> Exempted {
    Exempted {
        owner: "web-team".to_owned(),
        reason: "the bucket serves the public website".to_owned(),
        alternative: "no PHI is stored there; scanned daily".to_owned(),
        ticket: "SEC-7".to_owned(),
        until: "2026-12-31T00:00:00Z".parse().unwrap(),
        approved_by: approved_by.map(str::to_owned),
    }
}

fn findings() -> Vec<Finding> {
    let user =
        |name: &str| finding("iam-user-without-mfa", "AWS::IAM::User", &format!("arn:aws:iam::{ONE}:user/{name}"));
    let violating =
        |outcome, finding| Finding { outcome: Some(outcome), violations: vec!["it is public".into()], ..finding };
    let mut all = vec![
        bucket("phi-in-order"),
        drifted(bucket("phi-auto"), Would::Auto),
        drifted(bucket("phi-ask"), Would::Ask),
        Finding { seen: Some(Seen::Unchanged), ..drifted(bucket("phi-withheld"), Would::Withhold) },
        violating(Outcome::Contained, bucket("phi-contained")),
        violating(Outcome::Dormant, bucket("phi-dormant")),
        Finding { exempted: Some(exempted(Some("ann"))), ..violating(Outcome::Exempt, bucket("website")) },
        Finding { exempted: Some(exempted(None)), ..violating(Outcome::Exempt, bucket("website-2")) },
        Finding { reason: Some("owned by a service".into()), ..violating(Outcome::OutOfScope, bucket("cdk-assets")) },
        unread(bucket("phi-denied"), State::Denied, "s3:GetBucketPolicy"),
        unread(bucket("phi-throttled"), State::Throttled, "s3:GetBucketAcl"),
        unread(bucket("phi-failed"), State::Failed, "s3:GetBucketAcl InternalError"),
        unread(bucket("phi-late"), State::NotReached, "no time left"),
        Finding { account: account(TWO), region: region("eu-west-1"), ..bucket("phi-elsewhere") },
        violating(Outcome::NeedsHuman, user("ann")),
        user("bob"),
        finding("iam-password-policy-weak", "AWS::::Account", ONE),
        Finding {
            exempted: Some(exempted(Some("ann"))),
            ..violating(
                Outcome::Exempt,
                finding("kms-key-open-policy", "AWS::KMS::Key", "arn:aws:kms:us-east-1:111122223333:key/1"),
            )
        },
    ];
    all.extend(HOSTILE.map(|name| drifted(finding("s3-bucket-public", "AWS::S3::Bucket", name), Would::Auto)));
    all.push(drifted(
        finding("s3-bucket-public", "AWS::Strange::Thing", &"\u{1f600}long".repeat(9_000)),
        Would::Person,
    ));
    all
}

fn cells() -> Vec<Cell> {
    let state = |state, detail: &str| Some(Unread { state, detail: detail.to_owned() });
    vec![
        cell("s3-bucket-public", ONE, "us-east-1", None),
        cell("s3-bucket-public", TWO, "eu-west-1", None),
        cell("s3-bucket-public", TWO, "ap-east-1", state(State::UnsupportedRegion, "InvalidClientTokenId")),
        cell("iam-user-without-mfa", ONE, "global", None),
        cell("iam-user-without-mfa", TWO, "global", state(State::Denied, "iam:ListUsers")),
        cell("iam-password-policy-weak", ONE, "global", None),
        cell("kms-key-open-policy", ONE, "us-east-1", None),
        cell("kms-key-pending-deletion", ONE, "us-east-1", state(State::Throttled, "kms:ListKeys")),
        cell("kms-key-pending-deletion", TWO, "eu-west-1", state(State::NotReached, "stopped")),
    ]
}

fn policies() -> Policies {
    let clue = Clue {
        policy: "inline =1+1".to_owned(),
        statement: 0,
        sid: Some("Everything".to_owned()),
        clause: r#""Action": "*""#.to_owned(),
        restrict: "name the actions".to_owned(),
    };
    let finding = PolicyFinding {
        account: account(ONE),
        subject: Subject::Role,
        resource: "arn:aws:iam::111122223333:role/ops".to_owned(),
        verdict: "admin".to_owned(),
        says: "It may do everything".to_owned(),
        clues: vec![clue.clone(), Clue { sid: None, statement: 1, ..clue }],
    };
    let denied = Unread { state: State::Denied, detail: "s3:GetBucketPolicy".to_owned() };
    Policies {
        looked: [(Subject::User, 2), (Subject::Role, 1)].into(),
        unread: vec![("policies of buckets in us-east-1".to_owned(), denied)],
        findings: vec![finding],
    }
}

/// The scan.
pub(crate) fn scan() -> Scan {
    Scan {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        begun: "2026-11-30T14:00:00Z".parse().unwrap(),
        ended: "2026-11-30T14:00:41.5Z".parse().unwrap(),
        interrupted: false,
        account: account(ONE),
        caller: "arn:aws:sts::111122223333:assumed-role/reader/me".to_owned(),
        accounts: vec![account(ONE), account(TWO)],
        regions: vec![region("us-east-1"), region("eu-west-1"), region("ap-east-1")],
        settings: None,
        organization: Vec::new(),
        controls: vec![
            about("s3-bucket-public", "AWS::S3::Bucket", &["164.308(a)(4)(ii)(A)", "164.312(a)(1)"]),
            about("iam-user-without-mfa", "AWS::IAM::User", &["164.312(d)"]),
            about("iam-password-policy-weak", "AWS::::Account", &["164.308(a)(5)(ii)(D)"]),
            about("kms-key-open-policy", "AWS::KMS::Key", &["164.312(e)(2)(ii)"]),
            about("kms-key-pending-deletion", "AWS::KMS::Key", &["164.308(a)(7)(i)"]),
        ],
        cells: cells(),
        findings: findings(),
        gone: Some(vec![Gone {
            control: "s3-bucket-public".to_owned(),
            account: account(ONE),
            region: region("us-east-1"),
            resource: "arn:aws:s3:::deleted".to_owned(),
            hash: "ab".repeat(16),
        }]),
        policies: Some(policies()),
    }
}
