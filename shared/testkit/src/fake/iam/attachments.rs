//! Which managed policies apply to whom, as permissions or as a boundary.

use super::{
    Account, Answered, Call, Cloud, Refusal, done, no_such,
    pages::{self, Item},
    policies::{self, Usage},
    principals::{self, Kind, Principal},
    text,
};

/// The most managed policies attached to a principal.
pub(super) const MOST: usize = 10;

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Option<Answered> {
    let action = call.operation.as_str();
    if action == "ListEntitiesForPolicy" {
        return Some(entities(cloud, call, account));
    }
    let kind = Kind::of(action)?;
    Some(match action {
        _ if action.starts_with("Attach") => attach(cloud.account(account), call, kind),
        _ if action.starts_with("Detach") => detach(cloud.account(account), call, kind),
        _ if action.starts_with("ListAttached") => list(cloud, call, account, kind),
        _ if action.ends_with("PermissionsBoundary") => bound(cloud.account(account), call, kind),
        _ => return None,
    })
}

/// The principal that a call is to change.
pub(super) fn changeable<'a>(account: &'a mut Account, call: &Call, kind: Kind) -> Result<&'a mut Principal, Refusal> {
    let name = kind.name(call);
    let principal = principals::of(account, kind, &name)?;
    principal.check_modifiable(&name)?;
    Ok(principal)
}

fn attach(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    let arn = text(call, "PolicyArn");
    changeable(account, call, kind)?;
    policies::attachable(account, &arn, Usage::Permissions)?;
    let attached = &mut changeable(account, call, kind)?.attached;
    if attached.len() >= MOST && !attached.contains(&arn) {
        let message = format!("Cannot exceed quota for PoliciesPer{}: {MOST}", kind.noun());
        return Err(Refusal::new(409, "LimitExceeded", message));
    }
    attached.insert(arn);
    done(call)
}

fn detach(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    let arn = text(call, "PolicyArn");
    policies::check_arn(&arn)?;
    if !changeable(account, call, kind)?.attached.remove(&arn) {
        return Err(no_such(&format!("Policy {arn} was not found.")));
    }
    done(call)
}

fn list(cloud: &mut Cloud, call: &Call, account: &str, kind: Kind) -> Answered {
    let place = cloud.account(account);
    let attached = principals::of(place, kind, &kind.name(call))?.attached.clone();
    let policies = attached.iter().filter_map(|arn| policies::find(place, arn).ok());
    let asked = policies.filter(|policy| pages::is_under(call, &policy.path));
    let items = asked.map(|policy| (policy.arn.clone(), ("AttachedPolicies", xml(&policy.arn)))).collect();
    Ok(pages::answer(cloud, call, "", &["AttachedPolicies"], items))
}

/// What an answer says of a policy that is attached.
pub(super) fn xml(arn: &str) -> String {
    let name = arn.rsplit('/').next().unwrap_or_default();
    format!("<PolicyName>{name}</PolicyName><PolicyArn>{arn}</PolicyArn>")
}

fn bound(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    changeable(account, call, kind)?;
    if call.operation.starts_with("Put") {
        let arn = text(call, "PermissionsBoundary");
        policies::attachable(account, &arn, Usage::Boundary)?;
        changeable(account, call, kind)?.boundary = Some(arn);
    } else if changeable(account, call, kind)?.boundary.take().is_none() {
        let noun = kind.noun().to_lowercase();
        return Err(no_such(&format!(
            "The {noun} with name {} does not have a permissions boundary.",
            kind.name(call)
        )));
    }
    done(call)
}

fn entities(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let (place, arn) = (cloud.account(account), text(call, "PolicyArn"));
    policies::find(place, &arn)?;
    let (kind, usage) = (text(call, "EntityFilter"), text(call, "PolicyUsageFilter"));
    let is_asked = |of: Kind, principal: &Principal| {
        let permits = usage != "PermissionsBoundary" && principal.attached.contains(&arn);
        let bounds = usage != "PermissionsPolicy" && principal.boundary.as_deref() == Some(&arn);
        (permits || bounds) && (kind.is_empty() || kind == of.noun()) && pages::is_under(call, &principal.path)
    };
    let using = principals::all(place).filter(|(of, _, principal)| is_asked(*of, principal));
    let items = using.map(|(of, name, principal)| entity(of, name, principal)).collect();
    Ok(pages::answer(cloud, call, "", &["PolicyGroups", "PolicyUsers", "PolicyRoles"], items))
}

fn entity(kind: Kind, name: &str, principal: &Principal) -> Item {
    let (noun, id) = (kind.noun(), &principal.id);
    let list = match kind {
        Kind::User => "PolicyUsers",
        Kind::Group => "PolicyGroups",
        Kind::Role => "PolicyRoles",
    };
    (format!("{noun}/{name}"), (list, format!("<{noun}Name>{name}</{noun}Name><{noun}Id>{id}</{noun}Id>")))
}
