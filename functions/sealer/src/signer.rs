//! The key that signs.

use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use remedy_aws::fault;
use remedy_domain::Fault;
use remedy_evidence::PublicKey;

/// A key on the curve P-256 that signs, and never leaves its place.
#[expect(async_fn_in_trait, reason = "an instance serves one invocation at a time, on one thread")]
pub trait Signer {
    /// Its public half.
    async fn public_key(&self) -> Result<PublicKey, Fault>;
    /// Its signature over the SHA-256 of a text, in DER.
    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault>;
}

/// A key of KMS: `ECC_NIST_P256`, `SIGN_VERIFY`.
#[derive(Debug)]
pub struct KmsSigner<'a> {
    client: Client,
    key: &'a str,
}

impl<'a> KmsSigner<'a> {
    /// The key with this id, ARN or alias.
    #[must_use]
    pub fn new(client: Client, key: &'a str) -> Self {
        Self { client, key }
    }
}

impl Signer for KmsSigner<'_> {
    async fn public_key(&self) -> Result<PublicKey, Fault> {
        let answer = self.client.get_public_key().key_id(self.key).send().await;
        let answer = answer.map_err(|error| fault("kms:GetPublicKey", &error))?;
        let der = answer.public_key.ok_or_else(|| Fault::transient("kms:GetPublicKey", "no-key"))?;
        let next = "let REMEDY_SEAL_KEY name a key of the spec ECC_NIST_P256 and the usage SIGN_VERIFY";
        PublicKey::from_der(der.as_ref()).map_err(|_| Fault::rejected("kms:GetPublicKey", "not-on-p-256", next))
    }

    /// The message goes as it is (RAW), and not as a digest: so the signature is over what a person can read.
    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let request = self.client.sign().key_id(self.key).message(Blob::new(text.as_bytes()));
        let request = request.message_type(MessageType::Raw).signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let answer = request.send().await.map_err(|error| fault("kms:Sign", &error))?;
        let signature = answer.signature.ok_or_else(|| Fault::transient("kms:Sign", "no-signature"))?;
        Ok(signature.into_inner())
    }
}
