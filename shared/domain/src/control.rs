//! The description of a control: enough to route triggers to it, to write its IAM policies and its documentation.

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, Serializer};

use crate::{citation, renamed};

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

/// An AWS service, as its room describes it once for all its kinds of resources: what the template and the price list know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The name before its IAM actions: `kms`.
    pub name: &'static str,
    /// US cents for a million of its calls, in us-east-1.
    pub cents_a_million_calls: u32,
    /// The resources of its writes: a word in the names of actions, and a pattern of ARNs after the partition, with
    /// `{account}` where an account stands. The first word that is in the name counts; an empty one is in each.
    pub resources: &'static [(&'static str, &'static str)],
    /// Its actions on the account as a whole, which are about no resource.
    pub of_the_account: &'static [&'static str],
}

impl Service {
    /// A service of which nothing is said: its calls cost nothing, and its writes are about everything that it has.
    pub const PLAIN: Self = Self { name: "", cents_a_million_calls: 0, resources: &[], of_the_account: &[] };
}

/// A kind of AWS resource, as all its controls share it: how the world names it, and how it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceKind {
    /// The AWS Config resource types of its targets.
    pub types: &'static [&'static str],
    /// Where its targets live.
    pub scope: Scope,
    /// Its service.
    pub service: Service,
    /// The `eventSource` of the CloudTrail events about it, such as `s3.amazonaws.com`.
    pub source: &'static str,
    /// Every call that lists it, or finds one.
    pub reads: &'static [Call],
    /// Every call that reads its tags. Only controls that write read them.
    pub tags: &'static [Call],
    /// Whether repairs of it may touch identities, where a control does not say otherwise.
    pub identities: Identities,
}

impl ResourceKind {
    /// A kind of which nothing is said: in one Region each, without identities.
    pub const PLAIN: Self = Self {
        types: &[],
        scope: Scope::Regional,
        service: Service::PLAIN,
        source: "",
        reads: &[],
        tags: &[],
        identities: Identities::Untouched,
    };
}

/// A control's description of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Its name.
    pub id: ControlId,
    /// What drifts, in a few words.
    pub title: &'static str,
    /// The paragraphs of 45 CFR it supports, as the CFR itself cites: `164.308(a)(3)(i), (ii)(A); 164.312(a)(1)`.
    pub hipaa: &'static str,
    /// The AWS Config managed rules (source identifiers) that report this drift.
    pub config_rules: &'static [&'static str],
    /// The types of resources that these rules report about, where they are others than those of the kind.
    pub reported_as: &'static [&'static str],
    /// The kind of resource that it looks at.
    pub kind: ResourceKind,
    /// The CloudTrail events of the resource's service after which it looks again, by `eventName`, which is not always the
    /// API's name (`PutBucketPublicAccessBlock`).
    pub events: &'static [&'static str],
    /// Every call it makes to observe a target, besides those of its kind.
    pub reads: &'static [&'static [Call]],
    /// Every call it makes to change one.
    pub writes: &'static [&'static [Call]],
    /// If another control writes the same document: the elements of it that this one owns.
    pub elements: &'static [&'static str],
    /// The elements of a resource that its violations name, as codes.
    pub deviates: &'static [&'static str],
    /// The codes of its reasons: why a resource is out of scope, why a person decides, what is left to do.
    pub reasons: &'static [&'static str],
    /// The harm that its repairs stop.
    pub stops: Stops,
    /// Whether its repairs touch identities.
    pub identities: Identities,
}

impl Control {
    /// A control of resources of this kind that says nothing else of itself: the rest of each control's description.
    #[must_use]
    pub const fn of(kind: ResourceKind) -> Self {
        Self {
            id: ControlId(""),
            title: "",
            hipaa: "",
            config_rules: &[],
            reported_as: &[],
            kind,
            events: &[],
            reads: &[],
            writes: &[],
            elements: &[],
            deviates: &[],
            reasons: &[],
            stops: Stops::Nothing,
            identities: kind.identities,
        }
    }

    /// The paragraphs of 45 CFR it supports, each in full; none if [`Control::hipaa`] is not as the CFR cites.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        citation::paragraphs(self.hipaa).unwrap_or_default()
    }

    /// Every call it makes to find, list and observe a target.
    pub fn all_reads(&self) -> impl Iterator<Item = Call> + use<> {
        let tags = if self.writes.is_empty() { &[] } else { self.kind.tags };
        self.reads.iter().copied().flatten().chain(self.kind.reads).chain(tags).copied()
    }

    /// Every call it makes to change one.
    pub fn all_writes(&self) -> impl Iterator<Item = Call> + use<> {
        self.writes.iter().copied().flatten().copied()
    }

    /// Whether it has this id, or had it before.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        renamed::current(id) == self.id.0
    }

    /// Whether `name`, undecorated, is the default name of one of this control's managed rules, or a name of the control's own.
    /// AWS names a managed rule after its identifier: `IAM_USER_MFA_ENABLED` is `iam-user-mfa-enabled`.
    #[must_use]
    pub fn is_named_by_rule(&self, name: &str) -> bool {
        let as_identifier = name.replace('-', "_").to_ascii_uppercase();
        self.is_called(name) || self.config_rules.contains(&as_identifier.as_str())
    }

    /// Whether it is about resources that are reported under this type.
    #[must_use]
    pub fn is_about(&self, resource_type: &str) -> bool {
        self.kind.types.contains(&resource_type) || self.reported_as.contains(&resource_type)
    }

    /// Whether a CloudTrail event may have brought the drift about.
    #[must_use]
    pub fn follows(&self, source: &str, name: &str) -> bool {
        source == self.kind.source && self.events.contains(&name)
    }
}

/// The whole description, as `--describe` prints it: with what the control shares with others of its kind, each call once.
impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Event {
            source: &'static str,
            name: &'static str,
        }
        #[derive(Serialize)]
        struct Described {
            id: ControlId,
            former: &'static [&'static str],
            title: &'static str,
            hipaa: Vec<String>,
            config_rules: &'static [&'static str],
            resource_types: &'static [&'static str],
            scope: Scope,
            api_events: Vec<Event>,
            reads: BTreeSet<Call>,
            writes: BTreeSet<Call>,
            elements: &'static [&'static str],
            deviates: &'static [&'static str],
            reasons: &'static [&'static str],
            stops: Stops,
            identities: Identities,
        }
        Described {
            id: self.id,
            former: renamed::former(self.id.0),
            title: self.title,
            hipaa: self.paragraphs(),
            config_rules: self.config_rules,
            resource_types: self.kind.types,
            scope: self.kind.scope,
            api_events: self.events.iter().map(|name| Event { source: self.kind.source, name }).collect(),
            reads: self.all_reads().collect(),
            writes: self.all_writes().collect(),
            elements: self.elements,
            deviates: self.deviates,
            reasons: self.reasons,
            stops: self.stops,
            identities: self.identities,
        }
        .serialize(serializer)
    }
}
