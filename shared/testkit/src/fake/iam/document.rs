//! What IAM takes for a policy document.
//!
//! Source: the answers of IAM to malformed documents, as moto's authors collected them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Refusal;

type Statement = Map<String, Value>;

/// The elements of a statement.
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Refuses what is no policy of a principal.
pub(super) fn check_permissions(document: &str) -> Result<(), Refusal> {
    let statements = parse(document)?;
    for statement in &statements {
        if has(statement, "Principal") {
            return Err(malformed("Policy document should not specify a principal."));
        }
        if values(statement, "Action").is_empty() {
            return Err(malformed("Policy statement must contain actions."));
        }
        let resources = values(statement, "Resource");
        if resources.is_empty() {
            return Err(malformed("Policy statement must contain resources."));
        }
        resources.iter().try_for_each(|resource| check_resource(resource))?;
        values(statement, "Action").iter().try_for_each(|action| check_action(action))?;
    }
    check_sids(&statements)
}

/// Refuses what is no trust policy of a role.
pub(super) fn check_trust(document: &str) -> Result<(), Refusal> {
    let statements = parse(document)?;
    for statement in &statements {
        if has(statement, "Resource") {
            return Err(malformed("Has prohibited field Resource"));
        }
        if !has(statement, "Principal") {
            return Err(malformed("Missing required field Principal"));
        }
        if !values(statement, "Action").iter().all(|action| action.starts_with("sts:") || action == "*") {
            return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
        }
    }
    check_sids(&statements)
}

/// How many characters count towards the quota: all but white space.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

fn parse(document: &str) -> Result<Vec<Statement>, Refusal> {
    let syntax = || malformed("Syntax errors in policy.");
    let Ok(Value::Object(top)) = serde_json::from_str(document) else { return Err(syntax()) };
    let statements = match top.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => vec![],
    };
    let statements: Option<Vec<_>> = statements.into_iter().map(statement).collect();
    let statements = statements.filter(|statements| !statements.is_empty()).ok_or_else(syntax)?;
    match top.get("Version").map(|version| version.as_str()) {
        Some(Some("2012-10-17")) => Ok(statements),
        None | Some(Some("2008-10-17")) => Err(malformed("Policy document must be version 2012-10-17 or greater.")),
        Some(_) => Err(syntax()),
    }
}

/// The statement, if it is well-formed.
fn statement(value: Value) -> Option<Statement> {
    let Value::Object(statement) = value else { return None };
    let is_known = statement.keys().all(|key| ELEMENTS.contains(&key.as_str()));
    let is_twice = |noun: &str| statement.contains_key(noun) && statement.contains_key(&format!("Not{noun}"));
    let effect = statement.get("Effect").and_then(Value::as_str);
    let is_good = is_known
        && matches!(effect, Some("Allow" | "Deny"))
        && !["Principal", "Action", "Resource"].into_iter().any(is_twice);
    is_good.then_some(statement)
}

fn has(statement: &Statement, noun: &str) -> bool {
    statement.contains_key(noun) || statement.contains_key(&format!("Not{noun}"))
}

/// The values of an element or of its negation, one or a list.
fn values(statement: &Statement, noun: &str) -> Vec<String> {
    match statement.get(noun).or_else(|| statement.get(&format!("Not{noun}"))) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    }
}

fn check_resource(resource: &str) -> Result<(), Refusal> {
    if resource == "*" || (resource.starts_with("arn:") && resource.split(':').count() >= 6) {
        return Ok(());
    }
    Err(malformed(&format!("Resource {resource} must be in ARN format or \"*\".")))
}

fn check_action(action: &str) -> Result<(), Refusal> {
    match action.split(':').count() {
        1 if action != "*" => {
            Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."))
        }
        1 | 2 => Ok(()),
        _ => Err(malformed("Actions/Condition can contain only one colon.")),
    }
}

fn check_sids(statements: &[Statement]) -> Result<(), Refusal> {
    let sids: Vec<_> = statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).collect();
    if sids.iter().collect::<BTreeSet<_>>().len() < sids.len() {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    Ok(())
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(400, "MalformedPolicyDocument", message)
}
