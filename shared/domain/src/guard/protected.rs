//! Targets that are never touched: root, service-linked and AWS-reserved roles, Remedy itself, and those in the
//! settings.
//!
//! A name is no privilege. AWS guards the paths of its own roles; Remedy's own are known by ARNs and by the id of its
//! stack, which only CloudFormation writes; the settings protect by ARN. There is one exception: the roles of
//! service-managed StackSets have nothing but a name, so they are spared and somebody is paged.

use super::{BY_NAME, Objection, PROTECTED, Snapshot};
use crate::{outcome::Outcome, ownership::Manager, reason::Reason, redact};

/// Paths of roles under which only AWS makes any.
const RESERVED: [&str; 2] = ["role/aws-service-role/", "role/aws-reserved/sso.amazonaws.com/"];
/// The names of the roles of service-managed StackSets, at the root of all paths, before a hash.
const STACK_SETS: &str = "role/stacksets-exec-";

/// Why something is never touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spared {
    /// AWS guards it, or it is Remedy's own.
    Always(&'static str),
    /// It has a name of the roles of StackSets, and nothing else identifies it.
    ByName,
    /// A pattern of the settings protects it.
    BySettings(String),
}

impl Spared {
    pub(super) fn why(&self) -> String {
        match self {
            Self::Always(why) => (*why).to_owned(),
            Self::ByName => "it is protected by name: look whether StackSets made the role".to_owned(),
            Self::BySettings(pattern) => format!("the settings protect `{}`", redact::text(pattern)),
        }
    }

    pub(super) fn change(&self) -> &'static str {
        match self {
            Self::Always(_) => "nothing does: put it right by hand",
            Self::ByName => "put it right by hand, or give the role another name",
            Self::BySettings(_) => "take it off the protected list in the settings, or put it right by hand",
        }
    }
}

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let spared = of_target(snapshot)?;
    let check = if spared == Spared::ByName { BY_NAME } else { PROTECTED };
    let why = Reason::new("protected", spared.why());
    Some(Objection { check, why, change: spared.change(), outcome: Outcome::Blocked })
}

/// The reason why the target is never touched, if it is not.
pub(super) fn of_target(snapshot: &Snapshot<'_>) -> Option<Spared> {
    let target = snapshot.target;
    let arn = target.arn.as_deref().unwrap_or_default();
    reserved(snapshot, arn)
        .or_else(|| own(snapshot, arn))
        .or_else(|| own_stack(snapshot))
        .or_else(|| snapshot.protected.pattern_for(target).map(str::to_owned).map(Spared::BySettings))
        .or_else(|| of_stack_sets(arn))
}

/// The reason why the principal of this ARN may lose nothing, if it may not.
pub(super) fn of_principal(snapshot: &Snapshot<'_>, arn: &str) -> Option<Spared> {
    let by_settings = || snapshot.protected.pattern_for_principal(arn).map(str::to_owned).map(Spared::BySettings);
    reserved(snapshot, arn).or_else(|| own(snapshot, arn)).or_else(by_settings).or_else(|| of_stack_sets(arn))
}

/// The account of an ARN of IAM, and what follows it: `root`, `user/ops/ann`.
fn of_iam(arn: &str) -> Option<(&str, &str)> {
    arn.strip_prefix("arn:")?.split_once(":iam::")?.1.split_once(':')
}

fn reserved(snapshot: &Snapshot<'_>, arn: &str) -> Option<Spared> {
    let (account, resource) = of_iam(arn)?;
    let is_root = resource == "root" && account == snapshot.target.account.as_str();
    let is_reserved = RESERVED.iter().any(|path| resource.starts_with(path));
    let why = "the root user, service-linked and AWS-reserved roles are never touched";
    (is_root || is_reserved).then_some(Spared::Always(why))
}

fn of_stack_sets(arn: &str) -> Option<Spared> {
    let hash = of_iam(arn)?.1.strip_prefix(STACK_SETS)?;
    (!hash.is_empty() && hash.chars().all(crate::ids::is_lower_hex)).then_some(Spared::ByName)
}

fn own(snapshot: &Snapshot<'_>, arn: &str) -> Option<Spared> {
    let account = snapshot.target.account.as_str();
    let is_own = |own: &String| is_same(&own.replace("{account}", account), arn);
    let why = "Remedy never changes its own resources";
    snapshot.own.iter().any(is_own).then_some(Spared::Always(why))
}

/// Whether two ARNs name one principal. No two users of an account share a name, whatever their paths, and no two roles
/// do: the ARN of a session leaves the path out.
fn is_same(a: &str, b: &str) -> bool {
    let principal = |arn| {
        let (account, resource) = of_iam(arn)?;
        let (kind, name) = (resource.split('/').next()?, resource.rsplit('/').next()?);
        ["user", "role"].contains(&kind).then_some((account, kind, name))
    };
    a == b || principal(a).is_some_and(|known| principal(b) == Some(known))
}

fn own_stack(snapshot: &Snapshot<'_>) -> Option<Spared> {
    let Some(Manager::Stack { id: Some(id), .. }) = snapshot.manager else { return None };
    snapshot.own.contains(id).then_some(Spared::Always("Remedy never changes what its own stack made"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_stack_sets_ends_in_its_hash() {
        let of = |name: &str| of_stack_sets(&format!("arn:aws:iam::111122223333:{STACK_SETS}{name}")).is_some();
        assert!(of("0123456789abcdef"));
        for other in ["", "deploy", "0123G", "0123-4"] {
            assert!(!of(other), "{other}");
        }
    }
}
