//! Users, groups and roles: what they have in common.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Timestamp;

use super::{
    Account, Answer, Answered, Call, Cloud, Refusal, Role, Tags, User, no_such, pages, path,
    policies::{self, Usage},
    text,
};

/// A user, a group or a role.
#[derive(Debug, Clone)]
pub(in super::super) struct Principal {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) path: String,
    pub(super) since: Timestamp,
    /// The ARN of the policy that bounds it.
    pub(in super::super) boundary: Option<String>,
    /// Inline policies by name.
    pub(in super::super) inline: BTreeMap<String, String>,
    /// The ARNs of the managed policies attached.
    pub(in super::super) attached: BTreeSet<String>,
    /// Of a group, none.
    pub(in super::super) tags: Tags,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Role,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    /// As the API calls it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }

    /// How unique ids begin.
    fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
        }
    }

    /// The most that all inline policies together may hold.
    pub(super) fn room(self) -> usize {
        match self {
            Self::User => 2_048,
            Self::Group => 5_120,
            Self::Role => 10_240,
        }
    }

    /// The kind that an operation on one principal is about.
    pub(super) fn of(action: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| action.contains(kind.noun()))
    }

    /// The name that a call gives.
    pub(super) fn name(self, call: &Call) -> String {
        text(call, &format!("{}Name", self.noun()))
    }

    pub(super) fn missing(self, name: &str) -> Refusal {
        let noun = self.noun().to_lowercase();
        no_such(&format!("The {noun} with name {name} cannot be found."))
    }
}

/// Creates, gets and lists.
pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Option<Answered> {
    let action = call.operation.as_str();
    Some(match action {
        "CreateUser" | "CreateGroup" | "CreateRole" => create(cloud, call, account, now),
        "CreateServiceLinkedRole" => create_of_service(cloud, call, account, now),
        "GetUser" | "GetRole" => get(cloud.account(account), call),
        "ListUsers" => Ok(list(cloud, call, account, Kind::User, "Users")),
        "ListGroups" => Ok(list(cloud, call, account, Kind::Group, "Groups")),
        "ListRoles" => Ok(list(cloud, call, account, Kind::Role, "Roles")),
        "UpdateAssumeRolePolicy" => {
            let name = text(call, "RoleName");
            of(cloud.account(account), Kind::Role, &name)
                .and_then(|principal| principal.check_modifiable(&name))
                .and_then(|()| cloud.account(account).roles.get_mut(&name).ok_or_else(|| Kind::Role.missing(&name)))
                .and_then(|role| role.retrust(call))
        }
        _ => return None,
    })
}

/// All principals of an account, with their names.
pub(super) fn all(account: &Account) -> impl Iterator<Item = (Kind, &String, &Principal)> {
    let users = account.users.iter().map(|(name, user)| (Kind::User, name, &user.principal));
    let groups = account.groups.iter().map(|(name, group)| (Kind::Group, name, group));
    let roles = account.roles.iter().map(|(name, role)| (Kind::Role, name, &role.principal));
    users.chain(groups).chain(roles)
}

/// One principal.
pub(super) fn of<'a>(account: &'a mut Account, kind: Kind, name: &str) -> Result<&'a mut Principal, Refusal> {
    let found = match kind {
        Kind::User => account.users.get_mut(name).map(|user| &mut user.principal),
        Kind::Group => account.groups.get_mut(name),
        Kind::Role => account.roles.get_mut(name).map(|role| &mut role.principal),
    };
    found.ok_or_else(|| kind.missing(name))
}

fn create(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let kind = Kind::of(&call.operation).expect("an operation on one kind");
    let (name, noun) = (kind.name(call), kind.noun());
    if of(cloud.account(account), kind, &name).is_ok() {
        let message = format!("{noun} with name {name} already exists.");
        return Err(Refusal::new(409, "EntityAlreadyExists", message));
    }
    let mut principal = fresh(cloud, kind, (account, &path(call), &name), now);
    let place = cloud.account(account);
    if let Some(boundary) = call.form.get("PermissionsBoundary") {
        policies::attachable(place, boundary, Usage::Boundary)?;
        principal.boundary = Some(boundary.clone());
    }
    match kind {
        Kind::User => drop(place.users.insert(name.clone(), user(principal))),
        Kind::Group => drop(place.groups.insert(name.clone(), principal)),
        Kind::Role => drop(place.roles.insert(name.clone(), Role::asked(call, principal)?)),
    }
    get(place, call)
}

fn create_of_service(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let service = text(call, "AWSServiceName");
    let name = format!("AWSServiceRoleFor{}", service.split('.').next().unwrap_or_default());
    if cloud.account(account).roles.contains_key(&name) {
        let message =
            format!("Service role name {name} has been taken in this account, please try a different suffix.");
        return Err(Refusal::new(400, "InvalidInput", message));
    }
    let principal = fresh(cloud, Kind::Role, (account, &format!("/aws-service-role/{service}/"), &name), now);
    let role = Role::of_service(&service, principal);
    let xml = format!("<Role>{}{}</Role>", role.principal.xml(Kind::Role, &name), role.xml());
    cloud.account(account).roles.insert(name, role);
    Ok(Answer::query(&call.operation, &xml))
}

fn fresh(cloud: &mut Cloud, kind: Kind, (account, path, name): (&str, &str, &str), since: Timestamp) -> Principal {
    let id = format!("{}{:017}", kind.prefix(), cloud.serial());
    let arn = format!("arn:aws:iam::{account}:{}{path}{name}", kind.noun().to_lowercase());
    let (boundary, inline, attached, tags) = Default::default();
    Principal { id, arn, path: path.to_owned(), since, boundary, inline, attached, tags }
}

fn user(principal: Principal) -> User {
    let (login, mfa, credentials, groups) = Default::default();
    User { principal, login, mfa, credentials, groups }
}

fn get(account: &mut Account, call: &Call) -> Answered {
    let kind = Kind::of(&call.operation).expect("an operation on one kind");
    let (name, noun) = (kind.name(call), kind.noun());
    let principal = of(account, kind, &name)?;
    let (of_all, boundary) = (principal.xml(kind, &name), principal.boundary_xml());
    let more = account.roles.get(&name).filter(|_| kind == Kind::Role).map_or(String::new(), Role::xml);
    Ok(Answer::query(&call.operation, &format!("<{noun}>{of_all}{more}{boundary}</{noun}>")))
}

/// Lists leave boundaries out, as IAM does.
fn list(cloud: &mut Cloud, call: &Call, account: &str, kind: Kind, list: &'static str) -> Answer {
    let place = cloud.account(account);
    let asked = all(place).filter(|(of, _, principal)| *of == kind && pages::is_under(call, &principal.path));
    let xml = |name: &String, principal: &Principal| {
        let more = place.roles.get(name).filter(|_| kind == Kind::Role).map_or(String::new(), Role::xml);
        format!("{}{more}", principal.xml(kind, name))
    };
    let items = asked.map(|(_, name, principal)| (name.clone(), (list, xml(name, principal)))).collect();
    pages::answer(cloud, call, "", &[list], items)
}

impl Principal {
    /// What every answer says of a principal.
    pub(super) fn xml(&self, kind: Kind, name: &str) -> String {
        let Self { id, arn, path, since, .. } = self;
        let noun = kind.noun();
        format!(
            "<Path>{path}</Path><{noun}Name>{name}</{noun}Name><{noun}Id>{id}</{noun}Id><Arn>{arn}</Arn>\
             <CreateDate>{since}</CreateDate>"
        )
    }

    pub(super) fn boundary_xml(&self) -> String {
        self.boundary.as_ref().map_or(String::new(), |arn| {
            format!(
                "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
                 <PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
            )
        })
    }

    /// Roles that AWS keeps for itself are not modified by anybody else.
    pub(super) fn check_modifiable(&self, name: &str) -> Result<(), Refusal> {
        if ["/aws-service-role/", "/aws-reserved/"].iter().any(|reserved| self.path.starts_with(reserved)) {
            let message = format!(
                "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
            );
            return Err(Refusal::new(400, "UnmodifiableEntity", message));
        }
        Ok(())
    }
}
