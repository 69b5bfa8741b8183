//! `Config Rules Compliance Change`: an evaluation came out differently from before.
//! <https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html>

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Object, Region, ResourceId, ResourceType, RuleName};
use super::{Cause, Hint, Idle, Scope, Selector, Trigger};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    aws_account_id: Account,
    aws_region: Region,
    config_rule_name: RuleName,
    resource_type: ResourceType,
    resource_id: ResourceId,
    new_evaluation_result: Option<Object<Evaluation>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluation {
    compliance_type: Compliance,
    evaluation_result_identifier: Option<Object<Identifier>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Compliance {
    Compliant,
    NonCompliant,
    NotApplicable,
    InsufficientData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identifier {
    evaluation_result_qualifier: Option<Object<Qualifier>>,
}

/// Repeats the detail.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Qualifier {
    config_rule_name: Option<RuleName>,
    resource_type: Option<ResourceType>,
    resource_id: Option<ResourceId>,
}

/// Reads the event.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    envelope.own(&detail.aws_account_id)?;
    detail.agree()?;
    let region = Some(detail.aws_region.clone());
    Ok(vec![envelope.trigger(Cause::ComplianceChange, detail.scope(), region)])
}

impl Detail {
    /// Refuses a detail whose qualifier names another rule or resource.
    fn agree(&self) -> Result<(), Refusal> {
        let identifier =
            self.new_evaluation_result.as_ref().and_then(|result| result.0.evaluation_result_identifier.as_ref());
        let Some(qualifier) = identifier.and_then(|identifier| identifier.0.evaluation_result_qualifier.as_ref())
        else {
            return Ok(());
        };
        let Qualifier { config_rule_name, resource_type, resource_id } = &qualifier.0;
        let agrees = config_rule_name.as_ref().is_none_or(|name| *name == self.config_rule_name)
            && resource_type.as_ref().is_none_or(|kind| *kind == self.resource_type)
            && resource_id.as_ref().is_none_or(|id| *id == self.resource_id);
        if agrees { Ok(()) } else { Err(Refusal::shape("detail: the qualifier names another rule or resource")) }
    }

    fn scope(self) -> Scope {
        match self.new_evaluation_result.map(|result| result.0.compliance_type) {
            Some(Compliance::NonCompliant) => Scope::One(Hint {
                resource_type: Some(self.resource_type.into()),
                id: self.resource_id.into(),
                selector: Selector::ConfigRule { name: self.config_rule_name.into() },
            }),
            Some(Compliance::Compliant) => Scope::Nothing(Idle::Compliant),
            Some(Compliance::NotApplicable) => Scope::Nothing(Idle::NotApplicable),
            // Without a new result Config says only that the old one is gone.
            Some(Compliance::InsufficientData) | None => Scope::Nothing(Idle::InsufficientData),
        }
    }
}
