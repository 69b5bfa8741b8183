//! The scan as events of the Open Cybersecurity Schema Framework 1.6.0: class 2003, Compliance Finding, with the profile
//! `cloud`, one JSON document a line. <https://schema.ocsf.io/1.6.0/classes/compliance_finding?profiles=cloud>
//!
//! A resource that is out of scope for a control is left out: the class has no word for it. What policies permit has the status
//! Other: it is no finding of a control.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use remedy_domain::{AccountId, Region};
use serde_json::{Map, Value, json};

use crate::{
    About, Cell, Finding, PolicyFinding, Scan, Seen, Unread,
    said::{self, Ends, Severity},
};

const POLICY: &str = "What policies permit";
const VERSION: &str = "1.6.0";
const STANDARD: &str = "HIPAA Security Rule (45 CFR 164 Subpart C)";

/// Writes an event for each control in a place whose resources could not be listed, and for each resource and control.
pub fn write(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let cells = scan.cells.iter().filter_map(|cell| Some(of_cell(scan, cell, cell.unread.as_ref()?)));
    let findings = scan.findings.iter().filter(|finding| Ends::of(finding) != Ends::NotApplicable);
    let policies = scan.policies.iter().flat_map(|policies| &policies.findings);
    let events = cells.chain(findings.map(|finding| of_finding(scan, finding)));
    for event in events.chain(policies.map(|finding| of_policy(scan, finding))) {
        serde_json::to_writer(&mut *out, &event.json(scan))?;
        writeln!(out)?;
    }
    Ok(())
}

/// An event, before it is worded as the schema has it.
struct Event<'a> {
    control: Cow<'a, str>,
    account: &'a AccountId,
    region: Cow<'a, Region>,
    uid: String,
    resource: Value,
    ends: Ends,
    severity: Severity,
    code: &'a str,
    why: Vec<String>,
    elements: &'a [String],
    reason: Option<&'a str>,
    remedy: Option<String>,
    seen: Option<Seen>,
}

fn of_finding<'a>(scan: &Scan, finding: &'a Finding) -> Event<'a> {
    let Finding { control, account, region, resource_type, resource, id, hash, .. } = finding;
    Event {
        control: Cow::Borrowed(control),
        account,
        region: Cow::Borrowed(region),
        uid: format!("{hash}/{control}"),
        resource: of_resource(scan, region, [resource, id, resource_type]),
        ends: Ends::of(finding),
        severity: Severity::of(finding),
        code: said::code(finding),
        why: said::why(finding),
        elements: &finding.elements,
        reason: finding.reason_code.as_deref(),
        remedy: said::remedy(finding),
        seen: finding.seen,
    }
}

/// What policies permit, which a person judges.
fn of_policy<'a>(scan: &Scan, finding: &'a PolicyFinding) -> Event<'a> {
    let (control, region) = (finding.name(), finding.region());
    let name = finding.resource.rsplit([':', '/']).next().unwrap_or_default();
    Event {
        account: &finding.account,
        uid: format!("{}/{control}", said::of_policy(finding)),
        resource: of_resource(scan, &region, [&finding.resource, name, finding.subject.resource_type()]),
        ends: Ends::Permits,
        severity: Severity::of_policy(finding),
        code: "permits",
        why: said::permits(finding),
        elements: &[],
        reason: None,
        remedy: None,
        seen: None,
        control: Cow::Owned(control),
        region: Cow::Owned(region),
    }
}

/// Where the resources could not be listed, the event is about their account.
fn of_cell<'a>(scan: &Scan, cell: &'a Cell, unread: &Unread) -> Event<'a> {
    let Cell { control, account, region, .. } = cell;
    Event {
        control: Cow::Borrowed(control),
        account,
        region: Cow::Borrowed(region),
        uid: format!("{account}/{region}/{control}"),
        resource: of_resource(scan, region, [account.as_str(), account.as_str(), "AWS::::Account"]),
        ends: Ends::Unread,
        severity: Severity::Medium,
        code: said::state(unread.state),
        why: vec![said::not_looked_at(unread)],
        elements: &[],
        reason: None,
        remedy: None,
        seen: None,
    }
}

/// The schema's `resource_details`.
fn of_resource(scan: &Scan, region: &Region, [uid, name, kind]: [&str; 3]) -> Value {
    let partition = said::partition(scan, region);
    json!({ "uid": uid, "name": name, "type": kind, "region": region, "cloud_partition": partition, "role_id": 1, "role": "Target" })
}

impl Event<'_> {
    /// As the schema has it.
    fn json(&self, scan: &Scan) -> Value {
        let (activity, activity_name) = if self.seen == Some(Seen::Unchanged) { (2, "Update") } else { (1, "Create") };
        let (severity, severity_name) = severity(self.severity);
        let (status, status_name) = if self.ends == Ends::Exempt { (3, "Suppressed") } else { (1, "New") };
        let known = scan.about(&self.control).map(|about| about.title.as_str());
        let title = known.unwrap_or(if self.ends == Ends::Permits { POLICY } else { &self.control });
        let mut event = json!({
            "activity_id": activity, "activity_name": activity_name,
            "category_uid": 2, "category_name": "Findings",
            "class_uid": 2003, "class_name": "Compliance Finding",
            "type_uid": 200_300 + activity, "type_name": format!("Compliance Finding: {activity_name}"),
            "severity_id": severity, "severity": severity_name,
            "status_id": status, "status": status_name,
            "time": scan.ended.as_millisecond(),
            "start_time": scan.begun.as_millisecond(), "end_time": scan.ended.as_millisecond(),
            "message": self.message(title),
            "metadata": {
                "version": VERSION,
                "profiles": ["cloud"],
                "event_code": self.control,
                "product": { "name": "Remedy", "vendor_name": "Remedy", "version": scan.version },
            },
            "cloud": self.cloud(scan),
            "finding_info": { "uid": self.uid, "title": title, "types": ["HIPAA"], "last_seen_time": scan.ended.as_millisecond() },
            "compliance": self.compliance(scan),
            "resources": [self.resource],
        });
        if let (Value::Object(members), Some(desc)) = (&mut event, &self.remedy) {
            members.insert("remediation".to_owned(), json!({ "desc": desc }));
        }
        if let (Value::Object(members), Some(codes)) = (&mut event, self.codes()) {
            members.insert("unmapped".to_owned(), codes);
        }
        event
    }

    /// The codes, for which the schema has no member: the element of each violation, and the reason.
    fn codes(&self) -> Option<Value> {
        let elements = (!self.elements.is_empty()).then(|| ("elements".to_owned(), json!(self.elements)));
        let reason = self.reason.map(|code| ("reason_code".to_owned(), json!(code)));
        let codes: Map<_, _> = elements.into_iter().chain(reason).collect();
        (!codes.is_empty()).then(|| codes.into())
    }

    fn message(&self, title: &str) -> String {
        match self.ends {
            Ends::Passes => format!("{}: no drift", self.control),
            _ => format!("{title}: {}", self.why.join("; ")),
        }
    }

    fn cloud(&self, scan: &Scan) -> Value {
        json!({
            "provider": "AWS",
            "account": { "uid": self.account, "type_id": 10, "type": "AWS Account" },
            "region": self.region,
            "cloud_partition": said::partition(scan, &self.region),
        })
    }

    /// The schema's `compliance`. Its status 2, Warning, is "did not yield a result due to missing information".
    fn compliance(&self, scan: &Scan) -> Value {
        let (status, name) = match self.ends {
            Ends::Passes => (1, "Pass"),
            Ends::Unread => (2, "Warning"),
            Ends::Fails | Ends::Exempt => (3, "Fail"),
            Ends::NotApplicable | Ends::Permits => (99, "Other"),
        };
        let requirements =
            scan.about(&self.control).map(|about: &About| said::paragraphs(scan, about)).unwrap_or_default();
        json!({
            "standards": [STANDARD],
            "requirements": requirements,
            "control": self.control,
            "status_id": status,
            "status": name,
            "status_code": self.code,
            "status_details": self.why,
        })
    }
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::Outcome;

    use super::*;
    use crate::sample;

    fn events(scan: &Scan) -> Vec<Value> {
        let mut out = Vec::new();
        write(&mut out, scan).unwrap();
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn codes_are_unmapped() {
        let scan = sample::scan();
        let events = events(&scan);
        let of = |name: &str| {
            let event = events.iter().find(|event| event["resources"][0]["name"] == name).expect("an event");
            event.get("unmapped").cloned()
        };
        let codes = json!({"elements": ["block-public-acls", "public-statement"], "reason_code": "used-by-others"});
        assert_eq!(of("phi-ask"), Some(codes));
        assert_eq!(of("phi-in-order"), None);
    }

    #[test]
    fn only_what_was_looked_at_and_is_in_order_passes() {
        let scan = sample::scan();
        let events = events(&scan);
        let count = |status: u8| events.iter().filter(|event| event["compliance"]["status_id"] == status).count();
        assert_eq!(count(1), scan.count(Outcome::AlreadyCompliant));
        assert_eq!(count(2), scan.unread());
        let violating = [Outcome::Drifted, Outcome::NeedsHuman, Outcome::Contained, Outcome::Dormant, Outcome::Exempt];
        assert_eq!(count(3), violating.map(|outcome| scan.count(outcome)).iter().sum::<usize>());
        assert_eq!(count(99), scan.policies.as_ref().unwrap().findings.len(), "what policies permit is no pass");
        assert_eq!(
            count(1) + count(2) + count(3) + count(99),
            events.len(),
            "what is out of scope for a control is left out"
        );
    }

    #[test]
    fn what_is_exempt_fails_and_is_suppressed() {
        for event in events(&sample::scan()) {
            let exempt = event["compliance"]["status_code"] == "exempt";
            assert_eq!(event["status_id"] == 3, exempt);
            assert!(!exempt || event["compliance"]["status_id"] == 3);
            assert!(event.get("resource").is_none(), "deprecated");
        }
    }

    #[test]
    fn an_event_says_whose_resource_it_is_and_what_remedy_would_do() {
        let scan = sample::scan();
        let events = events(&scan);
        let of = |id: &str| events.iter().find(|event| event["resources"][0]["name"] == id).unwrap();
        let auto = of("phi-auto");
        assert_eq!(auto["time"], 1_796_047_241_500_i64);
        assert_eq!((&auto["type_uid"], &auto["activity_id"]), (&json!(200_301), &json!(1)));
        assert_eq!(of("phi-withheld")["type_uid"], 200_302);
        assert_eq!(auto["compliance"]["requirements"], json!(["164.312(a)(1)"]), "and none that is for clearinghouses");
        let desc = auto["remediation"]["desc"].as_str().unwrap();
        assert!(desc.starts_with("Remedy would repair it by itself: s3:PutBucketPublicAccessBlock"), "{desc}");
        let hash = &scan.findings[1].hash;
        assert_eq!(auto["finding_info"]["uid"], format!("{hash}/s3-bucket-public"));
        assert_eq!(auto["cloud"]["account"]["uid"], "111122223333");
        assert!(of("phi-in-order").get("remediation").is_none());
    }

    #[test]
    fn each_event_is_a_line_of_its_own_name() {
        let events = events(&sample::scan());
        let uids: std::collections::BTreeSet<_> =
            events.iter().map(|event| event["finding_info"]["uid"].to_string()).collect();
        assert_eq!(uids.len(), events.len());
    }
}
