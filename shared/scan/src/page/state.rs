//! The state of a check, and how many checks are in which.

use std::ops::AddAssign;

use remedy_domain::{Outcome, outcome::Compliance};

use super::text::Icon;
use crate::{Finding, Would};

/// The state of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Looked at, and in violation.
    Drift,
    /// In violation, and contained by Remedy's own measure.
    Contained,
    /// In violation, and in effect for nobody.
    Dormant,
    /// In violation, and exempt.
    Exempt,
    /// Not looked at.
    Unread,
    /// Looked at, and without drift.
    NoDrift,
    /// Not a matter for the control, or gone meanwhile.
    Outside,
}

impl State {
    pub(crate) fn of(finding: &Finding) -> Self {
        match finding.outcome {
            Some(outcome) if outcome.compliance() == Compliance::NonCompliant => match outcome {
                Outcome::Contained => Self::Contained,
                Outcome::Dormant => Self::Dormant,
                Outcome::Exempt => Self::Exempt,
                // A run that only looks ends as drifted or needs-human. Any other violation is drift rather than hidden.
                _ => Self::Drift,
            },
            // What was read in part is not known to be without drift.
            _ if finding.unread.is_some() => Self::Unread,
            None => Self::Unread,
            Some(outcome) if outcome.compliance() == Compliance::NotApplicable => Self::Outside,
            Some(_) => Self::NoDrift,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Drift => "drifted",
            Self::Contained => "contained",
            Self::Dormant => "dormant",
            Self::Exempt => "exempt",
            Self::Unread => "not read",
            Self::NoDrift => "no drift",
            Self::Outside => "out of scope",
        }
    }

    /// The part of the names of classes.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Contained | Self::Dormant => "fence",
            Self::Exempt => "excuse",
            Self::Unread | Self::Outside => "unread",
            Self::NoDrift => "ok",
        }
    }

    pub(crate) fn icon(self) -> Icon {
        Icon(if self == Self::Dormant { "dormant" } else { self.class() })
    }

    /// Whether it is written out.
    pub(crate) fn is_violation(self) -> bool {
        matches!(self, Self::Drift | Self::Contained | Self::Dormant | Self::Exempt)
    }
}

/// What would become of drift: its word and picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Does {
    pub(crate) would: Would,
    pub(crate) word: &'static str,
    pub(crate) icon: Icon,
}

impl Does {
    pub(crate) fn of(finding: &Finding) -> Option<Self> {
        (State::of(finding) == State::Drift)
            .then(|| Self::with(finding.repair.as_ref().map_or(Would::Person, |repair| repair.would)))
    }

    pub(crate) fn with(would: Would) -> Self {
        let (word, icon) = match would {
            Would::Auto => ("By itself", "auto"),
            Would::Ask => ("Asks a person", "ask"),
            Would::Withhold => ("Never", "never"),
            Would::Person => ("A person repairs", "person"),
        };
        Self { would, word, icon: Icon(icon) }
    }

    /// The value of the filter.
    pub(crate) fn key(self) -> &'static str {
        self.icon.0
    }
}

/// How many checks are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) no_drift: usize,
    pub(crate) drift: usize,
    pub(crate) contained: usize,
    pub(crate) dormant: usize,
    pub(crate) exempt: usize,
    /// Resources that were not looked at.
    pub(crate) resources_unread: usize,
    /// Places where not even the resources could be listed.
    pub(crate) lists_unread: usize,
    pub(crate) outside: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, state: State) {
        let place = match state {
            State::NoDrift => &mut self.no_drift,
            State::Drift => &mut self.drift,
            State::Contained => &mut self.contained,
            State::Dormant => &mut self.dormant,
            State::Exempt => &mut self.exempt,
            State::Unread => &mut self.resources_unread,
            State::Outside => &mut self.outside,
        };
        *place += 1;
    }

    /// Checks that were made. What is out of scope, or gone, is none.
    pub(crate) fn looked(&self) -> usize {
        self.no_drift + self.drift + self.contained + self.dormant + self.exempt
    }

    /// Checks, and lists of resources, that could not be made.
    pub(crate) fn unread(&self) -> usize {
        self.resources_unread + self.lists_unread
    }

    pub(crate) fn all(&self) -> usize {
        self.looked() + self.unread()
    }

    /// In violation, and no drift that Remedy would repair.
    pub(crate) fn held(&self) -> usize {
        self.contained + self.dormant
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.no_drift += other.no_drift;
        self.drift += other.drift;
        self.contained += other.contained;
        self.dormant += other.dormant;
        self.exempt += other.exempt;
        self.resources_unread += other.resources_unread;
        self.lists_unread += other.lists_unread;
        self.outside += other.outside;
    }
}
