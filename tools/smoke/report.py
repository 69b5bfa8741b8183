"""What a smoke test saw: a verdict for each step, the rows of docs/limits.md that are shown, and the exit status."""

import re
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from botocore.exceptions import BotoCoreError, ClientError

from smoke.rows import BY_HAND

SHOWN, FAILED, NOT_SHOWN, UNKNOWN = "shown", "failed", "not shown", "unknown"
DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|AuthorizationError|NotAuthorized|^403$")
# What an endpoint answers that is not AWS and has no such call.
NO_SUCH_CALL = re.compile(r"InvalidAction|UnknownOperation|UnsupportedOperation|NotImplemented|UnknownAction|^50[01]$")


class Ended(Exception):
    """A step that does not show what it should."""

    verdict = FAILED

    def __init__(self, evidence: str, then: str) -> None:
        super().__init__(evidence)
        self.evidence, self.then = evidence, then


class NotShown(Ended):
    """Nothing is wrong, and nothing is shown either."""

    verdict = NOT_SHOWN


@dataclass(frozen=True)
class Step:
    """A step: the rows that it is a part of, what it does in one sentence, and the function that does it and says what it saw."""

    name: str
    rows: tuple[str, ...]
    title: str
    do: Callable[[Any], str]


@dataclass
class Told:
    """What became of a step."""

    step: str
    rows: tuple[str, ...]
    title: str
    verdict: str
    evidence: str
    next: str
    seconds: float


def denied_action(error: ClientError) -> str:
    """The IAM action that was denied: AWS names it in the message, or else the call does."""
    named = re.search(r"perform:? `?([a-z0-9-]+:[A-Za-z]+)", error.response["Error"].get("Message", ""))
    return named.group(1) if named else error.operation_name


def is_denied(error: ClientError) -> bool:
    return bool(DENIED.search(error.response["Error"]["Code"]))


def of_error(error: Exception) -> tuple[str, str, str]:
    """Verdict, evidence and next step where a call ended a step."""
    if isinstance(error, Ended):
        return error.verdict, error.evidence, error.then
    if not isinstance(error, ClientError):
        return UNKNOWN, f"AWS could not be asked: {error}", "look at the network, the Region and the credentials; run again"
    code, told = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if is_denied(error):
        action = denied_action(error)
        return UNKNOWN, f"{action} is denied to you: {told}", f"run again as somebody who may call {action}"
    if NO_SUCH_CALL.search(code):
        return UNKNOWN, f"the endpoint has no {error.operation_name} ({code})", "run it on AWS"
    return FAILED, f"{error.operation_name} ended with {code}: {told}", "look at what the call was about, and run again"


class Report:
    """The steps so far, printed as they are made."""

    def __init__(self, registry: Sequence[Step], out: TextIO = sys.stdout) -> None:
        self.registry, self.out = registry, out
        self.steps: list[Told] = []
        self.left: list[str] = []

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def make(self, step: Step, run: Any) -> None:
        """One step. However it ends, the others go on."""
        began = time.monotonic()
        self.say(f"… {step.name}: {step.title}")
        try:
            verdict, evidence, then = SHOWN, step.do(run), ""
        except (Ended, ClientError, BotoCoreError) as error:
            verdict, evidence, then = of_error(error)
        told = Told(step.name, step.rows, step.title, verdict, evidence, then, round(time.monotonic() - began, 1))
        self.steps.append(told)
        self.say(line(told))

    def rows(self) -> tuple[list[str], dict[str, str]]:
        """The rows that are shown, which takes all of their steps; and those that are shown in part, each with what is missing."""
        verdicts = {one.step: one.verdict for one in self.steps}
        whole, part = [], {}
        for row, by_hand in BY_HAND.items():
            of_it = {step.name: verdicts.get(step.name, "not run") for step in self.registry if row in step.rows}
            if SHOWN not in of_it.values():
                continue
            missing = [f"step {name}: {verdict}" for name, verdict in of_it.items() if verdict != SHOWN] + [by_hand] * bool(by_hand)
            if missing:
                part[row] = "; ".join(missing)
            else:
                whole.append(row)
        return whole, part

    def close(self) -> None:
        """The table, and what it means for docs/limits.md."""
        self.say()
        for told in self.steps:
            self.say(f"{told.verdict:<10} {told.step:<16} {told.seconds:>6.1f} s  {told.title}")
        whole, part = self.rows()
        self.say("\nRows of docs/limits.md that are shown now:")
        for row in whole or ["none"]:
            self.say(f"  - {row}")
        self.say("\nRows that are shown in part, and what is left:")
        for row, missing in part.items():
            self.say(f"  - {row}\n      left: {missing}")
        for what in self.left:
            self.say(f"\nSTILL THERE: {what}")

    def status(self) -> int:
        verdicts = {told.verdict for told in self.steps}
        if FAILED in verdicts or self.left:
            return 1
        return 2 if verdicts - {SHOWN} else 0

    def as_json(self) -> dict[str, Any]:
        whole, part = self.rows()
        return {
            "steps": [asdict(told) for told in self.steps],
            "rows": {"shown": whole, "in_part": part},
            "still_there": self.left,
            "status": self.status(),
        }


def line(told: Told) -> str:
    mark = "  " + (told.verdict.upper() if told.verdict == FAILED else told.verdict)
    text = textwrap.fill(f"{mark}: {told.evidence}", 150, subsequent_indent="    ")
    return text + (f"\n    next: {told.next}" if told.next else "")
