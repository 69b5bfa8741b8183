//! Other settings: asked for by one, put in force by another.

use remedy_domain::{
    Mode, Settings,
    ask::{self, Ask, Proposal, Subject},
    settings::Written,
};
use remedy_engine::{
    Clock as _, LedgerBucket,
    asks::{self, Noted},
};
use remedy_testkit::{memory::MemoryPorts, people::person};
use serde_json::{Value, json};

use super::{approve, deeds, does, id, ports, says_in, says_under, settings, word};

/// These people, and another number of repairs an hour.
fn document(budget: u32) -> Value {
    json!({"people": settings().people, "parameters": {"hourly_budget": budget}})
}

fn asks_for(document: &Value) -> Value {
    json!({"settings": {"document": document, "reason": "fewer surprises"}})
}

fn read(document: &Value) -> Settings {
    Written::read(document.to_string().as_bytes()).unwrap().settings
}

fn in_force(ports: &MemoryPorts) -> Option<Value> {
    ports.shelf(LedgerBucket::State).get("settings/in-force").map(|body| serde_json::from_slice(body).unwrap())
}

#[tokio::test]
async fn other_settings_take_two_people_and_are_shown_member_by_member() {
    let ports = ports();
    let asked = does(&ports, "ann", &asks_for(&document(3))).await;
    assert_eq!(asked["done"], "asked");
    let differences = asked["differences"].as_array().unwrap();
    assert!(differences.iter().any(|one| one.to_string().contains("hourly_budget")), "{differences:?}");
    assert!(
        ports.notices()[0].text.contains("asks for: settings (") && ports.notices()[0].text.contains("hourly_budget")
    );
    assert!(in_force(&ports).is_none(), "nothing yet");
    assert_eq!(word(&ports, "ann", &approve(&id(&asked))).await, "not-allowed");
    assert_eq!(does(&ports, "bob", &approve(&id(&asked))).await["next"], Value::Null);
    let stored = in_force(&ports).expect("it is in force");
    let people: Vec<_> = stored["people"].as_array().unwrap().iter().map(|who| who["arn"].clone()).collect();
    assert_eq!(people, [json!(person("ann").arn), json!(person("bob").arn)]);
    assert_eq!(word(&ports, "carol", &approve(&id(&asked))).await, "nothing-waits", "it was spent");
    let written = deeds(&ports);
    for deed in ["asks", "approves"] {
        assert!(written.contains(&(deed.to_owned(), "settings".to_owned())), "{written:?}");
    }
    let shelf = ports.shelf(LedgerBucket::Evidence);
    let records = shelf.values().map(|body| serde_json::from_slice::<Value>(body).unwrap());
    let ask = records.into_iter().find(|record| record["deed"] == "asks").unwrap();
    assert_eq!(ask["about"]["from"], json!(settings().digest()));
    assert_eq!(ask["about"]["sha256"], json!(read(&document(3)).digest()));
    assert_eq!(ask["about"]["count"], json!(differences.len()));
}

#[tokio::test]
async fn the_settings_in_force_are_not_asked_for_and_what_is_none_is_refused() {
    let ports = ports();
    let same = says_under(&ports, &read(&document(3)), &person("ann"), &asks_for(&document(3))).await.unwrap();
    assert_eq!(same["done"], "nothing: these settings are in force");
    for bad in [json!({"parameters": {"hourly_budget": "many"}}), json!({"no_such_member": 1}), json!([])] {
        assert_eq!(word(&ports, "ann", &asks_for(&bad)).await, "bad-settings", "{bad}");
    }
    assert!(deeds(&ports).is_empty());
}

/// An approval means the differences that were shown: where others are in force by now, they would be other differences.
#[tokio::test]
async fn what_was_asked_for_under_other_settings_is_outdated() {
    let ports = ports();
    let asked = id(&does(&ports, "ann", &asks_for(&document(3))).await);
    let others = read(&document(7));
    let refused = says_under(&ports, &others, &person("bob"), &approve(&asked)).await.unwrap_err();
    assert_eq!((refused.kind(), in_force(&ports)), ("outdated", None));
    assert!(refused.to_string().contains("the settings in force are others by now"), "{refused}");
    assert_eq!(does(&ports, "bob", &approve(&asked)).await["done"], "approved", "under the former ones it still holds");
}

/// Where no mode is set, that of the function's environment counts: another one makes other differences.
#[tokio::test]
async fn what_was_asked_for_in_another_mode_is_outdated() {
    let ports = ports();
    let other = json!({"people": settings().people, "modes": {"default": "approve"}});
    let asked = id(&does(&ports, "ann", &asks_for(&other)).await);
    let anew = (&settings(), Mode::Enforce);
    let refused = says_in(&ports, anew, &person("bob"), &approve(&asked)).await.unwrap_err();
    assert_eq!((refused.kind(), in_force(&ports)), ("outdated", None), "{refused}");
}

#[tokio::test]
async fn an_approval_whose_effect_was_stored_is_completed_by_its_second_try() {
    let ports = ports();
    let asked = id(&does(&ports, "ann", &asks_for(&document(3))).await);
    let spent = |ports: &MemoryPorts| ports.shelf(LedgerBucket::State).keys().any(|key| key.contains(".spent"));
    let now = read(&document(3));
    assert!(!spent(&ports));
    let answer = says_under(&ports, &now, &person("bob"), &approve(&asked)).await.unwrap();
    assert_eq!((&answer["done"], in_force(&ports)), (&json!("approved"), None), "they are in force already");
    assert!(spent(&ports));
}

#[tokio::test]
async fn an_ask_of_a_former_version_is_asked_for_anew() {
    for (from, text) in [("", "{}"), ("0123", "")] {
        let ports = ports();
        let written = Written::read(document(3).to_string().as_bytes()).unwrap();
        let whole = Proposal::new(written, &settings(), Mode::Observe);
        let proposal = Proposal { from: from.to_owned(), text: text.to_owned(), ..whole };
        let at = ports.now();
        let ask = Ask {
            format: ask::FORMAT,
            subject: Subject::Settings(Box::new(proposal)),
            reason: "fewer surprises".to_owned(),
            by: Some(person("ann")),
            function: String::new(),
            at,
            until: ask::lasts(at, 72),
        };
        let asked = asks::open(&ports, &ask, &settings().people).await.unwrap();
        asks::enter(&ports, &asked, Noted::Each).await.unwrap();
        let refused = says_under(&ports, &settings(), &person("bob"), &approve(&asks::id(&ask.subject).unwrap())).await;
        assert!(refused.unwrap_err().to_string().contains("it was asked for in a former version"), "{from:?} {text:?}");
        assert!(in_force(&ports).is_none());
    }
}
