//! Notices by SNS.

use aws_sdk_sns::Client;
use remedy_domain::{Call, redact};
use remedy_engine::{Notice, Notices, Told};

use crate::{clock, faults::fault, session::Session, telemetry};

/// The calls of notices.
pub(crate) const CALLS: [Call; 1] = [Call::same("sns:Publish")];

/// The topic, if there is one.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) function: String,
    pub(crate) session: Session,
    pub(crate) arn: Option<String>,
}

impl Notices for Topic {
    /// A notice that cannot be sent is logged here.
    async fn tell(&self, notice: &Notice) -> Told {
        let Some(arn) = &self.arn else { return Told::Yes };
        let subject: String = redact::text(&format!("Remedy: {}", notice.control)).chars().take(100).collect();
        let text = body(notice);
        let sent =
            Client::new(self.session.config()).publish().topic_arn(arn).subject(subject).message(text).send().await;
        let Err(error) = sent else { return Told::Yes };
        let fault = fault("sns:Publish", &error);
        telemetry::unsent(&self.function, &notice.control, &fault, clock::now());
        Told::No
    }
}

fn body(notice: &Notice) -> String {
    let plan = notice.plan.as_ref().map_or(String::new(), |plan| format!("\nplan {plan}"));
    format!("{}\naccount {} region {}{plan}", notice.text, notice.target.account, notice.target.region)
}
