//! Sets of numbers as ranges.

/// Ranges, both ends included, sorted and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// The numbers of these ranges, which may come in any order and overlap. A range whose end is before its beginning is empty.
    pub(crate) fn of(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut apart: Vec<(u128, u128)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match apart.last_mut() {
                Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
                _ => apart.push((first, last)),
            }
        }
        Self(apart)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let (mut common, mut mine, mut theirs) = (Vec::new(), self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            common.push((a.0.max(b.0), a.1.min(b.1)));
            if a.1 <= b.1 {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Self::of(common)
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.intersection(&other.complement())
    }

    /// The ranges before, between and after these.
    fn complement(&self) -> Self {
        let (mut between, mut from) = (Vec::with_capacity(self.0.len() + 1), Some(0));
        for &(first, last) in &self.0 {
            if let (Some(from), Some(end)) = (from, first.checked_sub(1)) {
                between.push((from, end));
            }
            from = last.checked_add(1);
        }
        between.extend(from.map(|from| (from, u128::MAX)));
        Self::of(between)
    }

    /// How many numbers it has, as far as they can be counted.
    pub(crate) fn count(&self) -> u128 {
        let size = |total: u128, (first, last): &(u128, u128)| total.saturating_add((last - first).saturating_add(1));
        self.0.iter().fold(0, size)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Numbers up to 255, one by one.
    type Naive = BTreeSet<u128>;

    fn both(pairs: &[(u8, u8)]) -> (Ranges, Naive) {
        let naive = pairs.iter().flat_map(|(first, last)| u128::from(*first)..=u128::from(*last)).collect();
        (Ranges::of(pairs.iter().map(|(first, last)| (u128::from(*first), u128::from(*last)))), naive)
    }

    fn enumerated(ranges: &Ranges) -> Naive {
        ranges.0.iter().flat_map(|(first, last)| *first..=*last).collect()
    }

    fn pairs() -> impl Strategy<Value = Vec<(u8, u8)>> {
        prop::collection::vec(any::<(u8, u8)>(), 0..6)
    }

    proptest! {
        #[test]
        fn they_are_the_sets_that_they_stand_for(a in pairs(), b in pairs()) {
            let ((a, naive_a), (b, naive_b)) = (both(&a), both(&b));
            prop_assert_eq!(enumerated(&a), naive_a.clone());
            prop_assert_eq!(enumerated(&a.union(&b)), &naive_a | &naive_b);
            prop_assert_eq!(enumerated(&a.intersection(&b)), &naive_a & &naive_b);
            prop_assert_eq!(enumerated(&a.difference(&b)), &naive_a - &naive_b);
            prop_assert_eq!(a.is_empty(), naive_a.is_empty());
            prop_assert_eq!(a.count(), u128::try_from(naive_a.len()).unwrap());
        }

        #[test]
        fn equal_sets_are_equal_ranges(a in pairs(), order in any::<prop::sample::Index>()) {
            let mut turned = a.clone();
            if !turned.is_empty() {
                turned.rotate_left(order.index(a.len()));
            }
            prop_assert_eq!(both(&a).0, both(&turned).0);
        }
    }

    #[test]
    fn the_ends_are_no_exception() {
        let all = Ranges::of([(0, u128::MAX)]);
        assert_eq!(all.complement(), Ranges::default());
        assert_eq!(Ranges::default().complement(), all);
        assert_eq!(all.count(), u128::MAX, "as far as it can be counted");
    }
}
