//! The resources of the simulated account, with their past: a look may see it.

use std::time::Duration;

use remedy_domain::{AccountId, PlanId, Region, Target, Timestamp};
use serde::{Deserialize, Serialize};

/// How many elements an attribute has.
pub(crate) const ELEMENTS: usize = 4;

/// An attribute of a resource, element by element; 0: it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elements(pub(crate) [u8; ELEMENTS]);

/// What can be written with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attribute {
    /// A document that several controls write, always whole: a bucket policy.
    Policy,
    /// Flags that are written one by one.
    Flags,
}

/// Who wrote a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Author {
    /// Somebody else.
    Outsider,
    /// Remedy: the control's number, and the plan.
    Remedy(usize, PlanId),
}

/// One version of an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) at: Timestamp,
    pub(crate) setting: Elements,
    pub(crate) author: Author,
}

/// All versions, oldest first; there is at least one.
#[derive(Debug)]
pub(crate) struct Versions(Vec<Version>);

impl Versions {
    fn first(at: Timestamp, setting: Elements) -> Self {
        Self(vec![Version { at, setting, author: Author::Outsider }])
    }

    pub(crate) fn all(&self) -> &[Version] {
        &self.0
    }

    pub(crate) fn last(&self) -> &Version {
        self.0.last().expect("there is a version")
    }

    pub(crate) fn push(&mut self, at: Timestamp, setting: Elements, author: Author) {
        if setting != self.last().setting {
            self.0.push(Version { at, setting, author });
        }
    }

    /// The number of the version that stood at `at`.
    pub(crate) fn standing(&self, at: Timestamp) -> usize {
        self.0.partition_point(|version| version.at <= at).saturating_sub(1)
    }

    /// Whether a version that could be seen from `from` on is as `wanted` says. `window`: a look may be so late.
    pub(crate) fn ever(&self, from: Timestamp, window: Duration, wanted: impl Fn(&Elements) -> bool) -> bool {
        self.0[self.standing(from - window)..].iter().any(|version| wanted(&version.setting))
    }

    /// The last version that changed the element.
    pub(crate) fn changed(&self, element: usize) -> Option<(usize, &Version)> {
        let value = |number: usize| self.0[number].setting.0[element];
        let number = (1..self.0.len()).rev().find(|number| value(*number) != value(number - 1))?;
        Some((number, &self.0[number]))
    }
}

/// One resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) target: Target,
    /// Its name in the keys of the ledger.
    pub(crate) hash: String,
    policy: Versions,
    flags: Versions,
}

impl Resource {
    /// A resource as it should be.
    pub(crate) fn right(number: usize, at: Timestamp) -> Self {
        let target = Target {
            account: AccountId::parse("111122223333").expect("an account"),
            region: Region::parse("us-east-1").expect("a Region"),
            resource_type: "AWS::S3::Bucket".to_owned(),
            id: format!("bucket-{number}"),
            unique_id: None,
            arn: None,
        };
        let (policy, flags) = (Elements([0, 1, 1, 1]), Elements([1, 1, 0, 0]));
        let hash = target.hash();
        Self { target, hash, policy: Versions::first(at, policy), flags: Versions::first(at, flags) }
    }

    pub(crate) fn versions(&self, attribute: Attribute) -> &Versions {
        match attribute {
            Attribute::Policy => &self.policy,
            Attribute::Flags => &self.flags,
        }
    }

    pub(crate) fn versions_mut(&mut self, attribute: Attribute) -> &mut Versions {
        match attribute {
            Attribute::Policy => &mut self.policy,
            Attribute::Flags => &mut self.flags,
        }
    }
}
