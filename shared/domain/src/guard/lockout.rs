//! Nobody is locked out: two effective administrators stay, and nothing is taken from root, reserved or protected
//! principals, nor from Remedy itself.
//!
//! No approval changes that. Reserved are service-linked roles and those of IAM Identity Center, which IAM refuses to
//! change anyway.

use super::{Objection, Snapshot, protected};
use crate::{outcome::Outcome, redact, verdict::Impact};

/// How many effective administrators stay.
const ADMINISTRATORS: usize = 2;

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let impact = snapshot.impact?;
    let (why, change) = spared(snapshot, impact).or_else(|| last(impact))?;
    Some(Objection { check: "lockout", why, change, outcome: Outcome::Blocked })
}

fn spared(snapshot: &Snapshot<'_>, impact: &Impact) -> Option<(String, &'static str)> {
    let is_spared = |arn: &&String| protected::is_spared(snapshot, name(arn), arn);
    let arn = impact.affected.iter().find(is_spared)?;
    let why = format!("it would take permissions from `{}`, which is protected", redact::text(name(arn)));
    Some((why, "take that principal off what is to be changed, or off the protected list"))
}

fn last(impact: &Impact) -> Option<(String, &'static str)> {
    let left = impact.administrators_left;
    let why = format!("{left} effective administrators would be left, and at least {ADMINISTRATORS} stay");
    let change = "make another effective administrator first";
    (impact.administrators_lost > 0 && left < ADMINISTRATORS).then_some((why, change))
}

/// The name in the ARN of a principal, without its path.
fn name(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}
