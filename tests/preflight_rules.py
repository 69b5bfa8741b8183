"""What each check of tools/preflight.py must say of an account that is broken in one way, or odd and all right."""

from collections.abc import Callable
from typing import Any

from preflight_account import (
    ACCOUNT,
    BOUNDARY,
    DOCUMENT,
    EXTERNAL_ID,
    GROUP,
    OTHER,
    REGION,
    Refused,
    World,
    advanced,
    answers,
    beside_an_organization_trail,
    both,
    concurrency,
    exclusion,
    hub,
    inclusion,
    no_recorder,
    nothing,
    organization_trail,
    queue_of,
    recorder,
    recording,
    role,
    select,
    stack,
    stack_is,
    summary,
    trail_of,
)

IAM_TYPES = ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"]
DATABASES = ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"]
REGIONAL_TYPES = ["AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock", "AWS::KMS::Key", *DATABASES]
NO_KMS = {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}
READ_ONLY = {"Field": "readOnly", "Equals": ["true"]}
WRITE_ONLY = {"Field": "readOnly", "Equals": ["false"]}
NOT_THE_PIPELINE = {"Field": "userIdentity.arn", "NotEquals": [f"arn:aws:iam::{ACCOUNT}:role/pipeline"]}
HOME = {"GlobalControls": "no"}
REMEDY = "Remedy: finds and repairs HIPAA drift in this account, and in others of its organization."
OF_STS = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/session"

# rule: check, what breaks the account, parameters, the verdict, words that the check must say
RULES: dict[str, tuple[str, Callable[[World], Any], dict[str, str], str, str]] = {
    "the root user deploys": (
        "identity", answers(sts_GetCallerIdentity={"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "UserId": ACCOUNT}), {}, "attention", "root user"),
    "a role deploys": (
        "identity", answers(sts_GetCallerIdentity={"Account": ACCOUNT, "Arn": OF_STS, "UserId": "A"}), {}, "ok", "partition aws, Region us-east-1, as assumed-role/deployer"),
    "no recorder": ("config-recorder", no_recorder, {}, "attention", "only CloudTrail events and the sweep find drift"),
    "a recorder that is stopped": (
        "config-recorder", lambda world: world.client("config").stop_configuration_recorder(ConfigurationRecorderName="default"), {}, "attention", "stopped"),
    "a recorder that fails": (
        "config-recorder", recording(recording=True, lastStatus="Failure", lastErrorCode="NoSuchBucket"), {}, "attention", "NoSuchBucket"),
    "a recorder without a status": (
        "config-recorder", answers(config_DescribeConfigurationRecorderStatus={"ConfigurationRecordersStatus": []}), {}, "attention", "stopped"),
    "no delivery channel": (
        "config-recorder", answers(config_DescribeDeliveryChannels={"DeliveryChannels": []}), {}, "attention", "no delivery channel"),
    "a recorder without global types": (
        "config-recorder", recorder({"allSupported": True, "includeGlobalResourceTypes": False}), {}, "attention", "AWS::IAM::Role"),
    "no global types are needed without the IAM functions": (
        "config-recorder", recorder({"allSupported": True, "includeGlobalResourceTypes": False}), HOME, "ok", "AWS::S3::Bucket"),
    "a recorder of named types": ("config-recorder", recorder(inclusion(*REGIONAL_TYPES, *IAM_TYPES)), {}, "ok", "AWS::KMS::Key"),
    "a recorder of named types without keys": (
        "config-recorder", recorder(inclusion("AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock", *DATABASES, *IAM_TYPES)), {}, "attention", "leaves out AWS::KMS::Key:"),
    "a recorder that excludes something else": ("config-recorder", recorder(exclusion("AWS::EC2::Instance")), {}, "ok", "AWS::S3::Bucket"),
    "a recorder that excludes buckets": ("config-recorder", recorder(exclusion("AWS::S3::Bucket")), {}, "attention", "leaves out AWS::S3::Bucket:"),
    "a recorder that excludes roles": ("config-recorder", recorder(exclusion("AWS::IAM::Role")), {}, "attention", "leaves out AWS::IAM::Role:"),
    "a recorder that records once a day": (
        "config-recorder", recorder(GROUP, recordingMode={"recordingFrequency": "DAILY"}), {}, "attention", "once a day"),
    "a recorder that records keys once a day": (
        "config-recorder",
        recorder(GROUP, recordingMode={"recordingFrequency": "CONTINUOUS",
                                       "recordingModeOverrides": [{"resourceTypes": ["AWS::KMS::Key"], "recordingFrequency": "DAILY"}]}),
        {}, "attention", "AWS::KMS::Key once a day"),
    "a recorder that records others once a day": (
        "config-recorder",
        recorder(GROUP, recordingMode={"recordingFrequency": "CONTINUOUS",
                                       "recordingModeOverrides": [{"resourceTypes": ["AWS::EC2::Instance"], "recordingFrequency": "DAILY"}]}),
        {}, "ok", "AWS::KMS::Key"),
    "no trail": ("cloudtrail", lambda world: world.client("cloudtrail").delete_trail(Name="trail"), {}, "fails", "no trail that is on"),
    "a trail that is stopped": ("cloudtrail", lambda world: world.client("cloudtrail").stop_logging(Name="trail"), {}, "fails", "no trail that is on"),
    "a trail of data events": ("cloudtrail", lambda world: select(world, IncludeManagementEvents=False), {}, "fails", "s3.amazonaws.com"),
    "a trail of reads": ("cloudtrail", lambda world: select(world, ReadWriteType="ReadOnly"), {}, "fails", "s3.amazonaws.com"),
    "a trail of writes": ("cloudtrail", lambda world: select(world, ReadWriteType="WriteOnly"), {}, "ok", "kms.amazonaws.com"),
    "a trail without AWS KMS": (
        "cloudtrail", lambda world: select(world, ExcludeManagementEventSources=["kms.amazonaws.com"]), {}, "fails", "events of kms.amazonaws.com in us-east-1:"),
    # Remedy follows no call of the RDS Data API.
    "a trail without the RDS Data API": (
        "cloudtrail", lambda world: select(world, ExcludeManagementEventSources=["rdsdata.amazonaws.com"]), {}, "ok", "kms.amazonaws.com"),
    "advanced selectors for management events": ("cloudtrail", advanced(), {}, "ok", "kms.amazonaws.com"),
    "advanced selectors for writes": ("cloudtrail", advanced(WRITE_ONLY), {}, "ok", "kms.amazonaws.com"),
    "advanced selectors for reads": ("cloudtrail", advanced(READ_ONLY), {}, "fails", "s3.amazonaws.com"),
    "advanced selectors without AWS KMS": ("cloudtrail", advanced(NO_KMS), {}, "fails", "events of kms.amazonaws.com in us-east-1:"),
    "advanced selectors for one service": (
        "cloudtrail", advanced({"Field": "eventSource", "StartsWith": ["s3."]}), {}, "fails", "events of kms.amazonaws.com in us-east-1, iam"),
    "advanced selectors that leave a caller out": ("cloudtrail", advanced(NOT_THE_PIPELINE), {}, "attention", "some calls"),
    "advanced selectors for data events": (
        "cloudtrail", answers(cloudtrail_GetEventSelectors={"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}),
        {}, "fails", "s3.amazonaws.com"),
    "a trail of another Region": ("cloudtrail", trail_of("eu-west-1"), {}, "fails", "s3.amazonaws.com in us-east-1"),
    "a trail of all Regions, of another home": (
        "cloudtrail", trail_of("eu-west-1", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True), {}, "ok", "kms.amazonaws.com"),
    "a trail of this Region": ("cloudtrail", trail_of(REGION, IncludeGlobalServiceEvents=True), {}, "ok", "iam.amazonaws.com"),
    "a trail without events of IAM": ("cloudtrail", trail_of(REGION, IncludeGlobalServiceEvents=False), {}, "fails", "events of iam.amazonaws.com in us-east-1:"),
    "events of IAM are not needed without the IAM functions": ("cloudtrail", trail_of(REGION, IncludeGlobalServiceEvents=False), HOME, "ok", "kms.amazonaws.com"),
    "a trail of the hub's Region alone, and IAM is told elsewhere": (
        "cloudtrail", trail_of("eu-central-1", IncludeGlobalServiceEvents=True), {"region": "eu-central-1"}, "fails", "events of iam.amazonaws.com in us-east-1:"),
    "a trail of one's own beside an organization's that cannot be read": ("cloudtrail", beside_an_organization_trail, {}, "ok", "kms.amazonaws.com"),
    "an organization's trail that can be read": ("cloudtrail", organization_trail(), {}, "ok", "kms.amazonaws.com"),
    "an organization's trail of another account": (
        "cloudtrail", organization_trail(Refused("TrailNotFoundException")), {}, "unknown", "of organization trail all only its owner"),
    "a new account's concurrency": ("concurrency", concurrency(10, 10), {}, "attention", "10 invocations at once are free in us-east-1, and Remedy takes up to 23"),
    "enough concurrency": ("concurrency", concurrency(23, 23), {}, "ok", "up to 23"),
    "one less than enough": ("concurrency", concurrency(1000, 22), {}, "attention", "22 invocations"),
    "less is enough without the IAM functions": ("concurrency", concurrency(14, 14), HOME, "ok", "up to 14"),
    "a name of 39 characters": ("stack", nothing, {"stack": "x" * 39}, "fails", "39 characters"),
    "a name of 38 characters": ("stack", nothing, {"stack": "x" * 38}, "ok", "would be created"),
    "a name with an underscore": ("stack", nothing, {"stack": "my_remedy"}, "fails", "does not match"),
    "a creation that was rolled back": ("stack", stack_is("ROLLBACK_COMPLETE"), {}, "fails", "ROLLBACK_COMPLETE"),
    "a deletion that failed": ("stack", stack_is("DELETE_FAILED"), {}, "fails", "DELETE_FAILED"),
    "a creation that failed": ("stack", stack_is("CREATE_FAILED"), {}, "fails", "CREATE_FAILED"),
    "an update that goes on": ("stack", stack_is("UPDATE_IN_PROGRESS"), {}, "fails", "something is being done"),
    "an update that cannot be rolled back": ("stack", stack_is("UPDATE_ROLLBACK_FAILED"), {}, "fails", "UPDATE_ROLLBACK_FAILED"),
    "an update that stopped halfway": ("stack", stack_is("UPDATE_FAILED"), {}, "fails", "UPDATE_FAILED"),
    "an update that was rolled back": ("stack", stack_is("UPDATE_ROLLBACK_COMPLETE"), {}, "ok", "this is an update"),
    "a change set that nobody executed": ("stack", stack_is("REVIEW_IN_PROGRESS"), {}, "ok", "would be created"),
    "what a stack left behind is not its own": (
        "leftovers",
        both(stack_is("DELETE_FAILED"),
             answers(cloudformation_ListStackResources={"StackResourceSummaries": [
                 {"LogicalResourceId": "L", "ResourceType": "AWS::Logs::LogGroup", "PhysicalResourceId": "/aws/lambda/remedy-sealer",
                  "LastUpdatedTimestamp": 0, "ResourceStatus": "DELETE_SKIPPED"}]}),
             lambda world: world.client("logs").create_log_group(logGroupName="/aws/lambda/remedy-sealer")),
        {}, "fails", "/aws/lambda/remedy-sealer is there"),
    "roles of the same name, and no stack": ("iam-names", role("remedy-sealer-read"), {}, "fails", "a stack of the same name is in another Region"),
    "a role whose name begins like the stack's": ("iam-names", role("remedy-of-others"), {}, "attention", "remedy-of-others"),
    "a role whose name begins otherwise": ("iam-names", role("remedyothers"), {}, "ok", "free"),
    "the role of forward.yaml": ("iam-names", role("remedy-forward-us-east-1"), {}, "ok", "free"),
    "the policy that an uninstalled stack left": (
        "iam-names", lambda world: world.client("iam").create_policy(PolicyName="remedy-iam-mfa-deny", PolicyDocument=DOCUMENT), {}, "fails", "remedy-iam-mfa-deny"),
    "another stack of Remedy in the Region": ("other-stacks", stack("clinic", queue_of("clinic-q"), REMEDY), {}, "fails", "clinic is Remedy, too"),
    "a stack that begins like this one and makes queues": (
        "other-stacks", stack("remedy-extra", queue_of("remedy-extra-q")), {}, "fails", "remedy-extra begins with remedy-"),
    # docs/deploy.md, Signed code: such a stack makes nothing that has a name.
    "a stack that begins like this one and makes nothing with a name": (
        "other-stacks", stack("remedy-code-signing", {"Topic": {"Type": "AWS::S3::Bucket"}}), {}, "ok", "in its way"),
    "a stack of another name": ("other-stacks", stack("remedyextra", queue_of("remedyextra-q")), {}, "ok", "in its way"),
    "another hub with the IAM functions": ("other-stacks", hub("clinic", iam="yes"), {}, "attention", "clinic has the IAM functions already"),
    "another hub with the IAM functions, and this one has none": ("other-stacks", hub("clinic", iam="yes"), HOME, "ok", "in its way"),
    "another hub without the IAM functions": ("other-stacks", hub("clinic"), {}, "ok", "in its way"),
    "a hub whose name this one begins with": ("other-stacks", hub("remedy"), {"stack": "remedy-usw2"}, "fails", "remedy is another hub"),
    "roles of this stack's own name are no other hub": ("other-stacks", hub("remedy", iam="yes"), {}, "ok", "in its way"),
    "roles of a member account are no hub": ("other-stacks", hub("clinic", iam="yes", sealer=False), {}, "ok", "in its way"),
    "a Region without events of IAM": ("region", nothing, {"region": "eu-central-1"}, "attention", "in us-east-1 only"),
    "a Region that events of IAM are sent to": ("region", role("remedy-forward-us-east-1"), {"region": "eu-central-1"}, "ok", "reach eu-central-1"),
    "a Region without the IAM functions": ("region", nothing, {"region": "eu-central-1", **HOME}, "ok", "without the IAM functions"),
    "GovCloud has events of IAM in us-gov-west-1": ("region", nothing, {"region": "us-gov-west-1"}, "attention", "aws-us-gov was never tried"),
    "China has events of IAM in cn-north-1": ("region", nothing, {"region": "cn-northwest-1"}, "attention", "in cn-north-1 only"),
    "a boundary": ("boundary", nothing, {"PermissionsBoundary": BOUNDARY}, "ok", "exists"),
    "a boundary that is not there": ("boundary", nothing, {"PermissionsBoundary": f"{BOUNDARY}s"}, "fails", "does not exist"),
    "a boundary by its name": ("boundary", nothing, {"PermissionsBoundary": "boundary"}, "fails", "not the ARN"),
    "an administrator that exists": (
        "administrators", nothing, {"KeyAdministrator": f"arn:aws:iam::{ACCOUNT}:role/deploy/deployer"}, "ok", "KeyAdministrator names 1"),
    "an administrator without its path": (
        "administrators", nothing, {"KeyAdministrator": f"arn:aws:iam::{ACCOUNT}:role/deployer"}, "fails", "does not exist"),
    "a pattern of an administrator": (
        "administrators", nothing, {"BucketAdministrator": f"arn:aws:iam::{ACCOUNT}:role/deploy/*"}, "ok", "BucketAdministrator names 1"),
    "a pattern of nobody": (
        "administrators", nothing, {"BucketAdministrator": f"arn:aws:iam::{ACCOUNT}:role/nobody-*"}, "attention", "matches no role or user"),
    "a pattern of other names in brackets": (
        "administrators", nothing, {"BucketAdministrator": f"arn:aws:iam::{ACCOUNT}:role/deploy/[d]*"}, "attention", "matches no role or user"),
    "a settings writer that is a user": ("administrators", nothing, {"SettingsWriter": f"arn:aws:iam::{ACCOUNT}:user/olivia"}, "ok", "SettingsWriter names 1"),
    "a settings writer that is gone": (
        "administrators", nothing, {"SettingsWriter": f"arn:aws:iam::{ACCOUNT}:user/oliver"}, "fails", "SettingsWriter (arn:aws:iam::123456789012:user/oliver)"),
    "an administrator that is a session": ("administrators", nothing, {"KeyAdministrator": OF_STS}, "fails", "no ARN of an IAM role or user"),
    "an administrator of another account": (
        "administrators", nothing, {"KeyAdministrator": f"arn:aws:iam::{OTHER}:role/deploy/deployer"}, "attention", f"account {OTHER}"),
    "root has no credentials, and nobody is named": ("root", summary(AccountPasswordPresent=0), {}, "attention", "nobody could ever delete Remedy's keys"),
    "root has no credentials, and others are named": (
        "root", summary(AccountPasswordPresent=0), {"KeyAdministrator": BOUNDARY, "BucketAdministrator": BOUNDARY}, "ok", "are named"),
    "root has no credentials, and one is named": (
        "root", summary(AccountPasswordPresent=0), {"KeyAdministrator": BOUNDARY}, "attention", "nobody could ever configure its buckets"),
    "root has an access key": ("root", summary(AccountPasswordPresent=0, AccountAccessKeysPresent=1), {}, "ok", "root has credentials"),
    "IAM does not tell whether root has a password": ("root", summary(AccountPasswordPresent=None), {}, "unknown", "does not tell"),
    "another organization": ("organization", nothing, {"OrganizationId": "o-zzzzzzzzzz", "ExternalId": EXTERNAL_ID}, "fails", "o-zzzzzzzzzz, and this account is in o-"),
    "no organization": (
        "organization", lambda world: world.client("organizations").delete_organization(), {"OrganizationId": "o-zzzzzzzzzz", "ExternalId": EXTERNAL_ID},
        "fails", "in no organization"),
    "an external id of 15 characters": ("organization", nothing, {"OrganizationId": "its own", "ExternalId": "0123456789abcde"}, "fails", "{16,256}"),
    "an external id of 257 characters": ("organization", nothing, {"OrganizationId": "its own", "ExternalId": "x" * 257}, "fails", "{16,256}"),
    "an external id of 16 characters": ("organization", nothing, {"OrganizationId": "its own", "ExternalId": "x" * 16}, "ok", "this account is in o-"),
    "no external id": ("organization", nothing, {"OrganizationId": "its own"}, "fails", "ExternalId is missing"),
    "no room for roles": ("quotas", summary(Roles=995), {}, "fails", "room for 5 more roles"),
    "no room for policies": ("quotas", summary(PoliciesQuota=11), {}, "fails", "room for 1 more policies"),
    "a lock for years": ("evidence-lock", nothing, {"EvidenceLockMode": "COMPLIANCE"}, "attention", "for 2557 days nobody can delete"),
    "a lock to try it out": ("evidence-lock", nothing, {"EvidenceLockMode": "GOVERNANCE", "EvidenceLockDays": "1"}, "ok", "GOVERNANCE, 1 days"),
    "no lock is chosen": ("evidence-lock", nothing, {"EvidenceLockMode": None}, "attention", "no default"),
    "a word that the template does not take": ("parameters", nothing, {"Mode": "repair"}, "fails", "Mode may be observe, approve, enforce only"),
    "a number below the least": ("parameters", nothing, {"UndoDays": "30"}, "fails", "UndoDays is less than 90"),
    "a word for a number": ("parameters", nothing, {"UndoDays": "year"}, "fails", "UndoDays is no number"),
    "a text that does not match": ("parameters", nothing, {"Regions": "us-east-1, us-west-2"}, "fails", "Regions does not match"),
    "writes without settings": ("parameters", nothing, {"Writes": "permitted"}, "fails", "needs SettingsKey"),
    "writes with settings": ("parameters", nothing, {"Writes": "permitted", "SettingsKey": "settings.json"}, "ok", "3 parameters"),
}  # fmt: skip
