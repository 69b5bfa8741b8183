//! Policy documents: parsed, checked for shape, and every part with its bytes.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::{
    glob,
    json::{self, Flaw, Member, Node, Span, Value},
    time, work,
};

/// The longest identity policy that is looked at, in bytes. The longest managed policies of AWS have some 70 KB.
pub const LONGEST: usize = 512 * 1024;

/// The longest other policy. No service stores one of more than 32 KB.
pub const LONGEST_OF_RESOURCE: usize = 64 * 1024;

/// The attachment of a policy, which decides its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A user, group or role: what it may do. Also boundaries, session policies and service control policies.
    Identity,
    /// An S3 bucket.
    Bucket,
    /// A KMS key.
    Key,
    /// A role: who may assume it.
    Trust,
    /// Any other resource.
    Resource,
}

impl Kind {
    /// The service whose actions such a policy can grant, if it is one.
    #[must_use]
    pub const fn service(self) -> Option<&'static str> {
        match self {
            Self::Bucket => Some("s3"),
            Self::Key => Some("kms"),
            Self::Trust => Some("sts"),
            Self::Identity | Self::Resource => None,
        }
    }

    /// Refuses a document of more bytes than any of its kind.
    const fn takes(self, at: usize, bytes: usize) -> Result<(), At> {
        let longest = match self {
            Self::Identity => LONGEST,
            Self::Bucket | Self::Key | Self::Trust | Self::Resource => LONGEST_OF_RESOURCE,
        };
        if bytes > longest { Err((at, Problem::TooLong(longest))) } else { Ok(()) }
    }

    /// The longest document that AWS stores, in characters. IAM counts no white space.
    ///
    /// Sources: IAM User Guide, "IAM and AWS STS quotas"; S3 User Guide, "Bucket policies"; KMS Developer Guide, "Quotas".
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Identity => 6_144,
            Self::Trust => 2_048,
            Self::Bucket | Self::Resource => 20_480,
            Self::Key => 32_768,
        }
    }
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where none is given: `${…}` is text.
    V2008,
    /// `2012-10-17`: `${…}` is a variable.
    V2012,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy<'a> {
    /// The text that it was parsed from.
    pub text: &'a str,
    /// Where it stands in the text.
    pub span: Span,
    /// What it is attached to.
    pub kind: Kind,
    /// Its version.
    pub version: Version,
    /// Where its statements stand: an object, or a list of them.
    pub statements_span: Span,
    /// Whether the statements are in a list.
    pub listed: bool,
    /// Its statements.
    pub statements: Vec<Statement<'a>>,
    /// The time of the analysis: requests are made then, or later. None: at any time.
    pub now: Option<Timestamp>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement<'a> {
    /// Its place among the statements, from zero.
    pub index: usize,
    /// Its bytes.
    pub span: Span,
    /// Its id.
    pub sid: Option<Cow<'a, str>>,
    /// What it does.
    pub effect: Effect,
    /// `Action` or `NotAction`, in lower case.
    pub actions: Element<'a>,
    /// `Resource` or `NotResource`. A trust policy has none, and the policy of a resource may leave it out.
    pub resources: Option<Element<'a>>,
    /// `Principal` or `NotPrincipal`. An identity policy has none.
    pub principals: Option<Principals<'a>>,
    /// `Condition`, flat: all must hold.
    pub clauses: Vec<Clause<'a>>,
}

impl Statement<'_> {
    /// Whether it names a user or role that was deleted: AWS then shows its unique id, which no service takes from anybody,
    /// so such a policy cannot be stored again as it is.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal".
    #[must_use]
    pub fn names_the_gone(&self) -> bool {
        let is_id =
            |text: &str| text.starts_with('A') && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let mut entries = self.principals.iter().flat_map(|principals| &principals.entries);
        entries.any(|entry| entry.kind == PrincipalKind::Aws && is_id(&entry.text))
    }
}

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It permits.
    Allow,
    /// It forbids.
    Deny,
}

/// A list of patterns, or all but these.
#[derive(Debug, Clone, PartialEq)]
pub struct Element<'a> {
    /// The bytes of its value.
    pub span: Span,
    /// Whether it says "all but": `NotAction`, `NotResource`.
    pub negated: bool,
    /// Whether it is a list.
    pub listed: bool,
    /// The patterns.
    pub items: Vec<Item<'a>>,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    /// Its bytes.
    pub span: Span,
    /// Its text.
    pub text: Cow<'a, str>,
}

/// Who a statement is about, or everybody but these.
#[derive(Debug, Clone, PartialEq)]
pub struct Principals<'a> {
    /// The bytes of its value.
    pub span: Span,
    /// Whether it is `NotPrincipal`.
    pub negated: bool,
    /// The principals. `"Principal": "*"` is the AWS principal `*`.
    pub entries: Vec<Principal<'a>>,
}

/// A principal.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal<'a> {
    /// Its bytes.
    pub span: Span,
    /// Its type.
    pub kind: PrincipalKind,
    /// Its name.
    pub text: Cow<'a, str>,
}

/// The type of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An account, user, role or session, or `*`.
    Aws,
    /// An AWS service.
    Service,
    /// An identity provider.
    Federated,
    /// The canonical id of an S3 account.
    CanonicalUser,
}

/// One key of a condition with its operator and values.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause<'a> {
    /// The bytes of the key and its values.
    pub span: Span,
    /// `ForAnyValue:` or `ForAllValues:`.
    pub set: SetOperator,
    /// What is compared.
    pub operator: Operator,
    /// Whether it is negated: `StringNotEquals`.
    pub negated: bool,
    /// Whether it holds where the key is absent: `…IfExists`.
    pub if_exists: bool,
    /// The key, in lower case.
    pub key: Cow<'a, str>,
    /// The values: strings, and numbers and booleans as they are written.
    pub values: Vec<Item<'a>>,
}

/// How a clause treats a key with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// The key has one value.
    Single,
    /// One value that compares is enough.
    ForAnyValue,
    /// Every value must compare; none is enough.
    ForAllValues,
}

/// What a clause compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`
    StringEquals,
    /// `StringEqualsIgnoreCase`
    StringEqualsIgnoreCase,
    /// `StringLike`
    StringLike,
    /// `ArnEquals` and `ArnLike`, which are the same.
    Arn,
    /// `NumericEquals`
    NumericEquals,
    /// `NumericLessThan`
    NumericLessThan,
    /// `NumericLessThanEquals`
    NumericLessThanEquals,
    /// `NumericGreaterThan`
    NumericGreaterThan,
    /// `NumericGreaterThanEquals`
    NumericGreaterThanEquals,
    /// `DateEquals`
    DateEquals,
    /// `DateLessThan`
    DateLessThan,
    /// `DateLessThanEquals`
    DateLessThanEquals,
    /// `DateGreaterThan`
    DateGreaterThan,
    /// `DateGreaterThanEquals`
    DateGreaterThanEquals,
    /// `Bool`
    Bool,
    /// `BinaryEquals`
    BinaryEquals,
    /// `IpAddress`
    IpAddress,
    /// `Null`
    Null,
}

impl Clause<'_> {
    /// The operator's name and prefixes are compared without regard to case: what AWS would refuse is still understood.
    fn operator(name: &str) -> Option<(SetOperator, Operator, bool, bool)> {
        let name = name.to_ascii_lowercase();
        let (set, rest) = match name.split_once(':') {
            Some(("foranyvalue", rest)) => (SetOperator::ForAnyValue, rest),
            Some(("forallvalues", rest)) => (SetOperator::ForAllValues, rest),
            Some(_) => return None,
            None => (SetOperator::Single, name.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let (operator, negated) = match rest {
            "stringequals" => (Operator::StringEquals, false),
            "stringnotequals" => (Operator::StringEquals, true),
            "stringequalsignorecase" => (Operator::StringEqualsIgnoreCase, false),
            "stringnotequalsignorecase" => (Operator::StringEqualsIgnoreCase, true),
            "stringlike" => (Operator::StringLike, false),
            "stringnotlike" => (Operator::StringLike, true),
            "arnequals" | "arnlike" => (Operator::Arn, false),
            "arnnotequals" | "arnnotlike" => (Operator::Arn, true),
            "numericequals" => (Operator::NumericEquals, false),
            "numericnotequals" => (Operator::NumericEquals, true),
            "numericlessthan" => (Operator::NumericLessThan, false),
            "numericlessthanequals" => (Operator::NumericLessThanEquals, false),
            "numericgreaterthan" => (Operator::NumericGreaterThan, false),
            "numericgreaterthanequals" => (Operator::NumericGreaterThanEquals, false),
            "dateequals" => (Operator::DateEquals, false),
            "datenotequals" => (Operator::DateEquals, true),
            "datelessthan" => (Operator::DateLessThan, false),
            "datelessthanequals" => (Operator::DateLessThanEquals, false),
            "dategreaterthan" => (Operator::DateGreaterThan, false),
            "dategreaterthanequals" => (Operator::DateGreaterThanEquals, false),
            "bool" => (Operator::Bool, false),
            "binaryequals" => (Operator::BinaryEquals, false),
            "ipaddress" => (Operator::IpAddress, false),
            "notipaddress" => (Operator::IpAddress, true),
            "null" if !if_exists => (Operator::Null, false),
            _ => return None,
        };
        Some((set, operator, negated, if_exists))
    }
}

/// A document that is no policy: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The element, as a path: `$.Statement[0].Action`.
    pub path: String,
    /// The byte of the text.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (byte {}): {}", self.path, self.at, self.problem)
    }
}

impl std::error::Error for Malformed {}

/// What can be wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not JSON.
    #[error("not JSON: expected {0}")]
    NotJson(&'static str),
    /// It is longer than any policy of its kind.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// It is nested deeper than any policy.
    #[error("nested too deep")]
    TooDeep,
    /// A key stands twice in one object; which one counts is anybody's guess.
    #[error("the same key twice")]
    DuplicateKey,
    /// A `\u` escape that is no character.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// A character that a policy may have as an escape only.
    #[error("a character that AWS permits only as a \\u escape")]
    ForbiddenCharacter,
    /// A value of another type than this element has.
    #[error("expected {0}")]
    Expected(&'static str),
    /// An element that policies do not have.
    #[error("unknown element")]
    UnknownElement,
    /// An element that this kind of policy, or a statement with the other of two, must not have.
    #[error("{0} must not stand here")]
    Prohibited(&'static str),
    /// An element that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Two statements with one Sid.
    #[error("another statement has this Sid")]
    RepeatedSid,
    /// A percent-encoded document that does not decode to UTF-8.
    #[error("not percent-encoded UTF-8")]
    NotUtf8,
}

/// A problem and its byte.
type At = (usize, Problem);

/// A document as the IAM API and AWS Config return it: percent-encoded (RFC 3986). Text that is not encoded is left alone.
pub fn decoded(text: &str) -> Result<Cow<'_, str>, Malformed> {
    let start = text.trim_start();
    if !start.starts_with("%7B") && !start.starts_with("%7b") && !start.starts_with("%20") && !start.starts_with("%0") {
        return Ok(Cow::Borrowed(text));
    }
    percent_decode_str(text).decode_utf8().map_err(|error| Malformed {
        path: "$".to_owned(),
        at: error.valid_up_to(),
        problem: Problem::NotUtf8,
    })
}

impl<'a> Policy<'a> {
    /// Parse a document.
    pub fn parse(kind: Kind, text: &'a str) -> Result<Self, Malformed> {
        work::count_all(4 * text.len());
        let checked = || {
            kind.takes(0, text.len())?;
            if let Some((at, _)) = text.char_indices().find(|(_, character)| *character > '\u{ff}') {
                return Err((at, Problem::ForbiddenCharacter));
            }
            let parsed = json::parse(text).map_err(|error| (error.at, Problem::NotJson(error.expected)))?;
            let flaw = parsed.flaws.iter().min_by_key(|(at, _)| *at).copied();
            Self::built(kind, text, parsed.root, flaw)
        };
        checked().map_err(|(at, problem)| {
            let path = json::parse(text).map_or_else(|_| "$".to_owned(), |parsed| path_to(&parsed.root, at));
            Malformed { path, at, problem }
        })
    }

    /// The policy that a part of a larger JSON text is. Places are counted in that text.
    pub fn of_node(kind: Kind, text: &'a str, node: Node<'a>, flaw: Option<(usize, Flaw)>) -> Result<Self, Malformed> {
        let span = node.span;
        let length = kind.takes(span.start, span.end - span.start);
        length.and_then(|()| Self::built(kind, text, node, flaw)).map_err(|(at, problem)| {
            let part = json::parse(span.of(text));
            let path = part.map_or_else(|_| "$".to_owned(), |part| path_to(&part.root, at - span.start));
            Malformed { path, at, problem }
        })
    }

    fn built(kind: Kind, text: &'a str, root: Node<'a>, flaw: Option<(usize, Flaw)>) -> Result<Self, At> {
        if let Some((at, flaw)) = flaw {
            return Err((at, flaw.into()));
        }
        let span = root.span;
        let Value::Object(members) = root.value else { return Err((span.start, Problem::Expected("an object"))) };
        let (mut version, mut statements) = (Version::V2008, None);
        for Member { key, key_span, value } in members {
            match &*key {
                "Version" => {
                    version = match value.as_str() {
                        Some("2012-10-17") => Version::V2012,
                        Some("2008-10-17") => Version::V2008,
                        _ => return Err((value.span.start, Problem::Expected("\"2012-10-17\" or \"2008-10-17\""))),
                    }
                }
                "Id" => string(value).map(|_| ())?,
                "Statement" => statements = Some(value),
                _ => return Err((key_span.start, Problem::UnknownElement)),
            }
        }
        let Some(node) = statements else { return Err((span.start, Problem::Missing("Statement"))) };
        let statements_span = node.span;
        let (listed, nodes) = match node.value {
            Value::Array(nodes) if nodes.is_empty() => {
                return Err((statements_span.start, Problem::Expected("at least one statement")));
            }
            Value::Array(nodes) => (true, nodes),
            value => (false, vec![Node { span: statements_span, value }]),
        };
        let build = |(index, node)| statement(kind, index, node);
        let statements = nodes.into_iter().enumerate().map(build).collect::<Result<Vec<_>, _>>()?;
        unique_sids(kind, &statements)?;
        Ok(Self { text, span, kind, version, statements_span, listed, statements, now: None })
    }

    /// The same policy, for requests at this time or later: a condition on a date that is over lets nobody in.
    #[must_use]
    pub fn as_of(self, now: impl Into<Option<Timestamp>>) -> Self {
        Self { now: now.into(), ..self }
    }

    /// Whether a statement has no effect any more, for its time is over.
    #[must_use]
    pub fn is_over(&self, statement: &Statement<'_>) -> bool {
        let over = |now| statement.clauses.iter().any(|clause| time::from_now_on(clause, now) == Some(false));
        self.now.is_some_and(over)
    }

    /// The document, byte for byte as it was parsed.
    #[must_use]
    pub fn print(&self) -> &'a str {
        self.span.of(self.text)
    }
}

impl From<Flaw> for Problem {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::DuplicateKey => Self::DuplicateKey,
            Flaw::LoneSurrogate => Self::LoneSurrogate,
            Flaw::TooDeep => Self::TooDeep,
        }
    }
}

/// Source: IAM User Guide, "IAM JSON policy elements: Sid": unique within a policy. Services with policies of their own
/// do not all insist, so theirs are not refused.
fn unique_sids(kind: Kind, statements: &[Statement<'_>]) -> Result<(), At> {
    if kind != Kind::Identity {
        return Ok(());
    }
    let named = statements.iter().filter_map(|one| Some((one.sid.as_deref()?, one.span.start)));
    let mut sids: Vec<_> = named.filter(|(sid, _)| !sid.is_empty()).collect();
    sids.sort_unstable();
    let repeated = sids.windows(2).filter_map(|pair| match pair {
        [(a, _), (b, at)] if a == b => Some(*at),
        _ => None,
    });
    repeated.min().map_or(Ok(()), |at| Err((at, Problem::RepeatedSid)))
}

fn statement(kind: Kind, index: usize, node: Node<'_>) -> Result<Statement<'_>, At> {
    let span = node.span;
    let Value::Object(members) = node.value else { return Err((span.start, Problem::Expected("a statement object"))) };
    let (mut sid, mut effect, mut clauses) = (None, None, Vec::new());
    let (mut actions, mut resources, mut principals) = (None, None, None);
    for Member { key, key_span, value } in members {
        let at = key_span.start;
        match &*key {
            "Sid" => sid = Some(string(value)?.text),
            "Effect" => {
                effect = match value.as_str() {
                    Some("Allow") => Some(Effect::Allow),
                    Some("Deny") => Some(Effect::Deny),
                    _ => return Err((value.span.start, Problem::Expected("\"Allow\" or \"Deny\""))),
                }
            }
            "Action" | "NotAction" if actions.is_some() => {
                return Err((at, Problem::Prohibited("a second of Action and NotAction")));
            }
            "Action" | "NotAction" => actions = Some(action_element(&key, value)?),
            "Resource" | "NotResource" if kind == Kind::Trust => return Err((at, Problem::Prohibited("a resource"))),
            "Resource" | "NotResource" if resources.is_some() => {
                return Err((at, Problem::Prohibited("a second of Resource and NotResource")));
            }
            "Resource" | "NotResource" => resources = Some(resource_element(&key, value)?),
            "Principal" | "NotPrincipal" if kind == Kind::Identity => {
                return Err((at, Problem::Prohibited("a principal")));
            }
            "NotPrincipal" if kind == Kind::Trust => return Err((at, Problem::Prohibited("NotPrincipal"))),
            "Principal" | "NotPrincipal" if principals.is_some() => {
                return Err((at, Problem::Prohibited("a second of Principal and NotPrincipal")));
            }
            "Principal" | "NotPrincipal" => principals = Some(principal_element(&key, value)?),
            "Condition" => clauses = conditions(value)?,
            _ => return Err((at, Problem::UnknownElement)),
        }
    }
    let missing = |what| (span.start, Problem::Missing(what));
    let effect = effect.ok_or_else(|| missing("Effect"))?;
    let actions = actions.ok_or_else(|| missing("Action or NotAction"))?;
    // A policy that is attached to an ECR repository names none: it is about that one.
    if resources.is_none() && !matches!(kind, Kind::Trust | Kind::Resource) {
        return Err(missing("Resource or NotResource"));
    }
    if principals.is_none() && kind != Kind::Identity {
        return Err(missing("Principal"));
    }
    Ok(Statement { index, span, sid, effect, actions, resources, principals, clauses })
}

fn string(node: Node<'_>) -> Result<Item<'_>, At> {
    match node.value {
        Value::String(text) => Ok(Item { span: node.span, text }),
        _ => Err((node.span.start, Problem::Expected("a string"))),
    }
}

/// The name says whether the list is included or excluded.
fn strings<'a>(name: &str, node: Node<'a>) -> Result<Element<'a>, At> {
    let negated = name.starts_with("Not");
    let span = node.span;
    match node.value {
        Value::Array(nodes) if nodes.is_empty() => Err((span.start, Problem::Expected("at least one value"))),
        Value::Array(nodes) => {
            let items = nodes.into_iter().map(string).collect::<Result<_, _>>()?;
            Ok(Element { span, negated, listed: true, items })
        }
        Value::String(text) => Ok(Element { span, negated, listed: false, items: vec![Item { span, text }] }),
        _ => Err((span.start, Problem::Expected("a string or a list of strings"))),
    }
}

/// Source: IAM User Guide, "IAM JSON policy elements: Action": `service:action`, or `*`. `**` is taken for `*`.
fn action_element<'a>(name: &str, node: Node<'a>) -> Result<Element<'a>, At> {
    let mut element = strings(name, node)?;
    for item in &mut element.items {
        lower(&mut item.text);
        let colons = item.text.bytes().filter(|byte| *byte == b':').count();
        let sides = item.text.split(':').all(|side| !side.is_empty());
        if !sides || colons > 1 || (colons == 0 && !glob::everything(&item.text)) {
            return Err((item.span.start, Problem::Expected("\"service:action\" or \"*\"")));
        }
    }
    Ok(element)
}

fn resource_element<'a>(name: &str, node: Node<'a>) -> Result<Element<'a>, At> {
    let element = strings(name, node)?;
    let odd = |item: &&Item<'_>| !item.text.contains(':') && !glob::everything(&item.text) && !item.text.contains("${");
    match element.items.iter().find(odd) {
        Some(item) => Err((item.span.start, Problem::Expected("an ARN or \"*\""))),
        None => Ok(element),
    }
}

fn principal_element<'a>(name: &str, node: Node<'a>) -> Result<Principals<'a>, At> {
    let negated = name == "NotPrincipal";
    let span = node.span;
    let members = match node.value {
        Value::String(text) if text == "*" => {
            let entries = vec![Principal { span, kind: PrincipalKind::Aws, text }];
            return Ok(Principals { span, negated, entries });
        }
        Value::Object(members) if !members.is_empty() => members,
        _ => return Err((span.start, Problem::Expected("\"*\" or an object of principals"))),
    };
    let mut entries = Vec::new();
    for Member { key, key_span, value } in members {
        let kind = match &*key {
            "AWS" => PrincipalKind::Aws,
            "Service" => PrincipalKind::Service,
            "Federated" => PrincipalKind::Federated,
            "CanonicalUser" => PrincipalKind::CanonicalUser,
            _ => return Err((key_span.start, Problem::Expected("AWS, Service, Federated or CanonicalUser"))),
        };
        let items = strings("Principal", value)?.items;
        entries.extend(items.into_iter().map(|Item { span, text }| Principal { span, kind, text }));
    }
    Ok(Principals { span, negated, entries })
}

fn conditions(node: Node<'_>) -> Result<Vec<Clause<'_>>, At> {
    let mut clauses = Vec::new();
    let Value::Object(operators) = node.value else {
        return Err((node.span.start, Problem::Expected("an object of condition operators")));
    };
    for Member { key: name, key_span, value } in operators {
        let parsed = Clause::operator(&name);
        let (set, operator, negated, if_exists) =
            parsed.ok_or((key_span.start, Problem::Expected("a condition operator")))?;
        let Value::Object(keys) = value.value else {
            return Err((value.span.start, Problem::Expected("an object of condition keys")));
        };
        let first = clauses.len();
        for Member { mut key, key_span, value } in keys {
            let span = Span { start: key_span.start, end: value.span.end };
            let values = match value.value {
                Value::Array(nodes) => nodes.into_iter().map(scalar).collect::<Result<_, _>>()?,
                other => vec![scalar(Node { span: value.span, value: other })?],
            };
            lower(&mut key);
            clauses.push(Clause { span, set, operator, negated, if_exists, key, values });
        }
        unique_keys(clauses.get(first..).unwrap_or_default())?;
    }
    Ok(clauses)
}

/// Keys ignore case: spelled in two ways under one operator, a key is there twice.
fn unique_keys(clauses: &[Clause<'_>]) -> Result<(), At> {
    if clauses.len() < 2 {
        return Ok(());
    }
    let mut keys: Vec<_> = clauses.iter().map(|clause| (&*clause.key, clause.span.start)).collect();
    keys.sort_unstable();
    let twice = keys.windows(2).find_map(|pair| match pair {
        [(a, _), (b, at)] if a == b => Some(*at),
        _ => None,
    });
    twice.map_or(Ok(()), |at| Err((at, Problem::DuplicateKey)))
}

fn scalar(node: Node<'_>) -> Result<Item<'_>, At> {
    let span = node.span;
    let text = match node.value {
        Value::String(text) => text,
        Value::Number(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        _ => return Err((span.start, Problem::Expected("a string, number or boolean"))),
    };
    Ok(Item { span, text })
}

fn lower(text: &mut Cow<'_, str>) {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_mut().make_ascii_lowercase();
    }
}

/// The path of the innermost value at this byte.
fn path_to(node: &Node<'_>, at: usize) -> String {
    let mut path = "$".to_owned();
    let mut node = node;
    loop {
        let next = match &node.value {
            Value::Array(items) => {
                items.iter().enumerate().find(|(_, item)| item.span.holds(at)).map(|(index, item)| {
                    let _infallible = write!(path, "[{index}]");
                    item
                })
            }
            Value::Object(members) => {
                let holds = |member: &&Member<'_>| member.key_span.holds(at) || member.value.span.holds(at);
                members.iter().find(holds).map(|member| {
                    path.push('.');
                    path.push_str(&member.key);
                    &member.value
                })
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_that_is_gone_is_an_id_and_nothing_else_is() {
        let names = |principal: &str| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:*","Resource":"arn:aws:s3:::b"}}}}"#
            );
            Policy::parse(Kind::Bucket, &text).unwrap().statements[0].names_the_gone()
        };
        assert!(names(r#"{"AWS":["111122223333","AIDACKCEVSQ6C2EXAMPLE"]}"#));
        for there in ["\"*\"", r#"{"AWS":"111122223333"}"#, r#"{"AWS":"arn:aws:iam::111122223333:user/AIDA"}"#] {
            assert!(!names(there), "{there}");
        }
    }
}
