//! Facts that the verifying person knows from elsewhere: the bucket of the evidence, and the beginning of its chain.

use remedy_domain::{canonical, redact};

use super::chain::Chain;
use crate::{
    archive::Archive,
    finding::{Finding, Kind},
    hour::Hour,
    name,
};

/// Facts known from elsewhere. Absent ones are not checked.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// The bucket that was sealed.
    pub origin: Option<String>,
    /// The SHA-256 of the first manifest, in hex: the sealer reports it when it begins.
    pub genesis: Option<String>,
    /// An hour that was sealed: the chain begins with it or before it.
    pub since: Option<Hour>,
}

pub(super) fn compare(pins: &Pins, archive: &Archive, chain: &Chain) -> Vec<Finding> {
    [origin(pins, chain), genesis(pins, archive, chain), since(pins, chain)].into_iter().flatten().collect()
}

fn origin(pins: &Pins, chain: &Chain) -> Option<Finding> {
    let wanted = pins.origin.as_ref()?;
    let other = chain.reliable.values().find(|manifest| manifest.origin != *wanted)?;
    let (sealed, wanted) = (redact::text(&other.origin), redact::text(wanted));
    let why = format!("it seals the bucket {sealed}, and {wanted} was asked for");
    Some(Finding::new(Kind::OtherOrigin, name::manifest(other.number), why))
}

fn genesis(pins: &Pins, archive: &Archive, chain: &Chain) -> Option<Finding> {
    let wanted = pins.genesis.as_ref()?;
    let found = chain.genesis(archive).map(|bytes| canonical::sha256_hex(bytes));
    let is_same = found.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let found = found.unwrap_or_else(|| "nothing that can be relied on".to_owned());
    let why = format!("the chain begins with {found}, and is known to begin with {}", redact::text(wanted));
    (!is_same).then(|| Finding::new(Kind::OtherBeginning, name::manifest(chain.first().unwrap_or(0)), why))
}

fn since(pins: &Pins, chain: &Chain) -> Option<Finding> {
    let wanted = pins.since?;
    let first = chain.reliable.values().next();
    let why = match first {
        Some(first) if first.hour <= wanted => return None,
        Some(first) => format!("the first hour sealed is {}, and {wanted} is known to be sealed", first.hour),
        None => format!("nothing is sealed, and {wanted} is known to be"),
    };
    Some(Finding::new(Kind::OtherBeginning, name::manifest(first.map_or(0, |first| first.number)), why))
}
