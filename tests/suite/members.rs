//! Other accounts than the function's own: reached by roles that they have for it, and served like the own one.

use std::collections::BTreeMap;

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::Call,
    world::{TIMEOUT, WRITE_ROLE, World, done, only_run},
};
use remedy_tests::clinic::{Clinic, carry_out, refused};
use serde_json::{Value, json};

use crate::drift::{self, Drift, block_of};

mod sweeps;

/// The role that members let the functions read with.
const READ_ROLE: &str = "remedy-read";
/// The external id that the members' trust policies require.
const EXTERNAL_ID: &str = "clinic-7f3a";

/// A further account behind the hub's proxy, with the MFA-deny policy of its template.
async fn member(hub: &World) -> World {
    let account = hub.emulator.account().await;
    hub.proxy.register(&account);
    let member = World { emulator: hub.emulator.clone(), proxy: hub.proxy.clone(), account };
    member.make_deny_policy("remedy").await;
    member
}

/// The same account, in another Region.
fn in_region(world: &World, region: &str) -> World {
    let mut account = world.account.clone();
    region.clone_into(&mut account.region);
    World { emulator: world.emulator.clone(), proxy: world.proxy.clone(), account }
}

fn environment(hub: &World, settings: &Value) -> BTreeMap<String, String> {
    let mut env = hub.environment("enforce");
    let more = [
        ("REMEDY_READ_ROLE", READ_ROLE.to_owned()),
        ("REMEDY_EXTERNAL_ID", EXTERNAL_ID.to_owned()),
        ("REMEDY_STACK", "remedy".to_owned()),
        ("REMEDY_SETTINGS", hub.settings_file(settings)),
    ];
    env.extend(more.map(|(name, value)| (name.to_owned(), value)));
    env
}

fn deploy(hub: &World, function: &str) -> Lambda {
    let settings = json!({"protected": {"break_glass": ["arn:aws:iam::111122223333:user/break-glass-1"]}});
    hub.deploy_with(function, environment(hub, &settings), TIMEOUT)
}

/// The manual event for a resource of a member.
fn event(drift: Drift, member: &World, resource: &str) -> Vec<u8> {
    let account = &member.account.id;
    json!({"control": drift.control(), "resource": resource, "account": account}).to_string().into_bytes()
}

fn assumed(hub: &World, role: &str) -> Vec<Call> {
    hub.proxy.calls_where(|call| {
        call.operation == "AssumeRole" && call.parameter("RoleArn").is_some_and(|arn| arn.ends_with(role))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_drift_of_a_member_is_repaired_there_by_its_own_roles() {
    for drift in drift::ALL {
        let hub = World::new().await;
        let there = member(&hub).await;
        let resource = drift.make(&there, "a").await;
        let run = only_run(deploy(&hub, drift.function()).invoke(&event(drift, &there, &resource)).await);
        assert_eq!((&run["outcome"], &run["account"]), (&drift.outcomes().0.into(), &there.account.id.clone().into()));
        let writes = hub.repairs();
        assert!(!writes.is_empty(), "{drift:?}");
        assert!(writes.iter().all(|write| write.account == there.account.id), "{drift:?}: {writes:?}");
        for (role, session) in [(READ_ROLE, format!("remedy-{}", drift.function())), (WRITE_ROLE, text(&run["plan"]))] {
            let [call] = &*assumed(&hub, role) else { panic!("{drift:?}: {role} is assumed once") };
            let told = |name: &str| call.parameter(name).unwrap_or_default();
            assert_eq!(told("RoleArn"), format!("arn:aws:iam::{}:role/{role}", there.account.id));
            assert_eq!(call.account, hub.account.id, "the hub asks");
            assert_eq!(told("RoleSessionName"), session);
            assert_eq!(told("ExternalId"), EXTERNAL_ID);
            assert_eq!(told("SourceIdentity"), format!("remedy-{}", drift.function()));
        }
        let evidence = hub.evidence().await;
        let outcome = evidence.values().find(|record| record["kind"] == "outcome").expect("the hub keeps the evidence");
        assert_eq!(outcome["target"]["account"], there.account.id.as_str());
        hub.assert_conserved().await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_role_is_assumed_once_for_many_invocations() {
    let hub = World::new().await;
    let there = [member(&hub).await, member(&hub).await];
    let lambda = deploy(&hub, "s3-public-access");
    for tag in ["a", "b", "c"] {
        for account in &there {
            let bucket = drift::bucket(account, tag).await;
            let run = only_run(lambda.invoke(&event(Drift::Bucket, account, &bucket)).await);
            assert_eq!(run["outcome"], "repaired", "{run:#}");
        }
    }
    assert_eq!(assumed(&hub, READ_ROLE).len(), there.len());
    assert_eq!(assumed(&hub, WRITE_ROLE).len(), 6, "a write session is for one plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_read_role_another_account_is_foreign() {
    let hub = World::new().await;
    let there = member(&hub).await;
    let bucket = drift::bucket(&there, "a").await;
    let lambda = hub.deploy("s3-public-access", "enforce");
    let told = refused(lambda.invoke(&event(Drift::Bucket, &there, &bucket)).await);
    assert!(told.starts_with("foreign-account") && told.contains("REMEDY_READ_ROLE"), "{told}");
    assert!(hub.proxy.calls_in(&there.account.id).is_empty() && hub.repairs().is_empty());
}

/// What a person chose in Security Hub, in the account that administers it for the organization.
fn chosen(administrator: &World, of: &[(&World, &str)]) -> Vec<u8> {
    let finding = |(world, bucket): &(&World, &str)| {
        json!({"AwsAccountId": world.account.id, "Region": "us-east-1", "RecordState": "ACTIVE",
            "Compliance": {"Status": "FAILED"},
            "Resources": [{"Type": "AwsS3Bucket", "Id": format!("arn:aws:s3:::{bucket}"), "Region": "us-east-1"}]})
    };
    let findings: Vec<_> = of.iter().map(finding).collect();
    let event = json!({"detail-type": "Security Hub Findings - Custom Action", "source": "aws.securityhub",
        "account": administrator.account.id, "region": "us-east-1", "detail": {"findings": findings}});
    event.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_finding_of_security_hub_is_judged_in_its_own_account() {
    let hub = World::new().await;
    let there = member(&hub).await;
    let (own, theirs) = (drift::bucket(&hub, "a").await, drift::bucket(&there, "b").await);
    let runs = done(deploy(&hub, "s3-public-access").invoke(&chosen(&hub, &[(&there, &theirs), (&hub, &own)])).await);
    let told: Vec<_> = runs["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| (run["account"].clone(), run["outcome"].clone()))
        .collect();
    let expected = [&there, &hub].map(|world| (json!(world.account.id), json!("repaired")));
    assert_eq!(told, expected, "{runs:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_of_an_account_out_of_reach_does_not_hold_up_its_neighbours() {
    let (hub, foreign) = (World::new().await, World::new().await);
    let [first, last] = [drift::bucket(&hub, "a").await, drift::bucket(&hub, "b").await];
    let elsewhere = drift::bucket(&foreign, "c").await;
    let lambda = hub.deploy("s3-public-access", "enforce");
    let event = chosen(&hub, &[(&hub, &first), (&foreign, &elsewhere), (&hub, &last)]);
    let told = refused(lambda.invoke(&event).await);
    assert!(told.starts_with("foreign-account") && told.contains(&foreign.account.id), "{told}");
    assert_eq!(hub.repairs().len(), 2, "both of its own: {:?}", hub.repairs());
    for bucket in [&first, &last] {
        assert_eq!(drift::block_of(&hub, bucket).await, Some([true; 4]));
    }
    assert_eq!(drift::block_of(&foreign, &elsewhere).await, None);
    let evidence = hub.evidence().await;
    assert_eq!(evidence.values().filter(|record| record["kind"] == "rejected").count(), 1, "it is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_cannot_be_read_does_not_hold_up_its_neighbours() {
    let hub = World::new().await;
    let [first, last] = [drift::bucket(&hub, "a").await, drift::bucket(&hub, "b").await];
    let lambda = hub.deploy("s3-public-access", "enforce");
    let mut event: Value =
        serde_json::from_slice(&chosen(&hub, &[(&hub, &first), (&hub, "x"), (&hub, &last)])).unwrap();
    event["detail"]["findings"][1]["Resources"][0]["Id"] = json!("a\nb");
    let told = refused(lambda.invoke(event.to_string().as_bytes()).await);
    assert!(told.starts_with("wrong-shape") && told.contains("finding 1"), "{told}");
    for bucket in [&first, &last] {
        assert_eq!(drift::block_of(&hub, bucket).await, Some([true; 4]));
    }
    assert_eq!(
        hub.evidence().await.values().filter(|record| record["kind"] == "rejected").count(),
        1,
        "it is on record"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arn_tells_the_account_and_may_not_contradict_the_event() {
    let hub = World::new().await;
    let there = in_region(&member(&hub).await, "eu-west-1");
    let key = drift::key(&there).await;
    let arn = format!("arn:aws:kms:eu-west-1:{}:key/{key}", there.account.id);
    let lambda = deploy(&hub, "kms-keys");
    let named =
        |account: &str| json!({"control": "kms-key-unrotated", "resource": arn, "account": account}).to_string();
    let told = refused(lambda.invoke(named(&hub.account.id).as_bytes()).await);
    assert!(told.starts_with("foreign-account") && told.contains(&there.account.id), "{told}");
    let run = only_run(lambda.invoke(&Drift::Rotation.event(&arn)).await);
    assert_eq!((&run["outcome"], &run["region"]), (&"repaired".into(), &"eu-west-1".into()), "{run:#}");
    assert_eq!(run["account"], there.account.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_member_asks_the_members_config_what_its_rule_is() {
    let hub = World::new().await;
    let there = member(&hub).await;
    let bucket = drift::bucket(&there, "a").await;
    drift::config_rule(&there, "OrgConfigRule-public-abc123", "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED").await;
    let account = &there.account.id;
    let changed = json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "source": "aws.config", "account": account,
        "detail-type": "Config Rules Compliance Change", "time": "2026-03-02T10:15:30Z", "region": "us-east-1",
        "resources": [], "detail": {
            "messageType": "ComplianceChangeNotification", "configRuleName": "OrgConfigRule-public-abc123",
            "configRuleARN": format!("arn:aws:config:us-east-1:{account}:config-rule/config-rule-abc123"),
            "awsAccountId": account, "awsRegion": "us-east-1", "resourceType": "AWS::S3::Bucket", "resourceId": bucket,
            "recordVersion": "1.0", "notificationCreationTime": "2026-03-02T10:15:31.456Z",
            "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
        },
    });
    let run = only_run(deploy(&hub, "s3-public-access").invoke(changed.to_string().as_bytes()).await);
    assert_eq!((&run["outcome"], &run["account"]), (&"repaired".into(), &account.clone().into()), "{run:#}");
    let asked = hub.proxy.calls_where(|call| call.operation == "DescribeConfigRules");
    assert!(asked.iter().all(|call| call.account == *account) && asked.len() == 1, "{asked:?}");
    let invoking = json!({"messageType": "ScheduledNotification", "awsAccountId": account,
        "notificationCreationTime": "2026-03-02T10:15:31.456Z", "recordVersion": "1.0"});
    let invocation = json!({
        "version": "1.0", "invokingEvent": invoking.to_string(), "ruleParameters": "{}", "resultToken": "token",
        "executionRoleArn": format!("arn:aws:iam::{account}:role/config"), "configRuleId": "config-rule-abc124",
        "configRuleArn": format!("arn:aws:config:us-east-1:{account}:config-rule/config-rule-abc124"),
        "configRuleName": "hipaa-s3-public", "accountId": account,
    });
    done(deploy(&hub, "s3-public-access").invoke(invocation.to_string().as_bytes()).await);
    let put = hub.proxy.calls_where(|call| call.operation == "PutEvaluations");
    assert!(put.iter().all(|call| call.account == *account) && !put.is_empty(), "the rule is answered where it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_all_accounts_together_is_kept() {
    let hub = World::new().await;
    let there = [member(&hub).await, member(&hub).await, member(&hub).await];
    let settings = json!({"parameters": {"organization_hourly_budget": 2}});
    let lambda = hub.deploy_with("s3-public-access", environment(&hub, &settings), TIMEOUT);
    let mut ends = Vec::new();
    for account in &there {
        let bucket = drift::bucket(account, "a").await;
        ends.push(only_run(lambda.invoke(&event(Drift::Bucket, account, &bucket)).await));
    }
    let outcomes: Vec<_> = ends.iter().map(|run| text(&run["outcome"])).collect();
    assert_eq!(outcomes, ["repaired", "repaired", "blocked"], "{ends:#?}");
    assert_eq!(ends[2]["check"], "budget");
    assert!(text(&ends[2]["change"]).contains("organization_hourly_budget"), "{:#}", ends[2]);
    assert_eq!(hub.repairs().len(), 2);
}

/// An account gets a part of the organisation's budget, and leaves the others to the other accounts.
#[tokio::test(flavor = "multi_thread")]
async fn one_member_that_burns_its_share_leaves_the_rest_to_the_others() {
    let hub = World::new().await;
    let (noisy, quiet) = (member(&hub).await, member(&hub).await);
    let accounts = [&noisy.account.id, &quiet.account.id];
    let settings = json!({"parameters": {"organization_hourly_budget": 6}, "accounts": accounts});
    let lambda = hub.deploy_with("s3-public-access", environment(&hub, &settings), TIMEOUT);
    let mut ends = Vec::new();
    for (account, tag) in [(&noisy, "a"), (&noisy, "b"), (&noisy, "c"), (&quiet, "d"), (&quiet, "e")] {
        let bucket = drift::bucket(account, tag).await;
        ends.push(only_run(lambda.invoke(&event(Drift::Bucket, account, &bucket)).await));
    }
    let outcomes: Vec<_> = ends.iter().map(|run| text(&run["outcome"])).collect();
    // Three accounts, the hub's own among them: a third of six each.
    assert_eq!(outcomes, ["repaired", "repaired", "blocked", "repaired", "repaired"], "{ends:#?}");
    assert_eq!(ends[2]["check"], "budget");
    assert!(text(&ends[2]["reason"]).contains("account"), "{:#}", ends[2]);
}

/// A clinic whose functions also serve members.
fn serving(clinic: &Clinic, function: &str, mode: &str) -> Lambda {
    clinic.world.deploy_with(function, environment(&clinic.world, &clinic.settings(mode)), TIMEOUT)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_stops_one_member_or_all() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let there = [member(&clinic.world).await, member(&clinic.world).await];
    let lambda = serving(&clinic, "s3-public-access", "enforce");
    let mut runs = Vec::new();
    for (scope, tag) in [(vec!["--account", &there[0].account.id], "a"), (vec!["--all"], "b")] {
        ann.does(&[&["hold", "--reason", "images are gone"], &*scope].concat()).await;
        for account in &there {
            let bucket = drift::bucket(account, tag).await;
            runs.push(only_run(lambda.invoke(&event(Drift::Bucket, account, &bucket)).await));
        }
        let asked = ann.does(&[&["release", "--reason", "found"], &*scope].concat()).await;
        bob.does(&["approve", &text(&asked["id"])]).await;
    }
    let ends: Vec<_> = runs.iter().map(|run| (text(&run["outcome"]), text(&run["check"]))).collect();
    let held = ("blocked".to_owned(), "hold".to_owned());
    assert_eq!(ends, [held.clone(), ("repaired".to_owned(), String::new()), held.clone(), held]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_plan_is_approved_carried_out_and_taken_back() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let there = member(&clinic.world).await;
    let bucket = drift::bucket(&there, "a").await;
    let lambda = serving(&clinic, "s3-public-access", "approve");
    let held = only_run(lambda.invoke(&event(Drift::Bucket, &there, &bucket)).await);
    assert_eq!(held["outcome"], "awaiting-approval", "{held:#}");
    let run = carry_out(&lambda, &bob.does(&["approve", &text(&held["plan"])]).await).await;
    assert_eq!((&run["outcome"], &run["account"]), (&"repaired".into(), &there.account.id.clone().into()), "{run:#}");
    assert_eq!(block_of(&there, &bucket).await, Some([true; 4]));
    let terms = ["--owner", "web", "--reason", "needed", "--ticket", "CHG-7", "--alternative", "a scan of each upload"];
    let asked = ann.does(&[&["revert", &text(&run["plan"])][..], &terms].concat()).await;
    let undone = carry_out(&lambda, &bob.does(&["approve", &text(&asked["asks"][0]["id"])]).await).await;
    assert_eq!(undone["outcome"], "reverted", "{undone:#}");
    assert_eq!(block_of(&there, &bucket).await, None);
    clinic.world.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_an_external_id_or_a_region_ends_the_function_at_its_start() {
    let hub = World::new().await;
    for (name, wrong) in [("REMEDY_EXTERNAL_ID", "two words"), ("REMEDY_REGIONS", "eu west")] {
        let mut env = hub.environment("enforce");
        env.insert(name.to_owned(), wrong.to_owned());
        let answer = hub.deploy_with("kms-keys", env, TIMEOUT).invoke(br#"{"sweep":{}}"#).await;
        assert!(!matches!(answer, Answer::Done(_)), "{name}: {answer:?}");
        assert!(hub.repairs().is_empty());
    }
}
