//! The scan as assessment results of the Open Security Controls Assessment Language 1.1.3, in JSON.
//! <https://pages.nist.gov/OSCAL-Reference/models/v1.1.3/assessment-results/json-outline/>
//!
//! An observation is about a resource under a control, or about a control in a place whose resources could not be listed; a
//! finding is about a paragraph of the rule. A paragraph is `satisfied` only if every resource under every control that
//! supports it was looked at, and has no drift. One with drift is `not-satisfied`, with the reason `fail`; one with nothing
//! worse than exemptions, or where something was not looked at, is `not-satisfied` with the reason `other`. Where there was
//! no resource to look at, there is no finding. A resource that is out of scope for a control is left out. What policies permit is
//! an observation, and decides no paragraph. An exemption is a risk: `deviation-approved`, or `deviation-requested` if
//! nobody has agreed yet.

mod catalogue;
mod judged;
mod observed;
mod text;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use remedy_domain::canonical;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};
use uuid::Uuid;

pub use catalogue::catalogue;

use crate::{
    Scan,
    requirements::{PARAGRAPHS, Paragraph},
};
use text::{list, prop};

const VERSION: &str = "1.1.3";
/// The name space of our properties, and of our UUIDs.
const NAMESPACE: &str = "https://github.com/remedy-health/remedy/oscal";
/// The name of the catalogue's file.
const CATALOGUE: &str = "hipaa-security-rule.json";

/// Writes the assessment results.
pub fn write(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let document = Document {
        uuid: of_scan(scan, &["results"]),
        metadata: metadata("Remedy: scan for drift from the HIPAA Security Rule", &scan.ended.to_string()),
        import_ap: json!({ "href": format!("#{}", of_scan(scan, &["plan"])) }),
        results: [Scanned(scan)],
        back_matter: back_matter(scan)?,
    };
    serde_json::to_writer(&mut *out, &BTreeMap::from([("assessment-results", document)]))?;
    writeln!(out)
}

/// The catalogue that the results refer to: its file, which lies beside them, and the text of it.
pub fn catalogue_file() -> io::Result<(&'static str, String)> {
    Ok((CATALOGUE, catalogue::text()?))
}

/// The schema's `assessment-results`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    uuid: Uuid,
    metadata: Value,
    import_ap: Value,
    results: [Scanned<'a>; 1],
    back_matter: Value,
}

/// The schema's `result`. It is written as it is made: a large account has a hundred thousand observations.
struct Scanned<'a>(&'a Scan);

impl Serialize for Scanned<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(scan) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("uuid", &of_scan(scan, &["result"]))?;
        map.serialize_entry("title", "Scan by Remedy")?;
        map.serialize_entry("description", &description(scan))?;
        map.serialize_entry("start", &scan.begun)?;
        map.serialize_entry("end", &scan.ended)?;
        map.serialize_entry("props", &[prop("complete", if scan.is_complete() { "yes" } else { "no" })])?;
        map.serialize_entry("local-definitions", &observed::Definitions(scan))?;
        map.serialize_entry("reviewed-controls", &reviewed(scan))?;
        if observed::observations(scan).next().is_some() {
            map.serialize_entry("observations", &Each(|| observed::observations(scan)))?;
        }
        if judged::risks(scan).next().is_some() {
            map.serialize_entry("risks", &Each(|| judged::risks(scan)))?;
        }
        if let Some(findings) = list(judged::findings(scan)) {
            map.serialize_entry("findings", &findings)?;
        }
        map.end()
    }
}

/// An array that is written as it is made.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = Value>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

fn description(scan: &Scan) -> String {
    let complete = match (scan.interrupted, scan.is_complete()) {
        (true, _) => "It was stopped before its end.",
        (false, false) => "Something was not looked at: its observations say what, and why.",
        (false, true) => "All was looked at.",
    };
    format!(
        "One look at the configuration of AWS accounts by the controls of Remedy {}. {complete}",
        text::markup(&scan.version)
    )
}

/// The schema's `metadata`.
fn metadata(title: &str, modified: &str) -> Value {
    json!({ "title": title, "last-modified": modified, "version": "1", "oscal-version": VERSION })
}

/// The schema's `reviewed-controls`: the paragraphs that the controls of the scan support.
fn reviewed(scan: &Scan) -> Value {
    let select = |paragraph: &Paragraph| json!({ "control-id": catalogue::control(paragraph.id) });
    let description =
        format!("Paragraphs of 45 CFR that the controls of the scan support; see {CATALOGUE} in the back matter.");
    let selection = if let Some(selected) = list(judged::paragraphs(scan).map(select).collect()) {
        json!({ "description": description, "include-controls": selected })
    } else {
        // A selection has to include something, so nothing is all but all.
        let all: Vec<_> = PARAGRAPHS.iter().map(select).collect();
        json!({ "description": description, "include-all": {}, "exclude-controls": all })
    };
    let link = json!({ "href": format!("#{}", named(&["catalogue"])), "rel": "reference" });
    json!({ "control-selections": [selection], "links": [link] })
}

/// What the results refer to: the plan, which is written down nowhere else, and the catalogue.
fn back_matter(scan: &Scan) -> io::Result<Value> {
    let accounts: Vec<_> = scan.accounts.iter().map(|account| prop("account", account.as_str())).collect();
    let regions = scan.regions.iter().map(|region| prop("region", region.as_str()));
    let controls = scan.controls.iter().map(|about| prop("control", &about.id));
    let props: Vec<_> =
        accounts.into_iter().chain(regions).chain(controls).chain([prop("caller", &scan.caller)]).collect();
    let plan = json!({
        "uuid": of_scan(scan, &["plan"]),
        "title": "Plan of the scan",
        "description": "Each control was to look at each resource of its types in these accounts and Regions, once, without changing anything.",
        "props": props,
    });
    let digest = canonical::sha256_hex(catalogue::text()?.as_bytes());
    let hashes = json!([{ "algorithm": "SHA-256", "value": digest }]);
    let shipped = json!({
        "uuid": named(&["catalogue"]),
        "title": "HIPAA Security Rule, 45 CFR 164.308 to 164.316, as Remedy lists it",
        "rlinks": [{ "href": CATALOGUE, "media-type": "application/oscal.catalog+json", "hashes": hashes }],
    });
    Ok(json!({ "resources": [plan, shipped] }))
}

/// A UUID of our name space, the same for the same names: RFC 9562, version 5.
fn named(names: &[&str]) -> Uuid {
    let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, NAMESPACE.as_bytes());
    Uuid::new_v5(&space, names.join("\0").as_bytes())
}

/// A UUID of something in this scan.
fn of_scan(scan: &Scan, names: &[&str]) -> Uuid {
    let (begun, ended) = (scan.begun.to_string(), scan.ended.to_string());
    let controls: Vec<_> = scan.controls.iter().map(|about| about.id.as_str()).collect();
    named(&[&[scan.account.as_str(), &begun, &ended, &controls.join(",")], names].concat())
}

#[cfg(test)]
mod tests;
