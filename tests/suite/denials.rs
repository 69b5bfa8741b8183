//! Access denied, on real processes: at each call that a run makes, by the missing permission. It is tried once, the
//! run ends in a record or the message is given back, and once the permission is there everything is as it should be.

use std::collections::{BTreeMap, BTreeSet};

use remedy_testkit::{
    depth::Depth,
    lambda::{Answer, Lambda},
    proxy::{Call, Fault},
    world::{World, done},
};
use remedy_tests::clinic::Clinic;

use crate::{
    drift::{Drift, topic},
    scenes::Form,
    seal::{assert_intact, vault::Vault},
};

/// A permission: an operation, and for the ledger a kind of object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    name: String,
    ledger: Option<String>,
}

impl Permission {
    fn of(world: &World, call: &Call) -> Self {
        let resource = call.resource.clone().unwrap_or_default();
        let within = |bucket: &str| resource.strip_prefix(bucket).map(|key| key.trim_start_matches('/').to_owned());
        let ledger = within(&world.evidence_bucket()).map(|_| "evidence".to_owned());
        let state = || within(&world.state_bucket()).map(|key| key.split('/').next().unwrap_or_default().to_owned());
        Self { name: call.name(), ledger: ledger.or_else(state) }
    }
}

/// The permissions that are used, in the order of their names.
fn used(world: &World) -> BTreeSet<Permission> {
    world.proxy.calls().iter().map(|call| Permission::of(world, call)).collect()
}

/// Denies one permission until the faults are cleared.
fn deny(world: &World, permission: &Permission) {
    let (denied, buckets) = (permission.clone(), [world.evidence_bucket(), world.state_bucket()]);
    world.proxy.on_call(move |call| {
        let resource = call.resource.clone().unwrap_or_default();
        let place = buckets.iter().position(|bucket| resource.starts_with(bucket.as_str()));
        let ledger = match place {
            Some(0) => Some("evidence".to_owned()),
            Some(_) => resource.split('/').nth(1).map_or_else(|| Some(String::new()), |kind| Some(kind.to_owned())),
            None => None,
        };
        (call.name() == denied.name && ledger == denied.ledger).then_some(Fault::Denied)
    });
}

/// How often the same request was refused: the maximum over all requests.
fn tries(world: &World) -> usize {
    let denied = world.proxy.calls_where(|call| call.outcome == remedy_testkit::proxy::Outcome::Faulted(Fault::Denied));
    let mut times = BTreeMap::new();
    for call in denied {
        *times.entry((call.name(), call.resource, call.query, call.body)).or_insert(0) += 1;
    }
    times.into_values().max().unwrap_or(0)
}

async fn play(form: Form) {
    let undisturbed = form.open().await;
    undisturbed.world.proxy.clear();
    done(undisturbed.lambda.invoke(&undisturbed.event).await);
    let (used, most) = (used(&undisturbed.world), undisturbed.world.proxy.calls().len());
    let step = Depth::asked().of(6, 1);
    let offset = form.control().len() % step;
    let mut silent = Vec::new();
    for permission in used.iter().skip(offset).step_by(step) {
        silent.extend(denied(form, permission, most).await);
    }
    assert!(silent.is_empty(), "acknowledged means stored: {silent:#?}");
    println!("{form:?}: {} permissions, every {step} of them missing in turn", used.len());
}

/// One permission is missing. Returns how it ended, if that is acknowledged without a record.
async fn denied(form: Form, permission: &Permission, most: usize) -> Option<String> {
    let what = format!("{form:?} without {permission:?}");
    let mut scene = form.open().await;
    let before = scene.world.evidence().await.len();
    scene.world.proxy.clear();
    deny(&scene.world, permission);
    let answer = scene.lambda.invoke(&scene.event).await;
    assert!(tries(&scene.world) <= 1, "{what}: the same request is not made again");
    let calls = scene.world.proxy.calls().len();
    // Allows for a slot that is given back, the record of the refusal, and one more look.
    assert!(calls <= most + 8, "{what}: {calls} calls, undisturbed it makes {most}");
    scene.world.proxy.clear_faults();
    let recorded = scene.world.evidence().await.len() > before;
    let silent = match &answer {
        // Given back: it comes again, and ends in the dead-letter queue.
        Answer::Failed { .. } => None,
        Answer::Done(told) => {
            let outcome = told["runs"][0]["outcome"].as_str().unwrap_or_default().to_owned();
            let is_done = outcome == scene.done.0 || outcome == scene.done.1;
            let is_ended = ["blocked", "failed", "partial", "unverified", "needs-human"].contains(&outcome.as_str());
            assert!(is_done || is_ended, "{what}: {told:#}");
            (!recorded).then(|| format!("{what}: it ended {outcome}"))
        }
        other => panic!("{what}: {other:?}"),
    };
    scene.world.age_locks().await;
    scene.world.age_attempts().await;
    scene.ask_again().await;
    scene.recover(&what).await;
    silent
}

mod a_missing_permission_is_told_once {
    use super::play;

    crate::for_each_form!();
}

/// A function that was refused a call: it answers, and does not try again.
async fn refused(world: &World, lambda: &Lambda, event: &[u8], permission: &Permission) -> Answer {
    world.proxy.clear();
    deny(world, permission);
    let answer = lambda.invoke(event).await;
    assert!(tries(world) <= 1, "{permission:?}: the same request is not made again");
    assert!(!matches!(answer, Answer::Crashed | Answer::TimedOut), "{permission:?}: {answer:?}");
    world.proxy.clear_faults();
    answer
}

async fn with_topic(world: &World) -> (&'static str, String) {
    ("REMEDY_TOPIC_ARN", topic(world, "notices").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_without_a_permission_says_so_and_does_nothing_by_halves() {
    const HOLD: [&str; 5] = ["hold", "--reason", "images are gone", "--control", "s3-bucket-public"];
    let clinic = Clinic::with("enforce", with_topic).await;
    clinic.person("ann").await.does(&HOLD).await;
    let used: Vec<_> = used(&clinic.world).into_iter().collect();
    assert!(used.iter().any(|permission| permission.name == "sns:Publish"), "{used:?}");
    for permission in &used {
        let clinic = Clinic::with("enforce", with_topic).await;
        let ann = clinic.person("ann").await;
        let answer = refused(&clinic.world, &clinic.operator, &ann.signs(&HOLD), permission).await;
        let held = clinic.world.state("hold/").await.len();
        let told = clinic.world.evidence().await.values().filter(|record| record["deed"] == "holds").count();
        assert!(told >= held, "{permission:?}: a hold that nobody wrote down");
        assert_eq!(matches!(answer, Answer::Done(_)), held > 0, "{permission:?}: {answer:?}");
        ann.does(&HOLD).await;
        let bucket = Drift::Bucket.make(&clinic.world, "a").await;
        let run = clinic.deploy("s3-public-access").invoke(&Drift::Bucket.event(&bucket)).await;
        assert_eq!(done(run)["runs"][0]["check"], "hold", "{permission:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_without_a_permission_fails_aloud_and_goes_on_later() {
    let undisturbed = Vault::due().await;
    undisturbed.world.proxy.clear();
    done(undisturbed.sealer().invoke(b"{}").await);
    let used = used(&undisturbed.world);
    assert!(used.iter().any(|permission| permission.name == "kms:Sign"), "{used:?}");
    for permission in &used {
        let vault = Vault::due().await;
        let answer = refused(&vault.world, &vault.sealer(), b"{}", permission).await;
        // A notice that cannot be stored is sent nevertheless, and fails no run: the due hours were sealed.
        if permission.name == "s3:PutObject" && permission.ledger.as_deref() == Some("notice") {
            assert_eq!(done(answer)["due"], serde_json::json!(0), "{permission:?}");
        } else {
            assert!(matches!(answer, Answer::Failed { .. }), "{permission:?}: {answer:?}");
        }
        assert_eq!(done(vault.sealer().invoke(b"{}").await)["due"], serde_json::json!(0), "{permission:?}");
        assert_intact(&vault).await;
    }
}

/// The notice is not sent: the repair counts, and the notice waits to be sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_is_denied_fails_no_repair_and_is_tried_once() {
    let world = World::new().await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let mut env = world.environment("enforce");
    env.insert("REMEDY_TOPIC_ARN".to_owned(), topic(&world, "notices").await);
    let lambda = world.deploy_with("s3-public-access", env, remedy_testkit::world::TIMEOUT);
    let publish = Permission { name: "sns:Publish".to_owned(), ledger: None };
    let answer = refused(&world, &lambda, &Drift::Bucket.event(&bucket), &publish).await;
    assert_eq!(done(answer)["runs"][0]["outcome"], "repaired");
    assert_eq!(world.state("notice/").await.keys().filter(|key| key.ends_with(".sent")).count(), 0);
}
