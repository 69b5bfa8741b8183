"""Checks template.yaml and member-roles.yaml as a security reviewer would: cfn-lint, then Guard rules on what SAM makes of them.

Usage: template_check.py [RULES.guard ...]      more rule files than tools/guard, such as a public rule set
Ends with 1 if anything fails that a template does not suppress with a reason.
"""

import copy
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cfnlint.api
from cfn_guard_rs.cfn_guard_rs import run_checks_rs
from cfnlint.decode import decode
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parent.parent
GUARD = ROOT / "tools/guard"
# Each template with our own rules for it.
TEMPLATES = {"template.yaml": ["both", "remedy"], "member-roles.yaml": ["both", "members"]}
Ways = dict[str, Callable[[dict[str, Any]], Any]]


def lint(name: str) -> int:
    """What cfn-lint has to say, SAM included."""
    hints = "informational"
    found = [match for match in cfnlint.api.lint_all((ROOT / name).read_text()) if match.rule.severity != hints]
    for match in found:
        print(f"{name}: cfn-lint: {match.rule.id} {match.message} (line {match.linenumber})")
    return len(found)


def unfolded(value: Any) -> Any:
    """With both sides of what is in a list under a condition: Guard would look at neither."""
    if isinstance(value, dict):
        return {name: unfolded(member) for name, member in value.items()}
    if not isinstance(value, list):
        return value
    items = []
    for item in value:
        sides = item["Fn::If"][1:] if isinstance(item, dict) and list(item) == ["Fn::If"] else [item]
        items += [unfolded(side) for side in sides if side != {"Ref": "AWS::NoValue"}]
    return items


def transformed(name: str = "template.yaml") -> dict[str, Any]:
    """The template without SAM, as CloudFormation gets it."""
    template, matches = decode(str(ROOT / name))
    if matches:
        raise SystemExit(f"{name} cannot be read: {matches}")
    template = json.loads(json.dumps(template, default=str))
    if "Transform" not in template:
        return template
    for resource in template["Resources"].values():
        # `sam package` puts the code into a bucket.
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code/bootstrap.zip"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    defaults = {name: one.get("Default", "") for name, one in template["Parameters"].items()}
    return Translator({}, Parser()).translate(template, defaults)


def failures(document: dict[str, Any], text: str) -> dict[str, list[str]]:
    """The rules that fail, each with the resources that it names and that do not suppress it."""
    head, *rules = re.split(r"^(?=rule )", text, flags=re.MULTILINE)
    # Rules with parameters are what others are made of.
    parts = [rule for rule in rules if re.match(r"rule \w+\(", rule)]
    failed = {}
    for rule in (rule for rule in rules if rule not in parts):
        name = rule.split()[1]
        told = run_checks_rs(json.dumps(document), "\n".join([head, *parts, rule]), False)
        if passes(told):
            continue
        named = set(re.findall(r"/Resources/(\w+)", told)) or {"the template"}
        guilty = sorted(one for one in named if name not in suppressed(document["Resources"].get(one, {})))
        if guilty:
            failed[name] = guilty
    return failed


def passes(told: str) -> bool:
    """Guard's binding prints a report; of a rule that fails not always a whole one."""
    try:
        return json.loads(told)["status"] in ("PASS", "SKIP")
    except json.JSONDecodeError:
        return False


def suppressed(resource: dict[str, Any]) -> list[str]:
    return resource.get("Metadata", {}).get("guard", {}).get("SuppressedRules", [])


def statement(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["Resources"][name]["Properties"]["PolicyDocument"]["Statement"][0]


def of(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["Resources"][name]["Properties"]


def trust(document: dict[str, Any], name: str, which: int) -> dict[str, Any]:
    return of(name)(document)["AssumeRolePolicyDocument"]["Statement"][which]


def broken() -> dict[str, list[Ways]]:
    """For each of our own rules of each template, how to break it: a rule that cannot fail is none."""
    both: Ways = {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: statement(made, "KmsKeysRead").update(Action=["s3:Get*"]),
        "ROLES_HAVE_NO_INLINE_POLICY": lambda made: of("KmsKeysReadRole")(made).update(Policies=[{}]),
        "ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "KmsKeysWriteRole", 0).update(Principal={"AWS": "*"}),
    }
    every_way: Ways = {"ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "KmsKeysReadRole", 0).update(Action="sts:*")}
    under_condition: Ways = {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: last(made, "KmsKeysRead").update(Action=["sts:*"]),
        "ONLY_MEMBERS_SEND_EVENTS": lambda made: of("BusPolicy")(made)["Statement"]["Condition"].pop("ArnLike"),
    }
    return {
        "template.yaml": [both | of_the_hub(), every_way, under_condition],
        "member-roles.yaml": [both | of_members(), every_way, without("sts:SourceIdentity"), without("aws:PrincipalOrgID")],
    }


def last(document: dict[str, Any], name: str) -> dict[str, Any]:
    return of(name)(document)["PolicyDocument"]["Statement"][-1]


def of_the_hub() -> Ways:
    return {
        "ONLY_MEMBERS_SEND_EVENTS": lambda made: of("BusPolicy")(made)["Statement"]["Condition"].pop("StringEquals"),
        "EVIDENCE_IS_LOCKED": lambda made: of("EvidenceBucket")(made).pop("ObjectLockConfiguration"),
        "BUCKETS_ARE_CLOSED": lambda made: of("StateBucket")(made).pop("PublicAccessBlockConfiguration"),
        "KEYS_SURVIVE_THE_STACK": lambda made: made["Resources"]["DataKey"].pop("DeletionPolicy"),
        "KEYS_ROTATE_OR_SIGN": lambda made: of("DataKey")(made).pop("EnableKeyRotation"),
        "QUEUES_AND_TOPICS_ARE_ENCRYPTED": lambda made: of("KmsKeysQueue")(made).pop("KmsMasterKeyId"),
        "QUEUES_TAKE_FROM_OWN_RULES_BY_TLS": lambda made: statement(made, "KmsKeysQueuePolicy").pop("Condition"),
        "LOGS_ARE_ENCRYPTED_AND_KEPT": lambda made: of("KmsKeysLogs")(made).pop("RetentionInDays"),
        "FUNCTIONS_LOSE_NOTHING": lambda made: of("KmsKeysFunction")(made).pop("DeadLetterConfig"),
        "ALARMS_TELL_SOMEBODY": lambda made: of("KmsKeysPageAlarm")(made).update(AlarmActions=[]),
        "RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("KmsKeysFound")(made)["EventPattern"].pop("account"),
    }


def of_members() -> Ways:
    condition = lambda made, which: trust(made, "KmsKeysWriteRole", which)["Condition"]  # noqa: E731
    return {
        "QUEUES_TAKE_FROM_OWN_RULES_BY_TLS": lambda made: statement(made, "UndeliveredPolicy").pop("Condition"),
        "RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("S3Called")(made)["Targets"][0].pop("DeadLetterConfig"),
        "OTHER_ACCOUNTS_COME_IN_BY_ONE_ROLE": lambda made: condition(made, 1).pop("ArnEquals"),
        "OTHER_ACCOUNTS_BRING_THE_EXTERNAL_ID": lambda made: condition(made, 0)["StringEquals"].pop("sts:ExternalId"),
        "NOTHING_IS_FOR_EVERY_ACCOUNT": lambda made: made["Resources"]["Forward"].pop("Condition"),
        "WAITING_EVENTS_ARE_ENCRYPTED": lambda made: of("Undelivered")(made).update(SqsManagedSseEnabled=False),
        "NOTHING_RUNS_OR_IS_STORED_HERE": lambda made: made["Resources"]["Forward"].update(Type="AWS::S3::Bucket"),
    }


def without(key: str) -> Ways:
    """A role that does not ask for one of what is compared as text."""
    condition = lambda made: trust(made, "IamMfaReadRole", 0)["Condition"]  # noqa: E731
    return {"OTHER_ACCOUNTS_COME_IN_BY_ONE_ROLE": lambda made: condition(made)["StringEquals"].pop(key)}


def blind(document: dict[str, Any], text: str, ways: Ways) -> list[str]:
    """Our own rules that do not see what they are for."""
    found = []
    for rule in re.findall(r"\nrule (\w+)", text):
        if rule not in ways:
            continue
        made = copy.deepcopy(document)
        ways[rule](made)
        if rule not in failures(made, text):
            found.append(rule)
    return found


def check(name: str, more: list[Path]) -> int:
    """What is found in one template."""
    findings, document, checked = lint(name), unfolded(transformed(name)), 0
    own = [GUARD / f"{rules}.guard" for rules in TEMPLATES[name]]
    ways = broken()[name]
    for file in [*own, *more]:
        text = file.read_text()
        rules = re.findall(r"\nrule (\w+)", text)
        checked += len(rules)
        for rule, resources in failures(document, text).items():
            print(f"{name}: {file.name}: {rule} fails: {', '.join(resources)}")
            findings += 1
        untried = [rule for rule in rules if rule not in ways[0]] if file in own else []
        for rule in untried + [rule for some in ways if file in own for rule in blind(document, text, some)]:
            print(f"{name}: {file.name}: {rule} does not see a template that breaks it")
            findings += 1
    tried = sum(map(len, ways))
    print(f"{name}: {len(document['Resources'])} resources; cfn-lint and {checked} Guard rules, broken in {tried} ways: {findings} findings")
    return findings


def main() -> int:
    more = [Path(argument) for argument in sys.argv[1:]]
    return 1 if sum([check(name, more) for name in TEMPLATES]) else 0


if __name__ == "__main__":
    sys.exit(main())
