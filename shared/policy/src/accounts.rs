//! The AWS accounts that a resource policy names.

use crate::{
    document::{Clause, Effect, Principal, PrincipalKind, Statement},
    glob,
};

/// Condition keys that say which account calls.
const CALLER: [&str; 2] = ["kms:calleraccount", "aws:principalaccount"];

/// The accounts that an allow names: as principals, or, where everybody is named, by the account that calls.
#[must_use]
pub fn named(statement: &Statement<'_>) -> Vec<String> {
    let Some(principals) = statement.principals.as_ref().filter(|_| statement.effect == Effect::Allow) else {
        return vec![];
    };
    let named = principals.entries.iter().filter_map(|entry| of(entry)).map(str::to_owned);
    let callers = statement.clauses.iter().filter(|clause| is_of_caller(clause) && !clause.negated);
    let callers = callers.flat_map(|clause| &clause.values).map(|value| value.text.clone().into_owned());
    let is_everybody = principals.entries.iter().any(|entry| glob::everything(&entry.text));
    let all: Vec<_> = if is_everybody { callers.collect() } else { named.collect() };
    all.into_iter().filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

/// The account of an AWS principal: the fifth part of its ARN, or all of it where it is only a number.
#[must_use]
pub fn of<'p>(entry: &'p Principal<'_>) -> Option<&'p str> {
    (entry.kind == PrincipalKind::Aws).then(|| entry.text.split(':').nth(4).unwrap_or(&entry.text))
}

/// Whether a condition is on the account that calls.
#[must_use]
pub fn is_of_caller(clause: &Clause<'_>) -> bool {
    CALLER.contains(&&*clause.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Policy};

    #[test]
    fn accounts_are_named_as_principals_or_as_callers() {
        for (statement, expected) in [
            (r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#, &["111122223333"][..]),
            (
                r#""Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:role/x"]}"#,
                &["111122223333", "444455556666"],
            ),
            (
                r#""Principal":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666"}}"#,
                &["444455556666"],
            ),
            (r#""Principal":{"Service":"sns.amazonaws.com"}"#, &[]),
            (r#""Principal":{"AWS":"*"}"#, &[]),
        ] {
            let text =
                format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"*",{statement}}}]}}"#);
            let policy = Policy::parse(Kind::Resource, &text).unwrap();
            assert_eq!(named(&policy.statements[0]), expected, "{statement}");
        }
    }
}
