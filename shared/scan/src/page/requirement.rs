//! The paragraphs of the rule, each with its controls and findings.

use std::collections::BTreeMap;

use super::{
    finding::{Open, Written},
    prose::{self, Said, Span},
    state::{State, Tally},
    survey::{Control, Row, Survey},
    text::{Text, count, grouped},
    unread::{next, reasons},
};
use crate::{Finding, requirements};

/// A paragraph.
#[derive(Debug)]
pub(crate) struct Paragraph {
    pub(crate) anchor: String,
    /// For sorting.
    pub(crate) order: String,
    pub(crate) id: Text,
    pub(crate) subject: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) numbers: Vec<Number>,
    pub(crate) summary: String,
    pub(crate) names: Vec<Text>,
    pub(crate) more: String,
    pub(crate) open: Open,
    pub(crate) controls: Vec<Shown>,
    pub(crate) also_head: &'static str,
    pub(crate) also: Vec<Also>,
}

/// A number of a paragraph; without a state it is plain.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) state: Option<State>,
    pub(crate) class: &'static str,
}

/// A control under its paragraph.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) anchor: String,
    pub(crate) title: Text,
    pub(crate) id: Text,
    pub(crate) counts: String,
    pub(crate) said: Vec<Said>,
    pub(crate) cites: Vec<Cited>,
    pub(crate) unread: Vec<NotRead>,
    pub(crate) findings: Vec<Written>,
}

/// Paragraphs that a control cites, and whose mapping that is.
#[derive(Debug)]
pub(crate) struct Cited {
    pub(crate) by: String,
    pub(crate) paragraphs: Vec<Text>,
}

/// What a control did not read, for one reason.
#[derive(Debug)]
pub(crate) struct NotRead {
    pub(crate) what: Text,
    pub(crate) next: Vec<Span>,
}

/// A control that is written out under another paragraph.
#[derive(Debug)]
pub(crate) struct Also {
    pub(crate) anchor: String,
    pub(crate) id: Text,
    pub(crate) counts: String,
    pub(crate) by: String,
}

pub(super) fn paragraphs(survey: &Survey<'_>) -> Vec<Paragraph> {
    let drift = |place: usize| -> usize {
        survey.controls.iter().filter(|control| control.home == place).map(|control| control.tally.drift).sum()
    };
    let most = (0..survey.paragraphs.len()).rev().max_by_key(|place| drift(*place)).filter(|place| drift(*place) > 0);
    let row = |(place, row): (usize, &Row<'_>)| {
        let open = if Some(place) == most { Open::Open } else { Open::Shut };
        paragraph(survey, place, row, open)
    };
    survey.paragraphs.iter().enumerate().map(row).collect()
}

fn paragraph(survey: &Survey<'_>, place: usize, row: &Row<'_>, open: Open) -> Paragraph {
    let all = || row.controls.iter().filter_map(|control| survey.controls.get(*control));
    let (mut here, mut elsewhere): (Vec<_>, Vec<_>) = all().partition(|control| control.home == place);
    let key = |control: &&Control<'_>| std::cmp::Reverse((control.tally.drift, control.tally.looked()));
    here.sort_by_key(key);
    elsewhere.sort_by_key(key);
    let mut controls: Vec<_> = here.iter().map(|control| shown(survey, control)).collect();
    if open == Open::Open
        && let Some(first) = controls.first_mut().and_then(|control| control.findings.first_mut())
    {
        first.open = Open::Open;
    }
    let names = here.iter().chain(&elsewhere).map(|control| Text::of(control.id));
    let known = row.known;
    Paragraph {
        anchor: known.map_or_else(|| format!("r.{place}"), |known| format!("r-{}", known.id)),
        order: format!("{place:03}"),
        id: Text::of(if row.id.is_empty() { "No paragraph" } else { row.id }),
        subject: known.map_or(if row.id.is_empty() { "that applies here" } else { "" }, |known| known.subject),
        kind: known.map_or("–", |known| known.kind.word()),
        numbers: numbers(&row.tally),
        summary: count(row.controls.len(), "control"),
        names: names.take(3).collect(),
        more: if row.controls.len() > 3 { format!(" and {} more", row.controls.len() - 3) } else { String::new() },
        open,
        also_head: if here.is_empty() {
            "Counted here, written out under another paragraph"
        } else {
            "Also counted here, written out under another paragraph"
        },
        controls,
        also: elsewhere.iter().map(|control| also(control, row.id)).collect(),
    }
}

/// Looked at, no drift, drifted, contained or dormant, exempt, not read.
fn numbers(tally: &Tally) -> Vec<Number> {
    let nothing = tally.looked() == 0 && tally.unread() > 0;
    let number = |some: usize, state: Option<State>| match some {
        0 if nothing && state != Some(State::Unread) => Number { text: "–".to_owned(), state: None, class: " z" },
        0 => Number { text: "0".to_owned(), state: None, class: " z" },
        _ => Number { text: grouped(some), state: state.filter(|state| *state != State::NoDrift), class: "" },
    };
    let looked =
        Number { text: grouped(tally.looked()), state: None, class: if tally.looked() == 0 { " z" } else { "" } };
    vec![
        looked,
        number(tally.no_drift, Some(State::NoDrift)),
        number(tally.drift, Some(State::Drift)),
        number(tally.held(), Some(if tally.contained == 0 { State::Dormant } else { State::Contained })),
        number(tally.exempt, Some(State::Exempt)),
        number(tally.unread(), Some(State::Unread)),
    ]
}

/// `47 looked at, 6 drifted, 1 exempt`.
fn counts(tally: &Tally) -> String {
    let parts = [
        (tally.drift, "drifted"),
        (tally.contained, "contained"),
        (tally.dormant, "dormant"),
        (tally.exempt, "exempt"),
        (tally.unread(), "not read"),
    ];
    let mut words = vec![format!("{} looked at", grouped(tally.looked()))];
    words.extend(parts.iter().filter(|(some, _)| *some > 0).map(|(some, word)| format!("{} {word}", grouped(*some))));
    words.join(", ")
}

fn mapped_by(control: &Control<'_>, paragraph: &str) -> String {
    control.about.map(|about| requirements::mapped_by(about, paragraph).join(", ")).unwrap_or_default()
}

/// The paragraphs by whose mapping they are; what most is said of first.
fn cites(control: &Control<'_>) -> Vec<Cited> {
    let mut sources: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    for id in control.about.iter().flat_map(|about| &about.requirements) {
        sources.entry(mapped_by(control, id)).or_default().push(Text::of(id));
    }
    let mut cites: Vec<_> = sources.into_iter().map(|(by, paragraphs)| Cited { by, paragraphs }).collect();
    cites.sort_by_key(|cited| std::cmp::Reverse(cited.paragraphs.len()));
    cites
}

fn also(control: &Control<'_>, paragraph: &str) -> Also {
    let tally = &control.tally;
    let counts = match (tally.looked(), tally.drift) {
        (0, _) if tally.unread() > 0 => "nothing read".to_owned(),
        (looked, drift) => format!("{} of {} drifted", grouped(drift), grouped(looked)),
    };
    Also { anchor: control.anchor.clone(), id: Text::of(control.id), counts, by: mapped_by(control, paragraph) }
}

fn shown(survey: &Survey<'_>, control: &Control<'_>) -> Shown {
    let account = |account: &str| if survey.scan.accounts.len() > 1 { account.to_owned() } else { String::new() };
    let mut violations: Vec<_> =
        control.findings.iter().filter(|(_, finding)| State::of(finding).is_violation()).collect();
    violations.sort_by_key(|(place, finding)| (State::of(finding), *place));
    let written = |found: &&(usize, &Finding)| Written::of(**found, control.about, &account(found.1.account.as_str()));
    Shown {
        anchor: control.anchor.clone(),
        title: Text::of(control.about.map_or(control.id, |about| about.title.as_str())),
        id: Text::of(control.id),
        counts: counts(&control.tally),
        said: prose::of(control.id),
        cites: cites(control),
        unread: unread(control),
        findings: violations.iter().map(written).collect(),
    }
}

fn unread(control: &Control<'_>) -> Vec<NotRead> {
    let reasons = reasons(control.findings.iter().map(|(_, finding)| *finding), control.cells.iter().copied());
    let not_read = |(why, reason): (_, super::unread::Reason<'_>)| NotRead {
        what: Text::of(&format!("{} in {} not read.", reason.what(), reason.places())),
        next: next(why),
    };
    reasons.into_iter().map(not_read).collect()
}
