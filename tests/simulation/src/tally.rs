//! What happened in histories, to see that they are worth their while.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

/// What happened in one or more histories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were followed to their end.
    pub done: usize,
    /// Messages that were refused.
    pub refused: usize,
    /// Messages that died.
    pub dead: usize,
    /// Workers that were lost: gone at a call, or at their deadline.
    pub lost_workers: usize,
    /// Intents.
    pub intents: usize,
    /// Writes of Remedy.
    pub writes: usize,
    /// Changes of outsiders that a write took back within the window that AWS leaves open.
    pub lost_updates: usize,
    /// Writes that were made once more, for AWS showed for up to a minute what was before the first.
    pub repeats: usize,
    /// Times that other settings came into force.
    pub settings: usize,
    /// Objects of evidence that were sealed.
    pub sealed: usize,
    /// Outcomes, by their word.
    pub outcomes: BTreeMap<&'static str, usize>,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.dead += other.dead;
        self.lost_workers += other.lost_workers;
        self.intents += other.intents;
        self.writes += other.writes;
        self.lost_updates += other.lost_updates;
        self.repeats += other.repeats;
        self.settings += other.settings;
        self.sealed += other.sealed;
        for (word, count) in other.outcomes {
            *self.outcomes.entry(word).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "messages: {} done, {} refused, {} dead", self.done, self.refused, self.dead)?;
        writeln!(f, "workers lost: {}, settings changed: {}", self.lost_workers, self.settings)?;
        writeln!(f, "objects sealed: {}", self.sealed)?;
        writeln!(
            f,
            "intents: {}, writes: {}, updates lost: {}, repeats: {}",
            self.intents, self.writes, self.lost_updates, self.repeats
        )?;
        write!(f, "outcomes: {:?}", self.outcomes)
    }
}
