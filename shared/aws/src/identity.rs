//! The signer of a call: AWS STS names it when it receives the call as it was signed.
//!
//! The SDK's own client sends it, so that timeouts, retries, errors and the reading of the answer are those of every
//! other call; only the request on the wire is the operator's. The function's own credentials play no part.

use aws_credential_types::Credentials;
use aws_sdk_sts::{Client, config::Builder};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::HttpError,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Limited};
use remedy_domain::{
    AccountId, Actor, Fault, FaultKind,
    signed::{BODY, Headers, METHOD, PATH, SignedCall},
};

use crate::{emulator::Behind, faults::fault, session::Session};

#[cfg(test)]
mod tests;

/// The call, as records name it.
const CALL: &str = "sts:GetCallerIdentity";
/// The largest answer, in bytes. AWS STS answers with less than 2 KiB.
const LARGEST: usize = 16 * 1024;
/// The advice to a person for a proof that does not hold.
const NEXT: &str = "sign the request again, with credentials that are valid now";

/// Proves who signed a call. [`FaultKind::Denied`]: AWS STS does not confirm the signature, or the signer may not act.
///
/// The call goes to the host it was signed for, which [`SignedCall::read`] took from our own list; to an emulator only where
/// `AWS_ENDPOINT_URL` names one on this machine.
pub async fn prove(session: &Session, call: &SignedCall) -> Result<Actor, Fault> {
    let http = session.config().http_client().ok_or_else(|| Fault::defect(CALL, "no-http-client"))?;
    let place = place(session, call);
    let replay = Replay { uri: format!("{place}{PATH}"), headers: call.headers().clone(), http };
    let nobody = Credentials::new("nobody", "nobody", None, None, "replay");
    let config = Builder::from(session.config()).endpoint_url(place).credentials_provider(nobody).http_client(replay);
    let answer = Client::from_conf(config.build()).get_caller_identity().send().await;
    let answer = answer.map_err(|error| unproven(fault(CALL, &error)))?;
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Actor::of_identity(&part(answer.account()), &part(answer.user_id()), &part(answer.arn()))
        .map_err(|refusal| Fault::new(FaultKind::Denied, CALL, "not-an-actor", refusal.to_string()))
}

/// The account of a session's own credentials.
pub async fn account(session: &Session) -> Result<AccountId, Fault> {
    caller(session).await.map(|(account, _)| account)
}

/// The account of a session's own credentials, and the ARN of whom they are.
pub async fn caller(session: &Session) -> Result<(AccountId, String), Fault> {
    let answer = Client::new(session.config()).get_caller_identity().send().await;
    let answer = answer.map_err(|error| fault(CALL, &error))?;
    let account =
        AccountId::parse(answer.account().unwrap_or_default()).map_err(|_| Fault::transient(CALL, "no-account"))?;
    Ok((account, answer.arn().unwrap_or_default().to_owned()))
}

/// Scheme and host that the call goes to.
fn place(session: &Session, call: &SignedCall) -> String {
    match (session.behind(), session.config().endpoint_url()) {
        (Behind::Emulator, Some(endpoint)) => endpoint.trim_end_matches('/').to_owned(),
        _ => format!("https://{}", call.host()),
    }
}

/// Whatever does not go away by itself means that nothing is proven.
fn unproven(fault: Fault) -> Fault {
    if fault.is_transient() { fault } else { Fault::new(FaultKind::Denied, CALL, fault.code, NEXT) }
}

/// A client that sends the signed call, whatever it is asked to send.
#[derive(Debug, Clone)]
struct Replay {
    uri: String,
    headers: Headers,
    http: SharedHttpClient,
}

impl Replay {
    fn request(&self) -> Result<HttpRequest, HttpError> {
        let mut request = HttpRequest::new(SdkBody::from(BODY));
        request.set_method(METHOD)?;
        request.set_uri(self.uri.as_str())?;
        for (name, value) in self.headers.iter() {
            request.headers_mut().try_insert(name, value.to_owned())?;
        }
        Ok(request)
    }
}

impl HttpClient for Replay {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(ReplayConnector { replay: self.clone(), connector })
    }
}

#[derive(Debug)]
struct ReplayConnector {
    replay: Replay,
    connector: SharedHttpConnector,
}

impl HttpConnector for ReplayConnector {
    fn call(&self, _ours: HttpRequest) -> HttpConnectorFuture {
        match self.replay.request() {
            Ok(request) => {
                let answer = self.connector.call(request);
                HttpConnectorFuture::new(async move { bounded(answer.await?).await })
            }
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        }
    }
}

/// The answer, read to its end unless it is too large to be one.
async fn bounded(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let read = Limited::new(body, LARGEST).collect().await.map_err(ConnectorError::io)?;
    *answer.body_mut() = SdkBody::from(read.to_bytes());
    Ok(answer)
}
