//! What a condition says about a caller of whom nothing is known.
//!
//! Sources: IAM User Guide, "AWS global condition context keys", "IAM JSON policy elements: Condition operators",
//! "Single-valued vs. multivalued context keys"; S3 User Guide, "The meaning of public".

use std::borrow::Cow;

use crate::{
    catalogue::Catalogue,
    document::{Clause, Kind, Operator, Policy, SetOperator, Version},
    glob, time, variable,
};

/// The meaning of a condition key for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Where or who the caller is: an external caller cannot have the value of somebody else.
    Fixed(Shape),
    /// The address of the caller.
    Address,
    /// Whether an AWS service calls for itself.
    IsService,
    /// What an identity provider says of a web identity.
    Claim,
    /// The caller chooses the value, or it describes the resource.
    Free,
    /// Nothing is known of the key.
    Unknown,
}

/// What the values of a fixed key look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An id: account, organization, VPC, endpoint, key.
    Id,
    /// The path of an organizational unit, from its organization.
    OrgPath,
    /// The ARN of a principal or an access point: the account identifies it.
    AccountArn,
    /// The ARN of the resource for which a service calls.
    SourceArn,
    /// `aws:userid`: the id of a user, or of a role, a colon and a session.
    UserId,
    /// The name of an AWS service.
    Service,
}

/// Global keys whose value the caller chooses, or that describe the resource.
const FREE: [&str; 28] = [
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:chatbotsourcearn",
    "aws:currenttime",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:securetransport",
    "aws:sourceidentity",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpcsourceip",
    "aws:signinsessionarn",
    "aws:viaawsmcpservice",
];

/// Global keys with a tag's name.
const FREE_TAGS: [&str; 3] = ["aws:principaltag/", "aws:requesttag/", "aws:resourcetag/"];

/// Keys that every request has; those of the principal, every signed one.
const ALWAYS_THERE: [&str; 8] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:userid",
];

impl Key {
    /// The meaning of the key, in lower case, in a policy of this kind.
    pub(crate) fn of(kind: Kind, key: &str) -> Self {
        match key {
            "aws:principalorgid"
            | "aws:sourceorgid"
            | "aws:vpceorgid"
            | "aws:principalaccount"
            | "aws:sourceaccount"
            | "aws:sourceowner"
            | "aws:vpceaccount"
            | "aws:sourcevpc"
            | "aws:sourcevpce"
            | "kms:calleraccount"
            | "s3:x-amz-server-side-encryption-aws-kms-key-id" => Self::Fixed(Shape::Id),
            // In an access point's own policy it is the access point itself.
            "s3:dataaccesspointaccount" if kind != Kind::Resource => Self::Fixed(Shape::Id),
            "s3:dataaccesspointarn" if kind != Kind::Resource => Self::Fixed(Shape::AccountArn),
            "aws:principalorgpaths" | "aws:sourceorgpaths" | "aws:vpceorgpaths" => Self::Fixed(Shape::OrgPath),
            "aws:principalarn" => Self::Fixed(Shape::AccountArn),
            "aws:sourcearn" | "aws:sourcevpcarn" => Self::Fixed(Shape::SourceArn),
            "aws:userid" => Self::Fixed(Shape::UserId),
            "aws:principalservicename" | "aws:principalservicenameslist" => Self::Fixed(Shape::Service),
            "aws:principalisawsservice" => Self::IsService,
            "aws:sourceip" => Self::Address,
            _ if FREE.contains(&key) || FREE_TAGS.iter().any(|tag| key.starts_with(tag)) => Self::Free,
            _ if is_claim(key) => Self::Claim,
            _ if key.starts_with("aws:") => Self::Unknown,
            _ if key.starts_with("saml:") || key.starts_with("sts:") || Catalogue::get().knows_key(key) => Self::Free,
            _ => Self::Unknown,
        }
    }
}

/// Keys of identity providers start with the provider's host: `token.actions.githubusercontent.com:sub`. A dot further on
/// is of a tag or an encryption context, which the caller chooses: `kms:EncryptionContext:a.example:b`.
fn is_claim(key: &str) -> bool {
    key.split_once(':').is_some_and(|(issuer, _)| issuer.contains('.'))
}

/// Claims that name an account at an issuer for everybody who has one there: not the branch, the environment or the event.
const OWNERS: &[&str] = &[
    "sub",
    "repository",
    "job_workflow_ref",
    "workflow_ref",
    "enterprise",
    "namespace",
    "project",
    "organization",
    "terraform_organization",
];

/// Issuers for everybody who has an account there, and the beginnings of the claims that say whose. Of other claims the
/// caller chooses the value: anybody's Google service account says in `oaud` what it likes. The audience of Google is the
/// client or service account that the token was made for, and that of Pulumi the organization.
///
/// Sources: IAM User Guide, "AWS STS condition keys: Available keys for AWS web identity federation"; `GitHub` Docs, "About
/// security hardening with `OpenID` Connect"; Pulumi Docs, "Configuring `OpenID` Connect for AWS".
const SHARED: [(&str, &[&str]); 7] = [
    ("accounts.google.com", &["sub", "aud", "azp", "email", "google/organization_number"]),
    ("token.actions.githubusercontent.com", OWNERS),
    ("gitlab.com", OWNERS),
    ("app.terraform.io", OWNERS),
    ("agent.buildkite.com", OWNERS),
    ("oidc.vercel.com", OWNERS),
    ("api.pulumi.com/oidc", &["aud", "sub", "organization"]),
];

/// Whether a claim says who: a subject, an audience and their like, and not merely how one signed in.
fn says_who(issuer: &str, claim: &str) -> bool {
    match SHARED.iter().find(|(shared, _)| *shared == issuer) {
        Some((_, owners)) => owners.iter().any(|owner| claim.starts_with(owner)),
        None => !matches!(claim, "iss" | "amr" | "auth_type"),
    }
}

/// How strictly a value is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// By what it matches.
    Meaning,
    /// By S3's definition: no wildcard and no variable in it, whatever the operator.
    Literal,
}

impl Clause<'_> {
    /// What `Null` says of a request that has the key, or has it not. None where its values say neither.
    ///
    /// Source: IAM User Guide, "Access Analyzer policy check reference", "Null with qualifier": with `ForAllValues` it
    /// always holds, with `ForAnyValue` never.
    pub(crate) fn null_holds(&self, present: Option<bool>) -> Option<bool> {
        let says = |word: &str| self.values.iter().any(|value| value.text.eq_ignore_ascii_case(word));
        match self.set {
            SetOperator::ForAllValues => Some(true),
            SetOperator::ForAnyValue => Some(false),
            SetOperator::Single if self.values.is_empty() => Some(false),
            SetOperator::Single => match (says("true"), says("false"), present) {
                (true, true, _) => Some(true),
                (false, false, _) | (_, _, None) => None,
                (absent, _, Some(present)) => Some(absent != present),
            },
        }
    }

    /// Whether it holds where the key is absent.
    pub(crate) fn holds_without_key(&self) -> bool {
        match self.set {
            SetOperator::ForAllValues => true,
            SetOperator::ForAnyValue => self.if_exists,
            SetOperator::Single => self.if_exists || self.negated,
        }
    }

    /// Whether wildcards in its values are wildcards.
    pub(crate) const fn expands(&self) -> bool {
        matches!(self.operator, Operator::StringLike | Operator::Arn)
    }

    /// Whether each of its values stands for somebody in particular. None stands for everybody.
    pub(crate) fn is_fixed(&self, version: Version, shape: Shape, reading: Reading) -> bool {
        let comparable = matches!(
            self.operator,
            Operator::StringEquals
                | Operator::StringEqualsIgnoreCase
                | Operator::StringLike
                | Operator::Arn
                | Operator::NumericEquals
        );
        comparable && self.values.iter().all(|value| self.fixes(version, shape, reading, &value.text))
    }

    fn fixes(&self, version: Version, shape: Shape, reading: Reading, value: &str) -> bool {
        let widened = variable::widened(version, value);
        let literal = reading == Reading::Literal;
        let live = literal || self.expands() || !widened.exact;
        let value = &*widened.text;
        let is_wild = |part: &str| live && glob::wild(part);
        // The callers without a name have these values.
        if value.eq_ignore_ascii_case("anonymous") {
            return false;
        }
        match shape {
            Shape::Id => !is_wild(value),
            Shape::OrgPath => !is_wild(value.split('/').next().unwrap_or_default()),
            Shape::UserId => {
                let id = value.split(':').next().unwrap_or_default();
                !is_wild(id) && !id.is_empty()
            }
            Shape::Service => {
                !is_wild(value) || value.ends_with(".amazonaws.com") || value.ends_with(".amazonaws.com.cn")
            }
            Shape::SourceArn if literal => !is_wild(value),
            Shape::AccountArn | Shape::SourceArn => !is_wild(value) || self.fixes_account(value),
        }
    }

    /// Whether the account of an ARN with wildcards is fixed. ARN operators compare part by part; in strings a wildcard
    /// runs over colons, and the path of a principal, which an external caller chooses, may have some.
    fn fixes_account(&self, value: &str) -> bool {
        let fixed = |part: &&str| !part.is_empty() && !glob::wild(part);
        if self.operator == Operator::Arn || self.key != "aws:principalarn" {
            let parts: Vec<_> = value.splitn(6, ':').collect();
            return parts.len() == 6 && parts.get(4).is_some_and(fixed);
        }
        let mut parts = glob::head(value).splitn(6, ':');
        parts.nth(4).is_some_and(|part| fixed(&part)) && parts.next().is_some()
    }

    /// Whether each value of a claim stands for somebody in particular.
    pub(crate) fn fixes_claim(&self, version: Version, reading: Reading) -> bool {
        let Some((issuer, claim)) = self.key.rsplit_once(':') else { return false };
        if !says_who(issuer, claim) {
            return false;
        }
        let comparable =
            matches!(self.operator, Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike);
        comparable
            && self.values.iter().all(|value| {
                let widened = variable::widened(version, &value.text);
                let live = reading == Reading::Literal || self.expands() || !widened.exact;
                !live || !glob::wild(&widened.text) || (claim != "aud" && names_owner(issuer, &widened.text))
            })
    }
}

/// Whether a subject with wildcards still names its owner: `repo:octo-org/*`, `system:serviceaccount:ns:*`.
fn names_owner(issuer: &str, subject: &str) -> bool {
    let head = glob::head(subject);
    if issuer == "token.actions.githubusercontent.com" {
        let owner = head.split_once("repo:").map_or(head, |(_, owner)| owner);
        return owner.split_once('/').is_some_and(|(owner, _)| !owner.is_empty());
    }
    // A whole part before the wildcard, after the name of what it is. Kubernetes names that in two.
    let head = head.strip_prefix("system:").unwrap_or(head);
    head.split([':', '/']).count() >= 3
}

/// The requests that a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    /// Those with a signature.
    Signed,
    /// Those of nameless callers too.
    All,
}

/// Whether a clause holds for every one of these requests, if they are made at the time of the policy's analysis or later.
pub(crate) fn always_in(policy: &Policy<'_>, clause: &Clause<'_>, requests: Requests) -> bool {
    let by_date = policy.now.and_then(|now| time::from_now_on(clause, now));
    by_date.unwrap_or_else(|| always(policy.version, clause, requests))
}

/// Whether a clause holds for every one of these requests.
pub(crate) fn always(version: Version, clause: &Clause<'_>, requests: Requests) -> bool {
    if clause.negated {
        return false;
    }
    let present = ALWAYS_THERE.contains(&&*clause.key)
        && (requests == Requests::Signed || !clause.key.starts_with("aws:principal"));
    match clause.operator {
        Operator::StringLike | Operator::Arn => {
            let open = |value: &Cow<'_, str>| {
                let value = variable::widened(version, value);
                value.exact && !value.text.is_empty() && value.text.bytes().all(|byte| byte == b'*')
            };
            (present || clause.if_exists || clause.set == SetOperator::ForAllValues)
                && (clause.set != SetOperator::ForAnyValue || clause.if_exists)
                && clause.values.iter().any(|value| open(&value.text))
        }
        Operator::Bool => {
            let says = |word: &str| clause.values.iter().any(|value| value.text.eq_ignore_ascii_case(word));
            (present || clause.if_exists) && says("true") && says("false")
        }
        Operator::Null => clause.null_holds(present.then_some(true)) == Some(true),
        _ => false,
    }
}
