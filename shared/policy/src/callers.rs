//! From where strangers can call.

use crate::{
    document::Clause,
    ip::{Addresses, Block},
};

/// The addresses that strangers can call from.
#[derive(Debug)]
pub(crate) struct Callers {
    from: Addresses,
    /// Whether they may come through a VPC endpoint, where there is no address to compare.
    without: bool,
}

impl Callers {
    /// `present`: whether there is an address, if that is settled.
    pub(crate) fn new(present: Option<bool>) -> Self {
        let from = if present == Some(false) { Addresses::default() } else { Addresses::internet() };
        Self { from, without: present != Some(true) }
    }

    /// Whether they are more than a fixed set.
    pub(crate) fn is_public(&self) -> bool {
        self.without || self.from.is_broad()
    }

    /// Those who meet a condition of an allow.
    pub(crate) fn allow(&mut self, clause: &Clause<'_>, blocks: &[Block]) {
        let blocks = Addresses::of(blocks);
        if clause.negated {
            self.from.subtract(&blocks);
        } else {
            self.from.intersect(&blocks);
        }
        self.without &= clause.holds_without_key();
    }

    /// Those who do not meet a condition of a deny.
    pub(crate) fn deny(&mut self, clause: &Clause<'_>, blocks: &[Block]) {
        let blocks = Addresses::of(blocks);
        if clause.negated {
            self.from.intersect(&blocks);
        } else {
            self.from.subtract(&blocks);
        }
        self.without &= !clause.holds_without_key();
    }
}
