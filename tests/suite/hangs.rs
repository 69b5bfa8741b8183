//! AWS stops answering in the middle of a run, on real processes: the function gives up before its deadline or is
//! killed at it, and the message comes again. There is always an outcome or a redelivery, and no record is half
//! written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::stream::{self, StreamExt};
use remedy_testkit::{
    depth::Depth,
    lambda::{Answer, Lambda},
    proxy::{Call, Fault},
    world::{TIMEOUT, World, done},
};
use remedy_tests::clinic::Clinic;
use serde_json::json;

use crate::{
    drift::Drift,
    scenes::{ALL, Form},
    seal::{assert_intact, vault::Vault},
};

/// The time limit of a function here. In production it is longer; the remaining time counts.
const LIMIT: Duration = Duration::from_secs(8);
/// The sealer begins no manifest with less than 15 s left.
const LIMIT_OF_SEALER: Duration = Duration::from_secs(20);
/// Longer than that.
const FOR_EVER: Duration = Duration::from_mins(2);
/// The number of functions that hang at once.
const AT_ONCE: usize = 12;

/// No call from this number on is answered. Fails if the repair was done all the same.
async fn hangs_from(world: &World, lambda: &Lambda, event: &[u8], first: usize) {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    world
        .proxy
        .on_call(move |_: &Call| (count.fetch_add(1, Ordering::Relaxed) >= first).then_some(Fault::Slow(FOR_EVER)));
    let answer = lambda.invoke(event).await;
    assert!(!matches!(answer, Answer::Crashed), "from call {first}: {answer:?}");
    // On a slow machine too little time is left, and the function says so before that call.
    let has_hung = seen.load(Ordering::Relaxed) > first;
    assert!(has_hung || matches!(answer, Answer::Failed { .. }), "call {first} was not reached: {answer:?}");
    // A process that is still alive may have calls under way: it is frozen once it has answered.
    lambda.kill().await;
    world.proxy.clear_faults();
    world.proxy.quiet().await;
    world.age_locks().await;
}

/// The calls from which on nothing is answered: every third one, of each form another third, or at the standard depth
/// one in the middle.
fn points(calls: usize, offset: usize) -> Vec<usize> {
    match Depth::asked() {
        Depth::Full => (offset % 3..calls).step_by(3).collect(),
        Depth::Standard => vec![offset * 5 % calls],
    }
}

/// The number of its calls.
async fn calls_of(form: Form) -> usize {
    let undisturbed = form.open().await;
    undisturbed.world.proxy.clear();
    done(undisturbed.lambda.invoke(&undisturbed.event).await);
    undisturbed.world.proxy.calls().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_not_answered_ends_in_order() {
    let mut each = Vec::new();
    for (offset, form) in ALL.into_iter().enumerate() {
        each.extend(points(calls_of(form).await, offset).into_iter().map(|first| (form, first)));
    }
    println!("nothing is answered from one of {} calls on, of {} forms of repair", each.len(), ALL.len());
    let hung = each.into_iter().map(|(form, first)| async move {
        let mut scene = form.open_for(LIMIT).await;
        hangs_from(&scene.world, &scene.lambda, &scene.event, first).await;
        scene.lambda = form.deploy(&scene.world, ("enforce", TIMEOUT)).await;
        scene.recover(&format!("{form:?} without an answer from call {first} on")).await;
    });
    stream::iter(hung).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_is_not_answered_ends_in_order() {
    const HOLD: [&str; 5] = ["hold", "--reason", "images are gone", "--control", "s3-bucket-public"];
    let undisturbed = Clinic::open("enforce").await;
    undisturbed.person("ann").await.does(&HOLD).await;
    let each = points(undisturbed.world.proxy.calls().len(), 1).into_iter().map(|first| async move {
        let clinic = Clinic::open("enforce").await;
        let ann = clinic.person("ann").await;
        let lambda = clinic.deploy_for("operator", LIMIT);
        hangs_from(&clinic.world, &lambda, &ann.signs(&HOLD), first).await;
        ann.does(&HOLD).await;
        let bucket = Drift::Bucket.make(&clinic.world, "a").await;
        let run = clinic.deploy("s3-public-access").invoke(&Drift::Bucket.event(&bucket)).await;
        assert_eq!(done(run)["runs"][0]["check"], "hold", "call {first}");
        let evidence = clinic.world.evidence().await;
        assert!(evidence.values().any(|record| record["deed"] == "holds"), "call {first}: {evidence:#?}");
    });
    stream::iter(each).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn due_vault() -> Vault {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(2).await;
    vault
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_that_is_not_answered_ends_in_order() {
    let undisturbed = due_vault().await;
    undisturbed.world.proxy.clear();
    done(undisturbed.sealer().invoke(b"{}").await);
    let each = points(undisturbed.world.proxy.calls().len(), 1).into_iter().map(|first| async move {
        let vault = due_vault().await;
        let sealer = vault.sealer_for(LIMIT_OF_SEALER);
        hangs_from(&vault.world, &sealer, b"{}", first).await;
        assert_eq!(done(vault.sealer().invoke(b"{}").await)["due"], json!(0), "call {first}");
        assert_intact(&vault).await;
    });
    stream::iter(each).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// One call hangs, the others are answered.
#[tokio::test(flavor = "multi_thread")]
async fn one_write_that_hangs_is_given_up_and_seen_to() {
    let scene = Form::Drift(Drift::Bucket).open_for(LIMIT).await;
    let breakpoint = scene
        .world
        .proxy
        .stop_when(remedy_testkit::proxy::When::After, |call| call.operation == "PutPublicAccessBlock");
    let answer = scene.lambda.invoke(&scene.event).await;
    breakpoint.release();
    assert!(!matches!(answer, Answer::Crashed), "{answer:?}");
    scene.world.proxy.quiet().await;
    scene.world.age_locks().await;
    done(scene.lambda.invoke(&scene.sweep()).await);
    assert_eq!(crate::drift::block_of(&scene.world, &scene.resource).await, Some([true; 4]));
    scene.world.assert_conserved().await;
}
