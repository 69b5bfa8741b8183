//! Managed policies.

use std::collections::BTreeMap;

use remedy_domain::Timestamp;

use super::{
    Account, Answer, Answered, Call, Cloud, Refusal, Tags, document, done, is_set, no_such,
    pages::{self, Item},
    path, policies_of_aws, principals, text,
};

/// The most characters of a managed policy, white space not counted.
const ROOM: usize = 6_144;

/// A managed policy.
#[derive(Debug, Clone)]
pub(in super::super) struct Managed {
    pub(super) name: String,
    pub(super) id: String,
    pub(in super::super) arn: String,
    pub(super) path: String,
    pub(super) description: String,
    pub(super) since: Timestamp,
    pub(super) updated: Timestamp,
    /// The number of the version in force.
    pub(in super::super) default: u32,
    /// The last number given; none is given twice.
    pub(super) last: u32,
    pub(in super::super) versions: BTreeMap<u32, Version>,
    pub(in super::super) tags: Tags,
}

/// A version of a managed policy.
#[derive(Debug, Clone)]
pub(in super::super) struct Version {
    pub(in super::super) document: String,
    pub(super) since: Timestamp,
}

/// What a policy is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Permissions,
    Boundary,
}

impl Usage {
    pub(super) const ALL: [Self; 2] = [Self::Permissions, Self::Boundary];
}

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "CreatePolicy" => create(cloud, call, account, now),
        "GetPolicy" => get(cloud.account(account), call),
        "DeletePolicy" => delete(cloud.account(account), call),
        "ListPolicies" => Ok(list(cloud, call, account)),
        _ => return None,
    })
}

/// A policy of the account or of AWS.
pub(super) fn find(account: &Account, arn: &str) -> Result<Managed, Refusal> {
    check_arn(arn)?;
    let own = account.policies.values().find(|policy| policy.arn == arn).cloned();
    let found = own.or_else(|| policies_of_aws::all().find(|policy| policy.arn == arn));
    found.ok_or_else(|| no_such(&format!("Policy {arn} was not found.")))
}

/// A policy of the account, to change it. Those of AWS are not changed by anybody else.
pub(super) fn own<'a>(account: &'a mut Account, call: &Call) -> Result<&'a mut Managed, Refusal> {
    let arn = text(call, "PolicyArn");
    find(account, &arn)?;
    let denied = format!("not authorized to perform: {} on resource: policy {arn}", call.full_name());
    let own = account.policies.values_mut().find(|policy| policy.arn == arn);
    own.ok_or_else(|| Refusal::new(403, "AccessDenied", denied))
}

/// Refuses a policy that is not there to be used.
pub(super) fn attachable(account: &Account, arn: &str, usage: Usage) -> Result<(), Refusal> {
    check_arn(arn)?;
    let noun = if usage == Usage::Boundary { "Scope ARN:" } else { "Policy" };
    let missing = |_| no_such(&format!("{noun} {arn} does not exist or is not attachable."));
    find(account, arn).map(drop).map_err(missing)
}

/// Refuses what is not the ARN of a policy.
pub(super) fn check_arn(arn: &str) -> Result<(), Refusal> {
    if arn.len() < 20 {
        let message =
            "Value at 'policyArn' failed to satisfy constraint: Member must have length greater than or equal to 20";
        return Err(Refusal::new(400, "ValidationError", message));
    }
    if arn.starts_with("arn:aws:iam::") && arn.contains(":policy/") && !arn.ends_with('/') {
        return Ok(());
    }
    Err(Refusal::new(400, "InvalidInput", format!("ARN {arn} is not valid.")))
}

/// Refuses a document that is none, or too long.
pub(super) fn check_document(document: &str) -> Result<(), Refusal> {
    document::check_permissions(document)?;
    if document::size(document) > ROOM {
        return Err(Refusal::new(409, "LimitExceeded", format!("Cannot exceed quota for PolicySize: {ROOM}")));
    }
    Ok(())
}

/// How many principals use a policy in this way.
pub(super) fn uses(account: &Account, arn: &str, usage: Usage) -> usize {
    principals::all(account)
        .filter(|(_, _, principal)| match usage {
            Usage::Permissions => principal.attached.contains(arn),
            Usage::Boundary => principal.boundary.as_deref() == Some(arn),
        })
        .count()
}

fn create(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let (name, path, document) = (text(call, "PolicyName"), path(call), text(call, "PolicyDocument"));
    if cloud.account(account).policies.contains_key(&name) {
        let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(Refusal::new(409, "EntityAlreadyExists", message));
    }
    check_document(&document)?;
    let policy = Managed {
        id: format!("ANPA{:017}", cloud.serial()),
        arn: format!("arn:aws:iam::{account}:policy{path}{name}"),
        path,
        description: text(call, "Description"),
        since: now,
        updated: now,
        default: 1,
        last: 1,
        versions: [(1, Version { document, since: now })].into(),
        tags: Tags::new(),
        name: name.clone(),
    };
    let place = cloud.account(account);
    let xml = policy.xml(place);
    place.policies.insert(name, policy);
    Ok(Answer::query("CreatePolicy", &format!("<Policy>{xml}</Policy>")))
}

fn get(account: &Account, call: &Call) -> Answered {
    let policy = find(account, &text(call, "PolicyArn"))?;
    let (xml, description) = (policy.xml(account), policy.description_xml());
    Ok(Answer::query("GetPolicy", &format!("<Policy>{xml}{description}</Policy>")))
}

fn delete(account: &mut Account, call: &Call) -> Answered {
    let policy = own(account, call)?.clone();
    let conflict = |message: &str| Err(Refusal::new(409, "DeleteConflict", message));
    if Usage::ALL.iter().any(|usage| uses(account, &policy.arn, *usage) > 0) {
        return conflict("Cannot delete a policy attached to entities.");
    }
    if policy.versions.len() > 1 {
        return conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        );
    }
    account.policies.remove(&policy.name);
    done(call)
}

fn list(cloud: &mut Cloud, call: &Call, account: &str) -> Answer {
    let (place, scope) = (cloud.account(account), text(call, "Scope"));
    let own = place.policies.values().filter(|_| scope != "AWS").cloned();
    let of_aws = policies_of_aws::all().filter(|_| scope != "Local");
    let is_asked = |policy: &Managed| {
        let used = |usage| uses(place, &policy.arn, usage) > 0;
        let in_use = match text(call, "PolicyUsageFilter").as_str() {
            "PermissionsBoundary" => used(Usage::Boundary),
            "PermissionsPolicy" => used(Usage::Permissions),
            _ => !is_set(call, "OnlyAttached") || used(Usage::Permissions),
        };
        in_use && pages::is_under(call, &policy.path)
    };
    let item = |policy: Managed| -> Item { (policy.arn.clone(), ("Policies", policy.xml(place))) };
    let items = own.chain(of_aws).filter(is_asked).map(item).collect();
    pages::answer(cloud, call, "", &["Policies"], items)
}

impl Managed {
    /// What every answer says of a policy.
    pub(super) fn xml(&self, account: &Account) -> String {
        let Self { name, id, arn, path, since, updated, default, .. } = self;
        let (attached, bounds) = (uses(account, arn, Usage::Permissions), uses(account, arn, Usage::Boundary));
        format!(
            "<PolicyName>{name}</PolicyName><PolicyId>{id}</PolicyId><Arn>{arn}</Arn><Path>{path}</Path>\
             <DefaultVersionId>v{default}</DefaultVersionId><AttachmentCount>{attached}</AttachmentCount>\
             <PermissionsBoundaryUsageCount>{bounds}</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable>\
             <CreateDate>{since}</CreateDate><UpdateDate>{updated}</UpdateDate>"
        )
    }

    /// Lists leave the description out.
    pub(super) fn description_xml(&self) -> String {
        match self.description.as_str() {
            "" => String::new(),
            said => format!("<Description>{said}</Description>"),
        }
    }
}
