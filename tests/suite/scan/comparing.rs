//! What is chosen, what is exempt, and what changed since an earlier scan.

use std::path::PathBuf;

use serde_json::json;

use super::*;

/// A file of its own for each test.
pub(super) fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("remedy-scan-{}-{name}", world.account.id));
    std::fs::write(&file, text).expect("a file");
    file
}

const PUBLIC: [&str; 2] = ["--control", "s3-bucket-public"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_and_what_is_gone_since_an_earlier_scan() {
    let world = World::new().await;
    let (old, mended) = (drift::bucket(&world, "old").await, drift::bucket(&world, "mended").await);
    let earlier = scan(&world, &[&PUBLIC[..], &["--format", "json"]].concat()).await.out;
    let earlier = file(&world, "earlier.json", &earlier);
    let since = ["--since", &earlier.to_string_lossy()].map(str::to_owned);
    let since: Vec<&str> = since.iter().map(String::as_str).collect();
    let new_only = [&PUBLIC[..], &since, &["--fail-on", "new"]].concat();
    assert_eq!(scan(&world, &new_only).await.status, 0, "nothing is new");
    let new = drift::bucket(&world, "new").await;
    world.s3().delete_bucket().bucket(&mended).send().await.expect("a bucket is deleted");
    let said = scan(&world, &[&new_only[..], &["--format", "json"]].concat()).await;
    assert_eq!(said.status, 1, "{}", said.err);
    let document = said.json();
    let seen = |word: &str| found(&document, |finding| finding["seen"] == word);
    let key = |name: &str| ("s3-bucket-public".to_owned(), format!("arn:aws:s3:::{name}"));
    assert!(seen("new").contains(&key(&new)) && seen("unchanged").contains(&key(&old)), "{document:#}");
    assert_eq!(seen("new").len(), 1);
    let gone: Vec<_> = document["gone"].as_array().expect("a list").iter().map(|one| one["resource"].clone()).collect();
    assert_eq!(gone, [format!("arn:aws:s3:::{mended}")]);
    // What was not looked at this time is not gone.
    world.proxy.on_call(|call: &Call| (call.operation == "ListBuckets").then_some(Fault::Denied));
    let said = scan(&world, &[&new_only[..], &["--format", "json"]].concat()).await;
    assert_eq!((said.status, said.json()["gone"].clone()), (3, json!([])));
    std::fs::remove_file(earlier).expect("the file goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_exempts_is_shown_with_its_owner_and_end_and_what_ended_is_drift() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "brochures").await;
    let exemptions = |since: &Value| {
        let mut one = json!({"control": "s3-bucket-public", "account": world.account.id, "resource": bucket, "owner": "web team",
            "reason": "brochures", "ticket": "CHG-7", "alternative": "a review before each upload", "days": 30});
        if !since.is_null() {
            one["since"] = since.clone();
        }
        file(&world, "exemptions.json", &json!({"exemptions": [one]}).to_string())
    };
    let with = |file: &Path| {
        let file = file.to_string_lossy().into_owned();
        [&PUBLIC.map(str::to_owned)[..], &["--exemptions".to_owned(), file, "--format".to_owned(), "json".to_owned()]]
            .concat()
    };
    let arguments = with(&exemptions(&Value::Null));
    let said = scan(&world, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let document = said.json();
    let is_it = |finding: &&Value| finding["resource"].as_str().is_some_and(|name| name.ends_with(&bucket));
    let one = document["findings"].as_array().expect("findings").iter().find(is_it).expect("the bucket").clone();
    assert_eq!((&one["outcome"], &one["exempted"]["owner"]), (&"exempt".into(), &"web team".into()), "{one:#}");
    assert!(one["exempted"]["until"].is_string() && one["violations"].is_array(), "{one:#}");
    exemptions(&"2020-01-01T00:00:00Z".into());
    let said = scan(&world, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(said.status, 1, "it ended");
    assert!(found(&said.json(), is_drift).iter().any(|(_, name)| name.ends_with(&bucket)));
    let broken = file(&world, "exemptions.json", r#"{"exemptions": [{"control": "s3-bucket-public"}]}"#);
    let said = scan(&world, &[&PUBLIC[..], &["--exemptions", &broken.to_string_lossy()]].concat()).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("exemptions.schema.json"), "{}", said.err);
    std::fs::remove_file(broken).expect("the file goes");
}

/// Those that people agreed to are in the ledger of the deployed functions, and the operator function returns them.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_exempted_in_a_stack_is_taken_from_its_operator() {
    let clinic = remedy_tests::clinic::Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = drift::bucket(&clinic.world, "brochures").await;
    let account = clinic.world.account.id.clone();
    let terms = ["--control", "s3-bucket-public", "--account", &account, "--resource", &bucket, "--days", "30"];
    let why = ["--owner", "web", "--reason", "brochures", "--ticket", "CHG-7", "--alternative", "a review"];
    let asked = ann.does(&[&["exempt", "request"][..], &terms, &why].concat()).await;
    bob.does(&["approve", asked["id"].as_str().expect("an id"), "--reason", "agreed"]).await;
    let looked = ann
        .sends(&[
            "scan",
            "--stack",
            remedy_tests::clinic::STACK,
            "--region",
            "us-east-1",
            "--control",
            "s3-bucket-public",
            "--format",
            "json",
        ])
        .await;
    let [document] = &*looked.documents else { panic!("{looked:?}") };
    let exempt = found(document, |finding| finding["outcome"] == "exempt");
    assert!(exempt.iter().any(|(_, name)| name.ends_with(&bucket)), "{document:#}");
    let one = document["findings"].as_array().expect("findings").iter().find(|finding| finding["outcome"] == "exempt");
    assert!(one.expect("one")["exempted"]["approved_by"].as_str().is_some_and(|by| by.ends_with("/bob")), "{one:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_and_resources_are_chosen() {
    let world = World::new().await;
    let (one, _) = (drift::bucket(&world, "one").await, drift::bucket(&world, "two").await);
    let document =
        scan(&world, &["--requirement", "164.312(e)(1)", "--resource", &one, "--format", "json"]).await.json();
    let controls: BTreeSet<_> = document["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .map(|about| about["id"].clone().to_string())
        .collect();
    assert!(controls.len() > 1 && !controls.contains("\"iam-user-without-mfa\""), "{controls:?}");
    let resources: BTreeSet<_> = found(&document, |_| true).into_iter().map(|(_, name)| name).collect();
    assert_eq!(resources, BTreeSet::from([format!("arn:aws:s3:::{one}")]));
    let by_arn =
        scan(&world, &[&PUBLIC[..], &["--resource", &format!("arn:aws:s3:::{one}"), "--format", "json"]].concat())
            .await
            .json();
    assert_eq!(found(&by_arn, |_| true).len(), 1);
    let said = scan(&world, &["--resource", "no-such-bucket"]).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("no-such-bucket") && said.err.contains("ARN"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_which_calls_are_denied_and_judges_nothing() {
    let world = World::new().await;
    drift::bucket(&world, "one").await;
    drift::key(&world).await;
    let said = scan(&world, &["--check"]).await;
    assert_eq!(said.status, 0, "{}", said.out);
    assert!(said.out.contains("No call was denied") && !said.out.contains("drift"), "{}", said.out);
    world.proxy.on_call(|call: &Call| {
        ["DescribeKey", "GetBucketEncryption"].contains(&call.operation.as_str()).then_some(Fault::Denied)
    });
    let said = scan(&world, &["--check"]).await;
    assert_eq!(said.status, 3, "{}", said.out);
    assert!(said.out.contains("Denied: kms:DescribeKey, s3:GetEncryptionConfiguration"), "{}", said.out);
    assert!(said.out.contains("--print-policy"), "{}", said.out);
}

/// The same account twice gives the same bytes but for times.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_account_twice_gives_the_same_bytes_but_for_times() {
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    let timeless = async || {
        let mut document = scan(&world, &["--format", "json"]).await.json();
        let members = document.as_object_mut().expect("an object");
        assert!(members.remove("begun").is_some() && members.remove("ended").is_some());
        document.to_string()
    };
    assert_eq!(timeless().await, timeless().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_say_who_is_an_administrator_and_what_is_open_to_whom() {
    let world = World::new().await;
    let iam = drift::iam(&world);
    drift::user(&world, "chief").await;
    let admin = r#"{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let put = iam.put_user_policy().user_name("nurse-chief").policy_name("all").policy_document(admin);
    put.send().await.expect("a policy is put");
    drift::user(&world, "climber").await;
    let climb =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*"}]}"#;
    let put = iam.put_user_policy().user_name("nurse-climber").policy_name("climb").policy_document(climb);
    put.send().await.expect("a policy is put");
    let bucket = drift::Drift::Plaintext.make(&world, "shared").await;
    let said = scan(&world, &["--policies", "--control", "iam-password-policy-weak", "--format", "json"]).await;
    let policies = said.json()["policies"].clone();
    let found = |verdict: &str, name: &str| {
        let findings = policies["findings"].as_array().expect("findings");
        findings
            .iter()
            .any(|one| one["verdict"] == verdict && one["resource"].as_str().is_some_and(|arn| arn.ends_with(name)))
    };
    assert!(found("admin", "/nurse-chief") && !found("admin", "/nurse-climber"), "{policies:#}");
    assert!(found("privilege-escalation", "/nurse-climber"), "{policies:#}");
    assert!(found("other-account", &bucket), "{policies:#}");
    assert!(policies["looked"]["user"].as_u64().is_some_and(|users| users >= 2), "{policies:#}");
    let table = scan(&world, &["--policies", "--control", "iam-password-policy-weak", "--plan"]).await.out;
    assert!(table.contains("privilege-escalation") && table.contains("statement 1 (All)"), "{table}");
    world.proxy.on_call(|call: &Call| (call.operation == "GetBucketPolicy").then_some(Fault::Denied));
    let said = scan(&world, &["--policies", "--control", "iam-password-policy-weak", "--fail-on", "never"]).await;
    assert_eq!(said.status, 3, "{}", said.out);
    assert!(said.out.contains("needs s3:GetBucketPolicy"), "{}", said.out);
}
