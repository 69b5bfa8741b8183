"""Steps that change something: an alarm's state, and a bucket of the run's own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from smoke.checks import LOST, sums
from smoke.report import Ended, NotShown
from smoke.run import TAG, Run, remove_bucket

CONTROL, LOGS = "s3-bucket-public", "S3PublicAccessLogs"
REASON = "smoke test"
# How a run of a drifted bucket ends, by the mode of the control.
GOOD = {"planned": "observe", "awaiting-approval": "approve", "repaired": "enforce"}


def alarm(run: Run) -> str:
    """An alarm is set, and CloudWatch's action reaches the encrypted topic."""
    cloudwatch, topic = run.stack.client("cloudwatch"), run.stack.physical("Topic")
    own = sorted(run.stack.of_type("AWS::CloudWatch::Alarm").values())
    told = cloudwatch.describe_alarms(AlarmNames=own)["MetricAlarms"]
    ready = [one for one in told if one["StateValue"] != "ALARM" and one["ActionsEnabled"] and topic in one["AlarmActions"]]
    if not ready:
        raise NotShown(f"none of {len(told)} alarms is quiet and reports to {topic}", "docs/runbook.md; run again once an alarm is quiet")
    # The one that docs/limits.md names, where it is quiet.
    chosen = min(ready, key=lambda one: not one["AlarmName"].endswith("-seal-lag"))
    name, before = chosen["AlarmName"], chosen["StateValue"]
    back = lambda: cloudwatch.set_alarm_state(AlarmName=name, StateValue=before, StateReason=f"{REASON} over")  # noqa: E731
    began = datetime.now(UTC)
    run.made[f"alarm {name}: state ALARM"] = back
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=REASON)
    run.alarm_set = began
    seen = run.wait(lambda: actions(cloudwatch, name, topic, began))
    back()
    del run.made[f"alarm {name}: state ALARM"]
    then = "compare the policies of the topic and of the data key with template.yaml (AlarmsAndEvents); docs/runbook.md, Unsent"
    if not seen:
        raise Ended(f"{name} was set at {began:%FT%TZ}, and its history has no action to {topic} within {run.seconds:.0f} s", then)
    if failed := [one for one in seen if not one["HistorySummary"].startswith("Successfully executed action")]:
        raise Ended(f"{name}: {failed[0]['HistorySummary']}", then)
    return f"{name} was set at {began:%FT%TZ}; {seen[0]['HistorySummary']}; its state is {before} again"


def actions(cloudwatch: Any, alarm: str, topic: str, since: datetime) -> list[Any]:
    """What CloudWatch says of the alarm's actions to the topic."""
    between = {"StartDate": since - timedelta(seconds=1), "EndDate": datetime.now(UTC) + timedelta(minutes=1)}
    told = cloudwatch.describe_alarm_history(AlarmName=alarm, HistoryItemType="Action", **between)
    return [one for one in told["AlarmHistoryItems"] if topic in one["HistorySummary"] + one.get("HistoryData", "")]


def notice(run: Run) -> str:
    """EventBridge reaches the encrypted topic: the rule TamperingAlarms hears of SetAlarmState."""
    if run.alarm_set is None:
        raise NotShown("no alarm was set", "run it together with the step alarm")
    rule, since = run.stack.rule("TamperingAlarms"), run.alarm_set
    wanted = {"heard": (rule, "Invocations")} | {f"lost{at}": (rule, metric) for at, metric in enumerate((*LOST, "InvocationsSentToDlq"))}
    seen = run.wait(lambda: (now := sums(run, wanted, since)).get("heard") and now)
    if not seen:
        raise Ended(
            f"{rule} was not invoked within {run.seconds:.0f} s of SetAlarmState at {since:%FT%TZ}",
            "is there a trail that logs write management events in this Region? Then compare the event in CloudTrail with the rule's pattern",
        )
    if lost := [f"{metric} {seen[id_]:.0f}" for id_, (_, metric) in wanted.items() if id_ != "heard" and seen.get(id_)]:
        raise Ended(f"{rule}: {', '.join(lost)}", "docs/runbook.md, Undelivered: the policy of the topic, or of the data key, refuses EventBridge")
    return f"{rule} was invoked {seen['heard']:.0f} times since {since:%FT%TZ}, and nothing failed"


def make_bucket(run: Run) -> datetime:
    """A bucket of the run's own, empty, without Block Public Access; when that was taken away."""
    s3, name = run.stack.client("s3"), run.bucket
    place = {} if run.stack.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": run.stack.region}}
    run.made[f"bucket {name}"] = lambda: remove_bucket(s3, name)
    try:
        s3.create_bucket(Bucket=name, **place)
    except ClientError as error:
        # It is somebody else's, or nobody's.
        if error.response["Error"]["Code"].startswith("BucketAlready"):
            del run.made[f"bucket {name}"]
        raise
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": TAG, "Value": run.id}]})
    began = datetime.now(UTC)
    s3.delete_public_access_block(Bucket=name)
    return began


def drift(run: Run) -> str:
    """Drift in a bucket of the run's own comes through CloudTrail, EventBridge and the queue to a run of the function."""
    group, began = run.stack.physical(LOGS), make_bucket(run)

    def runs() -> list[dict[str, Any]]:
        lines = run.stack.lines(group, began, run.bucket)
        of_it = [one for one in lines if (one.get("message"), one.get("control.id"), one.get("target.id")) == ("run", CONTROL, run.bucket)]
        # CreateBucket is told of, too, and may be looked at while the bucket is still closed.
        return [one for one in of_it if one["outcome"] != "already-compliant"]

    seen = run.wait(runs)
    if not seen:
        raise Ended(
            f"no run of {CONTROL} about {run.bucket} is in {group} within {run.seconds:.0f} s of DeleteBucketPublicAccessBlock at {began:%FT%TZ}",
            "is there a trail that logs write management events in this Region? Then the rule, the queue, the dead letters: docs/runbook.md, Waiting",
        )
    first = seen[0]
    after = (first["@at"] - began).total_seconds()
    if first["outcome"] not in GOOD:
        told = json.dumps({name: first.get(name) for name in ("outcome", "check", "reason", "fault.code") if first.get(name)})
        raise Ended(f"the run about {run.bucket} came {after:.0f} s after the change, and ended as {told}", "docs/runbook.md, Look")
    return f"{run.bucket} was opened at {began:%FT%TZ}; {after:.0f} s later a run ended as {first['outcome']} (mode {GOOD[first['outcome']]})"
