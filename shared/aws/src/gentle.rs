//! Calls of somebody who only looks: few at once.
//!
//! The rates of AWS are shared by all that the account runs. That of IAM is the lowest, and one for the whole account. Where AWS
//! throttles, the place of the call stays taken for a while: the more calls are throttled, the fewer are made.

use std::{sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;

/// How many calls of AWS IAM are under way at once, at most.
const OF_IAM: usize = 4;
/// The scope of a signature for AWS IAM: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>.
const SIGNED_FOR_IAM: &str = "/iam/aws4_request";
/// How long the place of a throttled call stays taken.
const SLOWER: Duration = Duration::from_millis(500);
/// What AWS calls throttling, where the status does not say it.
const THROTTLED: [&[u8]; 3] = [b"Throttl", b"TooManyRequests", b"RequestLimitExceeded"];

/// How many calls are under way at once.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    all: Arc<Semaphore>,
    iam: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Gate {
    /// At most so many at once; of IAM at most [`OF_IAM`].
    pub(crate) fn of(at_once: usize) -> Self {
        let [all, iam, others] = [at_once, OF_IAM.min(at_once), at_once].map(|places| Arc::new(Semaphore::new(places)));
        Self { all, iam, others }
    }

    pub(crate) fn before(&self, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Gated { gate: self.clone(), http })
    }

    async fn let_through(
        &self,
        connector: SharedHttpConnector,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let closed = |error| ConnectorError::other(Box::new(error), None);
        // Each kind waits by itself first: whoever waits for IAM takes no place from others, and does not stand behind all of them.
        let of_kind = if is_of_iam(&request) { &self.iam } else { &self.others };
        let _of_kind = of_kind.acquire().await.map_err(closed)?;
        let _of_all = self.all.acquire().await.map_err(closed)?;
        let mut answer = connector.call(request).await?;
        if is_throttled(&mut answer).await? {
            pause().await;
        }
        Ok(answer)
    }
}

#[expect(clippy::disallowed_methods, reason = "a look waits for nothing but what it is asked to")]
async fn pause() {
    tokio::time::sleep(SLOWER).await;
}

/// AWS throttles with 429 and 503, and in its older protocols with a code in the body of a 400.
async fn is_throttled(answer: &mut HttpResponse) -> Result<bool, ConnectorError> {
    match answer.status().as_u16() {
        429 | 503 => Ok(true),
        400 => {
            let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
            let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
            let says = |code: &&[u8]| body.windows(code.len()).any(|part| part == *code);
            let found = THROTTLED.iter().any(says);
            *answer.body_mut() = SdkBody::from(body);
            Ok(found)
        }
        _ => Ok(false),
    }
}

#[derive(Debug)]
struct Gated {
    gate: Gate,
    http: SharedHttpClient,
}

impl HttpClient for Gated {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector { gate: self.gate.clone(), connector })
    }
}

#[derive(Debug)]
struct GatedConnector {
    gate: Gate,
    connector: SharedHttpConnector,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (gate, connector) = (self.gate.clone(), self.connector.clone());
        HttpConnectorFuture::new(async move { gate.let_through(connector, request).await })
    }
}

fn is_of_iam(request: &HttpRequest) -> bool {
    request.headers().get("authorization").is_some_and(|signature| signature.contains(SIGNED_FOR_IAM))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use aws_smithy_runtime_api::http::StatusCode;
    use futures_util::future::{join, join_all};

    use super::*;
    use crate::answers::{AnsweringConnector, Answers};

    /// Counts how many calls are under way, and answers with their number.
    #[derive(Debug, Clone)]
    struct Counting {
        status: u16,
        now: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
        all: Arc<AtomicUsize>,
    }

    impl Counting {
        fn answering(status: u16) -> Self {
            Self { status, now: Arc::default(), most: Arc::default(), all: Arc::default() }
        }

        fn gated(&self) -> AnsweringConnector {
            let gated = GatedConnector { gate: Gate::of(8), connector: SharedHttpConnector::new(self.clone()) };
            AnsweringConnector { answers: Answers::default(), connector: SharedHttpConnector::new(gated) }
        }
    }

    impl HttpConnector for Counting {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let Self { status, now, most, all } = self.clone();
            HttpConnectorFuture::new(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                let body = format!("answer {}", all.fetch_add(1, Ordering::SeqCst));
                Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
            })
        }
    }

    fn request(path: &str, scope: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(format!("http://127.0.0.1{path}")).unwrap();
        let signature = format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1{scope}, Signature={path}");
        request.headers_mut().insert("authorization", signature);
        request
    }

    async fn most_at_once(scope: &str) -> usize {
        let counting = Counting::answering(200);
        let gated = counting.gated();
        let calls = (0..50).map(|number| gated.call(request(&format!("/{number}"), scope)));
        let answers = tokio::time::timeout(Duration::from_mins(1), join_all(calls)).await.unwrap();
        assert!(answers.iter().all(Result::is_ok));
        counting.most.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn eight_calls_are_under_way_at_once_and_four_of_iam() {
        assert_eq!((most_at_once("/s3/aws4_request").await, most_at_once("/iam/aws4_request").await), (8, 4));
    }

    #[tokio::test]
    async fn calls_of_iam_do_not_stand_behind_all_that_wait_for_other_services() {
        let gated = Counting::answering(200).gated();
        let calls = |many: usize, scope: &'static str| {
            let gated = &gated;
            join_all((0..many).map(move |number| asked(gated, request(&format!("/{number}"), scope))))
        };
        let (_, of_iam) = join(calls(100, "/s3/aws4_request"), calls(4, "/iam/aws4_request")).await;
        let numbers = of_iam.iter().map(|answer| answer.trim_start_matches("answer ").parse::<usize>().unwrap());
        assert!(numbers.clone().all(|number| number < 24), "{:?}", numbers.collect::<Vec<_>>());
    }

    async fn asked(gated: &AnsweringConnector, request: HttpRequest) -> String {
        let answer = gated.call(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_same_question_is_asked_once_and_another_by_itself() {
        for status in [200, 404] {
            let counting = Counting::answering(status);
            let gated = counting.gated();
            let same = join_all((0..5).map(|_| asked(&gated, request("/a?policy", "/s3/aws4_request")))).await;
            assert!(same.iter().all(|answer| answer == "answer 0"), "{same:?}");
            assert_eq!(asked(&gated, request("/b?policy", "/s3/aws4_request")).await, "answer 1");
            let mut elsewhere = request("/a?policy", "/s3/aws4_request");
            elsewhere.headers_mut().insert("x-amz-expected-bucket-owner", "111122223333");
            assert_eq!(asked(&gated, elsewhere).await, "answer 2");
            let mut other = request("/a?policy", "/s3/aws4_request");
            other
                .headers_mut()
                .insert("authorization", "AWS4-HMAC-SHA256 Credential=OTHER/20260101/us-east-1/s3/aws4_request");
            assert_eq!(asked(&gated, other).await, "answer 3", "other credentials see another account");
        }
    }

    /// A role that was assumed a quarter of an hour ago is assumed again, and not with the same credentials.
    #[tokio::test]
    async fn credentials_are_lent_anew_each_time() {
        let gated = Counting::answering(200).gated();
        assert_eq!(asked(&gated, request("/", "/sts/aws4_request")).await, "answer 0");
        assert_eq!(asked(&gated, request("/", "/sts/aws4_request")).await, "answer 1");
    }

    #[tokio::test]
    async fn an_answer_that_may_change_is_asked_for_again() {
        for status in [400, 403, 429, 500, 503] {
            let gated = Counting::answering(status).gated();
            assert_eq!(asked(&gated, request("/a", "/s3/aws4_request")).await, "answer 0");
            assert_eq!(asked(&gated, request("/a", "/s3/aws4_request")).await, "answer 1", "{status}");
        }
    }
}
