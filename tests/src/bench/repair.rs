//! The cost of one repair if each answer of AWS takes a while: calls, round trips in sequence, and time; beside a boto3
//! handler that only writes, and one that also locks, records and looks again.

use std::time::{Duration, Instant};

use remedy_testkit::{lambda::Lambda, world::World};
use serde_json::{Value, json};

use super::{
    ROUNDS,
    measure::{Contender, deploy, invoke},
    sample::{Samples, rounded},
    subject::{Case, SUBJECTS, Subject},
};
use crate::round_trips::Calls;

/// The time added to each answer while time is measured.
const ADDED: Duration = Duration::from_millis(20);
/// The time added while round trips are counted: far longer than what a handler does between two calls.
const COUNTED: Duration = Duration::from_millis(250);
const CONTENDERS: [(Contender, &str); 3] =
    [(Contender::Remedy, "Remedy"), (Contender::Boto3, "boto3"), (Contender::Careful, "boto3, careful")];

/// The figures of a contender for a repair of a subject.
struct Taken {
    subject: &'static Subject,
    who: &'static str,
    calls: usize,
    round_trips: usize,
    milliseconds: Samples,
}

/// Measures the repairs, prints them, and gives them for the JSON.
pub(crate) async fn repairs() -> Value {
    println!("\na repair by a warm process, with {} ms added to each answer of AWS", ADDED.as_millis());
    println!("  {:<22}{:<16}{:>8}{:>14}{:>12}", "function", "", "calls", "round trips", "ms");
    let mut taken = Vec::new();
    for subject in &SUBJECTS {
        for (who, name) in CONTENDERS {
            let one = measure(subject, who, name).await;
            println!("{}", one.line());
            taken.push(one.to_json());
        }
    }
    json!({"added_ms": ADDED.as_millis(), "repairs": taken})
}

async fn measure(subject: &'static Subject, contender: Contender, who: &'static str) -> Taken {
    let (counted, _) = once(subject, contender, COUNTED).await;
    let mut milliseconds = Samples::default();
    for _ in 0..ROUNDS / 2 {
        milliseconds.push(once(subject, contender, ADDED).await.1);
    }
    let (calls, round_trips) = (counted.names().len(), counted.round_trips(COUNTED).len());
    Taken { subject, who, calls, round_trips, milliseconds }
}

/// A repair by a process that had a compliant resource before.
async fn once(subject: &Subject, who: Contender, added: Duration) -> (Calls, f64) {
    let world = World::new().await;
    let lambda = deploy(&world, subject, Case::Drifted, who, world.proxy.endpoint());
    run(&lambda, &world, subject, Case::Compliant).await;
    let resource = subject.make(&world, Case::Drifted, "drifted").await;
    let calls = Calls::watch(&world.proxy, Some(added));
    let since = Instant::now();
    invoke(&lambda, &json!({"control": subject.control, "resource": resource}), Case::Drifted).await;
    let milliseconds = since.elapsed().as_secs_f64() * 1e3;
    lambda.kill().await;
    (calls, milliseconds)
}

async fn run(lambda: &Lambda, world: &World, subject: &Subject, case: Case) {
    let resource = subject.make(world, case, case.word()).await;
    invoke(lambda, &json!({"control": subject.control, "resource": resource}), case).await;
}

impl Taken {
    fn line(&self) -> String {
        format!(
            "  {:<22}{:<16}{:>8}{:>14}{:>12.0}",
            self.subject.function,
            self.who,
            self.calls,
            self.round_trips,
            self.milliseconds.median()
        )
    }

    fn to_json(&self) -> Value {
        json!({
            "function": self.subject.function, "control": self.subject.control, "contender": self.who,
            "calls": self.calls, "round_trips": self.round_trips,
            "milliseconds": rounded(self.milliseconds.median()),
        })
    }
}
