//! Functions that are invoked through AWS's API.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply};
use crate::lambda::{Answer, Lambda};

/// AWS runs a function that is invoked. moto would run it in a container; here a test says which [`Lambda`] has which name.
///
/// An invocation of a function that failed is answered with 200, its error as body and the header `X-Amz-Function-Error`.
/// Not shown: accounts and Regions, who may invoke, versions and aliases, and invocations that nobody waits for.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
#[derive(Default)]
pub struct Functions(Mutex<BTreeMap<String, Lambda>>);

impl Functions {
    /// Says which function has this name from now on.
    pub fn register(&self, name: &str, lambda: &Lambda) {
        self.0.lock().expect("the functions are not poisoned").insert(name.to_owned(), lambda.clone());
    }

    pub(super) async fn invoke(&self, call: &Call, ask: &Ask) -> Reply {
        if ask.header("x-amz-invocation-type").is_some_and(|kind| kind != "RequestResponse") {
            return error(call, 501, "NotImplementedByEmulator", "Only invocations that wait for the answer.");
        }
        let name = call.resource.as_deref().unwrap_or_default();
        let function = self.0.lock().expect("the functions are not poisoned").get(name).cloned();
        match function {
            Some(function) => reply(function.invoke(&ask.body).await),
            None => error(call, 404, "ResourceNotFoundException", &not_found(call, name)),
        }
    }
}

fn not_found(call: &Call, name: &str) -> String {
    format!("Function not found: arn:aws:lambda:{}:{}:function:{name}", call.region, call.account)
}

fn reply(answer: Answer) -> Reply {
    let (failed, body) = match answer {
        Answer::Done(value) => (false, value),
        Answer::Failed { error_type, message, body: Value::Null } => (true, told(&error_type, &message)),
        Answer::Failed { body, .. } => (true, body),
        Answer::Crashed => (true, told("Runtime.ExitError", "Error: Runtime exited without providing a reason")),
        Answer::TimedOut => (true, told("Sandbox.Timedout", "Error: Task timed out")),
    };
    let mut reply = Reply::new(200, "application/json", body.to_string());
    let mut say = |name, value| reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    say("x-amz-executed-version", "$LATEST");
    if failed {
        say("x-amz-function-error", "Unhandled");
    }
    reply
}

fn told(kind: &str, message: &str) -> Value {
    json!({"errorType": kind, "errorMessage": message})
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    #[tokio::test]
    async fn a_function_that_nobody_registered_is_not_found() {
        let ask = ask(Method::POST, "/2015-03-31/functions/none/invocations", "lambda", &[], "{}");
        let reply = Functions::default().invoke(&call(&ask), &ask).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["x-amzn-errortype"]),
            (404, &"ResourceNotFoundException".parse().unwrap())
        );
        assert!(reply.text().contains("function:none"), "{}", reply.text());
    }

    #[test]
    fn a_failed_function_answers_with_its_error_and_a_header() {
        assert!(!reply(Answer::Done(json!({}))).headers.contains_key("x-amz-function-error"));
        let body = told("denied", "no");
        let failed = reply(Answer::Failed { error_type: "denied".into(), message: "no".into(), body: body.clone() });
        assert_eq!((failed.status.as_u16(), failed.text()), (200, body.to_string()));
        assert_eq!(failed.headers["x-amz-function-error"], "Unhandled");
        assert!(reply(Answer::Crashed).text().contains("Runtime.ExitError"));
    }
}
