"""Resolves a template as CloudFormation would: conditions decided, intrinsic functions filled in. Prints JSON.

Usage: template_resolve.py TEMPLATE [PARAMETER=VALUE ...]      parameters have their defaults otherwise

The account is 111122223333, the Region us-east-1, the stack `remedy`, if nothing else is told (AWS::Region=eu-west-1). What CloudFormation would name is named after its
logical id. It is enough for tests of policies, names and environments; an unknown function is an error, not a guess.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT, REGION, STACK = "111122223333", "us-east-1", "remedy"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/00000000-0000-4000-8000-000000000000",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()
# Beside policies: what has no ARN of its own.
PARTS = ["AWS::Lambda::Permission"]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def short(loader: Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short)


class Stack:
    """The template with the values of its parameters."""

    def __init__(self, document: Any, told: dict[str, str]) -> None:
        declared = document["Parameters"]
        unknown = told.keys() - declared.keys() - PSEUDO.keys()
        if unknown:
            raise SystemExit(f"no parameters of the template: {', '.join(sorted(unknown))}")
        for name, value in told.items():
            if not re.fullmatch(declared.get(name, {}).get("AllowedPattern", ".*"), value):
                raise SystemExit(f"the parameter {name} may not be {value}")
        defaults = {name: one["Default"] for name, one in declared.items() if "Default" in one}
        self.document = document
        self.values = PSEUDO | {name: str(value) for name, value in defaults.items()} | told
        self.account, self.region = self.values["AWS::AccountId"], self.values["AWS::Region"]
        self.stack = self.values["AWS::StackName"]

    def holds(self, condition: Any) -> bool:
        if isinstance(condition, str):
            return self.holds(self.document["Conditions"][condition])
        ((function, of),) = condition.items()
        if function == "Fn::Equals":
            first, second = (self.resolved(one) for one in of)
            return first == second
        if function == "Fn::Not":
            return not self.holds(of[0])
        if function == "Fn::And":
            return all(self.holds(one) for one in of)
        if function == "Condition":
            return self.holds(of)
        raise SystemExit(f"a condition with {function}")

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.document["Parameters"] or name in PSEUDO:
            if name not in self.values:
                raise SystemExit(f"the parameter {name} has no default")
            return self.values[name]
        kind, properties = self.of(name)
        match kind:
            case "AWS::S3::Bucket":
                return f"{self.stack}-{name.lower()}"
            case "AWS::IAM::Role":
                return self.resolved(properties["RoleName"])
            case "AWS::Serverless::Function":
                return self.resolved(properties["FunctionName"])
            case "AWS::Logs::LogGroup":
                return self.resolved(properties["LogGroupName"])
            case "AWS::KMS::Key":
                return f"00000000-0000-4000-8000-{name.lower():0>12.12}"
            case "AWS::SQS::Queue":
                return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.resolved(properties['QueueName'])}"
            case "AWS::Events::EventBus":
                return self.resolved(properties["Name"])
            case "AWS::IAM::ManagedPolicy" | "AWS::SNS::Topic" | "AWS::Events::Rule":
                return self.attribute(name, "Arn")
        raise SystemExit(f"a reference to {name}, a {kind}")

    def of(self, name: str) -> tuple[str, Any]:
        resource = self.document["Resources"][name]
        return resource["Type"], resource["Properties"]

    def attribute(self, name: str, attribute: str) -> str:
        kind, properties = self.of(name)
        if (kind, attribute) == ("AWS::SQS::Queue", "QueueName"):
            return self.resolved(properties["QueueName"])
        if attribute != "Arn":
            raise SystemExit(f"the attribute {attribute} of {name}")
        where = f"{self.region}:{self.account}"
        match kind:
            case "AWS::S3::Bucket":
                return f"arn:aws:s3:::{self.ref(name)}"
            case "AWS::KMS::Key":
                return f"arn:aws:kms:{where}:key/{self.ref(name)}"
            case "AWS::IAM::Role":
                return f"arn:aws:iam::{self.account}:role/{self.ref(name)}"
            case "AWS::IAM::ManagedPolicy":
                called = self.resolved(properties.get("ManagedPolicyName", f"{self.stack}-{name}-0000"))
                return f"arn:aws:iam::{self.account}:policy/{called}"
            case "AWS::Serverless::Function":
                return f"arn:aws:lambda:{where}:function:{self.ref(name)}"
            case "AWS::Logs::LogGroup":
                return f"arn:aws:logs:{where}:log-group:{self.ref(name)}:*"
            case "AWS::SQS::Queue":
                return f"arn:aws:sqs:{where}:{self.resolved(properties['QueueName'])}"
            case "AWS::SNS::Topic":
                return f"arn:aws:sns:{where}:{self.resolved(properties['TopicName'])}"
            case "AWS::Events::Rule":
                bus = self.resolved(properties["EventBusName"]) + "/" if "EventBusName" in properties else ""
                return f"arn:aws:events:{where}:rule/{bus}{self.resolved(properties.get('Name', f'{self.stack}-{name}-0000'))}"
            case "AWS::Events::EventBus":
                return f"arn:aws:events:{where}:event-bus/{self.ref(name)}"
            case "AWS::KMS::Alias":
                return f"arn:aws:kms:{where}:{self.resolved(properties['AliasName'])}"
            case "AWS::CloudWatch::Alarm":
                return f"arn:aws:cloudwatch:{where}:alarm:{self.resolved(properties['AlarmName'])}"
            case "AWS::CloudWatch::Dashboard":
                return f"arn:aws:cloudwatch::{self.account}:dashboard/{self.resolved(properties['DashboardName'])}"
            case "AWS::Lambda::EventSourceMapping":
                return f"arn:aws:lambda:{where}:event-source-mapping:00000000-0000-4000-8000-{name.lower():0>12.12}"
            case "AWS::Config::ConfigRule":
                return f"arn:aws:config:{where}:config-rule/config-rule-{name.lower():0>6.6}"
        raise SystemExit(f"the ARN of {name}, a {kind}")

    def known(self, name: str) -> str | None:
        """The ARN of a resource; none where it is a part of another one, such as the policy of a queue."""
        kind, _ = self.of(name)
        return None if kind.endswith("Policy") and kind != "AWS::IAM::ManagedPolicy" or kind in PARTS else self.attribute(name, "Arn")

    def resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            items = (self.resolved(item) for item in value)
            return [item for item in items if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, of),) = value.items()
            if function == "Ref":
                return self.ref(of)
            if function == "Fn::GetAtt":
                return self.attribute(*of)
            if function == "Fn::Sub":
                filled = re.sub(r"\$\{([^!}]+)\}", lambda found: self.named(found.group(1)), of)
                return filled.replace("${!", "${")
            if function == "Fn::If":
                return self.resolved(of[1] if self.holds(of[0]) else of[2])
            if function.startswith("Fn::"):
                raise SystemExit(f"the function {function}")
        members = ((name, self.resolved(member)) for name, member in value.items())
        return {name: member for name, member in members if member is not NOTHING}

    def named(self, name: str) -> str:
        first, _, attribute = name.partition(".")
        return self.attribute(first, attribute) if attribute else str(self.ref(name))

    def resources(self) -> dict[str, Any]:
        """The resources that are made, with what all functions have in common."""
        made = {}
        for name, resource in self.document["Resources"].items():
            if "Condition" in resource and not self.holds(resource["Condition"]):
                continue
            properties = self.resolved(resource["Properties"])
            if resource["Type"] == "AWS::Serverless::Function":
                shared = self.resolved(self.document["Globals"]["Function"])
                variables = shared["Environment"]["Variables"] | properties["Environment"]["Variables"]
                properties = shared | properties | {"Environment": {"Variables": variables}}
            made[name] = {"Type": resource["Type"], "Arn": self.known(name), "Properties": properties}
            made[name] |= {policy: resource[policy] for policy in ("DeletionPolicy", "UpdateReplacePolicy") if policy in resource}
        return made


def main() -> None:
    template, *told = sys.argv[1:]
    document = yaml.load((ROOT / template).read_text(), Loader)  # noqa: S506
    json.dump(Stack(document, dict(one.split("=", 1) for one in told)).resources(), sys.stdout)


if __name__ == "__main__":
    main()
