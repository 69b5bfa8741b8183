//! A bucket policy as the statements about uploads and the rest, which is not ours.

use remedy_domain::{Call, Conflict, Put, Setting, merge};
use remedy_policy::Upload;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bucket_policy::{REST, digest, join, part, same};

/// The reserved Sid of the statement on uploads that name another encryption.
pub(crate) const UNENCRYPTED: &str = "RemedyDenyUnencryptedPut";
/// The reserved Sid of the statement on uploads that name none.
pub(crate) const HEADERLESS: &str = "RemedyDenyHeaderlessPut";

const HEADER: &str = "s3:x-amz-server-side-encryption";

/// A bucket policy, taken apart. Put together again, the rest is byte for byte what it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadPolicy {
    /// The statement on uploads that name another encryption, as it is written.
    pub unencrypted: Option<String>,
    /// The statement on uploads that name none, as it is written.
    pub headerless: Option<String>,
    /// The document without them; none where there is no other statement.
    pub rest: Option<String>,
}

impl UploadPolicy {
    /// The parts of a document. One that is no policy is all rest.
    #[must_use]
    pub fn parted(text: String) -> Self {
        let ([unencrypted, headerless], rest) = part([UNENCRYPTED, HEADERLESS], text);
        Self { unencrypted, headerless, rest }
    }

    /// The document; none where there is no statement.
    #[must_use]
    pub fn joined(&self) -> Option<String> {
        let own = [(UNENCRYPTED, self.unencrypted.as_deref()), (HEADERLESS, self.headerless.as_deref())];
        join(self.rest.as_deref(), own)
    }

    /// The same, with our statement against such uploads.
    #[must_use]
    pub(crate) fn denying(self, upload: Upload, bucket_arn: &str) -> Self {
        let own = Some(statement(upload, bucket_arn));
        match upload {
            Upload::NamingAnother => Self { unencrypted: own, ..self },
            Upload::NamingNone => Self { headerless: own, ..self },
        }
    }
}

impl Setting for UploadPolicy {
    const NAME: &'static str = "the bucket policy";

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let own = |sid: &str, of: fn(&Self) -> &Option<String>| {
            merge(&format!("the statement {sid}"), of(before), of(after), of(now))
        };
        Ok(Self {
            unencrypted: own(UNENCRYPTED, |policy| &policy.unencrypted)?,
            headerless: own(HEADERLESS, |policy| &policy.headerless)?,
            rest: merge(REST, &before.rest, &after.rest, &now.rest)?,
        })
    }

    /// However they are spaced.
    fn agrees(&self, other: &Self) -> bool {
        [(&self.unencrypted, &other.unencrypted), (&self.headerless, &other.headerless), (&self.rest, &other.rest)]
            .into_iter()
            .all(|(a, b)| same(a.as_deref(), b.as_deref()))
    }

    fn show(&self) -> Value {
        json!({
            UNENCRYPTED: digest(self.unencrypted.as_deref()),
            HEADERLESS: digest(self.headerless.as_deref()),
            "other_statements": digest(self.rest.as_deref()),
        })
    }
}

impl Put for UploadPolicy {
    fn call(&self) -> Call {
        remedy_s3::policy::write_call(self.joined().as_deref())
    }
}

/// Our statement against such uploads to a bucket.
pub(crate) fn statement(upload: Upload, bucket_arn: &str) -> String {
    let (sid, condition) = match upload {
        // Not `StringNotEqualsIfExists`: that holds where the header is absent, and would refuse those uploads as well.
        Upload::NamingAnother => {
            let named = json!({HEADER: "false"});
            (UNENCRYPTED, json!({"StringNotEquals": {HEADER: ["aws:kms", "aws:kms:dsse"]}, "Null": named}))
        }
        Upload::NamingNone => (HEADERLESS, json!({"Null": {HEADER: "true"}})),
    };
    json!({
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": format!("{bucket_arn}/*"),
        "Condition": condition,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use remedy_policy::{Kind, Policy, denies_uploads};

    use super::*;

    #[test]
    fn each_statement_refuses_its_uploads_and_no_others() {
        let bucket = "arn:aws:s3:::phi";
        for (ours, refused) in [(Upload::NamingAnother, [true, false]), (Upload::NamingNone, [false, true])] {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statement(ours, bucket));
            let policy = Policy::parse(Kind::Bucket, &text).unwrap();
            let found =
                [Upload::NamingAnother, Upload::NamingNone].map(|upload| denies_uploads(&policy, bucket, upload));
            assert_eq!(found, refused, "{ours:?}");
        }
    }
}
