"""Writes template.yaml from what the functions say of themselves (`<binary> --describe`) and the pieces in tools/template.

Usage: template.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

from template_ledger import portions
from template_parts import HEAD, Described, called, camel, described, events, found, is_global, managed_rules, piece, types, under
from template_policies import DENIES, own_ledger, read, write
from template_tampering import tampering

# What expires in the state bucket, in days. Holds, settings in force, baselines and the backlog do not.
EXPIRES = {"lock": 90, "budget": 90, "held": 90, "wave": 90, "nonce": 1, "notice": 90, "ask": 180, "exemption": 365,
           "noted": 7, "open": 9, "superseded": 180, "seal/draft": 90}  # fmt: skip
# What a function needs beyond a minute and 256 MB: the sealer catches up a backlog, and reads an hour of 100,000 objects.
LIMITS = {"sealer": "\n      Timeout: 900\n      MemorySize: 1024"}

ALARMS = [
    # name, metric namespace and name, dimensions, statistic, period in seconds, threshold, why, chapter of the runbook
    ("Errors", "AWS/Lambda", "Errors", "{Name: FunctionName, Value: !Ref %sFunction}", "Sum", 300, 0,
     "Invocations fail.", "Errors"),
    ("Throttles", "AWS/Lambda", "Throttles", "{Name: FunctionName, Value: !Ref %sFunction}", "Sum", 900, 0,
     "Invocations are throttled.", "Throttles"),
    ("DeadLetters", "AWS/SQS", "ApproximateNumberOfMessagesVisible",
     "{Name: QueueName, Value: !GetAtt %sDeadLetters.QueueName}", "Maximum", 300, 0,
     "Events were given up.", "Dead letters"),
    ("Waiting", "AWS/SQS", "ApproximateAgeOfOldestMessage", "{Name: QueueName, Value: !GetAtt %sQueue.QueueName}",
     "Maximum", 300, 3600, "An event waits for more than an hour.", "Waiting"),
    ("Page", "Remedy", "Alarms", "{Name: function, Value: %n}, {Name: class, Value: page}", "Sum", 300, 0,
     "Somebody must look now.", "Page"),
    ("Look", "Remedy", "Alarms", "{Name: function, Value: %n}, {Name: class, Value: alarm}", "Sum", 3600, 0,
     "Somebody must look today.", "Look"),
    ("Unsent", "Remedy", "NoticesUnsent", "{Name: function, Value: %n}", "Sum", 3600, 0,
     "Notices do not reach the topic.", "Unsent"),
]  # fmt: skip


def variables(function: Described) -> str:
    name = function["function"]
    if name == "sealer":
        named = {"REMEDY_SEAL_KEY": "!GetAtt SealKey.Arn", "REMEDY_ANCHOR_BUCKET": "!Ref AnchorBucket"}
    elif name == "operator":
        url = '!Sub "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${AWS::StackName}-{function}"'
        named = {"REMEDY_QUEUE_URL": url}
    else:
        role = f'!If [MayWrite, !Sub "${{AWS::StackName}}-{name}-write", ""]'
        named = {
            "REMEDY_WRITE_ROLE": role,
            "REMEDY_READ_ROLE": f'!If [HasOrganization, !Sub "${{AWS::StackName}}-{name}-read", ""]',
            "REMEDY_EXTERNAL_ID": '!If [HasOrganization, !Ref ExternalId, ""]',
            "REMEDY_REGIONS": "!Ref Regions",
            "REMEDY_QUEUE_URL": f"!Ref {camel(name)}Queue",
        }
    return "\n".join(f"          {variable}: {value}" for variable, value in named.items())


def heard(function: Described) -> str:
    """The rules that tell the function of drift: in this account, and on the organisation's bus in all others."""
    name, whole, calls = function["function"], is_global(function), events(function)
    # Names are given: queues know rules by them, and CloudFormation would cut long ones. Those on a bus of one's own are apart.
    here = {"account": "!Ref AWS::AccountId", "bus": ""}
    elsewhere = {"account": "{anything-but: !Ref AWS::AccountId}", "bus": "\n      EventBusName: !Ref Bus"}
    organization = under("HasGlobalOrganization" if whole else "HasOrganization")
    text = ""
    for kind, marks, of_found, of_called in (
        ("", here, under("HasGlobal" if whole else ""), under("HasGlobalEvents" if whole else "")),
        ("Elsewhere", elsewhere, organization, organization),
    ):
        marks = marks | {"stack": "AWS::StackName", "target": piece("to_queue", Name=camel(name)).rstrip("\n")}
        where = " in another account" if kind else ""
        why = f"AWS Config found drift that {name} looks after{where}."
        text += found(f"{camel(name)}Found{kind}", types(function), name=f"{name}-found", why=why, condition=of_found, **marks)
        why = f"Somebody called what {name} looks after{where} (CloudTrail)."
        text += called(f"{camel(name)}Called{kind}", calls, name=f"{name}-calls", why=why, condition=of_called, **marks) if calls else ""
    return text


def alarms(function: Described, condition: str) -> str:
    name = function["function"]
    text = ""
    for alarm, namespace, metric, dimensions, statistic, period, threshold, why, chapter in ALARMS:
        if alarm == "Waiting" and not function["controls"]:
            continue
        dimensions = dimensions.replace("%s", camel(name)).replace("%n", name)
        text += piece("alarm", Name=camel(name), Alarm=alarm, name=name, alarm=alarm.lower(), condition=condition,
                      why=why, chapter=chapter, namespace=namespace, metric=metric, dimensions=dimensions,
                      statistic=statistic, period=str(period), threshold=str(threshold))  # fmt: skip
    return text.rstrip("\n")


def block(function: Described, functions: list[Described]) -> str:
    """All resources of one function."""
    name, whole = function["function"], is_global(function)
    condition = under("HasGlobal" if whole else "")
    titles = {
        "operator": "takes the requests of people",
        "sealer": "seals the evidence, closes what lost workers left, sends what was not sent",
    }.get(name) or "; ".join(control["id"] for control in function["controls"])
    ledgers = portions(function)
    policies = ", ".join(f"!Ref {camel(name)}{policy}" for policy in ["Read", *ledgers])
    text = piece("function", Name=camel(name), name=name, titles=titles, condition=condition, policies=policies,
                 limits=LIMITS.get(name, ""), variables=variables(function), read=read(function, functions))  # fmt: skip
    for policy, controls in ledgers.items():
        text += piece("ledger", Name=camel(name), Policy=policy, name=name, condition=condition, ledger=own_ledger(controls))
    if name == DENIES:
        text += piece("deny", Name=camel(name), function=name, stack="AWS::StackName", condition="HasGlobal")
    if function["controls"]:
        text += piece("control", Name=camel(name), name=name, condition=condition,
                      may_write="MayWriteGlobal" if whole else "MayWrite", write=write(function),
                      heard=heard(function))  # fmt: skip
    else:
        why, schedule = {
            "operator": ("People are reminded of exemptions that end.", "rate(1 day)"),
            "sealer": ("The last hours are sealed.", "cron(17 * * * ? *)"),
        }[name]
        text += piece("scheduled", Name=camel(name), name=name, why=why, schedule=schedule)
    return text + piece("watched", Name=camel(name), name=name, condition=condition, alarms=alarms(function, condition))


def rules(functions: list[Described]) -> str:
    """The rules of AWS Config: managed ones, and our own for what none of them looks at."""
    text = managed_rules(functions, "AWS::StackName")
    for function in functions:
        for control in function["controls"]:
            if not control["config_rules"]:
                text += piece("custom_rule", Rule=camel(control["id"]) + "Rule", control=control["id"],
                              title=control["title"], Name=camel(function["function"]),
                              condition="HasGlobalCustomRules" if is_global(function) else "HasCustomRules")  # fmt: skip
    return text.rstrip("\n")


def main() -> None:
    functions = described()
    expiry = "\n".join(
        f"          - {{Id: {prefix}, Status: Enabled, Prefix: {prefix}/, ExpirationInDays: {days}}}"
        for prefix, days in EXPIRES.items()
    )
    roles = "\n".join(
        f'                  - !Sub "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{AWS::StackName}}-{name}-read"'
        for name in sorted(function["function"] for function in functions)
    )
    blocks = "\n".join(block(function, functions) for function in functions).rstrip("\n")
    print(HEAD + piece("hub", expiry=expiry, roles=roles, functions=blocks, rules=rules(functions) + "\n",
                       tampering=tampering()), end="")  # fmt: skip


if __name__ == "__main__":
    main()
