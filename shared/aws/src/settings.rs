//! Reads the settings anew for every invocation: a hold takes effect at the next one.

use remedy_domain::{
    Call, Fault, Settings,
    outcome::Alarm,
    settings::{LONGEST, SettingsError, Written},
};
use remedy_engine::{
    Clock as _,
    four_eyes::{self, Deployment, Governing, Unread},
    outbox::Posted,
};

use crate::{environment::SettingsAt, faults::fault, ports::AwsPorts, telemetry};

/// The calls of reading the settings.
pub(crate) const CALLS: [Call; 1] = [Call::same("s3:GetObject")];

const NEXT: &str = "mend the settings document, or put the former one back";

impl AwsPorts {
    /// The settings in force.
    pub async fn settings(&self) -> Result<Settings, Fault> {
        Ok(self.governing().await?.written.settings)
    }

    /// The settings in force, and the state of the deployed document. If that cannot be read, the last good settings
    /// stay in force, and people are notified; if there never were any, nothing can be done.
    ///
    /// Settings that differ from those in force wait for a second person, once an approver is named.
    pub async fn governing(&self) -> Result<Governing, Fault> {
        let deployment = self.deployment();
        let governing = match &self.environment.settings {
            SettingsAt::Default => return Ok(Governing::by_default()),
            SettingsAt::File(path) => {
                Box::pin(four_eyes::governing(self, &deployment, async { of_file(path) }, self.ahead.get())).await
            }
            SettingsAt::Object { bucket, key } => {
                Box::pin(four_eyes::governing(self, &deployment, self.document(bucket, key), self.ahead.get())).await
            }
        };
        match &governing {
            Err(fault) if fault.code == four_eyes::LOST => telemetry::alarm(&self.function, Alarm::Page, self.now()),
            Err(_) => {}
            Ok(governing) => {
                self.ahead.set(governing.ahead);
                self.tell_of(governing, &deployment).await;
            }
        }
        governing
    }

    /// Takes over the settings in force that the functions recorded. Only the operator may. A failure stops nobody's
    /// request, such as a hold: the next request tries again.
    pub async fn adopt(&self, governing: &Governing) {
        if let Err(fault) = four_eyes::adopt(self, &self.deployment(), governing).await {
            telemetry::failed(&self.function, &fault, self.now());
        }
    }

    fn deployment(&self) -> Deployment<'_> {
        Deployment { account: &self.own_account, environment: self.environment.mode }
    }

    /// An instance sends each notice once; the ledger ensures the same for all instances together.
    async fn tell_of(&self, governing: &Governing, deployment: &Deployment<'_>) {
        let Some((id, text)) = governing.news(deployment, self.now()) else { return };
        if *self.told.borrow() == id {
            return;
        }
        if four_eyes::tell(self, deployment.account, (&id, &text)).await == Posted::Ours {
            tracing::warn!(function = self.function, notice.id = %id, "the settings that are deployed are not in force");
            telemetry::alarm(&self.function, Alarm::Alarm, self.now());
        }
        self.told.replace(id);
    }

    async fn document(&self, bucket: &str, key: &str) -> Result<Written, Unread> {
        let owner = self.own_account.as_str();
        let request = self.buckets.client().get_object().bucket(bucket).key(key).expected_bucket_owner(owner);
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| unread(Fault { next: NEXT.to_owned(), ..fault("s3:GetObject", &error) }))?;
        let is_long = |length: i64| usize::try_from(length).is_ok_and(|length| length > LONGEST);
        if answer.content_length().is_some_and(is_long) {
            return Err(unread(of(&SettingsError::Long)));
        }
        let body = answer.body.collect().await;
        let body = body.map_err(|_| unread(Fault::transient("s3:GetObject", "broken-answer")))?;
        read(&body.to_vec())
    }
}

fn of_file(path: &str) -> Result<Written, Unread> {
    let bytes = std::fs::read(path).map_err(|_| unread(Fault::rejected("settings", "unreadable-file", NEXT)))?;
    read(&bytes)
}

fn read(bytes: &[u8]) -> Result<Written, Unread> {
    let text = || String::from_utf8(bytes.to_vec()).ok();
    Written::read(bytes).map_err(|error| Unread { fault: of(&error), text: text() })
}

fn unread(fault: Fault) -> Unread {
    Unread { fault, text: None }
}

fn of(error: &SettingsError) -> Fault {
    let code = match error {
        SettingsError::Shape { .. } => "invalid-settings",
        SettingsError::Range { .. } => "setting-out-of-range",
        SettingsError::Pattern { .. } => "setting-names-too-little",
        SettingsError::Long => "settings-too-long",
    };
    Fault::rejected("settings", code, format!("{error}; {NEXT}"))
}
