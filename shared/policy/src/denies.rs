//! The part of a grant that denies leave.
//!
//! Each pair of patterns is compared once for a policy, whatever the number of grants, requests and sets of denies that
//! ask: the answers are kept as rows of bits. The remainder is then operations on sets of actions, one for a resource
//! and a deny, and one for a resource and an exception (a resource of a deny's `NotResource`).

use std::cell::OnceCell;

use crate::{
    catalogue::{ActionSet, Catalogue},
    glob,
    reach::Part,
    variable::Wild,
    work,
};

/// A row of bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn none(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    fn of(length: usize, mut is_set: impl FnMut(usize) -> bool) -> Self {
        let mut bits = Self::none(length);
        for at in 0..length {
            if work::is_over() {
                break;
            }
            if is_set(at) {
                bits.set(at);
            }
        }
        bits
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The members of both, from the first on.
    fn common<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = usize> + 'b {
        work::count_all(self.0.len());
        let words = self.0.iter().zip(&other.0).map(|(a, b)| a & b).enumerate();
        words.flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = usize::try_from(word.trailing_zeros()).unwrap_or(usize::MAX);
                (word != 0).then(|| {
                    word &= word - 1;
                    index * 64 + bit
                })
            })
        })
    }
}

/// The denies of a policy, or of all policies of a principal.
#[derive(Debug)]
pub(crate) struct Denies<'p> {
    parts: Vec<Part<'p>>,
    /// For each deny, the place of its first exception among all of them.
    first: Vec<usize>,
    /// For each exception, the denies that cover all of it.
    about: Vec<OnceCell<Bits>>,
}

impl<'p> Denies<'p> {
    pub(crate) fn of(parts: Vec<Part<'p>>) -> Self {
        let mut first = Vec::with_capacity(parts.len());
        let mut exceptions = 0;
        for part in &parts {
            first.push(exceptions);
            exceptions += if part.negated { part.resources.len() } else { 0 };
        }
        Self { parts, first, about: vec![OnceCell::new(); exceptions] }
    }

    /// All of them together.
    pub(crate) fn all(&self) -> Asked<'_, 'p> {
        self.some(0..self.parts.len())
    }

    /// These together, by their places.
    pub(crate) fn some(&self, places: impl IntoIterator<Item = usize>) -> Asked<'_, 'p> {
        let mut chosen = Bits::none(self.parts.len());
        places.into_iter().for_each(|place| chosen.set(place));
        Asked { denies: self, chosen, elsewhere: OnceCell::new() }
    }

    /// The exceptions of a deny with `NotResource`, each with its place among all.
    fn exceptions(&self, deny: usize) -> impl Iterator<Item = (usize, &Wild<'p>)> {
        let part = self.parts.get(deny).filter(|part| part.negated);
        let first = self.first.get(deny).copied().unwrap_or_default();
        part.into_iter().flat_map(move |part| (first..).zip(&part.resources))
    }

    /// The effect of the denies on one resource: `matters` says which exceptions matter, `covers` whether a deny
    /// without exceptions covers all of it. A deny with exceptions does, if none of them matters.
    fn row(&self, matters: impl Fn(&Wild<'p>) -> bool, covers: impl Fn(&Part<'p>) -> bool) -> Row {
        let mut mattering = Bits::none(self.about.len());
        let about_all = Bits::of(self.parts.len(), |deny| {
            let mut exempt = false;
            for (place, _) in self.exceptions(deny).filter(|(_, excepted)| !work::is_over() && matters(excepted)) {
                mattering.set(place);
                exempt = true;
            }
            self.parts.get(deny).is_some_and(|part| if part.negated { !exempt } else { covers(part) })
        });
        Row { mattering, about_all }
    }

    /// The denies that cover all of an exception.
    fn about(&self, place: usize, excepted: &Wild<'_>) -> Option<&Bits> {
        let covers = |deny: usize| self.parts.get(deny).is_some_and(|part| part.covers(excepted));
        self.about.get(place).map(|cell| cell.get_or_init(|| Bits::of(self.parts.len(), covers)))
    }
}

/// Some of the denies, and the results for them together.
#[derive(Debug)]
pub(crate) struct Asked<'d, 'p> {
    denies: &'d Denies<'p>,
    chosen: Bits,
    /// For each exception, the actions that these denies have on all of it.
    elsewhere: OnceCell<Vec<OnceCell<ActionSet>>>,
}

impl Asked<'_, '_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Removes the denied actions from a set: those of statements that cover all of the row's resource, and of
    /// statements with `NotResource` whose exceptions others deny.
    fn take(&self, row: &Row, actions: &mut ActionSet) {
        for deny in self.chosen.common(&self.chosen) {
            let Some(part) = self.denies.parts.get(deny).filter(|_| !work::is_over()) else { return };
            if row.about_all.has(deny) {
                actions.subtract(&part.actions);
            } else if part.negated {
                let mut filled = part.actions.clone();
                filled.intersect(actions);
                self.fill_up(deny, row, &mut filled);
                actions.subtract(&filled);
            }
            if actions.is_empty() {
                return;
            }
        }
    }

    /// Keeps, of the actions of a deny with `NotResource`, those that others deny on its exceptions.
    fn fill_up(&self, deny: usize, row: &Row, actions: &mut ActionSet) {
        for (place, excepted) in self.denies.exceptions(deny) {
            if work::is_over() || actions.is_empty() {
                return;
            }
            if row.mattering.has(place) {
                match self.elsewhere(place, excepted) {
                    Some(elsewhere) => actions.intersect(elsewhere),
                    None => *actions = Catalogue::get().none(),
                }
            }
        }
    }

    /// None: these denies have nothing on all of the exception.
    fn elsewhere(&self, place: usize, excepted: &Wild<'_>) -> Option<&ActionSet> {
        let about = self.denies.about(place, excepted)?;
        about.common(&self.chosen).next()?;
        let cells = self.elsewhere.get_or_init(|| vec![OnceCell::new(); self.denies.about.len()]);
        let united = || {
            let mut actions = Catalogue::get().none();
            for part in about.common(&self.chosen).filter_map(|deny| self.denies.parts.get(deny)) {
                actions.unite(&part.actions);
            }
            actions
        };
        cells.get(place).map(|cell| cell.get_or_init(united))
    }
}

/// The effect of a policy's denies on one resource of a grant.
#[derive(Debug)]
struct Row {
    /// The exceptions that keep a deny from some of it.
    mattering: Bits,
    /// The denies that cover all of it.
    about_all: Bits,
}

/// A grant, for the question of what denies leave of it. It is always asked about denies of the same policy.
#[derive(Debug)]
pub(crate) struct Granted<'p> {
    pub(crate) part: Part<'p>,
    /// A row for each resource, or one for all but them.
    rows: Vec<OnceCell<Row>>,
}

impl<'p> Granted<'p> {
    pub(crate) fn of(part: Part<'p>) -> Self {
        let rows = if part.negated { 1 } else { part.resources.len() };
        Self { rows: std::iter::repeat_with(OnceCell::new).take(rows).collect(), part }
    }

    /// Adds the actions that the denies leave to it on some resource.
    pub(crate) fn left_by(&self, denies: &Asked<'_, '_>, left: &mut ActionSet) {
        if self.part.nowhere() {
            return;
        }
        if denies.is_empty() {
            left.unite(&self.part.actions);
            return;
        }
        for place in 0..self.rows.len() {
            if work::is_over() || self.part.actions.within(left) {
                return;
            }
            let Some(row) = self.row(denies.denies, place) else { return };
            let mut rest = self.part.actions.clone();
            denies.take(row, &mut rest);
            left.unite(&rest);
        }
    }

    /// The places of the denies that cover, each by itself, everything that this covers.
    pub(crate) fn denied_whole(&self, denies: &Asked<'_, '_>) -> Vec<usize> {
        let rows: Vec<_> = (0..self.rows.len()).filter_map(|place| self.row(denies.denies, place)).collect();
        work::count_all(rows.len() * (1 + denies.denies.parts.len()));
        denies.chosen.common(&denies.chosen).filter(|deny| rows.iter().all(|row| row.about_all.has(*deny))).collect()
    }

    fn row(&self, denies: &Denies<'_>, place: usize) -> Option<&Row> {
        let cell = self.rows.get(place)?;
        Some(cell.get_or_init(|| {
            if self.part.negated {
                let spared = |own: &Wild<'_>| self.part.resources.iter().any(|other| other.covers(own));
                return denies.row(|excepted| !spared(excepted), Part::everywhere);
            }
            let Some(resource) = self.part.resources.get(place) else { return Row::none(denies) };
            denies.row(|excepted| glob::intersect(&excepted.text, &resource.text), |deny| deny.covers(resource))
        }))
    }
}

impl Row {
    fn none(denies: &Denies<'_>) -> Self {
        Self { mattering: Bits::none(denies.about.len()), about_all: Bits::none(denies.parts.len()) }
    }
}
