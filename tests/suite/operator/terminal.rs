//! Commands that are sent: the real `remedy`, through AWS's API, to the real functions.

use std::time::Duration;

use remedy_testkit::{
    lambda::Lambda,
    proxy::{Call, Fault},
    world::only_run,
};
use serde_json::{Value, json};

use crate::drift::{Drift, block_of};
use remedy_tests::clinic::{Clinic, STACK};

/// A function of the stack, and the id of a plan that it holds for a bucket.
async fn held(clinic: &Clinic, bucket: &str) -> (Lambda, String) {
    let lambda = clinic.deploy("s3-public-access");
    clinic.install("s3-public-access", &lambda);
    let held = only_run(lambda.invoke(&Drift::Bucket.event(bucket)).await);
    (lambda, held["plan"].as_str().expect("a plan").to_owned())
}

/// The functions that were invoked through the API, in order.
fn invoked(clinic: &Clinic) -> Vec<String> {
    let calls = clinic.world.proxy.calls_where(|call| call.name() == "lambda:Invoke");
    calls.into_iter().filter_map(|call| call.resource).collect()
}

fn is_of(function: &'static str) -> impl Fn(&Call) -> bool {
    move |call| call.service == "lambda" && call.resource.as_deref() == Some(&format!("{STACK}-{function}"))
}

#[tokio::test]
async fn a_plan_is_approved_and_carried_out_from_a_terminal() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let (_lambda, plan) = held(&clinic, &bucket).await;
    let pending = ann.sends(&["pending"]).await;
    assert_eq!((pending.status, &pending.documents[0]["pending"][0]["id"]), (Some(0), &json!(plan)), "{pending:?}");
    let refused = ann.sends(&["approve", &plan, "--carry-out"]).await;
    assert_eq!((refused.status, refused.documents.len()), (Some(1), 0), "{refused:?}");
    assert!(refused.aloud.starts_with("remedy: denied: ") && refused.aloud.contains("user/ops/ann"), "{refused:?}");
    let told = bob.sends(&["approve", &plan, "--carry-out"]).await;
    assert_eq!((told.status, told.documents.len()), (Some(0), 2), "{told:?}");
    assert_eq!(told.documents[0]["next"]["invoke"], "s3-public-access");
    assert_eq!(told.documents[1]["runs"][0]["outcome"], "repaired", "{told:?}");
    assert_eq!(block_of(&clinic.world, &bucket).await, Some([true; 4]));
    let names = ["operator", "operator", "operator", "s3-public-access"];
    assert_eq!(invoked(&clinic), names.map(|function| format!("{STACK}-{function}")));
    clinic.world.assert_conserved().await;
}

#[tokio::test]
async fn what_is_left_to_do_is_told_and_can_be_done_later() {
    let clinic = Clinic::open("approve").await;
    let bob = clinic.person("bob").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let (_lambda, plan) = held(&clinic, &bucket).await;
    let told = bob.sends(&["approve", &plan]).await;
    assert_eq!((told.status, told.documents.len()), (Some(0), 1), "{told:?}");
    assert_eq!(told.aloud.lines().count(), 1, "{told:?}");
    let event = format!(r#"--payload '{{"approved":{{"plan":"{plan}"}}}}'"#);
    assert!(told.aloud.contains(&format!("--function-name {STACK}-s3-public-access ")), "{told:?}");
    assert!(told.aloud.contains(&event) && told.aloud.contains("--carry-out"), "{told:?}");
    assert!(clinic.world.repairs().is_empty(), "nothing was carried out");
    let again = bob.sends(&["approve", &plan, "--carry-out"]).await;
    assert_eq!((again.status, &again.documents[1]["runs"][0]["outcome"]), (Some(0), &json!("repaired")), "{again:?}");
}

#[tokio::test]
async fn a_refusal_of_one_keeps_nothing_from_the_next() {
    let clinic = Clinic::open("approve").await;
    let bob = clinic.person("bob").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let (_lambda, plan) = held(&clinic, &bucket).await;
    let told = bob.sends(&["reject", &"0".repeat(64), &plan]).await;
    assert_eq!((told.status, &told.documents[0]["id"]), (Some(1), &json!(plan)), "{told:?}");
    assert!(told.aloud.starts_with("remedy: rejected: ") && told.aloud.contains("nothing with this id"), "{told:?}");
}

#[tokio::test]
async fn what_is_not_sent_says_why_and_what_to_do() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let arn = "arn:aws:cloudformation:us-east-1:111122223333:stack/nowhere/0f0f";
    let lost = ann.sends(&["pending", "--stack", arn]).await;
    assert_eq!((lost.status, lost.documents.len()), (Some(2), 0), "{lost:?}");
    for part in ["`nowhere-operator`", "(ResourceNotFoundException)", "--stack", "--print"] {
        assert!(lost.aloud.contains(part), "{lost:?} does not say {part}");
    }
    clinic.world.proxy.on_call(move |call| is_of("operator")(call).then_some(Fault::Denied));
    let denied = ann.sends(&["pending"]).await;
    assert_eq!(denied.status, Some(2), "{denied:?}");
    assert!(denied.aloud.contains("(AccessDeniedException)") && denied.aloud.contains("lambda:InvokeFunction"));
    assert!(!denied.aloud.contains("User is not authorized"), "AWS's own words are not repeated: {denied:?}");
}

#[tokio::test]
async fn a_request_goes_out_once_and_waits_as_long_as_it_takes() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    clinic.world.proxy.on_call(move |call| is_of("operator")(call).then_some(Fault::ResetAfter));
    let lost = ann.sends(&["hold", "--all", "--reason", "images are gone"]).await;
    assert_eq!(lost.status, Some(2), "{lost:?}");
    assert!(lost.aloud.contains("(no-connection)") && lost.aloud.contains("remedy status"), "{lost:?}");
    assert_eq!(invoked(&clinic).len(), 1, "a signed request is good once");
    clinic.world.proxy.clear_faults();
    let late = Fault::Late(Duration::from_secs(4));
    clinic.world.proxy.on_call(move |call| is_of("operator")(call).then_some(late.clone()));
    let told = ann.sends(&["pending"]).await;
    assert_eq!((told.status, invoked(&clinic).len()), (Some(0), 2), "{told:?}");
    assert_eq!(clinic.world.state("hold/").await.len(), 1, "the lost answer was that of a hold");
}

#[tokio::test]
async fn with_print_nothing_is_sent() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let printed = ann.sends(&["status", "--print"]).await;
    assert_eq!((printed.status, printed.documents.len(), printed.aloud.as_str()), (Some(0), 1, ""), "{printed:?}");
    assert!(invoked(&clinic).is_empty());
    let payload = printed.documents[0].to_string();
    let answer = remedy_testkit::world::done(clinic.operator.invoke(payload.as_bytes()).await);
    assert!(answer["holds"].is_array(), "the audience is the stack's name: {answer:#}");
}

#[tokio::test]
async fn the_status_is_that_of_the_operator_and_of_every_function() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    held(&clinic, &bucket).await;
    for function in ["iam-mfa", "iam-password-policy", "iam-policies", "rds", "s3-encryption"] {
        clinic.install(function, &clinic.deploy(function));
    }
    let told = ann.sends(&["status"]).await;
    assert_eq!((told.status, told.documents.len(), told.aloud.as_str()), (Some(0), 1, ""), "{told:?}");
    let Value::Object(functions) = &told.documents[0]["functions"] else { panic!("{told:?}") };
    assert!(told.documents[0]["operator"]["holds"].is_array(), "{told:?}");
    assert_eq!(functions["kms-keys"], json!({"error": "not deployed"}));
    assert!(functions["s3-public-access"]["s3-bucket-public"].is_object(), "{functions:#?}");
    assert!(functions.iter().all(|(name, status)| name == "kms-keys" || status.get("error").is_none()), "{told:?}");
    clinic.world.proxy.on_call(move |call| is_of("iam-mfa")(call).then_some(Fault::ServerError));
    let gap = ann.sends(&["status"]).await;
    assert_eq!((gap.status, gap.documents.len()), (Some(1), 1), "{gap:?}");
    assert_eq!(gap.documents[0]["functions"]["iam-mfa"], json!({"error": "ServiceException"}));
    assert!(gap.aloud.contains(&format!("`{STACK}-iam-mfa`")), "{gap:?}");
    let stranger = clinic.person("mallory").await.sends(&["status"]).await;
    let [status] = &stranger.documents[..] else { panic!("{stranger:?}") };
    assert_eq!(stranger.status, Some(1), "{stranger:?}");
    assert!(status["operator"]["error"].as_str().is_some_and(|error| error.starts_with("denied: ")), "{stranger:?}");
    assert!(status["functions"]["s3-public-access"]["s3-bucket-public"].is_object(), "{stranger:?}");
}
