//! What is never touched: root, service-linked and AWS-reserved principals, Remedy itself, and what the settings name.

use super::{Objection, Snapshot};
use crate::outcome::Outcome;

/// Names that AWS reserves: service-linked roles and the roles of IAM Identity Center.
const RESERVED: [&str; 2] = ["AWSServiceRole", "AWSReservedSSO_"];

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let why = reserved(snapshot).or_else(|| own(snapshot)).or_else(|| named(snapshot))?;
    let change = "take it off the protected list in the settings, where it is on it";
    Some(Objection { check: "protected", why, change, outcome: Outcome::Blocked })
}

fn reserved(snapshot: &Snapshot<'_>) -> Option<String> {
    let id = snapshot.target.id.as_str();
    let is_root = snapshot.target.arn.as_deref().is_some_and(|arn| arn.ends_with(":root"));
    let is_reserved = is_root || RESERVED.iter().any(|prefix| id.starts_with(prefix));
    is_reserved.then(|| "the root user, service-linked and AWS-reserved principals are never touched".to_owned())
}

fn own(snapshot: &Snapshot<'_>) -> Option<String> {
    let target = snapshot.target;
    let is_own = snapshot.own.iter().any(|name| *name == target.id || target.arn.as_ref() == Some(name));
    is_own.then(|| "Remedy never changes its own resources".to_owned())
}

fn named(snapshot: &Snapshot<'_>) -> Option<String> {
    let pattern = snapshot.protected.pattern_for(snapshot.target)?;
    Some(format!("the settings protect `{}`", crate::redact::text(pattern)))
}
