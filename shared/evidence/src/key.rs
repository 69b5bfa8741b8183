//! The public half of the sealing key.

use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding},
};
use remedy_domain::canonical;

/// Bytes that are no public key of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key on the curve P-256 (SubjectPublicKeyInfo, PEM or DER)")]
pub struct NotAKey;

/// A public key on the curve P-256.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: VerifyingKey,
    pem: String,
    fingerprint: String,
}

impl PublicKey {
    /// The key in a PEM file, as `openssl` and `aws kms get-public-key` give it.
    pub fn from_pem(pem: &str) -> Result<Self, NotAKey> {
        Self::of(VerifyingKey::from_public_key_pem(pem.trim()).map_err(|_| NotAKey)?)
    }

    /// The key in DER, as `kms:GetPublicKey` answers it.
    pub fn from_der(der: &[u8]) -> Result<Self, NotAKey> {
        Self::of(VerifyingKey::from_public_key_der(der).map_err(|_| NotAKey)?)
    }

    fn of(key: VerifyingKey) -> Result<Self, NotAKey> {
        let der = key.to_public_key_der().map_err(|_| NotAKey)?;
        let pem = key.to_public_key_pem(LineEnding::LF).map_err(|_| NotAKey)?;
        Ok(Self { key, pem, fingerprint: canonical::sha256_hex(der.as_bytes()) })
    }

    /// The key as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 of the key's DER, in hex.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether `signature` (DER, as `kms:Sign` answers it) is this key's, over the SHA-256 of `message`.
    #[must_use]
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_der(signature).is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    /// Made with OpenSSL 3, not with this crate: `openssl ecparam -name prime256v1 -genkey`, `openssl dgst -sha256 -sign`.
    const PEM: &str = include_str!("../testdata/openssl.pem");
    const SIGNATURE: &str = include_str!("../testdata/openssl.sig");

    #[test]
    fn a_signature_of_openssl_is_accepted_and_no_other() {
        let key = PublicKey::from_pem(PEM).unwrap();
        let signature = base64::engine::general_purpose::STANDARD.decode(SIGNATURE.trim()).unwrap();
        assert!(key.accepts(b"remedy evidence\n", &signature));
        assert!(!key.accepts(b"remedy evidence", &signature));
        assert!(!key.accepts(b"remedy evidence\n", &signature[1..]));
        assert_eq!(PublicKey::from_pem(key.pem()).unwrap().fingerprint(), key.fingerprint());
    }

    #[test]
    fn other_files_are_no_keys() {
        for text in ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert!(PublicKey::from_pem(text).is_err(), "{text}");
        }
    }
}
