//! IAM: users, groups and roles, what they hold, and the policies that say what they may do.

mod attachments;
mod credentials;
mod details;
mod document;
mod groups;
mod inline;
mod pages;
mod policies;
mod policies_of_aws;
mod principals;
mod roles;
mod tags;
mod users;
mod versions;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use remedy_domain::Timestamp;

use super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    dialect::Dialect,
    password_policy,
    service::Service,
    state::{Account, Cloud, Tags},
};
pub(super) use credentials::Credential;
pub(super) use policies::Managed;
pub(super) use principals::Principal;
pub(super) use roles::Role;
pub(super) use users::User;

/// What RFC 3986 leaves unencoded.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) static SERVICE: Service = Service::by_hand("iam", Dialect::Query(&[]), answer);

fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let action = call.operation.as_str();
    if action.contains("PasswordPolicy") {
        return password_policy::answer(&mut cloud.account(account).password_policy, call, account);
    }
    if action == "GetAccountSummary" {
        return Ok(summary(cloud.account(account)));
    }
    if action == "GetAccountAuthorizationDetails" {
        return Ok(details::answer(cloud, call, account));
    }
    principals::answer(cloud, call, account, now)
        .or_else(|| groups::answer(cloud, call, account))
        .or_else(|| tags::answer(cloud, call, account))
        .or_else(|| policies::answer(cloud, call, account, now))
        .or_else(|| versions::answer(cloud, call, account, now))
        .or_else(|| attachments::answer(cloud, call, account))
        .or_else(|| inline::answer(cloud, call, account))
        .unwrap_or_else(|| {
            let serial = cloud.serial();
            let user = user(cloud.account(account), call)?;
            users::answer(user, call, now).unwrap_or_else(|| credentials::answer(user, call, serial))
        })
}

/// A parameter; nothing where it is left out.
fn text(call: &Call, name: &str) -> String {
    call.form.get(name).cloned().unwrap_or_default()
}

/// The path of what is created.
fn path(call: &Call) -> String {
    call.form.get("Path").cloned().unwrap_or_else(|| "/".to_owned())
}

/// Whether a flag is sent and set.
fn is_set(call: &Call, name: &str) -> bool {
    call.form.get(name).is_some_and(|said| said == "true")
}

/// A policy document as IAM answers it.
fn encoded(document: &str) -> String {
    utf8_percent_encode(document, &UNRESERVED).to_string()
}

pub(super) fn done(call: &Call) -> Answered {
    Ok(Answer::query(&call.operation, ""))
}

fn user<'a>(account: &'a mut Account, call: &Call) -> Result<&'a mut User, Refusal> {
    let name = text(call, "UserName");
    account.users.get_mut(&name).ok_or_else(|| principals::Kind::User.missing(&name))
}

pub(super) fn no_such(message: &str) -> Refusal {
    Refusal::new(404, "NoSuchEntity", message)
}

fn summary(account: &Account) -> Answer {
    let numbers = [
        ("AccountMFAEnabled", usize::from(account.root_mfa)),
        ("Users", account.users.len()),
        ("Groups", account.groups.len()),
        ("Roles", account.roles.len()),
        ("Policies", account.policies.len()),
        ("AttachedPoliciesPerUserQuota", attachments::MOST),
    ];
    let entry = |(key, value): &(&str, usize)| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let entries: String = numbers.iter().map(entry).collect();
    Answer::query("GetAccountSummary", &format!("<SummaryMap>{entries}</SummaryMap>"))
}
