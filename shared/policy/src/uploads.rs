//! Whether a bucket takes uploads that are not encrypted with a key of KMS.

use std::collections::BTreeMap;

use crate::{
    catalogue::Catalogue,
    condition::{self, Requests},
    denies::{Denies, Granted},
    document::{Clause, Effect, Policy, Statement},
    evaluate::{Caller, Request, holds},
    public,
    reach::Part,
    variable, work,
};

/// The header `x-amz-server-side-encryption`.
const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";
/// The header that names a key. S3 refuses it beside any encryption but that of KMS.
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
/// The header of SSE-C, which comes with a key of the client's own. S3 refuses it beside the header that names an encryption.
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// An upload, by what its headers say about encryption at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// It names an encryption, and that is not by a key of KMS.
    NamingAnother,
    /// It names none.
    NamingNone,
}

impl Upload {
    /// Its possible values. The last stands for all future ones of S3.
    const fn encryptions(self) -> &'static [Option<&'static str>] {
        match self {
            Self::NamingAnother => &[Some("AES256"), Some("aws:fsx"), Some("remedy:another")],
            Self::NamingNone => &[None],
        }
    }
}

/// Whether the policy denies everybody every such upload to the bucket, however it is spelled: over several statements, by
/// the encryption or by the key, or without a condition at all.
///
/// No, if that takes more work than [`work::allowance`] gives to a policy of that size: one more statement denies
/// nothing that was not denied.
///
/// Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", under "Requiring the use of SSE-KMS".
#[must_use]
pub fn denies_uploads(policy: &Policy<'_>, bucket_arn: &str, upload: Upload) -> bool {
    let mut encryptions = upload.encryptions().iter().copied();
    encryptions.all(|encryption| denies(policy, bucket_arn, (ENCRYPTION, encryption), &[ENCRYPTION, KEY]))
}

/// Whether the policy denies everybody every upload under a key of the client's own (SSE-C), as [`denies_uploads`] does.
///
/// Source: S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)", under "Restricting SSE-C".
#[must_use]
pub fn denies_customer_provided_keys(policy: &Policy<'_>, bucket_arn: &str) -> bool {
    // AES256 is the only algorithm that S3 knows there.
    denies(policy, bucket_arn, (CUSTOMER, Some("AES256")), &[ENCRYPTION, KEY, CUSTOMER])
}

/// Whether everybody is denied an upload with this header, where it has no other of the settled ones.
fn denies(policy: &Policy<'_>, bucket_arn: &str, (header, value): (&str, Option<&str>), settled: &[&str]) -> bool {
    let objects = format!("{bucket_arn}/*");
    let request = request(header, value, &objects);
    let applies =
        |statement: &Statement<'_>| statement.clauses.iter().all(|clause| meets(policy, clause, &request, settled));
    denies_everybody(policy, applies, "s3:putobject", &[&objects])
}

/// Whether the denies for everybody that apply together cover all of an action on these resources. No, if that is too
/// much work to find out.
pub(crate) fn denies_everybody(
    policy: &Policy<'_>,
    applies: impl Fn(&Statement<'_>) -> bool,
    action: &str,
    resources: &[&str],
) -> bool {
    let denies_all = || {
        let granted = Part::of_actions(action, resources);
        let for_everybody = |deny: &&Statement<'_>| deny.effect == Effect::Deny && public::names_everyone(deny);
        let mut denies = Vec::new();
        // From the last one on, where Remedy puts its own.
        let statements = policy.statements.iter().rev().filter(for_everybody);
        for deny in statements.filter(|deny| !work::is_over() && applies(deny)) {
            let part = Part::of(policy.version, deny);
            if part.is_about_all_of(&granted) {
                return true;
            }
            denies.push(part);
        }
        let (any, denies) = (!denies.is_empty(), Denies::of(denies));
        let mut left = Catalogue::get().none();
        Granted::of(granted).left_by(&denies.all(), &mut left);
        any && left.is_empty()
    };
    let allowance = work::allowance(policy.span.end - policy.span.start);
    work::within(allowance, denies_all).unwrap_or(false)
}

/// Whether every such upload meets a clause of a deny.
fn meets(policy: &Policy<'_>, clause: &Clause<'_>, request: &Request, settled: &[&str]) -> bool {
    let version = policy.version;
    let is_settled = settled.iter().any(|key| clause.key == *key);
    let is_fixed = || clause.values.iter().all(|value| !variable::has_variable(version, &value.text));
    condition::always_in(policy, clause, Requests::All) || (is_settled && is_fixed() && holds(version, clause, request))
}

fn request(header: &str, value: Option<&str>, objects: &str) -> Request {
    let said = value.map(|value| (header.to_owned(), vec![value.to_owned()]));
    Request {
        caller: Caller::Anonymous,
        action: "s3:PutObject".to_owned(),
        resource: objects.to_owned(),
        resource_account: String::new(),
        context: said.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    const DENY: &str = r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption":["aws:kms","aws:kms:dsse"]}}}"#;
    const IF_EXISTS: &str =
        r#""StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption":["aws:kms","aws:kms:dsse"]}"#;

    /// Which uploads are denied: those that name another encryption, those that name none.
    fn denied(statements: &str) -> [bool; 2] {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let policy = Policy::parse(Kind::Bucket, &text).unwrap();
        [Upload::NamingAnother, Upload::NamingNone].map(|upload| denies_uploads(&policy, "arn:aws:s3:::b", upload))
    }

    fn under(condition: &str) -> [bool; 2] {
        denied(&DENY.replace(IF_EXISTS, condition))
    }

    #[test]
    fn spellings_of_a_condition() {
        let header = "s3:x-amz-server-side-encryption";
        for (condition, expected) in [
            (IF_EXISTS.to_owned(), [true, true]),
            (format!(r#""StringNotEquals":{{"{header}":"aws:kms"}}"#), [true, true]),
            (format!(r#""StringNotLike":{{"{}":"aws:kms*"}}"#, header.to_uppercase()), [true, true]),
            (format!(r#""Null":{{"{header}":"true"}}"#), [false, true]),
            (format!(r#""Null":{{"{header}":"false"}}"#), [true, false]),
            (format!(r#""StringNotEquals":{{"{header}":"aws:kms"}},"Null":{{"{header}":"false"}}"#), [true, false]),
            (format!(r#""StringNotEquals":{{"{header}-aws-kms-key-id":"arn:aws:kms:x"}}"#), [true, true]),
            (format!(r#""Null":{{"{header}-aws-kms-key-id":true}}"#), [true, true]),
            // Of the encryptions but one; the same in a variable; only from somewhere; those of KMS themselves.
            (format!(r#""StringEquals":{{"{header}":"AES256"}}"#), [false, false]),
            (format!(r#""StringNotEquals":{{"{header}":["aws:kms","AES256"]}}"#), [false, true]),
            (format!(r#""StringNotEquals":{{"{header}":"${{aws:PrincipalTag/x}}"}}"#), [false, false]),
            (format!(r#"{IF_EXISTS},"Bool":{{"aws:SecureTransport":"true"}}"#), [false, false]),
            (format!(r#""StringLike":{{"{header}":"aws:kms*"}}"#), [false, false]),
        ] {
            assert_eq!(under(&condition), expected, "{condition}");
        }
    }

    #[test]
    fn an_upload_under_a_key_of_the_clients_names_no_encryption() {
        let header = "s3:x-amz-server-side-encryption";
        for (condition, expected) in [
            (format!(r#""Null":{{"{header}-customer-algorithm":"false"}}"#), true),
            (format!(r#""Null":{{"{}-customer-algorithm":false}}"#, header.to_uppercase()), true),
            (format!(r#""StringEquals":{{"{header}-customer-algorithm":"AES256"}}"#), true),
            (format!(r#""StringLike":{{"{header}-customer-algorithm":"*"}}"#), true),
            // Whoever must name an encryption cannot bring a key.
            (format!(r#""Null":{{"{header}":"true"}}"#), true),
            (format!(r#""StringNotEquals":{{"{header}":"aws:kms"}}"#), true),
            (format!(r#""StringNotEqualsIfExists":{{"{header}":"aws:kms"}}"#), true),
            (format!(r#""Null":{{"{header}-aws-kms-key-id":"true"}}"#), true),
            (format!(r#""StringNotEquals":{{"{header}":"aws:kms"}},"Null":{{"{header}":"false"}}"#), false),
            (format!(r#""Null":{{"{header}-customer-algorithm":"true"}}"#), false),
            (format!(r#""StringNotEquals":{{"{header}-customer-algorithm":"AES256"}}"#), false),
            (format!(r#""StringEquals":{{"{header}-customer-algorithm":"${{aws:PrincipalTag/x}}"}}"#), false),
            (
                format!(r#""Null":{{"{header}-customer-algorithm":"false"}},"Bool":{{"aws:SecureTransport":"true"}}"#),
                false,
            ),
        ] {
            let text = DENY.replace(IF_EXISTS, &condition);
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#);
            let policy = Policy::parse(Kind::Bucket, &text).unwrap();
            assert_eq!(denies_customer_provided_keys(&policy, "arn:aws:s3:::b"), expected, "{condition}");
        }
        // A deny of clients' own keys is none of uploads that name no encryption.
        assert_eq!(under(&format!(r#""Null":{{"{header}-customer-algorithm":"false"}}"#)), [false, false]);
    }

    #[test]
    fn everybody_every_object_and_the_upload() {
        assert_eq!(denied(&DENY.replace("s3:PutObject", "s3:Put*").replace("b/*", "*")), [true, true]);
        for (from, to) in [
            ("b/*", "b/phi/*"),
            ("s3:PutObject", "s3:PutObjectAcl"),
            (r#""Principal":"*""#, r#""Principal":{"AWS":"111122223333"}"#),
            ("Deny", "Allow"),
        ] {
            assert_eq!(denied(&DENY.replace(from, to)), [false, false], "{to}");
        }
    }

    #[test]
    fn statements_may_share_the_work() {
        let null = DENY.replace(IF_EXISTS, r#""Null":{"s3:x-amz-server-side-encryption":"true"}"#);
        let named = DENY.replace(
            IF_EXISTS,
            r#""Null":{"s3:x-amz-server-side-encryption":"false"},"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}"#,
        );
        assert_eq!(denied(&format!("{null},{named}")), [true, true]);
    }
}
