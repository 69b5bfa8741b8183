//! The encryption that new objects get where nobody says another.

use super::{
    super::{
        answer::{Answer, Answered, Refusal},
        call::{Call, element},
        state::Cloud,
    },
    bucket,
};

/// A bucket's default encryption: the one rule that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Encryption {
    algorithm: String,
    key: Option<String>,
    bucket_key: String,
    blocked: Vec<String>,
}

/// SSE-S3, as every bucket has it since January 2023.
impl Default for Encryption {
    fn default() -> Self {
        Self { algorithm: "AES256".to_owned(), key: None, bucket_key: "false".to_owned(), blocked: vec![] }
    }
}

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let encryption = &mut bucket(cloud, call, account)?.encryption;
    match call.operation.as_str() {
        "GetBucketEncryption" => Ok(Answer::of(encryption.written())),
        "PutBucketEncryption" => {
            *encryption = read(&call.body)?;
            Ok(Answer::of(""))
        }
        _ => {
            *encryption = Encryption::default();
            Ok(Answer::nothing())
        }
    }
}

/// Whether the key exists is not looked at, neither here nor at AWS.
fn read(xml: &str) -> Result<Encryption, Refusal> {
    let text = |name: &str| element(xml, name).map(str::to_owned);
    let algorithm = text("SSEAlgorithm").filter(|name| ["AES256", "aws:kms", "aws:kms:dsse"].contains(&name.as_str()));
    let algorithm = algorithm.ok_or_else(|| {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new(400, "MalformedXML", message)
    })?;
    let key = text("KMSMasterKeyID");
    if algorithm == "AES256" && key.is_some() {
        let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(Refusal::new(400, "InvalidArgument", message));
    }
    let blocked = xml.split("<EncryptionType>").skip(1).filter_map(|rest| rest.split('<').next());
    Ok(Encryption {
        algorithm,
        key,
        bucket_key: text("BucketKeyEnabled").unwrap_or_else(|| "false".to_owned()),
        blocked: blocked.map(str::to_owned).collect(),
    })
}

impl Encryption {
    fn written(&self) -> String {
        let key = self.key.as_ref().map_or(String::new(), |key| format!("<KMSMasterKeyID>{key}</KMSMasterKeyID>"));
        let types: String =
            self.blocked.iter().map(|kind| format!("<EncryptionType>{kind}</EncryptionType>")).collect();
        let blocked = format!("<BlockedEncryptionTypes>{types}</BlockedEncryptionTypes>");
        let blocked = if self.blocked.is_empty() { "" } else { &blocked };
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>{}</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault>\
             <BucketKeyEnabled>{}</BucketKeyEnabled>{blocked}</Rule></ServerSideEncryptionConfiguration>",
            self.algorithm, self.bucket_key
        )
    }
}
