//! Invoking the functions of a stack.

use std::{io, time::Duration};

use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    operation::invoke::InvokeOutput,
    primitives::Blob,
};
use remedy_aws::{Session, environment::Access, identity};
use remedy_domain::{AccountId, Fault, FaultKind, Region, deployment, redact};
use serde_json::Value;
use tokio::runtime::{self, Runtime};

use super::stack::Stack;
use crate::{sign, surroundings};

/// The error of AWS if there is no such function.
const ABSENT: &str = "ResourceNotFoundException";
/// No function runs for longer than 15 minutes; the answer has its way to go.
const LONGEST: Duration = Duration::from_secs(15 * 60 + 10);
const CONNECT: Duration = Duration::from_secs(5);

/// A line to the functions of a stack.
pub(super) struct Line {
    stack: Stack,
    region: Region,
    session: Session,
    client: Client,
    runtime: Runtime,
}

/// The answer of a function.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// It did what was asked.
    Done(Value),
    /// It refused, or failed: the type of the error, and its message.
    Refused(String, String),
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLine {
    #[error(transparent)]
    Sign(#[from] sign::Failed),
    #[error("this machine lets nothing wait for an answer ({})", .0.kind())]
    Machine(#[source] io::Error),
    #[error("AWS STS does not tell whose these credentials are ({0}): name the account of the stack with --hub")]
    Account(String),
    #[error("this Region has no stacks: name that of the stack with --region")]
    Nowhere,
}

/// A function that gave no answer. AWS's own words are left out: they may hold names, and names may hold PHI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{function}` in {region} {how} ({code}); next: {next}")]
pub(crate) struct NoAnswer {
    function: String,
    region: Region,
    how: &'static str,
    /// The error code, AWS's or our own.
    pub(super) code: String,
    next: &'static str,
}

impl NoAnswer {
    fn of(function: String, region: Region, fault: Fault) -> Self {
        let (how, next) = match fault.kind {
            _ if fault.code == ABSENT => (
                "is not there",
                "name the stack with --stack and its Region with --region, or print the request with --print",
            ),
            FaultKind::Denied => (
                "may not be invoked with these credentials",
                "see that they are current and permit lambda:InvokeFunction on it, or print the request with --print",
            ),
            FaultKind::Transient => (
                "gave no answer",
                "see what became of it with `remedy pending` and `remedy status`, and try again; --print only prints",
            ),
            _ => ("was not invoked", "look the code up in the API reference of AWS Lambda (Invoke)"),
        };
        Self { function, region, how, code: fault.code, next }
    }

    /// Whether there is no such function.
    pub(super) fn is_absent(&self) -> bool {
        self.code == ABSENT
    }
}

impl Line {
    /// Opens a line with the credentials of the environment.
    pub(super) fn open(stack: Stack, region: Option<String>) -> Result<Self, NoLine> {
        let region = sign::region(region, surroundings::variable)?;
        let endpoint = surroundings::variable("AWS_ENDPOINT_URL");
        let session = Session::with_access(&Access {
            region: region.clone(),
            endpoint,
            credentials: sign::of_session()?,
            function: None,
        });
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NoLine::Machine)?;
        Ok(Self { stack, region, client: client(&session), session, runtime })
    }

    /// The name and the Region of a function, as AWS has them.
    pub(super) fn place(&self, function: &str) -> (String, &Region) {
        (self.stack.function(function), &self.region)
    }

    /// The audience of requests to the operator function of the stack. Without an account, in the stack's own; without
    /// that, in the account of the credentials.
    pub(super) fn audience(&self, account: Option<AccountId>) -> Result<String, NoLine> {
        let account = match account.or_else(|| self.stack.account.clone()) {
            Some(account) => account,
            None => {
                self.runtime.block_on(identity::account(&self.session)).map_err(|fault| NoLine::Account(fault.code))?
            }
        };
        deployment::audience(&account, &self.region, &self.stack.name).map(String::from).map_err(|_| NoLine::Nowhere)
    }

    /// Invokes a function and waits for its answer.
    pub(super) fn invoke(&self, function: &str, payload: String) -> Result<Answer, NoAnswer> {
        let name = self.stack.function(function);
        let sent = self.client.invoke().function_name(&name).payload(Blob::new(payload)).send();
        let told = self.runtime.block_on(sent).map_err(|error| remedy_aws::fault("lambda:Invoke", &error));
        told.and_then(|output| answer(&output)).map_err(|fault| NoAnswer::of(name, self.region.clone(), fault))
    }
}

/// A signed request is good once: it is not tried again, and its answer takes as long as the function does.
fn client(session: &Session) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(LONGEST)
        .operation_timeout(LONGEST)
        .build();
    let config = Builder::from(session.config()).retry_config(RetryConfig::disabled()).timeout_config(timeouts);
    Client::from_conf(config.build())
}

fn answer(output: &InvokeOutput) -> Result<Answer, Fault> {
    let body = output.payload().map(Blob::as_ref).unwrap_or_default();
    let body: Value =
        serde_json::from_slice(body).map_err(|_| Fault::transient("lambda:Invoke", "answer-is-not-json"))?;
    Ok(match output.function_error() {
        None => Answer::Done(body),
        Some(kind) => refusal(kind, &body),
    })
}

/// A function that was killed reports no type of its own.
fn refusal(kind: &str, body: &Value) -> Answer {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(redact::text);
    let kind = text("errorType").unwrap_or_else(|| redact::text(kind));
    Answer::Refused(kind, text("errorMessage").unwrap_or_else(|| "it says no more".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn no_answer(fault: Fault) -> NoAnswer {
        NoAnswer::of("clinic-operator".into(), Region::parse("us-east-1").unwrap(), fault)
    }

    #[test]
    fn what_failed_is_told_with_its_function_and_what_to_do() {
        let gone = no_answer(Fault::rejected("lambda:Invoke", ABSENT, ""));
        let told = gone.to_string();
        assert!(gone.is_absent() && told.starts_with("`clinic-operator` in us-east-1 is not there"), "{told}");
        assert!(told.contains("--stack") && told.contains("--print"), "{told}");
        let denied = no_answer(Fault::new(FaultKind::Denied, "lambda:Invoke", "AccessDeniedException", ""));
        assert!(denied.to_string().contains("lambda:InvokeFunction") && !denied.is_absent());
        let lost = no_answer(Fault::transient("lambda:Invoke", "no-connection")).to_string();
        assert!(lost.contains("(no-connection)") && lost.contains("remedy pending"), "{lost}");
    }

    #[test]
    fn a_refusal_is_typed_and_stays_on_its_line() {
        let told = refusal("Unhandled", &json!({"errorType": "denied", "errorMessage": "no\n\u{1b}[2Jway"}));
        assert_eq!(told, Answer::Refused("denied".into(), "no[2Jway".into()));
        let killed = refusal("Unhandled", &json!({"errorMessage": "Task timed out after 60.00 seconds"}));
        assert_eq!(killed, Answer::Refused("Unhandled".into(), "Task timed out after 60.00 seconds".into()));
    }
}
