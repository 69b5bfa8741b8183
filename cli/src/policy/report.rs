//! The report for people.

use std::fmt::Write as _;

use remedy_domain::Timestamp;
use remedy_policy::{
    Holder, Identity, Kind, Policy, Resource,
    document::decoded,
    explain::{Clue, Finding},
};

use super::{CLEAN, FAILED, FOUND, guessed};

/// The number of places shown for one finding.
const SHOWN: usize = 20;

/// The exit status and the report of one document, about requests at this time or later.
pub(crate) fn of(name: &str, text: &str, kind: Option<Kind>, now: Option<Timestamp>) -> (u8, String) {
    let text = match decoded(text) {
        Ok(text) => text,
        Err(error) => return (FAILED, format!("{name}: no policy: {error}\n")),
    };
    let kind = kind.unwrap_or_else(|| guessed(&text));
    let policy = match Policy::parse(kind, &text) {
        Ok(policy) => policy.as_of(now),
        Err(error) => {
            let place = pointed(&text, error.at, error.at + 1);
            return (FAILED, format!("{name}: no policy: {error}\n{place}"));
        }
    };
    let findings = if kind == Kind::Identity {
        let holder = Holder::of(&policy);
        match Identity::of(&holder) {
            Ok(found) => found.findings(&holder),
            Err(error) => return (FAILED, format!("{name}: not analysed: {error}\n")),
        }
    } else {
        Resource::of(&policy).findings(&policy)
    };
    if findings.is_empty() {
        return (CLEAN, format!("{name}: nothing found ({} policy)\n", attached(kind)));
    }
    let mut out = format!("{name}: {} policy\n", attached(kind));
    for finding in &findings {
        show(&mut out, &text, finding);
    }
    (FOUND, out)
}

const fn attached(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Bucket => "bucket",
        Kind::Key => "key",
        Kind::Trust => "trust",
        Kind::Resource => "resource",
    }
}

fn show(out: &mut String, text: &str, finding: &Finding) {
    let _infallible = writeln!(out, "\n  {}: {}", finding.verdict, finding.says);
    for Clue { statement, sid, span, missing, .. } in finding.clues.iter().take(SHOWN) {
        let sid = sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
        let _infallible = writeln!(out, "    statement {statement}{sid}; to restrict it: {missing}");
        out.push_str(&pointed(text, span.start, span.end));
    }
    if let Some(more) = finding.clues.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _infallible = writeln!(out, "    and {more} more places");
    }
}

/// The line of the text where something stands, and a mark below it.
fn pointed(text: &str, start: usize, end: usize) -> String {
    let before = text.get(..start).unwrap_or(text);
    let number = before.matches('\n').count() + 1;
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(from..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = before.len() - from;
    // A long line is cut to what surrounds the place.
    let skipped = if line.len() <= 100 { 0 } else { column.saturating_sub(40) };
    let window: String = line.chars().skip(skipped).take(100).collect();
    let indent = column - skipped;
    let width = (end.saturating_sub(start)).clamp(1, window.chars().count().saturating_sub(indent).max(1));
    format!("    {number:>5} | {window}\n          | {}{}\n", " ".repeat(indent), "^".repeat(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clause_is_pointed_at() {
        let text = "{\n  \"Statement\": {\"Sid\": \"Open\", \"Effect\": \"Allow\", \"Principal\": \"*\",\n    \"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::b\"}\n}";
        let (status, report) = of("b.json", text, None, None);
        assert_eq!(status, FOUND);
        assert!(report.contains("b.json: bucket policy") && report.contains("public: anyone is let in"), "{report}");
        assert!(
            report.contains("statement 0 (Open)") && report.contains("        2 | ") && report.contains("^^^"),
            "{report}"
        );
    }

    #[test]
    fn the_exit_status_tells_the_three_cases() {
        let clean = r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
        assert_eq!(of("a", clean, None, None).0, CLEAN);
        assert_eq!(of("a", &clean.replace("s3:GetObject", "*"), None, None).0, FOUND);
        let (status, report) = of("a", "{\"Statement\":}", None, None);
        assert_eq!(status, FAILED);
        assert!(report.contains("byte 13") && report.contains('^'), "{report}");
    }

    #[test]
    fn the_kind_is_told_from_the_elements() {
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
        assert!(of("a", trust, None, None).1.contains("trust policy"));
        let key = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}"#;
        assert!(of("a", key, None, None).1.contains("key policy"));
    }
}
