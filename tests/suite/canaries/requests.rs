//! Canaries in what people type: reasons, owners, tickets, measures, patterns, settings.

use remedy_tests::clinic::{Clinic, Person, Waiting, carry_out};
use serde_json::json;

use super::{CANARIES, assert_all_silent, assert_silent, planted, said};
use crate::drift::{self, Drift};

/// A request with canaries in every text that it takes.
async fn asks_in_every_field(clinic: &Clinic, ann: &Person<'_>, plan: &str) -> Vec<String> {
    let (account, planted) = (clinic.world.account.id.as_str(), planted());
    let terms = ["--owner", &planted, "--reason", &planted, "--ticket", &planted, "--alternative", &planted];
    let pattern = format!("{}*", CANARIES[0]);
    let ask = ["exempt", "request", "--control", "s3-bucket-public", "--account", account, "--resource", &pattern];
    let mut settings = clinic.settings("enforce");
    settings["protected"]["resources"] = json!([format!("arn:aws:s3:::{pattern}")]);
    let file = clinic.world.settings_file(&settings);
    let commands: [Vec<&str>; 5] = [
        [&ask[..], &terms].concat(),
        [&["revert", plan][..], &terms].concat(),
        vec!["settings", &file, "--reason", &planted],
        vec!["hold", "--control", "iam-policy-admin", "--reason", &planted],
        vec!["release", "--control", "iam-policy-admin", "--reason", &planted],
    ];
    let mut ids = Vec::new();
    for command in commands {
        let answer = ann.does(&command).await;
        assert_silent("an answer to a person", &answer.to_string());
        ids.extend(answer["id"].as_str().or(answer["asks"][0]["id"].as_str()).map(str::to_owned));
    }
    ids
}

#[tokio::test]
async fn what_people_type_is_told_nobody() {
    let clinic =
        Clinic::with("approve", async |world| ("REMEDY_TOPIC_ARN", drift::topic(world, "notices").await)).await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let Waiting { bucket, lambda, plan, .. } = clinic.waiting().await;
    let approved = bob.does(&["approve", &plan, "--reason", &planted()]).await;
    let run = carry_out(&lambda, &approved).await;
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    let ids = asks_in_every_field(&clinic, &ann, &plan).await;
    assert_eq!(ids.len(), 4, "a hold asks nobody");
    let mut answers = Vec::new();
    for command in [vec!["pending"], vec!["status"], vec!["plan", &ids[0]], vec!["approve", &planted()]] {
        answers.push(bob.says(&command).await);
    }
    for id in &ids {
        answers.push(bob.says(&["approve", id, "--reason", &planted()]).await);
    }
    for command in [vec!["pending"], vec!["status"]] {
        answers.push(ann.says(&command).await);
    }
    answers.push(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert!(answers.iter().all(|answer| !said(answer).is_empty()));
    assert_all_silent(&clinic.world, &clinic.operator, &answers).await;
    assert_silent("a log", &lambda.logs());
    assert!(
        !clinic.world.proxy.calls_where(|call| call.operation == "Publish").is_empty(),
        "people were told something"
    );
    let state = json!(clinic.world.state("").await).to_string();
    assert!(state.contains(CANARIES[0]), "what was asked is on file");
}
