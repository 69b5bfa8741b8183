//! For each control and place whether it was looked at, and each resource.

use std::collections::BTreeMap;

use remedy_domain::{AccountId, Outcome, Region, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The stored form of results.
pub const FORMAT: u32 = 1;

/// A scan of accounts: `docs/schema/scan.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of Remedy.
    pub version: String,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether somebody stopped it before its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// The account of the credentials.
    pub account: AccountId,
    /// The ARN of whoever asked.
    pub caller: String,
    /// The accounts that were to be looked at.
    pub accounts: Vec<AccountId>,
    /// Where resources that belong to a Region were to be looked for.
    pub regions: Vec<Region>,
    /// SHA-256 of the settings, if a file named some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// What the settings say that the organization is beside a covered entity; some paragraphs are only for those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organization: Vec<String>,
    /// The controls that were applied, in their order.
    pub controls: Vec<About>,
    /// Each control in each place, in the order of the controls.
    pub cells: Vec<Cell>,
    /// Each resource under each control, in the order of the cells.
    pub findings: Vec<Finding>,
    /// Drift of an earlier scan that is no longer there; only if it was compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Vec<Gone>>,
    /// What policies permit; only if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
}

/// What a control says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its id.
    pub id: String,
    /// What drifts, in a few words.
    pub title: String,
    /// The paragraphs of 45 CFR that it supports.
    pub requirements: Vec<String>,
    /// The AWS Config managed rules (source identifiers) that report this drift.
    pub config_rules: Vec<String>,
    /// The types of its resources, as AWS Config has them.
    pub resource_types: Vec<String>,
    /// Whether a repair can be reverted.
    pub reversible: bool,
}

/// A control in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The control's id.
    pub control: String,
    /// The account.
    pub account: AccountId,
    /// The Region, or `global`.
    pub region: Region,
    /// The resources that were found.
    pub targets: usize,
    /// Those of them that were looked at.
    pub looked: usize,
    /// Why the resources could not be listed; absent if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
}

/// A resource under a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The control's id.
    pub control: String,
    /// The account.
    pub account: AccountId,
    /// The Region, or `global`.
    pub region: Region,
    /// Its type, as AWS Config has it.
    pub resource_type: String,
    /// Its ARN, or its id where it has none.
    pub resource: String,
    /// Its id, such as the name of a bucket or a user.
    pub id: String,
    /// What it is called in Remedy's ledger.
    pub hash: String,
    /// As a run of Remedy that only looks would end; absent if it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
    /// What is wrong, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<String>,
    /// The element of each violation, as a code; absent in scans of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<String>,
    /// Why it ends so, or what would hold a repair back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same as a code; absent in scans of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// What Remedy would do, if the control were enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
    /// The exemption that covers it; its outcome is then [`Outcome::Exempt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempted: Option<Exempted>,
    /// Whether an earlier scan had this drift; only if it was compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// What Remedy would do, if the control were enforced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// Whether it would be carried out.
    pub would: Would,
    /// The AWS API calls, in order.
    pub calls: Vec<String>,
    /// The setting, as evidence shows it.
    pub before: Value,
    /// The setting, repaired.
    pub after: Value,
}

/// Whether a repair would be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Would {
    /// By itself.
    Auto,
    /// Once a person agreed.
    Ask,
    /// Not at all, as things are.
    Withhold,
    /// There is no repair but what a person does.
    Person,
}

/// An exemption that covers a resource: 45 CFR 164.306(d)(3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exempted {
    /// The owner, responsible for it.
    pub owner: String,
    /// Why the measure is not reasonable and appropriate here.
    pub reason: String,
    /// The equivalent alternative measure.
    pub alternative: String,
    /// Where it is tracked.
    pub ticket: String,
    /// When it ends.
    pub until: Timestamp,
    /// Who agreed; absent if it is only proposed in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// Drift, compared with that of an earlier scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It was not there.
    New,
    /// It was there.
    Unchanged,
}

/// Drift of an earlier scan that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// The control's id.
    pub control: String,
    /// The account.
    pub account: AccountId,
    /// The Region, or `global`.
    pub region: Region,
    /// Its ARN, or its id where it has none.
    pub resource: String,
    /// What it is called in Remedy's ledger.
    pub hash: String,
}

/// Why something was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// The kind of reason.
    pub state: State,
    /// The action that is denied, or the call and the error code.
    pub detail: String,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The credentials may not make the call.
    Denied,
    /// The account has no such Region, or not enabled it.
    UnsupportedRegion,
    /// AWS took no more calls.
    Throttled,
    /// The call failed otherwise.
    Failed,
    /// There was no time left, or the scan was stopped.
    NotReached,
}

/// What the policies of accounts permit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// How many were looked at, by kind of subject.
    pub looked: BTreeMap<Subject, usize>,
    /// What could not be read: for each a few words, such as `policies of buckets in us-east-1`.
    pub unread: Vec<(String, Unread)>,
    /// What was found, by account and subject.
    pub findings: Vec<PolicyFinding>,
}

/// What has policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// An IAM user: what it may do.
    User,
    /// An IAM group: what its members may do.
    Group,
    /// An IAM role: what it may do.
    Role,
    /// The trust policy of an IAM role: who may assume it.
    Trust,
    /// An S3 bucket: who is let in.
    Bucket,
    /// A KMS key: who is let in.
    Key,
}

/// Something that policies permit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFinding {
    /// The account.
    pub account: AccountId,
    /// What has the policies.
    pub subject: Subject,
    /// Its ARN.
    pub resource: String,
    /// The verdict, as a machine names it: `admin`, `privilege-escalation`, `public`, …
    pub verdict: String,
    /// What it says, in words.
    pub says: String,
    /// Where it comes from.
    pub clues: Vec<Clue>,
}

/// A place in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clue {
    /// The ARN or the name of the policy.
    pub policy: String,
    /// The statement, by its place in the policy, from 0.
    pub statement: usize,
    /// The statement's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The clause, as it stands there.
    pub clause: String,
    /// What would restrict it.
    pub restrict: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Would {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ask => "ask",
            Self::Withhold => "withheld",
            Self::Person => "by a person",
        }
    }
}

impl Unread {
    /// There was no time left.
    #[must_use]
    pub fn not_reached(why: &str) -> Self {
        Self { state: State::NotReached, detail: why.to_owned() }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.state {
            State::Denied => format!("needs {}", self.detail),
            State::UnsupportedRegion => format!("not in this Region ({})", self.detail),
            State::Throttled => format!("throttled at {}", self.detail),
            State::Failed => format!("failed: {}", self.detail),
            State::NotReached => format!("not reached: {}", self.detail),
        }
    }
}

impl Subject {
    /// The type of what has the policy, as AWS Config has it.
    #[must_use]
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::User => "AWS::IAM::User",
            Self::Group => "AWS::IAM::Group",
            Self::Role | Self::Trust => "AWS::IAM::Role",
            Self::Bucket => "AWS::S3::Bucket",
            Self::Key => "AWS::KMS::Key",
        }
    }
}

impl PolicyFinding {
    /// What it is called beside controls, such as `policy-admin`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("policy-{}", self.verdict)
    }

    /// The Region of its ARN, or `global`.
    #[must_use]
    pub fn region(&self) -> Region {
        let named = self.resource.split(':').nth(3).filter(|region| !region.is_empty());
        named.and_then(|region| Region::parse(region).ok()).unwrap_or_else(Region::global)
    }
}

impl Repair {
    /// What it changes, in lines: policies by statement, `-` before what goes and `+` before what comes.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        crate::page::changed(&self.before, &self.after)
    }
}

impl Finding {
    /// What would become of the drift, if it is one.
    #[must_use]
    pub fn would(&self) -> Option<Would> {
        let would = || self.repair.as_ref().map_or(Would::Person, |repair| repair.would);
        self.is_drift().then(would)
    }

    /// Whether it violates the control, and neither a repair, a measure of Remedy's nor an exemption affects that.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Drifted | Outcome::NeedsHuman))
    }

    /// What is the same in another scan of the same accounts.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.control, &self.hash)
    }
}

impl Scan {
    /// The drift.
    pub fn drift(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_drift())
    }

    /// How many findings end so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == Some(outcome)).count()
    }

    /// The resources, and controls in a place, that were not looked at.
    #[must_use]
    pub fn unread(&self) -> usize {
        let cells = self.cells.iter().filter(|cell| cell.unread.is_some()).count();
        cells + self.findings.iter().filter(|finding| finding.unread.is_some()).count()
    }

    /// Whether all that was to be looked at was looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.interrupted
            && self.unread() == 0
            && self.policies.as_ref().is_none_or(|policies| policies.unread.is_empty())
    }

    /// What a control says of itself.
    #[must_use]
    pub fn about(&self, control: &str) -> Option<&About> {
        self.controls.iter().find(|about| about.id == control)
    }
}
