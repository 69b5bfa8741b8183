//! Policies from public bug reports of other tools, each with its right verdict: `tests/corpus/policies.jsonl`.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use remedy_testkit::lambda::binary;
use serde_json::{Map, Value};

const CASES: &str = include_str!("../corpus/policies.jsonl");

fn check(arguments: &[&str], input: &str) -> Output {
    let mut started = Command::new(binary("remedy"))
        .args(["policy", "check"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`remedy` starts");
    started.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    started.wait_with_output().expect("it ends")
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map_or_else(|| vec![value.as_str().unwrap_or_default()], |all| all.iter().filter_map(Value::as_str).collect())
}

/// What is wrong about an answer, by what was expected.
fn wrong(case: &Value, answer: &Map<String, Value>) -> Vec<String> {
    let names = |member: &str| answer.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let services = names("full_service_access");
    let escalation = [names("privilege_escalation"), names("later_escalation")].concat();
    let document =
        case.get("policy").map_or_else(|| case["text"].as_str().unwrap_or_default().to_owned(), Value::to_string);
    let people = || {
        let output = check(&["--kind", case["kind"].as_str().expect("a kind"), "-"], &document);
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    };
    let mut wrong = Vec::new();
    for (member, expected) in case["expect"].as_object().expect("what is expected") {
        let all = |holds: &dyn Fn(&str) -> bool| texts(expected).into_iter().all(holds);
        let right = match member.as_str() {
            "full_has" => all(&|name| services.contains(&name.into())),
            "full_not" => all(&|name| !services.contains(&name.into())),
            "esc_has" => all(&|name| escalation.contains(&name.into())),
            "esc_not" => all(&|name| !escalation.contains(&name.into())),
            "esc_nonempty" => *expected == Value::Bool(!escalation.is_empty()),
            "finding" => all(&|words| people().0.contains(words)),
            "finding_not" => all(&|words| !people().0.contains(words)),
            "exit" => expected.as_i64() == people().1.map(i64::from),
            verdict => answer.get(verdict) == Some(expected),
        };
        if !right {
            wrong.push(format!(
                "{} {member}: expected {expected}; {} ({})",
                case["id"],
                case["why"],
                Value::from(answer.clone())
            ));
        }
    }
    wrong
}

#[test]
fn public_cases_have_their_right_verdicts() {
    let cases: Vec<Value> = CASES.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    let question = |case: &Value| {
        let asked = ["id", "kind", "policy", "text"]
            .into_iter()
            .filter_map(|member| Some((member.to_owned(), case.get(member)?.clone())));
        format!("{}\n", Value::Object(asked.collect()))
    };
    let output = check(&["--jsonl"], &cases.iter().map(question).collect::<String>());
    let answers = String::from_utf8(output.stdout).expect("JSON lines");
    let answers: Vec<Map<String, Value>> =
        answers.lines().map(|line| serde_json::from_str(line).expect("an answer")).collect();
    assert_eq!(answers.len(), cases.len(), "{}", String::from_utf8_lossy(&output.stderr));
    let wrong: Vec<_> = cases.iter().zip(&answers).flat_map(|(case, answer)| wrong(case, answer)).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong: {wrong:#?}", wrong.len(), cases.len());
    assert!(cases.len() >= 70, "the corpus shrank");
}
