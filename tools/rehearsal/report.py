"""What a rehearsal saw: steps, checks, differences from the template, what was left out; waiting with a deadline."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.shared import until

LIMIT = 30.0


class Mismatch(Exception):
    """Something is not as it must be, and what to do next."""

    def __init__(self, what: str, then: str) -> None:
        super().__init__(what)
        self.then = then


class Report:
    """The steps so far, printed as they are made."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.steps: list[dict[str, Any]] = []
        self.differences: list[str] = []
        self.left_out: list[str] = []

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """One step. A mismatch ends it, and not the rehearsal: the steps after it may still show something."""
        began = time.monotonic()
        step: dict[str, Any] = {"step": name, "title": title, "result": "ok", "seen": []}
        self.steps.append(step)
        print(f"\n{name}: {title}", flush=True)
        try:
            yield
        except Mismatch as mismatch:
            step |= {"result": "failed", "failed": str(mismatch), "next": mismatch.then}
            print(f"  FAILED  {mismatch}\n          next: {mismatch.then}", flush=True)
        step["seconds"] = round(time.monotonic() - began, 1)

    def saw(self, what: str, seen: Any) -> None:
        """What was looked at, and found as it must be."""
        self.steps[-1]["seen"].append({"check": what, "saw": str(seen)})
        print(f"  ok  {what:<58} {seen}", flush=True)

    def expect(self, what: str, seen: Any, must: Any, then: str) -> None:
        if seen != must:
            raise Mismatch(f"{what}: {seen}, but it must be {must}", then)
        self.saw(what, seen)

    def wait(self, what: str, look: Callable[[], Any], then: str | Callable[[], str], seconds: float = LIMIT) -> Any:
        """Looks until there is something to see, or the time is over; answers what was seen."""
        seen = until(look, seconds)
        if not seen:
            raise Mismatch(f"{what}: not seen within {seconds:.0f} seconds", then if isinstance(then, str) else then())
        return seen

    def differs(self, what: str) -> None:
        self.differences.append(what)

    def leaves_out(self, what: str, why: str) -> None:
        self.left_out.append(f"{what}: {why}")

    @property
    def passed(self) -> bool:
        return all(step["result"] != "failed" for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        seconds = round(time.monotonic() - self.began, 1)
        told = {"passed": self.passed, "seconds": seconds, "steps": self.steps}
        return told | {"differences": self.differences, "left_out": self.left_out}

    def close(self) -> None:
        """The end of the table: what was not as in the template, what was left out, and how it went."""
        for title, lines in (("Differences from the template", self.differences), ("Left out", self.left_out)):
            print(f"\n{title}:")
            for line in lines:
                print(f"  -   {line}")
        print()
        for step in self.steps:
            count, seconds = len(step["seen"]), step["seconds"]
            print(f"{step['result']:<8} {step['step']:<10} {count:>3} checks {seconds:>6.1f} s  {step['title']}")
        failed = sum(step["result"] == "failed" for step in self.steps)
        checks = sum(len(step["seen"]) for step in self.steps)
        end = f"{failed} of {len(self.steps)} steps FAILED" if failed else f"all {len(self.steps)} steps hold"
        print(f"{end}; {checks} checks in {time.monotonic() - self.began:.0f} s; target/rehearse.json")
