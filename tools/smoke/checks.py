"""Steps that read the stack and ask its functions: what is deployed, what the rules take, what the queues do."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal.shared import waiting

from smoke import events
from smoke.report import Ended, NotShown
from smoke.run import Run

DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
LOST = ("FailedInvocations", "InvocationsFailedToBeSentToDlq")
# The function with one target in each account: its sweep is the shortest.
SHORTEST = "iam-password-policy"


def deployed(run: Run) -> str:
    """The stack and each of its resources are complete."""
    stack = run.stack
    if stack.told["StackStatus"] not in DEPLOYED:
        why = stack.told.get("StackStatusReason", "no reason")
        raise Ended(f"the stack is {stack.told['StackStatus']}: {why}", "docs/deploy.md; aws cloudformation describe-stack-events")
    bad = [f"{name} {one['ResourceStatus']}" for name, one in stack.listed.items() if not one["ResourceStatus"].endswith("_COMPLETE")]
    if bad:
        raise Ended(f"resources are not complete: {', '.join(bad)}", "aws cloudformation describe-stack-events")
    if not stack.functions:
        raise Ended("the stack has no function", "name a stack of template.yaml")
    when = stack.told.get("LastUpdatedTime") or stack.told["CreationTime"]
    return f"{stack.told['StackStatus']} since {when:%FT%TZ}, {len(stack.listed)} resources, functions {', '.join(stack.functions)}"


def unchanged(run: Run) -> str:
    """Drift detection of AWS CloudFormation finds nothing."""
    formation = run.stack.client("cloudformation")
    asked = formation.detect_stack_drift(StackName=run.stack.name)["StackDriftDetectionId"]

    def ended() -> Any:
        told = formation.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
        return told if told["DetectionStatus"] != "DETECTION_IN_PROGRESS" else None

    told = run.wait(ended)
    if not told or told["DetectionStatus"] != "DETECTION_COMPLETE":
        why = told.get("DetectionStatusReason", told["DetectionStatus"]) if told else f"not at an end within {run.seconds:.0f} s"
        look = f"aws cloudformation describe-stack-drift-detection-status --stack-drift-detection-id {asked}"
        raise NotShown(f"drift detection {asked}: {why}", look)
    if told["StackDriftStatus"] != "IN_SYNC":
        pages = formation.describe_stack_resource_drifts(StackName=run.stack.name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])
        found = ", ".join(f"{one['LogicalResourceId']} {one['StackResourceDriftStatus']}" for one in pages["StackResourceDrifts"])
        raise Ended(f"the stack is {told['StackDriftStatus']}: {found}", "find out who changed it (docs/runbook.md, Tampering), and deploy again")
    return f"detection {asked}: {told['StackDriftStatus']}"


def status(run: Run) -> str:
    """Each function with controls answers {"status": {}}."""
    wrong, right = [], []
    for function in run.stack.queues:
        error, answer = run.stack.invoke(function, {"status": {}})
        controls = answer.get("status") if isinstance(answer, dict) else None
        if error or controls is None:
            told = answer.get("errorMessage", answer) if isinstance(answer, dict) else answer
            wrong.append(f"{function}: {error or 'no status'}, {str(told)[:200]}")
        else:
            looked = sum(sum(counts.values()) for counts in controls.values())
            right.append(f"{function} ({len(controls)} controls, {looked} resources)")
    if wrong:
        raise Ended("; ".join(wrong), "docs/runbook.md, Errors; where a function timed out, docs/limits.md, Sizes")
    return f"answers of {', '.join(right)}"


def rules(run: Run) -> str:
    """Each rule takes the events that it is for, and not the same of somebody else."""
    bus, taken, refused, wrong, names = run.stack.client("events"), 0, 0, [], []
    for rule in run.stack.rules:
        if "EventPattern" not in rule:
            continue
        name, pattern = rule["Name"], json.loads(rule["EventPattern"])
        names.append(name)
        takes = lambda event, text=rule["EventPattern"]: bus.test_event_pattern(EventPattern=text, Event=json.dumps(event))["Result"]  # noqa: E731
        for what, event in events.events(pattern, run.stack.account, run.stack.region):
            taken += 1
            if not takes(event):
                wrong.append(f"{name} does not take {what}")
            for how, stranger in events.strangers(event, pattern, run.stack.account):
                refused += 1
                if takes(stranger):
                    wrong.append(f"{name} takes {what} {how}")
        if rule["State"] != "ENABLED":
            wrong.append(f"{name} is {rule['State']}")
    if wrong or not names:
        raise Ended("; ".join(wrong) or "the stack has no rule with a pattern", "compare the rule with template.yaml, and with what AWS sends")
    return f"{len(names)} rules take {taken} events and refuse {refused}"


def queue(run: Run) -> str:
    """A sweep through a queue: taken, worked on, and no dead letter."""
    sqs, dead = run.stack.client("sqs"), run.stack.physical("DeadLetters")
    function, url = min(run.stack.queues.items(), key=lambda one: not one[0].endswith(SHORTEST))
    if before := waiting(sqs, dead):
        raise NotShown(f"{before} dead letters were there before", "docs/runbook.md, Dead letters; then run again")
    sent = datetime.now(UTC)
    message = sqs.send_message(QueueUrl=url, MessageBody='{"sweep": {}}')["MessageId"]
    group = f"/aws/lambda/{function}"
    # An empty queue alone shows nothing: the counts are approximate, and late.
    heard = run.wait(lambda: waiting(sqs, url) == 0 and run.stack.lines(group, sent))
    if not heard:
        left = waiting(sqs, url)
        raise Ended(f"message {message} to {function}: {left} messages wait, and nothing new is in {group}", "docs/runbook.md, Waiting")
    if letters := waiting(sqs, dead):
        raise Ended(f"{letters} dead letters since message {message} to {function}", "docs/runbook.md, Dead letters")
    return f"message {message} went through the queue of {function}, which wrote to {group} at {heard[0]['@at']:%FT%TZ}; no dead letter"


def sums(run: Run, wanted: dict[str, tuple[str, str]], since: datetime) -> dict[str, float]:
    """Sums of metrics of EventBridge, each by the rule and the metric's name."""
    queries = []
    for id_, (rule, metric) in wanted.items():
        of = {"Namespace": "AWS/Events", "MetricName": metric, "Dimensions": [{"Name": "RuleName", "Value": rule}]}
        queries.append({"Id": id_, "MetricStat": {"Metric": of, "Period": 60, "Stat": "Sum"}})
    between = {"StartTime": since.replace(second=0, microsecond=0), "EndTime": datetime.now(UTC) + timedelta(minutes=1)}
    found: dict[str, float] = {}
    for page in run.stack.client("cloudwatch").get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **between):
        for one in page["MetricDataResults"]:
            found[one["Id"]] = found.get(one["Id"], 0) + sum(one["Values"])
    return found


def schedule(run: Run) -> str:
    """EventBridge reached the queues on schedule, and could deliver everything since the stack was deployed."""
    deployed_at = run.stack.told.get("LastUpdatedTime") or run.stack.told["CreationTime"]
    since = max(deployed_at, datetime.now(UTC) - timedelta(hours=24))
    own = sorted(rule["Name"] for rule in run.stack.rules if rule.get("EventBusName", "default") == "default")
    sweeps = [name for name in own if name.endswith("sweep")]
    wanted = {f"lost{at}x{number}": (name, metric) for at, name in enumerate(own) for number, metric in enumerate(LOST)}
    wanted |= {f"sweep{at}": (name, "Invocations") for at, name in enumerate(sweeps)}
    seen = sums(run, wanted, since)
    lost = [f"{name} {metric} {seen[id_]:.0f}" for id_, (name, metric) in wanted.items() if id_.startswith("lost") and seen.get(id_)]
    if lost:
        raise Ended(f"since {since:%FT%TZ}: {', '.join(lost)}", "docs/runbook.md, Undelivered")
    silent = [name for at, name in enumerate(sweeps) if not seen.get(f"sweep{at}")]
    if silent:
        raise NotShown(
            f"{', '.join(silent)}: not invoked since {since:%FT%TZ}; nothing was lost either",
            f"run again after {run.stack.parameters.get('SweepSchedule', 'the schedule of the sweep')}",
        )
    count = sum(seen[f"sweep{at}"] for at in range(len(sweeps)))
    return f"since {since:%FT%TZ} {count:.0f} invocations by {', '.join(sweeps)}; of {len(own)} rules {' and '.join(LOST)} are 0"


def logs(run: Run) -> str:
    """Logs arrive in each log group of the stack."""
    client, empty = run.stack.client("logs"), []
    groups = sorted(run.stack.of_type("AWS::Logs::LogGroup").values())
    for group in groups:
        if not client.describe_log_streams(logGroupName=group, limit=1)["logStreams"]:
            empty.append(group)
    if len(empty) == len(groups):
        raise Ended("nothing arrives in any log group", "compare the data key's policy with template.yaml: Logs")
    if empty:
        raise NotShown(f"nothing yet in {', '.join(empty)}", "the operator runs once a day, the sealer each hour: run again then")
    return f"each of {len(groups)} log groups has a stream"
