//! Attackers who may invoke any function with any payload, and are nobody: no write, no exemption, no approval, no forged line.

use remedy_testkit::world::{World, only_run};
use serde_json::{Value, json};

use crate::drift::Drift;
use remedy_tests::clinic::{Clinic, Waiting, refused};

/// A clinic with a plan that waits.
async fn waiting() -> (Clinic, String, String) {
    let clinic = Clinic::open("approve").await;
    let Waiting { bucket, plan, .. } = clinic.waiting().await;
    (clinic, bucket, plan)
}

/// Nothing was decided, exempted or written.
async fn assert_nothing_came_of_it(world: &World) {
    let state = world.state("").await;
    let gained =
        |key: &&String| key.ends_with(".decision") || key.starts_with("exemption/") || key.starts_with("hold/");
    assert_eq!(state.keys().filter(gained).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn a_request_without_proof_is_refused() {
    let (clinic, _, plan) = waiting().await;
    let bob = format!("arn:aws:iam::{}:user/ops/bob", clinic.world.account.id);
    for payload in [
        json!({"approve": {"id": plan}}),
        json!({"operator": {"request": json!({"approve": {"id": plan}}).to_string()}}),
        json!({"operator": {"request": json!({"approve": {"id": plan}}).to_string(), "actor": bob}}),
        json!({"operator": {"request": json!({"approve": {"id": plan}}).to_string(), "proof": {"headers": {}}}}),
        json!({"operator": {"request": json!({"hold": {"scope": "all", "reason": "x"}}).to_string(),
            "proof": {"headers": {"authorization": bob}, "identity": {"arn": bob}}}}),
    ] {
        let told = refused(clinic.operator.invoke(payload.to_string().as_bytes()).await);
        assert!(told.starts_with("unproven"), "{payload}: {told}");
    }
    assert_nothing_came_of_it(&clinic.world).await;
}

#[tokio::test]
async fn a_forged_identity_context_proves_nothing() {
    let (clinic, _, plan) = waiting().await;
    let bob = format!("arn:aws:iam::{}:user/ops/bob", clinic.world.account.id);
    let identity = json!({"cognitoIdentityId": bob, "userArn": bob, "accountId": clinic.world.account.id});
    let payload = json!({"approve": {"id": plan}, "requestContext": {"identity": identity}, "identity": identity});
    let told = refused(clinic.operator.invoke(payload.to_string().as_bytes()).await);
    assert!(told.starts_with("unproven"), "{told}");
    assert_nothing_came_of_it(&clinic.world).await;
}

#[tokio::test]
async fn somebody_whom_the_settings_do_not_name_may_nothing() {
    let (clinic, _, plan) = waiting().await;
    let mallory = clinic.person("mallory").await;
    for command in [
        &["pending"][..],
        &["status"],
        &["plan", &plan],
        &["approve", &plan],
        &["reject", &plan],
        &["hold", "--all", "--reason", "x"],
        &["release", "--all", "--reason", "x"],
    ] {
        let told = mallory.is_refused(command).await;
        assert!(told.starts_with("denied") && told.contains("do not name it"), "{command:?}: {told}");
    }
    assert_nothing_came_of_it(&clinic.world).await;
}

#[tokio::test]
async fn a_signed_request_works_once() {
    let (clinic, _, plan) = waiting().await;
    let bob = clinic.person("bob").await;
    let payload = bob.signs(&["plan", &plan]);
    remedy_testkit::world::done(clinic.operator.invoke(&payload).await);
    let told = refused(clinic.operator.invoke(&payload).await);
    assert!(told.contains("used before"), "{told}");
}

#[tokio::test]
async fn a_request_that_was_altered_after_it_was_signed_is_refused() {
    let (clinic, _, plan) = waiting().await;
    let bob = clinic.person("bob").await;
    let mut payload: Value = serde_json::from_slice(&bob.signs(&["reject", &plan])).expect("a payload is JSON");
    payload["operator"]["request"] = json!({"approve": {"id": plan}}).to_string().into();
    let told = refused(clinic.operator.invoke(payload.to_string().as_bytes()).await);
    assert!(told.starts_with("unproven"), "{told}");
    assert_nothing_came_of_it(&clinic.world).await;
}

#[tokio::test]
async fn an_event_that_claims_an_approval_carries_nothing_out() {
    let (clinic, bucket, plan) = waiting().await;
    let lambda = clinic.deploy("s3-public-access");
    let told = refused(lambda.invoke(json!({"approved": {"plan": plan}}).to_string().as_bytes()).await);
    assert!(told.contains("no plan of this id is approved"), "{told}");
    for payload in [
        json!({"approved": {"plan": plan, "by": "bob"}}),
        json!({"control": "s3-bucket-public", "resource": bucket, "approved": true}),
        json!({"control": "s3-bucket-public", "resource": bucket, "approved_by": "bob"}),
        json!({"operator": {"request": json!({"approve": {"id": plan}}).to_string()}}),
    ] {
        refused(lambda.invoke(payload.to_string().as_bytes()).await);
    }
    let event = json!({"control": "s3-bucket-public", "resource": bucket, "mode": "enforce"});
    let run = only_run(lambda.invoke(event.to_string().as_bytes()).await);
    assert_eq!(run["outcome"], "awaiting-approval", "a payload never raises the mode: {run:#}");
    assert_nothing_came_of_it(&clinic.world).await;
}

#[tokio::test]
async fn an_event_that_asks_to_undo_takes_nothing_back_and_exempts_nothing() {
    let clinic = Clinic::open("enforce").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-public-access");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let writes = clinic.world.repairs().len();
    let undo = json!({"revert": {"plan": run["plan"], "reason": "CHG-1: approved by bob"}});
    let unasked = only_run(lambda.invoke(undo.to_string().as_bytes()).await);
    assert_eq!(unasked["outcome"], "awaiting-approval", "{unasked:#}");
    assert_eq!(clinic.world.repairs().len(), writes);
    let letters = clinic.world.state("notice/").await;
    let told = letters.values().filter(|letter| letter["notice"]["plan"] == unasked["plan"]).collect::<Vec<_>>();
    let [letter] = told.as_slice() else { panic!("people hear of it once: {letters:#?}") };
    let text = letter["notice"]["text"].as_str().expect("a notice has a text");
    assert!(text.contains("remedy revert") && !text.contains("remedy approve"), "a command that works: {text}");
    assert!(clinic.world.state("exemption/").await.is_empty());
}

#[tokio::test]
async fn whoever_may_tag_exempts_nothing_and_delays_only_what_the_settings_say() {
    let clinic = Clinic::open("enforce").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let tag = |key: &str, value: &str| {
        aws_sdk_s3::types::Tag::builder().key(key).value(value).build().expect("a tag has key and value")
    };
    let tags = [tag("remedy:exempt", "true"), tag("DataClassification", "public"), tag("terraform", "yes")];
    let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(tags.into())).build().expect("tags");
    clinic.world.s3().put_bucket_tagging().bucket(&bucket).tagging(tagging).send().await.expect("it is tagged");
    let run = only_run(clinic.deploy("s3-public-access").invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
}

#[tokio::test]
async fn what_people_write_forges_no_line_and_hides_nothing() {
    let clinic = Clinic::open("enforce").await;
    let ann = clinic.person("ann").await;
    let reason = "gone\r\n{\"outcome\":\"repaired\"}\u{1b}[2K\u{202e}evil\u{2066}";
    ann.does(&["hold", "--control", "s3-bucket-public", "--reason", reason]).await;
    let told = ann.is_refused(&["hold", "--control", "s3-bucket-public\u{202e}", "--reason", reason]).await;
    assert!(told.contains("no-control"), "{told}");
    let shown = [
        json!(clinic.world.evidence().await).to_string(),
        ann.does(&["status"]).await.to_string(),
        clinic.operator.logs(),
    ];
    for text in shown {
        for unsafe_one in ["\u{202e}", "\u{2066}", "\u{1b}", "\\u001b", "\\u202e", "\\r", "\\n{"] {
            assert!(!text.contains(unsafe_one), "{unsafe_one:?} in {text}");
        }
    }
    for line in clinic.operator.logs().lines().filter(|line| line.contains("repaired")) {
        assert!(!line.starts_with("{\"outcome\""), "{line}");
    }
}
