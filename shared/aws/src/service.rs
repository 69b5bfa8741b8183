//! Serving the Lambda Runtime API: what every function's `main` shares, whatever it does with an invocation.

use std::{cell::RefCell, process::ExitCode, rc::Rc};

use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use remedy_domain::{
    AccountId, Fault, canonical,
    evidence::{self, FORMAT},
    trigger::Refusal,
};
use remedy_engine::{Clock as _, LedgerBucket, Store as _};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{
    clock,
    environment::{BadEnvironment, Environment},
    identity,
    invocation_error::InvocationError,
    ports::AwsPorts,
    raw_body::RawBody,
    session::Session,
    telemetry,
};

/// The task of a function.
#[expect(async_fn_in_trait, reason = "an instance serves one invocation at a time, on one thread")]
pub trait Service {
    /// The function's description of itself: the output of `--describe`. It needs no environment.
    fn describe(&self) -> Value;

    /// Handles one invocation. The caller logs a fault that is returned.
    async fn invoked(&self, request: &Request<'_>) -> Result<Value, InvocationError>;
}

/// One invocation, with its deadline begun.
#[derive(Debug)]
pub struct Request<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The world.
    pub ports: &'a AwsPorts,
    /// The Lambda request.
    pub id: &'a str,
    /// The ARN that the function was invoked by, from AWS Lambda.
    pub arn: &'a str,
    /// The event, as it came.
    pub payload: &'a [u8],
}

/// Runs a function: `--describe` prints what it is, otherwise it serves the Lambda Runtime API.
#[must_use]
pub fn main(function: &str, service: impl Service + 'static) -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--describe") {
        return print(&service.describe());
    }
    telemetry::begin();
    match serve(function, service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = function, error = %error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

fn print(value: &Value) -> ExitCode {
    use std::io::Write as _;
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(function: &str, service: impl Service + 'static) -> Result<(), lambda_runtime::Error> {
    let instance = Rc::new(Instance {
        function: function.to_owned(),
        environment: Environment::from_process(),
        service,
        ports: RefCell::default(),
    });
    let body = RawBody::default();
    let aside = body.clone();
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let (instance, payload) = (Rc::clone(&instance), aside.take());
        async move { instance.invoked(&payload, &event.context).await }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Runtime::new(handler).layer(body).run())
}

/// One function instance.
struct Instance<S> {
    function: String,
    /// A wrong one fails every invocation with a clear error, which is seen sooner than a process that will not start.
    environment: Result<Environment, BadEnvironment>,
    service: S,
    /// Opened at the first invocation, which names the account.
    ports: RefCell<Option<Rc<AwsPorts>>>,
}

impl<S: Service> Instance<S> {
    async fn invoked(&self, payload: &[u8], context: &Context) -> Result<Value, InvocationError> {
        let answer = self.answer(payload, context).await;
        if let Err(InvocationError::Failed(fault)) = &answer {
            telemetry::failed(&self.function, fault, clock::now());
        }
        answer
    }

    async fn answer(&self, payload: &[u8], context: &Context) -> Result<Value, InvocationError> {
        let ports = self.ports(&context.invoked_function_arn).await?;
        ports.deadline.begin(context.deadline());
        let (id, arn) = (&context.request_id, &context.invoked_function_arn);
        let request = Request { function: &self.function, ports: &ports, id, arn, payload };
        self.service.invoked(&request).await
    }

    /// The account comes from the function's ARN; where an emulator sends none, STS is asked.
    async fn ports(&self, arn: &str) -> Result<Rc<AwsPorts>, Fault> {
        if let Some(ports) = self.ports.borrow().as_ref() {
            return Ok(Rc::clone(ports));
        }
        let environment = self.environment.clone().map_err(|error| {
            Fault::rejected("start", "bad-environment", format!("{error}; mend the function's environment"))
        })?;
        let session = Session::own(&environment);
        let named = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let account = match named {
            Some(account) => account,
            None => identity::account(&session).await?,
        };
        let ports = Rc::new(AwsPorts::open(&self.function, environment, session, account));
        self.ports.replace(Some(Rc::clone(&ports)));
        Ok(ports)
    }
}

impl Request<'_> {
    /// Writes each refusal to the log and the metrics, and the first of its kind in an hour to the evidence, so that an
    /// invoker of a function cannot fill a bucket that nobody may empty. Never the payload itself. `message` is the id
    /// of one in a batch, else empty.
    pub async fn refuse(&self, refusal: Refusal, message: &str) -> InvocationError {
        let (digest, now) = (canonical::sha256_hex(self.payload), self.ports.now());
        telemetry::refused(self.function, &refusal, &digest, self.payload.len(), now);
        let key = format!("{}/rejected-{}-{}.json", evidence::hour_path(now), self.function, refusal.kind());
        if !self.ports.refusals.borrow().contains(&key) {
            self.record(&key, &refusal, message, &digest).await;
        }
        refusal.into()
    }

    async fn record(&self, key: &str, refusal: &Refusal, message: &str, digest: &str) {
        let record = json!({
            "format": FORMAT,
            "kind": "rejected",
            "at": self.ports.now(),
            "function": self.function,
            "refusal": refusal.kind(),
            "detail": refusal.detail(),
            "message": remedy_domain::redact::text(message),
            "payload_sha256": digest,
            "payload_bytes": self.payload.len(),
        });
        let Ok(body) = canonical::to_bytes(&record) else { return };
        match self.ports.put_new(LedgerBucket::Evidence, key, &body).await {
            Ok(_) => self.ports.remember(key),
            Err(fault) => tracing::error!(fault.code = %fault.code, "a refusal could not be recorded"),
        }
    }
}
