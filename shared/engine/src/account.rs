//! Controls whose target is the account itself.

use remedy_domain::{AccountId, Region, Target, outcome::Alarm, redact};

use crate::{
    ports::{Notice, Place},
    resource::Page,
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

/// The one page of targets: the account.
#[must_use]
pub fn page(place: &Place) -> Page {
    Page { targets: vec![target(place)], next: None }
}

/// The account, if that is what `id` names.
#[must_use]
pub fn named(place: &Place, id: &str) -> Vec<Target> {
    if id == place.account.as_str() { vec![target(place)] } else { vec![] }
}
