//! Repairs that wait for a person.

use remedy_domain::{
    Plan, Target,
    ask::{self, Ask, Subject},
    evidence::StoredPlan,
    guard::Purpose,
    outcome::Alarm,
};
use remedy_engine::{
    Clock as _, LedgerBucket, Store as _,
    asks::{self, Noted},
};
use remedy_testkit::memory::MemoryPorts;
use serde_json::{Value, json};

use super::{ACCOUNT, approve, deeds, does, exempt, pass, ports, settings, word};

const CONTROL: &str = "s3-bucket-public";

/// A function asks for the repair of a bucket. Another number is another plan for it.
async fn waits(ports: &MemoryPorts, bucket: &str, number: u32) -> String {
    let target: Target = serde_json::from_value(json!({"account": ACCOUNT, "region": "us-east-1",
        "resource_type": "AWS::S3::Bucket", "id": bucket, "arn": format!("arn:aws:s3:::{bucket}")}))
    .unwrap();
    let plan = Plan::new(CONTROL, &target, json!({"number": number}), json!({}));
    let (function, at) = ("s3-public-access".to_owned(), ports.now());
    let purpose = Purpose::Repair.into();
    let stored = StoredPlan { plan, purpose, realized: None, function: function.clone(), attempt: None, at };
    let ask = Ask {
        format: ask::FORMAT,
        subject: Subject::Plan { plan: Box::new(stored) },
        reason: "it needs an approval".to_owned(),
        by: None,
        function,
        at,
        until: ask::lasts(at, 72),
    };
    let asked = asks::open(ports, &ask, &settings().people).await.unwrap();
    asks::enter(ports, &asked, Noted::Each).await.unwrap();
    ask.subject.id().unwrap()
}

fn reject(id: &str) -> Value {
    json!({"reject": {"id": id, "reason": "not now"}})
}

#[tokio::test]
async fn an_approved_repair_is_carried_out_by_the_function_that_asked() {
    let ports = ports();
    let id = waits(&ports, "phi", 1).await;
    assert_eq!(word(&ports, "ann", &approve(&id)).await, "not-allowed");
    let approved = does(&ports, "bob", &approve(&id)).await;
    assert_eq!(approved["next"], json!({"invoke": "s3-public-access", "with": {"approved": {"plan": id}}}));
    assert_eq!(word(&ports, "carol", &reject(&id)).await, "already-decided");
    ports.put("queue/s3-public-access", b"1").await.unwrap();
    assert_eq!(does(&ports, "bob", &approve(&id)).await["next"], Value::Null, "it was sent");
    assert_eq!(deeds(&ports), [("approves", "plan"), ("approves", "plan")].map(|(deed, of)| (deed.into(), of.into())));
    let shelf = ports.shelf(LedgerBucket::Evidence);
    let record: Value = serde_json::from_slice(shelf.values().next().unwrap()).unwrap();
    assert_eq!((&record["about"]["control"], &record["about"]["target"]["id"]), (&json!(CONTROL), &json!("phi")));
    assert_eq!((&record["reason"], &record["ask"]), (&json!("seen"), &json!(id)));
}

#[tokio::test]
async fn who_rejects_a_repair_answers_for_it_and_the_second_time_somebody_is_paged() {
    let ports = ports();
    let first = waits(&ports, "phi", 1).await;
    let rejected = does(&ports, "bob", &reject(&first)).await;
    assert_eq!(rejected["next"], "put it right by hand, or ask for an exemption: remedy exempt request");
    pass(&ports, std::time::Duration::from_hours(1));
    let second = waits(&ports, "phi", 2).await;
    let rejected = does(&ports, "carol", &reject(&second)).await;
    assert!(rejected["next"].as_str().unwrap().contains("this was rejected before, and somebody is paged"));
    let of_another = waits(&ports, "scans", 1).await;
    let rejected = does(&ports, "carol", &reject(&of_another)).await;
    assert!(rejected["next"].as_str().unwrap().starts_with("put it right by hand"), "{rejected}");
    let told: Vec<_> = ports.notices().iter().map(|notice| (notice.alarm, notice.text.clone())).collect();
    let [(one, of_bob), (two, of_carol), (three, _)] = told.as_slice() else { panic!("three notices: {told:?}") };
    assert_eq!((*one, *two, *three), (Alarm::Notice, Alarm::Page, Alarm::Notice));
    assert!(
        of_bob.contains("the repair of phi by s3-bucket-public in 111122223333 was rejected by")
            && of_bob.contains("user/bob")
    );
    assert!(of_carol.contains("was rejected again, by arn:aws:iam::111122223333:user/carol"), "{of_carol}");
}

#[tokio::test]
async fn to_reject_anything_else_pages_nobody() {
    let ports = ports();
    for _ in 0..2 {
        let asked = does(&ports, "ann", &exempt()).await;
        let rejected = does(&ports, "bob", &reject(asked["id"].as_str().unwrap())).await;
        assert_eq!(rejected["next"], Value::Null);
        pass(&ports, std::time::Duration::from_hours(80));
    }
    assert!(ports.notices().iter().all(|notice| notice.alarm == Alarm::Notice), "{:?}", ports.notices());
}

#[tokio::test]
async fn a_plan_that_a_newer_one_replaced_waits_no_more() {
    let ports = ports();
    let older = waits(&ports, "phi", 1).await;
    pass(&ports, std::time::Duration::from_mins(1));
    let newer = waits(&ports, "phi", 2).await;
    for request in [approve(&older), reject(&older)] {
        assert_eq!(word(&ports, "bob", &request).await, "outdated", "{request}");
    }
    assert_eq!(does(&ports, "bob", &approve(&newer)).await["done"], "approved");
}

#[tokio::test]
async fn an_exemption_says_how_many_repairs_it_would_end() {
    let ports = ports();
    for bucket in ["brochures", "brochures-2", "phi"] {
        waits(&ports, bucket, 1).await;
    }
    for (pattern, covered) in [("brochures", 1), ("brochures*", 2), ("other", 0)] {
        let mut request = exempt();
        request["exempt"]["resource"] = json!(pattern);
        assert_eq!(does(&ports, "ann", &request).await["covers"]["waiting"], covered, "{pattern}");
    }
    let mut request = exempt();
    request["exempt"]["resource"] = json!("brochures");
    request["exempt"]["control"] = json!("s3-bucket-without-tls");
    assert_eq!(does(&ports, "ann", &request).await["covers"]["waiting"], 0, "of another control");
}

#[tokio::test]
async fn what_a_later_version_asks_for_can_be_rejected_and_not_approved() {
    let ports = ports();
    let id = "a".repeat(64);
    let until = ask::lasts(ports.now(), 72);
    let body = json!({"format": 1, "subject": {"delegation": {"to": "carol"}}, "reason": "leave", "at": ports.now(), "until": until});
    ports.put(&format!("ask/{id}/0000"), body.to_string().as_bytes()).await.unwrap();
    assert_eq!(word(&ports, "bob", &approve(&id)).await, "not-known");
    assert!(deeds(&ports).is_empty(), "no approval is recorded");
    assert_eq!(does(&ports, "bob", &reject(&id)).await["done"], "rejected");
}
