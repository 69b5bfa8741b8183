//! `EventBridge`: the envelope, and which module reads its detail.
//!
//! Nobody but AWS may put events with a source of `aws.` on the default bus, so the source is what makes an event
//! believable, and each detail type is taken from its own service only.
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::{Refusal, RefusalKind};
use super::shape::{Account, Region, object, part};
use super::{
    Cause, Cursor, Idle, Scope, Selector, Trigger, access_analyzer, api_call, compliance, guard_duty, item, kms,
    security_hub, sign_in,
};

/// What all events of the bus have.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(rename = "detail-type")]
    detail_type: String,
    pub(super) source: String,
    pub(super) account: Account,
    pub(super) region: Region,
    #[serde(borrow)]
    pub(super) resources: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// Who sends a detail type.
enum Sender {
    /// This service alone.
    Service(&'static str),
    /// One of these services alone.
    OneOf(&'static [&'static str]),
    /// Every service; the detail must agree.
    Any,
}

/// What a detail type has to say.
enum Content {
    /// It stands in the detail.
    Detail(fn(&Envelope<'_>) -> Result<Vec<Trigger>, Refusal>),
    /// Always the same.
    Fixed(Cause, Scope),
}

use Content::{Detail, Fixed};
use Sender::{Any, OneOf, Service};

/// AWS Config also reports that a snapshot or a history was delivered, or a rule evaluated again. A rule of the bus that
/// matches the whole service must not fill the dead-letter queue with them.
const CONFIG: &str = "aws.config";

/// Health events report keys and maintenance, and need people more than repair. `Findings Imported V2` speaks OCSF and
/// repeats what arrives in ASFF. Both are accepted, so that a rule which matches a whole service does not fill the
/// dead-letter queue, and not read. A schedule carries no input of its own: everything is meant.
const KINDS: [(&str, Sender, Content); 14] = [
    ("Config Rules Compliance Change", Service(CONFIG), Detail(compliance::read)),
    ("Config Configuration Item Change", Service(CONFIG), Detail(item::read)),
    ("AWS API Call via CloudTrail", Any, Detail(api_call::read)),
    ("AWS Console Sign In via CloudTrail", Service("aws.signin"), Detail(sign_in::read)),
    ("Security Hub Findings - Imported", Service("aws.securityhub"), Detail(security_hub::imported)),
    ("Security Hub Findings - Custom Action", Service("aws.securityhub"), Detail(security_hub::custom_action)),
    (
        "Findings Imported V2",
        Service("aws.securityhub"),
        Fixed(Cause::SecurityHubImported, Scope::Nothing(Idle::NotAboutAResource)),
    ),
    ("Access Analyzer Finding", Service("aws.access-analyzer"), Detail(access_analyzer::read)),
    ("GuardDuty Finding", Service("aws.guardduty"), Detail(guard_duty::read)),
    ("KMS CMK Rotation", Service("aws.kms"), Detail(kms::read)),
    ("KMS CMK Deletion", Service("aws.kms"), Detail(kms::read)),
    ("KMS Imported Key Material Expiration", Service("aws.kms"), Detail(kms::read)),
    ("AWS Health Event", Service("aws.health"), Fixed(Cause::Health, Scope::Nothing(Idle::NotAboutAResource))),
    (
        "Scheduled Event",
        OneOf(&["aws.events", "aws.scheduler"]),
        Fixed(Cause::Schedule, Scope::All { selector: Selector::Any, at: Cursor::BEGINNING }),
    ),
];

/// Reads an event of the bus.
pub(super) fn read(text: &str) -> Result<Vec<Trigger>, Refusal> {
    let envelope: Envelope<'_> = object("event", text)?;
    if !envelope.source.starts_with("aws.") {
        return Err(envelope.untrusted());
    }
    let Some((_, sender, content)) = KINDS.iter().find(|(kind, ..)| *kind == envelope.detail_type) else {
        if envelope.source == CONFIG && envelope.detail_type.starts_with("Config ") {
            return Ok(envelope.idle(Cause::ConfigurationItem, Idle::NotAboutAResource));
        }
        let detail = format!("detail-type `{}`", Refusal::shown(&envelope.detail_type));
        return Err(Refusal::new(RefusalKind::UnknownEvent, &detail));
    };
    match (sender, content) {
        (Service(service), _) if *service != envelope.source => Err(envelope.untrusted()),
        (OneOf(services), _) if !services.contains(&envelope.source.as_str()) => Err(envelope.untrusted()),
        (_, Detail(read)) => read(&envelope),
        (_, Fixed(cause, scope)) => Ok(vec![envelope.trigger(*cause, scope.clone(), None)]),
    }
}

impl<'a> Envelope<'a> {
    /// The envelope that an event of AWS Config would have.
    pub(super) fn of_config(account: Account, region: Region, detail: &'a RawValue) -> Self {
        let (detail_type, source) = (String::new(), CONFIG.to_owned());
        Self { detail_type, source, account, region, resources: None, detail: Some(detail) }
    }

    /// The detail as a struct.
    pub(super) fn detail<T: Deserialize<'a>>(&self) -> Result<T, Refusal> {
        part("detail", self.detail)
    }

    /// Nothing unless the detail names the envelope's account.
    pub(super) fn own(&self, account: &Account) -> Result<(), Refusal> {
        if *account == self.account {
            return Ok(());
        }
        Err(Refusal::new(RefusalKind::ForeignAccount, "the detail names another account than the envelope"))
    }

    /// A trigger in the envelope's account, and its region unless the resource has its own.
    pub(super) fn trigger(&self, cause: Cause, scope: Scope, region: Option<Region>) -> Trigger {
        self.trigger_in(&self.account, cause, scope, region)
    }

    /// A trigger in another account, as the bus of an administrator of the organization carries it. Whether that account
    /// may be looked into is no matter of the event.
    pub(super) fn trigger_in(&self, account: &Account, cause: Cause, scope: Scope, region: Option<Region>) -> Trigger {
        let region = region.map_or_else(|| self.region.clone(), |region| region.or(&self.region));
        Trigger::new(cause, scope, Some(account.clone()), Some(region))
    }

    /// Nothing to look at.
    pub(super) fn idle(&self, cause: Cause, idle: Idle) -> Vec<Trigger> {
        vec![self.trigger(cause, Scope::Nothing(idle), None)]
    }

    /// A source that does not send such events.
    pub(super) fn untrusted(&self) -> Refusal {
        Refusal::new(RefusalKind::UntrustedSource, &format!("source `{}`", Refusal::shown(&self.source)))
    }
}
