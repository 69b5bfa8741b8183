//! From a trigger to the controls it means, and from what it names to one live target.

use std::collections::BTreeSet;

use remedy_domain::{
    AccountId, Control, Region, Scope, Target,
    trigger::{Cause, Hint, Refusal, RefusalKind, Selector, Trigger, undecorated},
};
use remedy_engine::{Place, Runnable};

use crate::{Controls, environment::Environment, ports::AwsPorts};

/// The rule behind an event, as AWS Config knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A managed rule: its source identifier decides.
    Managed(String),
    /// A custom rule, or one that cannot be found: its undecorated name decides.
    Named,
}

/// The controls of this function that a selector means, in the order of the list.
pub(crate) fn select<'a>(
    roster: &'a Controls,
    selector: &Selector,
    rule: &Rule,
) -> Result<Vec<&'a dyn Runnable<AwsPorts>>, Refusal> {
    let means = |control: &Control| match selector {
        Selector::Any => true,
        Selector::Controls(ids) => ids.iter().any(|id| control.is_called(id)),
        Selector::ConfigRule { name } => rule_means(control, name, rule),
        Selector::ApiCall { source, name } => control.follows(source, name),
        Selector::ResourceType(resource_type) => control.is_about(resource_type),
    };
    let meant: Vec<_> = roster.iter().map(AsRef::as_ref).filter(|runnable| means(runnable.control())).collect();
    if let Selector::Controls(ids) = selector {
        let is_unknown = |id: &&String| !roster.iter().any(|known| known.control().is_called(id));
        if let Some(unknown) = ids.iter().find(is_unknown) {
            return Err(unknown_control(roster, unknown));
        }
    }
    Ok(meant)
}

fn rule_means(control: &Control, name: &str, rule: &Rule) -> bool {
    match rule {
        Rule::Managed(identifier) => control.config_rules.contains(&identifier.as_str()),
        Rule::Named => control.is_named_by_rule(undecorated(name)),
    }
}

fn unknown_control(roster: &Controls, id: &str) -> Refusal {
    let known: Vec<_> = roster.iter().map(|runnable| runnable.control().id.0).collect();
    let detail =
        format!("no control `{}` here; this function has {}", remedy_domain::redact::text(id), known.join(", "));
    Refusal::new(RefusalKind::UnknownControl, &detail)
}

/// The types that the rules which these controls follow report about, beside those of the controls.
pub(crate) fn aliases(roster: &Controls) -> BTreeSet<&'static str> {
    roster.iter().flat_map(|runnable| runnable.control().reported_as).copied().collect()
}

/// Whether the hint can be about a target of this control at all.
pub(crate) fn fits(control: &Control, hint: &Hint) -> bool {
    hint.resource_type.as_deref().is_none_or(|named| control.is_about(named))
}

/// Whether the hint can be about this one of a control's targets: names are unique only within a type.
pub(crate) fn may_mean(control: &Control, hint: &Hint, target: &Target) -> bool {
    let means = |named: &str| named == target.resource_type || control.reported_as.contains(&named);
    hint.resource_type.as_deref().is_none_or(means)
}

/// The place of the trigger: its own account and Region, or the function's.
pub(crate) fn place(trigger: &Trigger, ports: &AwsPorts) -> Result<Place, Refusal> {
    let shape = |what| Refusal::new(RefusalKind::WrongShape, what);
    let account = match &trigger.account {
        Some(account) => AccountId::parse(account.clone()).map_err(|_| shape("the account is not twelve digits"))?,
        None => ports.own_account.clone(),
    };
    if !ports.reaches(&account) {
        return Err(foreign(&account));
    }
    let region = match &trigger.region {
        Some(region) => Region::parse(region.clone()).map_err(|_| shape("the region is not a Region name"))?,
        None => ports.environment.region.clone(),
    };
    Ok(Place { account, region })
}

/// An account that this function has no way into.
pub(crate) fn foreign(account: &AccountId) -> Refusal {
    let detail = format!("account {account} is not the account of this function, which has no REMEDY_READ_ROLE");
    Refusal::new(RefusalKind::ForeignAccount, &detail)
}

/// The place where this control's targets are: what is global has no Region, whatever the event says.
pub(crate) fn place_for(control: &Control, place: &Place, own_region: &Region) -> Place {
    let region = match control.kind.scope {
        Scope::Global => Region::global(),
        Scope::Regional if place.region.is_global() => own_region.clone(),
        Scope::Regional => place.region.clone(),
    };
    Place { account: place.account.clone(), region }
}

/// The places of a sweep: those of its event; without any, every account of the settings and every Region of the
/// environment. Global resources are read once for each account.
pub(crate) fn places_for(
    control: &Control,
    place: &Place,
    trigger: &Trigger,
    accounts: &BTreeSet<AccountId>,
    environment: &Environment,
) -> Vec<Place> {
    // A schedule's envelope names the schedule's place, and a rule of AWS Config asks about its own place.
    let (all_accounts, all_regions) = match trigger.cause {
        Cause::Schedule => (true, true),
        Cause::Sweep | Cause::Status => (trigger.account.is_none(), trigger.region.is_none()),
        _ => (false, false),
    };
    let mut visited = BTreeSet::from([&place.account]);
    visited.extend(accounts.iter().filter(|_| all_accounts));
    let regions = if all_regions { environment.regions.as_slice() } else { std::slice::from_ref(&place.region) };
    let of = |account: &AccountId, region: &Region| {
        place_for(control, &Place { account: account.clone(), region: region.clone() }, &environment.region)
    };
    let places: BTreeSet<_> =
        visited.iter().flat_map(|account| regions.iter().map(|region| of(account, region))).collect();
    places.into_iter().collect()
}

/// The place that an ARN names, where the trigger itself names none. An ARN that contradicts the trigger is refused.
pub(crate) fn narrowed(place: Place, id: &str, trigger: &Trigger, ports: &AwsPorts) -> Result<Place, Refusal> {
    let mut parts = id.split(':');
    if parts.next() != Some("arn") {
        return Ok(place);
    }
    let (region, account) = (parts.nth(2).unwrap_or_default(), parts.next().unwrap_or_default());
    let account = match AccountId::parse(account).ok().filter(|account| *account != place.account) {
        None => place.account,
        Some(other) if trigger.account.is_some() => {
            let detail = format!("the ARN names account {other}, the event {}", place.account);
            return Err(Refusal::new(RefusalKind::ForeignAccount, &detail));
        }
        Some(other) if !ports.reaches(&other) => return Err(foreign(&other)),
        Some(other) => other,
    };
    match Region::parse(region) {
        Ok(region) if trigger.region.is_none() && !place.region.is_global() => Ok(Place { account, region }),
        _ => Ok(Place { account, ..place }),
    }
}

/// The trigger's resource, as if it were a target: for runs that end before one is found.
pub(crate) fn named(control: &Control, place: &Place, id: &str) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: control.kind.types.first().copied().unwrap_or_default().to_owned(),
        id: remedy_domain::redact::text(id),
        unique_id: None,
        arn: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use remedy_domain::{ControlId, ResourceKind};

    const CONTROL: Control = Control {
        id: ControlId("kms-key-unrotated"),
        config_rules: &["CMK_BACKING_KEY_ROTATION_ENABLED"],
        events: &["DisableKeyRotation"],
        ..Control::of(ResourceKind { types: &["AWS::KMS::Key"], source: "kms.amazonaws.com", ..ResourceKind::PLAIN })
    };

    #[test]
    fn the_source_identifier_decides_over_the_name() {
        let named = "cmk-backing-key-rotation-enabled-conformance-pack-ab12cd34e";
        assert!(rule_means(&CONTROL, named, &Rule::Named));
        assert!(rule_means(&CONTROL, "kms-key-unrotated", &Rule::Named), "a custom rule named after the control");
        assert!(rule_means(&CONTROL, "our-own-name", &Rule::Managed("CMK_BACKING_KEY_ROTATION_ENABLED".into())));
        assert!(!rule_means(&CONTROL, named, &Rule::Managed("KMS_CMK_NOT_SCHEDULED_FOR_DELETION".into())));
        assert!(!rule_means(&CONTROL, "our-own-name", &Rule::Named));
    }

    #[test]
    fn a_rule_that_somebody_named_after_a_control_means_it_under_its_earlier_id_too() {
        let renamed = Control { id: ControlId("kms-key-open-policy"), config_rules: &[], ..CONTROL };
        for name in ["kms-key-shared", "kms-key-open-policy", "OrgConfigRule-kms-key-shared-ab12cd34"] {
            assert!(rule_means(&renamed, name, &Rule::Named), "{name}");
            assert!(!rule_means(&CONTROL, name, &Rule::Named), "{name}");
        }
    }

    #[test]
    fn a_hint_of_another_type_does_not_fit() {
        let hint = |kind: Option<&str>| Hint {
            resource_type: kind.map(str::to_owned),
            id: "x".into(),
            selector: Selector::Any,
        };
        assert!(fits(&CONTROL, &hint(None)));
        assert!(fits(&CONTROL, &hint(Some("AWS::KMS::Key"))));
        assert!(!fits(&CONTROL, &hint(Some("AWS::S3::Bucket"))));
    }
}
