//! The addresses of external callers.

use crate::{
    document::Clause,
    ip::{Addresses, Block},
};

/// The addresses that external callers can have.
#[derive(Debug)]
pub(crate) struct Callers {
    from: Addresses,
    /// Whether they may come through a VPC endpoint, where there is no address to compare.
    without: bool,
    /// Whether they come from whole ranges, each named by one that is too broad, whatever part of it is private.
    named_broad: bool,
}

impl Callers {
    /// `present`: whether there is an address, if that is settled.
    pub(crate) fn new(present: Option<bool>) -> Self {
        let from = if present == Some(false) { Addresses::default() } else { Addresses::internet() };
        Self { from, without: present != Some(true), named_broad: true }
    }

    /// Whether they are more than a fixed set.
    pub(crate) fn is_public(&self) -> bool {
        self.without || self.from.is_broad() || (self.named_broad && !self.from.is_empty())
    }

    /// Those who meet a condition of an allow.
    pub(crate) fn allow(&mut self, clause: &Clause<'_>, blocks: &[Block]) {
        if clause.negated {
            self.drop(blocks);
        } else {
            self.keep(blocks);
        }
        self.without &= clause.holds_without_key();
    }

    /// Those who do not meet a condition of a deny.
    pub(crate) fn deny(&mut self, clause: &Clause<'_>, blocks: &[Block]) {
        if clause.negated {
            self.keep(blocks);
        } else {
            self.drop(blocks);
        }
        self.without &= !clause.holds_without_key();
    }

    fn keep(&mut self, blocks: &[Block]) {
        self.named_broad &= blocks.iter().any(|block| block.is_broad());
        self.from.intersect(&Addresses::of(blocks));
    }

    fn drop(&mut self, blocks: &[Block]) {
        self.named_broad = false;
        self.from.subtract(&Addresses::of(blocks));
    }
}
