//! The grant that makes a policy's holders administrators, and the policy that should replace it.

use remedy_domain::{AdminPolicyRepair, Consent, Context, Reason};
use remedy_policy::{
    Holder, Identity, Kind as Document, Policy, TooMuchWork,
    edit::{self, NotEdited},
};

use crate::{account::Account, admin_setting::PolicyAndHolders, consent, policy_admin::Facts};

/// How a document makes administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// It does not.
    None,
    /// Without condition.
    Plain,
    /// As AWS Config counts it, but under a condition or with denies.
    Literal,
    /// It is none that we understand.
    Unreadable,
    /// Finding out takes too much work.
    TooMuchWork,
}

/// How this one does.
pub(crate) fn grant(text: &str) -> Grant {
    let Ok(policy) = Policy::parse(Document::Identity, text) else { return Grant::Unreadable };
    let Ok(found) = Identity::of(&Holder::of(&policy)) else { return Grant::TooMuchWork };
    match (found.admin, found.admin_literal) {
        (true, _) => Grant::Plain,
        (false, true) => Grant::Literal,
        (false, false) => Grant::None,
    }
}

/// Who must agree.
pub(crate) fn consent(facts: &Facts, grant: Grant, context: &Context<'_>) -> Consent {
    let bounds = |account: &Account| {
        account.principals.values().any(|principal| principal.boundary.as_deref() == Some(facts.arn.as_str()))
    };
    match consent::of_identities(context) {
        Consent::Auto if grant != Grant::Plain => {
            Consent::ask("conditional-grant", "the grant stands under a condition or beside a deny")
        }
        Consent::Auto if facts.account.as_ref().is_some_and(bounds) => {
            let bounds = "the policy is a permissions boundary, and those it bounds would lose permissions";
            Consent::ask("is-boundary", bounds)
        }
        consent => consent,
    }
}

/// The policy that should replace it. None: nothing is left to do, because nobody has it unbounded. If it takes too
/// much work to find out what a narrower policy would permit, a person must write one: until then nobody loses
/// anything.
pub(crate) fn desired(
    facts: &Facts,
    setting: &PolicyAndHolders,
    context: &Context<'_>,
) -> Result<Option<PolicyAndHolders>, Reason> {
    let detached = || match &setting.holders {
        Some(holders) if !holders.is_empty() => Some(setting.detached()),
        Some(_) | None => None,
    };
    match context.parameters.admin_policy_repair {
        AdminPolicyRepair::Detach => Ok(detached()),
        AdminPolicyRepair::Boundary => bounded(facts, setting, context),
        AdminPolicyRepair::Narrow => match narrowed(setting.document()) {
            Ok(Some(text)) => Ok(Some(setting.with_document(text))),
            Ok(None) => Ok(detached()),
            Err(TooMuchWork) => {
                let fewer =
                    "write a policy of fewer statements and wildcards: nobody can tell what is left of this one";
                Err(Reason::new("too-much-work", fewer))
            }
        },
    }
}

/// The document without the grant; none where nothing would be left, or no single statement is at fault.
fn narrowed(text: &str) -> Result<Option<String>, TooMuchWork> {
    let Ok(policy) = Policy::parse(Document::Identity, text) else { return Ok(None) };
    match edit::remove_admin(&policy) {
        Ok(edited) => Ok(edited.text),
        Err(NotEdited::TooMuchWork(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn bounded(
    facts: &Facts,
    setting: &PolicyAndHolders,
    context: &Context<'_>,
) -> Result<Option<PolicyAndHolders>, Reason> {
    let (Some(account), Some(holders)) = (&facts.account, &setting.holders) else { return Ok(None) };
    let wanted = context.parameters.permissions_boundary.as_deref().unwrap_or_default();
    let wanted = wanted.replace("{account}", context.account.as_str());
    let bounds = |arn: &str| account.policies.get(arn).is_some_and(|text| grant(text) == Grant::None);
    if !bounds(&wanted) {
        let missing = "the policy that `permissions_boundary` names is not there, or bounds nothing";
        return Err(Reason::new("no-boundary", missing));
    }
    if !holders.groups.is_empty() {
        let group = "a group has the policy, and groups cannot be bounded: detach it there";
        return Err(Reason::new("group-has-it", group));
    }
    let mut desired = holders.clone();
    for bound in desired.users.values_mut().chain(desired.roles.values_mut()) {
        if !bound.as_deref().is_some_and(bounds) {
            *bound = Some(wanted.clone());
        }
    }
    Ok((desired != *holders).then(|| PolicyAndHolders { holders: Some(desired), ..setting.clone() }))
}
