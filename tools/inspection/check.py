"""A check: what it asks, which calls it may make, and what it found."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from inspection.account import Account, Ask, Unanswered
from inspection.plan import Plan

# The worst first. `fails`: the deployment would fail, or Remedy would stay silent.
VERDICTS = ("fails", "unknown", "attention", "ok")
POLICY = "let these credentials do what `make preflight POLICY=1` prints, and run it again"
AGAIN = "run it again; if it stays so, find out which policy or network stops the call, or look by hand"
LOG_IN = "give it credentials that are valid: aws sso login, aws configure, or AWS_PROFILE"
STRANGE = re.compile("NoCredentials|Credential.*Error|TokenRetrieval|SSO|Expired|InvalidClientToken|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure")
# Seconds for all checks together.
LIMIT = 55.0


@dataclass(frozen=True)
class Seen:
    verdict: str
    saw: str
    then: str = ""


def ok(saw: str) -> Seen:
    return Seen("ok", saw)


def attention(saw: str, then: str) -> Seen:
    return Seen("attention", saw, then)


def fails(saw: str, then: str) -> Seen:
    return Seen("fails", saw, then)


def unknown(saw: str, then: str = AGAIN) -> Seen:
    return Seen("unknown", saw, then)


def worst(all_of: Iterable[Seen], good: str) -> Seen:
    """Several things that one check saw, as one; `good` where there is none."""
    found = sorted((seen for seen in all_of if seen.verdict != "ok"), key=lambda seen: VERDICTS.index(seen.verdict))
    if not found:
        return ok(good)
    return Seen(found[0].verdict, "; ".join(seen.saw for seen in found), "; ".join(dict.fromkeys(seen.then for seen in found)))


def denied(error: Unanswered) -> Seen:
    return unknown(str(error), POLICY if error.denied else LOG_IN if STRANGE.search(error.code) else AGAIN)


@dataclass(frozen=True)
class Check:
    name: str
    asks: str
    calls: tuple[str, ...]
    look: Callable[[Ask, Plan], Seen]
    chapter: str

    def made(self, account: Account, plan: Plan) -> Seen:
        """What it saw. Nothing that AWS answers, or does not answer, ends the program or makes it say `ok`."""
        try:
            return self.look(Ask(account, frozenset(self.calls)), plan)
        except Unanswered as error:
            return denied(error)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            return unknown(f"AWS answered in a form that this check does not know ({type(error).__name__}: {error})", "report it to the project")

    def found(self, seen: Seen) -> dict[str, str]:
        return {"name": self.name, "asks": self.asks, "verdict": seen.verdict, "saw": seen.saw, "next": seen.then, "chapter": self.chapter}


def made(checks: list[Check], account: Account, plan: Plan) -> list[dict[str, str]]:
    """All checks at once. What does not end in time is unknown."""
    pool = ThreadPoolExecutor(len(checks))
    running = {check.name: pool.submit(check.made, account, plan) for check in checks}
    wait(running.values(), timeout=LIMIT)
    pool.shutdown(wait=False, cancel_futures=True)
    late = unknown(f"AWS did not answer within {LIMIT:.0f} s")
    return [check.found(done.result() if (done := running[check.name]).done() else late) for check in checks]


def policy(checks: list[Check]) -> dict:
    """The IAM policy that the checks need."""
    actions = sorted({call for check in checks for call in check.calls})
    return {"Version": "2012-10-17", "Statement": [{"Sid": "Preflight", "Effect": "Allow", "Action": actions, "Resource": "*"}]}
