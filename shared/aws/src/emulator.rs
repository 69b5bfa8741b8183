//! What a loopback emulator needs that AWS does not. Nothing here runs unless `AWS_ENDPOINT_URL` is a loopback address.
//!
//! * s3control's endpoint rules put the account id in front of the host, also of a custom endpoint
//!   (`111122223333.127.0.0.1` is not a name): the prefix is taken off again.
//! * moto 5.2.5 does not implement `iam:ListServiceSpecificCredentials`; it has none to list, so an empty list is the truth.
//! * moto 5.2.5 takes `config:PutEvaluations` only with `TestMode`: what it cannot keep is at least checked that way.

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// What is behind an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// AWS.
    Aws,
    /// An emulator on this machine.
    Emulator,
}

/// What is behind `endpoint`; none is AWS.
pub(crate) fn behind(endpoint: Option<&str>) -> Behind {
    if endpoint.is_some_and(is_loopback) { Behind::Emulator } else { Behind::Aws }
}

/// Whether `endpoint` is on this machine.
fn is_loopback(endpoint: &str) -> bool {
    let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = authority.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    host == "localhost" || host == "[::1]" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A client that bridges the gaps above.
#[derive(Debug)]
pub(crate) struct Bridge(pub(crate) SharedHttpClient);

impl HttpClient for Bridge {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BridgeConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct BridgeConnector(SharedHttpConnector);

impl HttpConnector for BridgeConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let plain = without_account(request.uri());
        if let Some(plain) = plain
            && request.set_uri(plain).is_err()
        {
            return self.0.call(request);
        }
        let lists_credentials = asks_for_credentials(&request);
        let as_a_test = evaluations_as_a_test(&request);
        let (connector, answer) = (self.0.clone(), self.0.call(request));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            match (answer.status().as_u16(), as_a_test) {
                (200, _) => Ok(answer),
                (500, Some(test)) => connector.call(test).await,
                _ if lists_credentials => Ok(no_credentials()),
                _ => Ok(answer),
            }
        })
    }
}

/// The URI without an account id in front of its host.
fn without_account(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let (account, host) = rest.split_once('.')?;
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    is_account.then(|| format!("{scheme}://{host}"))
}

fn asks_for_credentials(request: &HttpRequest) -> bool {
    let action = b"Action=ListServiceSpecificCredentials&";
    request.body().bytes().is_some_and(|body| body.starts_with(action))
}

/// The same evaluations, sent with `TestMode`.
fn evaluations_as_a_test(request: &HttpRequest) -> Option<HttpRequest> {
    let is_evaluations = request.headers().get("x-amz-target") == Some("StarlingDoveService.PutEvaluations");
    let body = std::str::from_utf8(request.body().bytes()?).ok()?;
    if !is_evaluations || body.contains("\"TestMode\":true") {
        return None;
    }
    let mut test = request.try_clone()?;
    let body = format!(
        "{{\"TestMode\":true,{}",
        body.replace("\"TestMode\":false,", "").replace(",\"TestMode\":false", "").strip_prefix('{')?
    );
    test.headers_mut().insert("content-length", body.len().to_string());
    *test.body_mut() = SdkBody::from(body);
    Some(test)
}

fn no_credentials() -> HttpResponse {
    let body = "<ListServiceSpecificCredentialsResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
        <ListServiceSpecificCredentialsResult><ServiceSpecificCredentials/></ListServiceSpecificCredentialsResult>\
        </ListServiceSpecificCredentialsResponse>";
    HttpResponse::new(StatusCode::from(http::StatusCode::OK), SdkBody::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for near in ["http://127.0.0.1:5000", "http://localhost:1", "http://127.1.2.3", "http://[::1]:80/"] {
            assert!(is_loopback(near), "{near}");
        }
        for far in [
            "https://s3.amazonaws.com",
            "http://127.0.0.1.example.com:80",
            "http://10.0.0.1",
            "http://localhost.example",
        ] {
            assert!(!is_loopback(far), "{far}");
        }
    }

    #[test]
    fn the_account_prefix_comes_off_and_nothing_else() {
        let plain = without_account("http://111122223333.127.0.0.1:5000/v20180820/x?y=1.2");
        assert_eq!(plain.as_deref(), Some("http://127.0.0.1:5000/v20180820/x?y=1.2"));
        assert_eq!(without_account("http://127.0.0.1:5000/111122223333.x"), None);
    }
}
