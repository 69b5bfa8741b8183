//! The messages of every function: one for each account of a sweep, and a notice of each waiting plan.

use remedy_testkit::world::{TIMEOUT, World, done, only_run};
use serde_json::json;

use crate::drift::{self, ALL};

/// All that repair.
const FUNCTIONS: [&str; 7] =
    ["iam-mfa", "iam-password-policy", "iam-policies", "kms-keys", "rds", "s3-encryption", "s3-public-access"];

#[tokio::test]
async fn a_sweep_queues_a_message_for_every_account_of_every_function() {
    for function in FUNCTIONS {
        let world = World::new().await;
        drift::user(&world, "a").await;
        drift::key(&world).await;
        // With one account a first sweep queues no target that it finds broken: that goes to the backlog.
        let settings = world.settings_file(&json!({"accounts": [world.account.id, "444455556666"]}));
        let mut env = world.environment("observe");
        env.insert("REMEDY_SETTINGS".to_owned(), settings);
        env.insert("REMEDY_READ_ROLE".to_owned(), "remedy-read".to_owned());
        env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(&world, "targets").await);
        let lambda = world.deploy_with(function, env, TIMEOUT);
        let answer = done(lambda.invoke(br#"{"sweep":{}}"#).await);
        let queued = drift::messages(&world, "targets").await;
        assert_eq!(answer["enqueued"], queued.len(), "{function}: {answer:#}");
        for account in [world.account.id.as_str(), "444455556666"] {
            let is_there = |message: &String| message.contains(account);
            assert!(queued.iter().any(is_there), "{function} looks into {account}: {queued:?}");
        }
    }
}

#[tokio::test]
async fn people_are_told_once_what_waits_for_them() {
    for drift in ALL.into_iter().filter(|drift| *drift != drift::Drift::Dying) {
        let world = World::new().await;
        let settings = json!({"modes": {"default": "approve"}, "protected": {"break_glass": [world.break_glass()]}});
        let mut env = world.environment("observe");
        env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
        env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(&world, "notices").await);
        let lambda = world.deploy_with(drift.function(), env, TIMEOUT);
        let resource = drift.make(&world, "a").await;
        for _ in 0..2 {
            let run = only_run(lambda.invoke(&drift.event(&resource)).await);
            assert_eq!(run["outcome"], "awaiting-approval", "{run:#}");
        }
        let told = world.proxy.calls_where(|call| call.name() == "sns:Publish");
        assert_eq!(told.len(), 1, "{drift:?}");
        assert!(told.iter().all(|call| call.parameter("TopicArn").is_some_and(|arn| arn.ends_with(":notices"))));
    }
}
