//! `make demo`: a clinic and its research account drift, are repaired, and the result is checked from outside; then a
//! pharmacy's policies are repaired statement by statement, and people approve, exempt, take back, stop and verify.

mod counts;
mod events;
mod manifest;
mod people;
mod policies;
mod scanned;
mod site;
mod stage;
mod table;
mod told;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::workspace;
use counts::Counts;
use stage::Stage;
use told::Told;

/// Runs the demo and reports whether all of it held.
pub async fn run() -> ExitCode {
    let mut log = Log::begin();
    let stage = log.step("break", set_the_stage()).await;
    println!("{}", table::heading("3  What a newcomer sees: `remedy scan` of the clinic, which only reads …"));
    let (seen, found) = log.step("scan", scanned::before(&stage)).await;
    stage.clear();
    let told = log.step("repair", repair(&stage)).await;
    let undo = log.step("undo", undo(&told)).await;
    let again = log.step("again", again(&stage)).await;
    let summary = folder().join("summary.json");
    let mut all = summarize(&stage, &told, &undo, &again);
    workspace::write_json(&summary, &all);
    let holds = log.step("check", stage.check(&summary)).await;
    all["check"] = json!({"passed": holds});
    all["policies"] = log.step("policies", policies::play()).await;
    all["people"] = log.step("people", people::play()).await;
    println!("\n{}", table::heading("11  `remedy scan` of the clinic once more …"));
    let (scan, mended) = log.step("scan_again", scanned::after(&stage, &seen)).await;
    all["scan"] = scan;
    all["scan"]["found_all"] = json!(found);
    all["seconds"] = Value::Object(log.seconds.clone());
    workspace::write_json(&summary, &all);
    stage.keep_logs(&folder());
    let policies = all["policies"]["passed"] == true;
    let people = all["people"]["passed"] == true;
    let passed =
        holds && found && mended && policies && people && again["writes"] == 0 && undo["outcome"] == "reverted";
    conclude(&told, &again, passed, log.begun.elapsed());
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where the demo leaves what it made.
fn folder() -> PathBuf {
    workspace::root().join("target/demo")
}

/// How long each step took.
struct Log {
    begun: Instant,
    seconds: Map<String, Value>,
}

impl Log {
    fn begin() -> Self {
        Self { begun: Instant::now(), seconds: Map::new() }
    }

    async fn step<T>(&mut self, name: &str, step: impl Future<Output = T>) -> T {
        let since = Instant::now();
        let done = step.await;
        let seconds = (since.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        self.seconds.insert(name.to_owned(), json!(seconds));
        done
    }
}

async fn set_the_stage() -> Stage {
    println!("Remedy, on this machine only: an emulated AWS, the real functions as processes, no AWS account.\n");
    println!(
        "{}",
        table::heading(
            "1  Starting four functions in two accounts, in mode `enforce`; the first sweeps are behind them …"
        )
    );
    println!("{}", table::heading("2  Breaking both: a clinic, and its research department …"));
    let stage = Stage::broken().await;
    stage.describe();
    stage
}

/// Lets events and then a sweep reach the functions, and shows what became of each place.
async fn repair(stage: &Stage) -> Vec<Told<'_>> {
    let events: usize = stage.sites().map(|site| site.events().len()).sum();
    println!("{}", table::heading(&format!("4  AWS Config reports: {events} compliance-change events …")));
    let mut told = told::by_events(stage).await;
    println!("{}", table::heading("5  A sweep through both accounts, for what no event named …"));
    let clean = told::by_sweep(stage, &mut told).await;
    println!("   {} places found; {clean} further looks found nothing to do.\n", told.len() - events);
    table::print(stage, &told);
    told
}

/// Takes one repair back, and lets its event come once more.
async fn undo(told: &[Told<'_>]) -> Value {
    let one =
        told.iter().find(|one| one.place.undo && one.outcome() == "repaired").expect("one repair is to be undone");
    let (place, site) = (one.place, one.site);
    println!("{}", table::heading(&format!("6  Undoing one repair: {} …", place.label)));
    let plan = one.text("plan");
    let reverted = site.undo(place.function(), &one.run).await;
    println!("   found      {}", one.run["before"]);
    println!("   repaired   {}", one.run["after"]);
    println!("   undone     {}", reverted["after"]);
    println!("   {}, and exempted first, so that it stays undone:", told::word(&reverted, "outcome"));
    let event = events::compliance_change(site, place, 9000).expect("the undone place has a rule");
    let next = site.runs(place.function(), &event).await.remove(0);
    println!("   its next event is answered `{}`", table::cut(told::word(&next, "reason"), 90));
    println!();
    json!({
        "account": site.name,
        "control": place.control,
        "resource": place.resource,
        "plan": plan,
        "outcome": reverted["outcome"],
        "found": one.run["before"],
        "repaired": one.run["after"],
        "undone": reverted["after"],
        "evidence": reverted["evidence"],
        "next_event": {"outcome": next["outcome"], "reason": next["reason"], "evidence": next["evidence"]},
    })
}

/// Everything a second time: nothing may be written.
async fn again(stage: &Stage) -> Value {
    println!(
        "{}",
        table::heading("7  Every event a second time, through a queue and out of order, then a second sweep …")
    );
    stage.assert_conserved().await;
    let before = Counts::of(stage);
    stage.clear();
    let mut delivered = 0;
    for site in stage.sites() {
        delivered += site.deliver_again().await;
    }
    let runs = told::sweep_again(stage).await;
    let counts = Counts::of(stage);
    println!(
        "   {delivered} events and {runs} looks of the sweep: {} calls to AWS, {} writes.",
        counts.calls, counts.effects
    );
    println!(
        "   {} times a worker offered a record that was filed before; S3 refused it (If-None-Match).\n",
        counts.refused
    );
    json!({
        "events": delivered,
        "sweep_runs": runs,
        "writes": counts.effects,
        "refused_writes": counts.refused,
        "calls": counts.to_json(),
        "calls_before": before.to_json(),
    })
}

fn summarize(stage: &Stage, told: &[Told<'_>], undo: &Value, again: &Value) -> Value {
    let accounts: Map<String, Value> = stage.sites().map(|site| (site.name.to_owned(), site.to_json())).collect();
    json!({
        "format": 1,
        "accounts": accounts,
        "places": told.iter().map(Told::to_json).collect::<Vec<_>>(),
        "totals": told::totals(told),
        "undo": undo,
        "second_pass": again,
    })
}

fn conclude(told: &[Told<'_>], again: &Value, passed: bool, took: Duration) {
    println!("\n{}", table::heading("Summary"));
    println!("   {} places:", told.len());
    for (outcome, count) in told::totals(told) {
        println!("     {count:>2} {outcome}");
    }
    println!(
        "   1 repair undone. Second time: {} writes. 3 policies repaired by a statement each, and undone.",
        again["writes"]
    );
    println!("   People approved, exempted, took back and stopped; a forged record was named by `remedy verify`.");
    println!("   The whole story: target/demo/summary.json. It took {:.1} s.", took.as_secs_f64());
    println!(
        "   {}",
        if passed { "All of it was checked from outside, and holds." } else { "NOT ALL OF IT HOLDS, see above." }
    );
}
