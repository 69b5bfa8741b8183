//! What was not looked at, by reason, and what to do next.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    prose::Span,
    state::State,
    text::{Text, count, kind, listed},
};
use crate::{Cell, Finding, State as Why, Unread};

/// All that was not looked at for one reason.
#[derive(Debug, Default)]
pub(super) struct Reason<'a> {
    pub(super) findings: Vec<&'a Finding>,
    pub(super) cells: Vec<&'a Cell>,
}

/// By reason, in the order of the kinds.
pub(super) fn reasons<'a>(
    findings: impl Iterator<Item = &'a Finding>,
    cells: impl Iterator<Item = &'a Cell>,
) -> BTreeMap<(Why, &'a str), Reason<'a>> {
    let mut reasons: BTreeMap<(Why, &str), Reason<'_>> = BTreeMap::new();
    for finding in findings.filter(|finding| finding.unread.is_some() || State::of(finding) == State::Unread) {
        let why = finding.unread.as_ref().map_or((Why::Failed, "no reason is given"), key);
        reasons.entry(why).or_default().findings.push(finding);
    }
    for cell in cells {
        if let Some(unread) = &cell.unread {
            reasons.entry(key(unread)).or_default().cells.push(cell);
        }
    }
    reasons
}

pub(super) fn key(unread: &Unread) -> (Why, &str) {
    (unread.state, &unread.detail)
}

impl Reason<'_> {
    /// What it is, without where.
    pub(super) fn what(&self) -> String {
        let mut kinds: BTreeMap<Text, BTreeSet<_>> = BTreeMap::new();
        for finding in &self.findings {
            let resource = (&finding.account, &finding.region, &finding.resource);
            kinds.entry(kind(&finding.resource_type)).or_default().insert(resource);
        }
        let mut words: Vec<_> = kinds.iter().map(|(kind, some)| count(some.len(), kind.as_str())).collect();
        if !self.cells.is_empty() {
            words.push(
                count(self.cells.len(), "list")
                    + if self.cells.len() == 1 { " of resources" } else { " with unknown numbers of resources" },
            );
        }
        listed(&words)
    }

    /// Where, in as many words as fit a line.
    pub(super) fn places(&self) -> Text {
        let places =
            self.findings.iter().map(|finding| &finding.region).chain(self.cells.iter().map(|cell| &cell.region));
        let places: BTreeSet<_> = places.map(ToString::to_string).collect();
        let places: Vec<_> = places.into_iter().collect();
        Text::of(&if places.len() > 4 { count(places.len(), "Region") } else { listed(&places) })
    }

    /// Under which controls.
    pub(super) fn controls(&self) -> Vec<&str> {
        let names =
            self.findings.iter().map(|finding| &finding.control).chain(self.cells.iter().map(|cell| &cell.control));
        names.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The reason in words, and what to do next.
pub(super) fn next((why, detail): (Why, &str)) -> Vec<Span> {
    let plain = |text: &str| Span::Plain(Text::of(text));
    let code = |text: &str| Span::Code(Text::of(text));
    match why {
        Why::Denied => {
            vec![plain("The caller may not call "), code(detail), plain(". Permit it, and scan again.")]
        }
        Why::UnsupportedRegion => vec![
            plain("The account has no such Region, or has not enabled it ("),
            code(detail),
            plain("). Enable it, or leave the Region out."),
        ],
        Why::Throttled => {
            vec![plain("AWS throttled "), code(detail), plain(". Go on with "), code("--resume"), plain(".")]
        }
        Why::Failed => vec![
            plain("A call failed: "),
            code(detail),
            plain(". Go on with "),
            code("--resume"),
            plain("; if it fails again, make the call by hand to see why."),
        ],
        Why::NotReached => vec![
            plain(&format!("Not reached: {detail}. Go on with ")),
            code("--resume"),
            plain(", or allow more time with "),
            code("--timeout"),
            plain("."),
        ],
    }
}
