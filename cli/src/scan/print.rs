//! Printing what a scan found: for people, and for programs.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use remedy_domain::{Control, Outcome, Region};
use serde::Serialize;
use serde_json::Value;

use super::results::{Finding, Scan, Unread, Would};

/// A cell that begins so is a formula to a spreadsheet: <https://cwe.mitre.org/data/definitions/1236.html>.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// How much is shown of each drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// It is counted.
    Counts,
    /// What is wrong, what the repair would change, by which calls, and who would be asked.
    Plans,
}

/// A line a control, and what they come to.
pub(super) fn table(out: &mut impl Write, scan: &Scan, detail: Detail) -> io::Result<()> {
    let looked: usize = scan.cells.iter().map(|cell| cell.looked).sum();
    let targets: usize = scan.cells.iter().map(|cell| cell.targets).sum();
    let regions: Vec<_> = scan.regions.iter().map(Region::as_str).collect();
    let controls = by_control(scan);
    let took = scan.ended.duration_since(scan.begun).as_secs();
    writeln!(
        out,
        "account {}  {}  {} controls  read-only  {looked} of {targets} targets  {:02}:{:02}",
        scan.account,
        regions.join(" "),
        controls.len(),
        took / 60,
        took % 60
    )?;
    writeln!(out, "{}", of_controls(&controls))?;
    if detail == Detail::Plans {
        for finding in scan.findings.iter().filter(|finding| finding.is_drift()) {
            plan(out, finding)?;
        }
    }
    let contained = scan.findings.iter().filter(|finding| finding.outcome == Some(Outcome::Contained)).count();
    let also = if contained == 0 { String::new() } else { format!(", {contained} contained") };
    writeln!(out, "{} drifted{also}, {} not looked at.", scan.drifted(), scan.unread())?;
    match controls.iter().find(|control| control.drifted > 0).filter(|_| detail == Detail::Counts) {
        Some(control) => writeln!(out, "Next: remedy scan --control {} --plan", control.id),
        None => Ok(()),
    }
}

/// What all places of a control come to.
struct OfControl<'a> {
    id: &'static str,
    requirements: &'static [&'static str],
    looked: usize,
    drifted: usize,
    unread: usize,
    would: BTreeMap<Would, usize>,
    why: Option<&'a Unread>,
}

fn by_control(scan: &Scan) -> Vec<OfControl<'_>> {
    let mut all: Vec<OfControl<'_>> = Vec::new();
    for cell in &scan.cells {
        if all.last().is_none_or(|last| last.id != cell.control) {
            let (looked, drifted, unread) = (0, 0, 0);
            let (id, requirements) = (cell.control, cell.requirements);
            all.push(OfControl { id, requirements, looked, drifted, unread, would: BTreeMap::new(), why: None });
        }
        let Some(last) = all.last_mut() else { continue };
        last.looked += cell.looked;
        last.unread += usize::from(cell.unread.is_some());
        last.why = last.why.or(cell.unread.as_ref());
        let here = |finding: &&Finding| finding.control == cell.control && finding.region == cell.region;
        for finding in scan.findings.iter().filter(here) {
            last.drifted += usize::from(finding.is_drift());
            last.unread += usize::from(finding.unread.is_some());
            last.why = last.why.or(finding.unread.as_ref());
            if let Some(would) = finding.would() {
                *last.would.entry(would).or_default() += 1;
            }
        }
    }
    all
}

fn of_controls(controls: &[OfControl<'_>]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["CONTROL", "45 CFR", "LOOKED", "DRIFTED", "UNREAD", "WOULD"]);
    for control in controls {
        let requirement = match control.requirements {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first, rest @ ..] => format!("{first} +{}", rest.len()),
        };
        let word = |(would, count): (&Would, &usize)| format!("{count} {}", would.word());
        let would: Vec<_> = control.would.iter().map(word).chain(control.why.map(Unread::told)).collect();
        // Nothing was looked at: a zero would look like order.
        let drifted =
            if control.looked == 0 && control.unread > 0 { "–".to_owned() } else { control.drifted.to_string() };
        let numbers = [control.looked.to_string(), drifted, control.unread.to_string()];
        let [looked, drifted, unread] = numbers;
        table.add_row([control.id.to_owned(), requirement, looked, drifted, unread, would.join(", ")]);
    }
    for number in 2..5 {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn plan(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    writeln!(out, "{}  {}", finding.control, finding.resource)?;
    for violation in &finding.violations {
        writeln!(out, "  drift    {violation}")?;
    }
    if let Some(repair) = &finding.repair {
        let (before, after) = changed(&repair.before, &repair.after);
        writeln!(out, "  before   {before}")?;
        writeln!(out, "  after    {after}")?;
        writeln!(out, "  calls    {}", repair.calls.join(", "))?;
    }
    let reason = finding.reason.as_deref().unwrap_or_default();
    match finding.would() {
        Some(Would::Auto) => writeln!(out, "  Remedy   would repair it by itself")?,
        Some(Would::Ask) => writeln!(out, "  Remedy   would ask a person: {reason}")?,
        Some(Would::Withhold) => writeln!(out, "  Remedy   would not touch it: {reason}")?,
        Some(Would::Person) | None => writeln!(out, "  Remedy   leaves it to a person: {reason}")?,
    }
    writeln!(out)
}

/// Of two settings, what differs.
fn changed(before: &Value, after: &Value) -> (Value, Value) {
    let (Value::Object(from), Value::Object(to)) = (before, after) else { return (before.clone(), after.clone()) };
    let differs = |name: &String| from.get(name) != to.get(name);
    let of = |members: &serde_json::Map<String, Value>| {
        members.iter().filter(|(name, _)| differs(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    (Value::Object(of(from)), Value::Object(of(to)))
}

/// The controls, a line each.
pub(super) fn list(out: &mut impl Write, controls: &[&'static Control]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["CONTROL", "45 CFR", "TITLE"]);
    for control in controls {
        table.add_row([control.id.0, &control.hipaa.join(" "), control.title]);
    }
    writeln!(out, "{table}")
}

/// One document.
pub(super) fn json(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, scan)?;
    writeln!(out)
}

/// A document a line.
pub(super) fn jsonl(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case", tag = "kind")]
    enum Line<'a> {
        Scan { format: u32, version: &'a str, account: &'a str, begun: String, ended: String },
        Cell(&'a super::results::Cell),
        Finding(&'a Finding),
    }
    let first = Line::Scan {
        format: scan.format,
        version: scan.version,
        account: scan.account.as_str(),
        begun: scan.begun.to_string(),
        ended: scan.ended.to_string(),
    };
    let cells = scan.cells.iter().map(Line::Cell);
    for line in std::iter::once(first).chain(cells).chain(scan.findings.iter().map(Line::Finding)) {
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

/// A line a resource and control, as RFC 4180 has it.
pub(super) fn csv(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let mut lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let head = [
        "control",
        "account",
        "region",
        "type",
        "resource",
        "outcome",
        "unread",
        "violations",
        "would",
        "calls",
        "reason",
    ];
    lines.write_record(head)?;
    for cell in scan.cells.iter().filter(|cell| cell.unread.is_some()) {
        let unread = cell.unread.as_ref().map(Unread::told).unwrap_or_default();
        let line = [cell.control, cell.account.as_str(), cell.region.as_str(), "", "", "", &unread, "", "", "", ""];
        lines.write_record(line.map(harmless))?;
    }
    for finding in &scan.findings {
        let repair = finding.repair.as_ref();
        let line = [
            finding.control,
            finding.account.as_str(),
            finding.region.as_str(),
            &finding.resource_type,
            &finding.resource,
            finding.outcome.map_or("", Outcome::word),
            &finding.unread.as_ref().map(Unread::told).unwrap_or_default(),
            &finding.violations.join("; "),
            finding.would().map_or("", Would::word),
            &repair.map(|repair| repair.calls.join(" ")).unwrap_or_default(),
            finding.reason.as_deref().unwrap_or_default(),
        ];
        lines.write_record(line.map(harmless))?;
    }
    lines.flush()
}

/// The cell as a text, whatever it begins with.
fn harmless(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        for (cell, expected) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("\tx", "'\tx"), ("phi-1", "phi-1"), ("", "")] {
            assert_eq!(harmless(cell), expected);
        }
    }

    #[test]
    fn only_what_differs_is_shown() {
        let (before, after) = changed(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3, "c": 4}));
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
        assert_eq!(changed(&json!("x"), &json!("y")), (json!("x"), json!("y")));
    }
}
