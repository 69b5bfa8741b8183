//! Printing what a scan found: for people, and as JSON.

mod columns;
mod plan;

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
};

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use remedy_domain::{AccountId, Control, Outcome, Region, redact::visible as shown};
use remedy_scan::{About, Cell, Finding, Scan, Seen, Subject, Unread, Would};
use serde::Serialize;

use crate::surroundings;

/// How much is shown of each drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// It is counted.
    Counts,
    /// What is wrong, what the repair would change, by which calls, and who would be asked.
    Plans,
}

/// How a table looks.
#[derive(Debug, Clone)]
pub(super) struct Style {
    /// In characters; none if nothing limits it.
    width: Option<u16>,
    ink: Ink,
    /// Where more is written.
    details: Option<PathBuf>,
}

/// Whether there is colour: never the only way something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Colour,
    Plain,
}

impl Style {
    /// Of standard output. <https://no-color.org>, <https://bixense.com/clicolors>.
    pub(super) fn of_terminal(details: Option<PathBuf>) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let off = surroundings::variable("NO_COLOR").is_some()
            || surroundings::variable("CLICOLOR").as_deref() == Some("0")
            || surroundings::variable("TERM").as_deref() == Some("dumb");
        let ink = if is_terminal && !off { Ink::Colour } else { Ink::Plain };
        let named = surroundings::variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let width = named.or_else(|| if is_terminal { Table::new().width() } else { None });
        Self { width: width.filter(|width| *width > 0), ink, details }
    }
}

/// A line a control, and what they come to.
pub(super) fn table(out: &mut impl Write, scan: &Scan, detail: Detail, style: &Style) -> io::Result<()> {
    head(out, scan)?;
    let controls = by_control(scan);
    columns::print(out, &controls, style)?;
    if detail == Detail::Plans {
        writeln!(out)?;
        let shown = |finding: &&Finding| finding.is_drift() || finding.outcome == Some(Outcome::Exempt);
        for finding in scan.findings.iter().filter(shown) {
            plan::print(out, scan, finding)?;
        }
    }
    policies(out, scan, detail)?;
    sum(out, scan, style)?;
    let next = controls.iter().find(|control| control.drifted > 0).filter(|_| detail == Detail::Counts);
    match next {
        Some(control) => writeln!(out, "Next: remedy scan --control {} --plan", control.id),
        None => Ok(()),
    }
}

fn head(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    // A resource that is out of scope for a control is no check.
    let outside = scan.count(Outcome::OutOfScope);
    let looked = scan.cells.iter().map(|cell| cell.looked).sum::<usize>().saturating_sub(outside);
    let checks = scan.cells.iter().map(|cell| cell.targets).sum::<usize>().saturating_sub(outside);
    let accounts: Vec<_> = scan.accounts.iter().map(AccountId::as_str).collect();
    let accounts = match accounts.as_slice() {
        [one] => format!("account {one}"),
        [first, rest @ ..] => format!("account {first} +{}", rest.len()),
        [] => String::new(),
    };
    let regions: Vec<_> = scan.regions.iter().map(Region::as_str).collect();
    let regions = match regions.as_slice() {
        [first, second, third, rest @ ..] if !rest.is_empty() => format!("{first} {second} {third} +{}", rest.len()),
        few => few.join(" "),
    };
    let took = scan.ended.duration_since(scan.begun).as_secs();
    let (minutes, seconds) = (took / 60, took % 60);
    let controls = scan.controls.len();
    let plural = if controls == 1 { "" } else { "s" };
    writeln!(
        out,
        "{accounts}  {regions}  {controls} control{plural}  read-only  {looked} of {checks} checks  {minutes:02}:{seconds:02}\n"
    )
}

/// What it comes to, in the last line.
fn sum(out: &mut impl Write, scan: &Scan, style: &Style) -> io::Result<()> {
    let mut parts = vec![format!("{} drifted", scan.drift().count())];
    if let Some(gone) = &scan.gone {
        let new = scan.drift().filter(|finding| finding.seen == Some(Seen::New)).count();
        parts.push(format!("{new} of it new, {} gone", gone.len()));
    }
    for (outcome, word) in
        [(Outcome::Contained, "contained"), (Outcome::Dormant, "dormant"), (Outcome::Exempt, "exempt")]
    {
        let count = scan.count(outcome);
        parts.extend((count > 0).then(|| format!("{count} {word}")));
    }
    let unread = scan.unread() + scan.policies.as_ref().map_or(0, |policies| policies.unread.len());
    parts.push(format!("{unread} not looked at"));
    let stopped = if scan.interrupted { " The scan was stopped: this is incomplete." } else { "" };
    let details = style.details.as_ref().map(|file| format!(" Details: {}", file.display())).unwrap_or_default();
    let line = format!("{}.{stopped}{details}", parts.join(", "));
    match style.ink {
        Ink::Colour => writeln!(out, "\n\u{1b}[1m{line}\u{1b}[0m"),
        Ink::Plain => writeln!(out, "\n{line}"),
    }
}

/// What policies permit, if that was asked for: what is wide, then what could not be read.
fn policies(out: &mut impl Write, scan: &Scan, detail: Detail) -> io::Result<()> {
    let Some(policies) = &scan.policies else { return Ok(()) };
    let count = |subjects: &[Subject]| -> usize { subjects.iter().filter_map(|one| policies.looked.get(one)).sum() };
    let principals = count(&[Subject::User, Subject::Group, Subject::Role]);
    let resources = count(&[Subject::Bucket, Subject::Key, Subject::Trust]);
    writeln!(
        out,
        "\npolicies of {principals} users, groups and roles, and of {resources} buckets, keys and roles' trust"
    )?;
    let mut verdicts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for finding in &policies.findings {
        verdicts.entry(&finding.verdict).or_default().push(finding);
    }
    for (verdict, findings) in &verdicts {
        writeln!(out, "  {verdict:<24}{:>5}", findings.len())?;
        for finding in findings.iter().filter(|_| detail == Detail::Plans) {
            writeln!(out, "    {}: {}", shown(&finding.resource), finding.says)?;
            for clue in &finding.clues {
                let sid = clue.sid.as_deref().map(|sid| format!(" ({})", shown(sid))).unwrap_or_default();
                writeln!(
                    out,
                    "      {} statement {}{sid}: {}",
                    shown(&clue.policy),
                    clue.statement + 1,
                    shown(&clue.clause)
                )?;
            }
        }
    }
    for (what, unread) in &policies.unread {
        writeln!(out, "? {what}: {}", unread.words())?;
    }
    Ok(())
}

/// What all places of a control come to.
struct OfControl<'a> {
    id: &'a str,
    requirements: &'a [String],
    reversible: bool,
    looked: usize,
    drifted: usize,
    contained: usize,
    dormant: usize,
    exempt: usize,
    unread: usize,
    would: BTreeMap<Would, usize>,
    why: Option<&'a Unread>,
}

/// Most drift first, then what was not read; what has no drift comes last.
fn by_control(scan: &Scan) -> Vec<OfControl<'_>> {
    let mut all: BTreeMap<&str, OfControl<'_>> = BTreeMap::new();
    for about in &scan.controls {
        all.insert(&about.id, OfControl::none(about));
    }
    for cell in &scan.cells {
        if let Some(one) = all.get_mut(cell.control.as_str()) {
            one.cell(cell);
        }
    }
    for finding in &scan.findings {
        if let Some(one) = all.get_mut(finding.control.as_str()) {
            one.finding(finding);
        }
    }
    let place = |id: &str| scan.controls.iter().position(|about| about.id == id);
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|one| {
        let rank = (one.drifted, one.contained + one.dormant, one.exempt, one.unread).into();
        (std::cmp::Reverse::<[usize; 4]>(rank), place(one.id))
    });
    all
}

impl<'a> OfControl<'a> {
    fn none(about: &'a About) -> Self {
        Self {
            id: &about.id,
            requirements: &about.requirements,
            reversible: about.reversible,
            looked: 0,
            drifted: 0,
            contained: 0,
            dormant: 0,
            exempt: 0,
            unread: 0,
            would: BTreeMap::new(),
            why: None,
        }
    }

    fn cell(&mut self, cell: &'a Cell) {
        self.looked += cell.looked;
        self.unread += usize::from(cell.unread.is_some());
        self.why = self.why.or(cell.unread.as_ref());
    }

    fn finding(&mut self, finding: &'a Finding) {
        self.looked = self.looked.saturating_sub(usize::from(finding.outcome == Some(Outcome::OutOfScope)));
        self.drifted += usize::from(finding.is_drift());
        self.contained += usize::from(finding.outcome == Some(Outcome::Contained));
        self.dormant += usize::from(finding.outcome == Some(Outcome::Dormant));
        self.exempt += usize::from(finding.outcome == Some(Outcome::Exempt));
        self.unread += usize::from(finding.unread.is_some());
        self.why = self.why.or(finding.unread.as_ref());
        if let Some(would) = finding.would() {
            *self.would.entry(would).or_default() += 1;
        }
    }

    fn has_no_drift(&self) -> bool {
        self.drifted + self.contained + self.dormant + self.exempt + self.unread == 0
    }

    /// What becomes of the drift, and what is missing for the rest.
    fn would(&self) -> String {
        let word = |(would, count): (&Would, &usize)| format!("{count} {}", would.word());
        let no_way_back = self.would.keys().any(|would| matches!(would, Would::Auto | Would::Ask)) && !self.reversible;
        let held = [(self.contained, "contained"), (self.dormant, "dormant")];
        let held = held.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let words = self.would.iter().map(word).chain(held);
        let words = words.chain(no_way_back.then(|| "cannot be reverted".to_owned()));
        words.chain(self.why.map(Unread::words)).collect::<Vec<_>>().join(", ")
    }
}

/// The controls, a line each.
pub(super) fn list(out: &mut (impl Write + ?Sized), controls: &[&'static Control]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["CONTROL", "45 CFR", "TITLE"]);
    for control in controls {
        table.add_row([control.id.0, &control.paragraphs().join(" "), control.title]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// Each control in each place, and whether it could look at one resource there.
pub(super) fn check(out: &mut (impl Write + ?Sized), scan: &Scan) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["CONTROL", "ACCOUNT", "REGION", "RESULT"]);
    for cell in &scan.cells {
        let here = |finding: &&Finding| {
            finding.control == cell.control && finding.account == cell.account && finding.region == cell.region
        };
        let of_resource = || scan.findings.iter().filter(here).find_map(|finding| finding.unread.as_ref());
        let result = match cell.unread.as_ref().or_else(of_resource) {
            Some(unread) => unread.words(),
            None if cell.targets == 0 => "can list; there is no resource to try".to_owned(),
            None => "can look".to_owned(),
        };
        table.add_row([cell.control.as_str(), cell.account.as_str(), cell.region.as_str(), &result]);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    for (what, unread) in scan.policies.iter().flat_map(|policies| &policies.unread) {
        writeln!(out, "{what}: {}", unread.words())?;
    }
    let missing: std::collections::BTreeSet<_> = denied(scan).collect();
    if missing.is_empty() {
        return writeln!(out, "\nNo call was denied.");
    }
    writeln!(out, "\nDenied: {}", missing.into_iter().collect::<Vec<_>>().join(", "))?;
    writeln!(out, "A control stops at the first call that is denied. All that it needs: remedy scan --print-policy")
}

fn denied(scan: &Scan) -> impl Iterator<Item = &str> {
    let unread = scan.cells.iter().filter_map(|cell| cell.unread.as_ref());
    let unread = unread.chain(scan.findings.iter().filter_map(|finding| finding.unread.as_ref()));
    let of_policies = scan.policies.iter().flat_map(|policies| policies.unread.iter().map(|(_, unread)| unread));
    let unread = unread.chain(of_policies);
    unread.filter(|unread| unread.state == remedy_scan::State::Denied).map(|unread| unread.detail.as_str())
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
        Scan(&'a Scan),
        Cell(&'a Cell),
        Finding(&'a Finding),
    }
    let head = without_lists(scan);
    let lines = std::iter::once(Line::Scan(&head)).chain(scan.cells.iter().map(Line::Cell));
    for line in lines.chain(scan.findings.iter().map(Line::Finding)) {
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

/// All but its two long lists.
fn without_lists(scan: &Scan) -> Scan {
    let (cells, findings) = (Vec::new(), Vec::new());
    let Scan { version, account, caller, accounts, regions, settings, organization, controls, gone, policies, .. } =
        scan;
    Scan {
        format: scan.format,
        version: version.clone(),
        begun: scan.begun,
        ended: scan.ended,
        interrupted: scan.interrupted,
        account: account.clone(),
        caller: caller.clone(),
        accounts: accounts.clone(),
        regions: regions.clone(),
        settings: settings.clone(),
        organization: organization.clone(),
        controls: controls.clone(),
        cells,
        findings,
        gone: gone.clone(),
        policies: policies.clone(),
    }
}
