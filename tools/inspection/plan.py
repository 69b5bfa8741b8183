"""What is to be deployed: the stack's name, the Region, and template.yaml with its parameters."""

import re
import shlex
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import template_resolve
import yaml

ROOT = template_resolve.ROOT
# For whom nothing is chosen yet: names and conditions do not depend on it.
UNCHOSEN = {"EvidenceLockMode": "GOVERNANCE"}


class Usage(Exception):
    """What was asked cannot be done, and why."""


@cache
def load(template: str) -> Any:
    return yaml.load((ROOT / template).read_text(), template_resolve.Loader)  # noqa: S506


def pairs(told: list[str]) -> dict[str, str]:
    """KEY=VALUE, or as CloudFormation writes it, ParameterKey=KEY,ParameterValue=VALUE."""
    given = {}
    for one in told:
        long = re.fullmatch(r"ParameterKey=([^,=]+),ParameterValue=(.*)", one, re.DOTALL)
        name, equals, value = (long[1], "=", long[2]) if long else one.partition("=")
        if not equals:
            # It may be the end of a secret: it is not repeated.
            raise Usage("a parameter is not told as KEY=VALUE; put quotes around values with spaces")
        given[name] = value
    return given


def samconfig(path: Path) -> dict[str, Any]:
    """What samconfig.toml says of a deployment, for the environment `default`."""
    if not path.exists():
        return {}
    try:
        told = tomllib.loads(path.read_text()).get("default", {})
    except tomllib.TOMLDecodeError as error:
        raise Usage(f"{path.name} is no TOML: {error}") from error
    told = told.get("global", {}).get("parameters", {}) | told.get("deploy", {}).get("parameters", {})
    overrides = told.get("parameter_overrides", [])
    if isinstance(overrides, str):
        try:
            overrides = shlex.split(overrides)
        except ValueError as error:
            raise Usage(f"parameter_overrides of {path.name} cannot be read: {error}") from error
    return told | {"parameter_overrides": pairs(overrides)}


@dataclass(frozen=True)
class Plan:
    stack: str
    region: str
    partition: str
    told: dict[str, str]
    document: Any

    @classmethod
    def of(cls, stack: str, region: str, partition: str, told: dict[str, str]) -> "Plan":
        document = load("template.yaml")
        unknown = sorted(told.keys() - document["Parameters"].keys())
        if unknown:
            raise Usage(f"no parameters of template.yaml: {', '.join(unknown)}; it has {', '.join(document['Parameters'])}")
        return cls(stack, region, partition, told, document)

    @cached_property
    def values(self) -> dict[str, str]:
        """The parameters, told or by default. One that is not told and has no default is not there."""
        defaults = {name: str(one["Default"]) for name, one in self.document["Parameters"].items() if "Default" in one}
        return defaults | self.told

    def refused(self) -> dict[str, str]:
        """The parameters that CloudFormation would refuse, and why. No value is repeated: one of them is an external id."""
        return {name: why for name, value in self.told.items() if (why := refusal(self.document["Parameters"][name], value))}

    @cached_property
    def template(self) -> template_resolve.Stack:
        fitting = {name: value for name, value in self.told.items() if name not in self.refused()}
        pseudo = {"AWS::StackName": self.stack, "AWS::Region": self.region, "AWS::Partition": self.partition}
        return template_resolve.Stack(self.document, UNCHOSEN | fitting | pseudo)

    @cached_property
    def resources(self) -> dict[str, Any]:
        """The resources that CloudFormation would make."""
        return self.template.resources()

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [one["Properties"] for one in self.resources.values() if one["Type"] == kind]

    @cached_property
    def kinds(self) -> Counter[str]:
        return Counter(one["Type"] for one in self.resources.values())

    @property
    def has_iam(self) -> bool:
        return self.values["GlobalControls"] == "yes"

    def other(self, **parameters: str) -> "Plan":
        return Plan(self.stack, self.region, self.partition, self.told | parameters, self.document)


def refusal(parameter: dict[str, Any], value: str) -> str | None:
    allowed = [str(one) for one in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"may be {', '.join(allowed)} only"
    if parameter["Type"] == "Number" and not re.fullmatch(r"-?[0-9]+", value):
        return "is no number"
    if "MinValue" in parameter and int(value) < parameter["MinValue"]:
        return f"is less than {parameter['MinValue']}"
    if not re.fullmatch(parameter.get("AllowedPattern", "(?s).*"), value):
        return f"does not match {parameter['AllowedPattern']}"
    return None
