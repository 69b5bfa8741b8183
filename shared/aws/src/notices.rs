//! Notices by SNS: one message that reads well as e-mail, and as a card in a chat channel.

use aws_sdk_sns::Client;
use remedy_domain::{Call, redact};
use remedy_engine::{Notice, Notices, Notified};
use serde_json::{Value, json};

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
    async fn tell(&self, notice: &Notice) -> Notified {
        let Some(arn) = &self.arn else { return Notified::Yes };
        let subject: String = redact::text(&format!("Remedy: {}", notice.control)).chars().take(100).collect();
        let publish = Client::new(self.session.config()).publish().topic_arn(arn).subject(subject);
        let sent = publish.message_structure("json").message(messages(notice).to_string()).send().await;
        let Err(error) = sent else { return Notified::Yes };
        let fault = fault("sns:Publish", &error);
        telemetry::unsent(&self.function, &notice.control, &fault, clock::now());
        Notified::No
    }
}

/// A message for each kind of subscriber (`MessageStructure` `json`). What subscribes by HTTPS is taken for Amazon Q Developer in
/// chat applications, whose "custom notification" it gets; everything else reads text.
fn messages(notice: &Notice) -> Value {
    json!({"default": text(notice), "https": card(notice).to_string()})
}

fn text(notice: &Notice) -> String {
    let plan = notice.plan.as_ref().map_or(String::new(), |plan| format!("\nplan {plan}"));
    format!("{}\naccount {} region {}{plan}", notice.text, notice.target.account, notice.target.region)
}

/// The event schema of custom notifications, version 1.0. All notices of one control about one resource are one thread.
fn card(notice: &Notice) -> Value {
    let (control, target) = (&notice.control, &notice.target);
    let mut context = json!({"account": target.account, "region": target.region, "class": notice.alarm.word()});
    if let (Some(plan), Some(members)) = (&notice.plan, context.as_object_mut()) {
        members.insert("plan".to_owned(), json!(plan));
    }
    json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": format!("Remedy {}: {}", notice.alarm.word(), plain(control)),
            "description": plain(&notice.text),
        },
        "metadata": {
            "threadId": format!("{}-{}", plain(control), target.hash()),
            "summary": plain(&notice.text),
            "relatedResources": [plain(target.arn.as_deref().unwrap_or(&target.id))],
            "additionalContext": context,
        },
    })
}

/// `text` without what a chat channel takes for mentions, links or markup: it may hold names that somebody else chose.
fn plain(text: &str) -> String {
    let neutral = |c| match c {
        '<' => '(',
        '>' => ')',
        '*' | '`' | '~' | '|' | '[' | ']' | '&' | '@' => ' ',
        other => other,
    };
    text.chars().map(neutral).collect()
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, PlanId, Region, Target, outcome::Alarm};

    use super::*;

    fn notice(text: &str) -> Notice {
        let target = Target {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            id: "scans".to_owned(),
            unique_id: None,
            arn: Some("arn:aws:s3:::scans".to_owned()),
        };
        let plan = Some(PlanId::parse("0".repeat(64)).unwrap());
        Notice { alarm: Alarm::Notice, control: "s3-bucket-public".to_owned(), target, plan, text: text.to_owned() }
    }

    #[test]
    fn mail_reads_text_and_chat_gets_a_card() {
        let messages = messages(&notice("s3-bucket-public scans: awaiting-approval."));
        let text = messages["default"].as_str().unwrap();
        let plan = "0".repeat(64);
        let expected =
            format!("s3-bucket-public scans: awaiting-approval.\naccount 111122223333 region us-east-1\nplan {plan}");
        assert_eq!(text, expected);
        let card: Value = serde_json::from_str(messages["https"].as_str().unwrap()).unwrap();
        assert_eq!((&card["version"], &card["source"]), (&json!("1.0"), &json!("custom")));
        assert_eq!(card["content"]["title"], "Remedy notice: s3-bucket-public");
        assert_eq!(card["content"]["description"], "s3-bucket-public scans: awaiting-approval.");
        assert_eq!(card["metadata"]["additionalContext"]["plan"], json!(plan));
        assert!(card["metadata"]["threadId"].as_str().unwrap().starts_with("s3-bucket-public-"));
    }

    #[test]
    fn a_name_that_somebody_chose_mentions_nobody() {
        let card = card(&notice("owner <!channel> @here [pay](https://x) `code`"));
        let said = card["content"]["description"].as_str().unwrap();
        assert_eq!(said, "owner (!channel)  here  pay (https://x)  code ");
    }
}
