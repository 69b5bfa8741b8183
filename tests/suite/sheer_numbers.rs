//! Many resources at once, of several controls: found by sweeps alone, and looked at without a write.

use std::time::Duration;

use remedy_testkit::{
    depth::Depth,
    world::{TIMEOUT, World, done},
};
use serde_json::json;

use crate::{
    drift::Drift,
    scenes::{ALL, no_open_lock},
};

/// Drifts of which an account can have many.
const MANY: [Drift; 5] = [Drift::Bucket, Drift::Plaintext, Drift::Rotation, Drift::Dying, Drift::User];

/// The queue was wiped, and no event ever comes. At the full depth five hundred drifts of five controls, at the standard one
/// twenty.
#[tokio::test(flavor = "multi_thread")]
async fn sweeps_alone_repair_whatever_drifted() {
    let (world, of_each) = (World::new().await, Depth::asked().of(4, 100));
    for drift in MANY {
        world.swept_before(drift.control()).await;
        for number in 0..of_each {
            drift.make(&world, &format!("{}{number}", drift.control().len())).await;
        }
    }
    for drift in MANY {
        world.proxy.clear();
        let sweep = json!({"sweep": {"control": drift.control()}}).to_string();
        let lambda = drift_lambda(&world, drift);
        done(lambda.invoke(sweep.as_bytes()).await);
        let repairs = world.repairs();
        let ours = repairs.iter().filter(|call| call.name() == drift.repair()).count();
        assert!(ours >= of_each, "{drift:?}: {ours} of {of_each} were repaired");
        world.proxy.clear();
        done(lambda.invoke(sweep.as_bytes()).await);
        assert!(world.repairs().is_empty(), "{drift:?}: nothing is left: {:?}", world.repairs());
    }
    let evidence = world.evidence().await;
    let of = |kind: &str| evidence.values().filter(|record| record["kind"] == kind).count();
    assert_eq!(of("intent"), of("outcome"));
    assert!(of("intent") >= of_each * MANY.len());
    no_open_lock(&world, "after the sweeps").await;
    println!("{} drifts of {} controls, each repaired by a sweep", of_each * MANY.len(), MANY.len());
}

fn drift_lambda(world: &World, drift: Drift) -> remedy_testkit::lambda::Lambda {
    let mut env = world.environment("enforce");
    let settings = world.settings_with(&json!({"modes": {"default": "enforce"}}));
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    world.deploy_with(drift.function(), env, Duration::from_mins(5))
}

/// At the full depth five thousand events, at the standard one a hundred and fifty: every form of drift, over and over, and
/// sweeps between.
#[tokio::test(flavor = "multi_thread")]
async fn to_observe_is_to_try_no_write_however_often() {
    let (world, events) = (World::new().await, Depth::asked().of(150, 5000));
    let mut due = Vec::new();
    for form in ALL {
        if clashes(&due, form) {
            continue;
        }
        let resource = form.make(&world).await;
        due.push((form, form.deploy(&world, ("observe", TIMEOUT)).await, form.event(&resource)));
    }
    let mut seen = std::collections::BTreeMap::new();
    for number in 0..events {
        let (form, lambda, event) = &due[number % due.len()];
        let sweep = json!({"sweep": {"control": form.control()}}).to_string().into_bytes();
        let answer = done(lambda.invoke(if number % 50 == 49 { &sweep } else { event }).await);
        for run in answer["runs"].as_array().expect("runs") {
            *seen.entry(run["outcome"].to_string()).or_insert(0) += 1;
        }
        if number % 200 == 199 {
            assert_tried_nothing(&world);
        }
    }
    assert_tried_nothing(&world);
    assert!(seen.get("\"planned\"").is_some_and(|planned| planned * 2 > events), "{seen:?}");
    println!("{events} events of {} forms: {seen:?}", due.len());
}

/// In one account two of them would concern the same resource.
fn clashes(due: &[(crate::scenes::Form, remedy_testkit::lambda::Lambda, Vec<u8>)], form: crate::scenes::Form) -> bool {
    use crate::scenes::Form;
    let named = |form: Form| match form {
        Form::Drift(Drift::Bucket | Drift::Plaintext) | Form::EncryptedPuts | Form::DefaultKey | Form::CustomerKeys => {
            "bucket"
        }
        Form::Drift(drift) => drift.control(),
        _ => "identities",
    };
    due.iter().any(|(known, ..)| named(*known) == named(form))
}

fn assert_tried_nothing(world: &World) {
    assert!(world.attempts().is_empty(), "a write was tried: {:?}", world.attempts());
    assert!(world.proxy.calls_where(|call| call.operation == "AssumeRole").is_empty(), "no way in was opened");
    world.proxy.clear();
}
