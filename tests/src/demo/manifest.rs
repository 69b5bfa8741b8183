//! What `tools/demo_break.py` says that it made.

use serde::Deserialize;

/// One account, broken.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    /// The places, in the order of the tables.
    pub(crate) places: Vec<Place>,
    /// What the emulator could not do.
    pub(crate) unsupported: Vec<Unsupported>,
    /// What stands in for what the emulator lacks.
    pub(crate) notes: Vec<String>,
}

/// A place that could not be made.
#[derive(Debug, Deserialize)]
pub(crate) struct Unsupported {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// One resource under one control: something that is wrong, or something that must be left alone.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    /// The control; empty where no control is about such a resource.
    pub(crate) control: String,
    /// The id that a run answers with.
    pub(crate) resource: String,
    /// The id for people.
    pub(crate) label: String,
    /// What is wrong, in a few words.
    pub(crate) wrong: String,
    /// How the run must end.
    pub(crate) outcome: String,
    /// The Config rule whose event names it; none: only the sweep finds it.
    pub(crate) rule: Option<String>,
    /// The id that AWS Config has for it.
    pub(crate) event_id: String,
    /// Its type in AWS Config.
    pub(crate) resource_type: String,
    /// Whether its repair is to be undone.
    pub(crate) undo: bool,
}

impl Place {
    /// The function that looks after it.
    pub(crate) fn function(&self) -> &'static str {
        match self.control.as_str() {
            "iam-password-policy-weak" => "iam-password-policy",
            control if control.starts_with("s3-") => "s3-public-access",
            control if control.starts_with("kms-") => "kms-keys",
            _ => "iam-mfa",
        }
    }

    /// Whether it is there to be left alone.
    pub(crate) fn is_decoy(&self) -> bool {
        !matches!(self.outcome.as_str(), "repaired" | "contained" | "awaiting-approval" | "needs-human")
    }
}
