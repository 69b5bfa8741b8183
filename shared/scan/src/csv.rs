//! The scan as lines of values: RFC 4180.

use std::io::{self, Write};

use remedy_domain::Outcome;

use crate::{Cell, Finding, PolicyFinding, Scan, Unread, Would, said};

/// A cell that begins so is a formula to a spreadsheet: <https://cwe.mitre.org/data/definitions/1236.html>.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
const HEAD: [&str; 16] = [
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
    "exempt_until",
    "exempt_owner",
    "seen",
    "elements",
    "reason_code",
];

/// Writes a line for each control in a place whose resources could not be listed, one for each resource and control, and, if that was
/// asked for, one for each thing that policies permit.
pub fn write(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let mut lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    lines.write_record(HEAD)?;
    for cell in &scan.cells {
        if let Some(unread) = &cell.unread {
            lines.write_record(of_cell(cell, unread).map(harmless))?;
        }
    }
    for finding in &scan.findings {
        lines.write_record(of_finding(finding).map(harmless))?;
    }
    for (what, unread) in scan.policies.iter().flat_map(|policies| &policies.unread) {
        let mut line = [const { String::new() }; HEAD.len()];
        let [control, _, _, kind, _, _, why, ..] = &mut line;
        "policies".clone_into(control);
        what.clone_into(kind);
        *why = unread.words();
        lines.write_record(line.map(harmless))?;
    }
    for finding in scan.policies.iter().flat_map(|policies| &policies.findings) {
        lines.write_record(of_policy(finding).map(harmless))?;
    }
    lines.flush()
}

/// Something that policies permit.
fn of_policy(finding: &PolicyFinding) -> [String; HEAD.len()] {
    let mut line = [const { String::new() }; HEAD.len()];
    let [control, account, region, kind, resource, outcome, _, violations, ..] = &mut line;
    *control = finding.name();
    *account = finding.account.to_string();
    *region = finding.region().to_string();
    finding.subject.resource_type().clone_into(kind);
    finding.resource.clone_into(resource);
    "permits".clone_into(outcome);
    *violations = said::permits(finding).join("; ");
    line
}

fn of_cell(cell: &Cell, unread: &Unread) -> [String; HEAD.len()] {
    let mut line = [const { String::new() }; HEAD.len()];
    let [control, account, region, _, _, _, why, ..] = &mut line;
    cell.control.clone_into(control);
    cell.account.as_str().clone_into(account);
    cell.region.as_str().clone_into(region);
    *why = unread.words();
    line
}

fn of_finding(finding: &Finding) -> [String; HEAD.len()] {
    let repair = finding.repair.as_ref();
    let exempted = finding.exempted.as_ref();
    [
        finding.control.clone(),
        finding.account.to_string(),
        finding.region.to_string(),
        finding.resource_type.clone(),
        finding.resource.clone(),
        finding.outcome.map_or("", Outcome::word).to_owned(),
        finding.unread.as_ref().map(Unread::words).unwrap_or_default(),
        finding.violations.join("; "),
        finding.would().map_or("", Would::word).to_owned(),
        repair.map(|repair| repair.calls.join(" ")).unwrap_or_default(),
        finding.reason.clone().unwrap_or_default(),
        exempted.map(|exempted| exempted.until.to_string()).unwrap_or_default(),
        exempted.map(|exempted| exempted.owner.clone()).unwrap_or_default(),
        said::seen(finding.seen).to_owned(),
        finding.elements.join("; "),
        finding.reason_code.clone().unwrap_or_default(),
    ]
}

/// The cell as a text, whatever it begins with.
fn harmless(cell: String) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn lines() -> Vec<csv::StringRecord> {
        let mut out = Vec::new();
        write(&mut out, &sample::scan()).unwrap();
        let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        lines.records().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_cell_is_no_formula() {
        for (cell, expected) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("\tx", "'\tx"), ("phi-1", "phi-1"), ("", "")] {
            assert_eq!(harmless(cell.to_owned()), expected);
        }
        let lines = lines();
        assert!(lines.iter().flatten().all(|cell| !cell.starts_with(FORMULA)));
        assert!(lines.iter().any(|line| &line[4] == "'=cmd|'/C calc'!A1"));
    }

    #[test]
    fn each_resource_and_each_unread_place_has_a_line() {
        let (scan, lines) = (sample::scan(), lines());
        let places = scan.cells.iter().filter(|cell| cell.unread.is_some()).count();
        let policies = scan.policies.as_ref().unwrap();
        let of_policies = policies.unread.len() + policies.findings.len();
        assert_eq!(lines.len(), 1 + places + scan.findings.len() + of_policies);
        assert_eq!(lines.iter().filter(|line| &line[5] == "permits").count(), policies.findings.len());
        let unread = lines.iter().skip(1).filter(|line| !line[6].is_empty() && &line[0] != "policies");
        assert_eq!(unread.clone().count(), scan.unread());
        for line in unread {
            assert_eq!((&line[5], &line[8]), ("", ""), "what was not looked at has no outcome");
        }
    }

    #[test]
    fn lines_end_as_the_rfc_has_it_and_tell_of_exemptions_and_earlier_scans() {
        let mut out = Vec::new();
        write(&mut out, &sample::scan()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("control,account,")
                && text.contains(",exempt_until,exempt_owner,seen,elements,reason_code\r\n")
        );
        assert!(text.contains("web-team,,,\r\n") && text.contains("2026-12-31T00:00:00Z"));
        assert!(
            text.contains(",new,block-public-acls; public-statement,\r\n")
                && text.contains(",unchanged,block-public-acls; public-statement,used-by-others\r\n")
        );
    }
}
