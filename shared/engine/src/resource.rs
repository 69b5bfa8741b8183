//! Kinds of AWS resources: how their targets are listed, found, and whose they are.

use std::collections::BTreeMap;

use remedy_domain::{Fault, ResourceKind, Target};

use crate::ports::Place;

/// A kind of AWS resource. It is declared once and used by every control of it.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Resource: 'static {
    /// How AWS names it, and the calls below.
    const KIND: ResourceKind;
    /// The client of its service.
    type Client;

    /// One page of all targets in a place, for the sweep.
    async fn list(client: &Self::Client, place: &Place, from: Option<String>) -> Result<Page, Fault>;

    /// Every live target that is called `id`: matched by equality with its id, name or ARN, never by the form of `id`.
    async fn find(client: &Self::Client, place: &Place, id: &str) -> Result<Vec<Target>, Fault>;

    /// The tags of the target by key; their values may hold anything. Read only once a plan was drafted: the owner of the
    /// resource affects who must agree. Resources without tags have none.
    async fn tags(_client: &Self::Client, _target: &Target) -> Result<Tags, Fault> {
        Ok(Tags::new())
    }
}

/// Tags: values by key.
pub type Tags = BTreeMap<String, String>;

/// One page of targets.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The targets.
    pub targets: Vec<Target>,
    /// Where the next page begins.
    pub next: Option<String>,
}
