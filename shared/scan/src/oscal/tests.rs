use std::collections::BTreeSet;

use remedy_domain::Outcome as Ended;

use super::*;
use crate::{Finding, State, Unread, sample};

fn result(scan: &Scan) -> Value {
    let mut out = Vec::new();
    write(&mut out, scan).unwrap();
    let mut document: Value = serde_json::from_slice(&out).unwrap();
    document["assessment-results"]["results"][0].take()
}

fn rows<'a>(result: &'a Value, name: &str) -> &'a [Value] {
    result[name].as_array().map_or(&[], Vec::as_slice)
}

/// The sample with nothing but one control, and what is found under it.
fn only(findings: Vec<Finding>) -> Scan {
    let whole = sample::scan();
    let (mut cells, mut controls) = (whole.cells, whole.controls);
    cells.retain(|cell| cell.control == "iam-user-without-mfa" && cell.unread.is_none());
    controls.retain(|about| about.id == "iam-user-without-mfa");
    cells[0].targets = findings.len();
    Scan { cells, controls, findings, policies: None, ..sample::scan() }
}

fn user(outcome: Option<Ended>) -> Finding {
    let unread = outcome.is_none().then(|| Unread { state: State::Denied, detail: "iam:ListMFADevices".into() });
    Finding {
        outcome,
        unread,
        ..sample::finding("iam-user-without-mfa", "AWS::IAM::User", &format!("user/{outcome:?}"))
    }
}

/// State and reason of the paragraph; nothing if nothing is said of it.
fn status(scan: &Scan) -> Option<(String, String)> {
    let result = result(scan);
    let status = &rows(&result, "findings").first()?["target"]["status"];
    Some((status["state"].as_str()?.to_owned(), status["reason"].as_str()?.to_owned()))
}

#[test]
fn a_paragraph_is_satisfied_only_if_all_was_looked_at_and_is_in_order() {
    let good = || user(Some(Ended::AlreadyCompliant));
    let is = |state: &str, reason: &str| Some((state.to_owned(), reason.to_owned()));
    assert_eq!(status(&only(vec![good()])), is("satisfied", "pass"));
    assert_eq!(status(&only(vec![good(), user(None)])), is("not-satisfied", "other"));
    assert_eq!(status(&Scan { interrupted: true, ..only(vec![good()]) }), is("not-satisfied", "other"));
    let mut silent = only(vec![good()]);
    silent.cells[0].targets = 2;
    assert_eq!(status(&silent), is("not-satisfied", "other"));
    let unlisted = Scan { cells: sample::scan().cells, ..only(vec![good()]) };
    assert_eq!(status(&unlisted), is("not-satisfied", "other"));
    for bad in [Ended::Drifted, Ended::NeedsHuman, Ended::Contained, Ended::Dormant] {
        assert_eq!(status(&only(vec![good(), user(Some(bad)), user(None)])), is("not-satisfied", "fail"));
    }
    assert_eq!(status(&only(vec![good(), user(Some(Ended::Exempt))])), is("not-satisfied", "other"));
    assert_eq!(status(&only(vec![user(Some(Ended::OutOfScope))])), None);
    assert_eq!(status(&only(Vec::new())), None);
}

#[test]
fn each_resource_and_each_unread_place_is_observed() {
    let scan = sample::scan();
    let result = result(&scan);
    let places = scan.cells.iter().filter(|cell| cell.unread.is_some()).count();
    let observations = rows(&result, "observations");
    let policies = scan.policies.as_ref().map_or(0, |policies| policies.findings.len());
    assert_eq!(observations.len(), places + scan.findings.len() - scan.count(Ended::OutOfScope) + policies);
    assert!(observations.iter().all(|one| one["methods"] == json!(["TEST"])));
    let items = rows(&result["local-definitions"], "inventory-items");
    let known: BTreeSet<_> = items.iter().map(|item| item["uuid"].to_string()).collect();
    assert_eq!(known.len(), items.len());
    assert!(observations.iter().all(|one| known.contains(&one["subjects"][0]["subject-uuid"].to_string())));
}

#[test]
fn a_finding_refers_to_observations_that_there_are() {
    let result = result(&sample::scan());
    let known: BTreeSet<_> = rows(&result, "observations").iter().map(|one| one["uuid"].to_string()).collect();
    let findings = rows(&result, "findings");
    assert_eq!(findings.len(), 5, "one that is for clearinghouses is left out");
    let refers = findings.iter().flat_map(|finding| rows(finding, "related-observations"));
    assert!(
        refers.clone().count() > 5
            && refers.into_iter().all(|one| known.contains(&one["observation-uuid"].to_string()))
    );
}

#[test]
fn an_exemption_is_a_risk_with_its_measure_and_end() {
    let result = result(&sample::scan());
    let risks = rows(&result, "risks");
    let count = |status: &str| risks.iter().filter(|risk| risk["status"] == status).count();
    assert_eq!((count("deviation-approved"), count("deviation-requested")), (2, 1));
    assert_eq!(risks[0]["deadline"], "2026-12-31T00:00:00Z");
    assert_eq!(risks[0]["mitigating-factors"][0]["description"], "no PHI is stored there; scanned daily");
}

#[test]
fn the_same_scan_has_the_same_uuids_and_another_has_others() {
    let uuids = |scan: &Scan| -> BTreeSet<String> {
        let result = result(scan);
        rows(&result, "observations").iter().map(|one| one["uuid"].to_string()).collect()
    };
    let later = Scan { ended: "2026-12-01T00:00:00Z".parse().unwrap(), ..sample::scan() };
    assert_eq!(uuids(&sample::scan()), uuids(&sample::scan()));
    assert!(uuids(&sample::scan()).is_disjoint(&uuids(&later)));
    assert_eq!(named(&["x"]).get_version_num(), 5);
}

#[test]
fn no_array_is_empty() {
    fn holds(value: &Value) -> bool {
        match value {
            Value::Array(items) => !items.is_empty() && items.iter().all(holds),
            Value::Object(members) => members.values().all(holds),
            _ => true,
        }
    }
    let nothing = Scan { controls: Vec::new(), cells: Vec::new(), findings: Vec::new(), ..sample::scan() };
    assert!(holds(&result(&sample::scan())) && holds(&result(&nothing)));
}

#[test]
fn codes_are_properties_of_the_observation() {
    let finding = Finding {
        elements: vec!["mfa".to_owned(), "mfa".to_owned()],
        reason_code: Some("no-room".to_owned()),
        ..user(Some(Ended::NeedsHuman))
    };
    let result = result(&only(vec![finding]));
    let props = result["observations"][0]["props"].as_array().unwrap();
    let of = |name: &str| -> Vec<_> {
        let named = props.iter().filter(|prop| prop["name"] == name);
        named.map(|prop| prop["value"].as_str().unwrap()).collect()
    };
    assert_eq!((of("element"), of("reason")), (vec!["mfa"], vec!["no-room"]));
}
