//! Runs many simulated histories, on all cores, or prints one.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

use remedy_simulation::{Broken, Tally, play, tell};

/// `seed N` prints the history of one seed; `seeds COUNT [FIRST]` runs so many.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    match (arguments.first().map(String::as_str), number(1)) {
        (Some("seed"), Some(seed)) => one(seed),
        (Some("seeds"), Some(count)) => many(number(2).unwrap_or(0), count),
        _ => {
            eprintln!("usage: simulate seed <number> | simulate seeds <count> [<first>]");
            ExitCode::FAILURE
        }
    }
}

fn one(seed: u64) -> ExitCode {
    println!("{}", tell(seed, None));
    match play(seed, None) {
        Ok(tally) => {
            println!("{tally}\nseed {seed}: every invariant holds");
            ExitCode::SUCCESS
        }
        Err(broken) => failed(seed, &broken),
    }
}

fn failed(seed: u64, broken: &Broken) -> ExitCode {
    eprintln!("seed {seed}: {broken}\nsee it again: make simulate SEED={seed}");
    ExitCode::FAILURE
}

fn many(first: u64, count: u64) -> ExitCode {
    let began = Instant::now();
    match search(first, count) {
        Ok(tally) => {
            let seconds = began.elapsed().as_secs_f64();
            println!("{tally}\n{count} seeds in {seconds:.1} s: every invariant holds");
            ExitCode::SUCCESS
        }
        Err((seed, broken)) => {
            println!("{}", tell(seed, None));
            failed(seed, &broken)
        }
    }
}

/// Runs the seeds from `first` on, on all cores. Returns the events in all of them, or the breach of one seed.
pub fn search(first: u64, count: u64) -> Result<Tally, (u64, Broken)> {
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let worker = || {
        let mut tally = Tally::default();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                break;
            }
            tally += play(seed, None).map_err(|broken| {
                stop.store(true, Ordering::Relaxed);
                (seed, broken)
            })?;
        }
        Ok(tally)
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let mut tally = Tally::default();
        for played in workers {
            tally += played.join().expect("a worker ends")?;
        }
        Ok(tally)
    })
}
