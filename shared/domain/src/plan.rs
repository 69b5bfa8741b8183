//! A plan: a pair of settings for one target, identified by its content.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::Value;

use crate::{
    canonical::{self, NotCanonical},
    ids::{PlanId, Target},
    renamed, stored,
};

/// The stored form of plans written by this version.
pub const FORMAT: u32 = 1;

/// From this setting to that one. The AWS calls are derived from the pair; undo is the same pair the other way round.
///
/// Members that another version added are kept: all members make up the plan's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The control that drafted it, by its first id: a plan has the same identity whatever the control is called.
    pub control: String,
    /// Its target.
    pub target: Target,
    /// The setting that was observed.
    pub before: Value,
    /// The setting that is wanted.
    pub after: Value,
    /// The members that this version does not know.
    unread: Option<Value>,
}

/// A plan as far as this version knows it.
#[derive(Serialize, Deserialize)]
struct Known<'a> {
    format: u32,
    control: Cow<'a, str>,
    target: Cow<'a, Target>,
    before: Cow<'a, Value>,
    after: Cow<'a, Value>,
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = Known {
            format: self.format,
            control: Cow::Borrowed(&self.control),
            target: Cow::Borrowed(&self.target),
            before: Cow::Borrowed(&self.before),
            after: Cow::Borrowed(&self.after),
        };
        let Some(unread) = &self.unread else { return known.serialize(serializer) };
        let known = serde_json::to_value(known).map_err(S::Error::custom)?;
        stored::with(known, unread).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Value::deserialize(deserializer)?;
        let known = Known::deserialize(&whole).map_err(D::Error::custom)?;
        let unread = stored::unread(&whole, &serde_json::to_value(&known).map_err(D::Error::custom)?);
        Ok(Self {
            format: known.format,
            control: known.control.into_owned(),
            target: known.target.into_owned(),
            before: known.before.into_owned(),
            after: known.after.into_owned(),
            unread,
        })
    }
}

impl Plan {
    /// Drafts a plan.
    #[must_use]
    pub fn new(control: &str, target: &Target, before: Value, after: Value) -> Self {
        let control = renamed::filed(control).to_owned();
        Self { format: FORMAT, control, target: target.clone(), before, after, unread: None }
    }

    /// Its identity: the SHA-256 of its canonical JSON. There is no time in it: the same drift gives the same plan.
    pub fn id(&self) -> Result<PlanId, NotCanonical> {
        let digest = canonical::digest(self)?;
        PlanId::parse(digest).map_err(|_| NotCanonical::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region};
    use serde_json::json;

    fn plan() -> Plan {
        let target = Target {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            resource_type: "AWS::S3::Bucket".into(),
            id: "phi-imaging-example".into(),
            unique_id: None,
            arn: None,
        };
        Plan::new("s3-bucket-public", &target, json!(null), json!({"block_public_acls": true}))
    }

    #[test]
    fn the_id_of_a_known_plan_never_changes() {
        // The digest was computed by another program: Python's json (sorted keys, no spaces) and hashlib.
        assert_eq!(plan().id().unwrap().as_str(), "83aae43788df82edd1608182dd45ae296b20c3cdddd7ac9328b62a11314bb1b3");
    }

    #[test]
    fn a_renamed_control_drafts_the_plans_that_it_drafted_before() {
        let drafted = |control: &str| Plan::new(control, &plan().target, json!(1), json!(2));
        let (before, now) = (drafted("kms-key-shared"), drafted("kms-key-open-policy"));
        assert_eq!((before.control.as_str(), before.id().unwrap()), ("kms-key-shared", now.id().unwrap()));
    }

    #[test]
    fn what_another_version_added_is_in_the_id_and_is_stored_again() {
        let mut stored = serde_json::to_value(plan()).unwrap();
        assert_eq!(serde_json::from_value::<Plan>(stored.clone()).unwrap(), plan());
        stored["why"] = json!({"rule": 7});
        stored["target"]["partition"] = json!("aws");
        let read: Plan = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), stored);
        assert_eq!(read.id().unwrap().as_str(), canonical::digest(&stored).unwrap());
        assert_ne!(read.id().unwrap(), plan().id().unwrap());
    }

    #[test]
    fn every_part_is_in_the_id() {
        let id = |plan: &Plan| plan.id().unwrap();
        let mut other = plan();
        other.after = json!({"block_public_acls": false});
        assert_ne!(id(&plan()), id(&other));
        let mut other = plan();
        other.target.id.push('x');
        assert_ne!(id(&plan()), id(&other));
    }
}
