//! Reading the settings, anew for every invocation: a lowered mode holds from the next one on.

use remedy_domain::{Call, Fault, Settings, settings::SettingsError};
use remedy_engine::four_eyes;

use crate::{environment::SettingsAt, faults::fault, ports::AwsPorts};

/// The calls of reading the settings.
pub(crate) const CALLS: [Call; 1] = [Call::same("s3:GetObject")];

const NEXT: &str = "mend the settings; nothing is changed until they can be read";

impl AwsPorts {
    /// The settings in force. Unreadable or invalid ones stop everything.
    ///
    /// Settings that loosen those in force wait for a second person: until then the ones in force stay.
    pub async fn settings(&self) -> Result<Settings, Fault> {
        let document = match &self.environment.settings {
            SettingsAt::Default => return Ok(Settings::default()),
            SettingsAt::File(path) => {
                let bytes = std::fs::read(path).map_err(|_| Fault::rejected("settings", "unreadable-file", NEXT))?;
                parse(&bytes)?
            }
            SettingsAt::Object { bucket, key } => parse(&self.object(bucket, key).await?)?,
        };
        four_eyes::in_force(self, &self.own_account, document, self.environment.mode).await
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Fault> {
        let owner = self.own_account.as_str();
        let request = self.buckets.client().get_object().bucket(bucket).key(key).expected_bucket_owner(owner);
        let answer =
            request.send().await.map_err(|error| Fault { next: NEXT.to_owned(), ..fault("s3:GetObject", &error) })?;
        let body = answer.body.collect().await.map_err(|_| Fault::transient("s3:GetObject", "broken-answer"))?;
        Ok(body.to_vec())
    }
}

fn parse(bytes: &[u8]) -> Result<Settings, Fault> {
    Settings::parse(bytes).map_err(|error| {
        let code = match &error {
            SettingsError::Shape { .. } => "invalid-settings",
            SettingsError::Range { .. } => "setting-out-of-range",
        };
        Fault::rejected("settings", code, format!("{error}; {NEXT}"))
    })
}
