//! Acts of people in a world before a test begins, stored as the operator function does.

use remedy_domain::{
    PlanId, Timestamp,
    ask::{self, Subject},
    evidence::StoredPlan,
    renamed,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::World;
use crate::{lambda::Lambda, people};

impl World {
    /// Settings with nothing but a break-glass principal, and Bob as the approver.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({
            "protected": {"break_glass": [self.break_glass()]},
            "people": {"approvers": [people::person("bob").arn]},
        })
    }

    /// The same settings, and these.
    #[must_use]
    pub fn settings_with(&self, more: &Value) -> Value {
        let mut settings = self.settings();
        if let (Some(members), Some(more)) = (settings.as_object_mut(), more.as_object()) {
            members.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        settings
    }

    /// Two people agreed to these settings: they are in force, whatever was before.
    pub async fn agree_to_settings(&self, settings: &Value) {
        let entry = json!({"format": 2, "text": settings.to_string(), "at": now()});
        self.put_state("settings/in-force", &entry).await;
    }

    /// The settings that `deploy` deploys are in force already, as if a function had run: the approver is known then.
    pub async fn remember_settings(&self) {
        let there = self.keys(&self.state_bucket(), "settings/").await;
        if there.is_empty() {
            let entry = json!({"format": 2, "text": self.settings().to_string(), "at": now()});
            self.put_state("settings/opening/first/0000", &entry).await;
        }
    }

    /// Ann asked to take a plan back, and Bob agreed. An ask that was spent is followed by the next.
    pub async fn agree_to_undo(&self, plan: &str) {
        self.remember_settings().await;
        let stored = self.object(&self.state_bucket(), &format!("plan/{plan}")).await;
        let stored: StoredPlan = serde_json::from_value(stored).expect("a plan that was carried out");
        let id = PlanId::parse(plan).expect("a plan id");
        let ask = people::undo(&id, &stored.plan.control, &stored.plan.target, 90, now());
        let folder = format!("ask/{}", ask::undo_id(&id).expect("an id"));
        let generation = self.keys(&self.state_bucket(), &format!("{folder}/")).await;
        let generation = generation.iter().filter(|key| !key.contains('.')).count();
        let key = format!("{folder}/{generation:04}");
        self.put_state(&key, &ask).await;
        self.put_state(&format!("{key}.decision"), &people::agrees("bob", now())).await;
    }

    /// Bob agrees to the plan that waits.
    pub async fn agree_to(&self, plan: &str) {
        let keys = self.keys(&self.state_bucket(), &format!("ask/{plan}/")).await;
        let last = keys.iter().rfind(|key| !key.contains('.')).expect("the plan waits");
        let ask: ask::Ask =
            serde_json::from_value(self.object(&self.state_bucket(), last).await).expect("an ask reads");
        assert!(matches!(ask.subject, Subject::Plan { .. }));
        self.put_state(&format!("{last}.decision"), &people::agrees("bob", now())).await;
    }

    /// Carries out an approved ask. Returns the one run.
    pub async fn approve(&self, lambda: &Lambda, run: &Value) -> Value {
        let plan = run["plan"].as_str().expect("what waits has a plan");
        self.agree_to(plan).await;
        super::only_run(lambda.invoke(json!({"approved": {"plan": plan}}).to_string().as_bytes()).await)
    }

    /// Reverts a repair once two people agreed. Returns the one run.
    pub async fn undo(&self, lambda: &Lambda, run: &Value) -> Value {
        let plan = run["plan"].as_str().expect("a repair has a plan");
        self.agree_to_undo(plan).await;
        super::only_run(lambda.invoke(json!({"revert": {"plan": plan}}).to_string().as_bytes()).await)
    }

    /// The first sweep of a control was long ago, and found everything compliant.
    pub async fn swept_before(&self, control: &str) {
        for region in [self.account.region.as_str(), "global"] {
            self.swept_before_in(control, &self.account.id, region).await;
        }
    }

    /// The same for a place.
    pub async fn swept_before_in(&self, control: &str, account: &str, region: &str) {
        let key = format!("baseline/{}/{account}/{region}", renamed::filed(control));
        self.put_state(&key, &json!({"format": 1, "since": "2026-01-01T00:00:00Z"})).await;
    }

    async fn put_state(&self, key: &str, entry: &impl Serialize) {
        let body = serde_json::to_vec(entry).expect("an entry is JSON");
        let put = self.s3().put_object().bucket(self.state_bucket()).key(key).body(body.into());
        put.send().await.expect("the state bucket takes an entry");
    }
}

fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).expect("a time that computers show")
}
