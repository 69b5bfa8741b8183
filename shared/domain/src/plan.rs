//! A plan: a pair of settings for one target, identified by its content.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    canonical::{self, NotCanonical},
    ids::{PlanId, Target},
};

/// The stored form of plans written by this version.
pub const FORMAT: u32 = 1;

/// From this setting to that one. The AWS calls are derived from the pair; undo is the same pair the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The control that drafted it.
    pub control: String,
    /// What it is about.
    pub target: Target,
    /// The setting that was observed.
    pub before: Value,
    /// The setting that is wanted.
    pub after: Value,
}

impl Plan {
    /// Drafts a plan.
    #[must_use]
    pub fn new(control: &str, target: &Target, before: Value, after: Value) -> Self {
        Self { format: FORMAT, control: control.to_owned(), target: target.clone(), before, after }
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
