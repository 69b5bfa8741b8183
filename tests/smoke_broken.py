"""How the stand-in of tests/smoke.py is broken, and what must be reported: one table."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from smoke_standin import ACCOUNT, World, denied, emulator


def set_(**values: Any) -> Callable[[World], None]:
    return lambda world: world.__dict__.update(values)


def script(service: str, operation: str, answer: Any) -> Callable[[World], None]:
    return lambda world: world.script.update({(service, operation): answer})


def lax(name: str, other: str) -> Callable[[World], None]:
    return lambda world: world.resources.update({name: other})


def told_with(**changed: Any) -> Callable[[World], None]:
    """What describe-stacks says, but for this."""
    return script("cloudformation", "describe_stacks", lambda real, asked: {"Stacks": [real(**asked)["Stacks"][0] | changed]})


def rule_with(name: str, **changed: Any) -> Callable[[World], None]:
    change = lambda real, asked: (told := real(**asked)) | (changed if told["Name"] == name else {})  # noqa: E731
    return script("events", "describe_rule", change)


def failed_resource(world: World) -> None:
    listed = world.script["cloudformation", "list_stack_resources"]
    bad = {"LogicalResourceId": "Odd", "ResourceType": "X", "PhysicalResourceId": "odd", "ResourceStatus": "UPDATE_FAILED"}
    more = lambda *asked: {"StackResourceSummaries": [*listed(*asked)["StackResourceSummaries"], bad]}  # noqa: E731
    world.script["cloudformation", "list_stack_resources"] = more


def letter(world: World) -> None:
    """The function's message ends among the dead letters, of which there was none."""
    take, counts = world.script["sqs", "send_message"], {"sent": 0}

    def send(real: Any, asked: Any) -> Any:
        counts["sent"] = 1
        return take(real, asked)

    def count(real: Any, asked: Any) -> Any:
        if asked["QueueUrl"].endswith("dead-letters"):
            return {"Attributes": dict.fromkeys(asked["AttributeNames"], str(counts["sent"]))}
        return real(**asked)

    world.script |= {("sqs", "send_message"): send, ("sqs", "get_queue_attributes"): count}


def all_in_alarm(real: Any, asked: Any) -> Any:
    return {"MetricAlarms": [one | {"StateValue": "ALARM"} for one in real(**asked)["MetricAlarms"]]}


def takes_no_created_key(real: Any, asked: Any) -> Any:
    """EventBridge understands a pattern otherwise than it is meant."""
    return {"Result": False} if json.loads(asked["Event"])["detail"].get("eventName") == "CreateKey" else real(**asked)


def stored(real: Any, asked: Any) -> Any:
    """A put that the policy lets through, and whose checksum nobody compares."""
    return real(**{name: value for name, value in asked.items() if name != "ContentMD5"})


def several(*changes: Callable[[World], None]) -> Callable[[World], None]:
    return lambda world: [change(world) for change in changes] and None


PATTERN = {"account": [ACCOUNT], "source": ["aws.kms"], "detail-type": ["AWS API Call via CloudTrail"]}
UNKNOWN_OPERATOR = json.dumps(PATTERN | {"detail": {"eventSource": ["kms.amazonaws.com"], "sourceIPAddress": [{"cidr": "10.0.0.0/8"}]}})
CREATED = {"eventSource": ["kms.amazonaws.com"], "eventName": ["CreateKey"]}
TAKES_ALL = json.dumps(PATTERN | {"account": [ACCOUNT, "999999999999"], "detail": CREATED})
FAILED_ACTION = "Failed to execute action"
ENDLESS = {"DetectionStatus": "DETECTION_IN_PROGRESS"}
REFUSED = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "no right"}
WRITER = {"ParameterKey": "SettingsWriter", "ParameterValue": f"arn:aws:iam::{ACCOUNT}:user/ops/a*"}
TAKEN = ClientError({"Error": {"Code": "BucketAlreadyExists"}}, "CreateBucket")


def no_stream(real: Any, asked: Any) -> Any:
    return {"logStreams": []} if "operator" in asked["logGroupName"] else real(**asked)


# The rule, the step, how the stand-in is broken, the verdict, and what must be said.
BROKEN: list[tuple[str, str, Callable[[World], None], str, str]] = [
    ("a stack that rolled back", "stack",
     told_with(StackStatus="UPDATE_ROLLBACK_COMPLETE", StackStatusReason="a quota"),
     "failed", "UPDATE_ROLLBACK_COMPLETE: a quota"),
    ("a resource that failed", "stack", failed_resource, "failed", "Odd UPDATE_FAILED"),
    ("a stack that somebody changed", "drift-detection", set_(drift="DRIFTED"), "failed", "DRIFTED: KmsKeysDrift MODIFIED"),
    ("drift detection that does not end", "drift-detection",
     script("cloudformation", "describe_stack_drift_detection_status", lambda *_: ENDLESS),
     "not shown", "not at an end within"),
    ("drift detection that fails", "drift-detection",
     script("cloudformation", "describe_stack_drift_detection_status", lambda *_: REFUSED),
     "not shown", "no right"),
    ("a function that times out", "status",
     lambda world: world.status.update({"remedy-kms-keys": {"errorMessage": "Task timed out"}}),
     "failed", "remedy-kms-keys: Unhandled, Task timed out"),
    ("a function that answers something else", "status",
     lambda world: world.status.update({"remedy-kms-keys": {"runs": []}}),
     "failed", "remedy-kms-keys: no status"),
    ("an event that AWS does not take", "rules",
     script("events", "test_event_pattern", takes_no_created_key),
     "failed", "remedy-kms-keys-drift does not take aws.kms CreateKey"),
    ("a rule with an operator that is not known", "rules",
     rule_with("remedy-kms-keys-drift", EventPattern=UNKNOWN_OPERATOR),
     "failed", 'not known here: [{"cidr"'),
    ("a rule that takes events of strangers", "rules",
     rule_with("remedy-kms-keys-drift", EventPattern=TAKES_ALL),
     "failed", "takes aws.kms CreateKey of an account that is not meant"),
    ("a rule that is off", "rules", rule_with("remedy-kms-keys-drift", State="DISABLED"), "failed", "remedy-kms-keys-drift is DISABLED"),
    ("a rule that is gone", "rules", lax("KmsKeysDrift", "gone"), "failed", "the rule gone of the stack is not there"),
    ("a queue that nobody reads", "queue", set_(works=False), "failed", "1 messages wait"),
    ("a message that becomes a dead letter", "queue", letter, "failed", "dead letters since message"),
    ("a schedule that did not come yet", "schedule", set_(heard=0.0), "not shown", "remedy-sweep: not invoked since"),
    ("an event that could not be delivered", "schedule", set_(lost=2.0), "failed", "remedy-sweep FailedInvocations 2"),
    ("an alarm whose action fails", "alarm", set_(actions=FAILED_ACTION), "failed", FAILED_ACTION),
    ("an alarm without an action", "alarm", set_(actions=""), "failed", "its history has no action"),
    ("alarms that all stand in ALARM", "alarm", script("cloudwatch", "describe_alarms", all_in_alarm), "not shown", "is quiet"),
    ("drift that nobody is told of", "drift",
     script("s3", "delete_public_access_block", lambda real, asked: real(**asked)),
     "failed", "no run of s3-bucket-public"),
    ("a run that is blocked", "drift", set_(outcome="blocked"), "failed", '"outcome": "blocked", "check": "hold"'),
    ("a run that sees no drift", "drift", set_(outcome="already-compliant"), "failed", "no run of s3-bucket-public"),
    ("a bucket's name that is taken", "drift",
     script("s3", "create_bucket", ClientError({"Error": {"Code": "BucketAlreadyExists"}}, "CreateBucket")),
     "failed", "BucketAlreadyExists"),
    ("a notice without an alarm", "notice", lambda _: None, "not shown", "no alarm was set"),
    ("a sealer that fails", "seal", set_(sealer={"errorMessage": "kms:Sign denied"}), "failed", "kms:Sign denied"),
    ("a sealer that leaves hours", "seal", set_(sealer={"sealed": [], "due": 3}), "failed", "left 3 hours unsealed"),
    ("nothing to seal yet", "seal", lambda _: None, "not shown", "no hour with evidence has ended yet"),
    ("a log group that gets nothing", "logs",
     script("logs", "describe_log_streams", no_stream),
     "not shown", "nothing yet in /aws/lambda/remedy-operator"),
    ("log groups that get nothing", "logs",
     script("logs", "describe_log_streams", lambda *_: {"logStreams": []}),
     "failed", "nothing arrives in any log group"),
    ("a hold that is let through", "refuse-hold",
     lax("StateBucket", "lax"),
     "failed", "let through, and then ended with BadDigest: nothing was done"),
    ("settings that are let through", "refuse-settings", lax("StateBucket", "lax"), "failed", "let through, and then ended with BadDigest"),
    ("a record that is let through", "refuse-record", lax("EvidenceBucket", "lax"), "failed", "let through, and then ended with BadDigest"),
    ("a hold that is stored", "refuse-hold",
     several(lax("StateBucket", "lax"), script("s3", "put_object", stored)),
     "failed", "SUCCEEDED, and what it made was removed at once"),
    ("a deletion that is done", "refuse-deletion", lax("EvidenceBucket", "lax"), "failed", "SUCCEEDED, and what it made was removed at once"),
    ("a grant that would be made", "refuse-grant",
     lambda world: world.resources.update(DataKey=emulator().lax_data),
     "failed", "let through, and then ended with DryRunOperation"),
    ("a signature that would be made", "refuse-signing",
     lambda world: world.resources.update(SealKey=emulator().lax_key),
     "failed", "a dry run SUCCEEDED"),
    ("a caller who may do nothing", "refuse-hold",
     script("s3", "put_object", denied("PutObject", "s3:PutObject")),
     "not shown", "denied, but not by the stack's policy"),
    ("a caller who may be the SettingsWriter", "refuse-settings",
     told_with(Parameters=[WRITER]),
     "not shown", "you may be the SettingsWriter"),
]  # fmt: skip
# For each step a call that may be denied: it is unknown then, and the action is named.
DENIED = {
    "drift-detection": ("cloudformation", "detect_stack_drift", "cloudformation:DetectStackDrift"),
    "status": ("lambda", "invoke", "lambda:InvokeFunction"),
    "rules": ("events", "test_event_pattern", "events:TestEventPattern"),
    "queue": ("sqs", "send_message", "kms:GenerateDataKey"),
    "schedule": ("cloudwatch", "get_metric_data", "cloudwatch:GetMetricData"),
    "alarm": ("cloudwatch", "set_alarm_state", "cloudwatch:SetAlarmState"),
    "drift": ("s3", "create_bucket", "s3:CreateBucket"),
    "seal": ("lambda", "invoke", "lambda:InvokeFunction"),
    "verify": ("kms", "get_public_key", "kms:GetPublicKey"),
    "logs": ("logs", "describe_log_streams", "logs:DescribeLogStreams"),
}
