use std::future::ready;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::*;
use crate::{
    backlog::{self, Baseline},
    ports::Place,
    quiet::{Shelves as Office, account, now, person},
};

fn document(text: &str) -> Result<Written, Unread> {
    Written::read(text.as_bytes()).map_err(|_| Unread {
        fault: Fault::rejected("settings", "invalid-settings", "x"),
        text: Some(text.to_owned()),
    })
}

fn denied() -> Result<Written, Unread> {
    Err(Unread { fault: Fault::rejected("s3:GetObject", "AccessDenied", "x"), text: None })
}

impl Office {
    fn with(&self, document: Result<Written, Unread>, ahead: Ahead) -> Result<Governing, Fault> {
        let account = account();
        let deployment = Deployment { account: &account, environment: Mode::Observe };
        governing(self, &deployment, ready(document), ahead).now_or_never().unwrap()
    }

    /// The settings in force with this document deployed, and its state; the same, whatever is read ahead.
    fn deploys(&self, document: Result<Written, Unread>) -> (String, Deployed) {
        let governing = self.with(document.clone(), Ahead::Opening).unwrap();
        let again = self.with(document, Ahead::Nothing).unwrap();
        assert_eq!(governing.written, again.written);
        (governing.written.text, governing.deployed)
    }

    fn is_lost(&self, text: &str) -> bool {
        self.with(document(text), Ahead::Opening).is_err_and(|fault| fault.code == LOST)
    }

    fn adopts(&self, text: &str) {
        let account = account();
        let deployment = Deployment { account: &account, environment: Mode::Observe };
        let governing = self.with(document(text), Ahead::Opening).unwrap();
        now(adopt(self, &deployment, &governing));
    }

    fn agree(&self, from: &str, to: &str) {
        let (from, to) = (document(from).unwrap(), document(to).unwrap());
        let proposal = Proposal::new(to.clone(), &from.settings, Mode::Observe);
        let (ann, bob) = (person("ann"), person("bob"));
        let agreement = Agreement { people: (&ann, &bob), ask: "0f", at: self.now() };
        now(put(self, (&proposal, &to), &agreement));
    }

    fn records(&self) -> Vec<Changed> {
        let objects = self.objects.borrow();
        let evidence = objects.iter().filter(|((shelf, _), _)| *shelf == LedgerBucket::Evidence);
        let read = |((_, key), body): (&(LedgerBucket, String), &Vec<u8>)| {
            let change: Changed = serde_json::from_slice(body).unwrap();
            assert_eq!(*key, change.key());
            change
        };
        evidence.map(read).collect()
    }

    fn keeps(&self, key: &str, entry: &Value) {
        now(self.put(key, entry.to_string().as_bytes()));
    }

    fn loses(&self, key: &str) {
        assert!(self.objects.borrow_mut().remove(&(LedgerBucket::State, key.to_owned())).is_some(), "{key}");
    }
}

const NOBODY: &str = r#"{"modes":{"default":"approve"}}"#;
const NAMED: &str = r#"{"people":{"approvers":["bob"]},"parameters":{"flap_limit":2}}"#;
const OTHER: &str = r#"{"people":{"approvers":["mallory"]}}"#;
const WEAKER: &str = r#"{"people":{"approvers":["bob"]},"parameters":{"flap_limit":1}}"#;

fn waits(deployed: &Deployed) -> bool {
    matches!(deployed, Deployed::Waits(_))
}

#[test]
fn documents_are_in_force_as_deployed_until_one_names_who_decides() {
    let office = Office::default();
    assert_eq!(office.deploys(document("{}")).0, "{}");
    assert_eq!(office.deploys(document(NOBODY)).0, NOBODY);
    assert_eq!(office.deploys(document(NAMED)).0, NAMED);
    for other in [WEAKER, OTHER, NOBODY, "{}", r#"{"people":{"approvers":["bob"]},"parameters":{"flap_limit":3}}"#] {
        let (text, deployed) = office.deploys(document(other));
        assert_eq!(text, NAMED, "{other}");
        assert!(waits(&deployed));
    }
    assert!(matches!(office.deploys(document(NAMED)).1, Deployed::InForce), "the former document goes back");
    assert_eq!(office.records().len(), 3, "one for each change: {:#?}", office.records());
    let told: Vec<_> = office.told.borrow().iter().map(|notice| notice.text.clone()).collect();
    assert_eq!(told.len(), 2, "of the first there is no news: {told:?}");
    assert!(told[1].contains("people.approvers gains 1"), "{told:?}");
}

#[test]
fn whoever_takes_over_a_function_cannot_put_settings_before_or_behind_those_that_name_who_decides() {
    let office = Office::default();
    office.deploys(document(NOBODY));
    office.deploys(document(NAMED));
    let forged = json!({"format": 2, "text": OTHER, "at": "2020-01-01T00:00:00Z"});
    office.keeps("settings/opening/first/0002", &forged);
    assert_eq!(office.deploys(document(NAMED)).0, NAMED);
    let forged = forged.to_string();
    let put = now(office.put_new(LedgerBucket::State, "settings/opening/first/0000", forged.as_bytes()));
    assert_eq!(put, Put::Exists, "what is there stays");
    office.adopts(NAMED);
    office.adopts(NAMED);
    assert_eq!(office.deploys(document(OTHER)).0, NAMED);
    let form = now(office.get(LedgerBucket::State, IN_FORCE)).unwrap();
    let form: InForce = serde_json::from_slice(&form).unwrap();
    assert_eq!((form.text.as_deref(), form.settings["parameters"]["flap_limit"].as_u64()), (Some(NAMED), Some(2)));
}

#[test]
fn two_people_put_other_settings_in_force_and_that_is_recorded_and_told_once() {
    let office = Office::default();
    office.deploys(document(NAMED));
    office.adopts(NAMED);
    office.told.borrow_mut().clear();
    office.agree(NAMED, WEAKER);
    assert_eq!(office.deploys(document(WEAKER)).0, WEAKER);
    let records = office.records();
    assert_eq!((records.len(), records[1].count), (2, 1));
    assert_eq!(records[1].differences[0]["member"], "parameters.flap_limit");
    assert_eq!((&records[1].differences[0]["before"], &records[1].differences[0]["after"]), (&json!(2), &json!(1)));
    assert_eq!(records[1].approved_by.as_ref().map(|by| by.arn.as_str()), Some(person("bob").arn.as_str()));
    let told = office.told.borrow();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("parameters.flap_limit 2 -> 1 (weaker)") && told[0].text.contains("user/bob"));
}

#[test]
fn what_cannot_be_read_leaves_the_last_good_one_in_force() {
    let office = Office::default();
    assert!(office.with(denied(), Ahead::Opening).is_err(), "nothing ever was in force");
    office.deploys(document(NOBODY));
    for broken in [document("{"), document(r#"{"later":1}"#), denied()] {
        let (text, deployed) = office.deploys(broken);
        assert_eq!(text, NOBODY);
        assert!(matches!(deployed, Deployed::Unreadable(_)));
    }
    let late = Err(Unread { fault: Fault::transient("s3:GetObject", "SlowDown"), text: None });
    assert!(office.with(late.clone(), Ahead::Opening).is_err_and(|fault| fault.is_transient()), "it is tried again");
    office.deploys(document(NAMED));
    office.adopts(NAMED);
    assert_eq!(office.deploys(denied()).0, NAMED);
    assert!(office.with(late, Ahead::Nothing).is_err_and(|fault| fault.is_transient()));
    assert_eq!(office.records().len(), 2);
}

#[test]
fn what_a_later_version_put_in_force_is_read_as_far_as_it_is_known() {
    let office = Office::default();
    let later = r#"{"people":{"approvers":["bob"],"auditors":["q"]},"parameters":{"flap_limit":2,"later":9}}"#;
    office.keeps(
        IN_FORCE,
        &json!({"format": 3, "text": later, "settings": {"later": 1}, "at": "2026-03-02T10:00:00Z",
        "people": [{"account": "111122223333", "id": "x", "arn": "y", "later": 1}, {}], "ask": "0f", "later": []}),
    );
    let governing = office.with(document(later), Ahead::Opening).unwrap();
    assert!(matches!(governing.deployed, Deployed::InForce), "its text is in force: {:?}", governing.deployed);
    assert_eq!(governing.written.settings.parameters.flap_limit, 2);
    assert!(waits(&office.deploys(document(WEAKER)).1));
}

#[test]
fn what_an_earlier_version_put_in_force_is_read() {
    let office = Office::default();
    let settings = |text: &str| serde_json::to_value(document(text).unwrap().settings).unwrap();
    office.keeps(IN_FORCE, &json!({"format": 1, "settings": settings(NOBODY), "at": "2026-03-02T10:00:00Z"}));
    assert!(matches!(office.deploys(document(NOBODY)).1, Deployed::InForce));
    assert_eq!(office.deploys(document(NAMED)).0, NAMED, "nobody was named who decides");
    assert!(waits(&office.deploys(document(OTHER)).1));
    let people = json!([person("ann"), person("bob")]);
    office.keeps(
        IN_FORCE,
        &json!({"format": 1, "settings": settings(WEAKER), "at": "2026-03-02T10:00:00Z", "people": people}),
    );
    let governing = office.with(document(OTHER), Ahead::Nothing).unwrap();
    assert_eq!(governing.written.settings, document(WEAKER).unwrap().settings);
    assert!(waits(&governing.deployed));
}

#[test]
fn settings_in_force_that_are_damaged_stop_everything() {
    for damaged in [
        json!("{"),
        json!({"format": 2, "text": "{", "at": "2026-03-02T10:00:00Z"}),
        json!({"format": 2, "text": NAMED, "sha256": "0f", "at": "2026-03-02T10:00:00Z"}),
    ] {
        let office = Office::default();
        office.keeps(IN_FORCE, &damaged);
        let fault = office.with(document(OTHER), Ahead::Opening).unwrap_err();
        assert_eq!(fault.code, "unreadable-in-force", "{damaged}");
    }
}

#[test]
fn settings_in_force_that_are_gone_stop_everything_and_page() {
    let adopted = || {
        let office = Office::default();
        office.deploys(document(NOBODY));
        office.deploys(document(NAMED));
        office.adopts(NAMED);
        office.told.borrow_mut().clear();
        office
    };
    let office = adopted();
    office.loses(IN_FORCE);
    assert!(office.is_lost(NAMED) && office.is_lost(OTHER));
    assert_eq!(office.told.borrow().len(), 1, "once an hour");
    assert_eq!(office.told.borrow()[0].alarm, Alarm::Page);
    let office = adopted();
    for key in ["settings/in-force", "settings/adopted", "settings/opening/first/0000"] {
        office.loses(key);
    }
    assert!(office.is_lost(OTHER), "the line has a gap");
    office.loses("settings/opening/first/0001");
    assert!(!office.is_lost(OTHER), "nothing on file tells");
    for trace in ["ask/0f/0000.decision", "hold/all/0000000000", "exemption/c/x"] {
        let office = Office::default();
        office.keeps(trace, &json!({}));
        assert!(office.is_lost(OTHER), "{trace}");
    }
    let place = Place { account: account(), region: remedy_domain::Region::global() };
    for (settings, is_lost) in [("", false), ("0f", true)] {
        let office = Office::default();
        let since = office.now();
        let baseline = Baseline { format: 1, since, from: None, after: None, settings: settings.to_owned() };
        now(backlog::keep(&office, "c", &place, &baseline));
        assert_eq!(office.is_lost(OTHER), is_lost, "a baseline under {settings:?}");
    }
}

#[test]
fn a_deployed_document_that_waits_or_cannot_be_read_is_news_and_one_in_force_is_none() {
    let office = Office::default();
    let account = account();
    let deployment = Deployment { account: &account, environment: Mode::Observe };
    let news = |document| {
        let governing = office.with(document, Ahead::Opening).unwrap();
        governing.news(&deployment, "2026-03-02T10:00:00Z".parse().unwrap())
    };
    assert_eq!(news(document(NAMED)), None);
    let (id, text) = news(document(WEAKER)).unwrap();
    let digest = |text| document(text).unwrap().settings.digest();
    assert_eq!(id, format!("settings-{}-{}", digest(NAMED), digest(WEAKER)), "once for each document");
    assert!(
        text.contains("parameters.flap_limit 2 -> 1 (weaker)") && text.contains("remedy settings <file>"),
        "{text}"
    );
    let (id, text) = news(denied()).unwrap();
    assert!(id.starts_with("settings-unreadable-2026030210-"), "once an hour: {id}");
    assert!(text.contains("those in force stay") && text.contains("AccessDenied"), "{text}");
}

#[test]
fn two_people_are_stored_with_the_settings_that_they_put_in_force() {
    let office = Office::default();
    office.deploys(document(NAMED));
    office.agree(NAMED, WEAKER);
    let form: InForce = serde_json::from_slice(&now(office.get(LedgerBucket::State, IN_FORCE)).unwrap()).unwrap();
    assert_eq!(form.people, json!([person("ann"), person("bob")]));
    assert_eq!(form.ask.as_deref(), Some("0f"));
}

#[test]
fn what_an_invocation_reads_ahead_is_what_the_one_before_it_found() {
    let office = Office::default();
    let first = office.with(document(NAMED), Ahead::Opening).unwrap();
    assert_eq!(first.ahead, Ahead::Opening);
    let reads = |ahead| {
        office.read.borrow_mut().clear();
        let found = office.with(document(NAMED), ahead).unwrap().ahead;
        (office.read.borrow().clone(), found)
    };
    let opening = "settings/opening/first/0000";
    assert_eq!(reads(Ahead::Opening), (vec![IN_FORCE.to_owned(), opening.to_owned()], Ahead::Opening));
    office.adopts(NAMED);
    assert_eq!(reads(Ahead::Opening), (vec![IN_FORCE.to_owned(), opening.to_owned()], Ahead::Nothing));
    assert_eq!(reads(Ahead::Nothing), (vec![IN_FORCE.to_owned()], Ahead::Nothing));
    let fresh = Office::default();
    fresh.with(document(NOBODY), Ahead::Opening).unwrap();
    assert_eq!(fresh.read.borrow().iter().filter(|key| *key == opening).count(), 1, "what is not there is read once");
}

#[test]
fn an_operator_takes_over_the_document_that_it_is_the_first_to_record() {
    let office = Office::default();
    office.adopts(NAMED);
    assert!(now(office.get(LedgerBucket::State, IN_FORCE)).is_some());
    assert_eq!(office.deploys(document(OTHER)).0, NAMED);
}

#[test]
fn a_damaged_record_of_a_document_stops_everything_and_is_no_loss() {
    let office = Office::default();
    office.keeps("settings/opening/first/0000", &json!("{"));
    let fault = office.with(document(NAMED), Ahead::Opening).unwrap_err();
    assert_eq!(fault.code, "unreadable-in-force");
    assert!(office.told.borrow().is_empty(), "nothing is gone: {:?}", office.told);
}
