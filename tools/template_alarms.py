"""The alarms of the stack. Each is about all functions: the notice, the log and the metrics by function say which one it is.

What the functions count themselves they also count without the dimension `function`. What AWS counts by function or queue is summed up by
metric math, which takes ten metrics: from the eleventh function on there is a second alarm of the kind.
"""

from template_events import sweep_names
from template_parts import Described, batches, is_global, piece, under

# Ten metrics of an alarm on a metric math expression: a limit of Amazon CloudWatch that cannot be raised.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
MOST = 10

ALARMS = [
    # name, metric namespace and name, dimensions, statistic, period in seconds, threshold, why, chapter of the runbook
    ("DeadLetters", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "{Name: QueueName, Value: !GetAtt DeadLetters.QueueName}", "Maximum", 300, 0,
     "Events were given up.", "Dead letters"),
    ("Page", "Remedy", "Alarms", "{Name: class, Value: page}", "Sum", 300, 0, "Somebody must look now.", "Page"),
    ("Look", "Remedy", "Alarms", "{Name: class, Value: alarm}", "Sum", 3600, 0, "Somebody must look today.", "Look"),
    ("Unsent", "Remedy", "NoticesUnsent", "", "Sum", 3600, 0, "Notices do not reach the topic.", "Unsent"),
]  # fmt: skip

# Those on several metrics: name, which functions, namespace, metric, dimension, statistic of each metric, what is made of them, period,
# threshold, why, chapter.
SUMS = [
    ("Errors", "all", "AWS/Lambda", "Errors", "FunctionName", "Sum", "SUM", 300, 0, "Invocations fail.", "Errors"),
    ("Throttles", "all", "AWS/Lambda", "Throttles", "FunctionName", "Sum", "SUM", 900, 0, "Invocations are throttled.", "Throttles"),
    ("Waiting", "queues", "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "Maximum", "MAX", 300, 3600,
     "An event waits for more than an hour.", "Waiting"),
]  # fmt: skip


def metric(name: str, namespace: str, metric: str, dimension: str, statistic: str, period: int) -> str:
    """One metric of an expression, in one line."""
    of = f'{{Namespace: {namespace}, MetricName: {metric}, Dimensions: [{{Name: {dimension}, Value: !Sub "${{AWS::StackName}}-{name}"}}]}}'
    return f"{{Id: {name.replace('-', '_')}, MetricStat: {{Metric: {of}, Period: {period}, Stat: {statistic}}}, ReturnData: false}}"


def of_several(functions: list[Described], how: str, namespace: str, name: str, dimension: str, statistic: str, period: int) -> str:
    """The metrics of these functions and what is made of them. A function without a data point in a period counts as 0."""
    lines = ["      Metrics:", f'        - {{Id: all, Expression: "{how}(FILL(METRICS(), 0))", ReturnData: true}}']
    whole = all(map(is_global, functions))
    for function in functions:
        one = metric(function["function"], namespace, name, dimension, statistic, period)
        # Without the IAM functions, the alarm is about the others.
        lines.append(f'        - !If [HasGlobal, {one}, !Ref "AWS::NoValue"]' if is_global(function) and not whole else f"        - {one}")
    return "\n".join(lines)


def of_one(namespace: str, name: str, dimensions: str, statistic: str, period: int) -> str:
    lines = [f"Namespace: {namespace}", f"MetricName: {name}", f"Dimensions: [{dimensions}]", f"Statistic: {statistic}", f"Period: {period}"]
    return "\n".join(f"      {line}" for line in lines)


def undelivered(functions: list[Described]) -> str:
    """What EventBridge could not deliver, by rules that together have all targets: every queue, both scheduled functions, the topic. Who may
    send is a matter of the target and of the key, and not of the rule."""
    rules = [(rule, whole) for rule, whole in sweep_names(functions)]
    rules += [(f"{function['function']}-schedule", False) for function in functions if not function["controls"]] + [("TamperingKeys", False)]
    text = ""
    for number, some in enumerate(batches(rules, MOST // 2), 1):
        lines = ["      Metrics:", '        - {Id: all, Expression: "SUM(FILL(METRICS(), 0))", ReturnData: true}']
        for rule, whole in some:
            for short, name in (("failed", "FailedInvocations"), ("lost", "InvocationsFailedToBeSentToDlq")):
                one = metric(rule, "AWS/Events", name, "RuleName", "Sum", 300).replace("{Id: ", f"{{Id: {short}_", 1)
                lines.append(f'        - !If [HasGlobal, {one}, !Ref "AWS::NoValue"]' if whole else f"        - {one}")
        suffix = f"-{number}" if number > 1 else ""
        text += piece("alarm", Alarm="Undelivered" + suffix[1:], alarm="undelivered" + suffix, condition="", threshold="0",
                      why="EventBridge could not deliver events.", chapter="Undelivered", metric="\n".join(lines))  # fmt: skip
    return text


def alarms(functions: list[Described]) -> str:
    text = undelivered(functions)
    for alarm, namespace, name, dimensions, statistic, period, threshold, why, chapter in ALARMS:
        text += piece("alarm", Alarm=alarm, alarm=alarm.lower(), condition="", why=why, chapter=chapter, threshold=str(threshold),
                      metric=of_one(namespace, name, dimensions, statistic, period))  # fmt: skip
    for alarm, which, namespace, name, dimension, statistic, how, period, threshold, why, chapter in SUMS:
        meant = [function for function in functions if which == "all" or function["controls"]]
        for number, some in enumerate(batches(sorted(meant, key=is_global), MOST), 1):
            suffix = f"-{number}" if number > 1 else ""
            text += piece("alarm", Alarm=alarm + suffix[1:], alarm=alarm.lower() + suffix, condition=under("HasGlobal" if all(map(is_global, some)) else ""),
                          why=why, chapter=chapter, threshold=str(threshold),
                          metric=of_several(some, how, namespace, name, dimension, statistic, period))  # fmt: skip
    return text.rstrip("\n")
