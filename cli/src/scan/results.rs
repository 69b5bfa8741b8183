//! What a scan found: for each control and place whether it was looked at, and each resource.

use remedy_aws::is_throttled;
use remedy_domain::{AccountId, Control, Fault, FaultKind, Outcome, Region, Target, Timestamp, ask::Forecast, redact};
use remedy_engine::{Place, Report};
use serde::Serialize;
use serde_json::Value;

/// The stored form of results.
const FORMAT: u32 = 1;
/// Codes of AWS for credentials that are no longer good: no permission is missing.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch"];
/// Codes of AWS for credentials that a Region does not know, as in one that the account has not enabled.
const STRANGE: [&str; 4] = ["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"];

/// A scan of one account.
#[derive(Debug, Serialize)]
pub(super) struct Scan {
    pub(super) format: u32,
    /// The version of Remedy.
    pub(super) version: &'static str,
    pub(super) begun: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) account: AccountId,
    pub(super) regions: Vec<Region>,
    pub(super) cells: Vec<Cell>,
    pub(super) findings: Vec<Finding>,
}

/// A control in a place.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    pub(super) control: &'static str,
    pub(super) requirements: &'static [&'static str],
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// The resources that were found.
    pub(super) targets: usize,
    /// Those of them that were looked at.
    pub(super) looked: usize,
    /// Why the resources could not be listed; absent if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<Unread>,
}

/// A resource under a control.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) control: &'static str,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) resource_type: String,
    pub(super) resource: String,
    /// What it is called in Remedy's ledger.
    pub(super) hash: String,
    /// As a run of Remedy would end; absent if it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<Unread>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) violations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repair: Option<Repair>,
}

/// What Remedy would do, if the control were enforced.
#[derive(Debug, Serialize)]
pub(super) struct Repair {
    pub(super) would: Would,
    /// The calls, in order.
    pub(super) calls: Vec<&'static str>,
    pub(super) before: Value,
    pub(super) after: Value,
}

/// Whether a repair would be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Would {
    /// By itself.
    Auto,
    /// Once a person agreed.
    Ask,
    /// Not at all, as things are.
    Withhold,
    /// There is no repair but what a person does.
    Person,
}

impl Would {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ask => "ask",
            Self::Withhold => "withheld",
            Self::Person => "by a person",
        }
    }
}

/// Why something was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Unread {
    pub(super) state: State,
    /// The action that is denied, or the error code.
    pub(super) detail: String,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// The credentials may not make the call.
    Denied,
    /// The account has no such Region, or not enabled it.
    UnsupportedRegion,
    /// AWS took no more calls.
    Throttled,
    /// The call failed otherwise.
    Failed,
    /// There was no time left.
    NotReached,
}

impl Unread {
    pub(super) fn not_reached() -> Self {
        Self { state: State::NotReached, detail: "the time was up".to_owned() }
    }

    /// Of a fault while a control was looking.
    pub(super) fn of(fault: &Fault, control: &Control) -> Self {
        let code = fault.code.as_str();
        if STRANGE.contains(&code) {
            return Self { state: State::UnsupportedRegion, detail: code.to_owned() };
        }
        match fault.kind {
            FaultKind::Denied if !EXPIRED.contains(&code) => {
                let call = control.reads.iter().find(|call| call.operation == fault.doing);
                let action = call.map_or(fault.doing.as_str(), |call| call.action);
                Self { state: State::Denied, detail: action.to_owned() }
            }
            _ if is_throttled(fault) => Self { state: State::Throttled, detail: fault.doing.clone() },
            _ => Self { state: State::Failed, detail: format!("{} ({code})", fault.doing) },
        }
    }

    /// In words.
    pub(super) fn told(&self) -> String {
        match self.state {
            State::Denied => format!("needs {}", self.detail),
            State::UnsupportedRegion => format!("not in this Region ({})", self.detail),
            State::Throttled => format!("throttled at {}", self.detail),
            State::Failed => format!("failed: {}", self.detail),
            State::NotReached => "not reached".to_owned(),
        }
    }
}

impl Finding {
    pub(super) fn of(control: &'static Control, target: &Target, run: Result<Report, Unread>) -> Self {
        let (report, unread) = match run {
            Ok(report) => (Some(report), None),
            Err(unread) => (None, Some(unread)),
        };
        let (outcome, violations, reason, repair) = match report {
            Some(report) => {
                let repair = repair(&report);
                (Some(report.outcome), report.violations, report.reason, repair)
            }
            None => (None, Vec::new(), None, None),
        };
        Self {
            control: control.id.0,
            account: target.account.clone(),
            region: target.region.clone(),
            resource_type: target.resource_type.clone(),
            resource: redact::text(target.arn.as_deref().unwrap_or(&target.id)),
            hash: target.hash(),
            outcome,
            unread,
            violations,
            reason,
            repair,
        }
    }

    /// What would become of the drift, if it is one.
    pub(super) fn would(&self) -> Option<Would> {
        let would = || self.repair.as_ref().map_or(Would::Person, |repair| repair.would);
        self.is_drift().then(would)
    }

    /// Whether it violates the control, and neither a repair nor a measure of Remedy's affects that.
    pub(super) fn is_drift(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Drifted | Outcome::NeedsHuman))
    }
}

fn repair(report: &Report) -> Option<Repair> {
    let would = match report.forecast? {
        Forecast::Write => Would::Auto,
        Forecast::Approval => Would::Ask,
        Forecast::Withheld => Would::Withhold,
    };
    let value = |value: &Option<Value>| value.clone().unwrap_or_default();
    Some(Repair { would, calls: report.calls.clone(), before: value(&report.before), after: value(&report.after) })
}

impl Cell {
    pub(super) fn of(control: &'static Control, place: &Place) -> Self {
        let (account, region) = (place.account.clone(), place.region.clone());
        Self {
            control: control.id.0,
            requirements: control.hipaa,
            account,
            region,
            targets: 0,
            looked: 0,
            unread: None,
        }
    }
}

impl Scan {
    pub(super) fn new(begun: Timestamp, account: AccountId, regions: Vec<Region>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let (cells, findings) = (Vec::new(), Vec::new());
        Self { format: FORMAT, version, begun, ended: begun, account, regions, cells, findings }
    }

    pub(super) fn drifted(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_drift()).count()
    }

    /// The resources, and controls in a place, that were not looked at.
    pub(super) fn unread(&self) -> usize {
        let cells = self.cells.iter().filter(|cell| cell.unread.is_some()).count();
        cells + self.findings.iter().filter(|finding| finding.unread.is_some()).count()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.unread() == 0
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{ControlId, Identities, Scope, Stops, control::ApiEvent};

    use super::*;

    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-x"),
        title: "x",
        hipaa: &[],
        config_rules: &[],
        resource_types: &[],
        scope: Scope::Regional,
        api_events: &[ApiEvent::new("x", "y")],
        reads: &[remedy_domain::Call::new("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration")],
        writes: &[],
        elements: &[],
        stops: Stops::Nothing,
        identities: Identities::Untouched,
    };

    #[test]
    fn what_was_not_read_says_why_and_which_action_it_needs() {
        let denied = Fault::new(FaultKind::Denied, "s3:GetBucketEncryption", "AccessDenied", "");
        assert_eq!(Unread::of(&denied, &CONTROL).told(), "needs s3:GetEncryptionConfiguration");
        for (fault, state) in [
            (
                Fault::new(FaultKind::Denied, "kms:ListKeys", "UnrecognizedClientException", ""),
                State::UnsupportedRegion,
            ),
            (Fault::transient("iam:ListUsers", "Throttling"), State::Throttled),
            (Fault::transient("iam:ListUsers", "timeout"), State::Failed),
            (Fault::new(FaultKind::Denied, "iam:ListUsers", "ExpiredToken", ""), State::Failed),
            (Fault::rejected("s3:GetBucketAcl", "InvalidRequest", ""), State::Failed),
        ] {
            assert_eq!(Unread::of(&fault, &CONTROL).state, state, "{fault:?}");
        }
    }
}
