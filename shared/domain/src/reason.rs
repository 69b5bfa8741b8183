//! Why a run ends as it does: a code for programs, and words for people.

use std::{borrow::Cow, fmt};

use serde::Serialize;

use crate::{fault::Fault, redact};

/// Why a run ends as it does, or what a person must know before it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    code: &'static str,
    /// The same in words. Built from fixed words and numbers only, or redacted.
    pub text: Cow<'static, str>,
}

impl Reason {
    /// A reason by its code, in kebab case, and in words. The words may change with a release; the code stays.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into() }
    }

    /// The code: the same in every release.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The same reason in other words, made of its own.
    #[must_use]
    pub fn reworded(self, words: impl FnOnce(&str) -> String) -> Self {
        Self { code: self.code, text: words(&self.text).into() }
    }

    /// The same reason as answers, logs and records have it.
    #[must_use]
    pub fn redacted(self) -> Self {
        self.reworded(redact::text)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A fault as a reason: its code is the kind of fault, because AWS has codes without end.
impl From<&Fault> for Reason {
    fn from(fault: &Fault) -> Self {
        Self { code: fault.kind.code(), text: fault.to_string().into() }
    }
}
