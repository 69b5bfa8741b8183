//! Sign-in to databases by IAM.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::super::call::Call;
use super::super::wire::Reply;
use super::database_ids::{each, member};

/// Account, Region, and the element and identifier of a database.
type Key = (String, String, &'static str, String);

/// Whether people may sign in by IAM, and what waits for the maintenance window.
#[derive(Clone, Copy, Default)]
struct SignIn {
    now: bool,
    pending: Option<bool>,
}

/// AWS lets a change of sign-in by IAM wait for the maintenance window, unless `ApplyImmediately` is true, and shows it in
/// `PendingModifiedValues` meanwhile; setting what is there already cancels the change that waits. moto changes instances at once, and
/// clusters never.
#[derive(Default)]
pub struct DatabaseSignIn(Mutex<BTreeMap<Key, SignIn>>);

impl DatabaseSignIn {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, SignIn>> {
        self.0.lock().expect("the databases are not poisoned")
    }

    /// Stores the change that a call makes, and shows it in the emulator's answer.
    pub(super) fn shown(&self, call: &Call, reply: Reply) -> Reply {
        if !reply.status.is_success() {
            return reply;
        }
        for (element, name) in [("DBInstance", "DBInstanceIdentifier"), ("DBCluster", "DBClusterIdentifier")] {
            if call.operation == format!("Modify{element}") {
                self.keep(call, key(call, element, &call.parameter(name).unwrap_or_default()));
            }
        }
        let text = self.completed(call, &reply.text(), "DBInstance", "DBInstanceIdentifier");
        let text = self.completed(call, &text, "DBCluster", "DBClusterIdentifier");
        reply.with_body(text)
    }

    fn keep(&self, call: &Call, key: Key) {
        let asked = call.parameter("EnableIAMDatabaseAuthentication").map(|on| on == "true");
        let is_at_once = call.parameter("ApplyImmediately").is_some_and(|at_once| at_once == "true");
        let mut all = self.all();
        let set = all.entry(key).or_default();
        let wanted = asked.or(set.pending).unwrap_or(set.now);
        *set = if is_at_once {
            SignIn { now: wanted, pending: None }
        } else {
            SignIn { pending: (wanted != set.now).then_some(wanted), ..*set }
        };
    }

    fn completed(&self, call: &Call, text: &str, element: &'static str, name: &str) -> String {
        each(text, element, |one| {
            let set = self.all().get(&key(call, element, member(one, name))).copied().unwrap_or_default();
            let one = each(one, "IAMDatabaseAuthenticationEnabled", |_| String::new());
            let one = each(&one, "PendingModifiedValues", |_| String::new());
            let shown = |on: bool| format!("<IAMDatabaseAuthenticationEnabled>{on}</IAMDatabaseAuthenticationEnabled>");
            let pending = set.pending.map(shown).unwrap_or_default();
            format!("{one}{}<PendingModifiedValues>{pending}</PendingModifiedValues>", shown(set.now))
        })
    }
}

fn key(call: &Call, element: &'static str, id: &str) -> Key {
    (call.account.clone(), call.region.clone(), element, id.to_lowercase())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    fn modify(form: &str) -> Call {
        let form = format!("Action=ModifyDBCluster&DBClusterIdentifier=Ward&{form}");
        call(&ask(Method::POST, "/", "rds", &[("content-type", "application/x-www-form-urlencoded")], &form))
    }

    #[test]
    fn a_change_waits_until_it_is_carried_out_or_taken_back() {
        let databases = DatabaseSignIn::default();
        let seen = |form: &str| {
            let cluster = "<DBCluster><DBClusterIdentifier>ward</DBClusterIdentifier></DBCluster>";
            let text = databases.shown(&modify(form), Reply::new(200, "text/xml", cluster)).text();
            let (now, pending) = text.split_once("<PendingModifiedValues>").unwrap();
            [now, pending].map(|part| member(part, "IAMDatabaseAuthenticationEnabled").to_owned())
        };
        assert_eq!(seen("DeletionProtection=true"), ["false", ""]);
        assert_eq!(seen("EnableIAMDatabaseAuthentication=true"), ["false", "true"]);
        assert_eq!(seen("EnableIAMDatabaseAuthentication=false"), ["false", ""]);
        assert_eq!(seen("EnableIAMDatabaseAuthentication=true&ApplyImmediately=false"), ["false", "true"]);
        assert_eq!(seen("DBClusterInstanceClass=x&ApplyImmediately=true"), ["true", ""], "with everything that waits");
    }
}
