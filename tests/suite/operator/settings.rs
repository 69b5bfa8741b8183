//! Settings with four eyes: once an approver is named, one person alone changes nothing, in any way; and an approver
//! sees the current differences before approving.

use remedy_testkit::world::{done, only_run};
use serde_json::{Value, json};

use crate::drift::{self, Drift, topic};
use remedy_tests::clinic::{Clinic, Person, Waiting, refused};

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an ask has an id").to_owned()
}

/// The clinic's settings with one more member, by its path.
fn with(clinic: &Clinic, mode: &str, member: &str, value: Value) -> Value {
    let mut settings = clinic.settings(mode);
    match member.split_once('.') {
        Some((section, member)) => settings[section][member] = value,
        None => settings[member] = value,
    }
    settings
}

async fn asks(clinic: &Clinic, who: &Person<'_>, settings: &Value) -> Value {
    who.does(&["settings", &clinic.world.settings_file(settings), "--reason", "CHG-1"]).await
}

#[tokio::test]
async fn no_member_of_a_document_that_one_person_deployed_comes_into_force() {
    let clinic = Clinic::open("enforce").await;
    let ann = clinic.person("ann").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    assert_eq!(ann.does(&["status"]).await["document"], "in-force");
    let in_force = ann.does(&["status"]).await["settings"].clone();
    let (key, account) = ("arn:aws:kms:us-east-1:111122223333:key/a", clinic.world.account.id.as_str());
    for (member, value) in [
        ("protected.resources", json!(["arn:aws:s3:::phi-*"])),
        ("protected.principals", json!(["arn:aws:iam::111122223333:role/deploy/*"])),
        ("protected.break_glass", json!([])),
        ("modes.default", json!("observe")),
        ("modes.controls", json!({"s3-bucket-public": "observe"})),
        ("modes.accounts", json!({account: "approve"})),
        ("parameters", json!({"hourly_budget": 1})),
        ("parameters", json!({"organization_hourly_budget": 1})),
        ("parameters", json!({"password_max_age_days": 1, "password_minimum_length": 128})),
        ("parameters", json!({"mfa_new_user_days": 0})),
        ("parameters", json!({"kms_rotation_days": 90})),
        ("parameters", json!({"put_encryption": "strict", "default_key": key})),
        ("parameters", json!({"iac_tags": ["Name"], "owner_tag": "owner"})),
        ("parameters", json!({"phi_free_buckets": ["*"], "trusted_accounts": ["444455556666"]})),
        ("parameters", json!({"flap_limit": 1, "approval_hours": 1, "revert_exemption_days": 1})),
        ("parameters", json!({"identity_repairs": "auto", "admin_policy_repair": "detach"})),
        ("parameters", json!({"policy_change_days": 90, "approved_policies": ["a".repeat(64)]})),
        ("parameters", json!({"backlog": "waves", "backlog_wave": 1, "password_first_expiry": "ask"})),
        ("people.operators", json!(["*"])),
        ("people.approvers", json!([])),
        ("accounts", json!(["444455556666"])),
    ] {
        let document = with(&clinic, "enforce", member, value.clone());
        let operator = clinic.deploy_with("operator", &document);
        let status = done(operator.invoke(&ann.signs(&["status"])).await);
        assert_eq!(status["settings"], in_force, "{member} {value}");
        let waits = status["document"]["waits"].as_array().expect("it waits");
        assert!(waits.iter().all(|one| one["ways"].as_array().is_some_and(|ways| !ways.is_empty())), "{waits:#?}");
    }
    for member in ["protected.resources", "protected.principals", "protected.break_glass"] {
        let operator = clinic.deploy_with("operator", &with(&clinic, "enforce", member, json!(["*"])));
        let status = done(operator.invoke(&ann.signs(&["status"])).await);
        assert_eq!(status["settings"], in_force, "{member}");
        let told = status["document"]["unreadable"].as_str().expect("a name alone is refused");
        assert!(told.contains(member) && told.contains("arn:aws:"), "it says what to write: {told}");
    }
    let document = with(&clinic, "observe", "protected.resources", json!(["arn:aws:s3:::phi-*"]));
    let run = only_run(clinic.deploy_with("s3-public-access", &document).invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "the settings in force stay: {run:#}");
}

#[tokio::test]
async fn one_persons_settings_lock_no_console_user_out() {
    let clinic = Clinic::open("enforce").await;
    let iam = drift::iam(&clinic.world);
    let event = Drift::Password.event(&clinic.world.account.id);
    Drift::Password.make(&clinic.world, "").await;
    let in_force = clinic.deploy("iam-password-policy");
    assert_eq!(only_run(in_force.invoke(&event).await)["outcome"], "repaired");
    let parameters = json!({"password_max_age_days": 1, "password_minimum_length": 128});
    let lambda = clinic.deploy_with("iam-password-policy", &with(&clinic, "enforce", "parameters", parameters));
    let weak = iam.update_account_password_policy().minimum_password_length(8).hard_expiry(true);
    weak.max_password_age(90).send().await.expect("it drifts, and hard expiry is on");
    assert_eq!(only_run(lambda.invoke(&event).await)["outcome"], "repaired");
    let policy = iam.get_account_password_policy().send().await.expect("a policy").password_policy.expect("it is told");
    assert_eq!((policy.max_password_age, policy.minimum_password_length), (Some(90), Some(14)));
    let long = iam.update_account_password_policy().minimum_password_length(14).hard_expiry(true).max_password_age(365);
    long.send().await.expect("passwords live longer, and hard expiry is on");
    let run = only_run(in_force.invoke(&event).await);
    assert_eq!(run["outcome"], "awaiting-approval", "to let them expire sooner asks a person: {run:#}");
}

#[tokio::test]
async fn an_approver_sees_every_difference_before_and_everybody_after() {
    let clinic = Clinic::with("enforce", async |world| ("REMEDY_TOPIC_ARN", topic(world, "notices").await)).await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let mut document = with(
        &clinic,
        "observe",
        "protected.resources",
        json!(["AWS::S3::Bucket/life-support", "arn:aws:s3:::987-65-4321"]),
    );
    document["parameters"] = json!({"password_max_age_days": 1});
    let asked = asks(&clinic, &ann, &document).await;
    let expected = json!([
        {"member": "modes.default", "ways": ["weaker"], "before": "enforce", "after": "observe"},
        {"member": "parameters.password_max_age_days", "ways": ["stricter"], "before": 90, "after": 1},
        {"member": "protected.resources", "ways": ["weaker"], "before": [], "after": ["AWS::S3::Bucket/life-support", "arn:aws:s3:::[number]"]},
    ]);
    let pending = bob.does(&["pending"]).await;
    let plan = bob.does(&["plan", &id(&asked)]).await;
    for shown in [&asked["differences"], &pending["pending"][0]["about"]["differences"], &plan["about"]["differences"]]
    {
        assert_eq!(*shown, expected);
    }
    assert_eq!(plan["outdated"], false);
    bob.does(&["approve", &id(&asked)]).await;
    let evidence = clinic.world.evidence().await;
    let changes: Vec<_> = evidence.values().filter(|record| record["kind"] == "settings").collect();
    assert_eq!(changes.len(), 2, "the first, and this one");
    let change = changes.iter().find(|change| change["ask"] == asked["id"]).expect("it is recorded");
    assert_eq!(change["differences"], expected);
    assert!(change["approved_by"]["arn"].as_str().is_some_and(|arn| arn.ends_with("ops/bob")));
    let is_news = |text: String| text.contains("other settings are in force") && text.contains("max_age_days 90 -> 1");
    let told = clinic.world.proxy.calls_where(|call| call.parameter("Message").is_some_and(is_news));
    assert_eq!(told.len(), 1);
    let status = ann.does(&["status"]).await;
    assert_eq!((&status["protected"]["count"], &status["modes"]["default"]), (&json!(3), &json!("observe")));
    assert_eq!(status["protected"]["resources"][0], "AWS::S3::Bucket/life-support");
}

#[tokio::test]
async fn an_ask_that_is_out_of_date_is_refused_and_changes_nothing() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob, carol) = (clinic.person("ann").await, clinic.person("bob").await, clinic.person("carol").await);
    let first = asks(&clinic, &ann, &with(&clinic, "enforce", "parameters", json!({"flap_limit": 4}))).await;
    let careful = with(&clinic, "observe", "protected.resources", json!(["AWS::S3::Bucket/life-support"]));
    let second = asks(&clinic, &ann, &careful).await;
    bob.does(&["approve", &id(&second)]).await;
    let in_force = ann.does(&["status"]).await["settings"].clone();
    assert_eq!(carol.does(&["plan", &id(&first)]).await["outdated"], true);
    let told = carol.is_refused(&["approve", &id(&first)]).await;
    assert!(told.contains("outdated") && told.contains("ask again"), "{told}");
    assert_eq!(ann.does(&["status"]).await["settings"], in_force);
    let status = ann.does(&["status"]).await;
    assert_eq!(status["protected"]["resources"], json!(["AWS::S3::Bucket/life-support"]));
    let decided = clinic.world.state(&format!("ask/{}/", id(&first))).await;
    assert!(decided.keys().all(|key| !key.ends_with(".decision")), "nothing was decided: {decided:#?}");
    let anew = asks(&clinic, &ann, &with(&clinic, "enforce", "parameters", json!({"flap_limit": 4}))).await;
    assert_ne!(anew["id"], first["id"], "it is another change now");
    assert_eq!(anew["differences"].as_array().map(Vec::len), Some(3), "{anew:#}");
    carol.does(&["approve", &id(&anew)]).await;
}

/// Bob is dismissed by two others.
async fn dismiss_bob(clinic: &Clinic, ann: &Person<'_>, mode: &str) {
    let carol = clinic.person("carol").await;
    let only = format!("arn:aws:iam::{}:user/ops/carol", clinic.world.account.id);
    let asked = asks(clinic, ann, &with(clinic, mode, "people.approvers", json!([only]))).await;
    carol.does(&["approve", &id(&asked)]).await;
}

#[tokio::test]
async fn what_a_dismissed_approver_agreed_to_is_not_carried_out() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let Waiting { bucket, lambda, plan, .. } = clinic.waiting().await;
    bob.does(&["approve", &plan]).await;
    dismiss_bob(&clinic, &ann, "approve").await;
    let told = refused(lambda.invoke(json!({"approved": {"plan": plan}}).to_string().as_bytes()).await);
    assert!(told.contains("no plan of this id is approved"), "{told}");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "awaiting-approval", "somebody is asked anew: {run:#}");
    assert!(clinic.world.repairs().is_empty());
}

#[tokio::test]
async fn what_a_dismissed_approver_rejected_is_asked_anew_and_their_exemptions_are_listed() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let Waiting { bucket, lambda, plan, .. } = clinic.waiting().await;
    bob.does(&["reject", &plan]).await;
    let rejected = ann.does(&["status"]).await["rejected"].clone();
    assert!(rejected[0]["owner"].as_str().is_some_and(|arn| arn.ends_with("ops/bob")), "{rejected:#}");
    let account = clinic.world.account.id.clone();
    let command = [
        "exempt",
        "request",
        "--control",
        "s3-bucket-without-tls",
        "--account",
        &account,
        "--resource",
        "brochures-*",
        "--owner",
        "web",
        "--reason",
        "x",
        "--ticket",
        "y",
        "--alternative",
        "z",
    ];
    let asked = ann.does(&command).await;
    bob.does(&["approve", &id(&asked)]).await;
    assert_eq!(ann.does(&["status"]).await["exemptions_of_former_approvers"], json!([]));
    dismiss_bob(&clinic, &ann, "approve").await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "awaiting-approval", "{run:#}");
    let listed = ann.does(&["status"]).await["exemptions_of_former_approvers"].clone();
    assert_eq!(listed[0]["resource"], "brochures-*", "{listed:#}");
}

#[tokio::test]
async fn a_repair_that_is_rejected_twice_pages_and_a_plan_shows_before_and_after() {
    let clinic = Clinic::open("approve").await;
    let (bob, carol) = (clinic.person("bob").await, clinic.person("carol").await);
    let Waiting { bucket, lambda, run: held, plan } = clinic.waiting().await;
    let shown = bob.does(&["plan", &plan]).await;
    assert_eq!((&shown["before"], &shown["after"]), (&held["before"], &held["after"]), "{shown:#}");
    assert_ne!(shown["after"], Value::Null);
    bob.does(&["reject", &plan]).await;
    let key = format!("ask/{plan}/0000");
    let mut ask = clinic.world.state(&key).await.remove(&key).expect("the ask");
    ask["until"] = json!("2020-01-01T00:00:00Z");
    let put = clinic.world.s3().put_object().bucket(clinic.world.state_bucket()).key(&key);
    put.body(ask.to_string().into_bytes().into()).send().await.expect("the ask is over");
    assert_eq!(only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await)["outcome"], "awaiting-approval");
    let again = carol.does(&["reject", &plan]).await;
    assert!(again["next"].as_str().is_some_and(|next| next.contains("exempt")), "{again:#}");
    let letters = clinic.world.state("notice/rejected-").await;
    let alarms: Vec<_> =
        letters.iter().filter(|(key, _)| !key.ends_with(".sent")).map(|(_, one)| &one["notice"]["alarm"]).collect();
    assert_eq!(alarms, [&json!("notice"), &json!("page")], "{letters:#?}");
}
