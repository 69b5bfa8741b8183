"""AWS CloudFormation Guard on a template: what SAM makes of it, and the resources that fail a rule without having suppressed it."""

import json
import os
import re
import tarfile
from importlib import metadata
from pathlib import Path
from typing import Any

from cfn_guard_rs.cfn_guard_rs import run_checks_rs
from cfnlint.decode import decode
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "111122223333"


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


def filled(value: Any, parameters: dict[str, Any]) -> Any:
    """With the values of its parameters, and ARNs in the form that public rules know: they take no reference for a number of days."""
    if isinstance(value, dict):
        if list(value) == ["Ref"]:
            return parameters.get(value["Ref"], value)
        under = re.fullmatch(r"\$\{(\w+)\.Arn\}(/\*)", str(value.get("Fn::Sub")))
        if under:
            return {"Fn::Join": ["", [{"Fn::GetAtt": [under[1], "Arn"]}, under[2]]]}
        return {name: filled(member, parameters) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(item, parameters) for item in value]
    return value


def with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """The template as somebody gets it who says nothing."""
    parameters: dict[str, Any] = {"AWS::AccountId": ACCOUNT}
    for name, one in document.get("Parameters", {}).items():
        default = one.get("Default", "")
        parameters[name] = int(default) if one["Type"] == "Number" else default
    return document | {"Resources": filled(document["Resources"], parameters)}


def control_tower() -> dict[str, str]:
    """The proactive controls of AWS Control Tower: AWS publishes them as Guard rules, packed inside of a package for its CDK."""
    (packed,) = (file for file in metadata.files("cdklabs.cdk-validator-cfnguard") or [] if file.name.endswith(".tgz"))
    found = {}
    with tarfile.open(str(packed.locate())) as archive:
        for member in archive:
            _, inside, name = member.name.partition("/control-tower/cfn-guard/")
            file = archive.extractfile(member)
            if inside and file and name.endswith(".guard"):
                found[Path(name).name] = file.read().decode()
    return found


def failures(document: dict[str, Any], text: str) -> dict[str, list[str]]:
    """The rules that fail, each with the resources that it names and that do not suppress it."""
    head, *rules = re.split(r"^(?=rule )", text, flags=re.MULTILINE)
    # Rules with parameters are what others are made of.
    parts = [rule for rule in rules if re.match(r"rule \w+\(", rule)]
    failed: dict[str, list[str]] = {}
    for rule in (rule for rule in rules if rule not in parts):
        name = rule.split()[1]
        guilty = offenders(document, name, "\n".join([head, *parts, rule]))
        if guilty:
            failed[name] = sorted({*failed.get(name, []), *guilty})
    return failed


def offenders(document: dict[str, Any], name: str, text: str) -> list[str]:
    """Who fails one rule without having suppressed it."""
    if passes(run_checks_rs(json.dumps(document), text, False)):
        return []
    # Guard's report does not always name everybody, and is not always whole; its account of every step is.
    steps = json.loads(run_checks_rs(json.dumps(document), text, True))
    who = blamed(steps) & document["Resources"].keys() or {"the template"}
    return [one for one in who if name not in suppressed(document["Resources"].get(one, {}))]


def passes(told: str) -> bool:
    try:
        return json.loads(told)["status"] in ("PASS", "SKIP")
    except json.JSONDecodeError:
        return False


def blamed(step: dict[str, Any]) -> set[str]:
    """The resources at which a check failed. Conditions and filters fail as well, for what a rule is not about."""
    ((kind, told),) = step["container"].items() if isinstance(step["container"], dict) else ((step["container"], None),)
    status = told.get("status") if isinstance(told, dict) else told
    if kind in ("Filter", "RuleCondition") or status in ("PASS", "SKIP", "Success"):
        return set()
    if kind == "ClauseValueCheck":
        return set(re.findall(r'"path": "/Resources/(\w+)', json.dumps(told)))
    return set().union(*map(blamed, step["children"]))


def suppressed(resource: dict[str, Any]) -> list[str]:
    return resource.get("Metadata", {}).get("guard", {}).get("SuppressedRules", [])
