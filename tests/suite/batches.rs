//! SQS batches: one bad message does not hold up its neighbours.

use remedy_testkit::{queue::Queue, world::World};

use crate::drift::{self, Drift, block_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_goes_to_the_dead_letters_alone() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let mut queue = Queue::new(3);
    let mut names = Vec::new();
    for number in 0..4 {
        let name = drift::bucket(&world, &number.to_string()).await;
        queue.push(String::from_utf8(Drift::Bucket.event(&name)).unwrap());
        names.push(name);
    }
    let poison = [queue.push(r#"{"control": "s3-bucket-public", "control": "x"}"#), queue.push("not json")];
    let drained = queue.drain(std::slice::from_ref(&lambda), 6, async |_| {}).await;
    let dead: Vec<_> = drained.dead_lettered.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(dead, poison);
    assert_eq!(drained.acknowledged.len(), 4);
    for name in names {
        assert_eq!(block_of(&world, &name).await, Some([true; 4]));
    }
    assert_eq!(world.repairs().len(), 4);
    assert!(world.evidence().await.values().any(|record| record["kind"] == "rejected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_nothing_that_is_looked_after_is_taken_and_leaves_a_line() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let mut queue = Queue::new(3);
    for (rule, resource_type, result) in
        [("of-somebody-else", "AWS::IAM::User", "NON_COMPLIANT"), ("of-somebody-else", "AWS::S3::Bucket", "COMPLIANT")]
    {
        let event = serde_json::json!({
            "version": "0", "id": "00000000-0000-4000-8000-000000000005", "source": "aws.config", "resources": [],
            "detail-type": "Config Rules Compliance Change", "account": world.account.id, "time": "2026-03-02T10:15:32Z",
            "region": "us-east-1",
            "detail": {
                "resourceId": "x", "resourceType": resource_type, "configRuleName": rule, "recordVersion": "1.0",
                "configRuleARN": format!("arn:aws:config:us-east-1:{}:config-rule/config-rule-abc123", world.account.id),
                "awsAccountId": world.account.id, "awsRegion": "us-east-1",
                "messageType": "ComplianceChangeNotification", "notificationCreationTime": "2026-03-02T10:15:31.456Z",
                "newEvaluationResult": {"complianceType": result},
            },
        });
        queue.push(event.to_string());
    }
    let drained = queue.drain(std::slice::from_ref(&lambda), 10, async |_| {}).await;
    assert_eq!((drained.acknowledged.len(), drained.rounds), (2, 1), "{drained:?}");
    let logs = lambda.logs();
    let lines: Vec<_> = logs.lines().filter(|line| line.contains("a message is about nothing here")).collect();
    assert_eq!(lines.len(), 2, "{logs}");
    assert!(lines.iter().any(|line| line.contains("compliant")), "why is told where it is known: {lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_with_a_queue_sends_one_message_a_target() {
    let world = World::new().await;
    let names = [drift::bucket(&world, "a").await, drift::bucket(&world, "b").await];
    world.swept_before("s3-bucket-public").await;
    let sqs = drift::queue(&world, "targets").await;
    let mut env = world.environment("enforce");
    env.insert("REMEDY_QUEUE_URL".into(), sqs);
    let lambda = world.deploy_with("s3-public-access", env, remedy_testkit::world::TIMEOUT);
    let answer = remedy_testkit::world::done(lambda.invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    assert_eq!(answer["enqueued"], 4, "two buckets and Remedy's own two: {answer:#}");
    let mut queue = Queue::new(3);
    for body in drift::messages(&world, "targets").await {
        queue.push(body);
    }
    let drained = queue.drain(std::slice::from_ref(&lambda), 10, async |_| {}).await;
    assert_eq!(drained.acknowledged.len(), 4);
    for name in names {
        assert_eq!(block_of(&world, &name).await, Some([true; 4]));
    }
}
