//! Sets of IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::work;

/// A set of addresses, both versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

/// Ranges, both ends included, sorted and apart.
type Ranges = Vec<(u128, u128)>;

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    v6: bool,
    first: u128,
    last: u128,
    /// The bits of its prefix.
    pub(crate) prefix: u32,
}

impl Block {
    /// `203.0.113.0/24`, `2001:db8::/32`, or an address alone. Bits after the prefix are ignored, as AWS ignores them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        work::count_all(16 + text.len());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let v6 = address.contains(':');
        let bits: u32 = if v6 { 128 } else { 32 };
        let number = if v6 {
            u128::from(address.parse::<Ipv6Addr>().ok()?)
        } else {
            u128::from(u32::from(address.parse::<Ipv4Addr>().ok()?))
        };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => bits,
        };
        let free = bits.checked_sub(prefix)?;
        let mask = if free == 128 { u128::MAX } else { (1 << free) - 1 };
        Some(Self { v6, first: number & !mask, last: number | mask, prefix })
    }

    /// The block of which a string speaks: a range, or the first numbers of an address and a star: `203.0.113.*`.
    pub(crate) fn like(text: &str) -> Option<Self> {
        let Some(head) = text.strip_suffix(".*") else { return Self::parse(text) };
        let missing = 4_u32.checked_sub(u32::try_from(head.split('.').count()).ok()?).filter(|missing| *missing > 0)?;
        let zeros = ".0".repeat(usize::try_from(missing).ok()?);
        Self::parse(&format!("{head}{zeros}/{}", 32 - 8 * missing))
    }

    /// Whether the address is in the block.
    pub(crate) fn holds(self, address: IpAddr) -> bool {
        let (v6, number) = match address {
            IpAddr::V4(address) => (false, u128::from(u32::from(address))),
            IpAddr::V6(address) => (true, u128::from(address)),
        };
        v6 == self.v6 && (self.first..=self.last).contains(&number)
    }

    /// Whether S3 takes it for more than a fixed set of callers: wider than /8, or /32 for IPv6.
    ///
    /// Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".
    pub(crate) const fn is_broad(self) -> bool {
        self.prefix < if self.v6 { 32 } else { 8 }
    }
}

impl Addresses {
    /// Every address that an external caller can have: private ones do not occur on the internet (RFC 1918).
    pub(crate) fn internet() -> Self {
        let mut all = Self { v4: vec![(0, u128::from(u32::MAX))], v6: vec![(0, u128::MAX)] };
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        all.subtract(&Self::of(&private.map(Block::parse).into_iter().flatten().collect::<Vec<_>>()));
        all
    }

    /// The addresses of these blocks.
    pub(crate) fn of(blocks: &[Block]) -> Self {
        let ranges = |v6: bool| {
            let chosen = blocks.iter().filter(|block| block.v6 == v6);
            united(chosen.map(|block| (block.first, block.last)).collect())
        };
        Self { v4: ranges(false), v6: ranges(true) }
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        self.v4 = common(&self.v4, &other.v4);
        self.v6 = common(&self.v6, &other.v6);
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.v4 = without(&self.v4, &other.v4);
        self.v6 = without(&self.v6, &other.v6);
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether there are more addresses than a /8 has, or a /32 of IPv6: all ranges together.
    pub(crate) fn is_broad(&self) -> bool {
        more_than(&self.v4, 1 << 24) || more_than(&self.v6, 1 << 96)
    }
}

fn more_than(ranges: &Ranges, limit: u128) -> bool {
    let size = |total: u128, (first, last): &(u128, u128)| total.saturating_add((last - first).saturating_add(1));
    ranges.iter().fold(0, size) > limit
}

fn united(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut out: Ranges = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

/// Both lists are sorted and disjoint, and so is their intersection.
fn common(a: &Ranges, b: &Ranges) -> Ranges {
    work::count_all(4 * (a.len() + b.len()));
    let (mut out, mut xs, mut ys) = (Ranges::new(), a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (xs.peek(), ys.peek()) {
        let (first, last) = (x.0.max(y.0), x.1.min(y.1));
        if first <= last {
            out.push((first, last));
        }
        if x.1 <= y.1 {
            xs.next()
        } else {
            ys.next()
        };
    }
    united(out)
}

/// The parts before, between and after the removed ones.
fn without(a: &Ranges, b: &Ranges) -> Ranges {
    let mut between = Ranges::with_capacity(b.len() + 1);
    let mut from = Some(0);
    for &(first, last) in b {
        if let (Some(from), Some(end)) = (from, first.checked_sub(1)) {
            between.push((from, end));
        }
        from = last.checked_add(1);
    }
    between.extend(from.map(|from| (from, u128::MAX)));
    between.retain(|(first, last)| first <= last);
    common(a, &between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(blocks: &[&str]) -> Addresses {
        Addresses::of(&blocks.iter().map(|text| Block::parse(text).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn r6_the_union_counts() {
        assert!(set(&["0.0.0.0/0"]).is_broad());
        assert!(set(&["0.0.0.0/1", "128.0.0.0/1"]).is_broad());
        assert!(set(&["11.0.0.0/8", "12.0.0.0/32"]).is_broad());
        assert!(!set(&["11.0.0.0/8", "11.1.0.0/16"]).is_broad());
        assert!(set(&["2001::/16"]).is_broad());
        assert!(!set(&["2001:db8::/32", "203.0.113.7"]).is_broad());
        assert!(set(&["1.2.3.4/0"]).is_broad());
        for wrong in ["10.0.0.0/33", "10.0.0/8", "x", "1.2.3.4/", "1.2.3.4/+8", "::/129"] {
            assert_eq!(Block::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn r6_private_addresses_do_not_count() {
        let mut private = Addresses::internet();
        private.intersect(&set(&["10.0.0.0/8", "192.168.0.0/16"]));
        assert_eq!(private, Addresses::default());
        let mut wide = Addresses::internet();
        wide.intersect(&set(&["10.0.0.0/4"]));
        assert!(wide.is_broad());
    }

    proptest! {
        #[test]
        fn sets_are_sets(a in prop::collection::vec((0_u128..40, 0_u128..9), 0..5), b in prop::collection::vec((0_u128..40, 0_u128..9), 0..5)) {
            let ranges = |list: &[(u128, u128)]| united(list.iter().map(|(first, more)| (*first, first + more)).collect());
            let holds = |list: &Ranges, x: u128| list.iter().any(|(first, last)| (*first..=*last).contains(&x));
            let (a, b) = (ranges(&a), ranges(&b));
            for x in 0..60 {
                prop_assert_eq!(holds(&common(&a, &b), x), holds(&a, x) && holds(&b, x));
                prop_assert_eq!(holds(&without(&a, &b), x), holds(&a, x) && !holds(&b, x));
            }
        }
    }
}
