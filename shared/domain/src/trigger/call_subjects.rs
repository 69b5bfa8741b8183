//! The resources that an API call is about.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::api_call::Record;
use super::call_parameters::{at, member, pick};
use super::refusal::Refusal;
use super::shape::{Few, Object, ResourceId, ResourceType};
use super::subject::{ACCOUNT, USER};
use super::{Hint, Scope, Selector};

/// A resource and its type, in the spelling of AWS Config.
pub(super) struct Subject {
    resource_type: &'static str,
    id: String,
}

/// Calls that change a setting of the whole account.
const OF_THE_ACCOUNT: [(&str, &str); 8] = [
    ("s3.amazonaws.com", "PutAccountPublicAccessBlock"),
    ("s3.amazonaws.com", "DeleteAccountPublicAccessBlock"),
    ("iam.amazonaws.com", "UpdateAccountPasswordPolicy"),
    ("iam.amazonaws.com", "DeleteAccountPasswordPolicy"),
    ("ec2.amazonaws.com", "EnableEbsEncryptionByDefault"),
    ("ec2.amazonaws.com", "DisableEbsEncryptionByDefault"),
    ("ec2.amazonaws.com", "EnableSnapshotBlockPublicAccess"),
    ("ec2.amazonaws.com", "DisableSnapshotBlockPublicAccess"),
];

/// IAM calls that mean their caller when they name no user. Calls on an MFA device are not among them: with a serial
/// number alone, the device may be anybody's.
const OF_THE_CALLER: [&str; 10] = [
    "ChangePassword",
    "CreateAccessKey",
    "CreateLoginProfile",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "DeleteSigningCertificate",
    "UpdateAccessKey",
    "UpdateLoginProfile",
    "UpdateSigningCertificate",
    "UploadSigningCertificate",
];

/// What a call created, where only the answer names it: the members of `responseElements` down to its id.
const CREATED: [(&str, &str, &[&str], &str); 3] = [
    ("iam.amazonaws.com", "CreatePolicy", &["policy", "arn"], "AWS::IAM::Policy"),
    ("ec2.amazonaws.com", "CreateSecurityGroup", &["groupId"], "AWS::EC2::SecurityGroup"),
    ("ec2.amazonaws.com", "CreateNetworkAcl", &["networkAcl", "networkAclId"], "AWS::EC2::NetworkAcl"),
];

/// The resources, most often one. None is no error: most calls are about something that no control looks at.
pub(super) fn subjects(record: Record<'_>) -> Result<Vec<Subject>, Refusal> {
    let call = (record.event_source.as_ref(), record.event_name.as_ref());
    if OF_THE_ACCOUNT.contains(&call) {
        return Ok(vec![Subject { resource_type: ACCOUNT, id: record.recipient_account_id.into() }]);
    }
    if call.0 == "kms.amazonaws.com" {
        let keys = keys(record.resources)?;
        if !keys.is_empty() {
            return Ok(keys);
        }
    }
    let created = CREATED.iter().find(|(source, name, ..)| (*source, *name) == call);
    let mut named = match created {
        Some((.., path, resource_type)) => {
            at(record.response_elements, path)?.map(|id| (*resource_type, id)).into_iter().collect()
        }
        None => pick(call, record.request_parameters)?,
    };
    if named.is_empty() && is_about_roots_device(&record)? {
        return Ok(vec![Subject { resource_type: ACCOUNT, id: record.recipient_account_id.into() }]);
    }
    if named.is_empty() {
        named.extend(caller(record));
    }
    Ok(named.into_iter().map(|(resource_type, id)| Subject { resource_type, id: id.into() }).collect())
}

/// Calls on an MFA device that name no user.
const ON_DEVICES: [&str; 4] = ["DeactivateMFADevice", "DeleteVirtualMFADevice", "EnableMFADevice", "ResyncMFADevice"];

/// Whether a call is about the MFA device of root: root makes it, or it names the virtual device that the console makes for
/// root.
fn is_about_roots_device(record: &Record<'_>) -> Result<bool, Refusal> {
    const OF_ROOT: &str = ":mfa/root-account-mfa-device";
    if record.event_source.as_ref() != "iam.amazonaws.com" || !ON_DEVICES.contains(&record.event_name.as_ref()) {
        return Ok(false);
    }
    let serial = member(record.request_parameters, "serialNumber")?;
    Ok(record.user_identity.0.is_root() || serial.is_some_and(|serial| serial.as_ref().ends_with(OF_ROOT)))
}

/// The user who called on itself.
fn caller(record: Record<'_>) -> Option<(&'static str, ResourceId)> {
    let is_own =
        record.event_source.as_ref() == "iam.amazonaws.com" && OF_THE_CALLER.contains(&record.event_name.as_ref());
    let user = record.user_identity.0.user_of(&record.recipient_account_id);
    user.filter(|_| is_own).map(|user| (USER, user))
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    type_: Option<ResourceType>,
    #[serde(rename = "ARN")]
    arn: Option<ResourceId>,
}

/// KMS lists the keys by ARN, where the parameters may have an alias.
fn keys(raw: Option<&RawValue>) -> Result<Vec<Subject>, Refusal> {
    let Some(raw) = raw else {
        return Ok(Vec::new());
    };
    let resources: Few<Object<Resource>, 16> =
        serde_json::from_str(raw.get()).map_err(|error| Refusal::unread("detail.resources", &error))?;
    let is_key = |resource: &Resource| resource.type_.as_ref().is_some_and(|type_| type_.as_ref() == "AWS::KMS::Key");
    let arns = resources.0.into_iter().filter(|resource| is_key(&resource.0)).filter_map(|resource| resource.0.arn);
    Ok(arns.map(|arn| Subject { resource_type: "AWS::KMS::Key", id: arn.into() }).collect())
}

impl Subject {
    pub(super) fn scope(self, selector: Selector) -> Scope {
        Scope::One(Hint { resource_type: Some(self.resource_type.to_owned()), id: self.id, selector })
    }
}
