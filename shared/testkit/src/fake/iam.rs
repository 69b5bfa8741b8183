//! IAM: users, their console passwords and inline policies.

mod credentials;

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use remedy_domain::Timestamp;
use serde_json::Value;

use super::{
    answer::{Answer, Answered, Refusal, page},
    call::Call,
    password_policy,
    state::{Account, Cloud},
};
pub(super) use credentials::Credential;

/// What RFC 3986 leaves unencoded.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A user.
#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) path: String,
    /// The console password: since when, and whether it must be changed.
    pub(super) login: Option<(Timestamp, bool)>,
    pub(super) mfa: Vec<String>,
    /// Inline policies by name.
    pub(super) policies: BTreeMap<String, String>,
    pub(super) credentials: Vec<Credential>,
}

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let action = call.operation.as_str();
    if action.contains("PasswordPolicy") {
        return password_policy::answer(&mut cloud.account(account).password_policy, call, account);
    }
    match action {
        "CreateUser" => create(cloud, call, account),
        "ListUsers" => Ok(list(cloud, call, account)),
        "GetAccountSummary" => Ok(summary(cloud.account(account))),
        _ => {
            let serial = cloud.serial();
            let user = user(cloud.account(account), call)?;
            of_user(user, call, now).unwrap_or_else(|| credentials::answer(user, call, serial))
        }
    }
}

/// The operations on one user; none where it is not one of these.
fn of_user(user: &mut User, call: &Call, now: Timestamp) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "GetUser" => Ok(Answer::query("GetUser", &format!("<User>{}</User>", user.xml(&name(call))))),
        "CreateLoginProfile" | "GetLoginProfile" | "DeleteLoginProfile" => login(user, call, now),
        "PutUserPolicy" | "GetUserPolicy" | "DeleteUserPolicy" => policy(user, call),
        "EnableMFADevice" | "DeactivateMFADevice" | "ListMFADevices" => mfa(user, call),
        _ => return None,
    })
}

fn name(call: &Call) -> String {
    call.form.get("UserName").cloned().unwrap_or_default()
}

pub(super) fn done(call: &Call) -> Answered {
    Ok(Answer::query(&call.operation, ""))
}

fn user<'a>(account: &'a mut Account, call: &Call) -> Result<&'a mut User, Refusal> {
    let name = name(call);
    account.users.get_mut(&name).ok_or_else(|| no_such(&format!("The user with name {name} cannot be found.")))
}

pub(super) fn no_such(message: &str) -> Refusal {
    Refusal::new(404, "NoSuchEntity", message)
}

fn create(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let name = name(call);
    let path = call.form.get("Path").cloned().unwrap_or_else(|| "/".to_owned());
    if cloud.account(account).users.contains_key(&name) {
        let message = format!("User with name {name} already exists.");
        return Err(Refusal::new(409, "EntityAlreadyExists", message));
    }
    let id = format!("AIDA{:017}", cloud.serial());
    let arn = format!("arn:aws:iam::{account}:user{path}{name}");
    let user = User { id, arn, path, ..User::default() };
    let answer = Answer::query("CreateUser", &format!("<User>{}</User>", user.xml(&name)));
    cloud.account(account).users.insert(name, user);
    Ok(answer)
}

fn list(cloud: &mut Cloud, call: &Call, account: &str) -> Answer {
    let asked = call.form.get("MaxItems").and_then(|asked| asked.parse().ok());
    let size = cloud.page_size(asked, 100);
    let users = &cloud.account(account).users;
    let all: Vec<_> = users.iter().map(|(name, user)| (name.clone(), user.xml(name))).collect();
    let (some, next) = page(&all, call.form.get("Marker").map(String::as_str), size);
    let members: String = some.iter().map(|(_, user)| format!("<member>{user}</member>")).collect();
    let marker = next.as_ref().map_or(String::new(), |next| format!("<Marker>{next}</Marker>"));
    let is_more = next.is_some();
    Answer::query("ListUsers", &format!("<Users>{members}</Users><IsTruncated>{is_more}</IsTruncated>{marker}"))
}

fn summary(account: &Account) -> Answer {
    let numbers = [("AccountMFAEnabled", usize::from(account.root_mfa)), ("Users", account.users.len())];
    let entry = |(key, value): &(&str, usize)| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let entries: String = numbers.iter().map(entry).collect();
    Answer::query("GetAccountSummary", &format!("<SummaryMap>{entries}</SummaryMap>"))
}

fn login(user: &mut User, call: &Call, now: Timestamp) -> Answered {
    let name = name(call);
    match (call.operation.as_str(), user.login) {
        ("CreateLoginProfile", Some(_)) => {
            let message = format!("Login Profile for user {name} already exists.");
            return Err(Refusal::new(409, "EntityAlreadyExists", message));
        }
        ("CreateLoginProfile", None) => {
            let must_change = call.form.get("PasswordResetRequired").is_some_and(|said| said == "true");
            user.login = Some((now, must_change));
        }
        (_, None) => return Err(no_such(&format!("Login Profile for User {name} cannot be found."))),
        ("DeleteLoginProfile", Some(_)) => {
            user.login = None;
            return done(call);
        }
        _ => {}
    }
    let (since, must_change) = user.login.expect("there is one now");
    Ok(Answer::query(
        &call.operation,
        &format!(
            "<LoginProfile><UserName>{name}</UserName><CreateDate>{since}</CreateDate>\
             <PasswordResetRequired>{must_change}</PasswordResetRequired></LoginProfile>"
        ),
    ))
}

fn policy(user: &mut User, call: &Call) -> Answered {
    let name = call.form.get("PolicyName").cloned().unwrap_or_default();
    let missing = || no_such(&format!("The user policy with name {name} cannot be found."));
    match call.operation.as_str() {
        "PutUserPolicy" => {
            let document = call.form.get("PolicyDocument").cloned().unwrap_or_default();
            if serde_json::from_str::<Value>(&document).is_err() {
                return Err(Refusal::new(400, "MalformedPolicyDocument", "Syntax errors in policy."));
            }
            user.policies.insert(name, document);
            done(call)
        }
        "DeleteUserPolicy" => user.policies.remove(&name).ok_or_else(missing).and_then(|_| done(call)),
        _ => {
            let document = user.policies.get(&name).ok_or_else(missing)?;
            let encoded = utf8_percent_encode(document, &UNRESERVED);
            let who = self::name(call);
            Ok(Answer::query(
                "GetUserPolicy",
                &format!(
                    "<UserName>{who}</UserName><PolicyName>{name}</PolicyName><PolicyDocument>{encoded}</PolicyDocument>"
                ),
            ))
        }
    }
}

fn mfa(user: &mut User, call: &Call) -> Answered {
    let serial = call.form.get("SerialNumber").cloned().unwrap_or_default();
    match call.operation.as_str() {
        "EnableMFADevice" if user.mfa.contains(&serial) => {
            Err(Refusal::new(409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."))
        }
        "EnableMFADevice" => {
            user.mfa.push(serial);
            done(call)
        }
        "DeactivateMFADevice" if !user.mfa.contains(&serial) => {
            Err(no_such(&format!("MFA Device invalid for user: {serial}")))
        }
        "DeactivateMFADevice" => {
            user.mfa.retain(|device| *device != serial);
            done(call)
        }
        _ => {
            let who = name(call);
            let member = |device: &String| {
                format!(
                    "<member><UserName>{who}</UserName><SerialNumber>{device}</SerialNumber><EnableDate>2026-01-01T00:00:00Z</EnableDate></member>"
                )
            };
            let members: String = user.mfa.iter().map(member).collect();
            Ok(Answer::query(
                "ListMFADevices",
                &format!("<MFADevices>{members}</MFADevices><IsTruncated>false</IsTruncated>"),
            ))
        }
    }
}

impl User {
    fn xml(&self, name: &str) -> String {
        let Self { id, arn, path, .. } = self;
        format!(
            "<Path>{path}</Path><UserName>{name}</UserName><UserId>{id}</UserId><Arn>{arn}</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        )
    }
}
