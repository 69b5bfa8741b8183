//! Notices by SNS.

use aws_sdk_sns::Client;
use remedy_domain::{Call, redact};
use remedy_engine::{Notice, Notices};

use crate::{faults::fault, session::Session};

/// The calls of notices.
pub(crate) const CALLS: [Call; 1] = [Call::same("sns:Publish")];

/// The topic, if there is one.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) session: Session,
    pub(crate) arn: Option<String>,
}

impl Notices for Topic {
    async fn tell(&self, notice: &Notice) {
        let Some(arn) = &self.arn else { return };
        let subject: String = redact::text(&format!("Remedy: {}", notice.control)).chars().take(100).collect();
        let text = body(notice);
        let sent =
            Client::new(self.session.config()).publish().topic_arn(arn).subject(subject).message(text).send().await;
        if let Err(error) = sent {
            let fault = fault("sns:Publish", &error);
            tracing::error!(control.id = notice.control, fault.code = %fault.code, "a notice could not be sent");
        }
    }
}

fn body(notice: &Notice) -> String {
    let plan = notice.plan.as_ref().map_or(String::new(), |plan| format!("\nplan {plan}"));
    format!("{}\naccount {} region {}{plan}", notice.text, notice.target.account, notice.target.region)
}
