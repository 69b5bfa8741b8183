//! A storm: everything is throttled for a while, on real processes. Nothing is lost, nothing retries too hard, and the
//! queue drains with the redeliveries of production.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::stream::{self, StreamExt};
use remedy_testkit::{depth::Depth, proxy::Fault, queue::Queue, world::done};

use crate::scenes::{ALL, Form};

/// The number of storms at once, each in an account of its own.
const AT_ONCE: usize = 30;

/// The deliveries that production gives a message.
const REDRIVE: u32 = 5;
/// The number of deliveries that are only throttled; each is a visibility timeout of six minutes after the one before.
const STORM: u32 = 3;
/// The number of tries of a call by the SDK.
const TRIES: usize = 3;

/// The calls with which a storm begins: eight of them, or at the standard depth one in the middle.
fn points(calls: usize, offset: usize) -> Vec<usize> {
    match Depth::asked() {
        Depth::Full => (0..calls).step_by(calls.div_ceil(8)).collect(),
        Depth::Standard => vec![offset * 7 % calls],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_a_storm() {
    let mut each = Vec::new();
    for (offset, form) in ALL.into_iter().enumerate() {
        let undisturbed = form.open().await;
        undisturbed.world.proxy.clear();
        done(undisturbed.lambda.invoke(&undisturbed.event).await);
        let calls = undisturbed.world.proxy.calls().len();
        each.extend(points(calls, offset).into_iter().map(|first| storm(form, first)));
    }
    println!("{} storms, over {} forms of repair", each.len(), ALL.len());
    stream::iter(each).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// The storm begins with the call of this number.
async fn storm(form: Form, first: usize) {
    let scene = form.open().await;
    scene.world.proxy.clear();
    let (seen, refused) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let count = refused.clone();
    scene.world.proxy.on_call(move |_| {
        let in_storm = seen.fetch_add(1, Ordering::Relaxed) >= first;
        count.fetch_add(usize::from(in_storm), Ordering::Relaxed);
        in_storm.then_some(Fault::Throttle)
    });
    let mut queue = Queue::new(REDRIVE);
    queue.push(String::from_utf8(scene.event.clone()).expect("an event is a text"));
    let drained = queue
        .drain(std::slice::from_ref(&scene.lambda), 10, async |round| {
            scene.world.age_locks().await;
            if round == STORM {
                scene.world.proxy.clear_faults();
            }
        })
        .await;
    scene.world.proxy.clear_faults();
    let (what, refused) = (format!("{form:?}, a storm from call {first} on"), refused.load(Ordering::Relaxed));
    assert!(drained.dead_lettered.is_empty(), "{what}: nothing is lost");
    // A storm that begins when everything important is stored gives nothing back.
    let is_in_time = [1, STORM + 1].contains(&drained.rounds);
    assert!(drained.acknowledged.len() == 1 && is_in_time, "{what}: done once the storm is over: {drained:?}");
    // A run may still try to verify, to write its outcome, to notify people and to release its lock: each fails.
    let most = STORM as usize * TRIES * 8;
    assert!(refused <= most, "{what}: {refused} calls were refused, more than {most}");
    done(scene.lambda.invoke(&scene.sweep()).await);
    scene.assert_done(&what).await;
    println!("{what}: {refused} calls refused in {STORM} deliveries, then done");
}
