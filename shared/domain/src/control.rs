//! The description of a control: enough to route triggers to it, to write its IAM policies and its documentation.

use std::fmt;

use serde::Serialize;

/// A control's name: the drift it looks for, in kebab case. The same word in folders, metrics, logs, evidence and docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ControlId(pub &'static str);

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Where a control's targets live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In one Region each.
    Regional,
    /// In no Region: run in one Region only.
    Global,
}

/// The harm that a repair stops, if not repairing would do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stops {
    /// Data is about to be destroyed: a repair never waits for approval, and goes on however often the drift recurs.
    Destruction,
    /// Data is open to everybody: a repair goes on however often the drift recurs.
    Exposure,
    /// Neither: a repair may wait, and stops if the drift recurs too often.
    Nothing,
}

/// Whether a repair may take permissions or the way of signing in from people or workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identities {
    /// It may: nothing is written while the settings name no break-glass principal.
    Touched,
    /// It never does.
    Untouched,
}

/// One AWS API call and the IAM action that allows it. They differ more often than one would think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// The service as in the SDK and the operation: `s3:GetPublicAccessBlock`.
    pub operation: &'static str,
    /// The IAM action of the service authorization reference: `s3:GetBucketPublicAccessBlock`.
    pub action: &'static str,
}

impl Call {
    /// A call whose IAM action has another name.
    #[must_use]
    pub const fn new(operation: &'static str, action: &'static str) -> Self {
        Self { operation, action }
    }

    /// A call whose IAM action has the same name.
    #[must_use]
    pub const fn same(name: &'static str) -> Self {
        Self { operation: name, action: name }
    }
}

/// A CloudTrail management event that may bring the drift about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ApiEvent {
    /// `eventSource`, such as `s3.amazonaws.com`.
    pub source: &'static str,
    /// `eventName`, which is not always the API's name (`PutBucketPublicAccessBlock`).
    pub name: &'static str,
}

impl ApiEvent {
    /// The event `name` of the service `source`.
    #[must_use]
    pub const fn new(source: &'static str, name: &'static str) -> Self {
        Self { source, name }
    }
}

/// A control's description of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Control {
    /// Its name.
    pub id: ControlId,
    /// What drifts, in a few words.
    pub title: &'static str,
    /// The paragraphs of 45 CFR it supports.
    pub hipaa: &'static [&'static str],
    /// The AWS Config managed rules (source identifiers) that report this drift.
    pub config_rules: &'static [&'static str],
    /// The AWS Config resource types of its targets.
    pub resource_types: &'static [&'static str],
    /// Where its targets live.
    pub scope: Scope,
    /// The CloudTrail events after which it looks again.
    pub api_events: &'static [ApiEvent],
    /// Every call it makes to find, list and observe a target.
    pub reads: &'static [Call],
    /// Every call it makes to change one.
    pub writes: &'static [Call],
    /// If another control writes the same document: the elements of it that this one owns.
    pub elements: &'static [&'static str],
    /// The harm that its repairs stop.
    pub stops: Stops,
    /// Whether its repairs touch identities.
    pub identities: Identities,
}

impl Control {
    /// Whether `name`, undecorated, is the default name of one of this control's managed rules, or the control's own name.
    /// AWS names a managed rule after its identifier: `IAM_USER_MFA_ENABLED` is `iam-user-mfa-enabled`.
    #[must_use]
    pub fn is_named_by_rule(&self, name: &str) -> bool {
        let as_identifier = name.replace('-', "_").to_ascii_uppercase();
        name == self.id.0 || self.config_rules.contains(&as_identifier.as_str())
    }

    /// Whether a CloudTrail event may have brought the drift about.
    #[must_use]
    pub fn follows(&self, source: &str, name: &str) -> bool {
        self.api_events.iter().any(|event| event.source == source && event.name == name)
    }
}
