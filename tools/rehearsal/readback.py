"""What a stack's resources are, asked one by one of the services, beside what the template says.

A stack that says CREATE_COMPLETE proves little: emulators drop properties that they do not know.
"""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cloud import Cloud

Properties = dict[str, Any]
Found = Iterator[tuple[str, Any, Any]]


class Readback:
    """For each type of resource: its properties, each as the template has it and as the service tells it."""

    def __init__(self, cloud: Cloud) -> None:
        services = ("s3", "sqs", "lambda", "events", "iam", "kms", "sns", "logs", "cloudwatch")
        self.of = {service: cloud.client(service) for service in services}

    def found(self, kind: str, where: str, must: Properties) -> Found:
        return getattr(self, kind.removeprefix("AWS::").replace("::", "_").lower())(where, must)

    def sqs_queue(self, url: str, must: Properties) -> Found:
        now = self.of["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for name in ("VisibilityTimeout", "MessageRetentionPeriod", "KmsMasterKeyId"):
            if name in must:
                yield name, str(must[name]), now.get(name)
        if "RedrivePolicy" in must:
            yield "RedrivePolicy", must["RedrivePolicy"], document(now.get("RedrivePolicy"))

    def sqs_queuepolicy(self, _: str, must: Properties) -> Found:
        for url in must["Queues"]:
            now = self.of["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
            yield "PolicyDocument", must["PolicyDocument"], document(now.get("Policy"))

    def lambda_eventsourcemapping(self, uuid: str, must: Properties) -> Found:
        now = self.of["lambda"].get_event_source_mapping(UUID=uuid)
        for name in ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "ScalingConfig"):
            yield name, must.get(name), now.get(name)
        yield "State", "Enabled", now["State"]

    def lambda_permission(self, _: str, must: Properties) -> Found:
        policy = document(self.of["lambda"].get_policy(FunctionName=must["FunctionName"])["Policy"])
        who = [
            (one["Principal"]["Service"], one.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"))
            for one in policy["Statement"]
        ]
        wanted = (must["Principal"], must.get("SourceArn"))
        yield "Principal and SourceArn", wanted, wanted if wanted in who else who

    def serverless_function(self, name: str, must: Properties) -> Found:
        now = self.of["lambda"].get_function_configuration(FunctionName=name)
        for one in ("Role", "Handler", "Runtime", "MemorySize", "Timeout", "Architectures", "LoggingConfig"):
            yield one, must[one], now.get(one)
        yield "Environment", must["Environment"]["Variables"], now["Environment"]["Variables"]
        yield "Tracing", must["Tracing"], now["TracingConfig"]["Mode"]
        yield "DeadLetterQueue", must["DeadLetterQueue"]["TargetArn"], now.get("DeadLetterConfig", {}).get("TargetArn")
        yield "KmsKeyArn", must["KmsKeyArn"], now.get("KMSKeyArn")

    def events_rule(self, name: str, must: Properties) -> Found:
        bus = must.get("EventBusName", "default")
        now = self.of["events"].describe_rule(Name=name, EventBusName=bus)
        yield "EventPattern", must.get("EventPattern"), document(now.get("EventPattern"))
        yield "ScheduleExpression", must.get("ScheduleExpression"), now.get("ScheduleExpression")
        yield "State", "ENABLED", now["State"]
        yield "Targets", must["Targets"], self.of["events"].list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]

    def events_eventbus(self, name: str, must: Properties) -> Found:
        yield "Name", must["Name"], self.of["events"].describe_event_bus(Name=name)["Name"]

    def iam_role(self, name: str, must: Properties) -> Found:
        now = self.of["iam"].get_role(RoleName=name)["Role"]
        yield "AssumeRolePolicyDocument", must["AssumeRolePolicyDocument"], now["AssumeRolePolicyDocument"]
        attached = self.of["iam"].list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        yield "ManagedPolicyArns", must["ManagedPolicyArns"], [one["PolicyArn"] for one in attached]

    def iam_managedpolicy(self, arn: str, must: Properties) -> Found:
        version = self.of["iam"].get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        now = self.of["iam"].get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        yield "PolicyDocument", must["PolicyDocument"], now
        if "ManagedPolicyName" in must:
            yield "ManagedPolicyName", must["ManagedPolicyName"], arn.rsplit("/", 1)[-1]

    def kms_key(self, key: str, must: Properties) -> Found:
        policy = self.of["kms"].get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        yield "KeyPolicy", must["KeyPolicy"], document(policy)
        now = self.of["kms"].describe_key(KeyId=key)["KeyMetadata"]
        for name, default in (("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT")):
            yield name, must.get(name, default), now[name]
        if must.get("EnableKeyRotation"):
            yield "EnableKeyRotation", True, self.of["kms"].get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]

    def kms_alias(self, alias: str, must: Properties) -> Found:
        now = {one["AliasName"]: one.get("TargetKeyId") for one in self.of["kms"].list_aliases()["Aliases"]}
        yield "TargetKeyId", must["TargetKeyId"], now.get(alias)

    def s3_bucket(self, name: str, must: Properties) -> Found:
        s3 = self.of["s3"]
        closed = {"PublicAccessBlockConfiguration", "VersioningConfiguration", "OwnershipControls"}
        yield from ((one, must[one], found) for one, found in self.bucket_state(name).items() if one in closed)
        encryption = ask(lambda: s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"])
        rules = [
            one | {"BucketKeyEnabled": one.get("BucketKeyEnabled", False)}
            for one in must["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        ]
        renamed = [
            {
                "BucketKeyEnabled": one["BucketKeyEnabled"],
                "ApplyServerSideEncryptionByDefault": one["ServerSideEncryptionByDefault"],
            }
            for one in rules
        ]
        yield "BucketEncryption", renamed, (encryption or {}).get("Rules")
        if "ObjectLockConfiguration" in must:
            lock = ask(lambda: s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"])
            yield "ObjectLockConfiguration", numbered(must["ObjectLockConfiguration"]), lock
        if "LifecycleConfiguration" in must:
            lasting = ask(lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]) or []
            yield (
                "LifecycleConfiguration",
                sorted(one["Id"] for one in must["LifecycleConfiguration"]["Rules"]),
                sorted(one["ID"] for one in lasting),
            )
        if "LoggingConfiguration" in must:
            logging = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {})
            yield (
                "LoggingConfiguration",
                must["LoggingConfiguration"]["DestinationBucketName"],
                logging.get("TargetBucket"),
            )

    def bucket_state(self, name: str) -> Properties:
        s3 = self.of["s3"]
        return {
            "PublicAccessBlockConfiguration": ask(
                lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
            ),
            "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=name).get("Status")},
            "OwnershipControls": ask(lambda: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]),
        }

    def s3_bucketpolicy(self, _: str, must: Properties) -> Found:
        now = ask(lambda: self.of["s3"].get_bucket_policy(Bucket=must["Bucket"])["Policy"])
        yield "PolicyDocument", must["PolicyDocument"], document(now)

    def sns_topic(self, arn: str, must: Properties) -> Found:
        now = self.of["sns"].get_topic_attributes(TopicArn=arn)["Attributes"]
        yield "KmsMasterKeyId", must["KmsMasterKeyId"], now.get("KmsMasterKeyId")

    def sns_topicpolicy(self, _: str, must: Properties) -> Found:
        for arn in must["Topics"]:
            now = self.of["sns"].get_topic_attributes(TopicArn=arn)["Attributes"]
            yield "PolicyDocument", must["PolicyDocument"], document(now.get("Policy"))

    def logs_loggroup(self, name: str, must: Properties) -> Found:
        groups = self.of["logs"].describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        now = next((one for one in groups if one["logGroupName"] == name), {})
        yield "RetentionInDays", str(must["RetentionInDays"]), str(now.get("retentionInDays"))
        yield "KmsKeyId", must["KmsKeyId"], now.get("kmsKeyId")

    def cloudwatch_alarm(self, name: str, must: Properties) -> Found:
        now = self.of["cloudwatch"].describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        for one in (
            "AlarmActions",
            "Namespace",
            "MetricName",
            "Dimensions",
            "Statistic",
            "Period",
            "EvaluationPeriods",
            "Threshold",
            "ComparisonOperator",
            "TreatMissingData",
        ):
            yield one, must[one], now.get(one)

    def cloudwatch_dashboard(self, name: str, must: Properties) -> Found:
        now = self.of["cloudwatch"].get_dashboard(DashboardName=name)["DashboardBody"]
        wanted = document(must["DashboardBody"])
        yield "DashboardBody", wanted, document(now)


def document(value: Any) -> Any:
    """A policy or a pattern, where the service tells it as text."""
    return json.loads(value) if isinstance(value, str) else value


def numbered(value: Any) -> Any:
    """Parameters are text; what the services tell of them are numbers."""
    if isinstance(value, dict):
        return {name: numbered(member) for name, member in value.items()}
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def ask(call: Any) -> Any:
    """What a call answers; nothing where what it asks for is not there."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"].startswith(
            (
                "NoSuch",
                "ObjectLockConfigurationNotFound",
                "ServerSideEncryptionConfigurationNotFound",
                "OwnershipControlsNotFound",
            )
        ):
            return None
        raise


def same(must: Any, found: Any) -> bool:
    """Equal, where AWS does not care for the order of a list, or for a list of one beside the one."""
    return ordered(must) == ordered(found)


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: ordered(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((ordered(member) for member in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value
