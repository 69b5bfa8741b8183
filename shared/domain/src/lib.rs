//! What Remedy knows, without any means to act: triggers, targets, verdicts, plans, the guard and evidence records.
//!
//! Everything here is pure. No clock, no environment, no network: the caller passes the time.

pub mod actor;
pub mod ask;
pub mod canonical;
pub mod citation;
pub mod control;
pub mod deployment;
pub mod evidence;
pub mod exemption;
pub mod fault;
pub mod fence;
pub mod guard;
pub mod hold;
pub mod ids;
pub mod merge;
pub mod outcome;
pub mod ownership;
pub mod plan;
pub mod reason;
pub mod redact;
pub mod renamed;
pub mod request;
pub mod setting;
pub mod settings;
pub mod signed;
pub mod stored;
pub mod trigger;
pub mod verdict;

pub use actor::Actor;
pub use control::{Call, Control, ControlId, Identities, ResourceKind, Scope, Service, Stops};
pub use fault::{Fault, FaultKind};
pub use ids::{AccountId, AttemptId, Audience, Nonce, PlanId, Region, Target};
pub use jiff::{SignedDuration, Timestamp};

/// Two clocks may differ by so much: AWS refuses a request whose time is more than five minutes off its own, either way.
pub const CLOCKS_DIFFER: std::time::Duration = std::time::Duration::from_mins(10);
pub use merge::{Conflict, merge};
pub use outcome::Outcome;
pub use plan::Plan;
pub use reason::Reason;
pub use setting::{Harm, NoStep, Optional, Put, Route, Setting, Step, Whole, merge_members, merge_optional};
pub use settings::{AdminPolicyRepair, IdentityRepairs, Mode, Parameters, PutEncryption, Settings};
pub use stored::Word;
pub use verdict::{Administrator, Consent, Context, Drift, Impact, Observed, Verdict, Violation};
