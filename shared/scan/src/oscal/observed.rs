//! The resources, and what was observed of them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Each, named, of_scan,
    text::{line, list, markup, prop, with},
};
use crate::{
    Cell, Finding, PolicyFinding, Scan, Unread,
    said::{self, Ends},
};

/// What the observations refer to: the schema's `local-definitions` of a result.
pub(super) struct Definitions<'a>(pub(super) &'a Scan);

impl Serialize for Definitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(scan) = self;
        let mut map = serializer.serialize_map(None)?;
        if items(scan).next().is_some() {
            map.serialize_entry("inventory-items", &Each(|| items(scan)))?;
        }
        map.serialize_entry("assessment-assets", &assets(scan))?;
        map.end()
    }
}

fn assets(scan: &Scan) -> Value {
    let remedy = json!({
        "uuid": tool(scan),
        "type": "software",
        "title": "Remedy",
        "description": "Looks for drift from the HIPAA Security Rule in AWS accounts.",
        "props": [{ "name": "version", "value": line(&scan.version) }],
        "status": { "state": "operational" },
    });
    let platform = json!({
        "uuid": named(&["platform", &scan.version]),
        "title": "Where the scan was run",
        "uses-components": [{ "component-uuid": tool(scan) }],
    });
    json!({ "components": [remedy], "assessment-platforms": [platform] })
}

fn tool(scan: &Scan) -> Uuid {
    named(&["remedy", &scan.version])
}

/// Each resource once, and each account with something that could not be listed.
fn items(scan: &Scan) -> impl Iterator<Item = Value> {
    let resources: BTreeMap<_, _> = assessed(scan).map(|finding| (finding.hash.as_str(), finding)).collect();
    let accounts: BTreeMap<_, _> = unlisted(scan).map(|(cell, _)| (cell.account.as_str(), cell)).collect();
    let account = |id: &str| {
        let props = [json!({ "name": "asset-id", "value": id }), prop("resource-type", "AWS::::Account")];
        json!({ "uuid": of_account(id), "description": format!("AWS account {id}"), "props": props })
    };
    let resource = |finding: &Finding| {
        let Finding { account, region, resource_type, resource, hash, .. } = finding;
        let props = [
            json!({ "name": "asset-id", "value": line(resource) }),
            prop("resource-type", resource_type),
            prop("account", account.as_str()),
            prop("region", region.as_str()),
            prop("hash", hash),
        ];
        let description = format!("{} {}", markup(resource_type), markup(resource));
        json!({ "uuid": of_resource(hash), "description": description, "props": props })
    };
    let permitted: BTreeMap<_, _> = permitted(scan).map(|finding| (subject(finding), finding)).collect();
    let holder = |(uuid, finding): (Uuid, &PolicyFinding)| {
        let (kind, region) = (finding.subject.resource_type(), finding.region());
        let props = [
            json!({ "name": "asset-id", "value": line(&finding.resource) }),
            prop("resource-type", kind),
            prop("account", finding.account.as_str()),
            prop("region", region.as_str()),
        ];
        json!({ "uuid": uuid, "description": format!("{} {}", markup(kind), markup(&finding.resource)), "props": props })
    };
    let resources = resources.into_values().map(resource);
    accounts.into_keys().map(account).chain(resources).chain(permitted.into_iter().map(holder))
}

/// What policies permit.
fn permitted(scan: &Scan) -> impl Iterator<Item = &PolicyFinding> {
    scan.policies.iter().flat_map(|policies| &policies.findings)
}

/// What holds a policy: the same in every scan.
fn subject(finding: &PolicyFinding) -> Uuid {
    named(&["holder", finding.account.as_str(), &finding.resource])
}

/// The findings that show whether something has drift.
fn assessed(scan: &Scan) -> impl Iterator<Item = &Finding> {
    scan.findings.iter().filter(|finding| Ends::of(finding) != Ends::NotApplicable)
}

fn unlisted(scan: &Scan) -> impl Iterator<Item = (&Cell, &Unread)> {
    scan.cells.iter().filter_map(|cell| Some((cell, cell.unread.as_ref()?)))
}

/// The same in every scan.
fn of_resource(hash: &str) -> Uuid {
    named(&["resource", hash])
}

fn of_account(id: &str) -> Uuid {
    named(&["account", id])
}

/// The observation of a resource under a control.
pub(super) fn of_finding(scan: &Scan, finding: &Finding) -> Uuid {
    of_scan(scan, &["observation", &finding.control, &finding.hash])
}

/// The observation that resources could not be listed.
pub(super) fn of_cell(scan: &Scan, cell: &Cell) -> Uuid {
    of_scan(scan, &["not listed", &cell.control, cell.account.as_str(), cell.region.as_str()])
}

/// The schema's `observation`: one a place that could not be listed, one a resource and control, and one a thing that policies
/// permit, which no finding counts.
pub(super) fn observations(scan: &Scan) -> impl Iterator<Item = Value> {
    let cells = unlisted(scan).map(move |(cell, unread)| {
        let why = vec![said::not_looked_at(unread)];
        let props = vec![
            prop("control", &cell.control),
            prop("outcome", "unread"),
            prop("unread", said::state(unread.state)),
            prop("region", cell.region.as_str()),
        ];
        observation(scan, &cell.control, of_cell(scan, cell), of_account(cell.account.as_str()), &why, props)
    });
    let findings = assessed(scan).map(move |finding| {
        let mut props = vec![prop("control", &finding.control), prop("outcome", said::outcome(finding))];
        props.extend(finding.unread.as_ref().map(|unread| prop("unread", said::state(unread.state))));
        props.extend(said::elements(finding).into_iter().map(|element| prop("element", element)));
        props.extend(finding.reason_code.as_deref().map(|code| prop("reason", code)));
        props.extend(finding.seen.map(|seen| prop("seen", said::seen(Some(seen)))));
        let why: Vec<_> = said::why(finding).into_iter().chain(said::remedy(finding)).collect();
        observation(scan, &finding.control, of_finding(scan, finding), of_resource(&finding.hash), &why, props)
    });
    let policies = permitted(scan).map(move |finding| {
        let control = finding.name();
        let uuid = of_scan(scan, &["policy", &said::of_policy(finding)]);
        let props = vec![prop("control", &control), prop("outcome", "permits")];
        observation(scan, &control, uuid, subject(finding), &said::permits(finding), props)
    });
    cells.chain(findings).chain(policies)
}

fn observation(scan: &Scan, control: &str, uuid: Uuid, subject: Uuid, why: &[String], props: Vec<Value>) -> Value {
    let title = scan.about(control).map_or(control, |about| &about.title);
    let why: Vec<_> = why.iter().map(|why| markup(why)).collect();
    let description = if why.is_empty() { "No drift.".to_owned() } else { why.join("\n\n") };
    let observation = json!({
        "uuid": uuid,
        "title": markup(title),
        "description": description,
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{ "actors": [{ "type": "tool", "actor-uuid": tool(scan) }] }],
        "subjects": [{ "subject-uuid": subject, "type": "inventory-item" }],
        "collected": scan.ended,
    });
    with(observation, "props", list(props))
}
