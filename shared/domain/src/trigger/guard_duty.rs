//! `GuardDuty Finding`: something happened with a bucket or with a user's keys.
//! <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html>
//!
//! One finding as an object in camel case, not the list in upper camel case that Security Hub makes of it.

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Few, Object, Region, ResourceId};
use super::subject::{USER, of_type};
use super::{Cause, Idle, Scope, Trigger};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    account_id: Account,
    region: Option<Region>,
    resource: Object<Resource>,
    service: Option<Object<Service>>,
}

#[derive(Deserialize)]
struct Service {
    archived: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    s3_bucket_details: Option<Few<Object<Bucket>, 100>>,
    access_key_details: Option<Object<AccessKey>>,
}

#[derive(Deserialize)]
struct Bucket {
    name: ResourceId,
}

/// The keys of roles and of root are reported as well, with other user types.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessKey {
    user_type: Option<String>,
    user_name: Option<ResourceId>,
}

/// Reads the event: one trigger for each bucket, else one for the user.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    envelope.own(&detail.account_id)?;
    if detail.service.is_some_and(|service| service.0.archived == Some(true)) {
        return Ok(envelope.idle(Cause::GuardDuty, Idle::Archived));
    }
    let scopes = detail.resource.0.scopes();
    if scopes.is_empty() {
        return Ok(envelope.idle(Cause::GuardDuty, Idle::NotAboutAResource));
    }
    Ok(scopes.into_iter().map(|scope| envelope.trigger(Cause::GuardDuty, scope, detail.region.clone())).collect())
}

impl Resource {
    /// Findings on buckets name the key that was used as well; what is to be repaired is the bucket.
    fn scopes(self) -> Vec<Scope> {
        let buckets = self.s3_bucket_details.map_or_else(Vec::new, |buckets| buckets.0);
        if buckets.is_empty() {
            return self.access_key_details.and_then(|key| key.0.scope()).into_iter().collect();
        }
        buckets.into_iter().map(|bucket| of_type("AWS::S3::Bucket", bucket.0.name)).collect()
    }
}

impl AccessKey {
    fn scope(self) -> Option<Scope> {
        let is_user = self.user_type.as_deref() == Some("IAMUser");
        self.user_name.filter(|_| is_user).map(|user| of_type(USER, user))
    }
}
