"""The deployment: template.yaml without SAM, through the emulator's CloudFormation, and what became of it."""

import json
import re
from typing import Any, NamedTuple

import template_guard
import template_resolve
import yaml
from botocore.exceptions import ClientError

from rehearsal.cloud import HUB, REGION, ROOT, Cloud
from rehearsal.readback import Readback, same
from rehearsal.report import Mismatch, Report

STACK, CODE = template_resolve.STACK, "deployment"
OBSERVE = {"EvidenceLockMode": "GOVERNANCE", "EvidenceLockDays": "1"}
OTHERS = {"OrganizationId": "o-rehearsal00", "ExternalId": "only-a-rehearsal"}
PERMITTED = OBSERVE | OTHERS | {"Writes": "permitted", "SettingsKey": "settings.json"}
SETTINGS = {
    "modes": {"default": "enforce"},
    "protected": {"break_glass": [f"arn:aws:iam::{HUB}:user/break-glass-1"]},
    "people": {"operators": [f"arn:aws:iam::{HUB}:user/olivia"], "approvers": [f"arn:aws:iam::{HUB}:user/arthur"]},
}
BUILD = "make release, then make rehearse again"
# What the emulator's CloudFormation refuses: of a bus policy its PutPermission keeps no condition. Rules of AWS Config are made by API calls.
RULE, BUS_POLICY = "AWS::Config::ConfigRule", "AWS::Events::EventBusPolicy"
REFUSED = [BUS_POLICY]
# What the emulator's CloudFormation drops, and no test of ours needs. Anything else that is dropped is a mismatch.
DROPPED = {
    ("AWS::S3::Bucket", "LoggingConfiguration"): "access logs: nothing would be delivered here either",
}  # fmt: skip


class Physical(template_resolve.Stack):
    """The template with the names that CloudFormation gave its resources."""

    def __init__(self, document: Any, parameters: dict[str, str], names: dict[str, str]) -> None:
        super().__init__(document, parameters)
        self.names = names

    def ref(self, name: str) -> Any:
        return self.names.get(name) or super().ref(name)

    def attribute(self, name: str, attribute: str) -> str:
        kind, properties = self.of(name)
        if attribute == "Arn" and kind == "AWS::Events::Rule":
            bus = self.resolved(properties["EventBusName"]) + "/" if "EventBusName" in properties else ""
            return f"arn:aws:events:{REGION}:{HUB}:rule/{bus}{self.names[name]}"
        return super().attribute(name, attribute)


class Deployment:
    """The stack of the hub, as it is deployed now."""

    def __init__(self, cloud: Cloud, report: Report) -> None:
        self.cloud, self.report = cloud, report
        self.formation, self.s3 = cloud.client("cloudformation"), cloud.client("s3")
        self.document = template_guard.transformed()
        self.source = yaml.load((ROOT / "template.yaml").read_text(), template_resolve.Loader)  # noqa: S506
        self.names: dict[str, str] = {}
        self.left: set[str] = set()
        self.resources: dict[str, Any] = {}

    def package(self) -> None:
        """Puts the release binaries into a bucket, as `sam package` does."""
        self.s3.create_bucket(Bucket=CODE)
        for name, one in self.source["Resources"].items():
            if one["Type"] == "AWS::Serverless::Function":
                made = ROOT / one["Properties"]["CodeUri"]
                if not made.is_file():
                    raise Mismatch(f"no {made.relative_to(ROOT)}", BUILD)
                self.s3.put_object(Bucket=CODE, Key=made.name, Body=made.read_bytes())
                self.document["Resources"][name]["Properties"]["Code"] = {"S3Bucket": CODE, "S3Key": made.name}
        self.document["Conditions"] = placed(self.document["Conditions"])
        self.report.differs("AWS_ENDPOINT_URL: the emulator gives it to each function, beside the template's variables")
        self.report.differs("AWS::Region in Conditions: written out, the emulator does not know it there")
        self.report.differs("CodeUri: target/lambda/<function>.zip, from a bucket of the emulator")

    def leave_out(self) -> None:
        """What the emulator's CloudFormation refuses is found out by asking it, and named."""
        self.upload()
        try:
            self.formation.create_stack(**self.request(OBSERVE | OTHERS))
        except ClientError as error:
            refused = error.response["Error"]["Message"]
        else:
            raise Mismatch("a bus policy is deployed", "the emulator knows AWS::Events::EventBusPolicy now: deploy it here")
        kinds = refused.rpartition("[")[2].rstrip("]").split(", ")
        for kind in kinds:
            names = [name for name, one in self.document["Resources"].items() if one["Type"] == kind]
            self.leave(names)
            self.report.leaves_out(f"{len(names)} × {kind} in CloudFormation", f'"{refused}"')
        self.report.expect("resource types that the emulator refuses", kinds, REFUSED, "see Left out")
        of_several = [name for name, one in self.document["Resources"].items() if "Metrics" in one.get("Properties", {})]
        self.leave(of_several)
        self.report.leaves_out(
            f"{len(of_several)} alarms on several metrics", "no metric math in the emulator's CloudFormation (tests/suite/alarms.rs)"
        )
        self.upload()

    def leave(self, names: list[str]) -> None:
        self.left |= set(names)
        for name in names:
            del self.document["Resources"][name]

    def upload(self) -> None:
        self.s3.put_object(Bucket=CODE, Key="template.json", Body=json.dumps(self.document))

    def request(self, parameters: dict[str, str], name: str = STACK, template: str = "template.json") -> dict[str, Any]:
        return asked(parameters) | {"StackName": name, "TemplateURL": f"{self.cloud.endpoint}/{CODE}/{template}"}

    def refuses(self, parameters: dict[str, str]) -> None:
        """A deployment that the template's own rules forbid."""
        try:
            self.formation.create_stack(**self.request(OBSERVE | parameters))
        except ClientError as error:
            told = error.response["Error"]["Message"].partition("failed: ")[2]
            self.report.saw("Writes=permitted without SettingsKey is refused", told.partition(" - ")[0])
        else:
            raise Mismatch("Writes=permitted without SettingsKey is deployed", "look at Rules in template.yaml")

    def create(self, parameters: dict[str, str]) -> None:
        chosen = ", ".join(f"{name}={value}" for name, value in PERMITTED.items())
        self.report.differs(f"parameters: {chosen}; all others have their defaults")
        self.report.leaves_out(
            "IAM, bucket, queue and key policies", "kept, and asked of nobody (tests/suite/least_privilege.rs)"
        )
        self.formation.create_stack(**self.request(parameters))
        self.settle("CREATE_COMPLETE", parameters)

    def update(self, parameters: dict[str, str]) -> None:
        self.formation.update_stack(**self.request(parameters))
        self.settle("UPDATE_COMPLETE", parameters)

    def settle(self, end: str, parameters: dict[str, str]) -> None:
        def ended() -> dict[str, Any] | None:
            now: dict[str, Any] = self.formation.describe_stacks(StackName=STACK)["Stacks"][0]
            return None if now["StackStatus"].endswith("IN_PROGRESS") else now

        then = "look at target/rehearse.log, and at the stack events above"
        now = self.report.wait("the stack", ended, then)
        for event in self.formation.describe_stack_events(StackName=STACK)["StackEvents"]:
            if "FAILED" in event["ResourceStatus"]:
                print(f"      {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
        if now["StackStatus"] != end:
            raise Mismatch(f"the stack is {now['StackStatus']}, but it must be {end}", then)
        self.learn(parameters)
        self.report.saw("CloudFormation", f"{end}, {len(self.names)} resources")

    def learn(self, parameters: dict[str, str]) -> None:
        """What the resources are called, and what the template says of each."""
        told = self.formation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in told}
        resolved = Physical(self.source, parameters, self.names | {"AWS::StackId": told[0]["StackId"]}).resources()
        self.resources = {name: one for name, one in resolved.items() if name not in self.left}
        missing = sorted(self.resources.keys() - self.names.keys())
        if missing:
            raise Mismatch(f"not made: {', '.join(missing)}", "the emulator's CloudFormation leaves something out")

    def compare(self) -> dict[tuple[str, str], list[str]]:
        """The properties that are not as the template says, with the resources; and how many are."""
        readback, right = Readback(self.cloud), 0
        wrong: dict[tuple[str, str], list[str]] = {}
        for name, one in self.resources.items():
            for what, must, found in readback.found(one["Type"], self.names[name], one["Properties"]):
                if same(must, found):
                    right += 1
                else:
                    wrong.setdefault((one["Type"], what), []).append(f"{name}: {found}, not {must}")
        count = right + sum(len(resources) for resources in wrong.values())
        seen = f"{right} of {count} properties of {len(self.resources)} resources"
        self.report.saw("read back, and as in the template", seen)
        return wrong

    def check(self) -> None:
        """Reads back what was deployed. What the emulator dropped is supplied by API calls, read from the template."""
        wrong = self.compare()
        for (kind, what), resources in wrong.items():
            supply = SUPPLY.get((kind, what))
            if supply:
                for resource in resources:
                    logical = resource.partition(":")[0]
                    supply(self, self.names[logical], self.resources[logical]["Properties"])
                self.report.leaves_out(
                    f"{kind} {what} in CloudFormation", f"dropped of {len(resources)}; supplied by the API"
                )
            elif (kind, what) in DROPPED:
                self.report.leaves_out(f"{kind} {what}", f"dropped of {len(resources)}; {DROPPED[kind, what]}")
        if any(key in SUPPLY for key in wrong):
            wrong = self.compare()
        left = [
            f"{kind} {what}: {resources[0]}" for (kind, what), resources in wrong.items() if (kind, what) not in DROPPED
        ]
        if left:
            raise Mismatch(
                "; ".join(left), "mend the template, or say in tools/rehearsal/stack.py why it does not matter"
            )

    def rule(self, logical: str) -> str:
        """The name of a rule."""
        return self.names[logical].rpartition("/")[2]

    def write_settings(self, settings: Any) -> None:
        text = settings if isinstance(settings, str) else json.dumps(settings)
        self.s3.put_object(Bucket=self.names["StateBucket"], Key="settings.json", Body=text)

    def supply_rules(self) -> None:
        """AWS Config's rules by its API: Remedy asks what the rule behind an event is."""
        put_rules(self.cloud.client("config"), {}, self.report)
        self.report.leaves_out(
            "evaluation by AWS Config",
            "the emulator keeps rules and evaluates none; the rehearsal sends what AWS Config would",
        )


class Attempt(NamedTuple):
    """How the creation of a stack ended."""

    id: str
    status: str
    # The resources that could not be made, as type and name where their names are taken; the reason is AWS's.
    failed: list[tuple[str, str]]
    reasons: list[str]
    made: int
    # What its rollback left behind, as type and physical id.
    kept: list[tuple[str, str]]


def asked(parameters: dict[str, str]) -> dict[str, Any]:
    chosen = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Capabilities": ["CAPABILITY_NAMED_IAM"], "Parameters": chosen}


def ended(formation: Any, report: Report, stack: str) -> str:
    """Waits until nothing is done to a stack any more; its status."""
    state = lambda: formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]  # noqa: E731
    then = "look at target/rehearse.log"
    return str(report.wait(f"the stack {stack}", lambda: None if (now := state()).endswith("IN_PROGRESS") else now, then))


def attempt(formation: Any, report: Report, request: dict[str, Any]) -> Attempt:
    """Creates a stack, and reads from its events how that went."""
    stack = formation.create_stack(**request)["StackId"]
    status, events = ended(formation, report, stack), happened(formation, stack)
    reasons = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    taken = [found for one in reasons if (found := re.search(r"type '(.+)' with identifier '(.+)' already exists", one))]
    made = sum(one["ResourceStatus"] == "CREATE_COMPLETE" for one in events)
    return Attempt(stack, status, [(one[1], one[2]) for one in taken], reasons, made, skipped(formation, stack))


def happened(formation: Any, stack: str) -> list[dict[str, Any]]:
    """The events of a stack's resources."""
    pages = formation.get_paginator("describe_stack_events").paginate(StackName=stack)
    return [one for page in pages for one in page["StackEvents"] if one["ResourceType"] != "AWS::CloudFormation::Stack"]


def skipped(formation: Any, stack: str) -> list[tuple[str, str]]:
    """What was left behind when a stack was deleted or rolled back, as type and physical id."""
    kept = [one for one in happened(formation, stack) if one["ResourceStatus"] == "DELETE_SKIPPED"]
    return sorted((one["ResourceType"], one["PhysicalResourceId"]) for one in kept)


def delete(formation: Any, report: Report, stack: str) -> None:
    """Deletes a stack, by its id. What its template retains stays."""
    formation.delete_stack(StackName=stack)
    report.expect("the stack deleted", ended(formation, report, stack), "DELETE_COMPLETE", "look at target/rehearse.log")


def put_rules(config: Any, place: dict[str, str], report: Report) -> None:
    """Puts the AWS Config rules of config-rules.yaml."""
    source = yaml.load((ROOT / "config-rules.yaml").read_text(), template_resolve.Loader)  # noqa: S506
    resolved = template_resolve.Stack(source, {"StackName": STACK} | place).resources()
    rules = [one["Properties"] for one in resolved.values() if one["Type"] == RULE]
    for rule in rules:
        inputs = {"InputParameters": json.dumps(rule["InputParameters"])} if "InputParameters" in rule else {}
        config.put_config_rule(ConfigRule={name: rule[name] for name in ("ConfigRuleName", "Source")} | inputs)
    told = config.describe_config_rules()["ConfigRules"]
    report.expect("AWS Config rules of the template, by PutConfigRule", len(told), len(rules), "look at config-rules.yaml")


def placed(value: Any, region: str = REGION) -> Any:
    """Conditions with the Region written out."""
    if value == {"Ref": "AWS::Region"}:
        return region
    if isinstance(value, dict):
        return {name: placed(member, region) for name, member in value.items()}
    return [placed(member, region) for member in value] if isinstance(value, list) else value


def encrypt(deployment: Deployment, bucket: str, must: dict[str, Any]) -> None:
    rules = []
    for one in must["BucketEncryption"]["ServerSideEncryptionConfiguration"]:
        default = {"ApplyServerSideEncryptionByDefault": one["ServerSideEncryptionByDefault"]}
        rules.append(default | {"BucketKeyEnabled": one.get("BucketKeyEnabled", False)})
    deployment.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def lock(deployment: Deployment, bucket: str, must: dict[str, Any]) -> None:
    wanted = must["ObjectLockConfiguration"]
    retention = wanted["Rule"]["DefaultRetention"]
    rule = {"DefaultRetention": {"Mode": retention["Mode"], "Days": int(retention["Days"])}}
    made = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    deployment.s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=made)


def expire(deployment: Deployment, bucket: str, must: dict[str, Any]) -> None:
    rules = [lifecycle(one) for one in must["LifecycleConfiguration"]["Rules"]]
    deployment.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    """A lifecycle rule of CloudFormation as the API has it."""
    made = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            made[name] = rule[name]
    return made


def configure(deployment: Deployment, function: str, must: dict[str, Any]) -> None:
    dead = {"TargetArn": must["DeadLetterQueue"]["TargetArn"]}
    deployment.cloud.client("lambda").update_function_configuration(
        FunctionName=function, DeadLetterConfig=dead, KMSKeyArn=must["KmsKeyArn"]
    )


def encrypt_topic(deployment: Deployment, topic: str, must: dict[str, Any]) -> None:
    key = {"AttributeName": "KmsMasterKeyId", "AttributeValue": must["KmsMasterKeyId"]}
    deployment.cloud.client("sns").set_topic_attributes(TopicArn=topic, **key)


# How the API sets what the emulator's CloudFormation drops.
SUPPLY = {
    ("AWS::S3::Bucket", "BucketEncryption"): encrypt,
    ("AWS::S3::Bucket", "ObjectLockConfiguration"): lock,
    ("AWS::S3::Bucket", "LifecycleConfiguration"): expire,
    ("AWS::Serverless::Function", "DeadLetterQueue"): configure,
    ("AWS::Serverless::Function", "KmsKeyArn"): configure,
    ("AWS::SNS::Topic", "KmsMasterKeyId"): encrypt_topic,
}  # fmt: skip
