//! People who name a control by an earlier id: they mean the control.

use remedy_domain::{
    Plan, Target,
    ask::{Ask, Subject},
    evidence::StoredPlan,
    exemption::Exemption,
    guard::Purpose,
    hold::Hold,
};
use remedy_engine::{Clock as _, Store as _};
use serde_json::{Value, json};

use super::{ACCOUNT, approve, does, id, on_file, ports, terms, word};

const OLD: &str = "kms-key-dying";
const NEW: &str = "kms-key-pending-deletion";

fn turn(what: &str, control: &str) -> Value {
    json!({what: {"scope": {"control": control}, "reason": "keys are gone"}})
}

#[tokio::test]
async fn a_hold_and_its_release_mean_the_control_under_either_id() {
    for (held, released) in [(OLD, NEW), (NEW, OLD)] {
        let ports = ports();
        ports.put("baseline/kms-key-dying/x", b"{}").await.unwrap();
        let answer = does(&ports, "ann", &turn("hold", held)).await;
        assert_eq!((&answer["done"], &answer["but"]), (&json!("held"), &Value::Null), "it is known: {answer}");
        let status = does(&ports, "bob", &json!({"status": {}})).await;
        assert_eq!(status["holds"][0]["scope"], json!({"control": NEW}), "{status:#}");
        let asked = does(&ports, "ann", &turn("release", released)).await;
        does(&ports, "bob", &approve(&id(&asked))).await;
        let holds: Vec<Hold> = on_file(&ports, "hold/control/kms-key-dying/");
        assert_eq!(holds.iter().map(Hold::is_on).collect::<Vec<_>>(), [true, false]);
        assert!(
            holds.iter().all(|hold| json!(hold.scope) == json!({"control": OLD})),
            "as every version knows it: {holds:?}"
        );
    }
}

#[tokio::test]
async fn an_exemption_of_the_earlier_id_is_renewed_under_either_one() {
    let ports = ports();
    for control in [OLD, NEW, OLD] {
        let mut terms = terms();
        terms["control"] = json!(control);
        terms["reason"] = json!(format!("anew, of {control}"));
        let asked = does(&ports, "ann", &json!({"exempt": terms})).await;
        does(&ports, "bob", &approve(&id(&asked))).await;
    }
    let [exemption] = on_file::<Exemption>(&ports, "exemption/").try_into().unwrap();
    assert_eq!((exemption.control.as_str(), exemption.renewals), (OLD, 2), "as every version knows it");
    let status = does(&ports, "bob", &json!({"status": {}})).await;
    assert_eq!(status["exemptions"][0]["control"], NEW, "{status:#}");
}

#[tokio::test]
async fn a_repair_from_before_the_renaming_is_found_under_either_id() {
    let ports = ports();
    let target: Target = serde_json::from_value(json!({"account": ACCOUNT, "region": "us-east-1",
        "resource_type": "AWS::KMS::Key", "id": "key"}))
    .unwrap();
    let plan = Plan::new(OLD, &target, json!({}), json!({"a": 1}));
    let (key, attempt) = (format!("plan/{}", plan.id().unwrap()), Some(remedy_engine::Clock::attempt(&ports).unwrap()));
    let (function, purpose) = ("kms-keys".to_owned(), Purpose::Repair.into());
    let stored = StoredPlan { plan, purpose, realized: None, function, attempt, at: ports.now() };
    ports.put(&key, &serde_json::to_vec(&stored).unwrap()).await.unwrap();
    let revert = |control: &str| {
        json!({"revert": {"resource": "key", "control": control, "owner": "web", "reason": "needed", "ticket": "CHG-7",
            "alternative": "a scan"}})
    };
    assert_eq!(word(&ports, "ann", &revert("kms-key-open-policy")).await, "nothing-to-undo");
    for control in [OLD, NEW] {
        does(&ports, "ann", &revert(control)).await;
    }
    let [asked] = on_file::<Ask>(&ports, "ask/").try_into().unwrap();
    let Subject::Undo { terms, .. } = asked.subject else { panic!("{:?}", asked.subject) };
    assert_eq!(terms.control, OLD);
    let pending = does(&ports, "bob", &json!({"pending": {"control": OLD}})).await;
    assert_eq!((&pending["waiting"], &pending["controls"]), (&json!(1), &json!({NEW: 1})), "{pending:#}");
    assert_eq!(pending["pending"][0]["about"]["terms"]["control"], NEW);
}
