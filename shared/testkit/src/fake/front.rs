//! The fake over HTTP, for programs that run by themselves. It counts what they ask, and how much of it at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::HttpConnector as _,
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::task::JoinHandle;

use super::{FakeAws, call::Call, service::Service};
use crate::proxy::wire::{self, Ask};

/// What was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The calls that were answered, by operation, such as `s3:GetBucketPolicy`.
    pub calls: BTreeMap<String, usize>,
    /// The most that were under way at once.
    pub most: usize,
    /// The most of AWS IAM.
    pub most_of_iam: usize,
    under_way: usize,
    under_way_of_iam: usize,
}

impl Asked {
    /// All calls.
    #[must_use]
    pub fn total(&self) -> usize {
        self.calls.values().sum()
    }

    fn begin(&mut self, service: &Service) {
        self.under_way += 1;
        self.most = self.most.max(self.under_way);
        self.under_way_of_iam += usize::from(service.name == "iam");
        self.most_of_iam = self.most_of_iam.max(self.under_way_of_iam);
    }

    fn end(&mut self, service: &Service) {
        self.under_way -= 1;
        self.under_way_of_iam -= usize::from(service.name == "iam");
    }
}

/// A server on loopback that ends with this.
#[derive(Debug)]
pub struct Front {
    aws: FakeAws,
    endpoint: String,
    asked: Arc<Mutex<Asked>>,
    accepting: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Front {
    /// Serves the fake on a free port; each answer takes at least so long. Needs a running tokio runtime.
    #[must_use]
    pub fn of(aws: &FakeAws, latency: Duration) -> Self {
        let (listener, own) = wire::bind();
        let asked: Arc<Mutex<Asked>> = Arc::default();
        let (behind, counted) = (aws.clone(), asked.clone());
        let answer = move |request| {
            let (aws, asked) = (behind.clone(), counted.clone());
            async move { answer(&aws, &asked, Ask::read(request).await?, latency).await }
        };
        let accepting = tokio::spawn(wire::listen(listener, answer));
        Self { aws: aws.clone(), endpoint: format!("http://{own}"), asked, accepting }
    }

    /// The address that a program must take for AWS.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What was asked since it was forgotten.
    #[must_use]
    pub fn asked(&self) -> Asked {
        locked(&self.asked).clone()
    }

    /// Forgets what was asked, in the journal of the fake, too. Whatever is under way stays counted as such.
    pub fn forget(&self) {
        let mut asked = locked(&self.asked);
        let Asked { under_way, under_way_of_iam, .. } = *asked;
        *asked = Asked { under_way, under_way_of_iam, ..Asked::default() };
        self.aws.journal.lock().expect("not poisoned").clear();
    }
}

/// A call that is under way: it also ends where its caller is killed, and nobody waits for the answer.
struct UnderWay<'a>(&'a Mutex<Asked>, &'static Service);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        locked(self.0).end(self.1);
    }
}

fn locked(asked: &Mutex<Asked>) -> MutexGuard<'_, Asked> {
    asked.lock().expect("counts are not poisoned")
}

async fn answer(
    aws: &FakeAws,
    asked: &Mutex<Asked>,
    ask: Ask,
    latency: Duration,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let request = as_the_sdk_has_it(&ask);
    let call = Call::read(&request, &aws.services);
    locked(asked).begin(call.service);
    let _under_way = UnderWay(asked, call.service);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let answer = aws.call(request).await.expect("the fake breaks no connection by itself");
    *locked(asked).calls.entry(call.full_name()).or_default() += 1;
    Ok(on_the_wire(&answer))
}

fn as_the_sdk_has_it(ask: &Ask) -> HttpRequest {
    let mut request = HttpRequest::new(SdkBody::from(ask.body.clone()));
    request.set_method(ask.method.as_str()).expect("a method that was parsed once");
    request.set_uri(format!("http://127.0.0.1{}", ask.target)).expect("a target that was parsed once");
    for (name, value) in &ask.headers {
        let value = value.to_str().expect("AWS headers are text").to_owned();
        request.headers_mut().append(name.as_str().to_owned(), value);
    }
    request
}

fn on_the_wire(answer: &HttpResponse) -> Response<Full<Bytes>> {
    let body = answer.body().bytes().expect("a body in memory").to_vec();
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status().as_u16()).expect("a status"));
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    response.body(Full::from(body)).expect("headers of an answer")
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use http::{HeaderMap, HeaderValue, Method, header};

    use super::*;

    /// A request as a client signs it, as far as the fake looks.
    fn ask(service: &str, method: Method, body: &'static str) -> Ask {
        let signed =
            format!("AWS4-HMAC-SHA256 Credential=AKIA111122223333READ/20260101/us-east-1/{service}/aws4_request");
        let signed = HeaderValue::from_str(&signed).unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, signed)]);
        Ask { method, target: "/".to_owned(), headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn calls_are_answered_and_counted_and_how_many_at_once() {
        let front = Front::of(&FakeAws::default(), Duration::from_millis(200));
        let authority = front.endpoint().trim_start_matches("http://").to_owned();
        let users = || ask("iam", Method::POST, "Action=ListUsers");
        let asks = [users(), users(), ask("s3", Method::GET, "")];
        let said = join_all(asks.map(|ask| wire::exchange(&authority, &authority, ask))).await;
        assert!(said.into_iter().all(|reply| reply.unwrap().status == 200));
        let asked = front.asked();
        let calls = [("iam:ListUsers".to_owned(), 2), ("s3:ListBuckets".to_owned(), 1)];
        assert_eq!((&asked.calls, asked.total()), (&calls.into(), 3));
        assert_eq!((asked.most, asked.most_of_iam, asked.under_way), (3, 2, 0));
        front.forget();
        assert_eq!(front.asked(), Asked::default());
    }
}
