//! A settings document: its text, and its settings. The text is stored, so that a version that knows more, or less,
//! than the one that stored it reads what people wrote.

use super::{Settings, SettingsError};
use crate::canonical;

/// A settings document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As it was written.
    pub text: String,
    /// The settings in it.
    pub settings: Settings,
}

impl Written {
    /// Reads a document that is deployed, or asked for. Members that this version does not know are refused.
    pub fn read(json: &[u8]) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        Ok(Self { text: String::from_utf8_lossy(json).into_owned(), settings })
    }

    /// Reads a document that was put in force, by any version.
    pub fn stored(text: String) -> Result<Self, SettingsError> {
        let settings = Settings::stored(text.as_bytes())?;
        Ok(Self { text, settings })
    }

    /// The SHA-256 of the text.
    #[must_use]
    pub fn sha256(&self) -> String {
        canonical::sha256_hex(self.text.as_bytes())
    }
}
