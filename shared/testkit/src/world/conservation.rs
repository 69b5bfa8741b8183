//! Conservation in a world: the contents of its buckets, compared with the calls that its proxy saw.

use std::collections::BTreeMap;

use serde_json::Value;

use super::World;
use crate::proxy::Call;

/// One record, or one stored plan.
type Entry = Value;

/// The stored objects of repairs.
struct Kept {
    intents: Vec<Entry>,
    outcomes: Vec<Entry>,
    plans: BTreeMap<String, Entry>,
}

impl World {
    /// The conservation laws, as [`laws::conserved`](crate::laws::conserved) has them:
    ///
    /// * every intent has exactly one outcome, and every outcome its intent;
    /// * every write that took effect outside Remedy's own buckets was made in a session named after a plan, while an
    ///   intent of that plan was open: stored before it, and without an outcome yet;
    /// * that intent names the call, and is about that resource, or about another that its plan names.
    ///
    /// Only calls since the journal was last cleared count.
    pub async fn assert_conserved(&self) {
        self.assert_listed();
        let kept = self.kept().await;
        for intent in &kept.intents {
            let ends = kept.outcomes.iter().filter(|outcome| outcome["attempt"] == intent["attempt"]).count();
            assert_eq!(ends, 1, "an intent has exactly one outcome: {intent:#}");
        }
        assert_eq!(kept.intents.len(), kept.outcomes.len(), "every outcome has its intent: {:#?}", kept.outcomes);
        let calls = self.proxy.calls();
        for write in self.repairs() {
            assert!(
                is_intended(&write, &kept, &calls),
                "{write} of {:?} was made without an open intent",
                write.session
            );
        }
    }

    async fn kept(&self) -> Kept {
        let mut evidence: Vec<_> = self.evidence().await.into_values().collect();
        let mut of = |kind: &str| evidence.extract_if(.., |record| record["kind"] == kind).collect();
        let (intents, outcomes): (Vec<Entry>, Vec<Entry>) = (of("intent"), of("outcome"));
        let mut plans = BTreeMap::new();
        for plan in intents.iter().filter_map(|intent: &Entry| intent["plan"].as_str()) {
            let key = format!("plan/{plan}");
            plans.insert(key.clone(), self.object(&self.state_bucket(), &key).await);
        }
        Kept { intents, outcomes, plans }
    }
}

fn is_intended(write: &Call, kept: &Kept, calls: &[Call]) -> bool {
    let Some(session) = write.session.as_deref() else { return false };
    kept.intents.iter().any(|intent| {
        intent["plan"] == session
            && intent["steps"].as_array().is_some_and(|steps| steps.iter().any(|step| *step == write.name()))
            && intent["target"]["account"] == write.account.as_str()
            && is_about(intent, kept.plans.get(&format!("plan/{session}")), write)
            && is_open(intent, write, calls)
    })
}

/// Policies that become a user's, and users who have a policy, are in the plan's text. A call that names no resource is
/// about the account.
fn is_about(intent: &Entry, plan: Option<&Entry>, write: &Call) -> bool {
    let target = &intent["target"];
    let Some(resource) = write.resource.clone().or_else(|| write.parameter("PolicyName")) else {
        return target["id"] == write.account.as_str();
    };
    let named = |value: &Value| value.to_string().contains(resource.as_str());
    let planned = plan.is_some_and(|plan| named(&plan["plan"]["before"]) || named(&plan["plan"]["after"]));
    target["id"] == resource.as_str() || target["arn"] == resource.as_str() || planned
}

/// Whether the intent was durable before the write, and its outcome was not.
fn is_open(intent: &Entry, write: &Call, calls: &[Call]) -> bool {
    let attempt = intent["attempt"].as_str().unwrap_or_default();
    let on_file = |kind: &str| {
        let end = format!("-{kind}-{attempt}.json");
        let is_it = |call: &&Call| {
            call.operation == "PutObject"
                && call.took_effect()
                && call.resource.as_deref().is_some_and(|key| key.ends_with(&end))
        };
        calls.iter().find(is_it).map(|call| call.index)
    };
    let begun = on_file("intent").is_some_and(|at| at < write.index);
    begun && on_file("outcome").is_none_or(|at| at > write.index)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::proxy::{
        Outcome,
        tests_of_calls::{ask, call},
    };

    const PLAN: &str = "aa";

    fn seen(index: usize, target: &str, session: Option<&str>) -> Call {
        let mut seen = call(&ask(Method::PUT, target, "s3", &[], ""));
        (seen.index, seen.status, seen.outcome) = (index, 200, Outcome::Answered);
        seen.session = session.map(str::to_owned);
        seen
    }

    fn kept(account: &str) -> Kept {
        let target = json!({"account": account, "id": "phi"});
        let intent = |attempt: &str| json!({"plan": PLAN, "attempt": attempt, "steps": ["s3:PutBucketPolicy"], "target": target});
        Kept { intents: vec![intent("1")], outcomes: vec![], plans: BTreeMap::new() }
    }

    #[test]
    fn a_write_belongs_to_an_open_intent_of_its_plan_target_and_call() {
        let write = |index, target: &str, session| seen(index, target, session);
        let ours = write(2, "/phi?policy", Some(PLAN));
        let kept = kept(&ours.account);
        let file = |index, kind: &str| seen(index, &format!("/evidence/2026/x-{kind}-1.json"), None);
        let calls = [file(1, "intent"), file(3, "outcome")];
        assert!(is_intended(&ours, &kept, &calls));
        for (why, wrong) in [
            ("another's session", write(2, "/phi?policy", Some("bb"))),
            ("no session", write(2, "/phi?policy", None)),
            ("another bucket", write(2, "/other?policy", Some(PLAN))),
            ("another call", write(2, "/phi?encryption", Some(PLAN))),
            ("before the intent", write(0, "/phi?policy", Some(PLAN))),
            ("after the outcome", write(4, "/phi?policy", Some(PLAN))),
        ] {
            assert!(!is_intended(&wrong, &kept, &calls), "{why}");
        }
    }
}
