//! Whether a bucket takes requests over TLS only.

use crate::{
    document::{Policy, Statement},
    uploads,
    world::World,
};

/// Whether the policy denies everybody every action on the bucket and its objects if the request comes without TLS.
///
/// Source: AWS Config, `s3-bucket-ssl-requests-only`. However it is spelled: over several statements, as `Null` and `Bool`,
/// or without a condition at all.
///
/// No, if that takes more work than [`crate::work::allowance`] gives to a policy of that size: one more statement
/// denies nothing that was not denied.
#[must_use]
pub fn requires_tls(policy: &Policy<'_>, bucket_arn: &str) -> bool {
    let plaintext = World::plaintext(policy);
    let settled =
        |statement: &Statement<'_>| statement.clauses.iter().all(|clause| plaintext.settles(clause) == Some(true));
    let objects = format!("{bucket_arn}/*");
    uploads::denies_everybody(policy, settled, "s3:*", &[bucket_arn, &objects])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn requires(statements: &str) -> bool {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        requires_tls(&Policy::parse(Kind::Bucket, &text).unwrap(), "arn:aws:s3:::b")
    }

    const DENY: &str = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;

    #[test]
    fn all_actions_on_bucket_and_objects_for_everybody() {
        assert!(requires(DENY));
        for (from, to) in [
            ("s3:*", "*"),
            (r#""Principal":"*""#, r#""Principal":{"AWS":["*"]}"#),
            (r#"["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#, r#""*""#),
            (r#"["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#, r#""arn:aws:s3:::b*""#),
            (r#""false""#, "false"),
            ("Bool", "BoolIfExists"),
        ] {
            assert!(requires(&DENY.replace(from, to)), "{to}");
        }
        for (from, to) in [
            ("s3:*", "s3:Get*"),
            (r#""Principal":"*""#, r#""Principal":{"AWS":"111122223333"}"#),
            (r#","arn:aws:s3:::b/*""#, ""),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/phi/*"),
            (r#""false""#, r#""true""#),
            ("Deny", "Allow"),
            (
                r#""aws:SecureTransport":"false""#,
                r#""aws:SecureTransport":"false","aws:PrincipalOrgID":"o-a1b2c3d4e5""#,
            ),
        ] {
            assert!(!requires(&DENY.replace(from, to)), "{to}");
        }
    }

    #[test]
    fn two_statements_may_share_the_work() {
        let bucket = DENY.replace(r#","arn:aws:s3:::b/*""#, "");
        let objects = DENY.replace(r#""arn:aws:s3:::b","#, "");
        assert!(requires(&format!("{bucket},{objects}")));
    }
}
