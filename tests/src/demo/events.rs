//! Events as AWS sends them.

use serde_json::{Value, json};

use super::{manifest::Place, site::Site};

const REPORTED: &str = "2026-03-02T10:15:30.123Z";

/// AWS Config found the place in violation of its rule. Nothing for a place that no rule looks at.
pub(crate) fn compliance_change(site: &Site, place: &Place, number: usize) -> Option<Value> {
    let rule = place.rule.as_deref()?;
    let (account, region) = (&site.world.account.id, &site.world.account.region);
    Some(json!({
        "version": "0",
        "id": format!("00000000-0000-4000-8000-{number:012}"),
        "detail-type": "Config Rules Compliance Change",
        "source": "aws.config",
        "account": account,
        "time": "2026-03-02T10:15:32Z",
        "region": region,
        "resources": [],
        "detail": {
            "resourceId": place.event_id,
            "awsRegion": region,
            "awsAccountId": account,
            "configRuleName": rule,
            "recordVersion": "1.0",
            "configRuleARN": format!("arn:aws:config:{region}:{account}:config-rule/config-rule-abc123"),
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": evaluation(place, rule, "NON_COMPLIANT"),
            "oldEvaluationResult": evaluation(place, rule, "COMPLIANT"),
            "notificationCreationTime": "2026-03-02T10:15:31.456Z",
            "resourceType": place.resource_type,
        },
    }))
}

fn evaluation(place: &Place, rule: &str, compliance: &str) -> Value {
    json!({
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": {
                "configRuleName": rule,
                "resourceType": place.resource_type,
                "resourceId": place.event_id,
                "evaluationMode": "DETECTIVE",
            },
            "orderingTimestamp": REPORTED,
        },
        "complianceType": compliance,
        "resultRecordedTime": REPORTED,
        "configRuleInvokedTime": REPORTED,
    })
}

/// What the schedule sends.
pub(crate) fn sweep() -> Value {
    json!({"sweep": {}})
}
