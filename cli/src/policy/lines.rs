//! `--jsonl`: a line for a line.

use std::fmt::Write as _;

use remedy_domain::Timestamp;
use remedy_policy::{
    Answer, Holder, Identity, Kind, Malformed, Policy, Resource, TooMuchWork,
    document::decoded,
    escalation::Method,
    json::{self, Flaw, Json, Value},
};

/// The answer to one line, without its end, about requests at this time or later.
pub(crate) fn answer(line: &[u8], now: Option<Timestamp>) -> String {
    let Ok(line) = std::str::from_utf8(line) else { return refusal("null", None, "the line is not UTF-8") };
    let request = match json::parse(line) {
        Ok(request) => request,
        Err(error) => return refusal("null", None, &format!("the line is not JSON: {error}")),
    };
    let id = request.root.get("id").map_or("null", |id| id.span.of(line)).to_owned();
    if repeats(&request) {
        return refusal(&id, None, "the line has the same key twice");
    }
    let kind = match request.root.get("kind").and_then(json::Node::as_str) {
        Some("identity") => Kind::Identity,
        Some("bucket") => Kind::Bucket,
        Some("key") => Kind::Key,
        Some("trust") => Kind::Trust,
        Some("resource") => Kind::Resource,
        _ => return refusal(&id, None, "`kind` must be identity, bucket, key, trust or resource"),
    };
    match (request.root.get("policy").is_some(), request.root.get("text").and_then(json::Node::as_str)) {
        (true, None) => with_policy((&id, kind), line, request, now),
        (false, Some(text)) => match decoded(text) {
            Ok(text) => verdicts(&id, kind, Policy::parse(kind, &text), now),
            Err(error) => verdicts(&id, kind, Err(error), now),
        },
        _ => refusal(&id, Some(kind), "one of `policy` (an object) and `text` (a string) must be there"),
    }
}

/// Whether a member of the line itself, and not of the policy, stands there twice.
fn repeats(request: &Json<'_>) -> bool {
    let Value::Object(members) = &request.root.value else { return false };
    let own = |at: usize| members.iter().any(|member| member.key_span.start == at);
    request.flaws.iter().any(|(at, flaw)| *flaw == Flaw::DuplicateKey && own(*at))
}

fn with_policy((id, kind): (&str, Kind), line: &str, request: Json<'_>, now: Option<Timestamp>) -> String {
    let Json { root, flaws } = request;
    let Value::Object(members) = root.value else { return refusal(id, Some(kind), "the line is no object") };
    let Some(policy) = members.into_iter().find(|member| member.key == "policy") else {
        return refusal(id, Some(kind), "`policy` must be there");
    };
    let span = policy.value.span;
    let flaw = flaws.into_iter().filter(|(at, _)| span.holds(*at)).min_by_key(|(at, _)| *at);
    verdicts(id, kind, Policy::of_node(kind, line, policy.value, flaw), now)
}

fn verdicts(id: &str, kind: Kind, policy: Result<Policy<'_>, Malformed>, now: Option<Timestamp>) -> String {
    let policy = match policy {
        Ok(policy) => policy.as_of(now),
        Err(error) => return refusal(id, Some(kind), &error.to_string()),
    };
    let mut out = String::with_capacity(256);
    if kind == Kind::Identity {
        let found = match Identity::of(&Holder::of(&policy)) {
            Ok(found) => found,
            Err(error) => return unfinished(id, &error),
        };
        let services = found.full_service_access.iter().map(String::as_str);
        let names = |methods: &[&'static Method]| quoted(methods.iter().map(|method| method.name));
        let _infallible = write!(
            out,
            r#"{{"id":{id},"valid":true,"admin_access":{},"admin_literal":{},"full_service_access":[{}],"privilege_escalation":[{}],"later_escalation":[{}]}}"#,
            found.admin,
            found.admin_literal,
            quoted(services),
            names(&found.privilege_escalation),
            names(&found.later_escalation),
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

/// It is a policy, and its permissions are unknown.
fn unfinished(id: &str, error: &TooMuchWork) -> String {
    let error = serde_json::Value::from(error.to_string());
    format!(
        r#"{{"id":{id},"valid":true,"admin_access":null,"admin_literal":null,"full_service_access":null,"privilege_escalation":null,"later_escalation":null,"error":{error}}}"#
    )
}

/// Nothing is known of what is no policy: every verdict is `null`.
fn refusal(id: &str, kind: Option<Kind>, error: &str) -> String {
    let identity = r#","admin_access":null,"admin_literal":null,"full_service_access":null,"privilege_escalation":null,"later_escalation":null"#;
    let resource = r#","public":null,"public_s3":null"#;
    let verdicts = match kind {
        Some(Kind::Identity) => identity.to_owned(),
        Some(_) => resource.to_owned(),
        None => format!("{identity}{resource}"),
    };
    let error = serde_json::Value::from(error);
    format!(r#"{{"id":{id},"valid":false{verdicts},"error":{error}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> serde_json::Value {
        serde_json::from_str(&answer(line.as_bytes(), None)).unwrap()
    }

    #[test]
    fn an_identity_has_its_five_verdicts() {
        let line = r#"{"id":"a","kind":"identity","policy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sqs:*","iam:CreateAccessKey"],"Resource":"*"}}}"#;
        let expected = r#"{"id":"a","valid":true,"admin_access":false,"admin_literal":false,"full_service_access":["sqs"],"privilege_escalation":["CreateAccessKey"],"later_escalation":[]}"#;
        assert_eq!(answer(line.as_bytes(), None), expected);
    }

    #[test]
    fn a_resource_has_its_two_and_a_text_is_decoded() {
        let text =
            r#"{"Statement":{"Effect":"Allow","Principal":"\u002a","Action":"s3:*","Resource":"arn:aws:s3:::b"}}"#;
        let line = serde_json::json!({"id": 7, "kind": "bucket", "text": text}).to_string();
        assert_eq!(answer(line.as_bytes(), None), r#"{"id":7,"valid":true,"public":true,"public_s3":true}"#);
        let unknown = line.replace(
            "\\\"Resource\\\"",
            "\\\"Condition\\\":{\\\"StringEquals\\\":{\\\"aws:New\\\":1}},\\\"Resource\\\"",
        );
        assert_eq!(told(&unknown)["public"], serde_json::Value::Null);
        assert_eq!(told(&unknown)["valid"], true);
    }

    #[test]
    fn what_is_malformed_is_never_clean() {
        for (line, id) in [
            (
                r#"{"id":1,"kind":"identity","policy":{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}}"#,
                "1",
            ),
            (r#"{"id":"x","kind":"identity","policy":[]}"#, "\"x\""),
            (r#"{"id":"x","kind":"identity","text":"{"}"#, "\"x\""),
            (r#"{"id":"x","kind":"unheard-of","policy":{}}"#, "\"x\""),
            (r#"{"id":"x","kind":"trust"}"#, "\"x\""),
            (r#"{"id":"x","kind":"trust","text":"{}","policy":{}}"#, "\"x\""),
            (
                r#"{"id":"x","kind":"identity","policy":{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}},"policy":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}"#,
                "\"x\"",
            ),
            ("not json", "null"),
        ] {
            let told = told(line);
            assert_eq!(told["id"].to_string(), id, "{line}");
            assert_eq!(told["valid"], false, "{line}");
            let verdicts =
                told.as_object().unwrap().iter().filter(|(key, _)| !["id", "valid", "error"].contains(&key.as_str()));
            assert!(verdicts.clone().count() >= 2 && verdicts.clone().all(|(_, verdict)| verdict.is_null()), "{line}");
        }
        assert!(answer(b"\xff", None).contains("UTF-8"));
    }
}
