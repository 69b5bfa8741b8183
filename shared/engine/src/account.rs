//! Controls whose target is the account itself.

use remedy_domain::Target;

use crate::{ports::Place, remediation::Page};

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

/// The one page of targets: the account.
#[must_use]
pub fn discover(place: &Place) -> Page {
    Page { targets: vec![target(place)], next: None }
}

/// The account, if that is what `id` names.
#[must_use]
pub fn find(place: &Place, id: &str) -> Vec<Target> {
    if id == place.account.as_str() { vec![target(place)] } else { vec![] }
}
