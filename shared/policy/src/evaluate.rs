//! Decide one request.
//!
//! Sources: IAM User Guide, "Policy evaluation logic", "Evaluating policies within a single account", "Cross-account
//! policy evaluation logic", "Policy evaluation for requests within a single account: session policies". An explicit deny
//! anywhere decides first; then every limit that is there (service control policies, boundary, session policy) must allow;
//! then the identity's policies or the resource's must, and across accounts both.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap, net::IpAddr};

use crate::{
    document::{
        Clause, Effect, Element, Kind, Operator, Policy, Principal, PrincipalKind, Principals, SetOperator, Statement,
        Version,
    },
    glob,
    ip::Block,
    work,
};

/// The steps that a request counts for, whatever the policies: it is made of a dozen texts.
const REQUEST: u64 = 600;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody: an unsigned request.
    Anonymous,
    /// A user, or the root user.
    User {
        /// Its ARN.
        arn: String,
    },
    /// A session of a role.
    Session {
        /// The ARN of the role.
        role: String,
        /// The ARN of the session, `arn:aws:sts::…:assumed-role/…`.
        session: String,
    },
    /// An AWS service for itself.
    Service {
        /// Its name.
        name: String,
    },
    /// A web identity or a SAML user that asks for a role.
    Federated {
        /// The provider's ARN or host.
        provider: String,
    },
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who makes it.
    pub caller: Caller,
    /// `service:Action`.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// The account that the resource is in.
    pub resource_account: String,
    /// The context: keys in lower case, each with its values.
    pub context: BTreeMap<String, Vec<String>>,
}

/// The policies that apply to a request.
#[derive(Debug, Clone, Default)]
pub struct Policies<'p> {
    /// Of the identity that calls.
    pub identity: Vec<&'p Policy<'p>>,
    /// Its permissions boundary.
    pub boundary: Option<&'p Policy<'p>>,
    /// Its session policies, if it has any.
    pub session: Option<Vec<&'p Policy<'p>>>,
    /// Service control policies, by level.
    pub service_control: Vec<Vec<&'p Policy<'p>>>,
    /// Of the resource.
    pub resource: Option<&'p Policy<'p>>,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request is allowed.
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// Nothing that must allow it does.
    ImplicitlyDenied,
}

/// How a resource policy names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    No,
    /// By the account, the role, or everyone: boundaries and session policies still limit it.
    Within,
    /// By the ARN of the user or the session, or as a service: the grant is to it directly.
    Directly,
}

/// Decide a request.
#[must_use]
pub fn decide(policies: &Policies<'_>, request: &Request) -> Decision {
    let limits = || {
        let boundary = policies.boundary.map(|boundary| vec![boundary]);
        boundary.into_iter().chain(policies.session.clone()).chain(policies.service_control.iter().cloned())
    };
    let everything = policies.identity.iter().copied().chain(policies.resource).chain(limits().flatten());
    if everything.into_iter().any(|policy| grants(policy, request, Effect::Deny) > Named::No) {
        return Decision::ExplicitlyDenied;
    }
    let allows = |level: &[&Policy<'_>]| level.iter().any(|policy| grants(policy, request, Effect::Allow) > Named::No);
    let verdict = |allowed: bool| if allowed { Decision::Allowed } else { Decision::ImplicitlyDenied };
    let by_resource = policies.resource.map_or(Named::No, |policy| grants(policy, request, Effect::Allow));
    if matches!(request.caller, Caller::Anonymous | Caller::Service { .. } | Caller::Federated { .. }) {
        return verdict(by_resource > Named::No);
    }
    if !policies.service_control.iter().all(|level| allows(level)) {
        return Decision::ImplicitlyDenied;
    }
    let boundary = policies.boundary.is_none_or(|boundary| allows(&[boundary]));
    let session = policies.session.as_ref().is_none_or(|session| allows(session));
    let by_identity = allows(&policies.identity) && boundary && session;
    let same_account = request.caller.account().is_some_and(|account| account == request.resource_account);
    if !same_account {
        return verdict(by_identity && by_resource > Named::No);
    }
    let trust = policies.resource.is_some_and(|policy| matches!(policy.kind, Kind::Trust | Kind::Key));
    if trust {
        // A key or a role trusts nobody, its own account included, unless its policy says so.
        let root = policies.resource.is_some_and(|policy| names_account(policy, request));
        let limited = by_identity || (!root && boundary && session);
        return verdict(by_resource == Named::Directly || (by_resource > Named::No && limited));
    }
    verdict(by_identity || by_resource == Named::Directly || (by_resource == Named::Within && boundary && session))
}

/// Whether a policy by itself allows a request, by any of its statements. Other policies are ignored.
#[must_use]
pub fn allows(policy: &Policy<'_>, request: &Request) -> bool {
    work::count(REQUEST);
    grants(policy, request, Effect::Allow) > Named::No
}

impl Caller {
    /// The account of the caller.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::User { arn } | Self::Session { role: arn, .. } => arn.split(':').nth(4),
            Self::Anonymous | Self::Service { .. } | Self::Federated { .. } => None,
        }
    }
}

/// Whether an allow of a resource policy names the whole account, which leaves the decision to the account's own policies.
fn names_account(policy: &Policy<'_>, request: &Request) -> bool {
    let Some(account) = request.caller.account() else { return false };
    let whole = |entry: &Principal<'_>| entry.text == account || entry.text.ends_with(&format!("::{account}:root"));
    let allows =
        policy.statements.iter().filter(|statement| applies(policy, statement, request, Effect::Allow) > Named::No);
    let mut named = allows.filter_map(|statement| statement.principals.as_ref());
    named.all(|principals| principals.entries.iter().any(whole))
}

/// How the statements of this effect apply to the request: the strongest.
fn grants(policy: &Policy<'_>, request: &Request, effect: Effect) -> Named {
    let apply = policy.statements.iter().map(|statement| applies(policy, statement, request, effect));
    apply.max().unwrap_or(Named::No)
}

fn applies(policy: &Policy<'_>, statement: &Statement<'_>, request: &Request, effect: Effect) -> Named {
    let action = request.action.to_ascii_lowercase();
    let matched = statement.effect == effect
        && listed(&statement.actions, |pattern| action_matches(pattern, &action))
        && statement
            .resources
            .as_ref()
            .is_none_or(|element| listed(element, |pattern| resource_matches(policy.version, pattern, request)))
        && statement.clauses.iter().all(|clause| holds(policy.version, clause, request));
    if !matched {
        return Named::No;
    }
    statement.principals.as_ref().map_or(Named::Within, |principals| named(principals, &request.caller))
}

fn listed(element: &Element<'_>, matches: impl Fn(&str) -> bool) -> bool {
    element.items.iter().any(|item| matches(&item.text)) != element.negated
}

fn action_matches(pattern: &str, action: &str) -> bool {
    match (pattern.split_once(':'), action.split_once(':')) {
        (Some((service, name)), Some((of, called))) => glob::matches(service, of) && glob::matches(name, called),
        _ => glob::matches(pattern, action),
    }
}

fn named(principals: &Principals<'_>, caller: &Caller) -> Named {
    let strongest = principals.entries.iter().map(|entry| names(entry, caller)).max().unwrap_or(Named::No);
    if !principals.negated {
        return strongest;
    }
    if strongest == Named::No { Named::Within } else { Named::No }
}

fn names(entry: &Principal<'_>, caller: &Caller) -> Named {
    let text = &*entry.text;
    let when = |yes: bool, named: Named| if yes { named } else { Named::No };
    match (entry.kind, caller) {
        (PrincipalKind::Aws, _) if text == "*" => Named::Within,
        (PrincipalKind::Aws, Caller::User { arn }) if text == arn => Named::Directly,
        (PrincipalKind::Aws, Caller::Session { session, .. }) if text == session => Named::Directly,
        (PrincipalKind::Aws, Caller::Session { role, .. }) if text == role => Named::Within,
        (PrincipalKind::Aws, _) => {
            let account = caller.account();
            let whole = |account: &str| text == account || text.ends_with(&format!(":iam::{account}:root"));
            when(account.is_some_and(whole), Named::Within)
        }
        (PrincipalKind::Service, Caller::Service { name }) => when(text == name || text == "*", Named::Directly),
        (PrincipalKind::Federated, Caller::Federated { provider }) => {
            when(text == provider || text == "*", Named::Directly)
        }
        _ => Named::No,
    }
}

/// A piece of a pattern: characters with wildcards, or the value of a variable, which has none.
enum Piece<'t> {
    Pattern(&'t str),
    Value(String),
}

/// A pattern with its variables put in. None if a variable has no value: then nothing matches.
fn pieces<'t>(version: Version, text: &'t str, request: &Request) -> Option<Vec<Piece<'t>>> {
    let mut out = Vec::new();
    let mut rest = text;
    if version == Version::V2012 {
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push(Piece::Pattern(before));
            let (key, default) = name.split_once(',').map_or((name, None), |(key, default)| (key, Some(default)));
            let value = match key.trim() {
                special @ ("*" | "?" | "$") => special.to_owned(),
                key => {
                    let values = request.context.get(&key.to_ascii_lowercase());
                    let single = values.and_then(|values| values.first()).cloned();
                    single.or_else(|| default.map(|text| text.trim().trim_matches('\'').to_owned()))?
                }
            };
            out.push(Piece::Value(value));
            rest = after;
        }
    }
    out.push(Piece::Pattern(rest));
    Some(out)
}

/// Matches with values as they are: a `*` in a value is a star. They are put into characters that no text has.
fn matches_pieces(pieces: &[Piece<'_>], text: &str) -> bool {
    const STAR: char = '\u{f0000}';
    const MARK: char = '\u{f0001}';
    let hide =
        |text: &str| text.replace('*', STAR.encode_utf8(&mut [0; 4])).replace('?', MARK.encode_utf8(&mut [0; 4]));
    let pattern: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Pattern(text) => Cow::Borrowed(*text),
            Piece::Value(value) => Cow::Owned(hide(value)),
        })
        .collect();
    glob::matches(&pattern, &hide(text))
}

fn resource_matches(version: Version, pattern: &str, request: &Request) -> bool {
    pieces(version, pattern, request).is_some_and(|pieces| matches_pieces(&pieces, &request.resource))
}

/// Whether a clause holds for a request.
pub(crate) fn holds(version: Version, clause: &Clause<'_>, request: &Request) -> bool {
    let present = request.context.get(&*clause.key).filter(|values| !values.is_empty());
    if clause.operator == Operator::Null {
        return clause.null_holds(Some(present.is_some())) == Some(true);
    }
    let Some(values) = present else { return clause.holds_without_key() };
    // Values of the policy are alternatives; a negated operator denies them all.
    let one = |value: &String| {
        clause.values.iter().any(|wanted| compares(version, clause.operator, &wanted.text, value, request))
            != clause.negated
    };
    match clause.set {
        SetOperator::ForAllValues => values.iter().all(one),
        SetOperator::ForAnyValue | SetOperator::Single => values.iter().any(one),
    }
}

fn compares(version: Version, operator: Operator, wanted: &str, value: &str, request: &Request) -> bool {
    let filled = || {
        let pieces = pieces(version, wanted, request)?;
        let text = |piece: &Piece<'_>| match piece {
            Piece::Pattern(text) => (*text).to_owned(),
            Piece::Value(value) => value.clone(),
        };
        Some(pieces.iter().map(text).collect::<String>())
    };
    let number = |order: fn(Ordering) -> bool| match (value.trim().parse::<f64>(), wanted.trim().parse::<f64>()) {
        (Ok(value), Ok(wanted)) => value.partial_cmp(&wanted).is_some_and(order),
        _ => false,
    };
    // ISO 8601 in UTC sorts as text; seconds since 1970 compare as numbers.
    let date = |order: fn(Ordering) -> bool| match (value.parse::<i64>(), wanted.parse::<i64>()) {
        (Ok(value), Ok(wanted)) => order(value.cmp(&wanted)),
        _ => order(value.cmp(wanted)),
    };
    match operator {
        Operator::StringEquals => filled().is_some_and(|wanted| wanted == value),
        Operator::StringEqualsIgnoreCase => filled().is_some_and(|wanted| wanted.eq_ignore_ascii_case(value)),
        Operator::StringLike => pieces(version, wanted, request).is_some_and(|pieces| matches_pieces(&pieces, value)),
        Operator::Arn => arn_matches(version, wanted, value, request),
        Operator::NumericEquals => number(Ordering::is_eq),
        Operator::NumericLessThan => number(Ordering::is_lt),
        Operator::NumericLessThanEquals => number(Ordering::is_le),
        Operator::NumericGreaterThan => number(Ordering::is_gt),
        Operator::NumericGreaterThanEquals => number(Ordering::is_ge),
        Operator::DateEquals => date(Ordering::is_eq),
        Operator::DateLessThan => date(Ordering::is_lt),
        Operator::DateLessThanEquals => date(Ordering::is_le),
        Operator::DateGreaterThan => date(Ordering::is_gt),
        Operator::DateGreaterThanEquals => date(Ordering::is_ge),
        Operator::Bool => wanted.eq_ignore_ascii_case(value),
        Operator::BinaryEquals => wanted == value,
        Operator::IpAddress => match (Block::parse(wanted), value.parse::<IpAddr>()) {
            (Some(block), Ok(address)) => block.holds(address),
            _ => false,
        },
        Operator::Null => false,
    }
}

/// The six parts of an ARN, each by itself. A star alone is taken for every ARN.
fn arn_matches(version: Version, wanted: &str, value: &str, request: &Request) -> bool {
    if glob::everything(wanted) {
        return true;
    }
    let (wanted, value): (Vec<_>, Vec<_>) = (wanted.splitn(6, ':').collect(), value.splitn(6, ':').collect());
    wanted.len() == 6
        && value.len() == 6
        && wanted.iter().zip(&value).all(|(wanted, value)| {
            pieces(version, wanted, request).is_some_and(|pieces| matches_pieces(&pieces, value))
        })
}
