//! Looking: what waits for people, one ask whole, and the state of holds and exemptions.

use remedy_domain::{ask::Subject, hold::Switch, redact};
use remedy_engine::{
    asks::{self, OnFile},
    registry,
};
use serde_json::{Value, json};

use crate::{
    asking::shown,
    desk::{Desk, Office},
    refused::Refused,
};

impl<P: Office> Desk<'_, P> {
    pub(crate) async fn pending(&self) -> Result<Value, Refused> {
        let pending = asks::pending(self.ports, self.ports.now()).await?;
        Ok(json!({"pending": pending.iter().map(line).collect::<Vec<_>>()}))
    }

    pub(crate) async fn plan(&self, id: &str) -> Result<Value, Refused> {
        let on_file = asks::latest(self.ports, id).await?.ok_or(Refused::NothingWaits)?;
        let mut shown = line(&on_file);
        if let (Subject::Plan { plan }, Some(members)) = (&on_file.ask.subject, shown.as_object_mut()) {
            members.insert("drafted".to_owned(), json!(plan.at));
        }
        Ok(shown)
    }

    pub(crate) async fn status(&self) -> Result<Value, Refused> {
        let now = self.ports.now();
        let holds: Vec<_> =
            registry::holds(self.ports).await?.into_iter().filter(|hold| hold.switch == Switch::Held).collect();
        let mut exemptions = registry::all_exemptions(self.ports).await?;
        exemptions.retain(|exemption| now < exemption.until);
        let pending = asks::pending(self.ports, now).await?;
        let waiting = pending.iter().filter(|on_file| on_file.decision.is_none()).count();
        let modes = &self.settings.modes;
        Ok(json!({
            "holds": holds.iter().map(|hold| redact::value(&json!(hold))).collect::<Vec<_>>(),
            "exemptions": exemptions.iter().map(|one| redact::value(&json!(one))).collect::<Vec<_>>(),
            "pending": waiting,
            "modes": {"default": modes.default.unwrap_or(self.environment), "controls": modes.controls, "accounts": modes.accounts},
            "settings": self.settings.digest(),
        }))
    }
}

fn line(on_file: &OnFile) -> Value {
    let ask = &on_file.ask;
    redact::value(&json!({
        "id": on_file.id,
        "what": ask.subject.word(),
        "about": shown(&ask.subject),
        "reason": ask.reason,
        "by": ask.by,
        "since": ask.at,
        "until": ask.until,
        "decision": on_file.decision,
    }))
}
