//! Where each service names the resource: in `requestParameters`, and for some new resources in `responseElements`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::refusal::Refusal;
use super::shape::{ResourceId, object};

/// Service, parameter, and the type that the parameter's value is an id, name or ARN of. The first that is there
/// counts, so what a call changes stands before what it only mentions: `AttachUserPolicy` has a user and a policy.
const PARAMETERS: [(&str, &str, &str); 27] = [
    ("s3.amazonaws.com", "bucketName", "AWS::S3::Bucket"),
    ("kms.amazonaws.com", "keyId", "AWS::KMS::Key"),
    ("iam.amazonaws.com", "userName", "AWS::IAM::User"),
    ("iam.amazonaws.com", "roleName", "AWS::IAM::Role"),
    ("iam.amazonaws.com", "groupName", "AWS::IAM::Group"),
    ("iam.amazonaws.com", "policyArn", "AWS::IAM::Policy"),
    ("cloudtrail.amazonaws.com", "name", "AWS::CloudTrail::Trail"),
    ("cloudtrail.amazonaws.com", "trailName", "AWS::CloudTrail::Trail"),
    ("rds.amazonaws.com", "dBInstanceIdentifier", "AWS::RDS::DBInstance"),
    ("rds.amazonaws.com", "targetDBInstanceIdentifier", "AWS::RDS::DBInstance"),
    ("rds.amazonaws.com", "dBClusterIdentifier", "AWS::RDS::DBCluster"),
    ("rds.amazonaws.com", "dBSnapshotIdentifier", "AWS::RDS::DBSnapshot"),
    ("rds.amazonaws.com", "dBClusterSnapshotIdentifier", "AWS::RDS::DBClusterSnapshot"),
    ("ec2.amazonaws.com", "groupId", "AWS::EC2::SecurityGroup"),
    ("ec2.amazonaws.com", "networkAclId", "AWS::EC2::NetworkAcl"),
    ("ec2.amazonaws.com", "routeTableId", "AWS::EC2::RouteTable"),
    ("ec2.amazonaws.com", "subnetId", "AWS::EC2::Subnet"),
    ("ec2.amazonaws.com", "volumeId", "AWS::EC2::Volume"),
    ("ec2.amazonaws.com", "snapshotId", "AWS::EC2::Snapshot"),
    ("ec2.amazonaws.com", "vpcId", "AWS::EC2::VPC"),
    ("logs.amazonaws.com", "logGroupName", "AWS::Logs::LogGroup"),
    ("secretsmanager.amazonaws.com", "secretId", "AWS::SecretsManager::Secret"),
    ("dynamodb.amazonaws.com", "tableName", "AWS::DynamoDB::Table"),
    ("elasticfilesystem.amazonaws.com", "fileSystemId", "AWS::EFS::FileSystem"),
    ("lambda.amazonaws.com", "functionName", "AWS::Lambda::Function"),
    ("sns.amazonaws.com", "topicArn", "AWS::SNS::Topic"),
    ("sqs.amazonaws.com", "queueUrl", "AWS::SQS::Queue"),
];

/// Calls that put the one resource into effect through the other: an administrator's policy that nobody had does nothing
/// until it is attached.
const IN_EFFECT: [(&str, &str); 3] = [
    ("iam.amazonaws.com", "AttachGroupPolicy"),
    ("iam.amazonaws.com", "AttachRolePolicy"),
    ("iam.amazonaws.com", "AttachUserPolicy"),
];

/// The policies of AWS: they are in no account.
const OF_AWS: &str = ":iam::aws:policy/";

/// The resource that a call changes: the first that its parameters name. And those that come into effect by it.
pub(super) fn pick(
    (source, name): (&str, &str),
    raw: Option<&RawValue>,
) -> Result<Vec<(&'static str, ResourceId)>, Refusal> {
    let (members, mut named) = (members("detail.requestParameters", raw)?, Vec::new());
    let most = if IN_EFFECT.contains(&(source, name)) { usize::MAX } else { 1 };
    for (_, parameter, resource_type) in PARAMETERS.iter().filter(|(service, ..)| *service == source) {
        if named.len() == most {
            break;
        }
        let id = id(parameter, members.get(*parameter).copied())?;
        named.extend(id.filter(|id| !id.as_ref().contains(OF_AWS)).map(|id| (*resource_type, id)));
    }
    Ok(named)
}

/// A parameter of a call.
pub(super) fn member(raw: Option<&RawValue>, name: &'static str) -> Result<Option<ResourceId>, Refusal> {
    id(name, members("detail.requestParameters", raw)?.get(name).copied())
}

/// What stands at a path of the answer to a call.
pub(super) fn at(raw: Option<&RawValue>, path: &[&str]) -> Result<Option<ResourceId>, Refusal> {
    let mut here = raw;
    for step in path {
        here = members("detail.responseElements", here)?.get(*step).copied();
    }
    id("detail.responseElements", here)
}

/// The members of an object, as they stand. The scanner has bounded how many there are.
fn members<'a>(place: &str, raw: Option<&'a RawValue>) -> Result<BTreeMap<String, &'a RawValue>, Refusal> {
    raw.filter(|raw| raw.get() != "null").map_or_else(|| Ok(BTreeMap::new()), |raw| object(place, raw.get()))
}

fn id(place: &str, raw: Option<&RawValue>) -> Result<Option<ResourceId>, Refusal> {
    let Some(raw) = raw else { return Ok(None) };
    serde_json::from_str(raw.get()).map_err(|error| Refusal::unread(place, &error))
}
