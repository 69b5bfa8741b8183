//! The effect of a bucket policy on external callers, and the equality of two policies.

use remedy_domain::{Reason, Violation, fence::is_reserved};
use remedy_policy::{
    Answer, Kind, Policy, Resource, TooMuchWork,
    document::Statement,
    edit::{self, NotEdited, remove_public},
};
use serde_json::Value;

/// The reason why a person should check a policy whose analysis was not completed.
fn too_much_work() -> Reason {
    let words = "whether the bucket policy admits external principals takes too much work to tell: say the same in fewer statements and wildcards";
    Reason::new("too-much-work", words)
}

fn no_single_statement() -> Reason {
    Reason::new("no-single-statement", "no single statement of the bucket policy is at fault")
}

/// The effect of a bucket policy on external callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    /// The statements that let them in.
    pub(crate) violations: Vec<Violation>,
    /// The wanted policy.
    pub(crate) desired: Option<String>,
    /// Why a person should look at it: then it should stay as it is.
    pub(crate) doubt: Option<Reason>,
    /// Whether external callers are admitted.
    pub(crate) strangers: Answer,
}

/// The effect of a bucket policy on external callers.
pub(crate) fn opening(text: Option<&str>) -> Opening {
    let (violations, closed, strangers) = match text.map(|text| Policy::parse(Kind::Bucket, text)) {
        None => (vec![], Ok(None), Answer::No),
        Some(Err(_)) => {
            let unreadable = Reason::new("policy-unreadable", "the bucket policy is none that Remedy understands");
            (vec![], Err(unreadable), Answer::Unknown)
        }
        Some(Ok(policy)) => {
            let found = Resource::of(&policy);
            (violations(&policy, &found), closed(&policy, &found), found.public)
        }
    };
    let unchanged = || text.map(str::to_owned);
    let (desired, doubt) = closed.map_or_else(|doubt| (unchanged(), Some(doubt)), |desired| (desired, None));
    Opening { violations, desired, doubt, strangers }
}

fn violations(policy: &Policy<'_>, found: &Resource) -> Vec<Violation> {
    let open = policy.statements.iter().filter(|statement| found.public_statements.contains(&statement.index));
    open.map(violation).collect()
}

/// No control of Remedy admits anybody: an author who gives such a statement one of its names may be hiding it.
fn violation(statement: &Statement<'_>) -> Violation {
    let words = format!("{} of the bucket policy admits external principals", name(statement));
    if statement.sid.as_deref().is_some_and(is_reserved) {
        Violation::imitation("public-statement", words)
    } else {
        Violation::new("public-statement", words)
    }
}

/// Its place, counted from one, and its Sid where that is of the letters that IAM allows.
fn name(statement: &Statement<'_>) -> String {
    let plain = |sid: &&str| (1..=64).contains(&sid.len()) && sid.chars().all(|c| c.is_ascii_alphanumeric());
    let sid = statement.sid.as_deref().filter(plain).map(|sid| format!(" ({sid})"));
    format!("statement {}{}", statement.index + 1, sid.unwrap_or_default())
}

/// The policy without its public parts; or the reason why a person must decide.
fn closed(policy: &Policy<'_>, found: &Resource) -> Result<Option<String>, Reason> {
    found.finished.map_err(|TooMuchWork| too_much_work())?;
    if found.public_statements.is_empty() {
        return settled(found).map(|()| Some(policy.text.to_owned()));
    }
    let edited = remove_public(policy).map_err(|error| match error {
        NotEdited::TooMuchWork(_) => too_much_work(),
        _ => no_single_statement(),
    })?;
    let Some(rest) = edited.text else { return Ok(None) };
    let unsound = |_| Reason::new("policy-not-repairable", "the bucket policy cannot be repaired in place");
    let kept = Policy::parse(Kind::Bucket, &rest).map_err(unsound)?;
    settled(&Resource::of(&kept))?;
    if kept.statements.iter().any(Statement::names_the_gone) {
        let gone = "the bucket policy names a user or role that is gone, and S3 would refuse to store it again";
        return Err(Reason::new("principal-gone", gone));
    }
    Ok(Some(rest))
}

/// Whether nothing is left that S3 would take for public: a policy may hold what it cuts, and it refuses to store it.
fn settled(found: &Resource) -> Result<(), Reason> {
    found.finished.map_err(|TooMuchWork| too_much_work())?;
    match (found.public, found.public_literal) {
        (Answer::Yes, _) => Err(no_single_statement()),
        (Answer::Unknown, _) => {
            let unknown = "whether the bucket policy admits external principals depends on a key that is not known";
            Err(Reason::new("unknown-key", unknown))
        }
        (Answer::No, Answer::No) => Ok(()),
        (Answer::No, _) => {
            let public = "S3 takes the bucket policy for public, and would cut off accounts that it lets in";
            Err(Reason::new("public-to-s3", public))
        }
    }
}

/// Whether S3 may take a policy for public. What cannot be read may be.
pub(crate) fn may_be_public(text: &str) -> bool {
    Policy::parse(Kind::Bucket, text).map_or(true, |policy| Resource::of(&policy).public_literal != Answer::No)
}

/// Whether two policies say the same. S3 stores a list of one as that one, a root's account as its ARN, and truth as text.
pub(crate) fn alike(a: Option<&str>, b: Option<&str>) -> bool {
    let stored = |text: &str| serde_json::from_str(text).ok().map(stored);
    let both = a.zip(b).and_then(|(a, b)| Some((stored(a)?, stored(b)?)));
    edit::alike(a, b) || both.is_some_and(|(a, b)| a == b)
}

fn stored(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.pop().map_or(Value::Null, stored),
        Value::Array(items) => items.into_iter().map(stored).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, stored(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::String(text) => account(&text).map_or(text.as_str(), |id| id).into(),
        Value::Null => value,
    }
}

/// The account of which this is the root's ARN.
fn account(arn: &str) -> Option<&str> {
    let (_, id) = arn.strip_suffix(":root")?.split_once(":iam::")?;
    (arn.starts_with("arn:aws") && id.len() == 12).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use remedy_domain::outcome::Alarm;

    const EVERYONE: &str =
        r#"{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#;
    const PARTNER: &str = r#"{"Sid": "Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:\u0047etObject","Resource":"arn:aws:s3:::b/*"}"#;

    fn of(statements: &[&str]) -> String {
        format!(r#"{{ "Version":"2012-10-17", "Statement":[{}] }}"#, statements.join(","))
    }

    #[test]
    fn strangers_go_and_partners_stay_byte_for_byte() {
        let both = opening(Some(&of(&[EVERYONE, PARTNER])));
        assert_eq!(
            both.violations,
            [Violation::new("public-statement", "statement 1 (Open) of the bucket policy admits external principals")]
        );
        assert_eq!((both.desired, both.doubt), (Some(of(&[PARTNER])), None));
        assert_eq!(opening(Some(&of(&[EVERYONE]))).desired, None);
        let quiet = opening(Some(&of(&[PARTNER])));
        assert_eq!((quiet.violations.len(), quiet.desired, quiet.doubt), (0, Some(of(&[PARTNER])), None));
        let nothing = Opening { violations: vec![], desired: None, doubt: None, strangers: Answer::No };
        assert_eq!(opening(None), nothing);
    }

    #[test]
    fn what_is_in_doubt_stays_as_it_is() {
        let unknown = r#""Condition":{"StringEquals":{"aws:NoSuchKey":"x"}},"Effect""#;
        let unknown = EVERYONE.replace(r#""Effect""#, unknown);
        let denied = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}"#;
        let gone = PARTNER.replace("arn:aws:iam::444455556666:root", "AIDACKCEVSQ6C2EXAMPLE");
        for (text, said) in [
            ("{}".to_owned(), "policy-unreadable"),
            (of(&[&unknown]), "unknown-key"),
            (of(&[EVERYONE, denied]), "public-to-s3"),
            (of(&[EVERYONE, &unknown]), "unknown-key"),
            (of(&[EVERYONE, &gone]), "principal-gone"),
        ] {
            let opening = opening(Some(&text));
            assert!(opening.doubt.as_ref().is_some_and(|doubt| doubt.code() == said), "{text}: {:?}", opening.doubt);
            assert_eq!(opening.desired.as_deref(), Some(text.as_str()));
        }
    }

    #[test]
    fn a_statement_that_is_called_like_remedys_own_goes_like_any_other_and_pages() {
        for sid in ["RemedyDenyPlaintext", "remedyOpen"] {
            let posing = opening(Some(&of(&[&EVERYONE.replace("Open", sid), PARTNER])));
            assert_eq!((posing.desired, posing.doubt), (Some(of(&[PARTNER])), None));
            assert_eq!(posing.violations[0].urgency, Alarm::Page);
        }
    }

    #[test]
    fn a_sid_that_is_no_name_is_not_repeated() {
        let told = opening(Some(&of(&[PARTNER, &EVERYONE.replace("Open", "Jane Roe, 1970")])));
        assert_eq!(
            told.violations,
            [Violation::new("public-statement", "statement 2 of the bucket policy admits external principals")]
        );
    }

    #[test]
    fn what_s3_makes_of_a_policy_is_the_same_policy() {
        let put = of(&[&PARTNER.replace(r#""s3:\u0047etObject""#, r#"["s3:GetObject"]"#)]);
        let got = PARTNER.replace("arn:aws:iam::444455556666:root", "444455556666");
        let got = format!(r#"{{"Statement":{got},"Version":"2012-10-17"}}"#);
        assert!(alike(Some(&put), Some(&got)));
        assert!(!alike(Some(&put), Some(&got.replace("Partner", "Other"))));
        assert!(!alike(Some(&put), None) && alike(None, None));
        assert!(alike(Some("not json"), Some("not json")) && !alike(Some("not json"), Some("not")));
    }
}
