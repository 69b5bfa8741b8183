//! A large valid event.

use serde_json::{Value, json};

/// Members that nobody reads.
const PADDING: usize = 10_900;

/// An event of AWS Config of a megabyte, about a bucket that does not exist: as large as SQS and EventBridge accept.
#[must_use]
pub fn megabyte(account: &str) -> Vec<u8> {
    let member = |number: usize| json!({"name": format!("setting-{number:06}"), "value": [number, null, true], "unit": "of somebody else's, so many words"});
    let padding: Vec<Value> = (0..PADDING).map(member).collect();
    let event = json!({
        "version": "0", "id": "1", "detail-type": "Config Rules Compliance Change", "source": "aws.config",
        "account": account, "time": "2026-03-02T10:15:32Z", "region": "us-east-1", "resources": [],
        "detail": {
            "resourceId": "phi-not-there", "resourceType": "AWS::S3::Bucket", "awsRegion": "us-east-1",
            "awsAccountId": account, "configRuleName": "s3-bucket-public-read-prohibited",
            "configRuleARN": format!("arn:aws:config:us-east-1:{account}:config-rule/config-rule-abc123"),
            "messageType": "ComplianceChangeNotification", "recordVersion": "1.0",
            "newEvaluationResult": {"complianceType": "NON_COMPLIANT", "annotations": padding},
            "notificationCreationTime": "2026-03-02T10:15:31.456Z",
        },
    });
    event.to_string().into_bytes()
}
