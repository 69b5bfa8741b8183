//! The operator's status, and beside it what each function says would come of it if its controls were enforced today.

use serde_json::{Map, Value, json};

use super::{
    invoking::{Answer, NoAnswer},
    sending::{Ended, tell},
};

/// The functions that have controls.
const FUNCTIONS: [&str; 7] =
    ["iam-mfa", "iam-password-policy", "iam-policies", "kms-keys", "rds", "s3-encryption", "s3-public-access"];

/// What a function with controls answers with its forecast.
const EVENT: &str = r#"{"status":{}}"#;

/// One document of all that there is to know. A function that is not deployed is no failure; any other leaves a gap.
pub(super) fn beside(operator: Answer, invoke: impl Fn(&str, String) -> Result<Answer, NoAnswer>) -> (Value, Ended) {
    let (operator, mut ended) = told("operator", operator, Some);
    let mut functions = Map::new();
    for function in FUNCTIONS {
        let (status, one) = match invoke(function, EVENT.to_owned()) {
            Ok(answer) => told(function, answer, |body| body.get("status").cloned()),
            Err(absent) if absent.is_absent() => (json!({"error": "not deployed"}), Ended::Done),
            Err(failed) => refused(&failed.to_string(), failed.code),
        };
        functions.insert(function.to_owned(), status);
        ended = ended.max(one);
    }
    (json!({"operator": operator, "functions": functions}), ended)
}

/// The part of an answer that is shown.
fn told(function: &str, answer: Answer, part: impl Fn(Value) -> Option<Value>) -> (Value, Ended) {
    match answer {
        Answer::Done(body) => match part(body) {
            Some(part) => (part, Ended::Done),
            None => {
                refused(&format!("no-status: the answer holds none; is it of this version? ({function})"), "no-status")
            }
        },
        Answer::Refused(kind, message) => {
            refused(&format!("{kind}: {message} ({function})"), format!("{kind}: {message}"))
        }
    }
}

fn refused(aloud: &str, shown: impl Into<String>) -> (Value, Ended) {
    tell(aloud);
    (json!({"error": shown.into()}), Ended::Refused)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_function_with_controls_is_asked() {
        let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
        let mut folders: BTreeSet<_> =
            folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
        assert!(folders.remove("operator") && folders.remove("sealer"), "they have no controls");
        assert_eq!(folders.iter().map(String::as_str).collect::<Vec<_>>(), FUNCTIONS);
    }

    #[test]
    fn an_answer_without_a_status_and_a_refusal_are_gaps_that_are_seen() {
        let (status, ended) = beside(Answer::Done(json!({"holds": []})), |function, event| {
            assert_eq!(event, EVENT);
            Ok(match function {
                "iam-mfa" => Answer::Refused("denied".into(), "no".into()),
                "kms-keys" => Answer::Done(json!({"runs": []})),
                _ => Answer::Done(json!({"runs": [], "status": {"control": {"writes": 1}}})),
            })
        });
        assert_eq!(ended, Ended::Refused);
        assert_eq!(status["operator"], json!({"holds": []}));
        assert_eq!(status["functions"]["iam-mfa"], json!({"error": "denied: no"}));
        assert_eq!(status["functions"]["kms-keys"], json!({"error": "no-status"}));
        assert_eq!(status["functions"]["s3-encryption"], json!({"control": {"writes": 1}}));
    }

    #[test]
    fn all_answers_are_a_status_without_gaps() {
        let (status, ended) = beside(Answer::Done(json!({})), |_, _| Ok(Answer::Done(json!({"status": {}}))));
        assert_eq!((status["functions"].as_object().map(Map::len), ended), (Some(FUNCTIONS.len()), Ended::Done));
    }
}
