"""Checks template.yaml as a security reviewer would: cfn-lint, then Guard rules on what SAM makes of it.

Usage: template_check.py [RULES.guard ...]      more rule files than tools/guard, such as a public rule set
Ends with 1 if anything fails that the template does not suppress with a reason.
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
TEMPLATE = ROOT / "template.yaml"


def lint() -> int:
    """What cfn-lint has to say, SAM included."""
    hints = "informational"
    found = [match for match in cfnlint.api.lint_all(TEMPLATE.read_text()) if match.rule.severity != hints]
    for match in found:
        print(f"cfn-lint: {match.rule.id} {match.message} (line {match.linenumber})")
    return len(found)


def transformed() -> dict[str, Any]:
    """The template without SAM, as CloudFormation gets it."""
    template, matches = decode(str(TEMPLATE))
    if matches:
        raise SystemExit(f"template.yaml cannot be read: {matches}")
    template = json.loads(json.dumps(template, default=str))
    for resource in template["Resources"].values():
        # `sam package` puts the code into a bucket.
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code/bootstrap.zip"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    defaults = {name: one.get("Default", "") for name, one in template["Parameters"].items()}
    return Translator({}, Parser()).translate(template, defaults)


def failures(document: dict[str, Any], text: str) -> dict[str, list[str]]:
    """The rules that fail, each with the resources that it names and that do not suppress it."""
    head, *rules = re.split(r"\n(?=rule )", text)
    failed = {}
    for rule in rules:
        name = rule.split()[1]
        told = run_checks_rs(json.dumps(document), f"{head}\n{rule}", False)
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


def broken(document: dict[str, Any]) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """For each of our own rules, how to break it: a rule that cannot fail is none."""
    of = lambda name: lambda properties: properties["Resources"][name]["Properties"]  # noqa: E731
    return {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: statement(made, "KmsKeysRead").update(Action=["s3:Get*"]),
        "ROLES_HAVE_NO_INLINE_POLICY": lambda made: of("KmsKeysReadRole")(made).update(Policies=[{}]),
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


def blind(document: dict[str, Any], text: str) -> list[str]:
    """Our own rules that do not see what they are for."""
    found = []
    rules = re.findall(r"\nrule (\w+)", text)
    ways = broken(document)
    for rule in rules:
        made = copy.deepcopy(document)
        if rule in ways:
            ways[rule](made)
        if rule not in failures(made, text):
            found.append(rule)
    return found


def main() -> int:
    findings = lint()
    document = transformed()
    own, checked = ROOT / "tools/guard/remedy.guard", 0
    for file in [own, *map(Path, sys.argv[1:])]:
        text = file.read_text()
        checked += len(re.findall(r"\nrule ", text))
        for rule, resources in failures(document, text).items():
            print(f"{file.name}: {rule} fails: {', '.join(resources)}")
            findings += 1
    for rule in blind(document, own.read_text()):
        print(f"{own.name}: {rule} does not see a template that breaks it")
        findings += 1
    print(f"{len(document['Resources'])} resources; cfn-lint and {checked} Guard rules: {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
