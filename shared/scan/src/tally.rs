//! How many resources end how, by control.

use std::collections::BTreeMap;

use crate::{Scan, said::Ends};

/// Counts of resources under controls. What could not be listed counts as one that was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) passes: usize,
    pub(crate) fails: usize,
    pub(crate) exempt: usize,
    pub(crate) not_applicable: usize,
    pub(crate) unread: usize,
}

impl Tally {
    /// Of each control.
    pub(crate) fn by_control(scan: &Scan) -> BTreeMap<&str, Self> {
        let mut all: BTreeMap<&str, Self> = BTreeMap::new();
        let mut told: BTreeMap<_, usize> = BTreeMap::new();
        for finding in &scan.findings {
            all.entry(&finding.control).or_default().add(Ends::of(finding));
            *told.entry((&finding.control, &finding.account, &finding.region)).or_default() += 1;
        }
        for cell in &scan.cells {
            let told = told.get(&(&cell.control, &cell.account, &cell.region)).copied().unwrap_or_default();
            // A resource that was found and that nothing is said of was not looked at.
            let silent = cell.targets.saturating_sub(told);
            all.entry(&cell.control).or_default().unread += silent + usize::from(cell.unread.is_some());
        }
        for about in &scan.controls {
            if !scan.cells.iter().any(|cell| cell.control == about.id) {
                all.entry(&about.id).or_default().unread += 1;
            }
        }
        all
    }

    fn add(&mut self, ends: Ends) {
        let count = match ends {
            Ends::Passes => &mut self.passes,
            Ends::Fails => &mut self.fails,
            Ends::Exempt => &mut self.exempt,
            Ends::NotApplicable => &mut self.not_applicable,
            Ends::Permits | Ends::Unread => &mut self.unread,
        };
        *count += 1;
    }

    /// How many were looked at.
    pub(crate) fn looked(&self) -> usize {
        self.passes + self.fails + self.exempt + self.not_applicable
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            passes: sum.passes + one.passes,
            fails: sum.fails + one.fails,
            exempt: sum.exempt + one.exempt,
            not_applicable: sum.not_applicable + one.not_applicable,
            unread: sum.unread + one.unread,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, Cell, sample};

    #[test]
    fn all_is_counted_and_nothing_twice() {
        let scan = sample::scan();
        let sum: Tally = Tally::by_control(&scan).into_values().sum();
        assert_eq!(sum.unread, scan.unread());
        assert_eq!(
            sum.looked() + scan.findings.iter().filter(|finding| finding.unread.is_some()).count(),
            scan.findings.len()
        );
    }

    #[test]
    fn what_is_silent_was_not_looked_at() {
        let mut scan = sample::scan();
        let before: Tally = Tally::by_control(&scan).into_values().sum();
        let cell = Cell { account: sample::account("999999999999"), targets: 2, looked: 0, ..scan.cells[0].clone() };
        scan.cells.push(cell);
        scan.controls.push(About { id: "without-a-cell".to_owned(), ..scan.controls[0].clone() });
        let after: Tally = Tally::by_control(&scan).into_values().sum();
        assert_eq!(after, Tally { unread: before.unread + 3, ..before });
    }
}
