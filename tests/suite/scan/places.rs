//! Several accounts and Regions.

use serde_json::json;

use super::*;

/// Each control with its Region and why it was not looked at, of one account.
fn cells<'a>(scan: &'a Value, account: &str) -> Vec<(&'a str, &'a str, Option<&'a str>)> {
    let text = |value: &'a Value| value.as_str().expect("a text");
    let cells = scan["cells"].as_array().expect("cells").iter().filter(|cell| cell["account"] == account);
    let unread = |cell: &'a Value| cell.get("unread").map(|unread| text(&unread["state"]));
    cells.map(|cell| (text(&cell["control"]), text(&cell["region"]), unread(cell))).collect()
}

async fn member(hub: &World) -> World {
    let account = hub.emulator.account().await;
    hub.proxy.register(&account);
    World { emulator: hub.emulator.clone(), proxy: hub.proxy.clone(), account }
}

const CHOSEN: [&str; 6] =
    ["--control", "s3-bucket-public", "--control", "kms-key-unrotated", "--control", "iam-password-policy-weak"];

#[tokio::test(flavor = "multi_thread")]
async fn other_accounts_are_looked_at_with_a_role_of_theirs() {
    let hub = World::new().await;
    let there = member(&hub).await;
    let bucket = drift::bucket(&there, "there").await;
    hub.proxy.clear();
    let (own, other) = (hub.account.id.clone(), there.account.id.clone());
    let accounts =
        ["--account", &own, "--account", &other, "--role", "audit", "--external-id", "clinic-7f3a", "--format", "json"];
    let said = scan(&hub, &[&CHOSEN[..], &accounts].concat()).await;
    assert_eq!(said.status, 1, "{}", said.err);
    let document = said.json();
    let mut both = vec![own.clone(), other.clone()];
    both.sort();
    assert_eq!(document["accounts"], json!(both));
    assert_eq!((cells(&document, &own).len(), cells(&document, &other).len()), (3, 3));
    let found = found(&document, is_drift);
    assert!(found.contains(&("s3-bucket-public".to_owned(), format!("arn:aws:s3:::{bucket}"))), "{found:?}");
    let assumed = hub.proxy.calls_where(|call| call.operation == "AssumeRole");
    let [one] = &*assumed else { panic!("a role is assumed once: {assumed:?}") };
    assert_eq!(one.parameter("RoleArn").expect("a role"), format!("arn:aws:iam::{other}:role/audit"));
    assert_eq!(one.parameter("ExternalId").expect("an id"), "clinic-7f3a");
    assert_eq!(one.parameter("RoleSessionName").expect("a name"), "remedy-scan");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_entered_is_not_in_order() {
    let hub = World::new().await;
    let there = member(&hub).await;
    hub.proxy.on_call(|call: &Call| (call.operation == "AssumeRole").then_some(Fault::Denied));
    let accounts = ["--account", &there.account.id, "--role", "audit", "--format", "json"];
    let said = scan(&hub, &[&CHOSEN[..], &accounts].concat()).await;
    assert_eq!(said.status, 3, "{}", said.err);
    let document = said.json();
    for (control, _, unread) in cells(&document, &there.account.id) {
        assert_eq!(unread, Some("denied"), "{control}");
    }
    let cells = document["cells"].as_array().expect("cells");
    assert!(cells.iter().all(|cell| cell["unread"]["detail"] == "sts:AssumeRole"), "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_accounts_of_an_organization_are_looked_at() {
    let hub = World::new().await;
    let endpoint = hub.proxy.endpoint();
    let script = "import boto3, sys; o = boto3.client('organizations', endpoint_url=sys.argv[1], region_name='us-east-1', \
        aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3], aws_session_token=sys.argv[4]); \
        o.create_organization(FeatureSet='ALL'); print(o.create_account(Email='a@b.example', AccountName='ward')['CreateAccountStatus']['AccountId'])";
    let account = hub.account.clone();
    let made = tokio::task::spawn_blocking(move || {
        template::python(&["-c", script, &endpoint, &account.access_key, &account.secret_key, &account.session_token])
    });
    let ward = String::from_utf8(made.await.expect("it ran")).expect("a text").trim().to_owned();
    let said = scan(&hub, &[&CHOSEN[..], &["--all-accounts", "--role", "audit", "--format", "json"]].concat()).await;
    let document = said.json();
    let mut both = vec![hub.account.id.clone(), ward];
    both.sort();
    assert_eq!(document["accounts"], json!(both), "{}", said.err);
    hub.proxy.on_call(|call: &Call| (call.operation == "ListAccounts").then_some(Fault::Denied));
    let said = scan(&hub, &[&CHOSEN[..], &["--all-accounts", "--role", "audit"]].concat()).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("organizations:ListAccounts") && said.err.contains("--account"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_enabled_regions_are_looked_at_and_what_is_global_once() {
    let world = World::new().await;
    world.proxy.shims().account_regions.set(&world.account.id, &["us-east-1", "eu-west-1", "us-west-2"]);
    let document = scan(&world, &[&CHOSEN[..], &["--all-regions", "--format", "json"]].concat()).await.json();
    assert_eq!(document["regions"], json!(["eu-west-1", "us-east-1", "us-west-2"]));
    let of = |control: &str| {
        let cells = cells(&document, &world.account.id).into_iter().filter(|cell| cell.0 == control);
        cells.map(|cell| cell.1).collect::<Vec<_>>()
    };
    assert_eq!(of("kms-key-unrotated"), ["eu-west-1", "us-east-1", "us-west-2"]);
    assert_eq!(of("iam-password-policy-weak"), ["global"]);
    world.proxy.on_call(|call: &Call| (call.operation == "ListRegions").then_some(Fault::Denied));
    let said = scan(&world, &[&CHOSEN[..], &["--all-regions"]].concat()).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("account:ListRegions") && said.err.contains("--region"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_says_so() {
    let world = World::new().await;
    drift::key(&world).await;
    world.proxy.on_call(|call: &Call| {
        let is_closed = call.region == "ap-east-1" && call.service == "kms";
        is_closed.then(|| Fault::Status(400, "UnrecognizedClientException".to_owned()))
    });
    let regions =
        ["--region", "us-east-1", "--region", "ap-east-1", "--control", "kms-key-unrotated", "--format", "json"];
    let said = scan(&world, &regions).await;
    assert_eq!(said.status, 1, "{}", said.err);
    let document = said.json();
    let closed = cells(&document, &world.account.id).into_iter().find(|cell| cell.1 == "ap-east-1");
    assert_eq!(closed, Some(("kms-key-unrotated", "ap-east-1", Some("unsupported-region"))));
}
