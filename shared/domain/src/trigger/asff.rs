//! Findings in the AWS Security Finding Format.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html>

use serde::Deserialize;

use super::refusal::{Refusal, RefusalKind};
use super::shape::{Account, Few, Object, Region, ResourceId, RuleName};
use super::subject::ACCOUNT;
use super::{Hint, Idle, Scope, Selector};

/// The most resources that the format allows in a finding.
const MOST_RESOURCES: usize = 32;

/// A finding. Its own `Id` and titles say nothing about where to look.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Finding {
    pub(super) aws_account_id: Account,
    region: Option<Region>,
    record_state: Option<String>,
    workflow: Option<Object<Status>>,
    compliance: Option<Object<Status>>,
    product_fields: Option<Object<ProductFields>>,
    resources: Few<Object<Resource>, MOST_RESOURCES>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    status: Option<String>,
}

/// Where a check of Security Hub says which Config rule it stands on.
#[derive(Deserialize)]
struct ProductFields {
    #[serde(rename = "RelatedAWSResources:0/name")]
    name: Option<RuleName>,
    #[serde(rename = "RelatedAWSResources:0/type")]
    type_: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    type_: String,
    id: ResourceId,
    region: Option<Region>,
}

/// The types of the format that controls are about, and what AWS Config calls them.
const TYPES: [(&str, &str); 26] = [
    ("AwsAccount", ACCOUNT),
    ("AwsCloudTrailTrail", "AWS::CloudTrail::Trail"),
    ("AwsDynamoDbTable", "AWS::DynamoDB::Table"),
    ("AwsEc2Instance", "AWS::EC2::Instance"),
    ("AwsEc2NetworkAcl", "AWS::EC2::NetworkAcl"),
    ("AwsEc2SecurityGroup", "AWS::EC2::SecurityGroup"),
    ("AwsEc2Subnet", "AWS::EC2::Subnet"),
    ("AwsEc2Volume", "AWS::EC2::Volume"),
    ("AwsEc2Vpc", "AWS::EC2::VPC"),
    ("AwsElasticsearchDomain", "AWS::Elasticsearch::Domain"),
    ("AwsIamGroup", "AWS::IAM::Group"),
    ("AwsIamPolicy", "AWS::IAM::Policy"),
    ("AwsIamRole", "AWS::IAM::Role"),
    ("AwsIamUser", "AWS::IAM::User"),
    ("AwsKmsKey", "AWS::KMS::Key"),
    ("AwsLambdaFunction", "AWS::Lambda::Function"),
    ("AwsOpenSearchServiceDomain", "AWS::OpenSearch::Domain"),
    ("AwsRdsDbCluster", "AWS::RDS::DBCluster"),
    ("AwsRdsDbClusterSnapshot", "AWS::RDS::DBClusterSnapshot"),
    ("AwsRdsDbInstance", "AWS::RDS::DBInstance"),
    ("AwsRdsDbSnapshot", "AWS::RDS::DBSnapshot"),
    ("AwsRedshiftCluster", "AWS::Redshift::Cluster"),
    ("AwsS3Bucket", "AWS::S3::Bucket"),
    ("AwsSecretsManagerSecret", "AWS::SecretsManager::Secret"),
    ("AwsSnsTopic", "AWS::SNS::Topic"),
    ("AwsSqsQueue", "AWS::SQS::Queue"),
];

impl Finding {
    /// One scope a resource, each with its region; or why there is nothing to look at.
    pub(super) fn scopes(self) -> Result<Vec<(Scope, Option<Region>)>, Refusal> {
        if let Some(idle) = self.idle() {
            return Ok(vec![(Scope::Nothing(idle), self.region)]);
        }
        if self.resources.0.is_empty() {
            return Err(Refusal::shape("detail: a finding without resources"));
        }
        let Self { aws_account_id, region, product_fields, resources, .. } = self;
        let rule = product_fields.and_then(|fields| fields.0.config_rule());
        resources
            .0
            .into_iter()
            .map(|resource| resource.0.scope(&aws_account_id, rule.as_ref(), region.as_ref()))
            .collect()
    }

    /// A finding that is settled, whether by AWS, by a person or by a later check.
    fn idle(&self) -> Option<Idle> {
        let of = |status: &Option<Object<Status>>| status.as_ref().and_then(|status| status.0.status.clone());
        match (self.record_state.as_deref(), of(&self.workflow).as_deref(), of(&self.compliance).as_deref()) {
            (Some("ARCHIVED"), ..) => Some(Idle::Archived),
            (_, Some("RESOLVED"), _) => Some(Idle::Resolved),
            (_, Some("SUPPRESSED"), _) => Some(Idle::Suppressed),
            (.., Some("PASSED")) => Some(Idle::Compliant),
            (.., Some("NOT_AVAILABLE")) => Some(Idle::InsufficientData),
            _ => None,
        }
    }
}

impl ProductFields {
    /// The related resource may be something else than a rule.
    fn config_rule(self) -> Option<RuleName> {
        let is_rule = self.type_.is_none_or(|type_| type_ == "AWS::Config::ConfigRule");
        self.name.filter(|_| is_rule)
    }
}

impl Resource {
    fn scope(
        self,
        account: &Account,
        rule: Option<&RuleName>,
        region: Option<&Region>,
    ) -> Result<(Scope, Option<Region>), Refusal> {
        let resource_type = TYPES.iter().find(|(theirs, _)| *theirs == self.type_).map(|(_, ours)| (*ours).to_owned());
        let selector = match (rule, &resource_type) {
            (Some(rule), _) => Selector::ConfigRule { name: rule.as_ref().to_owned() },
            (None, Some(resource_type)) => Selector::ResourceType(resource_type.clone()),
            (None, None) => return Ok((Scope::Nothing(Idle::NotAboutAResource), region.cloned())),
        };
        let id = match resource_type.as_deref() {
            Some(ACCOUNT) => own_account(&self.id, account)?,
            _ => self.id.into(),
        };
        Ok((Scope::One(Hint { resource_type, id, selector }), self.region.or_else(|| region.cloned())))
    }
}

/// The digits of `AWS::::Account:<digits>`, which must be the finding's own.
fn own_account(id: &ResourceId, account: &Account) -> Result<String, Refusal> {
    let digits = id.as_ref().strip_prefix("AWS::::Account:").unwrap_or(id.as_ref());
    if digits == account.as_ref() {
        return Ok(digits.to_owned());
    }
    Err(Refusal::new(RefusalKind::ForeignAccount, "the finding is about another account than its own"))
}
