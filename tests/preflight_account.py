"""The account of tests/preflight.py: a healthy one, and the ways to break it.

moto plays it. What moto does not know, or what no client can put into it, is answered in its place before the call is sent, as botocore's
Stubber does; such an answer must have the form that botocore expects of AWS.
"""

import json
import os
import sys
import types
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.validate import validate_parameters

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import emulator  # noqa: E402
from inspection import names  # noqa: E402
from inspection.account import Account  # noqa: E402
from inspection.plan import Plan  # noqa: E402

ACCOUNT, OTHER, REGION = "123456789012", "222222222222", "us-east-1"
EXTERNAL_ID = "0123456789abcdef-not-to-be-shown"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
SUMMARY = {"Roles": 10, "RolesQuota": 1000, "Policies": 10, "PoliciesQuota": 1500, "AccountPasswordPresent": 1, "AccountAccessKeysPresent": 0}
GROUP = {"allSupported": True, "includeGlobalResourceTypes": True}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
# Answers in place of moto's. moto does not know lambda:GetAccountSettings, nor whether root has a password.
HEALTHY = {
    "lambda:GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}},
    "iam:GetAccountSummary": {"SummaryMap": SUMMARY},
}


class Refused:
    """An answer of AWS that is an error."""

    def __init__(self, code: str, status: int = 400) -> None:
        self.code, self.status = code, status


DENIED = Refused("AccessDeniedException", 403)


class Shared(Account):
    """Its clients are those of all tests: making them takes longer than asking."""

    made: dict[tuple[str, str], Any] = {}

    def __init__(self, session: boto3.Session, region: str) -> None:
        super().__init__(session, region)
        self.clients = Shared.made


class World:
    """The account: moto, what is answered in its place, and which calls were made."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.called: set[tuple[str, str]] = set()
        self.url, self.server = emulator.start()
        emulator.wait_for(self.url, self.server)
        # Nothing of the machine's own AWS configuration, and no proxy, comes between.
        os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "127.0.0.1"}
        os.environ |= {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            os.environ.pop(name, None)
        self.plain, self.session = boto3.Session(), boto3.Session()
        self.session.events.register("before-call", self.answer)
        self.clients: dict[tuple[str, str], Any] = {}

    def answer(self, model: Any, params: dict, context: dict, **_: Any) -> Any:
        action = f"{model.service_model.service_name}:{model.name}"
        self.called.add((action, context["client_region"]))
        answer = self.answers.get(action)
        if callable(answer):
            answer = answer(params, context["client_region"])
        if answer is None:
            return None
        if isinstance(answer, Refused):
            told = {"Error": {"Code": answer.code, "Message": "as a test wants it"}, "ResponseMetadata": {"HTTPStatusCode": answer.status}}
            return types.SimpleNamespace(status_code=answer.status), told
        if model.output_shape is not None:
            validate_parameters(answer, model.output_shape)
        return types.SimpleNamespace(status_code=200), answer | {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def client(self, service: str, region: str = REGION) -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = self.plain.client(service, region_name=region)
        return self.clients[service, region]

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST"), timeout=20).close()
        self.answers, self.called = dict(HEALTHY), set()
        heal(self)


def heal(world: World) -> None:
    """What a healthy account has: a recorder, a trail, a boundary, an organization, administrators."""
    world.client("s3").create_bucket(Bucket="trail")
    config, trails, iam = world.client("config"), world.client("cloudtrail"), world.client("iam")
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config", "recordingGroup": GROUP})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "trail"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    trails.create_trail(Name="trail", S3BucketName="trail", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True)
    trails.start_logging(Name="trail")
    select(world)
    iam.create_policy(PolicyName="boundary", PolicyDocument=DOCUMENT)
    iam.create_role(RoleName="deployer", Path="/deploy/", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="olivia")
    world.client("organizations").create_organization(FeatureSet="ALL")


def select(world: World, **changes: Any) -> None:
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []} | changes
    world.client("cloudtrail").put_event_selectors(TrailName="trail", EventSelectors=[selector])


def advanced(*fields: dict[str, Any]) -> Callable[[World], None]:
    management = {"Field": "eventCategory", "Equals": ["Management"]}
    return lambda world: world.client("cloudtrail").put_event_selectors(
        TrailName="trail", AdvancedEventSelectors=[{"Name": "management", "FieldSelectors": [management, *fields]}]
    )


def answers(**told: Any) -> Callable[[World], None]:
    """In place of moto: `config_DescribeX={…}`."""
    return lambda world: world.answers.update({name.replace("_", ":", 1): answer for name, answer in told.items()})


def recorder(group: dict[str, Any] = GROUP, **more: Any) -> Callable[[World], None]:
    # moto knows neither recording modes nor every strategy.
    return answers(config_DescribeConfigurationRecorders={"ConfigurationRecorders": [{"name": "default", "recordingGroup": group, **more}]})


def recording(**status: Any) -> Callable[[World], None]:
    return answers(config_DescribeConfigurationRecorderStatus={"ConfigurationRecordersStatus": [{"name": "default", **status}]})


def stack_is(status: str) -> Callable[[World], None]:
    # moto makes every stack at once, and well.
    about = {"StackName": "remedy", "CreationTime": 0, "StackStatus": status}
    return answers(cloudformation_DescribeStacks={"Stacks": [about]}, cloudformation_ListStackResources={"StackResourceSummaries": []})


def role(name: str, path: str = "/") -> Callable[[World], None]:
    return lambda world: world.client("iam").create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST)


def hub(stack: str, *, iam: str = "no", sealer: bool = True) -> Callable[[World], None]:
    """The read roles of another hub, or, without a sealer, of a member account."""
    plan = Plan.of(stack, REGION, "aws", {"GlobalControls": iam})
    made = [name for name in names.given(plan, "AWS::IAM::Role") if sealer or "sealer" not in name]
    return lambda world: [role(name)(world) for name in made] and None


def stack(name: str, resources: dict[str, Any], description: str = "A stack") -> Callable[[World], None]:
    body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Description": description, "Resources": resources})
    return lambda world: world.client("cloudformation").create_stack(StackName=name, TemplateBody=body)


def queue_of(name: str) -> dict[str, Any]:
    return {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}}


def both(*breaks: Callable[[World], Any]) -> Callable[[World], None]:
    return lambda world: [one(world) for one in breaks] and None


def no_recorder(world: World) -> None:
    world.client("config").stop_configuration_recorder(ConfigurationRecorderName="default")
    world.client("config").delete_delivery_channel(DeliveryChannelName="default")
    world.client("config").delete_configuration_recorder(ConfigurationRecorderName="default")


def trail_of(region: str, **options: Any) -> Callable[[World], None]:
    """One trail of one Region, in place of the healthy one."""

    def put(world: World) -> None:
        world.client("cloudtrail").delete_trail(Name="trail")
        trails = world.client("cloudtrail", region)
        trails.create_trail(Name="trail", S3BucketName="trail", **options)
        trails.start_logging(Name="trail")
        # AWS gives a trail this selector; moto gives it none.
        trails.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}])

    return put


def organization_trail(status: Refused | None = None) -> Callable[[World], None]:
    # moto shows no trail of another account. AWS shows it, and refuses its selectors.
    trail = {"Name": "all", "TrailARN": f"arn:aws:cloudtrail:{REGION}:{OTHER}:trail/all", "HomeRegion": REGION}
    trail |= {"IsMultiRegionTrail": True, "IsOrganizationTrail": True, "IncludeGlobalServiceEvents": True}
    selectors = status or {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}
    return answers(cloudtrail_DescribeTrails={"trailList": [trail]}, cloudtrail_GetTrailStatus={"IsLogging": True}, cloudtrail_GetEventSelectors=selectors)


def beside_an_organization_trail(world: World) -> None:
    [own] = world.client("cloudtrail").describe_trails()["trailList"]
    organization_trail()(world)
    world.answers["cloudtrail:DescribeTrails"]["trailList"].append(own)
    # AWS refuses those of the other account.
    world.answers["cloudtrail:GetEventSelectors"] = lambda params, _: Refused("TrailNotFoundException") if OTHER.encode() in params["body"] else None
    world.answers["cloudtrail:GetTrailStatus"] = lambda params, _: {"IsLogging": True} if OTHER.encode() in params["body"] else None


def concurrency(total: int, free: int) -> Callable[[World], None]:
    return answers(lambda_GetAccountSettings={"AccountLimit": {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": free}})


def summary(**changes: int | None) -> Callable[[World], None]:
    told = {name: value for name, value in (SUMMARY | changes).items() if value is not None}
    return answers(iam_GetAccountSummary={"SummaryMap": told})


def organization(world: World) -> str:
    return world.client("organizations").describe_organization()["Organization"]["Id"]


def nothing(world: World) -> None:
    pass


def inclusion(*kinds: str) -> dict[str, Any]:
    return {"allSupported": False, "resourceTypes": list(kinds), "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}}


def exclusion(*kinds: str) -> dict[str, Any]:
    return {"exclusionByResourceTypes": {"resourceTypes": list(kinds)}, "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}}


def make(world: World, kind: str, name: str) -> None:
    """A resource of a type that the template names, made by somebody else."""
    match kind:
        case "AWS::CloudWatch::Alarm":
            about = {"MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "Statistic": "Sum"}
            world.client("cloudwatch").put_metric_alarm(AlarmName=name, ComparisonOperator="GreaterThanThreshold", **about)
        case "AWS::CloudWatch::Dashboard":
            world.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
        case "AWS::Events::EventBus":
            world.client("events").create_event_bus(Name=name)
        case "AWS::Events::Rule":
            world.client("events").put_rule(Name=name, ScheduleExpression="rate(1 day)")
        case "AWS::IAM::ManagedPolicy":
            world.client("iam").create_policy(PolicyName=name, PolicyDocument=DOCUMENT)
        case "AWS::IAM::Role":
            role(name)(world)
        case "AWS::KMS::Alias":
            key = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
            world.client("kms").create_alias(AliasName=name, TargetKeyId=key)
        case "AWS::Logs::LogGroup":
            world.client("logs").create_log_group(logGroupName=name)
        case "AWS::SNS::Topic":
            world.client("sns").create_topic(Name=name)
        case "AWS::SQS::Queue":
            world.client("sqs").create_queue(QueueName=name)
        case "AWS::Serverless::Function":
            role("of-a-function")(world)
            about = {"Runtime": "provided.al2023", "Handler": "bootstrap", "Role": f"arn:aws:iam::{ACCOUNT}:role/of-a-function"}
            world.client("lambda").create_function(FunctionName=name, Code={"ZipFile": b"none"}, **about)
        case _:
            raise AssertionError(f"how is {kind} made?")
