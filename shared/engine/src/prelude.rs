//! The vocabulary of a control: what almost every control names.

pub use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, NoStep, Observed, Optional, Parameters,
    Put, Reason, ResourceKind, Route, Scope, Setting, Step, Stops, Target, Verdict, Violation, Whole, merge,
    merge_members, merge_optional,
};
pub use serde::{Deserialize, Serialize};

pub use crate::{Client, Glance, Page, Place, Remediation, Resource, Tags, Writer};
