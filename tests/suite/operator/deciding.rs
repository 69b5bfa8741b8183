//! Waiting asks, and the decisions of people.

use remedy_testkit::world::only_run;
use serde_json::Value;

use crate::drift::{Drift, block_of, iam, messages, policy_of, queue, topic};
use remedy_tests::clinic::{Clinic, Waiting, carry_out};

const TERMS: [&str; 8] =
    ["--owner", "web", "--reason", "needed", "--ticket", "CHG-7", "--alternative", "a scan before each upload"];

fn with_terms<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [command, &TERMS].concat()
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an ask has an id").to_owned()
}

#[tokio::test]
async fn a_held_plan_is_approved_by_another_and_carried_out_once() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let Waiting { bucket, lambda, run: held, plan } = clinic.waiting().await;
    let pending = ann.does(&["pending"]).await;
    assert_eq!((&pending["pending"][0]["id"], &pending["pending"][0]["what"]), (&held["plan"], &"plan".into()));
    assert!(ann.is_refused(&["approve", &plan]).await.starts_with("denied"), "ann may ask, not decide");
    let approved = bob.does(&["approve", &plan, "--reason", "seen"]).await;
    assert_eq!(approved["next"]["invoke"], "s3-public-access");
    let run = carry_out(&lambda, &approved).await;
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert_eq!(block_of(&clinic.world, &bucket).await, Some([true; 4]));
    let evidence = clinic.world.evidence().await;
    let outcome = evidence.values().find(|record| record["kind"] == "outcome").expect("an outcome");
    assert!(outcome["approved_by"]["arn"].as_str().is_some_and(|arn| arn.ends_with("user/ops/bob")), "{outcome:#}");
    clinic.world.s3().delete_public_access_block().bucket(&bucket).send().await.expect("it drifts again");
    let again = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(again["outcome"], "awaiting-approval", "an approval is good for one repair");
    clinic.world.assert_conserved().await;
}

#[tokio::test]
async fn an_approved_plan_goes_to_the_queue_of_its_function() {
    let clinic = Clinic::with("approve", async |world| {
        let url = queue(world, "clinic-s3-public-access").await;
        ("REMEDY_QUEUE_URL", url.replace("s3-public-access", "{function}"))
    });
    let clinic = clinic.await;
    let bob = clinic.person("bob").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-public-access");
    let held = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let approved = bob.does(&["approve", held["plan"].as_str().expect("a plan")]).await;
    assert_eq!(approved["next"], Value::Null, "nothing is left to be sent");
    let [message] = messages(&clinic.world, "clinic-s3-public-access").await.try_into().expect("one message");
    assert_eq!(only_run(lambda.invoke(message.as_bytes()).await)["outcome"], "repaired");
    assert_eq!(block_of(&clinic.world, &bucket).await, Some([true; 4]));
}

#[tokio::test]
async fn a_rejected_plan_stays_undone_and_is_not_asked_again() {
    let clinic = Clinic::open("approve").await;
    let bob = clinic.person("bob").await;
    let Waiting { bucket, lambda, plan, .. } = clinic.waiting().await;
    bob.does(&["reject", &plan]).await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!((&run["outcome"], &run["check"]), (&"blocked".into(), &"approval".into()), "{run:#}");
    assert!(bob.is_refused(&["approve", &plan]).await.contains("nothing with this id waits"));
    assert!(clinic.world.repairs().is_empty());
}

#[tokio::test]
async fn a_late_approval_leaves_what_others_did_since_in_place() {
    let clinic = Clinic::open("approve").await;
    let bob = clinic.person("bob").await;
    let bucket = Drift::Plaintext.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-encryption");
    let held = only_run(lambda.invoke(&Drift::Plaintext.event(&bucket)).await);
    let plan = held["plan"].as_str().expect("a plan").to_owned();
    let policy = policy_of(&clinic.world, &bucket).await.expect("a policy");
    let theirs = r#"{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"*"}"#;
    let changed = policy.replacen("\"Statement\":[", &format!("\"Statement\":[{theirs},"), 1);
    assert_ne!(changed, policy);
    let put = clinic.world.s3().put_bucket_policy().bucket(&bucket).policy(changed);
    put.send().await.expect("somebody else changes the policy");
    let run = carry_out(&lambda, &bob.does(&["approve", &plan]).await).await;
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    let after = policy_of(&clinic.world, &bucket).await.expect("a policy");
    assert!(after.contains("Theirs") && after.contains("RemedyDenyPlaintext"), "{after}");
}

#[tokio::test]
async fn a_target_that_changed_makes_the_plan_superseded() {
    let clinic = Clinic::open("approve").await;
    let bob = clinic.person("bob").await;
    let iam = iam(&clinic.world);
    let weak = |length| iam.update_account_password_policy().minimum_password_length(length).send();
    weak(8).await.expect("a weak policy");
    let lambda = clinic.deploy("iam-password-policy");
    let event = Drift::Password.event(&clinic.world.account.id);
    let held = only_run(lambda.invoke(&event).await);
    let plan = held["plan"].as_str().expect("a plan").to_owned();
    weak(10).await.expect("somebody else changes it");
    let run = carry_out(&lambda, &bob.does(&["approve", &plan]).await).await;
    assert_eq!(run["outcome"], "superseded", "{run:#}");
    assert!(clinic.world.repairs().is_empty());
    let anew = only_run(lambda.invoke(&event).await);
    assert_eq!(anew["outcome"], "awaiting-approval");
    assert_ne!(anew["plan"], held["plan"], "it is asked anew");
}

#[tokio::test]
async fn an_exemption_takes_two_people_and_holds_before_any_drift() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let account = clinic.world.account.id.clone();
    let pattern = format!("phi-{account}-*");
    let command = ["exempt", "request", "--control", "s3-bucket-public", "--account", &account, "--days", "30"];
    let asked = ann.does(&with_terms(&[&command[..], &["--resource", &pattern]].concat())).await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let pattern_covers = remedy_domain::settings::matches(&pattern, &bucket);
    assert!(pattern_covers, "{pattern} covers {bucket}");
    assert!(ann.is_refused(&["approve", &id(&asked)]).await.starts_with("denied"));
    bob.does(&["approve", &id(&asked)]).await;
    let lambda = clinic.deploy("s3-public-access");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "exempt", "{run:#}");
    assert!(run["reason"].as_str().is_some_and(|reason| reason.contains("owner web")), "{run:#}");
    let status = ann.does(&["status"]).await;
    assert_eq!(status["exemptions"][0]["renewals"], 0);
    assert!(status["exemptions"][0]["approved_by"]["arn"].as_str().is_some_and(|arn| arn.ends_with("ops/bob")));
    assert!(clinic.world.repairs().is_empty());
}

#[tokio::test]
async fn whoever_asks_does_not_decide_even_if_they_may() {
    let clinic = Clinic::open("enforce").await;
    let (bob, carol) = (clinic.person("bob").await, clinic.person("carol").await);
    let command = ["exempt", "request", "--control", "s3-bucket-public", "--resource", "phi-images-*"];
    let account = clinic.world.account.id.clone();
    let asked = bob.does(&with_terms(&[&command[..], &["--account", &account]].concat())).await;
    assert!(bob.is_refused(&["approve", &id(&asked)]).await.contains("you asked for this yourself"));
    carol.does(&["approve", &id(&asked)]).await;
    assert!(carol.is_refused(&["approve", &id(&asked)]).await.contains("nothing with this id waits"));
}

#[tokio::test]
async fn repairs_are_taken_back_by_plan_or_by_resource_and_time() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-public-access");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    let none = with_terms(&["revert", "--resource", &bucket, "--until", "2020-01-01T00:00:00Z"]);
    assert!(ann.is_refused(&none).await.contains("no repair"));
    let command = ["revert", "--resource", &bucket, "--since", "2020-01-01T00:00:00Z", "--days", "7"];
    let asked = ann.does(&with_terms(&command)).await;
    let approved = bob.does(&["approve", &id(&asked["asks"][0])]).await;
    let undone = carry_out(&lambda, &approved).await;
    assert_eq!(undone["outcome"], "reverted", "{undone:#}");
    assert_eq!(block_of(&clinic.world, &bucket).await, None);
    let again = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(again["outcome"], "exempt", "{again:#}");
    let plan = run["plan"].as_str().expect("a plan");
    let known = with_terms(&["revert", plan]);
    assert_eq!(ann.does(&known).await["asks"][0]["done"], "asked", "the one before was used");
    clinic.world.assert_conserved().await;
}

#[tokio::test]
async fn each_of_several_asks_of_one_request_is_told() {
    let clinic = Clinic::with("enforce", async |world| ("REMEDY_TOPIC_ARN", topic(world, "notices").await)).await;
    let ann = clinic.person("ann").await;
    let bucket = Drift::Plaintext.make(&clinic.world, "a").await;
    for drift in [Drift::Bucket, Drift::Plaintext] {
        let run = only_run(clinic.deploy(drift.function()).invoke(&drift.event(&bucket)).await);
        assert_eq!(run["outcome"], "repaired", "{run:#}");
    }
    let command = ["revert", "--resource", &bucket, "--since", "2020-01-01T00:00:00Z"];
    let asked = ann.does(&with_terms(&command)).await;
    assert_eq!(asked["asks"].as_array().map(Vec::len), Some(2), "{asked:#}");
    let asks_for = |text: String| text.contains("asks for") && text.contains("remedy approve");
    let told = clinic.world.proxy.calls_where(|call| call.parameter("Message").is_some_and(asks_for));
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn settings_that_differ_take_effect_when_a_second_person_agrees() {
    let clinic = Clinic::with("observe", async |world| ("REMEDY_TOPIC_ARN", topic(world, "notices").await)).await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let first = only_run(clinic.deploy("s3-public-access").invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(first["outcome"], "planned");
    let raised = clinic.settings("enforce");
    let lambda = clinic.deploy_with("s3-public-access", &raised);
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "planned", "a deployed document alone raises nothing: {run:#}");
    only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let told = clinic.world.proxy.calls_where(|call| {
        call.parameter("Message")
            .is_some_and(|text| text.contains("remedy settings") && text.contains("raises the mode"))
    });
    assert_eq!(told.len(), 1, "people are told once that it waits");
    let file = clinic.world.settings_file(&raised);
    let asked = ann.does(&["settings", &file, "--reason", "the trial is over"]).await;
    bob.does(&["approve", &id(&asked)]).await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    let lowered = clinic.deploy_with("s3-public-access", &clinic.settings("observe"));
    clinic.world.s3().delete_public_access_block().bucket(&bucket).send().await.expect("it drifts again");
    let run = only_run(lowered.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "what is lowered waits for a second person, too");
}
