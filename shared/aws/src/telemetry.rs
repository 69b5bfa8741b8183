//! Logs and metrics: one wide event a run, embedded metrics of how it ended and how soon somebody must look, allow-listed
//! fields only.

use std::io::Write as _;

use remedy_domain::{Fault, FaultKind, Timestamp, outcome::Alarm, redact, trigger::Refusal};
use remedy_engine::Report;
use serde_json::{Value, json};
use tracing_subscriber::fmt;

/// Sets up JSON logs on standard output.
pub(crate) fn begin() {
    let subscriber = fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // A second call finds the first one's subscriber in place, which does as well.
    let _ = subscriber.without_time().with_target(false).try_init();
}

/// One run.
pub(crate) fn run(function: &str, report: &Report, now: Timestamp) {
    tracing::info!(
        function = function,
        control.id = report.control.0,
        target.account = report.target.account.as_str(),
        target.region = report.target.region.as_str(),
        target.id = redact::text(&report.target.id),
        outcome = report.outcome.word(),
        alarm = ?report.alarm(),
        check = report.objection.as_ref().map(|objection| objection.check),
        plan.id = report.plan.as_ref().map(remedy_domain::PlanId::as_str),
        elements = report.elements().join(","),
        reason = report.reason.as_ref().map(|reason| &*reason.text),
        reason.code = report.code(),
        fault.code = report.fault.as_ref().map(|fault| fault.code.as_str()),
        calls = report.performed.len(),
        "run"
    );
    let counted = Measure { metric: "Outcomes", unit: "Count", value: 1 };
    let dimensions = [("control", report.control.0), ("outcome", report.outcome.word())];
    print(&with(embedded(function, now, &counted, &dimensions), codes(report)));
    alarm(function, report.alarm(), now);
}

/// An invocation that failed.
pub(crate) fn failed(function: &str, fault: &Fault, now: Timestamp) {
    tracing::error!(function = function, fault.doing = %fault.doing, fault.code = %fault.code, "failed");
    alarm(function, fault.kind.alarm(), now);
}

/// A notice that did not reach the topic.
pub(crate) fn unsent(function: &str, control: &str, fault: &Fault, now: Timestamp) {
    tracing::error!(function = function, control.id = control, fault.code = %fault.code, "a notice could not be sent");
    count(function, now, "NoticesUnsent", &[]);
}

/// How soon somebody must look: what the alarms of the deployment count.
pub(crate) fn alarm(function: &str, alarm: Alarm, now: Timestamp) {
    if alarm != Alarm::None {
        count(function, now, "Alarms", &[("class", alarm.word())]);
    }
}

/// A delivery that was refused.
pub(crate) fn refused(function: &str, refusal: &Refusal, digest: &str, size: usize, now: Timestamp) {
    let kind = refusal.kind().to_string();
    tracing::warn!(function = function, refusal.kind = kind, payload.sha256 = digest, payload.bytes = size, "refused");
    count(function, now, "Refused", &[("kind", &kind)]);
    alarm(function, FaultKind::Untrusted.alarm(), now);
}

/// One count.
fn count(function: &str, now: Timestamp, metric: &str, dimensions: &[(&str, &str)]) {
    measure(function, now, &Measure { metric, unit: "Count", value: 1 }, dimensions);
}

/// A measurement.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    /// The metric's name.
    pub metric: &'a str,
    /// One of CloudWatch's units, such as `Count` or `Seconds`.
    pub unit: &'a str,
    /// The value.
    pub value: i64,
}

/// The metrics that one alarm counts over all functions of the stack: each also without the dimension `function`.
const OF_THE_STACK: [&str; 2] = ["Alarms", "NoticesUnsent"];

/// One line in CloudWatch's embedded metric format. Dimensions have few values: never a resource.
pub fn measure(function: &str, now: Timestamp, measure: &Measure<'_>, dimensions: &[(&str, &str)]) {
    print(&embedded(function, now, measure, dimensions));
}

/// The codes of a run as properties of a metric: a query of the logs counts by them, and no value costs a metric of its own.
fn codes(report: &Report) -> impl Iterator<Item = (String, Value)> {
    let elements = (!report.violations.is_empty()).then(|| ("elements".to_owned(), json!(report.elements())));
    elements.into_iter().chain(report.code().map(|code| ("reason_code".to_owned(), json!(code))))
}

fn with(mut line: Value, properties: impl Iterator<Item = (String, Value)>) -> Value {
    if let Some(members) = line.as_object_mut() {
        members.extend(properties);
    }
    line
}

fn print(line: &Value) {
    // Metrics that cannot be written are lost; a run is not.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn embedded(function: &str, now: Timestamp, measure: &Measure<'_>, dimensions: &[(&str, &str)]) -> Value {
    let of_stack: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let mut sets = vec![[&["function"], of_stack.as_slice()].concat()];
    // A set may be empty: the metric has no dimensions then.
    sets.extend(OF_THE_STACK.contains(&measure.metric).then_some(of_stack));
    let line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Remedy",
                "Dimensions": sets,
                "Metrics": [{"Name": measure.metric, "Unit": measure.unit}],
            }],
        },
        "function": function,
    });
    let values = dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    with(line, values.chain([(measure.metric.to_owned(), json!(measure.value))]))
}
