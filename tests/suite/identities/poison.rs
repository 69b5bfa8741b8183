//! Policies and principals that an attacker makes to stop the repairs of others, or to misdirect them.

use aws_sdk_iam::Client;
use remedy_testkit::world::World;
use serde_json::json;

use super::{
    ADMINISTRATOR_ACCESS, EVERYTHING, READING, administrator, attached, default_document, deploy, document, policy, run,
};
use crate::drift::iam;

/// A document of some 6 KB that takes as much work as its size permits: resources, exceptions and denies, all distinct,
/// and wildcards over every action.
fn hard(number: usize) -> String {
    let list = |range: std::ops::Range<usize>, item: &dyn Fn(usize) -> String| {
        range.map(|n| format!("\"{}\"", item(n))).collect::<Vec<_>>().join(",")
    };
    let resource = |n: usize| format!("arn:aws:s3:::*{number}e{n}*");
    let letters: Vec<char> = "etaoinsrhldcu".chars().collect();
    let wild = |n: usize| {
        let [a, b, c] = [n % 13, n / 13 % 13, (n / 169 + number) % 13].map(|at| letters[at]);
        format!("*:*{a}*{b}*{c}*")
    };
    document(&[
        &format!(r#"{{"Effect":"Allow","Action":"*","Resource":[{}]}}"#, list(0..50, &resource)),
        &format!(r#"{{"Effect":"Deny","Action":"s3:*","NotResource":[{}]}}"#, list(50..100, &resource)),
        &format!(r#"{{"Effect":"Deny","Action":"s3:*","Resource":[{}]}}"#, list(100..150, &resource)),
        &format!(r#"{{"Effect":"Allow","Action":[{}],"Resource":"*"}}"#, list(0..190, &wild)),
    ])
}

/// A user with ten managed policies that are hard to analyse, and one that makes an administrator.
async fn poisoned(iam: &Client, name: &str) {
    iam.create_user().user_name(name).send().await.expect("a user");
    iam.create_access_key().user_name(name).send().await.expect("an access key");
    for number in 0..10 {
        let arn = policy(iam, &format!("{name}-{number}"), &hard(number)).await;
        iam.attach_user_policy().user_name(name).policy_arn(arn).send().await.expect("attached");
    }
    let put = iam.put_user_policy().user_name(name).policy_name("all").policy_document(document(&[EVERYTHING]));
    put.send().await.expect("an inline policy");
}

#[tokio::test]
async fn policies_that_are_hard_to_analyse_stop_nobody_elses_repair() {
    assert!((5_500..6_144).contains(&hard(9).len()), "{}", hard(9).len());
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "cleo"] {
        administrator(&iam, name).await;
    }
    poisoned(&iam, "mallory").await;
    let arn = policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let repaired = run(&lambda, "iam-policy-admin", "clinic").await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(default_document(&iam, &arn).await, document(&[READING]));
    let detached = run(&lambda, "iam-admin-attached", "ann").await;
    assert_eq!(detached["outcome"], "repaired", "{detached:#}");
    let last = run(&lambda, "iam-admin-attached", "bob").await;
    assert_eq!(last["outcome"], "blocked", "one of whom nothing is known is not counted on: {last:#}");
    assert!(last["reason"].as_str().unwrap().contains("1 effective administrators would be left"), "{last:#}");
}

#[tokio::test]
async fn a_policy_that_is_too_hard_to_analyse_is_a_persons_matter() {
    let world = World::new().await;
    let iam = iam(&world);
    let letters: Vec<char> = "etaoinsrhldcu".chars().collect();
    let wild = |n: usize| format!(r#""*:*{}*{}*{}*""#, letters[n % 13], letters[n / 13 % 13], letters[n / 169]);
    let wild: Vec<_> = (0..400).map(wild).collect();
    let all_but = r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#;
    let rest = format!(r#"{{"Effect":"Allow","Action":[{}],"Resource":"*"}}"#, wild.join(","));
    policy(&iam, "clinic", &document(&[all_but, &rest])).await;
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    for control in ["iam-policy-admin", "iam-policy-full-service"] {
        let told = run(&lambda, control, "clinic").await;
        assert_eq!(told["outcome"], "needs-human", "{told:#}");
        assert!(told["violations"][0].as_str().unwrap().contains("too much work"), "{told:#}");
    }
    assert!(world.repairs().is_empty(), "nothing is written");
}

#[tokio::test]
async fn administrators_of_today_are_not_counted_on() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "sham-1", "sham-2", "sham-3"] {
        administrator(&iam, name).await;
        if name.starts_with("sham") {
            let arn = format!("arn:aws:iam::{}:user/{name}", world.account.id);
            world.proxy.shims().seniority.newcomer(&arn);
        }
    }
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let last = run(&lambda, "iam-admin-attached", "ann").await;
    assert_eq!(last["outcome"], "blocked", "{last:#}");
    let reason = last["reason"].as_str().unwrap();
    assert!(reason.contains("1 effective administrators would be left") && reason.contains("3 more came"), "{reason}");
    assert_eq!(attached(&iam, "ann").await, [ADMINISTRATOR_ACCESS]);
    let sham = run(&lambda, "iam-admin-attached", "sham-1").await;
    assert_eq!(sham["outcome"], "repaired", "two who are there for long stay: {sham:#}");
}
