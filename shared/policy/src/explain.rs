//! Why a verdict is what it is.

use crate::{document::Statement, json::Span};

/// A verdict and the places that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The verdict, as a machine names it.
    pub verdict: &'static str,
    /// What it says.
    pub says: String,
    /// Where it comes from.
    pub clues: Vec<Clue>,
}

/// A place in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// The policy, by its place among those that were looked at.
    pub policy: usize,
    /// The statement, by its place in the policy.
    pub statement: usize,
    /// The statement's id.
    pub sid: Option<String>,
    /// The clause.
    pub span: Span,
    /// What would restrict it.
    pub missing: &'static str,
}

impl Finding {
    pub(crate) fn new(verdict: &'static str, says: impl Into<String>, clues: Vec<Clue>) -> Self {
        Self { verdict, says: says.into(), clues }
    }
}

impl Clue {
    pub(crate) fn at(policy: usize, statement: &Statement<'_>, span: Span, missing: &'static str) -> Self {
        Self { policy, statement: statement.index, sid: statement.sid.as_deref().map(str::to_owned), span, missing }
    }
}
