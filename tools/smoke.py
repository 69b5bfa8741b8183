"""Asks of a stack in a sandbox account what docs/limits.md asks for by hand, and says which of its rows are shown now.

Usage: smoke.py --stack NAME [STEP ...] [--region REGION] [--refusals] [--remedy PATH] [--seconds N] [--yes] [--json]
       smoke.py --stack NAME --clean RUN        removes what a run left behind that was killed
It tells first what it will do, and waits for the account's id, or --yes. It changes nothing that it did not make itself, but one alarm's
state, and removes what it made. Exit status: 0 all is shown, 1 something failed or is left behind, 2 something is not shown or unknown,
64 not called as it should be, 130 interrupted.
"""

import argparse
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from smoke.report import Ended, Report, of_error
from smoke.run import Run, leftovers
from smoke.stack import Stack
from smoke.steps import REFUSALS, STEPS

USAGE, INTERRUPTED = 64, 130
BUILT = Path(__file__).resolve().parent.parent / "target/release/remedy"


class Parser(argparse.ArgumentParser):
    """Ends with 64, because 2 means that something is not shown."""

    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"smoke.py: {message}\n")


def read() -> argparse.Namespace:
    names = [step.name for step in STEPS + REFUSALS]
    parser = Parser(description="A smoke test of a deployed stack, for a sandbox account.", epilog=f"Steps: {', '.join(names)}")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="all without one; those that begin with refuse- need --refusals")
    parser.add_argument("--stack", required=True, help="the name of the stack")
    parser.add_argument("--region", help="its Region; that of the environment without it")
    parser.add_argument("--against", metavar="URL", help="the endpoint of an emulator, instead of AWS")
    parser.add_argument("--refusals", action="store_true", help="also try what must be refused")
    parser.add_argument("--remedy", metavar="PATH", default=str(BUILT) if BUILT.is_file() else None, help="the program that verifies")
    parser.add_argument("--seconds", type=float, default=600, help="the deadline of each wait")
    parser.add_argument("--every", type=float, default=5, help="the time between two looks, in seconds")
    parser.add_argument("--yes", action="store_true", help="do not ask for the account's id")
    parser.add_argument("--production-anyway", action="store_true", help="run although a tag says production")
    parser.add_argument("--clean", metavar="RUN", help="only remove what this run left behind")
    parser.add_argument("--json", action="store_true", help="JSON to standard output; all else goes to standard error")
    asked = parser.parse_args()
    unknown = sorted(set(asked.steps) - set(names))
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}; there are {', '.join(names)}")
    if not asked.refusals and any(name.startswith("refuse-") for name in asked.steps):
        parser.error("steps that begin with refuse- need --refusals")
    if asked.clean and not re.fullmatch("[a-z]{8}", asked.clean):
        parser.error("a run's id has eight small letters; the run printed it")
    return asked


def connect(asked: argparse.Namespace) -> tuple[Stack, dict[str, str]]:
    """The stack, and the environment of a program that acts as the same caller."""
    # The SDK of Python does not read AWS_REGION, which the runbook sets.
    session = boto3.Session(region_name=asked.region or os.environ.get("AWS_REGION"))
    if not session.region_name:
        raise SystemExit(refuse("no Region: name one with --region, or set AWS_REGION"))
    # A function may answer late; asking again would invoke it again.
    once = Config(read_timeout=910, retries={"total_max_attempts": 1})
    usual = Config(retries={"total_max_attempts": 5, "mode": "standard"}, s3={"addressing_style": "path" if asked.against else "auto"})
    client = lambda service: session.client(service, endpoint_url=asked.against, config=once if service == "lambda" else usual)  # noqa: E731
    stack = Stack(client, asked.stack, session.region_name)
    keys = session.get_credentials().get_frozen_credentials()
    told = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key, "AWS_SESSION_TOKEN": keys.token}
    told |= {"AWS_REGION": session.region_name, "AWS_ENDPOINT_URL": asked.against, "PATH": os.environ.get("PATH")}
    return stack, {name: value for name, value in told.items() if value}


def refuse(why: str) -> int:
    print(f"smoke.py: {why}", file=sys.stderr)
    return USAGE


def announce(run: Run, names: list[str]) -> None:
    """Where it runs, and all that it makes, changes and sets off."""
    stack, say = run.stack, run.report.say
    say(f"account {stack.account}, Region {stack.region}, stack {stack.name}, as {stack.caller}; run {run.id}")
    does = {
        "drift-detection": "start drift detection of the stack (it changes nothing)",
        "status": "invoke each function with controls with a status, which writes nothing",
        "queue": "send one sweep to a queue: the function looks at all its targets, and does what its mode says, as on its schedule",
        "alarm": "set one alarm of the stack to ALARM and back: its subscribers get notices, and one of the rule TamperingAlarms",
        "drift": f"make the empty bucket {run.bucket}, take its Block Public Access away, wait for Remedy's run, delete it: people get notices",
        "seal": "invoke the sealer, which seals the hours that are due",
    }
    for name, what in does.items():
        if name in names:
            say(f"  it will {what}")
    if any(name.startswith("refuse-") for name in names):
        say("  it will try to put, delete, grant and sign, all of which must be refused, under names that nothing reads")
    say(f"  if it is killed, remove what it left: --clean {run.id}")


def agreed(run: Run) -> bool:
    """Whether the account's id was typed."""
    run.report.say("Type the account's id to go on:")
    try:
        typed = input()
    except (EOFError, KeyboardInterrupt):
        typed = ""
    return typed.strip() == run.stack.account


def clean(run: Run) -> None:
    """The last step of each run, whatever happened before."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    count = len(run.made)
    run.report.left += run.clean()
    run.report.say(f"cleaned up: {count - len(run.report.left)} of {count} things removed")


def smoke(run: Run, names: list[str]) -> int:
    status = None
    try:
        for step in STEPS + REFUSALS:
            if step.name in names:
                run.report.make(step, run)
    except (KeyboardInterrupt, SystemExit):
        run.report.say("interrupted")
        status = INTERRUPTED
    finally:
        clean(run)
    run.report.close()
    return run.report.status() if status is None or run.report.left else status


def clean_up_after(run: Run) -> int:
    others = leftovers(run)
    for what in run.made:
        run.report.say(f"left by run {run.id}: {what}")
    clean(run)
    for what in [*others, *run.report.left]:
        run.report.say(f"STILL THERE: {what}")
    return 1 if others or run.report.left else 0


def main() -> int:
    asked = read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report(STEPS + REFUSALS, sys.stderr if asked.json else sys.stdout)
    try:
        stack, environment = connect(asked)
        run = Run(stack, report, seconds=asked.seconds, every=asked.every, remedy=asked.remedy, environment=environment)
        if asked.clean:
            run.id = asked.clean
            return clean_up_after(run)
        why = stack.production()
    except (BotoCoreError, ClientError, Ended) as error:
        _, evidence, then = of_error(error)
        return refuse(f"the stack {asked.stack} cannot be looked at: {evidence}; {then}")
    names = asked.steps or [step.name for step in STEPS + REFUSALS * asked.refusals]
    announce(run, names)
    if why and not asked.production_anyway:
        return refuse(f"{why}: this is for a sandbox account (--production-anyway)")
    if not asked.yes and not agreed(run):
        return refuse("that is not the account's id: nothing was done")
    status = smoke(run, names)
    if asked.json:
        where = {"account": stack.account, "region": stack.region, "stack": stack.name, "run": run.id}
        print(json.dumps(where | report.as_json() | {"status": status}, indent=2))
    return status


if __name__ == "__main__":
    sys.exit(main())
