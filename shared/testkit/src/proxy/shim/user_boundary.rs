//! Permissions boundaries of IAM users.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// AWS bounds users as it bounds roles, and tells the bounds of both in `GetAccountAuthorizationDetails`. moto does so for
/// roles alone. Here the boundaries of users are kept, each a part of the user's entry; a user that has none loses none:
/// `NoSuchEntity`.
#[derive(Default)]
pub struct UserBoundaries(Mutex<BTreeMap<(String, String), String>>);

impl UserBoundaries {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.0.lock().expect("the boundaries are not poisoned")
    }

    /// The ARN of the policy that bounds a user.
    pub fn of(&self, account: &str, user: &str) -> Option<String> {
        self.all().get(&(account.to_owned(), user.to_owned())).cloned()
    }

    pub(super) fn put(&self, call: &Call) -> Reply {
        let arn = call.parameter("PermissionsBoundary").unwrap_or_default();
        self.all().insert(whose(call), arn);
        done(call)
    }

    pub(super) fn delete(&self, call: &Call) -> Reply {
        match self.all().remove(&whose(call)) {
            Some(_) => done(call),
            None => error(call, 404, "NoSuchEntity", "The user has no permissions boundary."),
        }
    }

    /// The emulator's account of everybody, with the boundaries of users.
    pub(super) fn told(&self, call: &Call, reply: Reply) -> Reply {
        let all = self.all();
        let own = all.iter().filter(|((account, _), _)| *account == call.account);
        let text = own.fold(reply.text(), |text, ((_, user), arn)| with_boundary(&text, user, arn));
        reply.with_body(text)
    }
}

fn whose(call: &Call) -> (String, String) {
    (call.account.clone(), call.parameter("UserName").unwrap_or_default())
}

/// Puts a boundary beside the name of a user; the entries of users are the first list.
fn with_boundary(text: &str, user: &str, arn: &str) -> String {
    let name = format!("<UserName>{user}</UserName>");
    let bounds = format!(
        "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
    );
    text.replacen(&name, &format!("{name}{bounds}"), 1)
}

fn done(call: &Call) -> Reply {
    let operation = &call.operation;
    let body =
        format!(r#"<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"></{operation}Response>"#);
    Reply::new(200, "text/xml", body)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    fn request(form: &str) -> Call {
        call(&ask(Method::POST, "/", "iam", &[("content-type", "application/x-www-form-urlencoded")], form))
    }

    #[test]
    fn a_boundary_is_told_until_it_is_taken_off() {
        let (boundaries, reading) = (UserBoundaries::default(), request("Action=GetAccountAuthorizationDetails"));
        let details = "<UserDetailList><member><UserName>ann</UserName></member></UserDetailList>";
        let told = || boundaries.told(&reading, Reply::new(200, "text/xml", details)).text();
        let put =
            "Action=PutUserPermissionsBoundary&UserName=ann&PermissionsBoundary=arn%3Aaws%3Aiam%3A%3A1%3Apolicy%2Fb";
        assert_eq!(boundaries.put(&request(put)).status, 200);
        assert_eq!(boundaries.of("111122223333", "ann").as_deref(), Some("arn:aws:iam::1:policy/b"));
        assert!(told().contains("<PermissionsBoundaryArn>arn:aws:iam::1:policy/b</PermissionsBoundaryArn>"));
        let delete = request("Action=DeleteUserPermissionsBoundary&UserName=ann");
        assert_eq!((boundaries.delete(&delete).status.as_u16(), told().as_str()), (200, details));
        assert_eq!(boundaries.delete(&delete).status, 404);
    }
}
