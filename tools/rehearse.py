"""Rehearses a deployment of template.yaml on this machine, without Docker: MiniStack plays AWS, all else is real.

Usage: rehearse.py [STEP ...] [--break FAULT]      all steps without one; the deployment is always made
Ends with 1 if anything is not as it must be. The table goes to standard output, and as JSON to target/rehearse.json.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable

from rehearsal import accounts, again, drift, faults, hours, letters, region, smoked, stack
from rehearsal.cloud import ROOT, Cloud
from rehearsal.ledger import Ledger
from rehearsal.report import Report

# In this order; `again` removes the stack.
STEPS: dict[str, tuple[str, Callable[[Ledger], object]]] = {
    "drift": ("three drifts, reported as AWS reports them: rule, queue, function, repair, evidence", drift.run),
    "letters": ("messages that fail: tried again, given up, looked at, sent back", letters.run),
    "sweep": ("the first sweep makes a backlog; an approver decides, and it is carried out", lambda ledger: hours.people(ledger, hours.sweep(ledger))),
    "seal": ("the sealer on its schedule, and its seals verified", hours.seal),
    "smoke": ("tools/smoke.py asks of this stack what it will ask of one on AWS", smoked.run),
    "accounts": ("an event of a member account, served through the roles it has for the hub", accounts.run),
    "region": ("an event of another Region, sent on by forward.yaml; and a second hub there, by its names", region.run),
    "again": ("the stack removed, a creation that fails, and the same stack over what is left", again.run),
}


def deploy(cloud: Cloud, report: Report) -> Ledger:
    """As docs/deploy.md says: first observe, then the settings document, then what may write."""
    deployment = stack.Deployment(cloud, report)
    with report.step("deploy", "template.yaml through CloudFormation, first to observe"):
        deployment.package()
        deployment.leave_out()
        deployment.refuses({"Writes": "permitted"})
        deployment.create(stack.OBSERVE)
    if report.passed:
        with report.step(
            "permit", "the settings document, then the stack again with what may write; all of it read back"
        ):
            deployment.write_settings(stack.SETTINGS)
            deployment.update(stack.PERMITTED)
            deployment.supply_rules()
            deployment.check()
    return Ledger(deployment)


def rehearse(ledger: Ledger, steps: list[str], report: Report) -> None:
    for name, (what, run) in STEPS.items():
        if name in steps:
            with report.step(name, what):
                run(ledger)


def read() -> tuple[list[str], str | None]:
    parser = argparse.ArgumentParser(description="Rehearses a deployment on this machine.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}; all without one")
    parser.add_argument("--break", dest="fault", choices=sorted(faults.FAULTS), help="a fault that must be noticed")
    asked = parser.parse_args()
    unknown = sorted(set(asked.steps) - set(STEPS))
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}")
    return asked.steps, asked.fault


def main() -> int:
    steps, fault = read()
    # Whatever ends the rehearsal ends the emulator.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report, folder = Report(), ROOT / "target"
    folder.mkdir(exist_ok=True)
    with Cloud(report) as cloud:
        ledger = deploy(cloud, report)
        if report.passed:
            if fault:
                faults.FAULTS[fault](ledger)
                report.differs(f"on purpose: {faults.FAULTS[fault].__doc__}")
            rehearse(ledger, steps or list(STEPS), report)
    (folder / "rehearse.json").write_text(json.dumps(report.as_json(), indent=2) + "\n")
    report.close()
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
