//! Asks to revert repairs.

use remedy_domain::{Plan, Target, ask::Ask, evidence::StoredPlan, guard::Purpose};
use remedy_engine::{Clock as _, LedgerBucket, Store as _};
use remedy_testkit::memory::MemoryPorts;
use serde_json::{Value, json};

use super::{ACCOUNT, DAY, approve, does, id, on_file, pass, ports, settings, word};

/// A repair that was carried out.
async fn repaired(ports: &MemoryPorts, resource: &str, purpose: Purpose) -> String {
    let target: Target = serde_json::from_value(json!({"account": ACCOUNT, "region": "us-east-1",
        "resource_type": "AWS::S3::Bucket", "id": resource, "arn": format!("arn:aws:s3:::{resource}")}))
    .unwrap();
    let number = ports.shelf(LedgerBucket::State).keys().filter(|key| key.starts_with("plan/")).count();
    let plan = Plan::new("s3-bucket-public", &target, json!({"number": number}), json!({}));
    let id = plan.id().unwrap();
    let attempt = Some(ports.attempt().unwrap());
    let function = "s3-public-access".to_owned();
    let stored = StoredPlan { plan, purpose: purpose.into(), realized: None, function, attempt, at: ports.now() };
    ports.put(&format!("plan/{id}"), &serde_json::to_vec(&stored).unwrap()).await.unwrap();
    id.as_str().to_owned()
}

fn revert(names: &Value) -> Value {
    let mut request = json!({"owner": "web", "reason": "needed", "ticket": "CHG-7", "alternative": "a scan"});
    request.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
    json!({"revert": request})
}

#[tokio::test]
async fn somebody_elses_decision_stands() {
    let ports = ports();
    let plan = repaired(&ports, "phi", Purpose::Repair).await;
    let asked = id(&does(&ports, "ann", &revert(&json!({"plan": plan}))).await["asks"][0]);
    let approved = does(&ports, "bob", &approve(&asked)).await;
    assert_eq!(approved["next"], json!({"invoke": "s3-public-access", "with": {"revert": {"plan": plan}}}));
    assert_eq!(word(&ports, "carol", &approve(&asked)).await, "already-decided");
    assert_eq!(word(&ports, "carol", &json!({"reject": {"id": asked}})).await, "already-decided");
    assert_eq!(word(&ports, "bob", &json!({"reject": {"id": asked}})).await, "already-decided");
    let again = does(&ports, "bob", &approve(&asked)).await;
    assert_eq!(again["next"], approved["next"], "whoever got no answer says it again");
    ports.put("queue/s3-public-access", b"1").await.unwrap();
    assert_eq!(does(&ports, "bob", &approve(&asked)).await["next"], Value::Null, "it was sent");
}

#[tokio::test]
async fn only_repairs_that_are_meant_are_taken_back() {
    let ports = ports();
    let first = repaired(&ports, "phi", Purpose::Repair).await;
    let since = ports.now();
    pass(&ports, DAY);
    let later = repaired(&ports, "other", Purpose::Repair).await;
    let undone = repaired(&ports, "undone", Purpose::Revert).await;
    let plans = |answer: &Value| -> Vec<String> {
        let asks = answer["asks"].as_array().unwrap().clone();
        let of: Vec<Ask> = on_file(&ports, "ask/");
        let plan = |ask: &Value| {
            of.iter()
                .find(|known| known.subject.id().unwrap() == ask["id"].as_str().unwrap())
                .map(|known| json!(known.subject)["undo"]["plan"].as_str().unwrap().to_owned())
        };
        asks.iter().filter_map(plan).collect()
    };
    assert_eq!(plans(&does(&ports, "ann", &revert(&json!({"plan": first}))).await), [first.as_str()]);
    assert_eq!(
        plans(&does(&ports, "ann", &revert(&json!({"resource": "arn:aws:s3:::other"}))).await),
        [later.as_str()]
    );
    let end = ports.now();
    for none in [
        json!({"plan": undone}),
        json!({"plan": "not a plan"}),
        json!({"plan": "0".repeat(64)}),
        json!({"resource": "undone"}),
        json!({"resource": "phi", "control": "kms-key-unrotated"}),
        json!({"resource": "phi", "account": "444455556666"}),
        json!({"resource": "phi", "since": end}),
        json!({"resource": "other", "until": end}),
        json!({}),
    ] {
        assert_eq!(word(&ports, "ann", &revert(&none)).await, "nothing-to-undo", "{none}");
    }
    for one in [
        json!({"resource": "phi", "control": "s3-bucket-public", "account": ACCOUNT, "since": since, "until": end}),
        json!({"resource": "phi", "since": since}),
        json!({"resource": "phi", "until": end}),
    ] {
        assert_eq!(plans(&does(&ports, "ann", &revert(&one)).await), [first.as_str()], "{one}");
    }
}

#[tokio::test]
async fn of_many_repairs_the_latest_is_first_and_more_than_twenty_are_too_many() {
    let ports = ports();
    let mut made = Vec::new();
    for _ in 0..21 {
        made.push((repaired(&ports, "phi", Purpose::Repair).await, ports.now()));
        pass(&ports, std::time::Duration::from_mins(1));
    }
    assert_eq!(word(&ports, "ann", &revert(&json!({"resource": "phi"}))).await, "too-many");
    let asked = does(&ports, "ann", &revert(&json!({"resource": "phi", "since": made[1].1}))).await;
    let of: Vec<Ask> = on_file(&ports, "ask/");
    let plan = |id: &Value| {
        of.iter()
            .find(|ask| json!(ask.subject.id().unwrap()) == *id)
            .map(|ask| json!(ask.subject)["undo"]["plan"].clone())
    };
    let plans: Vec<_> = asked["asks"].as_array().unwrap().iter().filter_map(|ask| plan(&ask["id"])).collect();
    let latest_first: Vec<_> = made[1..].iter().rev().map(|(plan, _)| json!(plan)).collect();
    assert_eq!(plans, latest_first);
}

#[tokio::test]
async fn an_undo_lasts_as_long_as_is_asked_for_and_no_longer_than_the_settings_permit() {
    let most = settings().parameters.revert_exemption_days;
    for (days, lasts) in [(None, most), (Some(7), 7), (Some(3650), most)] {
        let ports = ports();
        let plan = repaired(&ports, "phi", Purpose::Repair).await;
        let mut named = json!({"plan": plan});
        if let Some(days) = days {
            named["days"] = json!(days);
        }
        does(&ports, "ann", &revert(&named)).await;
        let [ask]: [Ask; 1] = on_file::<Ask>(&ports, "ask/").try_into().unwrap();
        assert_eq!(json!(ask.subject)["undo"]["terms"]["days"], lasts, "{days:?}");
    }
}
