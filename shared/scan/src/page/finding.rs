//! A finding, written out.

use super::{
    diff::{self, Part},
    state::{Does, State},
    text::{Text, day, kind},
};
use crate::{About, Finding, Seen, Would, said};

/// A finding, written out.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) anchor: String,
    pub(crate) state: State,
    pub(crate) open: Open,
    pub(crate) name: Text,
    pub(crate) place: Text,
    /// What is wrong, in one line.
    pub(crate) what: Text,
    /// The same, one by one, if it is more than one.
    pub(crate) violations: Vec<Text>,
    /// The same and the reason, as codes.
    pub(crate) codes: Vec<Text>,
    pub(crate) does: Option<Does>,
    pub(crate) arn: Text,
    pub(crate) seen: &'static str,
    pub(crate) parts: Vec<Part>,
    pub(crate) calls: Vec<Text>,
    /// What is said where there are no calls.
    pub(crate) no_calls: &'static str,
    pub(crate) ask_head: &'static str,
    pub(crate) ask: Text,
    /// A warning, if the repair cannot be reverted.
    pub(crate) for_good: &'static str,
}

/// Whether something is unfolded at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// It is.
    Open,
    /// It is folded.
    Shut,
}

impl Open {
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Open => " open",
            Self::Shut => "",
        }
    }
}

/// The anchor of a finding, by its place in the scan.
pub(super) fn anchor(place: usize) -> String {
    format!("f{}", place + 1)
}

/// What is wrong, in one line.
pub(super) fn what(finding: &Finding) -> Text {
    if finding.violations.is_empty() {
        return Text::sentence(finding.reason.as_deref().unwrap_or(State::of(finding).word()));
    }
    Text::sentence(&finding.violations.join("; "))
}

/// What a resource is called: its id, or its ARN where that is missing.
pub(super) fn name(finding: &Finding) -> Text {
    Text::of(if finding.id.is_empty() { &finding.resource } else { &finding.id })
}

impl Written {
    /// `account` is shown if it is not empty: where several were looked at.
    pub(super) fn of((place, finding): (usize, &Finding), about: Option<&About>, account: &str) -> Self {
        let (state, does) = (State::of(finding), Does::of(finding));
        let separator = if account.is_empty() { "" } else { ", " };
        let known = if finding.seen == Some(Seen::Unchanged) { ", unchanged" } else { "" };
        let (ask_head, ask) = asked(finding, state, does);
        let repair = finding.repair.as_ref();
        let calls: Vec<_> = repair.iter().flat_map(|repair| &repair.calls).map(|call| Text::of(call)).collect();
        let is_lasting = about.is_some_and(|about| !about.reversible) && !calls.is_empty();
        let several = finding.violations.len() > 1;
        Self {
            anchor: anchor(place),
            state,
            open: Open::Shut,
            name: name(finding),
            place: Text::of(&format!(
                "{}, {}{separator}{account}{known}",
                kind(&finding.resource_type),
                finding.region
            )),
            what: what(finding),
            violations: finding.violations.iter().filter(|_| several).map(|one| Text::sentence(one)).collect(),
            codes: said::codes(finding).into_iter().map(Text::of).collect(),
            does,
            arn: Text::of(&finding.resource),
            seen: if finding.seen == Some(Seen::New) { "new" } else { "" },
            parts: repair.map(|repair| diff::changes(&repair.before, &repair.after)).unwrap_or_default(),
            calls,
            no_calls: no_calls(state),
            ask_head,
            ask,
            for_good: if is_lasting { "Remedy cannot revert this repair." } else { "" },
        }
    }
}

fn no_calls(state: State) -> &'static str {
    match state {
        State::Contained => "None. Remedy’s own measure is in place already.",
        State::Dormant => "None. It is in effect for nobody.",
        State::Exempt => "None. An exemption holds the repair back.",
        _ => "None. Remedy writes nothing here.",
    }
}

/// Who would be asked, and why.
fn asked(finding: &Finding, state: State, does: Option<Does>) -> (&'static str, Text) {
    let reason = Text::sentence(finding.reason.as_deref().unwrap_or_default());
    let reason = reason.as_str().trim_end_matches('.');
    let told = |text: &str, head| {
        let text = if reason.is_empty() { text.to_owned() } else { format!("{text} {reason}.") };
        (head, Text::of(text.trim()))
    };
    match (does.map(|does| does.would), state) {
        (Some(Would::Auto), _) => told("Nobody.", "Who would be asked"),
        (Some(Would::Ask), _) => {
            told("An approver of the settings, never the person who asked.", "Who would be asked, and why")
        }
        (Some(Would::Withhold), _) if reason.is_empty() => {
            ("Why Remedy would not write", Text::of("No reason is given."))
        }
        (Some(Would::Withhold), _) => told("", "Why Remedy would not write"),
        (Some(Would::Person), _) if reason.is_empty() => {
            ("Who repairs it", Text::of("A person: there is no repair that Remedy could make."))
        }
        (Some(Would::Person), _) => told("A person.", "Who repairs it, and why"),
        (None, State::Exempt) => match &finding.exempted {
            Some(exempted) => {
                let text = format!(
                    "Exempt until {}, owned by {}. The section on exemptions says why.",
                    day(exempted.until),
                    exempted.owner
                );
                ("Why Remedy would not write", Text::of(&text))
            }
            None => told("It is exempt.", "Why Remedy would not write"),
        },
        (None, State::Contained) => {
            told("Nobody. It stays in violation until a person repairs it.", "What is left to do")
        }
        (None, State::Dormant) => {
            told("It is in violation, and counts again once somebody has it.", "What is left to do")
        }
        (None, _) => told("", "Note"),
    }
}
