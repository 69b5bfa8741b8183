//! The functions' reports about each place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    events,
    manifest::Place,
    site::{FUNCTIONS, Site},
    stage::Stage,
};

/// A place, and the first run that dealt with it.
pub(crate) struct Told<'a> {
    /// The account.
    pub(crate) site: &'a Site,
    /// The place.
    pub(crate) place: &'a Place,
    /// The run; null where none was started.
    pub(crate) run: Value,
    named_by: &'static str,
}

impl<'a> Told<'a> {
    /// How the run ended; `no-run` where there was none.
    pub(crate) fn outcome(&self) -> &str {
        self.run["outcome"].as_str().unwrap_or("no-run")
    }

    /// A text of the run.
    pub(crate) fn text(&self, member: &str) -> &str {
        word(&self.run, member)
    }

    /// The AWS calls that changed something.
    pub(crate) fn performed(&self) -> Vec<&str> {
        texts(&self.run["performed"])
    }

    /// The keys of its records.
    pub(crate) fn evidence(&self) -> Vec<&str> {
        texts(&self.run["evidence"])
    }

    /// Whether Remedy looked at the result of its write, and saw it.
    pub(crate) fn verified(&self) -> Option<bool> {
        let outcome = self.outcome();
        (!self.performed().is_empty() || outcome == "unverified").then_some(matches!(outcome, "repaired" | "contained"))
    }

    /// For the summary.
    pub(crate) fn to_json(&self) -> Value {
        let Place { control, resource, label, wrong, outcome: expected, .. } = self.place;
        json!({
            "account": self.site.name,
            "account_id": self.site.world.account.id,
            "control": control,
            "resource": resource,
            "label": label,
            "wrong": wrong,
            "violations": self.run["violations"],
            "named_by": self.named_by,
            "expected": expected,
            "outcome": self.outcome(),
            "reason": self.run["reason"],
            "performed": self.performed(),
            "verified": self.verified(),
            "plan": self.run["plan"],
            "before": self.run["before"],
            "after": self.run["after"],
            "evidence": self.evidence(),
        })
    }

    fn is_about(&self, site: &Site, run: &Value) -> bool {
        std::ptr::eq(self.site, site) && fits(self.place, run)
    }
}

fn fits(place: &Place, run: &Value) -> bool {
    run["control"] == place.control.as_str() && run["resource"] == place.resource.as_str()
}

/// A text of a run, or nothing.
pub(crate) fn word<'a>(run: &'a Value, member: &str) -> &'a str {
    run[member].as_str().unwrap_or_default()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Sends the events, each to the function that its place belongs to.
pub(crate) async fn by_events(stage: &Stage) -> Vec<Told<'_>> {
    let mut told = Vec::new();
    for site in stage.sites() {
        for (place, event) in site.events() {
            let runs = site.runs(place.function(), &event).await;
            assert!(runs.len() <= 1, "one event led to {} runs: {event}", runs.len());
            let run = runs.into_iter().next().unwrap_or_default();
            told.push(Told { site, place, run, named_by: "event" });
        }
    }
    told
}

/// Sweeps both accounts, adds what no event named, and counts the looks that found nothing to do.
pub(crate) async fn by_sweep<'a>(stage: &'a Stage, told: &mut Vec<Told<'a>>) -> usize {
    let mut clean = 0;
    for site in stage.sites() {
        for run in sweep(site).await {
            let known = told.iter().any(|one| one.is_about(site, &run));
            match site.manifest.places.iter().find(|place| fits(place, &run)) {
                Some(place) if !known => told.push(Told { site, place, run, named_by: "sweep" }),
                named => {
                    assert_nothing_done(&run, named.is_some());
                    clean += 1;
                }
            }
        }
    }
    let order = |one: &Told<'_>| one.site.manifest.places.iter().position(|place| std::ptr::eq(place, one.place));
    told.sort_by_key(|one| (one.site.name, order(one)));
    clean
}

/// Sweeps both accounts once more, and counts the looks.
pub(crate) async fn sweep_again(stage: &Stage) -> usize {
    let mut looks = 0;
    for site in stage.sites() {
        looks += sweep(site).await.iter().inspect(|run| assert_nothing_done(run, true)).count();
    }
    looks
}

async fn sweep(site: &Site) -> Vec<Value> {
    let mut runs = Vec::new();
    for function in FUNCTIONS {
        runs.extend(site.runs(function, &events::sweep()).await);
    }
    runs
}

/// A place that was dealt with stays so, and a resource that nobody broke is fine.
fn assert_nothing_done(run: &Value, named: bool) {
    let fine = named || matches!(word(run, "outcome"), "already-compliant" | "out-of-scope");
    assert!(fine && run["performed"].is_null(), "nothing was to be done here: {run:#}");
}

/// How many places ended in which way.
pub(crate) fn totals(told: &[Told<'_>]) -> BTreeMap<String, usize> {
    let mut totals = BTreeMap::new();
    for one in told {
        *totals.entry(one.outcome().to_owned()).or_default() += 1;
    }
    totals
}
