//! Answers of AWS to questions that were asked before.
//!
//! Several controls read the same setting of the same resource. While nothing is written, the answer to the first serves all.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

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
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use remedy_domain::canonical;
use tokio::sync::OnceCell;

/// The bytes of answers that are kept. The oldest goes first: controls that share a setting look at a resource soon after one
/// another. One that was asked for again, such as a key that many buckets have, stays once more.
const KEPT: usize = 32 * 1024 * 1024;
/// No larger answer is kept. A page of everybody's permissions is a few megabytes, and each administrator asks for all of them.
const LARGEST: usize = KEPT / 8;
/// What an answer takes beside its headers and its body, about, and a header beside its text.
const BESIDE: usize = 512;
const BESIDE_TEXT: usize = 64;
/// Headers that are part of the question.
const ASKING: [&str; 2] = ["x-amz-target", "x-amz-expected-bucket-owner"];

/// The answers of AWS that are kept, by the request that each answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    known: BTreeMap<String, Known>,
    order: VecDeque<(String, usize)>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Known {
    answer: Arc<OnceCell<Answer>>,
    was_asked_again: bool,
}

#[derive(Debug, Clone)]
struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// The bytes that it takes, about.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len() + BESIDE_TEXT);
        BESIDE + headers.sum::<usize>() + self.body.len()
    }
}

/// Whatever makes a request what it is, but for its time and its signature. None for one whose body is a stream, and none for AWS
/// STS: the credentials that it lends end, and are asked for again.
fn question(request: &HttpRequest) -> Option<String> {
    let body = request.body().bytes()?;
    let signature = request.headers().get("authorization")?;
    let (_, credential) = signature.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    if credential.split('/').nth(3) == Some("sts") {
        return None;
    }
    let [target, owner] = ASKING.map(|name| request.headers().get(name).unwrap_or_default());
    let parts = [request.method(), request.uri(), credential, target, owner].join("\n");
    Some(canonical::sha256_hex(&[parts.as_bytes(), body].concat()))
}

/// What became of an answer.
enum Read {
    /// It stays as it is while nothing is written.
    Kept(Answer),
    /// It may be another one the next time, or is too large.
    Passed(HttpResponse),
}

/// AWS refuses, throttles and fails for a while; what it says is there, or is not, stays so.
async fn read(mut response: HttpResponse) -> Result<Read, ConnectorError> {
    if !matches!(response.status().as_u16(), 200 | 404) {
        return Ok(Read::Passed(response));
    }
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    if body.len() > LARGEST {
        *response.body_mut() = SdkBody::from(body);
        return Ok(Read::Passed(response));
    }
    let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Read::Kept(Answer { status: response.status(), headers, body: body.to_vec() }))
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let mut response = HttpResponse::new(answer.status, SdkBody::from(answer.body));
    for (name, value) in answer.headers {
        response.headers_mut().try_append(name, value).map_err(|error| ConnectorError::other(Box::new(error), None))?;
    }
    Ok(response)
}

impl Answers {
    /// A client that asks `http` only what is not answered yet.
    pub(crate) fn before(&self, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Answering { answers: self.clone(), http })
    }

    /// The answer that was given before, or that of `asked`. Those who ask at the same time wait for the first.
    async fn once(
        &self,
        question: String,
        asked: impl Future<Output = Result<HttpResponse, ConnectorError>>,
    ) -> Result<HttpResponse, ConnectorError> {
        let cell = self.with(|kept_answers| kept_answers.asked(&question));
        let (mut passed, mut size) = (None, None);
        let kept = cell.get_or_try_init(|| async {
            match read(asked.await?).await? {
                Read::Kept(answer) => {
                    size = Some(answer.size());
                    Ok(answer)
                }
                Read::Passed(response) => {
                    passed = Some(response);
                    Err(ConnectorError::other("not kept".into(), None))
                }
            }
        });
        let kept = kept.await.cloned();
        match (size, passed) {
            (Some(size), _) => self.with(|kept_answers| kept_answers.keep(question, size)),
            (None, passed) if kept.is_err() => {
                self.with(|kept_answers| kept_answers.forget(&question));
                if let Some(response) = passed {
                    return Ok(response);
                }
            }
            _ => {}
        }
        response(kept?)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    /// The place of the answer to a question.
    fn asked(&mut self, question: &str) -> Arc<OnceCell<Answer>> {
        let known = self.known.entry(question.to_owned()).or_default();
        known.was_asked_again |= known.answer.initialized();
        known.answer.clone()
    }

    /// Counts an answer, and forgets the oldest where there are too many.
    fn keep(&mut self, question: String, size: usize) {
        self.bytes += size;
        self.order.push_back((question, size));
        while self.bytes > KEPT {
            let Some((oldest, size)) = self.order.pop_front() else { return };
            let known = self.known.get_mut(&oldest);
            if known.is_some_and(|known| std::mem::take(&mut known.was_asked_again)) {
                self.order.push_back((oldest, size));
            } else {
                self.known.remove(&oldest);
                self.bytes -= size;
            }
        }
    }

    /// A question without an answer.
    fn forget(&mut self, question: &str) {
        if self.known.get(question).is_some_and(|known| !known.answer.initialized()) {
            self.known.remove(question);
        }
    }
}

#[derive(Debug)]
struct Answering {
    answers: Answers,
    http: SharedHttpClient,
}

impl HttpClient for Answering {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(AnsweringConnector { answers: self.answers.clone(), connector })
    }
}

/// Asks AWS what is not answered yet.
#[derive(Debug)]
pub(crate) struct AnsweringConnector {
    pub(crate) answers: Answers,
    pub(crate) connector: SharedHttpConnector,
}

impl HttpConnector for AnsweringConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answers, connector) = (self.answers.clone(), self.connector.clone());
        HttpConnectorFuture::new(async move {
            match question(&request) {
                Some(question) => answers.once(question, connector.call(request)).await,
                None => connector.call(request).await,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores answers of this size, and returns the questions that still have one.
    fn kept(questions: &[&str], size: usize) -> Vec<String> {
        let mut kept_answers = Kept::default();
        for question in questions {
            let answer = kept_answers.asked(question);
            if !answer.initialized() {
                let status = StatusCode::try_from(200).unwrap();
                answer.set(Answer { status, headers: vec![], body: vec![] }).unwrap();
                kept_answers.keep((*question).to_owned(), size);
            }
        }
        assert!(kept_answers.bytes <= KEPT && kept_answers.order.len() == kept_answers.known.len());
        kept_answers.known.into_keys().collect()
    }

    #[test]
    fn the_oldest_answer_goes_first_but_one_that_was_asked_again_stays_once_more() {
        let third = KEPT / 3;
        assert_eq!(kept(&["a", "b", "c"], third), ["a", "b", "c"]);
        assert_eq!(kept(&["a", "b", "c", "d"], third), ["b", "c", "d"]);
        assert_eq!(kept(&["a", "b", "c", "a", "d"], third), ["a", "c", "d"]);
        assert_eq!(kept(&["a", "b", "c", "a", "d", "e", "f", "g"], third), ["e", "f", "g"]);
        assert_eq!(kept(&["a", "b", "a", "b"], KEPT), ["b"]);
    }
}
