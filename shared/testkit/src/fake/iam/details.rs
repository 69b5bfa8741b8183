//! Everything about who may do what, in one list.

use super::{
    Account, Answer, Call, Cloud, Managed, attachments, inline,
    pages::{self, Item},
    policies::{self, Usage},
    policies_of_aws,
    principals::{self, Kind, Principal},
    versions::{self, Shown},
};

/// The lists of the answer, in its order.
const LISTS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

/// Pages run through users, groups, roles and policies.
pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answer {
    let place = cloud.account(account);
    let asked: Vec<_> = call.form.iter().filter(|(name, _)| name.starts_with("Filter.member.")).collect();
    let is_asked = |what: &str| asked.is_empty() || asked.iter().any(|(_, value)| *value == what);
    let principals = principals::all(place).filter(|(kind, ..)| is_asked(kind.noun()));
    let own = place.policies.values().filter(|_| is_asked("LocalManagedPolicy")).cloned();
    let of_aws = policies_of_aws::all().filter(|_| is_asked("AWSManagedPolicy"));
    let in_use = |policy: &Managed| Usage::ALL.iter().any(|usage| policies::uses(place, &policy.arn, *usage) > 0);
    let policies = own.chain(of_aws.filter(in_use)).map(|policy| of_policy(place, &policy));
    let items = principals.map(|(kind, name, principal)| of_principal(place, kind, name, principal));
    let items = items.chain(policies).collect();
    pages::answer(cloud, call, "", &LISTS, items)
}

fn of_principal(account: &Account, kind: Kind, name: &str, principal: &Principal) -> Item {
    let (order, list) = match kind {
        Kind::User => (0, "UserDetailList"),
        Kind::Group => (1, "GroupDetailList"),
        Kind::Role => (2, "RoleDetailList"),
    };
    let noun = kind.noun();
    let inline = members(principal.inline.iter().map(|(name, document)| inline::xml(name, document)));
    let attached = members(principal.attached.iter().map(|arn| attachments::xml(arn)));
    let (of_all, of_kind, boundary) =
        (aged(principal, kind, name), of_kind(account, kind, name), principal.boundary_xml());
    let xml = format!(
        "{of_all}{of_kind}<{noun}PolicyList>{inline}</{noun}PolicyList>\
         <AttachedManagedPolicies>{attached}</AttachedManagedPolicies>{boundary}"
    );
    (format!("{order}/{name}"), (list, xml))
}

/// In an account that is read, every principal is old, as behind the proxy: no law runs for a week.
fn aged(principal: &Principal, kind: Kind, name: &str) -> String {
    let date = |since: &str| format!("<CreateDate>{since}</CreateDate>");
    principal.xml(kind, name).replace(&date(&principal.since.to_string()), &date("2015-06-01T00:00:00Z"))
}

/// The members that only a user or a role has.
fn of_kind(account: &Account, kind: Kind, name: &str) -> String {
    match kind {
        Kind::User => format!("<GroupList>{}</GroupList>", members(account.users[name].groups.iter().cloned())),
        Kind::Group => String::new(),
        Kind::Role => format!("{}<InstanceProfileList/>", account.roles[name].trust_xml()),
    }
}

fn of_policy(account: &Account, policy: &Managed) -> Item {
    let versions = members(policy.versions.keys().rev().map(|number| versions::xml(policy, *number, Shown::Whole)));
    let (of_all, description) = (policy.xml(account), policy.description_xml());
    let xml = format!("{of_all}{description}<PolicyVersionList>{versions}</PolicyVersionList>");
    (format!("3/{}", policy.arn), ("Policies", xml))
}

fn members(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("<member>{item}</member>")).collect()
}
