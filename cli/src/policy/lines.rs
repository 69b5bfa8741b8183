//! `--jsonl`: a line for a line.

use std::fmt::Write as _;

use remedy_policy::{
    Answer, Holder, Identity, Kind, Malformed, Policy, Resource,
    document::{Problem, decoded},
    json::{self, Json, Value},
};

/// The answer to one line, without its end.
pub(crate) fn answer(line: &[u8]) -> String {
    let Ok(line) = std::str::from_utf8(line) else { return refusal("null", None, "the line is not UTF-8") };
    let request = match json::parse(line) {
        Ok(request) => request,
        Err(error) => return refusal("null", None, &format!("the line is not JSON: {error}")),
    };
    let id = request.root.get("id").map_or("null", |id| id.span.of(line)).to_owned();
    let kind = match request.root.get("kind").and_then(json::Node::as_str) {
        Some("identity") => Kind::Identity,
        Some("bucket") => Kind::Bucket,
        Some("key") => Kind::Key,
        Some("trust") => Kind::Trust,
        Some("resource") => Kind::Resource,
        _ => return refusal(&id, None, "`kind` must be identity, bucket, key, trust or resource"),
    };
    match (request.root.get("policy").is_some(), request.root.get("text").and_then(json::Node::as_str)) {
        (true, None) => with_policy(&id, kind, line, request),
        (false, Some(text)) => match decoded(text) {
            Ok(text) => verdicts(&id, kind, Policy::parse(kind, &text)),
            Err(error) => verdicts(&id, kind, Err(error)),
        },
        _ => refusal(&id, Some(kind), "one of `policy` (an object) and `text` (a string) must be there"),
    }
}

fn with_policy(id: &str, kind: Kind, line: &str, request: Json<'_>) -> String {
    let Json { root, flaws } = request;
    let Value::Object(members) = root.value else { return refusal(id, Some(kind), "the line is no object") };
    let Some(policy) = members.into_iter().find(|member| member.key == "policy") else {
        return refusal(id, Some(kind), "`policy` must be there");
    };
    let span = policy.value.span;
    let flaw = flaws.into_iter().filter(|(at, _)| span.holds(*at)).min_by_key(|(at, _)| *at);
    let too_long = span.end - span.start > remedy_policy::document::LONGEST;
    let parsed = if too_long {
        Err(Malformed { path: "$".to_owned(), at: span.start, problem: Problem::TooLong })
    } else {
        Policy::of_node(kind, line, policy.value, flaw)
    };
    verdicts(id, kind, parsed)
}

fn verdicts(id: &str, kind: Kind, policy: Result<Policy<'_>, Malformed>) -> String {
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => return refusal(id, Some(kind), &error.to_string()),
    };
    let mut out = String::with_capacity(256);
    if kind == Kind::Identity {
        let found = Identity::of(&Holder::of(&policy));
        let services = found.full_service_access.iter().map(String::as_str);
        let ways = found.privilege_escalation.iter().map(|method| method.name);
        let _infallible = write!(
            out,
            r#"{{"id":{id},"valid":true,"admin_access":{},"admin_literal":{},"full_service_access":[{}],"privilege_escalation":[{}]}}"#,
            found.admin,
            found.admin_literal,
            quoted(services),
            quoted(ways),
        );
    } else {
        let found = Resource::of(&policy);
        let _infallible = write!(
            out,
            r#"{{"id":{id},"valid":true,"public":{},"public_s3":{}}}"#,
            word(found.public),
            word(found.public_literal),
        );
    }
    out
}

/// Names of services and methods need no escapes.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut out = String::new();
    for name in names {
        if !out.is_empty() {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push('"');
    }
    out
}

const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "true",
        Answer::No => "false",
        Answer::Unknown => "null",
    }
}

/// Nothing is known of what is no policy: every verdict is `null`.
fn refusal(id: &str, kind: Option<Kind>, error: &str) -> String {
    let identity =
        r#","admin_access":null,"admin_literal":null,"full_service_access":null,"privilege_escalation":null"#;
    let resource = r#","public":null,"public_s3":null"#;
    let verdicts = match kind {
        Some(Kind::Identity) => identity.to_owned(),
        Some(_) => resource.to_owned(),
        None => format!("{identity}{resource}"),
    };
    let error = serde_json::Value::from(error);
    format!(r#"{{"id":{id},"valid":false{verdicts},"error":{error}}}"#)
}
