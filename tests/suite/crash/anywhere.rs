//! SIGKILL at a random moment of a run: between calls, within one, before the first.

use std::time::{Duration, Instant};

use remedy_testkit::{depth::Depth, world::done};

use crate::scenes::ALL;

/// The runs of each test.
fn runs() -> usize {
    Depth::asked().of(2, 60)
}

/// At the full depth three hundred runs in all, sixty in each test, at the standard depth ten; of any form of repair or undo.
mod a_kill_at_any_moment_is_survived {
    use super::killed_anywhere;

    #[tokio::test(flavor = "multi_thread")]
    async fn in_the_first_fifth() {
        killed_anywhere(1).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn in_the_second_fifth() {
        killed_anywhere(2).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn in_the_third_fifth() {
        killed_anywhere(3).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn in_the_fourth_fifth() {
        killed_anywhere(4).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn in_the_last_fifth() {
        killed_anywhere(5).await;
    }
}

/// A number that looks random, and is the same for the same seed and place.
fn draw(seed: u64, at: usize) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(at as u64 + 1);
    for _ in 0..3 {
        mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    mixed >> 16
}

async fn killed_anywhere(seed: u64) {
    let mut hit = 0;
    for at in 0..runs() {
        let form = ALL[draw(seed, 2 * at) as usize % ALL.len()];
        let is_undo = form.can_be_undone() && at % 3 == 2;
        let open = async || if is_undo { form.open_undo().await } else { form.open().await };
        let whole = {
            let (undisturbed, began) = (open().await, Instant::now());
            done(undisturbed.lambda.invoke(&undisturbed.event).await);
            began.elapsed()
        };
        let share = draw(seed, 2 * at + 1) % 1000;
        let moment = Duration::from_micros(u64::try_from(whole.as_micros()).expect("a run is short") * share / 1000);
        let what = format!("seed {seed}, run {at}: {form:?}, undo {is_undo}, killed after {moment:?} of {whole:?}");
        let scene = open().await;
        if tokio::time::timeout(moment, scene.lambda.invoke(&scene.event)).await.is_err() {
            hit += 1;
        }
        scene.lambda.kill().await;
        scene.world.proxy.quiet().await;
        scene.world.age_locks().await;
        scene.recover(&what).await;
    }
    println!("seed {seed}: {hit} of {} runs were killed before their end", runs());
    assert!(hit * 2 >= runs(), "only {hit} of {} runs were killed", runs());
}
