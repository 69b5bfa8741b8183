//! What rules report to AWS Config.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// What every evaluation must say.
const REQUIRED: [&str; 4] = ["ComplianceResourceType", "ComplianceResourceId", "ComplianceType", "OrderingTimestamp"];

#[derive(Default)]
struct State {
    /// Account and evaluation, in order of arrival.
    stored: Vec<(String, Value)>,
    /// Account and resource id of evaluations that will be handed back.
    failing: BTreeSet<(String, String)>,
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
        let key = (account.to_owned(), resource_id.to_owned());
        self.0.lock().expect("the evaluations are not poisoned").failing.insert(key);
    }

    pub(super) fn put(&self, call: &Call) -> Reply {
        let body = call.json();
        match refusal(&body) {
            Some((code, message)) => error(call, 400, code, &message),
            None => {
                let failed = self.keep(&call.account, &body);
                Reply::new(200, "application/x-amz-json-1.1", json!({"FailedEvaluations": failed}).to_string())
            }
        }
    }

    /// Keeps what can be kept and returns the rest.
    fn keep(&self, account: &str, body: &Value) -> Vec<Value> {
        let State { stored, failing } = &mut *self.0.lock().expect("the evaluations are not poisoned");
        let fails = |one: &Value| failing.contains(&(account.to_owned(), text(one, "ComplianceResourceId").to_owned()));
        let (failed, kept): (Vec<_>, Vec<_>) = reported(body).iter().cloned().partition(fails);
        if body["TestMode"] != true {
            stored.extend(kept.into_iter().map(|one| (account.to_owned(), with_token(one, &body["ResultToken"]))));
        }
        failed
    }
}

/// Why AWS would refuse the request as a whole.
fn refusal(body: &Value) -> Option<(&'static str, String)> {
    let evaluations = reported(body);
    let missing =
        evaluations.iter().find_map(|one| REQUIRED.iter().find(|field| one.get(**field).is_none_or(Value::is_null)));
    let invalid = |message: String| Some(("ValidationException", message));
    match body["ResultToken"].as_str() {
        None => invalid("ResultToken must not be null.".to_owned()),
        Some("") if body["TestMode"] != true => {
            Some(("InvalidResultTokenException", "The specified ResultToken is not valid.".to_owned()))
        }
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
