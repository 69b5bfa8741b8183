//! AWS Config: its rules, and the answers to their invocations.

use std::collections::BTreeMap;

use aws_sdk_config::{
    Client,
    primitives::{DateTime, DateTimeFormat},
    types::{ComplianceType, Evaluation, Owner},
};
use remedy_domain::{Call, Fault, outcome::Compliance, redact, trigger::ReplyTo};
use remedy_engine::{Place, Report};

use crate::{
    faults::{Reading as _, absent, fault},
    ports::AwsPorts,
    routing::Rule,
};

/// The calls to AWS Config.
const EVALUATIONS: Call = Call::same("config:PutEvaluations");
pub(crate) const CALLS: [Call; 3] =
    [Call::same("config:DescribeConfigRules"), EVALUATIONS, Call::same("config:StartConfigRulesEvaluation")];

/// `PutEvaluations` takes this many evaluations at once.
const BATCH: usize = 100;
/// `Annotation` is at most this long.
const ANNOTATION: usize = 256;
/// The token of an invocation that only tries the rule out.
const TESTMODE: &str = "TESTMODE";

/// One resource as Config names it.
type Subject = (String, String);

/// A rule as AWS Config knows it. One that cannot be found is known by its name only.
pub(crate) async fn rule(ports: &AwsPorts, place: &Place, name: &str) -> Result<Rule, Fault> {
    let client = Client::new(ports.reading(place).await?.config());
    let answer = match client.describe_config_rules().config_rule_names(name).send().await {
        Ok(answer) => answer,
        Err(error) if absent(&error, &["NoSuchConfigRuleException"]) => return Ok(Rule::Named),
        Err(error) => return Err(fault("config:DescribeConfigRules", &error)),
    };
    let source = answer.config_rules().first().and_then(|rule| rule.source());
    let managed = source.filter(|source| source.owner() == &Owner::Aws).and_then(|source| source.source_identifier());
    Ok(managed.map_or(Rule::Named, |identifier| Rule::Managed(identifier.to_owned())))
}

/// Returns the answer to an invocation of a rule: one evaluation for each resource, the worst of its controls.
pub(crate) async fn answer(
    ports: &AwsPorts,
    place: &Place,
    reply: &ReplyTo,
    reports: &[Report],
) -> Result<usize, Fault> {
    let at = DateTime::from_str(&reply.ordering_timestamp, DateTimeFormat::DateTimeWithOffset).map_err(|_| {
        Fault::rejected("config:PutEvaluations", "bad-ordering-timestamp", "look at the rule's invocation")
    })?;
    let mut evaluations = Vec::new();
    for ((resource_type, resource_id), (compliance, annotation)) in worst(reply, reports) {
        let evaluation = Evaluation::builder()
            .compliance_resource_type(resource_type)
            .compliance_resource_id(resource_id)
            .compliance_type(compliance_type(compliance))
            .set_annotation(annotation)
            .ordering_timestamp(at)
            .build();
        evaluations.push(evaluation.map_err(|_| Fault::defect("config:PutEvaluations", "evaluation-not-built"))?);
    }
    let client = Client::new(ports.reading(place).await?.config());
    for batch in evaluations.chunks(BATCH) {
        if put(&client, reply, batch).await? == Token::Dead {
            return ask_again(&client, &reply.rule_name).await;
        }
    }
    Ok(evaluations.len())
}

/// The state of the token for the answer to an invocation.
#[derive(PartialEq, Eq)]
enum Token {
    /// AWS Config accepted it.
    Taken,
    /// AWS Config no longer knows it. The lifetime of a token is not documented.
    Dead,
}

/// The same invocation would always fail: AWS Config is asked for a new one. None of its evaluations is sent.
async fn ask_again(client: &Client, rule: &str) -> Result<usize, Fault> {
    tracing::warn!("the result token is not valid any more: the rule is evaluated again");
    let asked = client.start_config_rules_evaluation().config_rule_names(rule).send().await;
    asked.map_err(|error| fault("config:StartConfigRulesEvaluation", &error))?;
    Ok(0)
}

/// Sends one batch. A `200` may still list evaluations that failed: those go again, once.
async fn put(client: &Client, reply: &ReplyTo, batch: &[Evaluation]) -> Result<Token, Fault> {
    let mut left = batch.to_vec();
    for _ in 0..2 {
        let request = client.put_evaluations().result_token(&reply.result_token).set_evaluations(Some(left));
        let sent = request.test_mode(reply.result_token == TESTMODE).send().await;
        let Some(answer) = EVALUATIONS.found(&["InvalidResultTokenException"], sent)? else {
            return Ok(Token::Dead);
        };
        left = answer.failed_evaluations.unwrap_or_default();
        if left.is_empty() {
            return Ok(Token::Taken);
        }
    }
    Err(Fault::transient("config:PutEvaluations", "failed-evaluations"))
}

/// The worst opinion on each resource. An invocation about one resource is answered for exactly that one.
fn worst(reply: &ReplyTo, reports: &[Report]) -> BTreeMap<Subject, (Compliance, Option<String>)> {
    let mut answers = BTreeMap::new();
    if let Some(subject) = &reply.resource {
        answers.insert(subject.clone(), (Compliance::NotApplicable, None));
    }
    for report in reports {
        let subject = reply.resource.clone().unwrap_or_else(|| subject(report));
        let opinion = (report.outcome.compliance(), annotation(report));
        let known = answers.entry(subject).or_insert_with(|| opinion.clone());
        if opinion.0 > known.0 {
            *known = opinion;
        }
    }
    answers
}

/// The resource as Config names it: a user by its unique id.
fn subject(report: &Report) -> Subject {
    let target = &report.target;
    let id = target.unique_id.as_ref().unwrap_or(&target.id);
    (target.resource_type.clone(), id.clone())
}

fn annotation(report: &Report) -> Option<String> {
    let mut said = report.wrongs();
    said.extend(report.reason.as_ref().map(ToString::to_string));
    let text = redact::text(&said.join("; "));
    let cut: String = text.chars().take(ANNOTATION).collect();
    (!cut.is_empty()).then_some(cut)
}

fn compliance_type(compliance: Compliance) -> ComplianceType {
    match compliance {
        Compliance::Compliant => ComplianceType::Compliant,
        Compliance::NonCompliant => ComplianceType::NonCompliant,
        Compliance::NotApplicable => ComplianceType::NotApplicable,
    }
}
