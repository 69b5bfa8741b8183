"""What AWS CloudFormation calls for each type of resource of the templates: the one table that the service role of deployer.yaml is made of.

Source: the handlers of the resource schemas that AWS publishes, less what no template uses (LEFT_OUT says why). tools/deployer_check.py
compares both, so a handler that calls something new is reported. A type, or a property, that is not here is an error of the generator.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from template_policies import arn

PHASES = ("create", "read", "update", "delete", "tags")


@dataclass(frozen=True)
class Needs:
    """The actions for one type, by what CloudFormation does, and further ones by property. The scope is a key of SCOPES."""

    scope: str
    create: str = ""
    read: str = ""
    update: str = ""
    delete: str = ""
    # CloudFormation hands the tags of a stack, and some of its own, to each resource that takes tags.
    tags: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    def actions(self, phase: str) -> list[str]:
        return getattr(self, phase).split()


@dataclass(frozen=True)
class Scope:
    """What a statement is about: the policy that it is in, its resources, and its conditions."""

    policy: str
    resources: list[str]
    conditions: list[str] = field(default_factory=list)


def named(*properties: str, **further: str) -> dict[str, str]:
    """Properties that need nothing further, and those that do."""
    return dict.fromkeys(properties, "") | further


STACK = "${StackName}"
FUNCTIONS = arn("lambda", f"function:{STACK}-*")
KEYS = arn("kms", "key/*")
ROLES, POLICIES = arn("iam", f"role/{STACK}-*", ""), arn("iam", f"policy/{STACK}-*", "")
# Keys have no names. Of those that have an alias, Remedy's are known by it; a new one has none yet.
OWN_KEYS = f'"ForAllValues:StringLike": {{kms:ResourceAliases: !Sub "alias/{STACK}-*"}}'
VIA = ["StringEquals:", "  kms:ViaService:"]
VIA += [f'    - !Sub "{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"' for service in ("lambda", "logs", "s3", "sns", "sqs")]
PASSED = "StringEquals: {iam:PassedToService: [lambda.amazonaws.com, events.amazonaws.com]}"

# Where a template is for other Regions, its resources are scoped to all Regions.
SCOPES = {
    "Roles": Scope("Identities", [ROLES]),
    "NewRoles": Scope("Identities", [ROLES]),
    "RolesWithoutBoundary": Scope("Identities", [ROLES]),
    "OwnPoliciesOfRoles": Scope("Identities", [ROLES], [f"ArnLike: {{iam:PolicyARN: {POLICIES}}}"]),
    "Policies": Scope("Identities", [POLICIES]),
    "PassedRoles": Scope("Identities", [ROLES], [PASSED]),
    "Buckets": Scope("Stores", [f'!Sub "arn:${{AWS::Partition}}:s3:::{STACK}-*"']),
    "BucketsThatGo": Scope("Stores", []),
    "Code": Scope("Stores", ['!Sub "arn:${AWS::Partition}:s3:::${ArtifactBucket}/*"']),
    "NewKeys": Scope("Stores", ['"*"']),
    "Keys": Scope("Stores", [KEYS], [OWN_KEYS]),
    "KeysRead": Scope("Stores", [KEYS]),
    "KeysByServices": Scope("Stores", [KEYS], [*VIA, OWN_KEYS]),
    "Aliases": Scope("Stores", [arn("kms", f"alias/{STACK}-*"), KEYS], [OWN_KEYS]),
    "Functions": Scope("Services", [FUNCTIONS]),
    "CodeSigning": Scope("Services", [arn("lambda", "code-signing-config:*"), FUNCTIONS]),
    "EventSources": Scope("Services", [arn("lambda", "event-source-mapping:*")]),
    "EventSourcesOfFunctions": Scope("Services", ['"*"'], [f"ArnLike: {{lambda:FunctionArn: {FUNCTIONS}}}"]),
    "Logs": Scope("Services", [arn("logs", f"log-group:/aws/lambda/{STACK}-*")]),
    "Alarms": Scope("Services", [arn("cloudwatch", f"alarm:{STACK}-*")]),
    "Dashboards": Scope("Services", [arn("cloudwatch", f"dashboard/{STACK}", "")]),
    "Bus": Scope("Services", [arn("events", f"event-bus/{STACK}")]),
    "Rules": Scope("Services", [arn("events", f"rule/{STACK}-*", "*"), arn("events", f"rule/{STACK}/{STACK}-*")]),
    "Queues": Scope("Services", [arn("sqs", f"{STACK}-*", "*")]),
    "Topics": Scope("Services", [arn("sns", f"{STACK}-*")]),
    # AWS Config makes up the id of a rule.
    "ConfigRules": Scope("Services", [arn("config", "config-rule/*", "*")]),
    # AWS limits these to no resource.
    "Unlimited": Scope("Services", ['"*"']),
}
# Actions that are in another scope than that of their type.
OTHERWISE = {
    scope: actions.split()
    for scope, actions in {
        "NewRoles": "iam:CreateRole iam:PutRolePermissionsBoundary",
        "RolesWithoutBoundary": "iam:DeleteRolePermissionsBoundary",
        "OwnPoliciesOfRoles": "iam:AttachRolePolicy iam:DetachRolePolicy",
        "PassedRoles": "iam:PassRole",
        "BucketsThatGo": "s3:DeleteBucket s3:DeleteBucketPolicy",
        "Code": "s3:GetObject s3:GetObjectVersion",
        "NewKeys": "kms:CreateKey kms:ListAliases",
        "KeysRead": "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
        "KeysByServices": "kms:CreateGrant kms:Decrypt kms:Encrypt kms:GenerateDataKey",
        "CodeSigning": "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig",
        "EventSourcesOfFunctions": "lambda:CreateEventSourceMapping lambda:DeleteEventSourceMapping lambda:UpdateEventSourceMapping",
        "Unlimited": "logs:DescribeLogGroups logs:DescribeResourcePolicies events:PutPermission events:RemovePermission sns:GetSubscriptionAttributes "
        "sns:Unsubscribe config:DescribeComplianceByConfigRule config:DescribeConfigRules",
    }.items()
}

TYPES = {
    "AWS::IAM::Role": Needs(
        "Roles",
        create="iam:CreateRole iam:AttachRolePolicy",
        read="iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies",
        update="iam:AttachRolePolicy iam:DetachRolePolicy iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription",
        delete="iam:DeleteRole iam:DetachRolePolicy",
        tags="iam:ListRoleTags iam:TagRole iam:UntagRole",
        properties=named("AssumeRolePolicyDocument", "ManagedPolicyArns", "RoleName",
                         PermissionsBoundary="iam:PutRolePermissionsBoundary iam:DeleteRolePermissionsBoundary"),
    ),
    "AWS::IAM::ManagedPolicy": Needs(
        "Policies",
        create="iam:CreatePolicy",
        read="iam:GetPolicy iam:GetPolicyVersion iam:ListEntitiesForPolicy iam:ListPolicyVersions",
        update="iam:CreatePolicyVersion iam:DeletePolicyVersion",
        delete="iam:DeletePolicy iam:DeletePolicyVersion",
        properties=named("Description", "ManagedPolicyName", "PolicyDocument"),
    ),
    "AWS::S3::Bucket": Needs(
        "Buckets",
        create="s3:CreateBucket",
        # CloudFormation reads all of a bucket, whatever the template says of it.
        read="s3:GetAccelerateConfiguration s3:GetAnalyticsConfiguration s3:GetBucketAbac s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLogging "
        "s3:GetBucketMetadataTableConfiguration s3:GetBucketNotification s3:GetBucketObjectLockConfiguration s3:GetBucketOwnershipControls "
        "s3:GetBucketPublicAccessBlock s3:GetBucketTagging s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration "
        "s3:GetIntelligentTieringConfiguration s3:GetInventoryConfiguration s3:GetLifecycleConfiguration s3:GetMetricsConfiguration "
        "s3:GetReplicationConfiguration s3:ListBucket",
        delete="s3:DeleteBucket",
        tags="s3:ListTagsForResource s3:PutBucketTagging s3:TagResource s3:UntagResource",
        properties=named(
            BucketEncryption="s3:PutEncryptionConfiguration",
            LifecycleConfiguration="s3:PutLifecycleConfiguration",
            LoggingConfiguration="s3:PutBucketLogging",
            ObjectLockConfiguration="s3:PutBucketObjectLockConfiguration",
            ObjectLockEnabled="s3:PutBucketObjectLockConfiguration s3:PutBucketVersioning",
            OwnershipControls="s3:PutBucketOwnershipControls",
            PublicAccessBlockConfiguration="s3:PutBucketPublicAccessBlock",
            VersioningConfiguration="s3:PutBucketVersioning",
        ),
    ),
    "AWS::S3::BucketPolicy": Needs(
        "Buckets",
        create="s3:PutBucketPolicy",
        read="s3:GetBucketPolicy",
        update="s3:PutBucketPolicy",
        delete="s3:DeleteBucketPolicy",
        properties=named("Bucket", "PolicyDocument"),
    ),
    "AWS::KMS::Key": Needs(
        "Keys",
        create="kms:CreateKey kms:PutKeyPolicy",
        read="kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
        update="kms:PutKeyPolicy kms:UpdateKeyDescription",
        delete="kms:ScheduleKeyDeletion",
        tags="kms:TagResource kms:UntagResource",
        properties=named("Description", "KeyPolicy", "KeySpec", "KeyUsage", EnableKeyRotation="kms:DisableKeyRotation kms:EnableKeyRotation"),
    ),
    "AWS::KMS::Alias": Needs(
        "Aliases",
        create="kms:CreateAlias",
        read="kms:ListAliases",
        update="kms:UpdateAlias",
        delete="kms:DeleteAlias",
        properties=named("AliasName", "TargetKeyId"),
    ),
    "AWS::Lambda::Function": Needs(
        "Functions",
        create="lambda:CreateFunction",
        read="lambda:GetFunction lambda:GetFunctionCodeSigningConfig lambda:GetFunctionRecursionConfig lambda:GetFunctionScalingConfig "
        "lambda:GetRuntimeManagementConfig",
        update="lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration",
        delete="lambda:DeleteFunction",
        tags="lambda:ListTags lambda:TagResource lambda:UntagResource",
        properties=named(
            "Architectures", "DeadLetterQueue", "Description", "Environment", "FunctionName", "Handler", "LoggingConfig", "MemorySize", "Runtime",
            "Timeout", "Tracing",
            CodeSigningConfigArn="lambda:DeleteFunctionCodeSigningConfig lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig",
            CodeUri="s3:GetObject s3:GetObjectVersion",
            # AWS Lambda encrypts the variables, and makes a grant, on behalf of whoever deploys.
            KmsKeyArn="kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey",
            Role="iam:PassRole",
        ),
    ),
    "AWS::Lambda::EventSourceMapping": Needs(
        "EventSources",
        create="lambda:CreateEventSourceMapping",
        read="lambda:GetEventSourceMapping",
        update="lambda:UpdateEventSourceMapping",
        delete="lambda:DeleteEventSourceMapping",
        tags="lambda:ListTags lambda:TagResource lambda:UntagResource",
        properties=named("BatchSize", "EventSourceArn", "FunctionName", "FunctionResponseTypes", "ScalingConfig"),
    ),
    "AWS::Lambda::Permission": Needs(
        "Functions",
        create="lambda:AddPermission",
        read="lambda:GetPolicy",
        delete="lambda:RemovePermission",
        properties=named("Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"),
    ),
    "AWS::Logs::LogGroup": Needs(
        "Logs",
        create="logs:CreateLogGroup",
        read="logs:DescribeIndexPolicies logs:DescribeLogGroups logs:DescribeResourcePolicies logs:GetDataProtectionPolicy",
        delete="logs:DeleteLogGroup",
        tags="logs:ListTagsForResource logs:TagResource logs:UntagResource",
        properties=named("LogGroupName", KmsKeyId="logs:AssociateKmsKey logs:DisassociateKmsKey", RetentionInDays="logs:DeleteRetentionPolicy logs:PutRetentionPolicy"),
    ),
    "AWS::CloudWatch::Alarm": Needs(
        "Alarms",
        create="cloudwatch:PutMetricAlarm",
        read="cloudwatch:DescribeAlarms",
        update="cloudwatch:PutMetricAlarm",
        delete="cloudwatch:DeleteAlarms",
        tags="cloudwatch:ListTagsForResource cloudwatch:TagResource cloudwatch:UntagResource",
        properties=named("AlarmActions", "AlarmDescription", "AlarmName", "ComparisonOperator", "Dimensions", "EvaluationPeriods", "MetricName", "Metrics",
                         "Namespace", "OKActions", "Period", "Statistic", "Threshold", "TreatMissingData"),
    ),
    "AWS::CloudWatch::Dashboard": Needs(
        "Dashboards",
        create="cloudwatch:PutDashboard",
        read="cloudwatch:GetDashboard",
        update="cloudwatch:PutDashboard",
        delete="cloudwatch:DeleteDashboards",
        tags="cloudwatch:ListTagsForResource cloudwatch:TagResource cloudwatch:UntagResource",
        properties=named("DashboardBody", "DashboardName"),
    ),
    "AWS::Events::EventBus": Needs(
        "Bus",
        create="events:CreateEventBus",
        read="events:DescribeEventBus",
        update="events:UpdateEventBus",
        delete="events:DeleteEventBus",
        tags="events:ListTagsForResource events:TagResource events:UntagResource",
        properties=named("Description", "Name"),
    ),
    "AWS::Events::EventBusPolicy": Needs(
        "Bus",
        create="events:PutPermission",
        read="events:DescribeEventBus",
        update="events:PutPermission",
        delete="events:RemovePermission",
        properties=named("EventBusName", "Statement", "StatementId"),
    ),
    "AWS::Events::Rule": Needs(
        "Rules",
        create="events:PutRule events:PutTargets",
        read="events:DescribeRule events:ListTargetsByRule",
        update="events:PutRule events:PutTargets events:RemoveTargets",
        delete="events:DeleteRule events:RemoveTargets",
        tags="events:ListTagsForResource events:TagResource events:UntagResource",
        # A target on another bus has a role.
        properties=named("Description", "EventBusName", "EventPattern", "Name", "ScheduleExpression", Targets="iam:PassRole"),
    ),
    "AWS::SNS::Topic": Needs(
        "Topics",
        create="sns:CreateTopic",
        read="sns:GetDataProtectionPolicy sns:GetTopicAttributes sns:ListSubscriptionsByTopic",
        update="sns:SetTopicAttributes",
        delete="sns:DeleteTopic",
        tags="sns:ListTagsForResource sns:TagResource sns:UntagResource",
        properties=named("TopicName", KmsMasterKeyId="kms:DescribeKey", Subscription="sns:GetSubscriptionAttributes sns:Subscribe sns:Unsubscribe"),
    ),
    "AWS::SNS::TopicPolicy": Needs(
        "Topics",
        create="sns:SetTopicAttributes",
        update="sns:SetTopicAttributes",
        delete="sns:SetTopicAttributes",
        properties=named("PolicyDocument", "Topics"),
    ),
    "AWS::SQS::Queue": Needs(
        "Queues",
        create="sqs:CreateQueue",
        read="sqs:GetQueueAttributes sqs:GetQueueUrl",
        update="sqs:SetQueueAttributes",
        delete="sqs:DeleteQueue",
        tags="sqs:ListQueueTags sqs:TagQueue sqs:UntagQueue",
        properties=named("MessageRetentionPeriod", "QueueName", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout", KmsMasterKeyId="kms:DescribeKey"),
    ),
    "AWS::SQS::QueuePolicy": Needs(
        "Queues",
        create="sqs:SetQueueAttributes",
        update="sqs:SetQueueAttributes",
        delete="sqs:SetQueueAttributes",
        properties=named("PolicyDocument", "Queues"),
    ),
    "AWS::Config::ConfigRule": Needs(
        "ConfigRules",
        create="config:PutConfigRule",
        read="config:DescribeComplianceByConfigRule config:DescribeConfigRules",
        update="config:PutConfigRule",
        delete="config:DeleteConfigRule",
        properties=named("ConfigRuleName", "Description", "InputParameters", "Source"),
    ),
}  # fmt: skip
# SAM makes this of it.
MADE_OF = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
# What handlers may call, and no template needs. A `*` at the end stands for any ending.
LEFT_OUT = {
    "no function is in a VPC, or has a file system": "ec2:* elasticfilesystem:* s3files:*",
    "no function has a layer, versions, a reserved concurrency, a pinned runtime, or another setting of its own": "lambda:AssociateRuntimeAlias "
    "lambda:DeleteFunctionConcurrency lambda:GetLayerVersion lambda:PassCapacityProvider lambda:PublishVersion lambda:PutFunctionConcurrency "
    "lambda:PutFunctionRecursionConfig lambda:PutFunctionScalingConfig lambda:PutRuntimeManagementConfig",
    "roles have no inline policies (tools/guard/identities.guard)": "iam:DeleteRolePolicy iam:PutRolePolicy",
    "policies name no users or groups": "iam:AttachGroupPolicy iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachUserPolicy",
    "no bucket has these settings": "s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketAnalyticsConfiguration s3:DeleteBucketMetadataTableConfiguration "
    "s3:DeleteBucketMetricsConfiguration s3:DeleteBucketReplication s3:DeleteBucketWebsite s3:PutAccelerateConfiguration s3:PutAnalyticsConfiguration "
    "s3:PutBucketAbac s3:PutBucketAcl s3:PutBucketCORS s3:PutBucketNotification s3:PutBucketWebsite s3:PutIntelligentTieringConfiguration "
    "s3:PutInventoryConfiguration s3:PutMetricsConfiguration s3:PutReplicationConfiguration s3:UpdateBucketMetadata* s3tables:*",
    "CloudFormation must write no object: buckets are empty or retained": "s3:DeleteObject s3:PutObjectAcl",
    "every key is retained: a person schedules its deletion": "kms:ScheduleKeyDeletion",
    "every key is enabled": "kms:DisableKey kms:EnableKey",
    "no bus is encrypted with a key": "kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo",
    "no log group delivers elsewhere, or has policies of its own": "firehose:TagDeliveryStream logs:CreateLogDelivery logs:DeleteDataProtectionPolicy "
    "logs:DeleteIndexPolicy logs:DeleteResourcePolicy logs:PutBearerTokenAuthentication logs:PutDataProtectionPolicy logs:PutIndexPolicy "
    "logs:PutLogGroupDeletionProtection logs:PutResourcePolicy",
    "no topic has a data protection policy": "sns:PutDataProtectionPolicy",
}


class Unknown(Exception):
    """A type or a property that the table does not know."""


def scope_of(action: str, needs: Needs) -> str:
    return next((scope for scope, actions in OTHERWISE.items() if action in actions), needs.scope)


def needed(kind: str, properties: set[str], may_go: bool) -> Iterator[tuple[str, str]]:
    """The actions that resources of a type with these properties need, each with its scope."""
    kind = MADE_OF.get(kind, kind)
    needs = TYPES.get(kind)
    if needs is None:
        raise Unknown(f"{kind}: the type is not in TYPES of tools/template_permissions.py: say there what CloudFormation calls for it")
    unknown = sorted(properties - needs.properties.keys())
    if unknown:
        raise Unknown(f"{kind}: the property {', '.join(unknown)} is not in tools/template_permissions.py: say there what it needs, or that it needs nothing further")
    phases = [phase for phase in PHASES if phase != "delete" or may_go]
    actions = [action for phase in phases for action in needs.actions(phase)]
    for action in [*actions, *(action for name in sorted(properties) for action in needs.properties[name].split())]:
        yield scope_of(action, needs), action
