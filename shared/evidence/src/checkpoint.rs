//! What is signed, and the seal that carries it.
//!
//! A checkpoint is a few lines of text, in the manner of a C2SP checkpoint: a person can read it, any ECDSA tool can
//! verify it, and it is far below the 4096 bytes that `kms:Sign` takes as a RAW message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use remedy_domain::canonical;

use crate::{hour::Hour, key::PublicKey, manifest::Manifest};

const TITLE: &str = "remedy evidence 1";
const NONE: &str = "-";
/// Between the text and the line with the signature, as in a C2SP signed note.
const MARK: &str = "\n— ";

/// What a signature says: this manifest, of this bucket, number and hour, comes after that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The bucket that is sealed.
    pub origin: String,
    /// The manifest's number.
    pub number: u64,
    /// The hour it is about.
    pub hour: Hour,
    /// How many objects it lists.
    pub count: u64,
    /// The root of its Merkle tree, in hex.
    pub root: String,
    /// The SHA-256 of its bytes, in hex.
    pub manifest: String,
    /// The SHA-256 of the bytes of the one before, in hex.
    pub previous: Option<String>,
}

/// A seal that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a seal of a form that is known")]
pub struct Unreadable;

impl Checkpoint {
    /// The checkpoint of a manifest that is stored as `bytes`.
    #[must_use]
    pub fn of(manifest: &Manifest, bytes: &[u8]) -> Self {
        Self {
            origin: manifest.origin.clone(),
            number: manifest.number,
            hour: manifest.hour,
            count: manifest.count,
            root: manifest.root.clone(),
            manifest: canonical::sha256_hex(bytes),
            previous: manifest.previous.as_ref().map(|previous| previous.manifest.clone()),
        }
    }

    /// The text that is signed, with a line break at its end.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { origin, number, hour, count, root, manifest, previous } = self;
        let previous = previous.as_deref().unwrap_or(NONE);
        format!(
            "{TITLE}\n{origin}\nnumber {number}\nhour {hour}\ncount {count}\nroot {root}\nmanifest {manifest}\nprevious {previous}\n"
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        lines.next().filter(|title| *title == TITLE)?;
        let origin = lines.next()?.to_owned();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let parsed = Self {
            origin,
            number: field("number")?.parse().ok()?,
            hour: Hour::try_from(field("hour")?.parse::<remedy_domain::Timestamp>().ok()?).ok()?,
            count: field("count")?.parse().ok()?,
            root: field("root")?.to_owned(),
            manifest: field("manifest")?.to_owned(),
            previous: Some(field("previous")?).filter(|previous| *previous != NONE).map(str::to_owned),
        };
        (parsed.text() == text).then_some(parsed)
    }
}

/// A checkpoint with its signature, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The fingerprint of the key that signed.
    pub key: String,
    /// The signature, in DER.
    pub signature: Vec<u8>,
}

impl Seal {
    /// As it is stored: the text, an empty line, and `— <fingerprint> <signature in base 64>`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{MARK}{} {}\n", self.checkpoint.text(), self.key, STANDARD.encode(&self.signature))
    }

    /// The seal in these bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let read = || {
            let text = std::str::from_utf8(bytes).ok()?;
            let (checkpoint, signed) = text.rsplit_once(MARK)?;
            let (key, signature) = signed.strip_suffix('\n')?.split_once(' ')?;
            let signature = STANDARD.decode(signature).ok()?;
            Some(Self { checkpoint: Checkpoint::parse(checkpoint)?, key: key.to_owned(), signature })
        };
        read().filter(|seal| seal.text().as_bytes() == bytes).ok_or(Unreadable)
    }

    /// Whether the signature is `key`'s.
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        self.key == key.fingerprint() && key.accepts(self.checkpoint.text().as_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "remedy-evidence-111122223333".into(),
            number: 7,
            hour: Hour::of_key("2026/03/02/10/x").unwrap(),
            count: 12,
            root: "ab".repeat(32),
            manifest: "cd".repeat(32),
            previous: None,
        }
    }

    #[test]
    fn a_person_can_read_what_is_signed() {
        let text = checkpoint().text();
        assert!(
            text.starts_with("remedy evidence 1\nremedy-evidence-111122223333\nnumber 7\nhour 2026-03-02T10:00:00Z\n")
        );
        assert!(text.ends_with("\nprevious -\n"));
        assert!(Checkpoint { origin: "b".repeat(63), number: u64::MAX, ..checkpoint() }.text().len() < 4096);
    }

    #[test]
    fn a_seal_reads_back() {
        let seal = Seal { checkpoint: checkpoint(), key: "ef".repeat(32), signature: vec![1, 2, 3] };
        assert_eq!(Seal::parse(seal.text().as_bytes()), Ok(seal));
    }

    proptest! {
        #[test]
        fn a_seal_has_one_form(at: prop::sample::Index, byte: u8) {
            let seal = Seal { checkpoint: checkpoint(), key: "ef".repeat(32), signature: vec![1, 2, 3] };
            let mut bytes = seal.text().into_bytes();
            let index = at.index(bytes.len());
            prop_assume!(bytes[index] != byte);
            bytes[index] = byte;
            prop_assert_ne!(Seal::parse(&bytes), Ok(seal));
        }
    }
}
