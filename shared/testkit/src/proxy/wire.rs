//! HTTP as values: a whole request, a whole reply, and the exchange of them with the emulator.

use std::{io, time::Duration};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Headers that belong to one connection, or that are made anew from the body.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A request read to its end, so that it can be recorded, forwarded, repeated and imitated.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    /// Reads a request that came in; what was sent as `Host` is left aside.
    pub(crate) async fn read(request: Request<Incoming>) -> Result<Self, hyper::Error> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let body = body.collect().await?.to_bytes();
        Ok(Self { method: head.method, target, headers: head.headers, body })
    }

    /// The path without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query without its question mark.
    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A header's text; nothing if it is missing or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The same caller, asking for something else: credentials stay, method, target and body change.
    pub(crate) fn instead(&self, method: Method, target: &str, body: impl Into<Bytes>) -> Self {
        let mut other = Self { method, target: target.to_owned(), body: body.into(), ..self.clone() };
        for name in ["content-encoding", "content-md5", "x-amz-content-sha256", "x-amz-expected-bucket-owner"] {
            other.headers.remove(name);
        }
        other
    }

    fn into_request(self, authority: &str, host: &str) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        let uri = format!("http://{authority}{}", self.target);
        *request.uri_mut() = uri.parse().expect("a target that was parsed once is a URI");
        *request.headers_mut() = end_to_end(&self.headers);
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).expect("a host and port"));
        if !self.body.is_empty() || ![Method::GET, Method::HEAD].contains(&self.method) {
            request.headers_mut().insert(header::CONTENT_LENGTH, self.body.len().into());
        }
        request
    }
}

/// An answer read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// An answer made here instead of in the emulator.
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).expect("a status between 100 and 999");
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (HeaderName::from_static("x-amzn-requestid"), HeaderValue::from_static(REQUEST_ID)),
            (HeaderName::from_static("x-amz-request-id"), HeaderValue::from_static(REQUEST_ID)),
        ]);
        Self { status, headers, body: body.into() }
    }

    /// The same answer with another body.
    pub(crate) fn with_body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The body as text, with anything that is not UTF-8 replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What goes back to a caller; only a HEAD keeps the length that the emulator named, for it has no body to measure.
    pub(crate) fn into_response(self, asked: &Method) -> Response<Full<Bytes>> {
        let length = self.headers.get(header::CONTENT_LENGTH).cloned().filter(|_| asked == Method::HEAD);
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = end_to_end(&self.headers);
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
        response
    }
}

/// Says in an answer that it was made here.
pub(crate) const REQUEST_ID: &str = "00000000-0000-4000-8000-00000000abcd";

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in &HOP_BY_HOP {
        kept.remove(name);
    }
    kept
}

/// A listener on a free loopback port, and its address.
pub(crate) fn bind() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound listener has an address").to_string();
    (listener, address)
}

/// Serves kept-alive connections until it is dropped, and they with it. An error of `answer` closes its connection.
pub(crate) async fn listen<Answer, Pending, Failure>(listener: std::net::TcpListener, answer: Answer)
where
    Answer: Fn(Request<Incoming>) -> Pending + Clone + Send + 'static,
    Pending: Future<Output = Result<Response<Full<Bytes>>, Failure>> + Send + 'static,
    Failure: std::error::Error + Send + Sync + 'static,
{
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a tokio runtime with I/O");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            Ok((stream, _)) = listener.accept() => drop(connections.spawn(serve(stream, answer.clone()))),
        }
    }
}

/// Errors of a connection are what faults are meant to cause, or the death of the caller.
async fn serve<Answer, Pending, Failure>(stream: TcpStream, answer: Answer)
where
    Answer: Fn(Request<Incoming>) -> Pending,
    Pending: Future<Output = Result<Response<Full<Bytes>>, Failure>>,
    Failure: std::error::Error + Send + Sync + 'static,
{
    let _ = stream.set_nodelay(true);
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

/// The way to a server, on connections that are kept.
#[derive(Debug)]
pub(crate) struct Upstream {
    authority: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    /// The way to a host and port.
    pub(crate) fn to(authority: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // Well before any of the emulators gives up a connection on which nothing happens.
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(2)).build(connector);
        Self { authority: authority.to_owned(), client }
    }

    /// Asks, and reads the answer to its end.
    pub(crate) async fn exchange(&self, host: &str, ask: Ask) -> io::Result<Reply> {
        let request = ask.into_request(&self.authority, host);
        let (head, body) = self.client.request(request).await.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    }
}

/// One exchange with a server that is asked once.
pub(crate) async fn exchange(authority: &str, host: &str, ask: Ask) -> io::Result<Reply> {
    Upstream::to(authority).exchange(host, ask).await
}

/// The first value of a field in an XML or JSON body, found by its name alone; enough for the few answers read here.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    let xml = || text.split_once(&format!("<{name}>"))?.1.split_once('<').map(|(value, _)| value);
    let json = || {
        let rest = text.split_once(&format!("\"{name}\""))?.1.trim_start().strip_prefix(':')?;
        rest.trim_start().strip_prefix('"')?.split_once('"').map(|(value, _)| value)
    };
    xml().or_else(json).map(str::to_owned)
}

/// The pairs of a query string or of a form body, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

/// Undoes percent-encoding, and `+` for a space; a broken escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                plain.push(value);
                rest = &after[2..];
            }
            None => {
                plain.push(if byte == b'+' { b' ' } else { byte });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_pluses_are_undone_and_broken_ones_kept() {
        assert_eq!(decode("a%2Fb+c%zz%"), "a/b c%zz%");
        assert_eq!(
            pairs("Action=GetUser&UserName=j%40x&&list"),
            [("Action".into(), "GetUser".into()), ("UserName".into(), "j@x".into()), ("list".into(), String::new()),]
        );
    }

    #[test]
    fn a_field_is_found_in_xml_and_in_json() {
        assert_eq!(field("<R><AccessKeyId>ASIA1</AccessKeyId></R>", "AccessKeyId").as_deref(), Some("ASIA1"));
        assert_eq!(field(r#"{"AccessKeyId" : "ASIA2"}"#, "AccessKeyId").as_deref(), Some("ASIA2"));
        assert_eq!(field("{}", "AccessKeyId"), None);
    }
}
