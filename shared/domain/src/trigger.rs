//! What a delivery asks for, read once from the bytes that Lambda hands over.
//!
//! Every payload is untrusted: any invoker of the function can write one, and others chose the names in it. [`parse`]
//! therefore refuses what it does not know, and keeps of the rest only *where to look*: a [`Hint`] names a resource and
//! never says what state it is in. Live state decides.
//!
//! | Family | Told by | Modules |
//! |---|---|---|
//! | SQS, SNS | `Records` | `queue`, `topic` |
//! | AWS Config rule | `invokingEvent` | `config_rule` |
//! | AWS Config's topic | `messageType` | `config_topic` |
//! | `EventBridge` | `detail-type` and `source` | `bus` and one module a detail type |
//! | our own | `control`, `sweep`, `revert` | `manual`, `sweep`, `undo` |
//!
//! Exactly one family must match. A `CloudWatch` alarm action matches none and is refused: an alarm names no resource,
//! so one that is wired to a repair is a mistake which ought to be seen.
//!
//! No document is ever built as a tree. A scanner checks the syntax, the depth and the member names of the whole text in
//! bounded memory; typed structs then pick out the few members that matter.

use std::fmt;

use serde::{Deserialize, Serialize};

mod access_analyzer;
mod api_call;
mod approved;
mod asff;
mod bus;
mod call_parameters;
mod call_subjects;
mod compliance;
mod config_rule;
mod config_topic;
mod family;
mod guard_duty;
mod item;
mod keys;
mod kms;
#[doc(hidden)]
pub mod malformed;
mod malformed_bulk;
mod malformed_members;
mod malformed_values;
mod manual;
mod queue;
mod records;
mod refusal;
mod rule_name;
mod scan;
mod security_hub;
mod shape;
mod sign_in;
mod subject;
mod sweep;
mod text;
mod topic;
mod undo;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod variants;

pub use self::refusal::{Refusal, RefusalKind};
pub use self::rule_name::undecorated;

/// What one event asks for.
///
/// An event about several resources (a Security Hub custom action on many findings) becomes several triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Where to look.
    pub scope: Scope,
    /// Which kind of event asked.
    pub cause: Cause,
    /// Where the evaluation goes; only a Config rule invocation has one.
    pub reply_to: Option<ReplyTo>,
    /// Twelve digits. `None` in our own events means the account the function lives in.
    pub account: Option<String>,
    /// The region of the resource; of the event where the resource is global. `None` means the function's own.
    pub region: Option<String>,
    /// `observe`, `approve` or `enforce`: the highest mode a manual event lets this run have. It can only lower the
    /// mode that the settings give, since anybody who may invoke the function can write it.
    pub mode_ceiling: Option<String>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One resource, to be looked up in the live account.
    One(Hint),
    /// Every target of the controls that are meant.
    All {
        /// Which of the function's controls.
        selector: Selector,
        /// The place in the listing at which the sweep continues.
        at: Cursor,
    },
    /// Nothing to look at. The delivery is answered and acknowledged.
    Nothing(Idle),
    /// One of several that came in one event, and is not taken. The others are followed before the event is refused.
    Refused(Refusal),
    /// Undo of a plan.
    Revert {
        /// The plan's id: 64 lower-case hexadecimal digits.
        plan: String,
    },
    /// A plan that a person is said to have approved.
    Approved {
        /// The plan's id: 64 lower-case hexadecimal digits.
        plan: String,
    },
}

/// A place in the listing of a kind of resource. The default is its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The token by which AWS gives the page; none for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The hash of the last target of the page that was done, in the order of the hashes: [`Target::hash`](crate::Target::hash).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Cursor {
    /// The beginning of the listing.
    pub const BEGINNING: Self = Self { from: None, after: None };

    /// The beginning of the page of this token.
    #[must_use]
    pub fn page(from: Option<String>) -> Self {
        Self { from, after: None }
    }

    /// Behind this target of the same page.
    #[must_use]
    pub fn past(&self, hash: &str) -> Self {
        Self { from: self.from.clone(), after: Some(hash.to_owned()) }
    }
}

/// The trigger's statement about the resource. Never its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// In the spelling of AWS Config (`AWS::S3::Bucket`), if the event has it.
    pub resource_type: Option<String>,
    /// An id, a name or an ARN, as the event has it: 1 to 1,224 characters, none of them a control character.
    /// Config itself is not consistent here, so it is matched by equality against the live account.
    pub id: String,
    /// Which of the function's controls are meant.
    pub selector: Selector,
}

/// Which of the function's controls are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// All of them.
    Any,
    /// Those of these ids; at least one.
    Controls(Vec<String>),
    /// Those that answer a Config rule.
    ConfigRule {
        /// As it arrived; [`undecorated`] takes off what conformance packs and Security Hub add.
        name: String,
    },
    /// Those that watch an API call.
    ApiCall {
        /// `CloudTrail`'s `eventSource`, as in `s3.amazonaws.com`.
        source: String,
        /// `CloudTrail`'s `eventName`, as in `DeleteBucketPublicAccessBlock`.
        name: String,
    },
    /// Those whose targets are of this type, in the spelling of AWS Config.
    ResourceType(String),
}

/// Which kind of event asked. In JSON and in text a kebab-case word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody, or the sweep's queue, named a control and a resource.
    Manual,
    /// A sweep was asked for.
    Sweep,
    /// Somebody asked what would come of it if every control were enforced today.
    Status,
    /// Undo of a plan was asked for.
    Revert,
    /// A plan was approved.
    Approved,
    /// AWS Config invoked a custom rule.
    ConfigRule,
    /// `Config Rules Compliance Change`.
    ComplianceChange,
    /// `Config Configuration Item Change`.
    ConfigurationItem,
    /// `AWS API Call via CloudTrail`.
    ApiCall,
    /// `AWS Console Sign In via CloudTrail`.
    SignIn,
    /// `Security Hub Findings - Imported`, and `Findings Imported V2`.
    SecurityHubImported,
    /// `Security Hub Findings - Custom Action`: a person chose the finding.
    SecurityHubCustomAction,
    /// `Access Analyzer Finding`.
    AccessAnalyzer,
    /// `GuardDuty Finding`.
    GuardDuty,
    /// A rotation, expiration or deletion that KMS reports.
    Kms,
    /// `AWS Health Event`.
    Health,
    /// `Scheduled Event`.
    Schedule,
}

/// Why there is nothing to look at. In JSON and in text a kebab-case word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// The evaluation or check passed.
    Compliant,
    /// The rule does not apply to the resource.
    NotApplicable,
    /// The service had insufficient data.
    InsufficientData,
    /// The resource is gone, or its type is no longer recorded.
    ResourceDeleted,
    /// The resource left the scope of the Config rule.
    LeftScope,
    /// The API call or the login was denied or failed, so it changed nothing.
    CallFailed,
    /// The event names no resource, or none of a kind known here.
    NotAboutAResource,
    /// The finding was resolved.
    Resolved,
    /// The finding was suppressed by somebody.
    Suppressed,
    /// The finding was archived.
    Archived,
    /// Access Analyzer could not analyse the resource.
    AnalysisFailed,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Where the evaluation of a Config rule invocation goes: the arguments of `PutEvaluations`.
///
/// Present even if there is [nothing](Scope::Nothing) to look at, because a resource that was deleted or left the scope
/// still needs its `NOT_APPLICABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// Opaque. `TESTMODE` asks for `TestMode=true`.
    pub result_token: String,
    /// The rule that asks, decorated or not.
    pub rule_name: String,
    /// When the item was captured; for periodic invocations, when the notification was made.
    pub ordering_timestamp: String,
    /// Type and id, word for word as Config expects them back. `None` for periodic invocations.
    pub resource: Option<(String, String)>,
}

/// A delivery as Lambda hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// One event: at least one trigger.
    Direct(Vec<Trigger>),
    /// Messages of an SQS queue; answered one by one with `batchItemFailures`.
    Batch(Vec<Message>),
    /// Notifications of an SNS topic; they cannot be answered one by one.
    Notifications(Vec<Message>),
}

/// How often a message was delivered, according to its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// For the first time, or nobody counts.
    First,
    /// Once more: it was given back, or its worker crashed.
    Again,
}

/// One message of a delivery, good or refused on its own, so that a bad one does not hold up its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// SQS's `messageId` or SNS's `MessageId`.
    pub id: String,
    /// Whether an earlier delivery of it may have had an effect.
    pub carried: Carried,
    /// What its event asks for: at least one trigger.
    pub triggers: Result<Vec<Trigger>, Refusal>,
}

/// Reads a delivery. Never panics, and needs memory in proportion to the payload with a small factor.
///
/// An `Err` refuses the whole delivery; a refusal of one message stands in that [`Message`].
pub fn parse(payload: &[u8]) -> Result<Delivery, Refusal> {
    let text = text::document(payload)?;
    if family::of(text)? == family::Family::Records {
        records::read(text)
    } else {
        family::event(text).map(Delivery::Direct)
    }
}

impl Trigger {
    /// A trigger without reply or ceiling, as all events from the bus are.
    fn new(cause: Cause, scope: Scope, account: Option<shape::Account>, region: Option<shape::Region>) -> Self {
        Self {
            scope,
            cause,
            reply_to: None,
            account: account.map(String::from),
            region: region.map(String::from),
            mode_ceiling: None,
        }
    }
}
