//! What the observations come to: a finding a paragraph, and a risk an exemption.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    catalogue, observed, of_scan,
    text::{list, markup, prop, with},
};
use crate::{
    About, Exempted, Finding, Scan,
    requirements::{PARAGRAPHS, Paragraph, applies, covered},
    said::Ends,
    tally::Tally,
};

/// The paragraphs that concern the organization, and that a control of the scan supports.
pub(super) fn paragraphs(scan: &Scan) -> impl Iterator<Item = &'static Paragraph> {
    let concerns = |paragraph: &&Paragraph| applies(paragraph.id, &scan.organization);
    PARAGRAPHS.iter().filter(concerns).filter(|paragraph| !covered(paragraph.id, &scan.controls).is_empty())
}

/// The schema's `finding`s, one a paragraph.
pub(super) fn findings(scan: &Scan) -> Vec<Value> {
    let tallies = Tally::by_control(scan);
    let of = |paragraph: &'static Paragraph| {
        let controls: Vec<_> =
            covered(paragraph.id, &scan.controls).into_iter().map(|about: &About| about.id.as_str()).collect();
        let tally = controls.iter().filter_map(|id| tallies.get(id)).copied().sum();
        Some(finding(scan, paragraph, &controls, &status(scan, &tally)?))
    };
    paragraphs(scan).filter_map(of).collect()
}

/// Whether a paragraph is satisfied, as far as controls can show; nothing if there was nothing to look at.
fn status(scan: &Scan, tally: &Tally) -> Option<Value> {
    let Tally { passes, fails, exempt, unread, .. } = *tally;
    let counts = format!("{passes} without drift, {fails} drifted, {exempt} exempt, {unread} not looked at");
    let (state, reason, remark) = if fails > 0 {
        ("not-satisfied", "fail", "There is drift.")
    } else if unread > 0 || scan.interrupted {
        ("not-satisfied", "other", "Not everything was looked at, so it cannot be said.")
    } else if exempt > 0 {
        ("not-satisfied", "other", "Nothing violates a control but what is exempt.")
    } else if passes > 0 {
        ("satisfied", "pass", "No drift in all that was looked at. No setting fulfils a paragraph of the rule alone.")
    } else {
        return None;
    };
    Some(json!({ "state": state, "reason": reason, "remarks": format!("{remark} {counts}.") }))
}

fn finding(scan: &Scan, paragraph: &Paragraph, controls: &[&str], status: &Value) -> Value {
    let Paragraph { id, subject, .. } = paragraph;
    let here = |control: &String| controls.contains(&control.as_str());
    let cells = scan.cells.iter().filter(|cell| cell.unread.is_some() && here(&cell.control));
    let looked = scan.findings.iter().filter(|finding| here(&finding.control));
    let assessed = looked.clone().filter(|finding| Ends::of(finding) != Ends::NotApplicable);
    let uuids = cells
        .map(|cell| observed::of_cell(scan, cell))
        .chain(assessed.map(|finding| observed::of_finding(scan, finding)));
    let observations: Vec<_> = uuids.map(|uuid| json!({ "observation-uuid": uuid })).collect();
    let exempt = looked.filter(|finding| Ends::of(finding) == Ends::Exempt && finding.exempted.is_some());
    let risks: Vec<_> = exempt.map(|finding| json!({ "risk-uuid": of_risk(scan, finding) })).collect();
    let finding = json!({
        "uuid": of_scan(scan, &["finding", id]),
        "title": format!("45 CFR {id}: {}", markup(subject)),
        "description": format!("What these controls of Remedy found: {}.", markup(&controls.join(", "))),
        "target": { "type": "statement-id", "target-id": catalogue::statement(id), "status": status },
    });
    with(with(finding, "related-observations", list(observations)), "related-risks", list(risks))
}

fn of_risk(scan: &Scan, finding: &Finding) -> Uuid {
    of_scan(scan, &["risk", &finding.control, &finding.hash])
}

/// The schema's `risk`, one an exemption: 45 CFR 164.306(d)(3).
pub(super) fn risks(scan: &Scan) -> impl Iterator<Item = Value> {
    let exempt = scan.findings.iter().filter(|finding| Ends::of(finding) == Ends::Exempt);
    exempt.filter_map(move |finding| Some(risk(scan, finding, finding.exempted.as_ref()?)))
}

fn risk(scan: &Scan, finding: &Finding, exempted: &Exempted) -> Value {
    let Exempted { owner, reason, alternative, ticket, until, approved_by } = exempted;
    let uuid = of_risk(scan, finding);
    let violations = finding.violations.join("; ");
    let mut props = vec![prop("control", &finding.control), prop("owner", owner), prop("ticket", ticket)];
    props.extend(approved_by.as_ref().map(|by| prop("approved-by", by)));
    let status = if approved_by.is_some() { "deviation-approved" } else { "deviation-requested" };
    let title = scan.about(&finding.control).map_or(finding.control.as_str(), |about| &about.title);
    let measure = json!({
        "uuid": of_scan(scan, &["measure", &finding.control, &finding.hash]),
        "description": markup(alternative),
    });
    json!({
        "uuid": uuid,
        "title": format!("Exempt: {}", markup(title)),
        "description": markup(&format!("{} {}: {violations}", finding.resource_type, finding.resource)),
        "statement": markup(reason),
        "props": props,
        "status": status,
        "mitigating-factors": [measure],
        "deadline": until,
        "related-observations": [{ "observation-uuid": observed::of_finding(scan, finding) }],
    })
}
