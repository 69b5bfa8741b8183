//! Sets of IP addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::ranges::Ranges;

/// A set of addresses of both versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

/// Blocks of IPv4 that are nobody's on the internet.
///
/// Source: IANA, IPv4 Special-Purpose Address Registry: those that are not globally reachable; multicast; reserved.
const SPECIAL: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
];

/// The block of IPv6 from which addresses on the internet are given.
const GLOBAL: &str = "2000::/3";

impl Addresses {
    /// `203.0.113.0/24`, `2001:db8::/32`. Bits after the prefix count for nothing, as AWS has it. None: it is no block.
    #[must_use]
    pub fn of_block(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| is_number)?;
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            let v4 = Ranges::of([block(u128::from(u32::from(address)), 32, prefix)?]);
            return Some(Self { v4, ..Self::default() });
        }
        let address: Ipv6Addr = address.parse().ok()?;
        Some(Self { v6: Ranges::of([block(u128::from(address), 128, prefix)?]), ..Self::default() })
    }

    /// Every address that somebody on the internet may have.
    #[must_use]
    pub fn world() -> Self {
        let blocks = |texts: &[&str]| {
            texts.iter().filter_map(|text| Self::of_block(text)).fold(Self::default(), |all, one| all.union(&one))
        };
        blocks(&["0.0.0.0/0", GLOBAL]).difference(&blocks(&SPECIAL))
    }

    /// Those of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// Those of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// Those that the other has not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether there are more than a /8 of IPv4 has, or a /32 of IPv6: no list of partners, but anybody.
    ///
    /// Source: Amazon S3 User Guide, "The meaning of public", which draws the line there.
    #[must_use]
    pub fn is_anybody(&self) -> bool {
        self.v4.count() > 1 << 24 || self.v6.count() > 1 << 96
    }
}

/// The first and the last address of a block. None: the prefix is longer than an address.
fn block(address: u128, bits: u32, prefix: u32) -> Option<(u128, u128)> {
    let free = bits.checked_sub(prefix)?;
    let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    Some((address & !mask, address | mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(blocks: &[&str]) -> Addresses {
        blocks
            .iter()
            .map(|block| Addresses::of_block(block).unwrap())
            .fold(Addresses::default(), |all, one| all.union(&one))
    }

    #[test]
    fn a_block_is_read_as_aws_reads_it() {
        assert_eq!(all(&["10.1.2.3/8"]), all(&["10.0.0.0/8"]), "host bits are cleared");
        assert_eq!(all(&["0.0.0.0/1", "128.0.0.0/1"]), all(&["0.0.0.0/0"]));
        assert_eq!(all(&["::/1", "8000::/1"]), all(&["::/0"]));
        for wrong in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/+8", "10.0.0.0/", "::/129", "x/8"] {
            assert_eq!(Addresses::of_block(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn private_addresses_are_not_of_the_world() {
        let world = Addresses::world();
        for inside in ["10.0.0.0/8", "192.168.1.0/24", "100.64.0.0/10", "fc00::/7", "fe80::/10", "::1/128"] {
            assert!(all(&[inside]).intersection(&world).is_empty(), "{inside}");
        }
        for outside in ["8.8.8.8/32", "11.0.0.0/8", "0.0.0.0/0", "2600::/12", "::/0"] {
            assert!(!all(&[outside]).intersection(&world).is_empty(), "{outside}");
        }
    }

    #[test]
    fn the_sum_counts() {
        let eights: Vec<_> = (11..71).map(|first| format!("{first}.0.0.0/8")).collect();
        assert!(all(&eights.iter().map(String::as_str).collect::<Vec<_>>()).is_anybody());
        assert!(!all(&["11.0.0.0/8", "11.1.0.0/16"]).is_anybody());
        assert!(all(&["2600::/31"]).is_anybody());
        assert!(!all(&["2600::/32", "8.8.8.0/24"]).is_anybody());
    }
}
