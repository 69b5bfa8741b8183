//! The HIPAA Security Rule as a catalogue of OSCAL: `docs/oscal/hipaa-security-rule.json`.

use serde_json::{Value, json};

use super::{
    metadata, named,
    text::{markup, prop},
};
use crate::requirements::{Covered, PARAGRAPHS, Paragraph};

/// When the list of paragraphs, or what is said of them here, was last changed.
const MODIFIED: &str = "2026-11-30T00:00:00Z";
const SECTIONS: [(&str, &str); 5] = [
    ("164.308", "Administrative safeguards"),
    ("164.310", "Physical safeguards"),
    ("164.312", "Technical safeguards"),
    ("164.314", "Organizational requirements"),
    ("164.316", "Policies and procedures and documentation requirements"),
];

/// The catalogue: a group for each section, a control for each standard and implementation specification. The schema's
/// `catalog`, with the words of [`PARAGRAPHS`]; the rule itself is what counts.
#[must_use]
pub fn catalogue() -> Value {
    let groups = SECTIONS.map(|(section, title)| {
        let prefix = format!("{section}(");
        let of_section = PARAGRAPHS.iter().filter(|paragraph| paragraph.id.starts_with(&prefix));
        let controls: Vec<_> = of_section.map(of).collect();
        json!({ "id": control(section), "class": "section", "title": title, "props": [label(section)], "controls": controls })
    });
    json!({ "catalog": {
        "uuid": named(&["catalogue"]),
        "metadata": metadata("HIPAA Security Rule, 45 CFR 164.308 to 164.316, as Remedy lists it", MODIFIED),
        "groups": groups,
    }})
}

/// The catalogue as it is shipped.
pub(super) fn text() -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&catalogue())? + "\n")
}

fn of(paragraph: &Paragraph) -> Value {
    let Paragraph { id, subject, kind, covered, only_for } = paragraph;
    let by = match covered {
        Covered::Controls => "The configuration of AWS can support it; the organization has to act, too.",
        Covered::ByOthers(who) => who,
    };
    let props: Vec<_> = [label(id), prop("kind", kind.word())]
        .into_iter()
        .chain(only_for.map(|organization| prop("only-for", organization.word())))
        .collect();
    json!({
        "id": control(id),
        "class": kind.word(),
        "title": markup(subject),
        "props": props,
        "parts": [
            { "id": statement(id), "name": "statement", "prose": format!("45 CFR {id}: {}.", markup(subject)) },
            { "id": format!("{}_gdn", control(id)), "name": "guidance", "prose": markup(by) },
        ],
    })
}

fn label(id: &str) -> Value {
    json!({ "name": "label", "value": format!("45 CFR {id}") })
}

/// The id of a control: a token, which begins with a letter and has no parentheses.
pub(super) fn control(id: &str) -> String {
    format!("hipaa-{}", id.replace('(', ".").replace(')', ""))
}

/// The id of its statement, which a finding is about.
pub(super) fn statement(id: &str) -> String {
    format!("{}_smt", control(id))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn shipped() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/oscal/hipaa-security-rule.json")
    }

    #[test]
    fn the_catalogue_that_is_shipped_is_this() {
        let told = "set MODIFIED, and put the catalogue there that `remedy scan --format oscal --out DIR` writes";
        assert!(fs::read_to_string(shipped()).unwrap_or_default() == text().unwrap(), "{told}");
    }

    #[test]
    fn each_paragraph_is_a_control_of_its_own_id() {
        let catalogue = catalogue();
        let groups = catalogue["catalog"]["groups"].as_array().unwrap();
        let ids: BTreeSet<_> = groups
            .iter()
            .flat_map(|group| group["controls"].as_array().unwrap())
            .map(|one| one["id"].to_string())
            .collect();
        assert_eq!(ids.len(), PARAGRAPHS.len());
        assert!(ids.contains("\"hipaa-164.308.a.1.ii.B\""));
    }
}
