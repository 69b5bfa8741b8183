//! Service-specific credentials of IAM users.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use http::Method;

use super::super::Front;
use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply};

const SERVICE: &str = "codecommit.amazonaws.com";

static NEXT_ID: AtomicUsize = AtomicUsize::new(1);

#[derive(Clone)]
struct Credential {
    account: String,
    user: String,
    id: String,
    status: String,
}

impl Credential {
    fn xml(&self) -> String {
        let Self { account, user, id, status } = self;
        format!(
            "<member><CreateDate>2026-01-01T00:00:00Z</CreateDate><ServiceName>{SERVICE}</ServiceName>\
             <ServiceUserName>{user}-at-{account}</ServiceUserName><ServiceSpecificCredentialId>{id}</ServiceSpecificCredentialId>\
             <UserName>{user}</UserName><Status>{status}</Status></member>"
        )
    }
}

/// AWS gives IAM users passwords for CodeCommit and Keyspaces, which outlive access keys and console logins unless
/// somebody looks for them. moto has none of these operations. Here a test gives users such credentials, and listing,
/// updating and deleting them works; a user whom the emulator does not know is `NoSuchEntity`.
#[derive(Default)]
pub struct ServiceCredentials(Mutex<Vec<Credential>>);

impl ServiceCredentials {
    fn all(&self) -> MutexGuard<'_, Vec<Credential>> {
        self.0.lock().expect("the credentials are not poisoned")
    }

    pub(in super::super) fn add(&self, account: &str, user: &str, status: &str) {
        let id = format!("ACCA{:017}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
        self.all().push(Credential {
            account: account.to_owned(),
            user: user.to_owned(),
            id,
            status: status.to_owned(),
        });
    }

    /// The statuses of a user's credentials as they are now.
    pub fn of(&self, account: &str, user: &str) -> Vec<String> {
        let all = self.all();
        all.iter().filter(|one| one.account == account && one.user == user).map(|one| one.status.clone()).collect()
    }

    pub(super) async fn list(&self, front: &Front, call: &Call, ask: &Ask) -> Reply {
        let user = call.parameter("UserName");
        if let Some(user) = &user {
            let exists =
                ask.instead(Method::POST, "/", format!("Action=GetUser&Version=2010-05-08&UserName={}", encode(user)));
            let reply = front.forward(call, &exists).await;
            if !reply.status.is_success() {
                return reply;
            }
        }
        let service = call.parameter("ServiceName").is_none_or(|service| service == SERVICE);
        let own = |one: &&Credential| {
            service && one.account == call.account && user.as_ref().is_none_or(|user| *user == one.user)
        };
        let members: String = self.all().iter().filter(own).map(Credential::xml).collect();
        answer(
            call,
            &format!(
                "<ServiceSpecificCredentials>{members}</ServiceSpecificCredentials><IsTruncated>false</IsTruncated>"
            ),
        )
    }

    pub(super) fn update(&self, call: &Call) -> Reply {
        let status = call.parameter("Status").unwrap_or_default();
        let mut all = self.all();
        match all.iter_mut().find(|one| is_meant(one, call)) {
            Some(found) => found.status = status,
            None => return missing(call),
        }
        answer(call, "")
    }

    pub(super) fn delete(&self, call: &Call) -> Reply {
        let mut all = self.all();
        match all.iter().position(|one| is_meant(one, call)) {
            Some(at) => drop(all.remove(at)),
            None => return missing(call),
        }
        answer(call, "")
    }
}

fn is_meant(one: &Credential, call: &Call) -> bool {
    let id = call.parameter("ServiceSpecificCredentialId");
    let user = call.parameter("UserName");
    one.account == call.account && id.as_ref() == Some(&one.id) && user.is_none_or(|user| user == one.user)
}

fn missing(call: &Call) -> Reply {
    error(call, 404, "NoSuchEntity", "The service-specific credential cannot be found.")
}

fn answer(call: &Call, result: &str) -> Reply {
    let operation = &call.operation;
    let result = format!("<{operation}Result>{result}</{operation}Result>");
    let body = format!(
        r#"<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">{result}</{operation}Response>"#
    );
    Reply::new(200, "text/xml", body)
}

/// Escapes everything in a form value but letters and digits.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::call::tests::{ask, call};
    use super::*;

    fn request(form: &str) -> Call {
        call(&ask(Method::POST, "/", "iam", &[("content-type", "application/x-www-form-urlencoded")], form))
    }

    #[test]
    fn a_credential_can_be_switched_off_and_deleted_by_its_id() {
        let credentials = ServiceCredentials::default();
        credentials.add("111122223333", "ann", "Active");
        let id = credentials.all()[0].id.clone();
        let update = format!("Action=UpdateServiceSpecificCredential&ServiceSpecificCredentialId={id}&Status=Inactive");
        assert_eq!(credentials.update(&request(&update)).status, 200);
        assert_eq!(credentials.of("111122223333", "ann"), ["Inactive"]);
        let delete = format!("Action=DeleteServiceSpecificCredential&ServiceSpecificCredentialId={id}&UserName=ann");
        assert_eq!(credentials.delete(&request(&delete)).status, 200);
        assert_eq!(credentials.delete(&request(&delete)).status, 404);
    }
}
