//! `AWS Console Sign In via CloudTrail`.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>
//!
//! Failed logins have no ARN and SAML ones no `LoginTo`, which `aws_lambda_events` insists on: the very events that matter.

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Object, Region};
use super::subject::{USER, UserIdentity, of_type};
use super::{Cause, Idle, Scope, Trigger};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    recipient_account_id: Account,
    aws_region: Option<Region>,
    user_identity: Object<UserIdentity>,
    error_message: Option<String>,
    response_elements: Option<Object<Response>>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "ConsoleLogin")]
    console_login: Option<String>,
}

/// Reads the event. A login shows the user; whether it had MFA is asked of the live account.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    envelope.own(&detail.recipient_account_id)?;
    let region = detail.aws_region.clone();
    Ok(vec![envelope.trigger(Cause::SignIn, detail.scope(), region)])
}

impl Detail {
    fn has_failed(&self) -> bool {
        let answer = self.response_elements.as_ref().and_then(|response| response.0.console_login.as_deref());
        self.error_message.is_some() || answer == Some("Failure")
    }

    fn scope(self) -> Scope {
        if self.has_failed() {
            return Scope::Nothing(Idle::CallFailed);
        }
        match self.user_identity.0.user_of(&self.recipient_account_id) {
            Some(user) => of_type(USER, user),
            None => Scope::Nothing(Idle::NotAboutAResource),
        }
    }
}
