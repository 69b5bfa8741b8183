//! A scan, by control, by paragraph and by resource, with its numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    prose,
    state::{State, Tally},
};
use crate::{
    About, Cell, Finding, Scan,
    requirements::{self, PARAGRAPHS, Paragraph},
};

/// A resource: its account, Region, type and ARN.
pub(super) type Resource<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What all sections of the page are made of.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    pub(super) scan: &'a Scan,
    /// The controls, in their order; then those that are only named by findings.
    pub(super) controls: Vec<Control<'a>>,
    pub(super) total: Tally,
    pub(super) paragraphs: Vec<Row<'a>>,
    /// Each resource, with its findings by their place.
    pub(super) resources: BTreeMap<Resource<'a>, Vec<usize>>,
}

/// A control, and what it found.
#[derive(Debug)]
pub(super) struct Control<'a> {
    pub(super) id: &'a str,
    pub(super) anchor: String,
    pub(super) about: Option<&'a About>,
    pub(super) cells: Vec<&'a Cell>,
    /// With their places among the findings of the scan.
    pub(super) findings: Vec<(usize, &'a Finding)>,
    pub(super) tally: Tally,
    /// The paragraph under which its findings are written out, by its place in [`Survey::paragraphs`].
    pub(super) home: usize,
}

/// A paragraph that controls cite.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its citation; empty for controls that cite none that applies.
    pub(super) id: &'a str,
    pub(super) known: Option<&'static Paragraph>,
    /// The controls that cite it, by their place.
    pub(super) controls: Vec<usize>,
    pub(super) tally: Tally,
}

impl<'a> Survey<'a> {
    pub(super) fn of(scan: &'a Scan) -> Self {
        let mut controls = controls(scan);
        let mut total = Tally::default();
        for control in &controls {
            total += control.tally;
        }
        let paragraphs = paragraphs(scan, &mut controls);
        let mut resources: BTreeMap<Resource<'a>, Vec<usize>> = BTreeMap::new();
        for (place, finding) in scan.findings.iter().enumerate() {
            resources.entry(resource(finding)).or_default().push(place);
        }
        Self { scan, controls, total, paragraphs, resources }
    }

    pub(super) fn control(&self, id: &str) -> Option<&Control<'a>> {
        self.controls.iter().find(|control| control.id == id)
    }

    /// How many paragraphs apply, and how many of them a control of this scan cites.
    pub(super) fn covered(&self) -> (usize, usize) {
        let applies = |paragraph: &&Paragraph| requirements::applies(paragraph.id, &self.scan.organization);
        let cited = self.paragraphs.iter().filter(|row| row.known.is_some());
        (PARAGRAPHS.iter().filter(applies).count(), cited.count())
    }

    /// How many resources have drift.
    pub(super) fn drifted(&self) -> usize {
        let drift = self.scan.findings.iter().filter(|finding| State::of(finding) == State::Drift);
        drift.map(resource).collect::<BTreeSet<_>>().len()
    }
}

fn resource(finding: &Finding) -> Resource<'_> {
    (finding.account.as_str(), finding.region.as_str(), &finding.resource_type, &finding.resource)
}

fn controls(scan: &Scan) -> Vec<Control<'_>> {
    let mut ids: Vec<&str> = scan.controls.iter().map(|about| about.id.as_str()).collect();
    let mut known: BTreeSet<_> = ids.iter().copied().collect();
    let named = scan.cells.iter().map(|cell| &cell.control).chain(scan.findings.iter().map(|finding| &finding.control));
    ids.extend(named.map(String::as_str).filter(|id| known.insert(id)));
    let mut places = BTreeMap::new();
    let mut controls = Vec::new();
    for (place, id) in ids.into_iter().enumerate() {
        places.entry(id).or_insert(place);
        let is_plain = !id.is_empty() && id.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
        let anchor = if is_plain { format!("c-{id}") } else { format!("c.{place}") };
        let (cells, findings) = (Vec::new(), Vec::new());
        controls.push(Control { id, anchor, about: scan.about(id), cells, findings, tally: Tally::default(), home: 0 });
    }
    for cell in &scan.cells {
        if let Some(control) = places.get(cell.control.as_str()).and_then(|place| controls.get_mut(*place)) {
            control.cells.push(cell);
        }
    }
    for (number, finding) in scan.findings.iter().enumerate() {
        if let Some(control) = places.get(finding.control.as_str()).and_then(|place| controls.get_mut(*place)) {
            control.findings.push((number, finding));
        }
    }
    for control in &mut controls {
        control.tally = tally(control);
    }
    controls
}

fn tally(control: &Control<'_>) -> Tally {
    let mut tally = Tally::default();
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (_, finding) in &control.findings {
        tally.add(State::of(finding));
        *found.entry((finding.account.as_str(), finding.region.as_str())).or_default() += 1;
    }
    for cell in &control.cells {
        let known = found.get(&(cell.account.as_str(), cell.region.as_str())).copied().unwrap_or_default();
        // Resources that were listed, and of which the scan says no more, were not looked at.
        tally.resources_unread += cell.targets.saturating_sub(known);
        tally.lists_unread += usize::from(cell.unread.is_some());
    }
    tally
}

/// The paragraphs that controls cite, in the order of the rule; then those that the rule does not have; then a row for
/// controls that cite none. Each control gets its home.
fn paragraphs<'a>(scan: &'a Scan, controls: &mut [Control<'a>]) -> Vec<Row<'a>> {
    let applies = |id: &&str| requirements::applies(id, &scan.organization);
    let cited = |control: &Control<'a>| -> Vec<&'a str> {
        control.about.iter().flat_map(|about| &about.requirements).map(String::as_str).filter(applies).collect()
    };
    let all: BTreeSet<&str> = controls.iter().flat_map(&cited).collect();
    let in_order = PARAGRAPHS.iter().map(|paragraph| paragraph.id).filter(|id| all.contains(id));
    let others = all.iter().copied().filter(|id| requirements::paragraph(id).is_none());
    let none = controls.iter().any(|control| cited(control).is_empty()).then_some("");
    let row = |id| Row { id, known: requirements::paragraph(id), controls: Vec::new(), tally: Tally::default() };
    let mut rows: Vec<_> = in_order.chain(others).chain(none).map(row).collect();
    let places: BTreeMap<_, _> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
    for (place, control) in controls.iter_mut().enumerate() {
        let cited = cited(control);
        control.home = places.get(home(control.id, &cited)).copied().unwrap_or_default();
        let cited: BTreeSet<_> = if cited.is_empty() { [""].into() } else { cited.into_iter().collect() };
        for row in cited.iter().filter_map(|id| places.get(id)) {
            if let Some(row) = rows.get_mut(*row) {
                row.controls.push(place);
                row.tally += control.tally;
            }
        }
    }
    rows
}

/// The paragraph that a control touches most: the first that its documentation gives as the reason, of those that it
/// cites and that apply; without one, the first of those.
fn home<'a>(control: &str, cited: &[&'a str]) -> &'a str {
    let reasons = prose::reasons(control);
    let first = reasons.iter().find_map(|reason| cited.iter().find(|id| *id == reason));
    first.or(cited.first()).copied().unwrap_or_default()
}
