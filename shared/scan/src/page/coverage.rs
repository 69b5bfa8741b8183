//! Every paragraph of the rule, and who must do what no control does.

use super::{
    survey::{Row, Survey},
    text::{count, grouped},
};
use crate::requirements::{Covered, Kind, PARAGRAPHS, Paragraph, applies};

/// A section of the rule.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// A paragraph of it.
#[derive(Debug)]
pub(crate) struct Line {
    /// Without its section.
    pub(crate) id: &'static str,
    pub(crate) class: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) kind: &'static str,
    /// By how many controls, or by nobody of Remedy's.
    pub(crate) by: String,
    pub(crate) has: Has,
    /// What the scan has to say, or who must do it.
    pub(crate) says: String,
}

/// Whether controls speak to a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    /// They do.
    Controls,
    /// They do not.
    Nothing,
}

/// The rule by section, with a sentence on the whole.
pub(super) fn sections(survey: &Survey<'_>) -> (Vec<Section>, String) {
    let mut sections: Vec<Section> = Vec::new();
    for paragraph in PARAGRAPHS {
        let (section, rest) = paragraph.id.split_at_checked(7).unwrap_or((paragraph.id, ""));
        let title = format!("{section} {}", title(section));
        if sections.last().is_none_or(|last| last.title != title) {
            sections.push(Section { title, lines: Vec::new() });
        }
        if let Some(last) = sections.last_mut() {
            last.lines.push(line(survey, paragraph, rest));
        }
    }
    let (apply, cited) = survey.covered();
    let elsewhere = PARAGRAPHS.len() - apply;
    let mut lead = format!(
        "Of the {} that apply here, controls of this scan speak to {}, and only to what the settings of AWS can show. For the other {}, the table says who must do it. Statements, reviews and contracts are outside of what a scan sees.",
        count(apply, "standard and specification")
            .replace("standard and specifications", "standards and specifications"),
        grouped(cited),
        grouped(apply.saturating_sub(cited)),
    );
    if elsewhere > 0 {
        lead = format!("{lead} {} more are only for organizations that the settings do not name.", grouped(elsewhere));
    }
    (sections, lead)
}

fn title(section: &str) -> &'static str {
    match section {
        "164.308" => "Administrative safeguards",
        "164.310" => "Physical safeguards",
        "164.312" => "Technical safeguards",
        "164.314" => "Organizational requirements",
        "164.316" => "Policies, procedures, documentation",
        _ => "",
    }
}

fn line(survey: &Survey<'_>, paragraph: &Paragraph, id: &'static str) -> Line {
    let row = survey.paragraphs.iter().find(|row| row.id == paragraph.id);
    let does_apply = applies(paragraph.id, &survey.scan.organization);
    let (by, says, has) = match (row, paragraph.covered) {
        (Some(row), _) => (count(row.controls.len(), "control"), numbers(row), Has::Controls),
        (None, _) if !does_apply => ("Does not apply".to_owned(), only_for(paragraph), Has::Nothing),
        (None, Covered::Controls) => {
            let says = "AWS settings can support it; no control of this scan does. Your organization has to see to it.";
            ("No control".to_owned(), says.to_owned(), Has::Nothing)
        }
        (None, Covered::ByOthers(who)) => ("Not by Remedy".to_owned(), sentence(who), Has::Nothing),
    };
    let class = match (paragraph.kind, has) {
        (Kind::Standard, Has::Controls) => "",
        (Kind::Standard, Has::Nothing) => "no",
        (Kind::Required | Kind::Addressable, Has::Controls) => "sub",
        (Kind::Required | Kind::Addressable, Has::Nothing) => "sub no",
    };
    Line { id, class, subject: paragraph.subject, kind: paragraph.kind.word(), by, has, says }
}

fn only_for(paragraph: &Paragraph) -> String {
    let whom = paragraph.only_for.map(|only| only.word().replace('-', " ")).unwrap_or_default();
    format!("Only for a {whom}. The settings do not say that this organization is one.")
}

fn sentence(text: &str) -> String {
    let text = super::text::Text::sentence(text).to_string();
    if text.ends_with('.') { text } else { text + "." }
}

fn numbers(row: &Row<'_>) -> String {
    let tally = &row.tally;
    if tally.all() == 0 {
        return "no resource to look at".to_owned();
    }
    let parts = [
        (tally.drift, "drifted"),
        (tally.held(), "contained or dormant"),
        (tally.exempt, "exempt"),
        (tally.unread(), "not read"),
    ];
    let mut words = vec![format!("{} looked at", grouped(tally.looked()))];
    words.extend(parts.iter().filter(|(some, _)| *some > 0).map(|(some, word)| format!("{} {word}", grouped(*some))));
    words.join(", ")
}
