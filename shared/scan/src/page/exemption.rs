//! Exemptions, and drift of an earlier scan that is gone.

use super::{
    finding::name,
    state::State,
    survey::Survey,
    text::{Text, count, day},
};
use crate::Exempted;

/// An exemption.
#[derive(Debug)]
pub(crate) struct Exemption {
    pub(crate) name: Text,
    pub(crate) control: Text,
    pub(crate) anchor: String,
    pub(crate) reason: Text,
    pub(crate) alternative: Text,
    pub(crate) owner: Text,
    pub(crate) ticket: Text,
    pub(crate) until: String,
    /// For sorting.
    pub(crate) order: String,
    pub(crate) left: String,
    /// Who agreed, or that nobody has.
    pub(crate) agreed: Text,
    /// Said where it is not in effect.
    pub(crate) unused: &'static str,
}

/// Drift that is gone.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) resource: Text,
    pub(crate) place: Text,
    pub(crate) control: Text,
    pub(crate) anchor: String,
}

pub(super) fn exemptions(survey: &Survey<'_>) -> Vec<Exemption> {
    let exempted = survey.scan.findings.iter().filter_map(|finding| Some((finding, finding.exempted.as_ref()?)));
    let mut exemptions: Vec<_> = exempted
        .map(|(finding, exempted)| {
            let anchor = survey.control(&finding.control).map(|control| control.anchor.clone()).unwrap_or_default();
            exemption(survey, name(finding), (&finding.control, anchor), exempted, State::of(finding))
        })
        .collect();
    exemptions.sort_by(|a, b| a.order.cmp(&b.order));
    exemptions
}

fn exemption(
    survey: &Survey<'_>,
    name: Text,
    (control, anchor): (&str, String),
    one: &Exempted,
    state: State,
) -> Exemption {
    let hours = one.until.duration_since(survey.scan.ended).as_hours();
    let left = match usize::try_from(hours) {
        Ok(hours) => format!("{} left", count(hours / 24, "day")),
        Err(_) => "ended".to_owned(),
    };
    Exemption {
        name,
        control: Text::of(control),
        anchor,
        reason: Text::of(&one.reason),
        alternative: Text::of(&one.alternative),
        owner: Text::of(&one.owner),
        ticket: Text::of(&one.ticket),
        until: day(one.until),
        order: one.until.to_string(),
        left,
        agreed: one.approved_by.as_ref().map_or_else(
            || Text::of("Only proposed: nobody has approved it"),
            |who| Text::of(&format!("Approved by {}", who.rsplit(':').next().unwrap_or(who))),
        ),
        unused: if state == State::Exempt { "" } else { "The finding does not end as exempt." },
    }
}

pub(super) fn gone(survey: &Survey<'_>) -> Option<Vec<Left>> {
    let is_many = survey.scan.accounts.len() > 1;
    let left = |gone: &crate::Gone| {
        let account = if is_many { format!(", {}", gone.account) } else { String::new() };
        Left {
            resource: Text::of(&gone.resource),
            place: Text::of(&format!("{}{account}", gone.region)),
            control: Text::of(&gone.control),
            anchor: survey.control(&gone.control).map(|control| control.anchor.clone()).unwrap_or_default(),
        }
    };
    survey.scan.gone.as_ref().map(|gone| gone.iter().map(left).collect())
}
