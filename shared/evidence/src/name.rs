//! The kind of an object of the evidence bucket, by its key.

use std::time::Duration;

use remedy_domain::Timestamp;

use crate::hour::Hour;

/// The folder of manifests, seals and public keys.
pub const SEALS: &str = "seal/";
const KEYS: &str = "seal/keys/";
/// Numbers in keys are so long, so that keys sort as numbers do.
const DIGITS: usize = 10;

/// The kind of an object of the evidence bucket, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// It lies in the folder of an hour: a record, or something that is to be listed as none.
    Record(Hour),
    /// The manifest of this number.
    Manifest(u64),
    /// The seal of the manifest of this number.
    Seal(u64),
    /// A public key.
    PublicKey,
    /// Nothing that Remedy writes.
    Stray,
}

impl Name {
    /// The object that the key names.
    #[must_use]
    pub fn of(key: &str) -> Self {
        if let Some(hour) = Hour::of_key(key) {
            return Self::Record(hour);
        }
        if key.strip_prefix(KEYS).and_then(|name| name.strip_suffix(".pem")).is_some_and(is_fingerprint) {
            return Self::PublicKey;
        }
        match key.strip_prefix(SEALS).and_then(|name| name.split_once('.')) {
            Some((digits, "json")) => number(digits).map_or(Self::Stray, Self::Manifest),
            Some((digits, "sig")) => number(digits).map_or(Self::Stray, Self::Seal),
            _ => Self::Stray,
        }
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// The key of a manifest.
#[must_use]
pub fn manifest(number: u64) -> String {
    format!("{SEALS}{number:010}.json")
}

/// The key of a manifest's seal.
#[must_use]
pub fn seal(number: u64) -> String {
    format!("{SEALS}{number:010}.sig")
}

/// The key of the public key with this fingerprint.
#[must_use]
pub fn public_key(fingerprint: &str) -> String {
    format!("{KEYS}{fingerprint}.pem")
}

/// The prefix of the keys of the hundred manifests around a number, and of their seals.
#[must_use]
pub fn hundred(number: u64) -> String {
    format!("{SEALS}{:08}", number / 100)
}

/// The moment in a record's key: `…/<mmss.mmm>-…`. If there is none, the end of its hour. None: it is in no hour.
#[must_use]
pub fn placed_at(key: &str) -> Option<Timestamp> {
    let hour = Hour::of_key(key)?;
    let name = key.rsplit('/').next()?;
    let told = name.split_once('-').and_then(|(digits, _)| within_hour(digits));
    Some(told.map_or(hour.ends(), |after| hour.begins() + after))
}

/// `mmss.mmm`, as the time since the hour began.
fn within_hour(digits: &str) -> Option<Duration> {
    let (clock, millis) = digits.split_once('.').filter(|(clock, millis)| clock.len() == 4 && millis.len() == 3)?;
    let clock: u64 = clock.parse().ok()?;
    let (minutes, seconds) = (clock / 100, clock % 100);
    let millis: u64 = millis.parse().ok()?;
    (minutes < 60 && seconds < 60).then(|| Duration::from_millis((minutes * 60 + seconds) * 1000 + millis))
}

/// The attempt that a record's key belongs to, and whether it opens or closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End<'a> {
    /// The key is that of an intent.
    Intent(&'a str),
    /// The key is that of an outcome.
    Outcome(&'a str),
}

impl<'a> End<'a> {
    /// Which end the key is of. None: of neither.
    #[must_use]
    pub fn of(key: &'a str) -> Option<Self> {
        let mut parts = key.strip_suffix(".json")?.rsplitn(3, '-');
        let (attempt, kind) = (parts.next()?, parts.next()?);
        match kind {
            "intent" => Some(Self::Intent(attempt)),
            "outcome" => Some(Self::Outcome(attempt)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names_agree() {
        assert_eq!(Name::of(&manifest(7)), Name::Manifest(7));
        assert_eq!(Name::of(&seal(u64::from(u32::MAX))), Name::Seal(u64::from(u32::MAX)));
        assert_eq!(Name::of(&public_key(&"a".repeat(64))), Name::PublicKey);
        assert!(manifest(1234).starts_with(&hundred(1299)));
        for stray in [
            "x",
            "seal/7.json",
            "seal/0000000007.txt",
            "seal/0000000007.json.bak",
            "seal/keys/x.pem",
            "seal/+000000007.json",
        ] {
            assert_eq!(Name::of(stray), Name::Stray, "{stray}");
        }
    }

    #[test]
    fn a_key_tells_its_moment() {
        let of = |name: &str| placed_at(&format!("2026/03/02/10/{name}")).unwrap().to_string();
        assert_eq!(of("1530.123-x-intent-ab.json"), "2026-03-02T10:15:30.123Z");
        for untold in ["rejected-f-ff.json", "9930.123-x", "1530-x", "15300.12-x", "junk"] {
            assert_eq!(of(untold), "2026-03-02T11:00:00Z", "{untold}");
        }
    }

    #[test]
    fn a_key_tells_its_end() {
        assert_eq!(End::of("2026/03/02/10/1530.123-a-b-intent-ff.json"), Some(End::Intent("ff")));
        assert_eq!(End::of("2026/03/02/10/1530.123-a-b-outcome-ff.json"), Some(End::Outcome("ff")));
        assert_eq!(End::of("2026/03/02/10/1530.123-a-b-held-ff.json"), None);
        assert_eq!(End::of("2026/03/02/10/rejected-f-ff.json"), None);
    }
}
