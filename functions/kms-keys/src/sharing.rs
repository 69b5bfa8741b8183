//! Whom a key policy lets in besides its own account, and whether anybody could still change it.

use remedy_domain::{AccountId, Parameters, Reason, Timestamp, Violation};
use remedy_policy::{
    Answer, Kind, Policy, Resource, TooMuchWork, accounts,
    document::{Clause, Effect, Statement},
    edit, glob,
};

/// The faults of a key policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sharing {
    /// Statements that let any AWS account in.
    pub(crate) open: Vec<Violation>,
    /// Grants that only a person can judge.
    pub(crate) doubtful: Vec<Violation>,
}

impl Sharing {
    /// Of a policy in an account, at this time or later; at any time where none is given. A policy that cannot be read is
    /// doubtful.
    pub(crate) fn of(text: &str, account: &AccountId, parameters: &Parameters, now: Option<Timestamp>) -> Self {
        let Ok(policy) = Policy::parse(Kind::Key, text) else {
            let unreadable = Violation::new("policy", "the key policy is none that Remedy understands");
            return Self { open: vec![], doubtful: vec![unreadable] };
        };
        let policy = policy.as_of(now);
        let found = Resource::of(&policy);
        let said = |indices: &[usize], violation: &dyn Fn(String) -> Violation| -> Vec<_> {
            let statements = policy.statements.iter().filter(|statement| indices.contains(&statement.index));
            statements.map(|statement| violation(place(statement))).collect()
        };
        let known =
            |id: &str| id == account.as_str() || parameters.trusted_accounts.iter().any(|own| own.as_str() == id);
        let strangers = policy.statements.iter().filter(|one| !found.public_statements.contains(&one.index));
        let strangers = strangers.filter(|statement| !policy.is_over(statement)).flat_map(|statement| {
            let foreign = accounts::named(statement).into_iter().filter(|id| !known(id));
            foreign.map(|id| {
                let what = format!("lets account {id} in, which `trusted_accounts` does not name");
                Violation::new("foreign-account", format!("{} {what}", place(statement)))
            })
        });
        let why = match found.finished {
            Ok(()) => "depends on a condition key that is not known",
            Err(TooMuchWork) => "may let anybody in: the key policy takes too much work to analyse",
        };
        let unknown = |place| Violation::new("unknown-statement", format!("{place} {why}"));
        let deputy =
            |place| Violation::new("confused-deputy", format!("{place} lets a service in on behalf of anybody"));
        let open = |place| Violation::new("public-statement", format!("{place} lets any AWS account in"));
        let mut doubtful = said(&found.unknown_statements, &unknown);
        doubtful.extend(said(&found.confused_deputy, &deputy));
        doubtful.extend(strangers);
        Self { open: said(&found.public_statements, &open), doubtful }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.open.is_empty() && self.doubtful.is_empty()
    }

    pub(crate) fn violations(self) -> Vec<Violation> {
        [self.open, self.doubtful].concat()
    }
}

/// Its place, counted from one: a Sid may say anything.
fn place(statement: &Statement<'_>) -> String {
    format!("statement {} of the key policy", statement.index + 1)
}

/// The policy without what lets any account in; or why that is a person's business.
pub(crate) fn closed(text: &str, arn: &str, own: &AccountId, now: Timestamp) -> Result<String, Reason> {
    let unreadable = || Reason::new("policy-unreadable", "the key policy is none that Remedy understands");
    let several = || Reason::new("no-single-statement", "no single statement of the key policy is at fault");
    let unsound = || Reason::new("policy-not-repairable", "the key policy cannot be repaired in place");
    let nobody = "nobody of the key's own account could change the key policy afterwards: give root that right first";
    let nobody = || Reason::new("unmanageable", nobody);
    let policy = Policy::parse(Kind::Key, text).map_err(|_| unreadable())?.as_of(now);
    let edited = edit::remove_public(&policy).map_err(|_| several())?;
    let left = edited.text.ok_or_else(nobody)?;
    let kept = Policy::parse(Kind::Key, &left).map_err(|_| unsound())?.as_of(now);
    if Resource::of(&kept).public != Answer::No {
        return Err(several());
    }
    if !kept.statements.iter().any(|statement| lets_administer(statement, arn, own)) {
        return Err(nobody());
    }
    if kept.statements.iter().any(Statement::names_the_gone) {
        let gone = "the key policy names a user or role that is gone, and KMS would refuse to store it again";
        return Err(Reason::new("principal-gone", gone));
    }
    Ok(left)
}

/// Whether a statement lets somebody of the key's own account change its policy, whatever the request says.
fn lets_administer(statement: &Statement<'_>, arn: &str, own: &AccountId) -> bool {
    let acts = statement.actions.items.iter().any(|item| glob::matches(&item.text, "kms:putkeypolicy"));
    let here = statement.resources.as_ref().is_some_and(|element| {
        !element.negated && element.items.iter().any(|item| glob::everything(&item.text) || item.text == arn)
    });
    let is_own = |clause: &Clause<'_>| {
        accounts::is_of_caller(clause)
            && !clause.negated
            && clause.values.iter().any(|value| value.text == own.as_str())
    };
    let principals = statement.principals.as_ref().filter(|principals| !principals.negated);
    let named = principals.is_some_and(|principals| {
        let mut entries = principals.entries.iter();
        let limited = !statement.clauses.is_empty();
        entries.any(|entry| accounts::of(entry) == Some(own.as_str()) || (limited && glob::everything(&entry.text)))
    });
    statement.effect == Effect::Allow
        && acts != statement.actions.negated
        && here
        && named
        && statement.clauses.iter().all(is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ROOT: &str =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;
    const NOON: Timestamp = Timestamp::UNIX_EPOCH;
    const OPEN: &str = r#"{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}"#;

    fn document(statements: &[&str]) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
    }

    fn own() -> AccountId {
        AccountId::parse("111122223333").unwrap()
    }

    fn sharing(statement: &str) -> [usize; 2] {
        let trusted_accounts = vec![AccountId::parse("777788889999").unwrap()];
        let parameters = Parameters { trusted_accounts, ..Parameters::default() };
        let sharing = Sharing::of(&document(&[ROOT, statement]), &own(), &parameters, Some(NOON));
        [sharing.open.len(), sharing.doubtful.len()]
    }

    #[test]
    fn who_is_let_in() {
        let under =
            |condition: &str| OPEN.replace(r#""Resource":"*""#, &format!(r#""Resource":"*","Condition":{condition}"#));
        let of = |principal: &str| OPEN.replace(r#""Principal":"*""#, &format!(r#""Principal":{principal}"#));
        for (statement, expected) in [
            (OPEN.to_owned(), [1, 0]),
            (under(r#"{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}"#), [1, 0]),
            (under(r#"{"StringEquals":{"kms:CallerAccount":"111122223333"}}"#), [0, 0]),
            (under(r#"{"StringEquals":{"kms:CallerAccount":["111122223333","444455556666"]}}"#), [0, 1]),
            (under(r#"{"StringEquals":{"acme:Key":"x"}}"#), [0, 1]),
            (of(r#"{"AWS":"arn:aws:iam::444455556666:role/x"}"#), [0, 1]),
            (of(r#"{"AWS":["777788889999","arn:aws:iam::111122223333:role/x"]}"#), [0, 0]),
            (of(r#"{"Service":"logs.us-east-1.amazonaws.com"}"#), [0, 1]),
            (OPEN.replace("Allow", "Deny"), [0, 0]),
            (under(r#"{"DateLessThan":{"aws:CurrentTime":"1969-12-31"}}"#), [0, 0]),
            (under(r#"{"DateLessThan":{"aws:CurrentTime":"1970-01-02"}}"#), [1, 0]),
        ] {
            assert_eq!(sharing(&statement), expected, "{statement}");
        }
        let unreadable = Sharing::of("{}", &own(), &Parameters::default(), None);
        assert_eq!((unreadable.open.len(), unreadable.doubtful.len()), (0, 1));
    }

    #[test]
    fn a_key_stays_manageable() {
        let close = |statements: &[&str]| closed(&document(statements), ARN, &own(), NOON);
        assert_eq!(close(&[ROOT, OPEN]), Ok(document(&[ROOT])));
        let everything = OPEN.replace("kms:Decrypt", "kms:*");
        assert!(
            close(&[&everything]).is_err_and(|why| why.code() == "unmanageable"),
            "the only way in is the open one"
        );
        for (from, to) in [
            ("kms:*", "kms:Decrypt"),
            ("111122223333", "444455556666"),
            (r#""Resource":"*""#, r#""Resource":"arn:aws:kms:us-east-1:111122223333:key/other""#),
            (r#""Resource":"*""#, r#""Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
            ("Allow", "Deny"),
        ] {
            assert!(close(&[&ROOT.replace(from, to), OPEN]).is_err(), "{to}");
        }
        let admin = ROOT.replace(":root", ":role/Admin").replace("kms:*", "kms:Put*");
        assert!(close(&[&admin, OPEN]).is_ok());
        let by_caller = everything.replace(
            r#""Resource":"*""#,
            r#""Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}"#,
        );
        assert!(close(&[&by_caller, OPEN]).is_ok());
        let gone = ROOT.replace("arn:aws:iam::111122223333:root", "AROA1234567890ABCDEFG");
        assert!(close(&[ROOT, &gone, OPEN]).is_err_and(|why| why.code() == "principal-gone"));
    }
}
