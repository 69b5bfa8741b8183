"""The deployed stack, as CloudFormation tells of it: resources are found by what it lists, never by guessing names."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from smoke.report import Ended

PRODUCTION = {"production", "prod"}
TAGS = {"environment", "env", "stage"}
Client = Callable[[str], Any]


class Stack:
    """A stack and its resources, each by the name that it has in template.yaml."""

    def __init__(self, client: Client, name: str, region: str) -> None:
        clients: dict[str, Any] = {}
        self.client: Client = lambda service: clients.get(service) or clients.setdefault(service, client(service))
        self.region = region
        caller = self.client("sts").get_caller_identity()
        self.account, self.caller = caller["Account"], caller["Arn"]
        self.told: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        self.name = str(self.told["StackName"])
        self.parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in self.told.get("Parameters", [])}

    @cached_property
    def listed(self) -> dict[str, dict[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}

    def of_type(self, kind: str) -> dict[str, str]:
        """Name in the template, and name in the account."""
        return {name: one["PhysicalResourceId"] for name, one in self.listed.items() if one["ResourceType"] == kind}

    def physical(self, name: str) -> str:
        if name not in self.listed:
            raise Ended(f"the stack {self.name} has no {name}", "name a stack of template.yaml, as this version deploys it")
        return str(self.listed[name]["PhysicalResourceId"])

    @property
    def is_root(self) -> bool:
        return self.caller.endswith(":root")

    @cached_property
    def functions(self) -> list[str]:
        return sorted(self.of_type("AWS::Lambda::Function").values())

    @cached_property
    def queues(self) -> dict[str, str]:
        """The functions with controls, each with the URL of its queue: an event source mapping ties them."""
        urls = {url.rpartition("/")[2]: url for url in self.of_type("AWS::SQS::Queue").values()}
        found = {}
        for uuid in self.of_type("AWS::Lambda::EventSourceMapping").values():
            told = self.client("lambda").get_event_source_mapping(UUID=uuid)
            name = told["FunctionArn"].split(":function:")[1].partition(":")[0]
            found[name] = urls[told["EventSourceArn"].rpartition(":")[2]]
        return dict(sorted(found.items()))

    @cached_property
    def rules(self) -> list[dict[str, Any]]:
        """Its rules, as EventBridge tells of each."""
        return [self.rule_of(name) for name in self.of_type("AWS::Events::Rule").values()]

    def rule_of(self, name: str) -> dict[str, Any]:
        """The id of a rule on another bus than the default one has the bus's name before the rule's; if not, the bus is the stack's."""
        bus, _, rule = name.replace("|", "/").rpartition("/")
        events = self.client("events")
        told: dict[str, Any]
        for other in [bus] if bus else ["default", *self.of_type("AWS::Events::EventBus").values()]:
            try:
                told = events.describe_rule(Name=rule, EventBusName=other)
            except events.exceptions.ResourceNotFoundException:
                continue
            return told
        raise Ended(f"the rule {name} of the stack is not there", "find out who deleted it (docs/runbook.md, Tampering), and deploy again")

    def rule(self, logical: str) -> str:
        return self.physical(logical).replace("|", "/").rpartition("/")[2]

    def invoke(self, function: str, payload: Any) -> tuple[str | None, Any]:
        """Invokes a function and waits: the kind of its error, if it had one, and its answer."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        text = answer["Payload"].read()
        return answer.get("FunctionError"), json.loads(text) if text else None

    def lines(self, group: str, since: datetime, about: str = "") -> list[dict[str, Any]]:
        """A function's log lines, those that have this text in them."""
        pages = self.client("logs").get_paginator("filter_log_events")
        wanted = {"filterPattern": f'"{about}"'} if about else {}
        found = []
        for page in pages.paginate(logGroupName=group, startTime=int(since.timestamp() * 1000), **wanted):
            for event in page["events"]:
                at = {"@at": datetime.fromtimestamp(event["timestamp"] / 1000, UTC)}
                found += [told | at for told in map(parsed, event["message"].splitlines()) if told]
        return found

    def production(self) -> str | None:
        """Why this looks like production: a tag of the stack, or of the settings document."""
        for whose, tags in (("the stack", self.told.get("Tags", [])), ("the settings document", self.settings_tags())):
            for tag in tags:
                if tag["Key"].lower() in TAGS and tag["Value"].lower() in PRODUCTION:
                    return f"{whose} has the tag {tag['Key']}={tag['Value']}"
        return None

    def settings_tags(self) -> list[dict[str, str]]:
        key = self.parameters.get("SettingsKey")
        if not key or "StateBucket" not in self.listed:
            return []
        try:
            tags: list[dict[str, str]] = self.client("s3").get_object_tagging(Bucket=self.physical("StateBucket"), Key=key)["TagSet"]
        except ClientError:
            # Whoever may not read them has the stack's own tags, and the question.
            return []
        return tags


def parsed(line: str) -> dict[str, Any] | None:
    """A log line of a function; nothing where it is one of AWS Lambda itself."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
