//! Evaluations of rules, reported to AWS Config.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// The members that every evaluation must have.
const REQUIRED: [&str; 4] = ["ComplianceResourceType", "ComplianceResourceId", "ComplianceType", "OrderingTimestamp"];

#[derive(Default)]
struct State {
    /// Account and evaluation, in order of arrival.
    stored: Vec<(String, Value)>,
    /// How often evaluations will be handed back, by account and resource id.
    failing: BTreeMap<(String, String), u32>,
    /// Tokens that are no longer valid.
    dead: BTreeSet<String>,
}

/// AWS keeps what `PutEvaluations` reports, hands back in `FailedEvaluations` what it could not keep, takes at most 100 at
/// once, wants a valid result token, and keeps nothing in test mode. moto knows test mode only and keeps nothing ever.
#[derive(Default)]
pub struct Evaluations(Mutex<State>);

impl Evaluations {
    /// The evaluations kept for an account, in order, each with the token (`ResultToken`) that it came with.
    pub fn of(&self, account: &str) -> Vec<Value> {
        let state = self.0.lock().expect("the evaluations are not poisoned");
        state.stored.iter().filter(|(of, _)| of == account).map(|(_, evaluation)| evaluation.clone()).collect()
    }

    /// Hands evaluations of this resource back from now on.
    pub fn fail(&self, account: &str, resource_id: &str) {
        self.fail_times(account, resource_id, u32::MAX);
    }

    /// Hands evaluations of this resource back so many times.
    pub fn fail_times(&self, account: &str, resource_id: &str, times: u32) {
        let key = (account.to_owned(), resource_id.to_owned());
        self.0.lock().expect("the evaluations are not poisoned").failing.insert(key, times);
    }

    /// No longer accepts this token.
    pub fn expire(&self, token: &str) {
        self.0.lock().expect("the evaluations are not poisoned").dead.insert(token.to_owned());
    }

    fn is_dead(&self, body: &Value) -> bool {
        let dead = &self.0.lock().expect("the evaluations are not poisoned").dead;
        body["ResultToken"].as_str().is_some_and(|token| dead.contains(token))
    }

    pub(super) fn put(&self, call: &Call) -> Reply {
        let body = call.json();
        match refusal(&body).or_else(|| self.is_dead(&body).then(invalid_token)) {
            Some((code, message)) => error(call, 400, code, &message),
            None => {
                let failed = self.keep(&call.account, &body);
                Reply::new(200, "application/x-amz-json-1.1", json!({"FailedEvaluations": failed}).to_string())
            }
        }
    }

    /// Keeps what can be kept and returns the rest.
    fn keep(&self, account: &str, body: &Value) -> Vec<Value> {
        let State { stored, failing, .. } = &mut *self.0.lock().expect("the evaluations are not poisoned");
        let fails = |one: &Value| {
            let left = failing.get_mut(&(account.to_owned(), text(one, "ComplianceResourceId").to_owned()));
            left.filter(|left| **left > 0).map(|left| *left -= 1).is_some()
        };
        let (failed, kept): (Vec<_>, Vec<_>) = reported(body).iter().cloned().partition(fails);
        if body["TestMode"] != true {
            stored.extend(kept.into_iter().map(|one| (account.to_owned(), with_token(one, &body["ResultToken"]))));
        }
        failed
    }
}

fn invalid_token() -> (&'static str, String) {
    ("InvalidResultTokenException", "The specified ResultToken is not valid.".to_owned())
}

/// Why AWS would refuse the request as a whole.
fn refusal(body: &Value) -> Option<(&'static str, String)> {
    let evaluations = reported(body);
    let missing =
        evaluations.iter().find_map(|one| REQUIRED.iter().find(|field| one.get(**field).is_none_or(Value::is_null)));
    let invalid = |message: String| Some(("ValidationException", message));
    match body["ResultToken"].as_str() {
        None => invalid("ResultToken must not be null.".to_owned()),
        Some("") if body["TestMode"] != true => Some(invalid_token()),
        _ if evaluations.len() > 100 => {
            invalid(format!("Evaluations has {} members; the most is 100.", evaluations.len()))
        }
        _ if missing.is_some() => invalid(format!("{} must not be null.", missing.unwrap_or(&""))),
        _ if evaluations.iter().any(|one| text(one, "Annotation").chars().count() > 256) => {
            invalid("Annotation must have a length of at most 256.".to_owned())
        }
        _ => None,
    }
}

fn reported(body: &Value) -> &[Value] {
    body["Evaluations"].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(evaluation: &'a Value, field: &str) -> &'a str {
    evaluation[field].as_str().unwrap_or_default()
}

fn with_token(mut evaluation: Value, token: &Value) -> Value {
    evaluation["ResultToken"] = token.clone();
    evaluation
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    fn one(id: &str) -> Value {
        json!({"ComplianceResourceType": "AWS::S3::Bucket", "ComplianceResourceId": id, "ComplianceType": "COMPLIANT", "OrderingTimestamp": 1.0})
    }

    fn put(evaluations: &Evaluations, body: Value) -> Reply {
        let target = [("x-amz-target", "StarlingDoveService.PutEvaluations")];
        evaluations.put(&call(&ask(Method::POST, "/", "config", &target, &body.to_string())))
    }

    #[test]
    fn evaluations_are_kept_but_not_in_test_mode_and_not_those_that_fail() {
        let evaluations = Evaluations::default();
        evaluations.fail("111122223333", "bad");
        let reply = put(&evaluations, json!({"ResultToken": "t", "Evaluations": [one("good"), one("bad")]}));
        assert!(reply.text().contains(r#""ComplianceResourceId":"bad""#), "{}", reply.text());
        put(&evaluations, json!({"ResultToken": "TESTMODE", "TestMode": true, "Evaluations": [one("tried")]}));
        let kept = evaluations.of("111122223333");
        assert_eq!(
            (kept.len(), &kept[0]["ComplianceResourceId"], &kept[0]["ResultToken"]),
            (1, &json!("good"), &json!("t"))
        );
    }

    #[test]
    fn too_many_evaluations_and_bad_tokens_are_refused() {
        let evaluations = Evaluations::default();
        let many: Vec<_> = (0..101).map(|n| one(&n.to_string())).collect();
        assert!(
            put(&evaluations, json!({"ResultToken": "t", "Evaluations": many})).text().contains("ValidationException")
        );
        assert!(
            put(&evaluations, json!({"ResultToken": "", "Evaluations": []}))
                .text()
                .contains("InvalidResultTokenException")
        );
        assert!(put(&evaluations, json!({"Evaluations": []})).text().contains("ValidationException"));
        assert!(
            put(&evaluations, json!({"ResultToken": "t", "Evaluations": [{}]}))
                .text()
                .contains("ComplianceResourceType")
        );
        assert!(evaluations.of("111122223333").is_empty());
    }
}
