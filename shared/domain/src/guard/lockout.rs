//! Nobody is locked out: two effective administrators stay, and nothing is taken from root, reserved or protected
//! principals, nor from Remedy itself.
//!
//! Only administrators that have been in the account for a week, or that the settings name as break-glass, count:
//! otherwise a principal that may make administrators could make two, which would then count instead of those who lose
//! access.
//!
//! No approval changes that. Reserved are service-linked roles and those of IAM Identity Center, which IAM refuses to
//! change anyway.

use jiff::SignedDuration;

use super::{LOCKOUT, Objection, Snapshot, protected};
use crate::{
    outcome::Outcome,
    reason::Reason,
    redact,
    verdict::{Administrator, Impact},
};

/// How many effective administrators stay.
const ADMINISTRATORS: usize = 2;
/// The time that an administrator must be in the account before it counts: long enough for somebody to notice it.
const ESTABLISHED: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let impact = snapshot.impact?;
    let (why, change) = spared(snapshot, impact).or_else(|| last(snapshot, impact))?;
    Some(Objection { check: LOCKOUT, why, change, outcome: Outcome::Blocked })
}

fn spared(snapshot: &Snapshot<'_>, impact: &Impact) -> Option<(Reason, &'static str)> {
    let (arn, spared) = impact.affected.iter().find_map(|arn| Some((arn, protected::of_principal(snapshot, arn)?)))?;
    let others = match impact.affected.len() {
        1 => String::new(),
        all => format!("; others may do the same until somebody looks: {}", all - 1),
    };
    let why = format!("it would take permissions from `{}`, and {}{others}", redact::text(name(arn)), spared.why());
    Some((
        Reason::new("takes-from-protected", why),
        "take that principal off what is to be changed, or off the protected list",
    ))
}

fn last(snapshot: &Snapshot<'_>, impact: &Impact) -> Option<(Reason, &'static str)> {
    let all = &impact.administrators_left;
    let left = all.iter().filter(|administrator| counts(snapshot, administrator)).count();
    let fresh = match all.len() - left {
        0 => String::new(),
        fresh => format!("; {fresh} more came within a week, and do not count"),
    };
    let why = format!("{left} effective administrators would be left, and at least {ADMINISTRATORS} stay{fresh}");
    let why = Reason::new("last-administrators", why);
    let change = "make another effective administrator first, or name one that is there as break-glass";
    (impact.administrators_lost > 0 && left < ADMINISTRATORS).then_some((why, change))
}

fn counts(snapshot: &Snapshot<'_>, administrator: &Administrator) -> bool {
    let Administrator { arn, since } = administrator;
    let is_established = since.is_some_and(|since| snapshot.now.duration_since(since) >= ESTABLISHED);
    is_established || snapshot.protected.opens_the_door(arn)
}

/// The name in the ARN of a principal, without its path.
fn name(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}
