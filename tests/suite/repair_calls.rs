//! What a repair costs: its calls, and how many of them come one after another. Three calls and one round trip of each are
//! the settings.

use std::time::Duration;

use remedy_testkit::world::{World, only_run};

use crate::{drift::Drift, round_trips::Calls};

/// How long each answer takes where round trips are counted: far longer than what a function does between two calls, also on
/// a machine that does much else.
const ROUND_TRIP: Duration = Duration::from_millis(400);

/// The calls of a repair, where each answer takes so long.
async fn repair(drift: Drift, answer: Option<Duration>) -> Calls {
    let world = World::new().await;
    let target = drift.make(&world, "calls").await;
    let lambda = world.deploy(drift.function(), "enforce");
    // The settings come into force with the first invocation.
    lambda.invoke(&drift.event("nothing-of-this-name")).await;
    let calls = Calls::watch(&world.proxy, answer);
    let run = only_run(lambda.invoke(&drift.event(&target)).await);
    assert_eq!(run["outcome"], drift.outcomes().0, "{run:#}");
    calls
}

#[tokio::test]
async fn a_repair_makes_no_more_calls_than_it_needs() {
    let most = [
        (Drift::Password, 23),
        (Drift::Dying, 24),
        (Drift::Rotation, 27),
        (Drift::Plaintext, 29),
        (Drift::Bucket, 36),
        (Drift::User, 55),
    ];
    for (drift, most) in most {
        let calls = repair(drift, None).await.names();
        assert!(calls.len() <= most, "{drift:?}: {} calls: {calls:#?}", calls.len());
    }
}

#[tokio::test]
async fn what_does_not_depend_on_each_other_is_asked_side_by_side() {
    for (drift, most) in [(Drift::Password, 12), (Drift::Rotation, 12), (Drift::Plaintext, 15)] {
        let trips = repair(drift, Some(ROUND_TRIP)).await.round_trips(ROUND_TRIP);
        assert!(trips.len() <= most, "{drift:?}: {} round trips: {trips:#?}", trips.len());
    }
}
