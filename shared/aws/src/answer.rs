//! The answer to an invocation, as JSON.

use std::collections::BTreeMap;

use remedy_domain::{Outcome, ask::Forecast, trigger::Idle};
use remedy_engine::Report;
use serde_json::{Map, Value, json};

/// An answer beyond this size loses the runs that found nothing wrong; Lambda takes 6 MB.
const LARGEST: usize = 5_000_000;

/// What a delivery came to.
#[derive(Debug, Default)]
pub(crate) struct InvocationAnswer {
    /// One report a run.
    pub(crate) reports: Vec<Report>,
    /// Why there was nothing to look at.
    pub(crate) idle: Vec<Idle>,
    /// Messages sent by a sweep.
    pub(crate) enqueued: Option<usize>,
    /// Evaluations sent to AWS Config.
    pub(crate) evaluations: Option<usize>,
    /// What would come of it if every control were enforced today, by control; where somebody asked.
    pub(crate) status: Option<BTreeMap<&'static str, BTreeMap<&'static str, usize>>>,
}

impl InvocationAnswer {
    /// Takes in what another part of the delivery came to.
    pub(crate) fn add(&mut self, more: Self) {
        let sum = |a: Option<usize>, b: Option<usize>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        self.reports.extend(more.reports);
        self.idle.extend(more.idle);
        self.enqueued = sum(self.enqueued, more.enqueued);
        self.evaluations = sum(self.evaluations, more.evaluations);
    }

    /// Whether nothing came of it: it was about nothing that is looked after here.
    pub(crate) fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.enqueued.is_none() && self.evaluations.is_none() && self.status.is_none()
    }

    /// Counts messages that a sweep sent.
    pub(crate) fn sent(&mut self, messages: usize) {
        self.enqueued = Some(self.enqueued.unwrap_or(0) + messages);
    }

    /// Counts what would come of these runs if their controls were enforced.
    pub(crate) fn count(&mut self, reports: &[Report]) {
        let status = self.status.get_or_insert_default();
        for report in reports {
            let column = match (report.forecast, report.outcome) {
                (Some(Forecast::Write), _) => "writes",
                (Some(Forecast::Approval), _) => "approvals",
                (Some(Forecast::Withheld), _) => "withheld",
                (None, outcome) => outcome.word(),
            };
            *status.entry(report.control.0).or_default().entry(column).or_default() += 1;
        }
    }

    /// The answer to a direct invocation.
    pub(crate) fn to_json(&self) -> Value {
        let mut answer = self.members(&self.reports);
        if answer.to_string().len() > LARGEST {
            let (dull, telling): (Vec<_>, Vec<_>) =
                self.reports.iter().partition(|report| report.outcome == Outcome::AlreadyCompliant);
            let telling: Vec<_> = telling.into_iter().cloned().collect();
            answer = self.members(&telling);
            insert(&mut answer, "omitted", Some(json!(dull.len())));
        }
        answer
    }

    fn members(&self, reports: &[Report]) -> Value {
        let mut answer = json!({"runs": reports.iter().map(run).collect::<Vec<_>>()});
        let idle = (!self.idle.is_empty()).then(|| json!(self.idle));
        insert(&mut answer, "ignored", idle);
        insert(&mut answer, "enqueued", self.enqueued.map(Value::from));
        insert(&mut answer, "status", self.status.as_ref().map(|status| json!(status)));
        insert(&mut answer, "evaluations", self.evaluations.map(Value::from));
        answer
    }
}

fn insert(answer: &mut Value, name: &str, member: Option<Value>) {
    if let (Some(object), Some(member)) = (answer.as_object_mut(), member) {
        object.insert(name.to_owned(), member);
    }
}

/// One run.
pub(crate) fn run(report: &Report) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, member: Value| members.insert(name.to_owned(), member);
    put("control", json!(report.control));
    put("resource", json!(remedy_domain::redact::text(&report.target.id)));
    put("account", json!(report.target.account));
    put("region", json!(report.target.region));
    put("outcome", json!(report.outcome));
    put("violations", json!(report.wrongs()));
    put("evidence", json!(report.evidence));
    for (name, member) in [
        ("elements", (!report.violations.is_empty()).then(|| json!(report.elements()))),
        ("reason", report.reason.as_ref().map(|reason| json!(reason.text))),
        ("reason_code", report.code().map(Value::from)),
        ("check", report.objection.as_ref().map(|objection| json!(objection.check))),
        ("change", report.objection.as_ref().map(|objection| json!(objection.change))),
        ("forecast", report.forecast.map(|forecast| json!(forecast))),
        ("plan", report.plan.as_ref().map(|plan| json!(plan))),
        ("before", report.before.clone()),
        ("after", report.after.clone()),
        ("performed", (!report.performed.is_empty()).then(|| json!(report.performed))),
    ] {
        member.map(|member| put(name, member));
    }
    Value::Object(members)
}
