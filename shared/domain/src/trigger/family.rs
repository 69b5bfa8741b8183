//! Which family of events a document belongs to. Told by the members that are there, never by their values.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::refusal::{Refusal, RefusalKind};
use super::{Trigger, approved, bus, config_rule, config_topic, manual, shape, sweep, text, undo};

/// A family of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Several messages: SQS or SNS.
    Records,
    /// What SNS puts around an event on its way into a queue.
    Notification,
    /// AWS Config invokes a custom rule.
    ConfigRule,
    /// What AWS Config sends to its own topic.
    ConfigTopic,
    /// `EventBridge`.
    Bus,
    /// Our own: some controls and a resource.
    Manual,
    /// Our own: look at everything.
    Sweep,
    /// Our own: say what would come of it if every control were enforced.
    Status,
    /// Our own: undo a plan.
    Undo,
    /// Our own: carry out a plan that was approved.
    Approved,
}

/// The family of a document. Two at once are none: which of them is meant must not depend on our order of asking.
pub(super) fn of(text: &str) -> Result<Family, Refusal> {
    let members: Members = shape::object("event", text)?;
    let mut families = members.families();
    match (families.next(), families.next()) {
        (Some(family), None) => Ok(family),
        (None, _) => Err(unknown("no member tells what it is")),
        _ => Err(unknown("its members belong to two kinds of events")),
    }
}

/// A single event that has been looked over.
pub(super) fn event(text: &str) -> Result<Vec<Trigger>, Refusal> {
    text::event(text)?;
    match of(text)? {
        Family::ConfigRule => Ok(vec![config_rule::read(text)?]),
        Family::ConfigTopic => config_topic::read(text),
        Family::Bus => bus::read(text),
        Family::Manual => Ok(vec![manual::read(text)?]),
        Family::Sweep => Ok(vec![sweep::read(text)?]),
        Family::Status => Ok(vec![sweep::read_status(text)?]),
        Family::Undo => Ok(vec![undo::read(text)?]),
        Family::Approved => Ok(vec![approved::read(text)?]),
        Family::Records => Err(Refusal::shape("records inside a message")),
        Family::Notification => Err(unknown("a notification outside of a queue")),
    }
}

fn unknown(detail: &str) -> Refusal {
    Refusal::new(RefusalKind::UnknownEvent, detail)
}

/// The members that distinguish families.
#[derive(Deserialize)]
struct Members {
    #[serde(rename = "Records", default, deserialize_with = "present")]
    records: Option<IgnoredAny>,
    #[serde(rename = "Type", default, deserialize_with = "present")]
    type_: Option<IgnoredAny>,
    #[serde(rename = "Message", default, deserialize_with = "present")]
    message: Option<IgnoredAny>,
    #[serde(rename = "invokingEvent", default, deserialize_with = "present")]
    invoking_event: Option<IgnoredAny>,
    #[serde(rename = "messageType", default, deserialize_with = "present")]
    message_type: Option<IgnoredAny>,
    #[serde(rename = "detail-type", default, deserialize_with = "present")]
    detail_type: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    source: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    control: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    controls: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    sweep: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    status: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    revert: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    approved: Option<IgnoredAny>,
}

impl Members {
    fn families(&self) -> impl Iterator<Item = Family> {
        let told = [
            (Family::Records, self.records),
            (Family::Notification, self.type_.and(self.message)),
            (Family::ConfigRule, self.invoking_event),
            (Family::ConfigTopic, self.message_type),
            (Family::Bus, self.detail_type.and(self.source)),
            (Family::Manual, self.control.or(self.controls)),
            (Family::Sweep, self.sweep),
            (Family::Status, self.status),
            (Family::Undo, self.revert),
            (Family::Approved, self.approved),
        ];
        told.into_iter().filter_map(|(family, there)| there.map(|_| family))
    }
}

/// There, `null` or not: an explicit null is a mistake in an event of that family, not an event of another one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IgnoredAny>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(Some)
}
