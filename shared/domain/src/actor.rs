//! Who acts, according to AWS STS.
//!
//! STS answers `GetCallerIdentity` with `Account`, `UserId` and `Arn`. Their shapes:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>. Parts that the
//! caller chose prove nothing: a principal that may assume a role names the session, and one that may call
//! `GetFederationToken` names the federated user. A session's name counts only for roles of IAM Identity Center, which
//! names it after the person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// Roles of IAM Identity Center are named so, and only AWS may change them:
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
const OF_IDENTITY_CENTER: &str = "AWSReservedSSO_";
/// The longest ARN of a principal: the path of an IAM user may have 512 characters, its name 64.
const LONGEST_ARN: usize = 1024;

/// A principal whose identity AWS STS confirmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// The account that the principal belongs to.
    pub account: AccountId,
    /// The id that AWS never gives twice: `AIDA…` of a user, `AROA…` of a role, `AROA…:session` of a person in IAM
    /// Identity Center.
    pub id: String,
    /// For people and for patterns: the ARN of a user, of a role (STS leaves its path out), or of a session of a person in
    /// IAM Identity Center. Printable ASCII.
    pub arn: String,
}

/// An identity that may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnActor {
    /// The account's root user: shared by nature, so that it names nobody.
    #[error("the root user may not act: sign as a user or a role")]
    Root,
    /// A federated user: the caller of `GetFederationToken` chose the name.
    #[error("a federated user may not act, for its name is not proven: sign as the user who federates")]
    Federated,
    /// Nothing that STS is known to answer.
    #[error("this is no identity that AWS STS is known to give")]
    Unknown,
}

impl Actor {
    /// Reads the answer of `GetCallerIdentity`. Whatever contradicts itself is [`NotAnActor::Unknown`].
    pub fn of_identity(account: &str, user_id: &str, arn: &str) -> Result<Self, NotAnActor> {
        let account = AccountId::parse(account).map_err(|_| NotAnActor::Unknown)?;
        let arn = Arn::read(arn).filter(|arn| arn.account == account.as_str()).ok_or(NotAnActor::Unknown)?;
        let (id, arn) = match (arn.service, arn.resource.split('/').collect::<Vec<_>>().as_slice()) {
            ("iam", ["root"]) => return Err(NotAnActor::Root),
            ("sts", ["federated-user", ..]) => return Err(NotAnActor::Federated),
            ("iam", ["user", .., name]) if is_name(name) && is_unique_id(user_id) => (user_id, arn.to_string()),
            ("sts", ["assumed-role", role, session]) if is_name(role) && is_name(session) => {
                of_session(user_id, &arn, role, session)?
            }
            _ => return Err(NotAnActor::Unknown),
        };
        Ok(Self { account, id: id.to_owned(), arn })
    }

    /// Whether both are the same principal. One person may be several: who holds two users, or may assume two roles.
    #[must_use]
    pub fn same_person(&self, other: &Self) -> bool {
        self.account == other.account && self.id == other.id
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

/// Id and ARN of a session of a role: those of the role, unless IAM Identity Center named the session.
fn of_session<'a>(user_id: &'a str, arn: &Arn<'_>, role: &str, session: &str) -> Result<(&'a str, String), NotAnActor> {
    let role_id = user_id.strip_suffix(session).and_then(|rest| rest.strip_suffix(':'));
    let role_id = role_id.filter(|id| id.starts_with("AROA") && is_unique_id(id)).ok_or(NotAnActor::Unknown)?;
    if role.starts_with(OF_IDENTITY_CENTER) {
        return Ok((user_id, arn.to_string()));
    }
    let (partition, account) = (arn.partition, arn.account);
    Ok((role_id, format!("arn:{partition}:iam::{account}:role/{role}")))
}

/// The parts of an ARN of IAM or STS, which belong to no Region.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let plain = text.len() <= LONGEST_ARN && text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            ["arn", partition @ ("aws" | "aws-cn" | "aws-us-gov"), service, "", account, resource] if plain => {
                Some(Self { partition, service, account, resource })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, account, resource } = self;
        write!(f, "arn:{partition}:{service}::{account}:{resource}")
    }
}

/// Names of users, roles and sessions: 1 to 64 characters of `[\w+=,.@-]`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

/// Unique ids: 16 to 128 letters and digits
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html>).
fn is_unique_id(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ACCOUNT: &str = "111122223333";
    const USER: &str = "AIDACKCEVSQ6C2EXAMPLE";
    const ROLE: &str = "AROADBQP57FF2AEXAMPLE";
    const SSO: &str = "assumed-role/AWSReservedSSO_Admin_1234567890abcdef/ann@example.org";

    fn actor(user_id: &str, arn: &str) -> Result<(String, String), NotAnActor> {
        Actor::of_identity(ACCOUNT, user_id, arn).map(|actor| (actor.id, actor.arn))
    }

    #[test]
    fn users_and_roles_act_in_every_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let iam = |resource: &str| format!("arn:{partition}:iam::{ACCOUNT}:{resource}");
            let sts = |resource: &str| format!("arn:{partition}:sts::{ACCOUNT}:{resource}");
            let (session, person) = (format!("{ROLE}:whoever-1"), format!("{ROLE}:ann@example.org"));
            let cases = [
                (USER, iam("user/ann"), USER, iam("user/ann")),
                (USER, iam("user/ops/night/ann"), USER, iam("user/ops/night/ann")),
                (&session, sts("assumed-role/oncall/whoever-1"), ROLE, iam("role/oncall")),
                (&person, sts(SSO), &person, sts(SSO)),
            ];
            for (user_id, told, id, arn) in cases {
                assert_eq!(actor(user_id, &told), Ok((id.to_owned(), arn)), "{told}");
            }
        }
    }

    #[test]
    fn root_and_federated_users_may_not_act() {
        assert_eq!(actor(ACCOUNT, "arn:aws:iam::111122223333:root"), Err(NotAnActor::Root));
        let federated = "arn:aws:sts::111122223333:federated-user/ann";
        assert_eq!(actor("111122223333:ann", federated), Err(NotAnActor::Federated));
    }

    #[test]
    fn what_contradicts_itself_or_is_unknown_is_nobody() {
        let session = format!("{ROLE}:s-1");
        let unknown = [
            (USER, "arn:aws:iam::444455556666:user/ann"),
            (USER, "arn:aws:iam:us-east-1:111122223333:user/ann"),
            (USER, "arn:aws:sts::111122223333:user/moto"),
            (USER, "arn:aws:iam::111122223333:user/"),
            (USER, "arn:aws:iam::111122223333:user/a\u{301}nn"),
            (USER, "arn:aws:iam::111122223333:group/ann"),
            (USER, "arn:aws-iso:iam::111122223333:user/ann"),
            ("AIDA", "arn:aws:iam::111122223333:user/ann"),
            ("", "arn:aws:iam::111122223333:user/ann"),
            ("AIDACKCEVSQ6C2EXAMPLE:x", "arn:aws:iam::111122223333:user/ann"),
            (&session, "arn:aws:sts::111122223333:assumed-role/oncall/s-2"),
            (&session, "arn:aws:sts::111122223333:assumed-role/oncall"),
            (&session, "arn:aws:sts::111122223333:assumed-role/path/oncall/s-1"),
            (&session, "arn:aws:iam::111122223333:assumed-role/oncall/s-1"),
            (USER, "arn:aws:sts::111122223333:assumed-role/oncall/s-1"),
            ("s-1", "arn:aws:sts::111122223333:assumed-role/oncall/s-1"),
            (USER, ""),
        ];
        for (user_id, arn) in unknown {
            assert_eq!(actor(user_id, arn), Err(NotAnActor::Unknown), "{user_id} {arn}");
        }
        let short = Actor::of_identity("11112222333", USER, "arn:aws:iam::11112222333:user/ann");
        assert_eq!(short, Err(NotAnActor::Unknown));
    }

    #[test]
    fn the_name_of_a_session_makes_a_person_of_identity_center_only() {
        let of = |user_id: &str, resource: &str| {
            Actor::of_identity(ACCOUNT, user_id, &format!("arn:aws:sts::{ACCOUNT}:{resource}")).unwrap()
        };
        let oncall = |session: &str| of(&format!("{ROLE}:{session}"), &format!("assumed-role/oncall/{session}"));
        assert!(oncall("ann").same_person(&oncall("bob")), "whoever assumes a role names the session");
        let person = |name: &str| of(&format!("{ROLE}:{name}"), &SSO.replace("ann@example.org", name));
        assert!(person("ann").same_person(&person("ann")));
        assert!(!person("ann").same_person(&person("bob")));
        let elsewhere = Actor { account: AccountId::parse("444455556666").unwrap(), ..person("ann") };
        assert!(!elsewhere.same_person(&person("ann")));
    }

    #[test]
    fn an_actor_is_stored_as_it_is() {
        let (user, arn) = (USER, "arn:aws:iam::111122223333:user/ann");
        let actor = Actor::of_identity(ACCOUNT, user, arn).unwrap();
        let stored = serde_json::to_value(&actor).unwrap();
        assert_eq!(stored, serde_json::json!({"account": ACCOUNT, "id": user, "arn": arn}));
        assert_eq!(serde_json::from_value::<Actor>(stored).unwrap(), actor);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange_and_what_is_read_is_plain(
            user_id in "[A-Z0-9]{16,20}(:[ -~]{0,9})?|\\PC{0,24}",
            resource in "(user|assumed-role|federated-user|root)(/[ -~\\PC]{0,9}){0,3}",
        ) {
            let arn = format!("arn:aws:sts::{ACCOUNT}:{resource}");
            for arn in [arn.replace("sts", "iam"), arn] {
                if let Ok(actor) = Actor::of_identity(ACCOUNT, &user_id, &arn) {
                    prop_assert_eq!(crate::redact::text(&actor.arn), actor.arn);
                    prop_assert!(actor.id.bytes().all(|byte| byte.is_ascii_graphic()));
                }
            }
        }
    }
}
