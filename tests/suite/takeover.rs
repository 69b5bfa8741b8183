//! Locks: a live one holds others off, a dead worker's is taken over.

use remedy_testkit::{
    lambda::Answer,
    proxy::When,
    world::{World, done, only_run},
};

use crate::drift::Drift;

#[tokio::test(flavor = "multi_thread")]
async fn a_live_lock_gives_the_message_back_and_a_dead_one_is_taken_over() {
    let world = World::new().await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let (first, second) = (world.deploy("s3-public-access", "enforce"), world.deploy("s3-public-access", "enforce"));
    let breakpoint = world.proxy.stop_when(When::Before, |call| call.operation == "PutPublicAccessBlock");
    assert!(breakpoint.reached_or(first.invoke(&Drift::Bucket.event(&bucket))).await.is_ok());
    first.kill().await;
    breakpoint.release();

    let answer = second.invoke(&Drift::Bucket.event(&bucket)).await;
    let Answer::Failed { error_type, .. } = &answer else { panic!("a live lock was ignored: {answer:?}") };
    assert_eq!(error_type, "transient");
    let batch = serde_json::json!({"Records": [{
        "messageId": "m-1", "eventSource": "aws:sqs", "receiptHandle": "r", "awsRegion": "us-east-1", "attributes": {},
        "messageAttributes": {}, "md5OfBody": "", "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q",
        "body": String::from_utf8(Drift::Bucket.event(&bucket)).unwrap(),
    }]});
    let given_back = done(second.invoke(batch.to_string().as_bytes()).await);
    assert_eq!(given_back, serde_json::json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]}));
    assert!(world.repairs().is_empty());

    world.age_locks().await;
    assert_eq!(only_run(second.invoke(&Drift::Bucket.event(&bucket)).await)["outcome"], "repaired");
    assert_eq!(world.repairs().len(), 1);
    world.assert_conserved().await;
    let outcomes: Vec<_> = world.evidence().await.into_values().filter(|record| record["kind"] == "outcome").collect();
    assert_eq!(outcomes.len(), 2, "the lost attempt has its outcome too");
    assert!(outcomes.iter().any(|outcome| outcome["outcome"] == "failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_closes_what_a_lost_worker_had_finished() {
    let world = World::new().await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let breakpoint = world.proxy.stop_when(When::After, |call| call.operation == "PutPublicAccessBlock");
    assert!(breakpoint.reached_or(lambda.invoke(&Drift::Bucket.event(&bucket))).await.is_ok());
    lambda.kill().await;
    breakpoint.release();
    let sweep = br#"{"sweep":{"control":"s3-bucket-public"}}"#;
    let runs = |answer: serde_json::Value| answer["runs"].as_array().cloned().unwrap_or_default();
    let early = runs(done(lambda.invoke(sweep).await));
    assert!(!early.iter().any(|run| run["outcome"] == "recovered"), "its lease has not passed");
    world.age_locks().await;
    let late = runs(done(lambda.invoke(sweep).await));
    assert!(late.iter().any(|run| run["outcome"] == "recovered" && run["resource"] == bucket.as_str()), "{late:?}");
    world.assert_conserved().await;
}
