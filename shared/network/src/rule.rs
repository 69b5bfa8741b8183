//! Rules of security groups, and what they expose.

use std::{collections::BTreeMap, ops::RangeInclusive};

use crate::Addresses;

/// The protocol of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Every one.
    All,
    /// One, by its number of IANA.
    Number(u8),
}

/// TCP, by its number of IANA.
const TCP: u8 = 6;
const UDP: u8 = 17;

impl Protocol {
    /// TCP.
    pub const TCP: Self = Self::Number(TCP);

    /// As Amazon EC2 has it: `-1` is every protocol; names and numbers are one. None: it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "-1" => Self::All,
            "icmp" => Self::Number(1),
            "tcp" => Self::TCP,
            "udp" => Self::Number(UDP),
            "icmpv6" => Self::Number(58),
            number => Self::Number(number.parse().ok()?),
        })
    }

    /// Whether the two numbers of a rule are ports. Of ICMP they are type and code.
    const fn has_ports(self) -> bool {
        matches!(self, Self::Number(TCP | UDP))
    }
}

/// Whom a rule lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// These addresses.
    Addresses(Addresses),
    /// Those of a prefix list, by its id.
    List(String),
    /// Members of a security group, by their private addresses.
    Group,
}

/// A rule that lets packets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    protocol: Protocol,
    /// None: every port, or a protocol without ports.
    ports: Option<RangeInclusive<u16>>,
    source: Source,
}

/// A rule that says something that is not understood. It may let anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Rule {
    /// Reads a rule as Amazon EC2 describes it. Numbers that are no ports are ignored; a rule of TCP or UDP must have two that are.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], where the protocol is none, or ports are missing or out of order.
    pub fn read(protocol: &str, (from, to): (Option<i32>, Option<i32>), source: Source) -> Result<Self, Unreadable> {
        let protocol = Protocol::parse(protocol).ok_or(Unreadable)?;
        let port = |number: Option<i32>| number.and_then(|number| u16::try_from(number).ok()).ok_or(Unreadable);
        let ports = if protocol.has_ports() { Some(port(from)?..=port(to)?) } else { None };
        let is_in_order = ports.as_ref().is_none_or(|ports| !ports.is_empty());
        if is_in_order { Ok(Self { protocol, ports, source }) } else { Err(Unreadable) }
    }

    fn lets_in(&self, protocol: Protocol, port: u16) -> bool {
        let is_meant = self.protocol == Protocol::All || self.protocol == protocol;
        is_meant && self.ports.as_ref().is_none_or(|ports| ports.contains(&port))
    }

    /// The prefix list that it names.
    #[must_use]
    pub fn list(&self) -> Option<&str> {
        match &self.source {
            Source::List(id) => Some(id),
            Source::Addresses(_) | Source::Group => None,
        }
    }
}

/// The addresses of the internet that may reach a port: those of all rules together.
///
/// # Errors
///
/// [`Unreadable`], where a rule names a prefix list that is not among `lists`.
pub fn exposed(
    rules: &[Rule],
    lists: &BTreeMap<String, Addresses>,
    protocol: Protocol,
    port: u16,
) -> Result<Addresses, Unreadable> {
    let none = Addresses::default();
    let sources = rules.iter().filter(|rule| rule.lets_in(protocol, port)).map(|rule| match &rule.source {
        Source::Addresses(addresses) => Ok(addresses),
        Source::List(id) => lists.get(id).ok_or(Unreadable),
        Source::Group => Ok(&none),
    });
    let all = sources.into_iter().try_fold(Addresses::default(), |all, one| Ok(all.union(one?)))?;
    Ok(all.intersection(&Addresses::world()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(text: &str) -> Source {
        Source::Addresses(Addresses::of_block(text).unwrap())
    }

    fn tcp(ports: (i32, i32), source: Source) -> Rule {
        Rule::read("tcp", (Some(ports.0), Some(ports.1)), source).unwrap()
    }

    fn of(rules: &[Rule]) -> Addresses {
        exposed(rules, &BTreeMap::new(), Protocol::TCP, 5432).unwrap()
    }

    #[test]
    fn names_and_numbers_are_one_protocol() {
        for (name, number) in [("tcp", "6"), ("udp", "17"), ("icmp", "1"), ("icmpv6", "58")] {
            assert_eq!(Protocol::parse(name), Protocol::parse(number), "{name}");
        }
        assert_eq!(Protocol::parse("-1"), Some(Protocol::All));
        for none in ["", "256", "-2", "TCP "] {
            assert_eq!(Protocol::parse(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_of_icmp_are_no_ports() {
        let echo = Rule::read("icmp", (Some(8), Some(5432)), block("0.0.0.0/0")).unwrap();
        assert!(of(&[echo]).is_empty());
        let all = Rule::read("-1", (Some(-1), Some(-1)), block("8.8.8.0/24")).unwrap();
        assert!(!of(&[all]).is_empty(), "every protocol is every port");
    }

    #[test]
    fn a_rule_that_is_not_understood_is_no_rule() {
        let open = || block("0.0.0.0/0");
        for ports in [(None, None), (Some(-1), Some(-1)), (Some(0), Some(70_000)), (Some(9), Some(8))] {
            assert_eq!(Rule::read("tcp", ports, open()), Err(Unreadable), "{ports:?}");
        }
        assert_eq!(Rule::read("", (Some(0), Some(1)), open()), Err(Unreadable));
    }

    #[test]
    fn split_blocks_and_prefix_lists_are_seen() {
        let halves = [tcp((5432, 5432), block("0.0.0.0/1")), tcp((0, 65_535), block("128.0.0.0/1"))];
        assert!(of(&halves).is_anybody());
        let listed = [tcp((5000, 6000), Source::List("pl-1".to_owned()))];
        assert_eq!(listed.first().and_then(Rule::list), Some("pl-1"));
        assert_eq!(exposed(&listed, &BTreeMap::new(), Protocol::TCP, 5432), Err(Unreadable), "it may hold anybody");
        let lists = [("pl-1".to_owned(), Addresses::of_block("0.0.0.0/0").unwrap())].into();
        assert!(exposed(&listed, &lists, Protocol::TCP, 5432).unwrap().is_anybody());
        assert!(exposed(&listed, &lists, Protocol::TCP, 443).unwrap().is_empty());
    }

    #[test]
    fn what_comes_from_inside_is_not_exposed() {
        assert!(of(&[tcp((5432, 5432), block("10.0.0.0/8")), tcp((5432, 5432), Source::Group)]).is_empty());
        assert!(of(&[tcp((3306, 3306), block("0.0.0.0/0"))]).is_empty(), "another port");
        let partner = of(&[tcp((5432, 5432), block("8.8.8.0/24"))]);
        assert!(!partner.is_empty() && !partner.is_anybody());
    }

    /// A rule of the naive model: a protocol, ports below 64, and the last byte of addresses below 8.8.8.0.
    type Small = (u8, u8, u8, u8, u8);

    fn small() -> impl Strategy<Value = Small> {
        (prop_oneof![Just(6_u8), Just(17), Just(255)], 0_u8..64, 0_u8..64, any::<u8>(), 24_u8..=32)
    }

    fn rule((protocol, from, to, address, prefix): Small) -> Option<Rule> {
        let protocol = if protocol == 255 { "-1".to_owned() } else { protocol.to_string() };
        let source = block(&format!("8.8.8.{address}/{prefix}"));
        Rule::read(&protocol, (Some(from.into()), Some(to.into())), source).ok()
    }

    proptest! {
        #[test]
        fn it_is_what_a_naive_look_at_each_packet_says(rules in prop::collection::vec(small(), 0..5), port in 0_u8..64) {
            let read: Vec<_> = rules.iter().filter_map(|small| rule(*small)).collect();
            let found = exposed(&read, &BTreeMap::new(), Protocol::TCP, port.into()).unwrap();
            for host in 0..=255_u8 {
                let is_let_in = rules.iter().any(|(protocol, from, to, address, prefix)| {
                    let mask = u8::MAX.checked_shl(u32::from(32 - prefix)).unwrap_or(0);
                    let is_meant = *protocol == 255 || (*protocol == 6 && (from..=to).contains(&&port));
                    is_meant && host & mask == address & mask
                });
                let one = Addresses::of_block(&format!("8.8.8.{host}/32")).unwrap();
                prop_assert_eq!(!found.intersection(&one).is_empty(), is_let_in, "8.8.8.{}", host);
            }
        }
    }
}
