//! Made-up records and chains, for tests.

use std::collections::BTreeMap;

use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use p256::pkcs8::EncodePublicKey as _;
use remedy_domain::{Timestamp, canonical, evidence};
use serde_json::json;

use crate::{
    Archive, Checkpoint, Contents, GRACE, Hour, Manifest, Place, Previous, PublicKey, Seal,
    name::{self, Name},
};

/// A bucket: bytes by key.
pub(crate) type Bucket = BTreeMap<String, Vec<u8>>;

/// The intent number `n`, of this time.
pub(crate) fn record(at: &str, n: u64) -> (String, Vec<u8>) {
    of_kind(at.parse().unwrap(), n, evidence::Kind::Intent)
}

/// An intent or an outcome of the attempt number `n`.
pub(crate) fn of_kind(at: Timestamp, n: u64, kind: evidence::Kind) -> (String, Vec<u8>) {
    let attempt = format!("{n:032x}");
    let target =
        json!({"account": "111122223333", "region": "us-east-1", "resource_type": "AWS::S3::Bucket", "id": "b"});
    let record = json!({
        "format": 1, "kind": kind.word(), "at": at, "control": "s3-bucket-public", "target": target,
        "plan": "ab".repeat(32), "attempt": attempt, "purpose": "repair", "before": null, "after": null,
        "mode": "enforce", "settings": "", "cause": "manual", "invocation": "r",
    });
    (evidence::key(at, "s3-bucket-public", kind, &attempt), canonical::to_bytes(&record).unwrap())
}

/// A key pair made from a seed.
pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_der(self.0.verifying_key().to_public_key_der().unwrap().as_bytes()).unwrap()
    }

    pub(crate) fn seal(&self, checkpoint: Checkpoint) -> Seal {
        let signature: Signature = self.0.sign(checkpoint.text().as_bytes());
        let signature = signature.to_der().as_bytes().to_vec();
        Seal { checkpoint, key: self.public().fingerprint().to_owned(), signature }
    }
}

/// Seals `hours` hours of a bucket, from the first one of its records on. `late` are sealed with the hour after theirs.
pub(crate) fn seal(bucket: &mut Bucket, signer: &Signer, hours: i64, late: &[String]) {
    let start = bucket.keys().find_map(|key| Hour::of_key(key)).unwrap();
    let mut previous = None;
    for n in 0..hours {
        let (hour, number) = (start.plus(n), u64::try_from(n).unwrap());
        let is_now = |key: &str| match Name::of(key) {
            Name::Record(of) if late.iter().any(|late| late == key) => of.plus(1) == hour,
            Name::Record(of) => of == hour,
            _ => false,
        };
        let mut found = Contents::default();
        for (key, bytes) in bucket.iter().filter(|(key, _)| is_now(key)) {
            found.add(key, bytes);
        }
        let place = Place { origin: "evidence".into(), number, hour, at: hour.ends() + GRACE, previous, over: None };
        previous = Some(store(bucket, signer, place, found));
    }
}

/// Stores one manifest and its seal.
pub(crate) fn store(bucket: &mut Bucket, signer: &Signer, place: Place, found: Contents) -> Previous {
    let number = place.number;
    let manifest = Manifest::new(place, found).unwrap();
    let bytes = manifest.to_bytes().unwrap();
    let seal = signer.seal(Checkpoint::of(&manifest, &bytes)).text().into_bytes();
    let digest = canonical::sha256_hex;
    let previous = Previous { manifest: digest(&bytes), seal: digest(&seal) };
    bucket.insert(name::manifest(number), bytes);
    bucket.insert(name::seal(number), seal);
    previous
}

/// The archive of a bucket.
pub(crate) fn archive(bucket: &Bucket) -> Archive {
    let mut archive = Archive::default();
    for (key, bytes) in bucket {
        archive.add(key, bytes);
    }
    archive
}
