//! The report of a verification, as text and as JSON.

use std::fmt::Write as _;

use remedy_domain::redact;
use remedy_evidence::{Hour, Report, Verdict};

/// So many lines of one sort are shown; JSON has them all.
const SHOWN: usize = 100;

/// The report for a person: one line a finding, and what was verified.
pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    lines(&mut out, "findings", report.findings.iter().map(ToString::to_string));
    lines(&mut out, "objects that could not be read", report.unreadable.iter().map(ToString::to_string));
    let of = |what: &'static str| move |key: &String| format!("{what}: {key}");
    lines(&mut out, "objects of a later release", report.unknown.iter().map(of("unknown")));
    lines(&mut out, "objects that are no records", report.invalid.iter().map(of("no record")));
    lines(&mut out, "objects that are no manifests", report.stepped_over.iter().map(of("no manifest, stepped over")));
    let verdict = match report.verdict() {
        Verdict::Intact => "intact",
        Verdict::Tampered => "NOT INTACT",
        Verdict::CannotSay => "CANNOT SAY",
    };
    let span = match (report.from, report.to) {
        (Some(from), Some(to)) => format!("{from} to {}", to.ends()),
        _ => "nothing sealed".to_owned(),
    };
    let _infallible = writeln!(
        out,
        "{verdict}: {} objects under {} manifests, {span}; {} newer and not sealed yet; {} unknown, {} unreadable; {} findings, as of {}",
        report.sealed,
        report.manifests,
        report.unsealed.len(),
        report.unknown.len(),
        report.unreadable.len(),
        report.findings.len(),
        report.at,
    );
    if let Some(origin) = &report.origin {
        let genesis = report.genesis.as_deref().unwrap_or("not known");
        let (origin, keys) = (redact::text(origin), report.keys.join(", "));
        let _infallible = writeln!(out, "bucket {origin}; genesis {genesis}; signed by {keys}");
    }
    if report.anchored > 0 {
        let _infallible = writeln!(out, "{} seals agree with the anchor", report.anchored);
    }
    out
}

/// An attacker may have chosen the keys: nothing in a line may break or hide it.
fn lines(out: &mut String, what: &str, all: impl ExactSizeIterator<Item = String>) {
    let hidden = all.len().saturating_sub(SHOWN);
    for line in all.take(SHOWN) {
        let _infallible = writeln!(out, "{}", redact::text(&line));
    }
    if hidden > 0 {
        let _infallible = writeln!(out, "and {hidden} more {what}: --json has all");
    }
}

/// The report for a program.
pub(crate) fn json(report: &Report) -> String {
    let mut value = serde_json::json!(report);
    if let Some(members) = value.as_object_mut() {
        members.insert("intact".to_owned(), report.is_intact().into());
        members.insert("verdict".to_owned(), serde_json::json!(report.verdict()));
        let end: Option<_> = report.to.map(Hour::ends);
        members.insert("until".to_owned(), serde_json::json!(end));
    }
    format!("{value}\n")
}
