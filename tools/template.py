"""Writes template.yaml from what the functions say of themselves (`<binary> --describe`) and the pieces in tools/template.

Usage: template.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIECES = ROOT / "tools/template"
OWN = ("operator", "sealer")
Described = dict[str, Any]

# What expires in the state bucket, in days. Holds, settings in force, baselines and the backlog do not.
EXPIRES = {"lock": 90, "budget": 90, "held": 90, "wave": 90, "nonce": 1, "notice": 90, "ask": 180, "exemption": 365}

# What a managed rule must be told to agree with its control's defaults; AWS's own defaults do for the others.
PARAMETERS = {
    "IAM_PASSWORD_POLICY": {"MinimumPasswordLength": "14", "MaxPasswordAge": "90", "PasswordReusePrevention": "24"},
    "IAM_POLICY_BLACKLISTED_CHECK": {"policyArns": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS": {"blockedActionsPatterns": "kms:Decrypt,kms:ReEncryptFrom"},
}

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


def piece(which: str, /, **marks: str) -> str:
    """A piece with its marks filled in. A mark that is left over is a mistake."""
    text = (PIECES / f"{which}.yaml").read_text()
    for mark, value in marks.items():
        text = text.replace("{{%s}}" % mark, value)
    left = re.search(r"\{\{\w+\}\}", text)
    if left:
        raise SystemExit(f"tools/template/{which}.yaml: {left.group()} is not filled in")
    return text


def describe(folder: Path, name: str) -> Described:
    return json.loads(subprocess.run([folder / name, "--describe"], check=True, capture_output=True).stdout)


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[-_]", name))


def is_global(function: Described) -> bool:
    """Whether all of it is about the account as a whole: then one Region has it."""
    return bool(function["controls"]) and all(control["scope"] == "global" for control in function["controls"])


def actions(function: Described, which: str) -> list[str]:
    return sorted({call["action"] for control in function["controls"] for call in control[which]})


def hosted(function: Described, *parts: str) -> list[str]:
    return sorted({call["action"] for part in parts for call in function["host"].get(part, [])})


def statement(sid: str, effect: str, actions: list[str], resources: list[str], conditions: list[str] | None = None) -> str:
    """A statement of a policy document, as lines of YAML."""
    lines = [f"- Sid: {sid}", f"  Effect: {effect}", "  Action:", *(f"    - {action}" for action in actions)]
    lines += ["  Resource:", *(f"    - {resource}" for resource in resources)]
    lines += ["  Condition:", *(f"    {condition}" for condition in conditions)] if conditions else []
    return "\n".join(" " * 10 + line for line in lines)


def only_if(condition: str, statement: str) -> str:
    """A statement that is there under a condition of the template."""
    first, *rest = statement.splitlines()
    indent = " " * 14
    head = first.replace("- Sid", f"- Fn::If:\n{indent}- {condition}\n{indent}- Sid")
    return "\n".join([head, *("    " + line for line in rest), f"{indent}- !Ref AWS::NoValue"])


def arn(service: str, resource: str, region: str = "${AWS::Region}", account: str = "${AWS::AccountId}") -> str:
    return f'!Sub "arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}"'


HERE = ["StringEquals: {aws:ResourceAccount: !Ref AWS::AccountId}"]
IF_TOLD = ["StringEqualsIfExists: {aws:ResourceAccount: !Ref AWS::AccountId}"]
OF_BUCKETS = ["!GetAtt EvidenceBucket.Arn", "!GetAtt StateBucket.Arn"]
IN_BUCKETS = ['!Sub "${EvidenceBucket.Arn}/*"', '!Sub "${StateBucket.Arn}/*"']


def read(function: Described) -> str:
    """What the function's own role may: read what its controls read, and keep its ledger."""
    name, has_controls = camel(function["function"]), bool(function["controls"])
    ledger = hosted(function, "ledger", "settings")
    parts = [
        statement("Ledger", "Allow", [action for action in ledger if action != "s3:ListBucket"], IN_BUCKETS, HERE),
        statement("LedgerListing", "Allow", ["s3:ListBucket"], OF_BUCKETS, HERE),
        statement("OwnKey", "Allow", ["kms:Decrypt", "kms:GenerateDataKey"], ["!GetAtt DataKey.Arn"]),
        statement("Notices", "Allow", hosted(function, "notices"), ["!Ref Topic"]),
        statement("OwnLog", "Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"!GetAtt {name}Logs.Arn"]),
        statement("Tracing", "Allow", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ['"*"']),
        statement("DeadLetters", "Allow", ["sqs:SendMessage"], [f"!GetAtt {name}DeadLetters.Arn"]),
    ]
    if has_controls:
        reads = actions(function, "reads")
        queue = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        parts += [
            statement("Observe", "Allow", reads, ['"*"'], IF_TOLD),
            statement("Config", "Allow", hosted(function, "config"), ['"*"']),
            statement("OwnQueue", "Allow", sorted([*queue, *hosted(function, "queue")]), [f"!GetAtt {name}Queue.Arn"]),
            statement("Permitted", "Allow", hosted(function, "doors"),
                      [arn("iam", f"role/${{AWS::StackName}}-{function['function']}-write", "")]),
        ]  # fmt: skip
    if "delivery" in function["host"]:
        parts.append(statement("Approved", "Allow", hosted(function, "delivery"), [arn("sqs", "${AWS::StackName}-*")]))
    if "identity" in function["host"]:
        parts.append(statement("Identity", "Allow", hosted(function, "identity"), ['"*"']))
    if "seal" in function["host"]:
        parts.append(statement("Seal", "Allow", hosted(function, "seal"), ["!GetAtt SealKey.Arn"]))
        bucket = '!Sub "arn:${AWS::Partition}:s3:::${AnchorBucket}'
        # It copies what is not there, and reads back what it copied before.
        parts.append(only_if("HasAnchor", statement("Anchor", "Allow", ["s3:GetObject", "s3:PutObject"], [bucket + '/*"'])))
        parts.append(only_if("HasAnchor", statement("AnchorListing", "Allow", ["s3:ListBucket"], [bucket + '"'])))
    return "\n".join(parts)


def resources_of(actions: list[str]) -> list[str]:
    """The narrowest patterns of what these actions change."""
    known = {
        "s3": ['!Sub "arn:${AWS::Partition}:s3:::*"'],
        "kms": [arn("kms", "key/*", "*")],
        "iam": [arn("iam", f"{kind}/*", "") for kind in ("user", "group", "role", "policy")],
    }
    # What is set on the account as a whole has no resource.
    whole = {"s3:PutAccountPublicAccessBlock", "iam:DeleteAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"}
    services = sorted({action.split(":")[0] for action in actions if action not in whole})
    return [resource for service in services for resource in known[service]] + (['"*"'] if whole & set(actions) else [])


def write(function: Described) -> str:
    """What its write role may: the writes of its controls, and nothing of Remedy itself, its stack or its keys."""
    writes = actions(function, "writes")
    own = [
        *OF_BUCKETS,
        "!GetAtt AccessLogBucket.Arn",
        "!GetAtt DataKey.Arn",
        "!GetAtt SealKey.Arn",
        arn("iam", "role/${AWS::StackName}-*", ""),
        arn("iam", "policy/${AWS::StackName}-*", ""),
        arn("iam", "role/aws-service-role/*", ""),
        arn("iam", "role/aws-reserved/*", ""),
    ]
    narrow = [action for action in writes if resources_of([action]) != ['"*"']]
    whole = [action for action in writes if action not in narrow]
    parts = []
    if narrow:
        parts.append(statement("Repair", "Allow", narrow, resources_of(narrow), IF_TOLD))
    if whole:
        parts.append(statement("RepairTheAccount", "Allow", whole, ['"*"'], IF_TOLD))
    if "kms:PutKeyPolicy" in writes:
        # AWS refuses a policy that locks its owner out, unless it is told not to look.
        lockout = ["Bool: {kms:BypassPolicyLockoutSafetyCheck: true}"]
        parts.append(statement("NeverLockAKeyOut", "Deny", ["kms:PutKeyPolicy"], ['"*"'], lockout))
    return "\n".join([*parts, statement("NeverRemedyItself", "Deny", ["s3:*", "kms:*", "iam:*"], own)])


def variables(function: Described) -> str:
    name = function["function"]
    if name == "sealer":
        named = {"REMEDY_SEAL_KEY": "!GetAtt SealKey.Arn", "REMEDY_ANCHOR_BUCKET": "!Ref AnchorBucket"}
    elif name == "operator":
        url = '!Sub "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${AWS::StackName}-{function}"'
        named = {"REMEDY_AUDIENCE": "!Ref AWS::StackName", "REMEDY_QUEUE_URL": url}
    else:
        role = f'!If [MayWrite, !Sub "${{AWS::StackName}}-{name}-write", ""]'
        named = {"REMEDY_WRITE_ROLE": role, "REMEDY_QUEUE_URL": f"!Ref {camel(name)}Queue"}
    return "\n".join(f"          {variable}: {value}" for variable, value in named.items())


def called(function: Described) -> str:
    events = {(event["source"], event["name"]) for control in function["controls"] for event in control["api_events"]}
    if not events:
        return ""
    sources = sorted({source for source, _ in events})
    aws = ", ".join("aws." + source.split(".")[0] for source in sources)
    names = ", ".join(sorted({name for _, name in events}))
    here = "HasGlobalEvents" if is_global(function) else "Always"
    text = piece("called", Name=camel(function["function"]), name=function["function"], events_here=here,
                 sources=aws, event_sources=", ".join(sources), event_names=names)  # fmt: skip
    return text.replace("    Condition: Always\n", "")


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


def block(function: Described) -> str:
    """All resources of one function."""
    name, whole = function["function"], is_global(function)
    condition = "\n    Condition: HasGlobal" if whole else ""
    titles = {
        "operator": "takes the requests of people",
        "sealer": "seals the evidence, closes what lost workers left, sends what was not sent",
    }.get(name) or "; ".join(control["id"] for control in function["controls"])
    text = piece("function", Name=camel(name), name=name, titles=titles, condition=condition,
                 variables=variables(function), read=read(function))  # fmt: skip
    if function["controls"]:
        types = sorted({kind for control in function["controls"] for kind in control["resource_types"]})
        text += piece("control", Name=camel(name), name=name, condition=condition,
                      may_write="MayWriteGlobal" if whole else "MayWrite", write=write(function),
                      types=", ".join(f'"{kind}"' for kind in types), called=called(function))  # fmt: skip
    else:
        why, schedule = {
            "operator": ("People are reminded of exemptions that end.", "rate(1 day)"),
            "sealer": ("The last hours are sealed.", "cron(17 * * * ? *)"),
        }[name]
        text += piece("scheduled", Name=camel(name), why=why, schedule=schedule)
    return text + piece("watched", Name=camel(name), name=name, condition=condition, alarms=alarms(function, condition))


def rules(functions: list[Described]) -> str:
    """The rules of AWS Config: managed ones, and our own for what none of them looks at."""
    followed: dict[str, list[str]] = {}
    whole: dict[str, bool] = {}
    text = ""
    for function in functions:
        for control in function["controls"]:
            for identifier in control["config_rules"]:
                followed.setdefault(identifier, []).append(control["id"])
                whole[identifier] = is_global(function)
            if not control["config_rules"]:
                text += piece("custom_rule", Rule=camel(control["id"]) + "Rule", control=control["id"],
                              title=control["title"], Name=camel(function["function"]),
                              condition="HasGlobalCustomRules" if is_global(function) else "HasCustomRules")  # fmt: skip
    managed = ""
    for identifier, controls in sorted(followed.items()):
        told = PARAMETERS.get(identifier)
        parameters = "\n      InputParameters: " + json.dumps(told) if told else ""
        managed += piece("managed_rule", Rule=camel(identifier.lower()) + "Rule", rule=identifier.lower().replace("_", "-"),
                         identifier=identifier, controls=", ".join(controls), parameters=parameters,
                         condition="HasGlobalManagedRules" if whole[identifier] else "HasManagedRules")  # fmt: skip
    return (managed + text).rstrip("\n")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target/debug"
    names = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
    functions = [describe(folder, name) for name in names]
    ordered = sorted(functions, key=lambda function: (function["function"] in OWN, function["function"]))
    expiry = "\n".join(
        f"          - {{Id: {prefix}, Status: Enabled, Prefix: {prefix}/, ExpirationInDays: {days}}}"
        for prefix, days in EXPIRES.items()
    )
    head = "# Generated by `make template` from tools/template and what the functions say of themselves. Do not edit.\n"
    roles = "\n".join(
        f'                  - !Sub "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{AWS::StackName}}-{name}-read"'
        for name in names
    )
    body = piece("hub", expiry=expiry, roles=roles, functions="\n".join(map(block, ordered)).rstrip("\n"), rules=rules(ordered) + "\n")
    print(head + body, end="")


if __name__ == "__main__":
    main()
