"""The smoke test of a deployed stack (tools/smoke.py), on the rehearsed one, so that it does not run for the first time on AWS."""

import json
import os
import subprocess
import sys
from typing import Any

from botocore.exceptions import ClientError

from rehearsal import hours
from rehearsal.cloud import HUB, REGION, ROOT
from rehearsal.ledger import Ledger
from rehearsal.shared import opened, until
from rehearsal.stack import STACK

LIMIT = 90.0
# What this emulator can show. It has no actions in the history of alarms, no metrics of EventBridge, and no CloudTrail.
SHOWN = ["stack", "drift-detection", "status", "rules", "queue", "drift"]


def run(ledger: Ledger) -> None:
    report = ledger.report
    report.leaves_out("steps alarm, notice and schedule of the smoke test", "the emulator has no history of actions and no metrics of EventBridge")
    report.leaves_out("what the smoke test wants refused", "no policy is asked (tests/smoke.py)")
    report.differs("CloudTrail: the rehearsal tells EventBridge that the smoke test opened its bucket")
    told = played(ledger)
    verdicts = {step["step"]: step["verdict"] for step in told["steps"]}
    for step in told["steps"]:
        if step["verdict"] != "shown" and step["step"] in SHOWN:
            report.expect(f"{step['step']}: {step['evidence']}", step["verdict"], "shown", step["next"])
    report.saw("shown", ", ".join(name for name in SHOWN if verdicts[name] == "shown"))
    # After the step `seal` there are seals, and a record that was overwritten on purpose.
    is_sealed = bool(hours.sealed(ledger))
    must = ("shown", "failed") if is_sealed and hours.program() else ("shown" if is_sealed else "not shown", "not shown")
    report.expect("the sealer; remedy verify", (verdicts["seal"], verdicts["verify"]), must, "look at tools/smoke/seals.py")
    report.expect("rows that are shown", told["rows"]["shown"], ["The stack deploys"], "look at tools/smoke/steps.py")
    report.expect("left behind", (told["still_there"], smoke_buckets(ledger)), ([], []), "look at Run.clean in tools/smoke/run.py")


def played(ledger: Ledger) -> Any:
    """What the smoke test says, in JSON, while CloudTrail is played for it."""
    environment = {"PATH": os.environ["PATH"], "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "rehearsal"}
    command = [sys.executable, str(ROOT / "tools/smoke.py"), "--stack", STACK, "--against", ledger.cloud.endpoint, "--yes", "--json"]
    command += ["--seconds", "30", "--every", "0.2", *(["--remedy", built] if (built := hours.program()) else [])]
    started = subprocess.Popen([*command, *SHOWN, "seal", "verify"], env=environment, stdout=subprocess.PIPE, stderr=ledger.cloud.log, text=True)
    try:
        until(lambda: started.poll() is not None or opens(ledger), LIMIT)
        for bucket in opens(ledger):
            ledger.cloud.emit(opened(bucket))
        return json.loads(started.communicate(timeout=LIMIT)[0])
    finally:
        started.kill()
        started.wait()


def smoke_buckets(ledger: Ledger) -> list[str]:
    return [one["Name"] for one in ledger.s3.list_buckets()["Buckets"] if one["Name"].startswith("smoke-")]


def opens(ledger: Ledger) -> list[str]:
    """The smoke test's bucket, once it is open. Told before, the run may begin before the time from which the smoke test looks."""
    return [name for name in smoke_buckets(ledger) if is_open(ledger, name)]


def is_open(ledger: Ledger, bucket: str) -> bool:
    """Whether nobody blocks public access; a bucket is made with a block."""
    try:
        ledger.s3.get_public_access_block(Bucket=bucket)
    except ClientError as error:
        return error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration"
    return False
