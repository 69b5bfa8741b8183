//! What only users have: a console password, MFA devices, memberships.

use std::collections::BTreeSet;

use remedy_domain::Timestamp;

use super::{Answer, Answered, Call, Credential, Principal, Refusal, done, no_such, text};

/// A user.
#[derive(Debug, Clone)]
pub(in super::super) struct User {
    pub(in super::super) principal: Principal,
    /// The console password: since when, and whether it must be changed.
    pub(in super::super) login: Option<(Timestamp, bool)>,
    pub(in super::super) mfa: Vec<String>,
    pub(in super::super) credentials: Vec<Credential>,
    /// The groups it is in, by name.
    pub(in super::super) groups: BTreeSet<String>,
}

/// The operations on one user; none where it is not one of these.
pub(super) fn answer(user: &mut User, call: &Call, now: Timestamp) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "CreateLoginProfile" | "GetLoginProfile" | "DeleteLoginProfile" => login(user, call, now),
        "EnableMFADevice" | "DeactivateMFADevice" | "ListMFADevices" => mfa(user, call),
        _ => return None,
    })
}

fn login(user: &mut User, call: &Call, now: Timestamp) -> Answered {
    let name = text(call, "UserName");
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
            let who = text(call, "UserName");
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
