//! Real functions on a state bucket full of a later release's objects for other targets, or of damaged entries.

use std::collections::BTreeSet;

use remedy_engine::LedgerBucket;
use remedy_testkit::{
    forms::Form,
    world::{World, done, only_run},
};
use remedy_tests::clinic::Clinic;
use serde_json::json;

use super::{CHANGES, Change, fixtures};
use crate::drift::{ALL, Drift};

/// The world's state bucket, filled. The settings in force are this world's.
async fn filled(world: &World, change: Change) {
    for fixture in fixtures(LedgerBucket::State)
        .into_iter()
        .filter(|fixture| !matches!(fixture.form, Form::InForce | Form::KnownKey))
    {
        let put = world.s3().put_object().bucket(world.state_bucket()).key(&fixture.key).body(change(&fixture).into());
        put.send().await.expect("the state bucket takes an entry");
    }
}

async fn notices(clinic: &Clinic) -> BTreeSet<String> {
    let s3 = clinic.world.s3();
    let list = s3.list_objects_v2().bucket(clinic.world.state_bucket()).prefix("notice/damaged-").send().await;
    let list = list.expect("the bucket lists");
    list.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
}

/// The held controls of the fixtures, by what a change makes of their holds.
fn outcome(drift: Drift, name: &str) -> &'static str {
    match (name, drift) {
        // Another scope in an entry, or half an entry, stops its key's scope. A key of another scope stops everything
        // (`own.rs`).
        ("a word" | "damage", Drift::Dying) => "blocked",
        _ => drift.outcomes().0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_for_others_holds_up_nobody() {
    for (name, change) in CHANGES {
        let clinic = Clinic::open("enforce").await;
        let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
        ann.does(&["status"]).await;
        filled(&clinic.world, change).await;
        for drift in ALL {
            let resource = drift.make(&clinic.world, "a").await;
            let run = only_run(clinic.deploy(drift.function()).invoke(&drift.event(&resource)).await);
            assert_eq!(run["outcome"], outcome(drift, name), "{name}: {run:#}");
        }
        let sweep = json!({"sweep": {"control": "s3-bucket-public"}}).to_string();
        done(clinic.deploy("s3-public-access").invoke(sweep.as_bytes()).await);
        done(bob.says(&["pending"]).await);
        ann.does(&["status"]).await;
        let told = notices(&clinic).await;
        assert_eq!(told.is_empty(), name != "damage", "{name}: {told:?}");
        ann.does(&["status"]).await;
        assert_eq!(notices(&clinic).await, told, "once");
        clinic.world.assert_conserved().await;
    }
}
