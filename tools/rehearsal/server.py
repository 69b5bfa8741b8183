"""MiniStack, with three things of AWS that it does not play itself: events that AWS sends, the clock of schedules, and names that are taken.

PutEvents refuses sources `aws.*` to callers, on AWS as here. An entry with the rehearsal's token in TraceHeader is
taken as AWS's own: it goes to its bus as it is, from the account and the Region that the header names. A token with `clock`
makes a scheduled rule due; the emulator's own scheduler then runs it. CloudFormation creates nothing under a name that is
taken: MiniStack would write over what is there. Everything else is MiniStack, unchanged.
Usage: server.py      settings come from the environment, as MiniStack reads them, and REHEARSAL_TOKEN
"""

import os
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region, json_response, new_uuid
from ministack.services import cloudwatch, cloudwatch_logs, eventbridge, iam, kms, lambda_svc, sns, sqs
from ministack.services.cloudformation import provisioners

TOKEN = os.environ["REHEARSAL_TOKEN"]
refusing = eventbridge._put_events


def put_events(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
    entries = data.get("Entries", [])
    if entries and all(entry.get("TraceHeader", "").startswith(TOKEN) for entry in entries):
        return json_response({"FailedEntryCount": 0, "Entries": [played(entry) for entry in entries]})
    return refusing(data, allow_aws_source)


def played(entry: dict[str, Any]) -> dict[str, str]:
    _, what, *regions = entry["TraceHeader"].split()
    event = new_uuid()
    if what == "clock":
        eventbridge._rule_last_fired[(get_account_id(), get_region(), rule_key(entry["Detail"]))] = 0
    else:
        sent = {"EventId": event, "EventBusName": entry["EventBusName"], "Time": int(time.time()), "Region": regions[0]}
        sent |= {"Source": entry["Source"], "DetailType": entry["DetailType"], "Detail": entry["Detail"]}
        eventbridge._dispatch_event(sent | {"Account": what, "Resources": entry.get("Resources", [])})
    return {"EventId": event}


def rule_key(name: str) -> str:
    """The emulator's own key of a rule of the default bus."""
    return eventbridge._rule_key(name.strip('"'), "default")


# For each type of resource that has a given name: the property with it, and whether it is taken, in this account and Region. IAM is one for all.
NAMED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName", lambda name: name in cloudwatch._alarms),
    "AWS::CloudWatch::Dashboard": ("DashboardName", lambda name: name in cloudwatch._dashboards),
    "AWS::Events::Rule": ("Name", lambda name: eventbridge._rule_key(name, "default") in eventbridge._rules),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", lambda name: any(one["PolicyName"] == name for one in iam._policies.values())),
    "AWS::IAM::Role": ("RoleName", lambda name: name in iam._roles),
    "AWS::KMS::Alias": ("AliasName", lambda name: kms._alias_arn(name) in kms._aliases),
    "AWS::Lambda::Function": ("FunctionName", lambda name: name in lambda_svc._functions),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
    "AWS::SNS::Topic": ("TopicName", lambda name: any(one["name"] == name for one in sns._topics.values())),
    "AWS::SQS::Queue": ("QueueName", lambda name: name in sqs._queue_name_to_url),
}  # fmt: skip


def once(kind: str, create: Callable[..., Any]) -> Callable[..., Any]:
    """Creates a resource of a stack, if its name is free."""
    named, taken = NAMED[kind]

    def created(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name = properties.get(named)
        # The rules on a bus of the stack's own go with it.
        if name and "EventBusName" not in properties and taken(name):
            raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
        return create(logical_id, properties, stack_name)

    return created


if __name__ == "__main__":
    eventbridge._put_events = put_events
    for one in NAMED:
        handlers = provisioners._RESOURCE_HANDLERS[one]
        handlers["create"] = once(one, handlers["create"])
    app.main()
