//! The desk on a ledger in memory: who may do what, the effect of each deed, and its records.

mod holds;
mod plans;
mod renamed;
mod settings;
mod undoing;

use remedy_aws::Sent;
use remedy_domain::{
    Actor, Fault, Mode, Settings,
    ask::Ask,
    exemption::Exemption,
    hold::{Hold, Switch},
    request::Request,
    settings::People,
};
use remedy_engine::{Clock as _, LedgerBucket, Store as _, four_eyes::Deployed};
use remedy_testkit::{fake::FakeAws, memory::MemoryPorts, people::person};
use serde_json::{Value, json};

use crate::{Courier, Desk, Refused};

impl Courier for MemoryPorts {
    /// Nobody is there to receive it, unless a test stored a queue.
    async fn send(&self, function: &str, _event: &Value) -> Result<Sent, Fault> {
        let has_queue = self.shelf(LedgerBucket::State).contains_key(&format!("queue/{function}"));
        Ok(if has_queue { Sent::Queued } else { Sent::Nowhere })
    }
}

const ACCOUNT: &str = "111122223333";
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

fn ports() -> MemoryPorts {
    let ports = MemoryPorts::over_fake(&FakeAws::default());
    ports.time().set("2026-03-02T13:20:00Z".parse().unwrap());
    ports.begin(std::time::Duration::from_mins(1));
    ports
}

fn settings() -> Settings {
    let arn = |name: &str| person(name).arn;
    let people = People { operators: vec![arn("ann")], approvers: vec![arn("bob"), arn("carol")] };
    Settings { people, ..Settings::default() }
}

async fn says(ports: &MemoryPorts, who: &Actor, request: &Value) -> Result<Value, Refused> {
    says_under(ports, &settings(), who, request).await
}

async fn says_under(ports: &MemoryPorts, settings: &Settings, who: &Actor, request: &Value) -> Result<Value, Refused> {
    says_in(ports, (settings, Mode::Observe), who, request).await
}

async fn says_in(
    ports: &MemoryPorts,
    (settings, environment): (&Settings, Mode),
    who: &Actor,
    request: &Value,
) -> Result<Value, Refused> {
    let text = request.to_string();
    let digest = remedy_domain::canonical::sha256_hex(text.as_bytes());
    let deployed = &Deployed::InForce;
    let desk = Desk { ports, settings, deployed, environment, actor: who, request: &digest };
    desk.serve(&Request::parse(&text).unwrap()).await
}

async fn does(ports: &MemoryPorts, who: &str, request: &Value) -> Value {
    says(ports, &person(who), request).await.unwrap_or_else(|refused| panic!("{who} {request}: {refused}"))
}

async fn word(ports: &MemoryPorts, who: &str, request: &Value) -> &'static str {
    says(ports, &person(who), request).await.err().map_or("done", |refused| refused.kind())
}

fn terms() -> Value {
    json!({"control": "s3-bucket-public", "account": ACCOUNT, "resource": "phi", "owner": "web", "reason": "needed",
        "ticket": "CHG-7", "alternative": "a scan", "days": 30})
}

fn exempt() -> Value {
    json!({"exempt": terms()})
}

fn hold() -> Value {
    json!({"hold": {"scope": {"control": "s3-bucket-public"}, "reason": "images are gone"}})
}

fn release() -> Value {
    json!({"release": {"scope": {"control": "s3-bucket-public"}, "reason": "found"}})
}

fn approve(id: &str) -> Value {
    json!({"approve": {"id": id, "reason": "seen"}})
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an ask has an id").to_owned()
}

/// The stored objects under a prefix.
fn on_file<T: serde::de::DeserializeOwned>(ports: &MemoryPorts, prefix: &str) -> Vec<T> {
    let shelf = ports.shelf(LedgerBucket::State);
    let read = |(key, body): (&String, &Vec<u8>)| {
        let is_meant = key.starts_with(prefix) && !key.contains('.');
        is_meant.then(|| serde_json::from_slice(body).unwrap())
    };
    shelf.iter().filter_map(read).collect()
}

/// Deeds and subjects in the evidence, in order.
fn deeds(ports: &MemoryPorts) -> Vec<(String, String)> {
    let shelf = ports.shelf(LedgerBucket::Evidence);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let records = shelf.values().map(|body| serde_json::from_slice::<Value>(body).unwrap());
    let mut deeds: Vec<_> =
        records.map(|record| (text(&record["at"]), text(&record["deed"]), text(&record["subject"]))).collect();
    deeds.sort();
    deeds.into_iter().map(|(_, deed, subject)| (deed, subject)).collect()
}

fn pass(ports: &MemoryPorts, time: std::time::Duration) {
    ports.time().advance(time);
    ports.begin(std::time::Duration::from_mins(1));
}

#[tokio::test]
async fn who_may_ask_may_not_decide_and_who_is_not_named_may_nothing() {
    let ports = ports();
    for request in
        [json!({"pending": {}}), json!({"status": {}}), hold(), exempt(), approve("0"), json!({"reject": {"id": "0"}})]
    {
        assert_eq!(word(&ports, "mallory", &request).await, "not-allowed", "{request}");
    }
    assert!(deeds(&ports).is_empty() && ports.shelf(LedgerBucket::State).is_empty(), "nothing is left of it");
    let asked = does(&ports, "ann", &exempt()).await;
    assert_eq!(word(&ports, "ann", &approve(&id(&asked))).await, "not-allowed");
    assert_eq!(word(&ports, "ann", &json!({"reject": {"id": id(&asked)}})).await, "not-allowed");
    let own = does(
        &ports,
        "bob",
        &json!({"exempt": {"control": "s3-bucket-public", "account": ACCOUNT, "resource": "other",
        "owner": "web", "reason": "needed", "ticket": "CHG-7", "alternative": "a scan", "days": 30}}),
    )
    .await;
    assert_eq!(word(&ports, "bob", &approve(&id(&own))).await, "own-ask");
    assert_eq!(word(&ports, "bob", &json!({"reject": {"id": id(&own)}})).await, "own-ask");
    assert!(on_file::<Exemption>(&ports, "exemption/").is_empty());
}

#[tokio::test]
async fn an_exemption_is_asked_once_decided_once_and_written_down_each_time() {
    let ports = ports();
    let asked = does(&ports, "ann", &exempt()).await;
    assert_eq!((&asked["done"], asked["evidence"].as_array().unwrap().len()), (&json!("asked"), 1));
    assert_eq!(ports.notices().len(), 1, "people are told");
    assert!(ports.notices()[0].text.contains(&format!("remedy approve {}", id(&asked))));
    let again = does(&ports, "ann", &exempt()).await;
    assert_eq!((&again["done"], &again["id"]), (&json!("this is asked already"), &asked["id"]));
    assert_eq!(ports.notices().len(), 1, "once");
    let pending = does(&ports, "ann", &json!({"pending": {}})).await;
    assert_eq!(
        (pending["pending"].as_array().unwrap().len(), &pending["pending"][0]["what"]),
        (1, &json!("exemption"))
    );
    let [ask]: [Ask; 1] = on_file::<Ask>(&ports, "ask/").try_into().unwrap();
    assert_eq!((ask.by.as_ref(), ask.at), (Some(&person("ann")), ports.now()));
    assert_eq!(does(&ports, "ann", &json!({"status": {}})).await["pending"], 1);
    let approved = does(&ports, "bob", &approve(&id(&asked))).await;
    assert_eq!((&approved["done"], &approved["next"]), (&json!("approved"), &Value::Null));
    let [granted]: [Exemption; 1] = on_file::<Exemption>(&ports, "exemption/").try_into().unwrap();
    assert_eq!((granted.resource.as_str(), granted.owner.as_deref()), ("phi", Some("web")));
    assert_eq!(granted.until.duration_since(ports.now()).as_hours(), 30 * 24);
    let status = does(&ports, "ann", &json!({"status": {}})).await;
    assert_eq!((status["exemptions"].as_array().unwrap().len(), &status["pending"]), (1, &json!(0)));
    for who in ["bob", "carol"] {
        assert_eq!(word(&ports, who, &approve(&id(&asked))).await, "nothing-waits", "it was spent");
    }
    let written = deeds(&ports);
    let of = |deed: &str| written.iter().filter(|(done, subject)| done == deed && subject == "exemption").count();
    assert_eq!((of("asks"), of("approves"), written.len()), (2, 1, 3), "{written:?}");
    let known = does(&ports, "ann", &exempt()).await;
    assert_eq!(known["done"], "nothing: it is on file");
    pass(&ports, 20 * DAY);
    assert_eq!(does(&ports, "ann", &exempt()).await["done"], "asked", "it ends soon: it may be asked for anew");
    pass(&ports, 20 * DAY);
    assert_eq!(does(&ports, "ann", &json!({"status": {}})).await["exemptions"], json!([]));
}

#[tokio::test]
async fn the_same_exemption_on_other_terms_is_asked_for() {
    let ports = ports();
    let asked = does(&ports, "ann", &exempt()).await;
    does(&ports, "bob", &approve(&id(&asked))).await;
    for (member, value) in
        [("owner", "lab"), ("reason", "still needed"), ("ticket", "CHG-8"), ("alternative", "a lock")]
    {
        let mut other = exempt();
        other["exempt"][member] = json!(value);
        assert_eq!(does(&ports, "ann", &other).await["done"], "asked", "{member}");
    }
    let mut bad = exempt();
    bad["exempt"]["owner"] = json!("");
    assert_eq!(word(&ports, "ann", &bad).await, "bad-terms");
}

#[tokio::test]
async fn what_was_rejected_or_has_ended_waits_no_more() {
    let ports = ports();
    let asked = id(&does(&ports, "ann", &exempt()).await);
    let rejected = does(&ports, "bob", &json!({"reject": {"id": asked}})).await;
    assert_eq!((&rejected["done"], &rejected["id"]), (&json!("rejected"), &json!(asked)));
    assert!(on_file::<Exemption>(&ports, "exemption/").is_empty());
    for who in ["bob", "carol"] {
        assert_eq!(word(&ports, who, &approve(&asked)).await, "nothing-waits");
    }
    assert!(deeds(&ports).contains(&("rejects".to_owned(), "exemption".to_owned())));
    let other = self::ports();
    let asked = id(&does(&other, "ann", &exempt()).await);
    pass(&other, 30 * DAY);
    assert_eq!(word(&other, "bob", &approve(&asked)).await, "nothing-waits");
    assert_eq!(word(&other, "bob", &approve(&"0".repeat(64))).await, "nothing-waits");
}

#[tokio::test]
async fn a_hold_takes_one_and_its_release_two() {
    let ports = ports();
    assert_eq!(word(&ports, "ann", &release()).await, "no-hold");
    let held = does(&ports, "ann", &hold()).await;
    assert_eq!((&held["done"], held["evidence"].as_array().unwrap().len()), (&json!("held"), 1));
    assert!(ports.notices()[0].text.contains("was put on hold by"));
    assert_eq!(does(&ports, "ann", &json!({"status": {}})).await["holds"].as_array().unwrap().len(), 1);
    let other = json!({"release": {"scope": "all", "reason": "found"}});
    assert_eq!(word(&ports, "ann", &other).await, "no-hold", "of another scope");
    // A later version put it on: what releases it is of this one.
    let key = ports.shelf(LedgerBucket::State).keys().find(|key| key.starts_with("hold/")).unwrap().clone();
    let later = String::from_utf8(ports.shelf(LedgerBucket::State)[&key].clone()).unwrap();
    ports.put(&key, later.replace(r#""format":1"#, r#""format":9"#).as_bytes()).await.unwrap();
    let asked = id(&does(&ports, "ann", &release()).await);
    pass(&ports, std::time::Duration::from_mins(5));
    let [on]: [Hold; 1] = on_file::<Hold>(&ports, "hold/").try_into().unwrap();
    assert_eq!((on.switch, on.by), (Switch::Held.into(), Some(person("ann"))));
    does(&ports, "bob", &approve(&asked)).await;
    let [_, off]: [Hold; 2] = on_file::<Hold>(&ports, "hold/").try_into().unwrap();
    assert_eq!((off.switch, off.by), (Switch::Released.into(), Some(person("bob"))));
    assert_eq!((on.format, off.format, off.at), (9, remedy_domain::hold::FORMAT, ports.now()));
    assert_eq!(does(&ports, "ann", &json!({"status": {}})).await["holds"], json!([]));
    assert_eq!(word(&ports, "ann", &release()).await, "no-hold", "it was released");
    let told = ports.notices();
    assert!(told.iter().any(|notice| notice.text.contains("was released by")), "{told:?}");
}

#[tokio::test]
async fn a_later_hold_is_not_released_by_an_earlier_ask() {
    let ports = ports();
    does(&ports, "ann", &hold()).await;
    let asked = id(&does(&ports, "ann", &release()).await);
    pass(&ports, std::time::Duration::from_mins(5));
    does(&ports, "carol", &hold()).await;
    assert_eq!(word(&ports, "bob", &approve(&asked)).await, "outdated");
    let turns: Vec<_> = on_file::<Hold>(&ports, "hold/").into_iter().map(|hold| hold.switch).collect();
    assert_eq!(turns, [Switch::Held.into(), Switch::Held.into()], "no release came behind the later hold");
}
