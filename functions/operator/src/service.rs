//! From an invocation to the desk: the proof of who asks, and its single use.

use remedy_aws::{
    AwsPorts, InvocationError, Sent, describe, identity,
    service::{self, Service},
};
use remedy_domain::{
    Actor, Audience, Call, Fault, Parameters, canonical, deployment,
    request::Request,
    signed::{self, Expected, SignedCall},
    trigger::{self, Cause, Delivery, Refusal, RefusalKind},
};
use remedy_engine::{Clock as _, LedgerBucket, Put, Store as _};
use serde_json::{Value, json};

use crate::{
    desk::{Courier, Desk},
    refused::Refused,
    reminding,
};

/// The advice for a function that does not know its own deployment.
const NO_DEPLOYMENT: &str = "the function takes no requests unless it is called <stack>-operator, as template.yaml calls it; \
    behind an emulator on this machine, set REMEDY_AUDIENCE";

/// The function.
#[derive(Debug)]
pub struct Operator;

impl Courier for AwsPorts {
    async fn send(&self, function: &str, event: &Value) -> Result<Sent, Fault> {
        self.deliver(function, event).await
    }
}

impl Service for Operator {
    fn describe(&self) -> Value {
        // `sts:GetCallerIdentity` is sent as a person signed it, and needs no permission.
        let own: [(&str, &[Call]); 1] = [("delivery", &[Call::same("sqs:SendMessage")])];
        let optional = ["REMEDY_SETTINGS", "REMEDY_MODE", "REMEDY_QUEUE_URL"];
        let mut described = describe::of_service("operator", &own, &[], &optional);
        if let Some(members) = described.as_object_mut() {
            let schema = Parameters::schema().into_iter().map(|(name, schema)| json!({"name": name, "schema": schema}));
            members.insert("parameters".to_owned(), schema.collect());
        }
        described
    }

    /// A signed request of a person, or the schedule that reminds people of exemptions that end.
    async fn invoked(&self, request: &service::Request<'_>) -> Result<Value, InvocationError> {
        if is_schedule(request.payload) {
            let governing = request.ports.governing().await?;
            request.ports.adopt(&governing).await;
            return Ok(json!({"reminded": reminding::remind(request.ports).await?}));
        }
        let call = match SignedCall::read(request.payload, &expected(request)?) {
            Ok(call) => call,
            Err(refusal) => return Err(unproven(request, &refusal.to_string()).await),
        };
        let actor = identity::prove(request.ports.session(), &call).await?;
        let answer = Box::pin(answer(request.ports, &call, &actor)).await;
        Ok(answer.map_err(Fault::from)?)
    }
}

fn is_schedule(payload: &[u8]) -> bool {
    let is_timed = |trigger: &trigger::Trigger| matches!(trigger.cause, Cause::Schedule | Cause::Sweep);
    matches!(trigger::parse(payload), Ok(Delivery::Direct(triggers)) if triggers.iter().all(is_timed))
}

/// The audience of requests must be this deployment, from the function's own ARN. An emulator may send none.
fn expected(request: &service::Request<'_>) -> Result<Expected, Fault> {
    let environment = request.ports.environment();
    let told = || environment.audience.clone().and_then(|audience| Audience::parse(audience).ok());
    let audience = deployment::of_function(request.arn, "operator").ok().or_else(told);
    let audience = audience.ok_or_else(|| Fault::rejected("start", "no-deployment", NO_DEPLOYMENT))?;
    Ok(Expected { region: environment.region.clone(), audience, now: request.ports.now() })
}

async fn unproven(request: &service::Request<'_>, why: &str) -> InvocationError {
    request.refuse(Refusal::new(RefusalKind::Unproven, why), "").await
}

/// The identity is proven: the proof is used up, and the desk does the rest.
async fn answer(ports: &AwsPorts, call: &SignedCall, actor: &Actor) -> Result<Value, Refused> {
    let attempt = canonical::to_bytes(&ports.attempt()?).map_err(|_| Fault::defect("nonce", "not-canonical"))?;
    if ports.put_new(LedgerBucket::State, &call.nonce_key(), &attempt).await? == Put::Exists {
        return Err(Refused::Replayed);
    }
    let governing = ports.governing().await?;
    ports.adopt(&governing).await;
    let request = Request::parse(call.request()).map_err(Refused::Shape)?;
    let digest = signed::digest(call.request());
    let environment = ports.environment().mode;
    let (settings, deployed) = (&governing.written.settings, &governing.deployed);
    Box::pin(Desk { ports, settings, deployed, environment, actor, request: &digest }.serve(&request)).await
}
