//! SIGKILL before and after every API call of every task of the functions, on the real binaries: redelivered, every run
//! converges.
//!
//! The writes of a killed process are what it leaves behind: at the full depth it is killed before and after every
//! call, at the standard depth after every third write, of each form another third.

mod anywhere;
mod people;
mod sweeps;

use remedy_testkit::{
    depth::Depth,
    lambda::{Answer, Lambda},
    proxy::{Breakpoint, When},
    world::World,
};

use crate::scenes::Form;

/// Nothing makes more calls than this; a walk over the crash points ends before.
const MOST_CALLS: usize = 200;

/// The point at which a process is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// Before or after the call of this number.
    Call(usize, When),
    /// After the write of this number, its own files included.
    Write(usize),
}

impl Point {
    /// All of them at the full depth, on these sides of each call. At the standard depth every third write, of each thing
    /// another third.
    fn all(what: &str, sides: &'static [When]) -> Vec<Self> {
        let (calls, third) = (0..MOST_CALLS, what.bytes().map(usize::from).sum::<usize>() % 3);
        match Depth::asked() {
            Depth::Full => calls.flat_map(|call| sides.iter().map(move |when| Self::Call(call, *when))).collect(),
            Depth::Standard => calls.skip(third).step_by(3).map(Self::Write).collect(),
        }
    }

    fn set(self, world: &World) -> Breakpoint {
        match self {
            Self::Call(call, when) => world.proxy.stop_at(call, when),
            Self::Write(number) => {
                let mut writes = 0..=number;
                world.proxy.stop_when(When::After, move |call| call.write && writes.next() == Some(number))
            }
        }
    }

    /// Kills the function here, and lets the rest come to an end. Returns the answer if it had ended before this point.
    async fn kill(self, world: &World, lambda: &Lambda, event: &[u8]) -> Option<Answer> {
        let breakpoint = self.set(world);
        if let Err(answer) = breakpoint.reached_or(lambda.invoke(event)).await {
            return Some(answer);
        }
        lambda.kill().await;
        breakpoint.release();
        world.proxy.quiet().await;
        world.age_locks().await;
        None
    }
}

/// Tries every point until one lies beyond the end. There are more than a few.
async fn at_every_point(what: &str, try_at: impl AsyncFnMut(Point) -> bool) {
    at_points(what, &[When::Before, When::After], try_at).await;
}

/// The same on some sides of each call.
async fn at_points(what: &str, sides: &'static [When], mut try_at: impl AsyncFnMut(Point) -> bool) {
    for (reached, point) in Point::all(what, sides).into_iter().enumerate() {
        if !try_at(point).await {
            assert!(reached >= Depth::asked().of(0, 6), "{what}: only {reached} crash points were reached");
            println!("{what}: killed at {reached} points");
            return;
        }
    }
    panic!("{what}: more than {MOST_CALLS} calls");
}

mod a_repair_survives_a_crash_at_every_call {
    use super::{Form, at_every_point};

    async fn play(form: Form) {
        let what = format!("{form:?}");
        at_every_point(&what, async |point| {
            let scene = form.open().await;
            let over = point.kill(&scene.world, &scene.lambda, &scene.event).await;
            scene.recover(&format!("{what} killed at {point:?}")).await;
            over.is_none()
        })
        .await;
    }

    crate::for_each_form!();
}

mod an_undo_survives_a_crash_at_every_call {
    use super::{Form, When, at_points};

    async fn play(form: Form) {
        if !form.can_be_undone() {
            return;
        }
        let what = format!("the undo of {form:?}");
        // A kill after one call is a kill before the next.
        at_points(&what, &[When::After], async |point| {
            let scene = form.open_undo().await;
            let over = point.kill(&scene.world, &scene.lambda, &scene.event).await;
            scene.recover(&format!("{what} killed at {point:?}")).await;
            over.is_none()
        })
        .await;
    }

    crate::for_each_form!();
}
