//! The hours that evidence is kept and sealed by.

use std::fmt;

use remedy_domain::{Timestamp, evidence};
use serde::{Deserialize, Serialize};

const SECONDS: i64 = 3600;

/// One hour of UTC. As text it is the moment it begins: `2026-03-02T10:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Timestamp", into = "Timestamp")]
pub struct Hour(i64);

/// A moment that begins no hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the beginning of an hour")]
pub struct NotAnHour;

impl Hour {
    /// The hour that `at` lies in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    /// The hour of an evidence key, `yyyy/mm/dd/hh/…`. None: the key is in no hour.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let mut parts = key.splitn(5, '/');
        let mut part = || parts.next();
        let (year, month, day, hour) = (part()?, part()?, part()?, part()?);
        part().filter(|name| !name.is_empty())?;
        let begins: Timestamp = format!("{year}-{month}-{day}T{hour}:00:00Z").parse().ok()?;
        let found = Self::of(begins);
        key.starts_with(&found.folder()).then_some(found)
    }

    /// When it begins.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        Timestamp::from_second(self.0.saturating_mul(SECONDS)).unwrap_or(Timestamp::MIN)
    }

    /// When it is over.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        self.plus(1).begins()
    }

    /// So many hours later, or earlier.
    #[must_use]
    pub fn plus(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours))
    }

    /// How many hours it is after `other`.
    #[must_use]
    pub fn since(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }

    /// The folder of its records, with a slash at its end: `yyyy/mm/dd/hh/`.
    #[must_use]
    pub fn folder(self) -> String {
        format!("{}/", evidence::hour_path(self.begins()))
    }

    /// The folder of its day, with a slash at its end: `yyyy/mm/dd/`.
    #[must_use]
    pub fn day_folder(self) -> String {
        let folder = evidence::hour_path(self.begins());
        folder.rsplit_once('/').map_or(String::new(), |(day, _)| format!("{day}/"))
    }
}

impl TryFrom<Timestamp> for Hour {
    type Error = NotAnHour;

    fn try_from(at: Timestamp) -> Result<Self, NotAnHour> {
        let hour = Self::of(at);
        if hour.begins() == at { Ok(hour) } else { Err(NotAnHour) }
    }
}

impl From<Hour> for Timestamp {
    fn from(hour: Hour) -> Self {
        hour.begins()
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.begins().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_hour() {
        let hour = Hour::of_key("2026/03/02/10/1530.123-x-intent-ab.json").unwrap();
        assert_eq!(hour.to_string(), "2026-03-02T10:00:00Z");
        assert_eq!((hour.folder(), hour.day_folder()), ("2026/03/02/10/".into(), "2026/03/02/".into()));
        assert_eq!(hour.plus(14).folder(), "2026/03/03/00/");
        assert_eq!(hour.plus(14).since(hour), 14);
    }

    #[test]
    fn other_keys_are_in_no_hour() {
        for key in
            ["", "seal/0.json", "2026/03/02/10", "2026/03/02/10/", "2026/3/2/10/x", "2026/03/02/24/x", "x/03/02/10/x"]
        {
            assert_eq!(Hour::of_key(key), None, "{key}");
        }
    }

    #[test]
    fn only_the_beginning_of_an_hour_is_one() {
        let read = |text: &str| serde_json::from_str::<Hour>(text);
        assert!(read("\"2026-03-02T10:00:00Z\"").is_ok());
        assert!(read("\"2026-03-02T10:00:01Z\"").is_err());
    }
}
