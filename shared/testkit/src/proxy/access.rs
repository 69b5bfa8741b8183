//! Whose access key is whose, learnt from the credentials that pass by.

use std::collections::HashMap;
use std::sync::Mutex;

use super::call::{Call, DEFAULT_ACCOUNT};
use super::wire::{Reply, field};

/// Whose a key is.
#[derive(Clone)]
struct Owner {
    account: String,
    session: Option<String>,
}

/// Owners by access key.
#[derive(Default)]
pub(super) struct Access(Mutex<HashMap<String, Owner>>);

impl Access {
    pub(super) fn register(&self, key: &str, account: &str) {
        self.enter(key, Owner { account: account.to_owned(), session: None });
    }

    fn enter(&self, key: &str, owner: Owner) {
        self.0.lock().expect("the access keys are not poisoned").insert(key.to_owned(), owner);
    }

    fn owner(&self, key: &str) -> Option<Owner> {
        self.0.lock().expect("the access keys are not poisoned").get(key).cloned()
    }

    /// The account of an access key; unknown keys fall to moto's default account, as they do in moto.
    pub(super) fn account_of(&self, key: &str) -> String {
        self.owner(key).map_or_else(|| DEFAULT_ACCOUNT.to_owned(), |owner| owner.account)
    }

    /// The name of the session that a key belongs to, where a role was assumed through the proxy.
    pub(super) fn session_of(&self, key: &str) -> Option<String> {
        self.owner(key)?.session
    }

    /// Learns new credentials: those of a role belong to the role's account, all others to the caller's.
    pub(super) fn learn(&self, call: &Call, reply: &Reply) {
        let issues = match call.service.as_str() {
            "sts" => call.operation.starts_with("Assume") || call.operation.ends_with("Token"),
            "iam" => call.operation == "CreateAccessKey",
            _ => false,
        };
        if !issues || !reply.status.is_success() {
            return;
        }
        let text = reply.text();
        let role = field(&text, "Arn").and_then(|arn| arn.split(':').nth(4).map(str::to_owned));
        if let Some(key) = field(&text, "AccessKeyId") {
            let account = role.unwrap_or_else(|| call.account.clone());
            self.enter(&key, Owner { account, session: call.parameter("RoleSessionName") });
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::call::tests::{ask, call};
    use super::*;

    #[test]
    fn the_credentials_of_a_role_belong_to_the_account_of_the_role() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let assume = call(&ask(Method::POST, "/", "sts", &form, "Action=AssumeRole&RoleSessionName=plan"));
        let body = "<AccessKeyId>ASIA</AccessKeyId><Arn>arn:aws:sts::444455556666:assumed-role/r/s</Arn>";
        let access = Access::default();
        access.learn(&assume, &Reply::new(200, "text/xml", body));
        assert_eq!(access.account_of("ASIA"), "444455556666");
        assert_eq!(access.session_of("ASIA").as_deref(), Some("plan"));
        assert_eq!((access.account_of("AKIA").as_str(), access.session_of("AKIA")), (DEFAULT_ACCOUNT, None));
    }
}
