//! What is never touched: root, service-linked and AWS-reserved principals, Remedy itself, and what the settings name.

use super::{Objection, Snapshot};
use crate::{outcome::Outcome, ownership::Manager};

/// Names that AWS reserves: service-linked roles, the roles of IAM Identity Center, and those that service-managed StackSets
/// come in by.
const RESERVED: [&str; 3] = ["AWSServiceRole", "AWSReservedSSO_", "stacksets-exec-"];

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let target = snapshot.target;
    let arn = target.arn.as_deref().unwrap_or_default();
    let why = reserved(&target.id, arn)
        .or_else(|| own(snapshot, &target.id, arn))
        .or_else(|| own_stack(snapshot))
        .or_else(|| named(snapshot))?;
    let change = "take it off the protected list in the settings, where it is on it";
    Some(Objection { check: "protected", why, change, outcome: Outcome::Blocked })
}

/// Whether nothing may be taken from a principal.
pub(super) fn is_spared(snapshot: &Snapshot<'_>, name: &str, arn: &str) -> bool {
    let is_reserved = reserved(name, arn).or_else(|| own(snapshot, name, arn)).is_some();
    is_reserved || snapshot.protected.pattern_among(&[name, arn]).is_some()
}

fn reserved(id: &str, arn: &str) -> Option<String> {
    let is_reserved = arn.ends_with(":root") || RESERVED.iter().any(|prefix| id.starts_with(prefix));
    is_reserved.then(|| "the root user, service-linked and AWS-reserved principals are never touched".to_owned())
}

fn own(snapshot: &Snapshot<'_>, id: &str, arn: &str) -> Option<String> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let begins = |name: &String| name.strip_suffix('*').is_some_and(|start| resource.starts_with(start));
    let is_own = snapshot.own.iter().any(|name| name == id || name == arn || begins(name));
    is_own.then(|| "Remedy never changes its own resources".to_owned())
}

fn own_stack(snapshot: &Snapshot<'_>) -> Option<String> {
    let Some(Manager::Stack(stack)) = snapshot.manager else { return None };
    snapshot.own.contains(stack).then(|| "Remedy never changes what its own stack made".to_owned())
}

fn named(snapshot: &Snapshot<'_>) -> Option<String> {
    let pattern = snapshot.protected.pattern_for(snapshot.target)?;
    Some(format!("the settings protect `{}`", crate::redact::text(pattern)))
}
