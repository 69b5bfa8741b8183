//! Sealed evidence, as real processes on the emulator: the sealer, `remedy verify`, and what tampering comes to.

mod attacks;
mod backlog;
pub(crate) mod vault;

use std::{
    path::Path,
    process::{Command, Output},
};

use remedy_testkit::{
    lambda::{Answer, Lambda, binary},
    proxy::When,
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::{Value, json};

use crate::drift::Drift;
use vault::Vault;

/// `remedy verify`, without a network and without an environment.
fn verify(arguments: &[&str]) -> Output {
    Command::new(binary("remedy")).arg("verify").args(arguments).env_clear().output().expect("the binary starts")
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

pub(crate) fn numbers(answer: &Value) -> Vec<u64> {
    answer["sealed"].as_array().expect("an answer tells").iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

async fn sealed(vault: &Vault) -> Value {
    done(vault.sealer().invoke(b"{}").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_are_sealed_and_every_way_of_tampering_is_named() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    for tag in ["a", "b"] {
        vault.repair(tag).await;
    }
    vault.age(5).await;
    let answer = sealed(&vault).await;
    let made = numbers(&answer);
    assert_eq!((answer["due"].clone(), made.first()), (json!(0), Some(&0)), "{answer:#}");
    assert_eq!(answer["sealed"][0]["count"], 4);
    assert!(made.len() >= 2, "empty hours are sealed too: {answer:#}");
    let folder = vault.download(&vault.world.evidence_bucket(), "evidence").await;
    let (folder, key) = (folder.display().to_string(), vault.public_key().await);
    let intact = verify(&[&folder, "--key", &key]);
    assert_eq!(status(&intact), Some(0), "{}", text(&intact));
    assert!(text(&intact).starts_with("intact: 4 objects under "), "{}", text(&intact));
    assert_eq!(status(&verify(&[&folder, "--key", "/nowhere.pem"])), Some(2));
    assert_eq!(status(&verify(&["/nowhere", "--key", &key])), Some(2));
    for (name, tamper) in TAMPERS {
        let folder = vault.download(&vault.world.evidence_bucket(), "evidence").await;
        let records: Vec<_> = vault.keys().await.into_iter().filter(|key| key.starts_with('2')).collect();
        let object = tamper(&folder, &records);
        let found = verify(&[&folder.display().to_string(), "--key", &key]);
        assert_eq!(status(&found), Some(1), "{name}");
        assert!(text(&found).contains(&format!("{name}: {object}: ")), "{name} {object}:\n{}", text(&found));
    }
}

/// Tampers with a folder, and returns the object.
type Tamper = fn(&Path, &[String]) -> String;

const TAMPERS: [(&str, Tamper); 7] = [
    ("deleted", |folder, records| {
        std::fs::remove_file(folder.join(&records[1])).unwrap();
        records[1].clone()
    }),
    ("changed", |folder, records| {
        let text = std::fs::read_to_string(folder.join(&records[2])).unwrap();
        std::fs::write(folder.join(&records[2]), text.replace("s3-bucket-public", "s3-bucket-pub1ic")).unwrap();
        records[2].clone()
    }),
    ("inserted", |folder, records| {
        let copy = records[0].replace("-intent-", "-intent-0");
        std::fs::copy(folder.join(&records[0]), folder.join(&copy)).unwrap();
        copy
    }),
    ("reordered", |folder, records| {
        let [a, b] = [&records[0], &records[3]].map(|key| folder.join(key));
        let (first, second) = (std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        std::fs::write(a, second).unwrap();
        std::fs::write(b, first).unwrap();
        records[3].clone()
    }),
    ("changed", |folder, _| {
        let path = folder.join("seal/0000000000.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("\"count\":4", "\"count\":3")).unwrap();
        "seal/0000000000.json".to_owned()
    }),
    ("deleted", |folder, _| {
        std::fs::remove_file(folder.join("seal/0000000000.sig")).unwrap();
        "seal/0000000000.sig".to_owned()
    }),
    ("cut off", |folder, _| {
        for entry in std::fs::read_dir(folder.join("seal")).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_file() && !entry.file_name().to_str().unwrap().contains("0000000000") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        "seal/0000000000.json".to_owned()
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_verified_in_place_and_against_its_anchor() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(4).await;
    let answer = sealed(&vault).await;
    let last = numbers(&answer).into_iter().max().unwrap();
    let key = vault.public_key().await;
    let environment = vault.world.environment("observe");
    let [bucket, anchor] = [vault.world.evidence_bucket(), vault.anchor()].map(|name| format!("s3://{name}"));
    let verify = || {
        let mut command = Command::new(binary("remedy"));
        command.args(["verify", &bucket, "--key", &key, "--anchor", &anchor, "--json"]).env_clear().envs(&environment);
        command.output().expect("the binary starts")
    };
    let intact = verify();
    let report: Value = serde_json::from_slice(&intact.stdout).unwrap_or_else(|_| panic!("{}", text(&intact)));
    assert_eq!((status(&intact), &report["intact"]), (Some(0), &json!(true)), "{report:#}");
    assert_eq!(report["anchored"], json!(last + 1), "every seal is anchored");
    let (manifest, seal) = (format!("seal/{last:010}.json"), format!("seal/{last:010}.sig"));
    vault.delete(&manifest).await;
    vault.delete(&seal).await;
    let cut = verify();
    let report: Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!(status(&cut), Some(1));
    let finding = &report["findings"][0];
    assert_eq!((&finding["kind"], &finding["object"]), (&json!("cut-off"), &json!(manifest)), "{report:#}");
}

/// Kills the sealer at its first write of an object, and returns the function.
async fn killed_at(vault: &Vault, object: &'static str, when: When) -> Lambda {
    let sealer = vault.sealer();
    let stop = move |call: &remedy_testkit::proxy::Call| {
        call.operation == "PutObject" && call.resource.as_deref().is_some_and(|resource| resource.ends_with(object))
    };
    let breakpoint = vault.world.proxy.stop_when(when, stop);
    assert!(breakpoint.reached_or(sealer.invoke(b"{}")).await.is_ok(), "{object} is written");
    sealer.kill().await;
    breakpoint.release();
    vault.world.proxy.quiet().await;
    sealer
}

pub(crate) async fn assert_intact(vault: &Vault) {
    let folder = vault.download(&vault.world.evidence_bucket(), "evidence").await;
    let output = verify(&[&folder.display().to_string(), "--key", &vault.public_key().await]);
    assert_eq!(status(&output), Some(0), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_lost_between_manifest_and_seal_is_completed() {
    for when in [When::Before, When::After] {
        let vault = Vault::new().await;
        vault.make_anchor().await;
        vault.repair("a").await;
        vault.age(2).await;
        let sealer = killed_at(&vault, "seal/0000000000.sig", when).await;
        let keys = vault.keys().await;
        assert!(keys.contains("seal/0000000000.json"), "{keys:?}");
        assert_eq!(keys.contains("seal/0000000000.sig"), when == When::After);
        done(sealer.invoke(b"{}").await);
        assert_intact(&vault).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_late_is_sealed_as_late() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let sealer = killed_at(&vault, "seal/0000000001.json", When::Before).await;
    vault.repair("b").await;
    vault.age(5).await;
    let late: Vec<_> = vault.keys().await.into_iter().filter(|key| key.starts_with('2')).collect();
    assert_eq!(late.len(), 4);
    let answer = done(sealer.invoke(b"{}").await);
    let counts = |name: &str| answer["sealed"][0][name].clone();
    assert_eq!((counts("number"), counts("count"), counts("late")), (json!(1), json!(2), json!(2)), "{answer:#}");
    assert_intact(&vault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sealers_make_one_chain() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(6).await;
    let (first, second) = (vault.sealer(), vault.sealer());
    let (first, second) = tokio::join!(first.invoke(b"{}"), second.invoke(b"{}"));
    for answer in [first, second] {
        assert_eq!(done(answer)["due"], 0);
    }
    assert_intact(&vault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_worker_left_is_closed_and_told() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    let bucket = Drift::Bucket.make(&vault.world, "a").await;
    let lambda = vault.world.deploy("s3-public-access", "enforce");
    let breakpoint = vault.world.proxy.stop_when(When::After, |call| call.operation == "PutPublicAccessBlock");
    assert!(breakpoint.reached_or(lambda.invoke(&Drift::Bucket.event(&bucket))).await.is_ok());
    lambda.kill().await;
    breakpoint.release();
    vault.world.proxy.quiet().await;
    assert_eq!(sealed(&vault).await["closed"], json!([]), "its lease has not passed");
    vault.world.age_locks().await;
    let closed = sealed(&vault).await["closed"].clone();
    assert_eq!(closed.as_array().map(Vec::len), Some(1), "{closed:#}");
    vault.world.assert_conserved().await;
    let outcome = &vault.world.evidence().await[closed[0].as_str().unwrap()];
    assert_eq!((&outcome["outcome"], &outcome["cause"]), (&json!("unverified"), &json!("sealer")));
    let notices = vault.world.state("notice/").await;
    assert_eq!(notices.keys().filter(|key| key.ends_with(".sent")).count(), 1, "{notices:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_could_not_be_sent_is_sent_by_the_sealer() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    let sns = aws_sdk_sns::Client::new(&vault.world.config());
    let topic = sns.create_topic().name("notices").send().await.unwrap().topic_arn.unwrap();
    let mut environment = vault.world.environment("enforce");
    environment.insert("REMEDY_TOPIC_ARN".to_owned(), topic.replace("notices", "nowhere"));
    let bucket = Drift::Bucket.make(&vault.world, "a").await;
    let lambda = vault.world.deploy_with("s3-public-access", environment, TIMEOUT);
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "a notice that fails fails no run");
    let (key, mut letter) = vault.world.state("notice/").await.pop_first().expect("a notice is on file");
    assert_eq!(letter["notice"]["alarm"], "notice");
    let minutes_ago = remedy_aws::clock::now() - std::time::Duration::from_mins(6);
    letter["at"] = json!(minutes_ago);
    let put = vault.world.s3().put_object().bucket(vault.world.state_bucket()).key(&key);
    put.body(letter.to_string().into_bytes().into()).send().await.unwrap();
    let mut environment = vault.world.environment("observe");
    environment.insert("REMEDY_SEAL_KEY".to_owned(), vault.key.clone());
    environment.insert("REMEDY_TOPIC_ARN".to_owned(), topic);
    let sealer = vault.world.deploy_with("sealer", environment, TIMEOUT);
    assert_eq!(done(sealer.invoke(b"{}").await)["told"], 1);
    assert_eq!(done(sealer.invoke(b"{}").await)["told"], 0);
    let published = vault.world.proxy.calls().iter().filter(|call| call.name() == "sns:Publish").count();
    assert_eq!(published, 2, "the function's try, and the sealer's");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_sealed_and_the_error_says_so() {
    let world = World::new().await;
    let answer = world.deploy("sealer", "observe").invoke(b"{}").await;
    let Answer::Failed { error_type, message, .. } = &answer else { panic!("{answer:?}") };
    assert_eq!(error_type, "rejected");
    assert!(message.contains("REMEDY_SEAL_KEY"), "{message}");
}
