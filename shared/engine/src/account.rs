//! Controls whose target is the account itself.

use std::marker::PhantomData;

use remedy_domain::{AccountId, Fault, Identities, Region, ResourceKind, Scope, Target, outcome::Alarm, redact};

use crate::{
    ports::{Notice, Place},
    resource::{Page, Resource},
};

/// The AWS Config resource type of an account.
pub const TYPE: &str = "AWS::::Account";

/// The account as a target.
#[must_use]
pub fn target(place: &Place) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: place.account.to_string(),
        unique_id: None,
        arn: None,
    }
}

/// The notice about the account as a whole, by `author`.
#[must_use]
pub fn notice(author: &str, account: &AccountId, alarm: Alarm, text: &str) -> Notice {
    let place = Place { account: account.clone(), region: Region::global() };
    Notice { alarm, control: author.to_owned(), target: target(&place), plan: None, text: redact::text(text) }
}

/// A client of a service that has settings of the account as a whole.
pub trait OfAccount: 'static {
    /// The `eventSource` of the service's events.
    const SOURCE: &'static str;
    /// Whether repairs of these settings may touch identities.
    const IDENTITIES: Identities;
}

/// The account, as far as the service of this client is concerned.
#[derive(Debug)]
pub struct Account<C>(PhantomData<C>);

impl<C: OfAccount> Resource for Account<C> {
    const KIND: ResourceKind = ResourceKind {
        types: &[TYPE],
        scope: Scope::Global,
        source: C::SOURCE,
        identities: C::IDENTITIES,
        ..ResourceKind::PLAIN
    };
    type Client = C;

    /// One page: the account.
    async fn list(_: &C, place: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(Page { targets: vec![target(place)], next: None })
    }

    /// The account, if that is what `id` names.
    async fn find(_: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(if id == place.account.as_str() { vec![target(place)] } else { vec![] })
    }
}
