//! `AWS API Call via CloudTrail`: somebody changed something.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
//!
//! `aws_lambda_events` drops `errorCode`, so that a denied call looks like one that went through, and fails on sessions
//! of users and of root. Hence types of our own, with only what is looked at.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Call, Object, Region};
use super::subject::UserIdentity;
use super::{Cause, Idle, Scope, Selector, Trigger, call_subjects};

/// What is looked at of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    pub(super) recipient_account_id: Account,
    aws_region: Option<Region>,
    pub(super) event_source: Call,
    pub(super) event_name: Call,
    error_code: Option<String>,
    pub(super) user_identity: Object<UserIdentity>,
    #[serde(borrow)]
    pub(super) request_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) response_elements: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) resources: Option<&'a RawValue>,
}

/// Reads the event.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let record: Record<'_> = envelope.detail()?;
    if !record.is_of(&envelope.source) {
        return Err(envelope.untrusted());
    }
    envelope.own(&record.recipient_account_id)?;
    let region = record.aws_region.clone();
    let scopes = record.scopes()?;
    Ok(scopes.into_iter().map(|scope| envelope.trigger(Cause::ApiCall, scope, region.clone())).collect())
}

impl Record<'_> {
    /// Whether the record is of the service that the envelope names: `aws.s3` sends those of `s3.amazonaws.com`. The
    /// references of all services that Remedy watches show this pattern and no exception.
    fn is_of(&self, source: &str) -> bool {
        let service = self.event_source.as_ref().strip_suffix(".amazonaws.com");
        service.is_some_and(|service| source.strip_prefix("aws.") == Some(service))
    }

    fn scopes(self) -> Result<Vec<Scope>, Refusal> {
        if self.error_code.is_some() {
            return Ok(vec![Scope::Nothing(Idle::CallFailed)]);
        }
        let source = self.event_source.as_ref().to_owned();
        let selector = Selector::ApiCall { source, name: self.event_name.as_ref().to_owned() };
        let subjects = call_subjects::subjects(self)?;
        if subjects.is_empty() {
            return Ok(vec![Scope::Nothing(Idle::NotAboutAResource)]);
        }
        Ok(subjects.into_iter().map(|subject| subject.scope(selector.clone())).collect())
    }
}
