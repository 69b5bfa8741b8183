"""Tells what would fail, or stay silent, if template.yaml were deployed with these credentials. It only reads.

Usage: preflight.py [--stack NAME] [--region REGION] [--parameters KEY=VALUE ...] [--samconfig FILE] [--json]
       preflight.py --print-policy      the IAM policy that it needs

Parameters are those of template.yaml: told here, else in parameter_overrides of samconfig.toml, else by default.
Ends with 0 if every check is `ok` or `attention`, with 1 if one `fails`, with 2 if one is `unknown` and none fails, and with 64 if it
was called wrongly. An external id is never printed.
"""

import argparse
import json
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError

from inspection import hearing, names, people, room
from inspection.account import Account
from inspection.check import VERDICTS, made, policy
from inspection.plan import ROOT, Plan, Usage, pairs, samconfig

CHECKS = [*people.CHECKS[:1], *room.CHECKS[3:], *names.CHECKS, *hearing.CHECKS, *people.CHECKS[1:], *room.CHECKS[:3]]
WIDTH = 110
CALLED_WRONGLY = 64


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        # A value in the wrong place may be an external id.
        self.exit(CALLED_WRONGLY, f"preflight: {re.sub('=.*', '=…', message)}\n")


def read(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="preflight.py", description="Tells what would fail, or stay silent, if template.yaml were deployed here. Only reads.")
    parser.add_argument("--stack", help="the stack's name; else that of samconfig.toml, else remedy")
    parser.add_argument("--region", help="the Region; else that of samconfig.toml, else that of the AWS configuration")
    parser.add_argument("--parameters", nargs="*", default=[], metavar="KEY=VALUE", help="parameters of template.yaml")
    parser.add_argument("--samconfig", type=Path, default=ROOT / "samconfig.toml", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="an array of checks instead of the table")
    parser.add_argument("--print-policy", action="store_true", help="the IAM policy that the checks need")
    return parser.parse_args(arguments)


def planned(asked: argparse.Namespace, session: boto3.Session) -> Plan:
    """What is to be deployed. Parameters of samconfig.toml count for the stack that it names."""
    config = samconfig(asked.samconfig)
    stack = asked.stack or config.get("stack_name", "remedy")
    told = config.get("parameter_overrides", {}) if config.get("stack_name", stack) == stack else {}
    region = asked.region or config.get("region") or os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise Usage("no Region is told: give --region, or set AWS_REGION")
    try:
        partition = session.get_partition_for_region(region)
    except BotoCoreError as error:
        raise Usage(f"{region} is no Region of AWS") from error
    return Plan.of(stack, region, partition, told | pairs(asked.parameters))


def filled(text: str, first: str, others: str) -> str:
    """Names, ARNs and links stay whole: people copy them."""
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False)


def table(found: list[dict[str, str]]) -> str:
    width = max(len(one["name"]) for one in found)
    return "\n".join(filled(f"{one['verdict']:<11}{one['name']:<{width}}  {one['saw']}", "", " " * (11 + width + 2)) for one in found)


def advice(found: list[dict[str, str]]) -> str:
    """What to do next, the worst first."""
    todo = sorted((one for one in found if one["next"]), key=lambda one: VERDICTS.index(one["verdict"]))
    if not todo:
        return ""
    # Where one thing helps several checks, it is told once.
    names: dict[str, list[str]] = {}
    for one in todo:
        names.setdefault(one["next"], []).append(one["name"])
    chapters = {one["next"]: one["chapter"] for one in todo}
    told = [f"{', '.join(of)}: {then} ({chapters[then]})" for then, of in names.items()]
    return "\n".join(["\nWhat to do next:", *(filled(line, "  ", "    ") for line in told)]) + "\n"


def summary(plan: Plan, found: list[dict[str, str]]) -> str:
    counts = {verdict: sum(one["verdict"] == verdict for one in found) for verdict in VERDICTS}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"\n{plan.stack} in {plan.region}: {len(found)} checks: {told}"


def ending(found: list[dict[str, str]]) -> int:
    verdicts = {one["verdict"] for one in found}
    return 1 if "fails" in verdicts else 2 if "unknown" in verdicts else 0


def preflight(arguments: list[str] | None = None, session: boto3.Session | None = None) -> int:
    asked = read(arguments)
    if asked.print_policy:
        print(json.dumps(policy(CHECKS), indent=2))
        return 0
    try:
        session = session or boto3.Session()
        plan = planned(asked, session)
    except (Usage, BotoCoreError) as wrong:
        print(f"preflight: {wrong}", file=sys.stderr)
        return CALLED_WRONGLY
    found: list[dict[str, Any]] = made(CHECKS, Account(session, plan.region), plan)
    print(json.dumps(found, indent=2) if asked.json else table(found) + "\n" + advice(found) + summary(plan, found))
    return ending(found)


if __name__ == "__main__":
    status = preflight()
    sys.stdout.flush()
    # A call that still hangs would hold the interpreter back.
    os._exit(status)
