//! A clinic's account, with the controls that `docs/controls` has, and accounts at the limits.

use std::{fs, path::Path};

use remedy_domain::{Outcome, Region};
use serde_json::json;

use crate::{About, Cell, Finding, Scan, State, Unread};

/// The controls that have a page in `docs/controls`.
pub(super) fn controls() -> Vec<About> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let id = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    files.iter().map(|file| about(&id(file), &fs::read_to_string(file).unwrap())).collect()
}

fn about(id: &str, page: &str) -> About {
    let first = page.lines().nth(4).unwrap();
    let cited = page.lines().find_map(|line| line.strip_prefix("- **45 CFR:** ")).unwrap();
    let rules = page.lines().find_map(|line| line.strip_prefix("- **AWS Config rules:** ")).unwrap_or_default();
    let list = |text: &str| text.split(", ").map(|item| item.trim_matches('`').to_owned()).collect::<Vec<_>>();
    About {
        id: id.to_owned(),
        title: first.split_once(". ").unwrap().0.to_owned(),
        requirements: list(cited),
        config_rules: list(rules),
        resource_types: vec!["AWS::S3::Bucket".to_owned()],
        reversible: !id.contains("dying") && !id.contains("deletion"),
    }
}

/// The violations, and nothing else.
fn violations() -> Scan {
    serde_json::from_str(include_str!("clinic.json")).unwrap()
}

/// Nothing at all.
pub(super) fn empty() -> Scan {
    Scan { settings: None, findings: Vec::new(), gone: None, policies: None, ..violations() }
}

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

/// A resource under a control.
pub(super) fn finding(control: &str, (resource_type, id): (&str, &str), outcome: Outcome) -> Finding {
    Finding {
        control: control.to_owned(),
        account: empty().account,
        region: region(if resource_type.contains("IAM") { "global" } else { "us-east-1" }),
        resource_type: resource_type.to_owned(),
        resource: format!("arn:aws:x:::{id}"),
        id: id.to_owned(),
        hash: "0".repeat(64),
        outcome: Some(outcome),
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

fn cells(scan: &Scan) -> Vec<Cell> {
    let mut cells = Vec::new();
    for about in &scan.controls {
        for region in ["global", "us-east-1", "us-west-2"].map(region) {
            let found = scan.findings.iter().filter(|one| one.control == about.id && one.region == region);
            let looked = found.clone().filter(|one| one.outcome.is_some()).count();
            let (control, account, targets) = (about.id.clone(), scan.account.clone(), found.count());
            if targets > 0 {
                cells.push(Cell { control, account, region, targets, looked, unread: None });
            }
        }
    }
    cells
}

fn unread(state: State, detail: &str) -> Unread {
    Unread { state, detail: detail.to_owned() }
}

/// Forty resources under each control, beside the violations; some are not read.
pub(super) fn clinic() -> Scan {
    let mut scan = Scan { controls: controls(), ..violations() };
    let names =
        ["claims-inbox", "ct-archive", "consent-forms", "blood-bank", "chart-archive", "dictation", "maternity"];
    for about in &scan.controls.clone() {
        let kind = match about.id.split('-').next() {
            Some("s3") => "AWS::S3::Bucket",
            Some("kms") => "AWS::KMS::Key",
            _ => "AWS::IAM::User",
        };
        for number in 0..40 {
            let id = format!("{}-{number:02}", names[number % names.len()]);
            let mut one = finding(&about.id, (kind, &id), Outcome::AlreadyCompliant);
            one.unread = match about.id.as_str() {
                "s3-bucket-default-key" => Some(unread(State::Denied, "s3:GetEncryptionConfiguration")),
                _ if kind == "AWS::KMS::Key" && number % 8 == 7 => Some(unread(State::Throttled, "kms:GetKeyPolicy")),
                _ => None,
            };
            if one.unread.is_some() {
                one.outcome = None;
            }
            scan.findings.push(one);
        }
    }
    let order: Vec<_> = scan.controls.iter().map(|about| about.id.clone()).collect();
    scan.findings.sort_by_key(|one| order.iter().position(|id| *id == one.control));
    scan.cells = cells(&scan);
    let (control, account, region) = ("kms-key-unrotated".to_owned(), scan.account.clone(), region("us-west-2"));
    let unread = Some(unread(State::Denied, "kms:ListKeys"));
    scan.cells.push(Cell { control, account, region, targets: 0, looked: 0, unread });
    scan
}

/// Ten thousand buckets, of which three hundred drifted.
pub(super) fn large() -> Scan {
    let mut scan = Scan { controls: controls(), ..empty() };
    let model = violations().findings;
    for number in 0..10_000 {
        let id = format!("bucket-with-a-rather-long-name-{number:05}");
        for control in ["s3-bucket-public", "s3-bucket-without-tls"] {
            let mut one = finding(control, ("AWS::S3::Bucket", &id), Outcome::AlreadyCompliant);
            if number % 100 < 3 && control == "s3-bucket-public" {
                let (resource, id) = (one.resource, one.id);
                one = Finding { resource, id, ..model[number % 3].clone() };
            }
            scan.findings.push(one);
        }
    }
    scan.cells = cells(&scan);
    scan
}

/// A scan with each text made of a word by `text`; all else is the same.
pub(super) fn named(text: impl Fn(&str) -> String) -> Scan {
    let mut scan = clinic();
    scan.findings.retain(|one| one.outcome != Some(Outcome::AlreadyCompliant));
    for place in 0..scan.controls.len() {
        rename_control(&mut scan, place, &text);
    }
    for (place, one) in scan.findings.iter_mut().enumerate() {
        rename_finding(one, place, &text);
    }
    for gone in scan.gone.iter_mut().flatten() {
        gone.resource = text("gone");
    }
    let policies = scan.policies.as_mut().unwrap();
    for (what, unread) in &mut policies.unread {
        (*what, unread.detail) = (text("what"), text("detail"));
    }
    for (place, found) in policies.findings.iter_mut().enumerate() {
        (found.resource, found.says) = (text(&format!("resource{place:02}")), text("says"));
        found.verdict = text("verdict");
        for clue in &mut found.clues {
            (clue.policy, clue.clause, clue.restrict) = (text("policy"), text("clause"), text("restrict"));
            clue.sid = Some(text("sid"));
        }
    }
    (scan.version, scan.caller, scan.settings) = (text("version"), text("caller"), Some(text("settings")));
    scan
}

fn rename_control(scan: &mut Scan, place: usize, text: &impl Fn(&str) -> String) {
    let id = text(&format!("control{place:03}"));
    let about = &mut scan.controls[place];
    let findings = scan.findings.iter_mut().map(|one| &mut one.control);
    let cells = scan.cells.iter_mut().map(|one| &mut one.control);
    let gone = scan.gone.iter_mut().flatten().map(|one| &mut one.control);
    findings
        .chain(cells)
        .chain(gone)
        .filter(|control| **control == about.id)
        .for_each(|control| control.clone_from(&id));
    (about.id, about.title) = (id, text("title"));
    about.requirements.push(text("paragraph"));
}

fn rename_finding(one: &mut Finding, place: usize, text: &impl Fn(&str) -> String) {
    one.resource_type = text("type");
    (one.resource, one.id) = (text(&format!("resource{place:04}")), text(&format!("id{place:04}")));
    one.hash = text("hash");
    one.violations.iter_mut().for_each(|violation| *violation = text("violation"));
    one.reason = one.reason.as_ref().map(|_| text("reason"));
    if let Some(repair) = &mut one.repair {
        repair.calls = vec![text("call")];
        let statement =
            |word: &str| json!({"Sid": text("sid"), "Effect": "Allow", "Action": text(word), (text("key")): 1});
        let policy = |last: &str| json!({"Statement": [statement("x"), statement(last)]});
        repair.before = json!({(text("a")): text("before"), (text("b")): policy("y")});
        repair.after = json!({(text("a")): text("after"), (text("b")): policy("z")});
    }
    if let Some(exempted) = &mut one.exempted {
        (exempted.owner, exempted.reason, exempted.alternative) = (text("owner"), text("why"), text("instead"));
        (exempted.ticket, exempted.approved_by) = (text("ticket"), Some(text("who")));
    }
    if let Some(unread) = &mut one.unread {
        unread.detail = text("detail");
    }
}
