//! The scan as findings of the AWS Security Finding Format, schema 2018-10-08, in one JSON array: what `BatchImportFindings`
//! of AWS Security Hub takes, a hundred at a time. <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>
//!
//! A resource that is out of scope for a control is `NOT_AVAILABLE`, so that an earlier finding with its id does not stay
//! `FAILED`. What policies permit is a `WARNING`: it is no finding of a control.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use remedy_domain::{AccountId, Region};
use serde_json::{Value, json};

use crate::{
    Cell, Finding, PolicyFinding, Scan, Unread,
    said::{self, Ends, Severity, at_most},
};

const POLICY: &str = "What policies permit";
const SCHEMA: &str = "2018-10-08";
const TYPE: &str = "Software and Configuration Checks/Industry and Regulatory Standards/HIPAA Controls (USA)";
// Lengths that the API takes, in characters.
const ID: usize = 512;
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const RECOMMENDATION: usize = 512;
const REASON: usize = 1024;
const FIELD: usize = 2048;
// The most that the API takes of these.
const REASONS: usize = 20;
const REQUIREMENTS: usize = 32;

/// Writes a finding for each control in a place whose resources could not be listed, and for each resource and control.
pub fn write(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let cells = scan.cells.iter().filter_map(|cell| Some(of_cell(cell, cell.unread.as_ref()?)));
    let findings = scan.findings.iter().map(of_finding);
    let mut before = "[";
    let policies = scan.policies.iter().flat_map(|policies| &policies.findings).map(of_policy);
    for finding in cells.chain(findings).chain(policies) {
        writeln!(out, "{before}")?;
        serde_json::to_writer(&mut *out, &finding.json(scan))?;
        before = ",";
    }
    // An empty scan is an empty array.
    writeln!(out, "{}\n]", if before == "[" { before } else { "" })
}

/// A finding, before it is worded as the format has it.
struct Draft<'a> {
    control: Cow<'a, str>,
    account: &'a AccountId,
    region: Cow<'a, Region>,
    /// The last part of its id.
    name: Cow<'a, str>,
    resource: &'a str,
    resource_type: &'a str,
    ends: Ends,
    severity: Severity,
    code: &'a str,
    why: Vec<String>,
    /// The elements of what is wrong, and the reason, as codes.
    codes: Vec<&'a str>,
    remedy: Option<String>,
}

fn of_finding(finding: &Finding) -> Draft<'_> {
    Draft {
        control: Cow::Borrowed(&finding.control),
        account: &finding.account,
        region: Cow::Borrowed(&finding.region),
        name: Cow::Borrowed(&finding.hash),
        resource: &finding.resource,
        resource_type: &finding.resource_type,
        ends: Ends::of(finding),
        severity: Severity::of(finding),
        code: said::code(finding),
        why: said::why(finding),
        codes: said::codes(finding),
        remedy: said::remedy(finding),
    }
}

/// What policies permit: a warning, which a person judges.
fn of_policy(finding: &PolicyFinding) -> Draft<'_> {
    Draft {
        control: Cow::Owned(finding.name()),
        account: &finding.account,
        region: Cow::Owned(finding.region()),
        name: Cow::Owned(said::of_policy(finding)),
        resource: &finding.resource,
        resource_type: finding.subject.resource_type(),
        ends: Ends::Permits,
        severity: Severity::of_policy(finding),
        code: "permits",
        why: said::permits(finding),
        codes: Vec::new(),
        remedy: None,
    }
}

/// Where the resources could not be listed, the finding is about their account.
fn of_cell<'a>(cell: &'a Cell, unread: &Unread) -> Draft<'a> {
    Draft {
        control: Cow::Borrowed(&cell.control),
        account: &cell.account,
        region: Cow::Borrowed(&cell.region),
        name: Cow::Borrowed("not-listed"),
        resource: cell.account.as_str(),
        resource_type: "AWS::::Account",
        ends: Ends::Unread,
        severity: Severity::Medium,
        code: said::state(unread.state),
        why: vec![said::not_looked_at(unread)],
        codes: Vec::new(),
        remedy: None,
    }
}

impl Draft<'_> {
    /// As the format has it.
    fn json(&self, scan: &Scan) -> Value {
        let Self { control, account, region, name, .. } = self;
        let (home, partition) = (said::home(scan, region), said::partition(scan, region));
        let known = scan.about(control).map(|about| about.title.as_str());
        let title = known.unwrap_or(if self.ends == Ends::Permits { POLICY } else { control });
        let generator = format!("remedy/{control}");
        let mut finding = json!({
            "SchemaVersion": SCHEMA,
            "Id": at_most(ID, &format!("remedy/{region}/{account}/{control}/{name}")),
            "ProductArn": format!("arn:{partition}:securityhub:{home}:{account}:product/{account}/default"),
            "GeneratorId": at_most(ID, &generator),
            "AwsAccountId": account,
            "Types": [TYPE],
            "CreatedAt": scan.begun,
            "UpdatedAt": scan.ended,
            "LastObservedAt": scan.ended,
            "Title": at_most(TITLE, title),
            "Description": at_most(DESCRIPTION, &self.description(title)),
            "ProductFields": self.fields(scan),
            "Resources": [self.resource(partition)],
            "Compliance": self.compliance(scan),
            "FindingProviderFields": {
                "Severity": { "Label": label(self.severity), "Original": self.code },
                "Types": [TYPE],
            },
        });
        if let Value::Object(members) = &mut finding {
            if self.ends == Ends::Exempt {
                members.insert("Workflow".to_owned(), json!({ "Status": "SUPPRESSED" }));
            }
            if let Some(text) = &self.remedy {
                let recommendation = json!({ "Recommendation": { "Text": at_most(RECOMMENDATION, text) } });
                members.insert("Remediation".to_owned(), recommendation);
            }
        }
        finding
    }

    fn description(&self, title: &str) -> String {
        if self.why.is_empty() {
            format!("No drift was found. The control looks for: {title}.")
        } else {
            self.why.join(" ")
        }
    }

    /// What the format has no member for; the name of the resource in full, which may be longer than its id may be here.
    fn fields(&self, scan: &Scan) -> Value {
        let mut fields = json!({
            "remedy/version": at_most(FIELD, &scan.version),
            "remedy/outcome": self.code,
            "remedy/resource": at_most(FIELD, self.resource),
            "remedy/resource-type": at_most(FIELD, self.resource_type),
        });
        if let (Value::Object(members), false) = (&mut fields, self.codes.is_empty()) {
            members.insert("remedy/codes".to_owned(), json!(at_most(FIELD, &self.codes.join(","))));
        }
        fields
    }

    fn resource(&self, partition: &str) -> Value {
        let kind = of_type(self.resource_type);
        // An account is its number to AWS Config, and this to Security Hub.
        let is_number = kind == "AwsAccount" && !self.resource.contains(':');
        let id = if is_number { format!("AWS::::Account:{}", self.resource) } else { self.resource.to_owned() };
        json!({ "Type": kind, "Id": at_most(ID, &id), "Partition": partition, "Region": self.region })
    }

    fn compliance(&self, scan: &Scan) -> Value {
        let status = match self.ends {
            Ends::Passes => "PASSED",
            Ends::Fails | Ends::Exempt => "FAILED",
            Ends::Permits => "WARNING",
            Ends::Unread | Ends::NotApplicable => "NOT_AVAILABLE",
        };
        let mut compliance = json!({ "Status": status });
        let paragraphs = scan.about(&self.control).map(|about| said::paragraphs(scan, about)).unwrap_or_default();
        let code = format!("REMEDY_{}", self.code.replace('-', "_").to_uppercase());
        let reason = |why: &String| json!({ "ReasonCode": code, "Description": at_most(REASON, why) });
        if let Value::Object(members) = &mut compliance {
            if !paragraphs.is_empty() {
                let related =
                    paragraphs.iter().take(REQUIREMENTS).map(|paragraph| json!(format!("HIPAA 45 CFR {paragraph}")));
                members.insert("RelatedRequirements".to_owned(), related.collect());
            }
            if !self.why.is_empty() {
                members.insert("StatusReasons".to_owned(), self.why.iter().take(REASONS).map(reason).collect());
            }
        }
        compliance
    }
}

/// The format's name of a type of AWS Config.
fn of_type(resource_type: &str) -> &'static str {
    match resource_type {
        "AWS::S3::Bucket" => "AwsS3Bucket",
        "AWS::KMS::Key" => "AwsKmsKey",
        "AWS::IAM::User" => "AwsIamUser",
        "AWS::IAM::Group" => "AwsIamGroup",
        "AWS::IAM::Role" => "AwsIamRole",
        "AWS::IAM::Policy" => "AwsIamPolicy",
        "AWS::::Account" => "AwsAccount",
        _ => "Other",
    }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "INFORMATIONAL",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use remedy_domain::Outcome;

    use super::*;
    use crate::sample;

    fn findings(scan: &Scan) -> Vec<Value> {
        let mut out = Vec::new();
        write(&mut out, scan).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn codes_are_a_field_of_the_product() {
        let findings = findings(&sample::scan());
        let of = |name: &str| {
            let is_it = |finding: &&Value| finding["Resources"][0]["Id"] == format!("arn:aws:s3:::{name}");
            findings.iter().find(is_it).expect("a finding")["ProductFields"].get("remedy/codes").cloned()
        };
        assert_eq!(of("phi-ask"), Some(json!("block-public-acls,public-statement,used-by-others")));
        assert_eq!(of("phi-in-order"), None);
    }

    #[test]
    fn only_what_was_looked_at_and_is_in_order_passes() {
        let scan = sample::scan();
        let findings = findings(&scan);
        let count = |status: &str| findings.iter().filter(|finding| finding["Compliance"]["Status"] == status).count();
        assert_eq!(count("PASSED"), scan.count(Outcome::AlreadyCompliant));
        assert_eq!(count("NOT_AVAILABLE"), scan.unread() + scan.count(Outcome::OutOfScope));
        let policies = &scan.policies.as_ref().unwrap().findings;
        assert_eq!(count("WARNING"), policies.len());
        assert_eq!(count("PASSED") + count("NOT_AVAILABLE") + count("FAILED") + count("WARNING"), findings.len());
        let places = scan.cells.iter().filter(|cell| cell.unread.is_some()).count();
        assert_eq!(findings.len(), places + scan.findings.len() + policies.len());
    }

    #[test]
    fn ids_are_stable_and_no_two_are_alike() {
        let scan = sample::scan();
        let findings = findings(&scan);
        let ids: BTreeSet<_> = findings.iter().map(|finding| finding["Id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), findings.len());
        let hash = &scan.findings[1].hash;
        assert!(ids.contains(format!("remedy/us-east-1/111122223333/s3-bucket-public/{hash}").as_str()));
        assert!(ids.contains("remedy/global/444455556666/iam-user-without-mfa/not-listed"));
    }

    #[test]
    fn what_is_exempt_is_suppressed_and_failed() {
        for finding in findings(&sample::scan()) {
            let exempt = finding["ProductFields"]["remedy/outcome"] == "exempt";
            assert_eq!(finding["Workflow"]["Status"] == "SUPPRESSED", exempt);
            assert!(!exempt || finding["Compliance"]["Status"] == "FAILED");
        }
    }

    #[test]
    fn the_product_is_of_the_partition_and_of_a_region() {
        let scan = sample::scan();
        let of = |scan: &Scan| findings(scan).last().unwrap()["ProductArn"].as_str().unwrap().to_owned();
        let global = |regions: &[&str], caller: &str| {
            let user = sample::finding("iam-user-without-mfa", "AWS::IAM::User", "ann");
            let regions = regions.iter().map(|name| sample::region(name)).collect();
            of(&Scan { regions, caller: caller.to_owned(), findings: vec![user], policies: None, ..scan.clone() })
        };
        let arn = |place: &str| format!("arn:{place}:111122223333:product/111122223333/default");
        assert_eq!(global(&["eu-west-1", "us-east-1"], "arn:aws:iam::1:x"), arn("aws:securityhub:eu-west-1"));
        assert_eq!(global(&["us-gov-east-1"], "arn:aws-us-gov:iam::1:x"), arn("aws-us-gov:securityhub:us-gov-east-1"));
        assert_eq!(global(&["global"], "arn:aws-cn:iam::1:x"), arn("aws-cn:securityhub:cn-north-1"));
    }

    #[test]
    fn no_text_is_longer_than_the_api_takes_and_none_is_empty() {
        for finding in findings(&sample::scan()) {
            assert!(serde_json::to_vec(&finding).unwrap().len() <= 240_000);
            for (pointer, limit) in [("/Id", 512), ("/Title", 256), ("/Description", 1024), ("/Resources/0/Id", 512)] {
                let text = finding.pointer(pointer).unwrap().as_str().unwrap();
                assert!(!text.trim().is_empty() && text.chars().count() <= limit, "{pointer}: {text}");
            }
        }
    }

    #[test]
    fn a_scan_of_nothing_is_an_empty_array() {
        let scan = Scan { cells: Vec::new(), findings: Vec::new(), policies: None, ..sample::scan() };
        assert_eq!(findings(&scan), Vec::<Value>::new());
    }
}
