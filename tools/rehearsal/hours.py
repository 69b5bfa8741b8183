"""What the clock does: the sweep, whose first run makes a backlog that people decide about; and the sealer."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rehearsal import drift
from rehearsal.cloud import REGION, ROOT, Cloud
from rehearsal.ledger import Ledger
from rehearsal.stack import STACK

FUNCTION, CONTROL = "kms-keys", "kms-key-unrotated"
LOG = f"the log group /aws/lambda/{STACK}-{FUNCTION}; docs/runbook.md, Waiting"
BUILD = "cargo build --release -p remedy, then make rehearse again"


def due(ledger: Ledger, rule: str) -> None:
    """The clock comes to a rule's time; the emulator's own scheduler runs it."""
    name = ledger.deployment.rule(rule)
    told = ledger.cloud.client("events").describe_rule(Name=name)
    ledger.cloud.due(name)
    ledger.report.saw(f"{rule} is due, ahead of its time", told["ScheduleExpression"])


def sweep(ledger: Ledger) -> str:
    """The first sweep: what was broken before it waits for people, whatever the mode."""
    report, old = ledger.report, drift.key(ledger.cloud)
    due(ledger, "Sweep")
    held = lambda: [one for one in ledger.about(CONTROL, old).values() if one["kind"] == "held"]  # noqa: E731
    record = report.wait("a record of what was broken before", held, LOG, seconds=60)[0]
    report.expect("what was broken before the first sweep", record["outcome"], "awaiting-approval", LOG)
    report.expect("the key is left as it is: it rotates", drift.rotates(ledger.cloud, old), False, LOG)
    files = ledger.keys("StateBucket")
    found = [any(key.startswith(one) for key in files) for one in ("baseline/", "backlog/")]
    report.expect("on file: a baseline, a backlog", found, [True, True], LOG)
    ledger.empty(FUNCTION)
    return old


class Person:
    """Somebody with a user of their own, at a terminal."""

    def __init__(self, cloud: Cloud, name: str, program: str) -> None:
        iam = cloud.client("iam")
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        self.program = program
        self.environment = {"PATH": os.environ["PATH"], "AWS_REGION": REGION, "AWS_ENDPOINT_URL": cloud.endpoint}
        self.environment |= {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        self.environment |= {"REMEDY_STACK": STACK}

    def remedy(self, *arguments: str) -> tuple[int, str]:
        command = [self.program, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr


def program() -> str | None:
    """The `remedy` that is built, if one is."""
    built = [ROOT / f"target/{profile}/remedy" for profile in ("release", "debug")]
    return next((str(one) for one in built if one.is_file()), None)


def people(ledger: Ledger, old: str) -> None:
    """What waits is approved by somebody who may, and carried out through the queue."""
    report, built = ledger.report, program()
    if built is None:
        report.leaves_out("approval", f"no target/release/remedy: {BUILD}")
        return
    olivia, arthur = Person(ledger.cloud, "olivia", built), Person(ledger.cloud, "arthur", built)
    status, text = olivia.remedy("pending")
    report.expect("remedy pending: exit status", status, 0, f"it said {text}")
    asks = [one for one in json.loads(text)["pending"] if old in json.dumps(one)]
    report.expect("remedy pending names the key", len(asks), 1, f"it said {text}")
    plan = asks[0]["id"]
    status, text = olivia.remedy("approve", plan, "--reason", "CHG-7")
    report.expect("an operator who is no approver approves: exit status", status, 1, f"it said {text}")
    status, text = arthur.remedy("approve", plan, "--reason", "CHG-7")
    report.expect("an approver approves: exit status", status, 0, f"it said {text}")
    report.wait("the approved plan carried out", lambda: drift.rotates(ledger.cloud, old), LOG)
    _, outcome = report.wait("its outcome", lambda: ledger.outcome(CONTROL, old), LOG)
    report.expect("carried out through the queue: the evidence says", outcome["outcome"], "repaired", LOG)
    ledger.empty(FUNCTION)


def seal(ledger: Ledger) -> None:
    """The sealer on its schedule; hours that ended are sealed, and verified as an outsider would."""
    report, before = ledger.report, len(sealed(ledger))
    if not ledger.records():
        drift.repaired(ledger, drift.cases(ledger.cloud)[0])
    count = aged(ledger)
    due(ledger, "SealerSchedule")
    then = "docs/runbook.md, Seal lag"
    report.wait("an hour sealed", lambda: len(sealed(ledger)) > before, then)
    counted = lambda: [one for one in ledger.lines("sealer") if "SealLag" in one]  # noqa: E731
    lag = report.wait("the metric SealLag", counted, then)[-1]["SealLag"]
    report.expect("SealLag", lag, 0, then)
    report.saw("hours sealed", len(sealed(ledger)))
    report.saw("records in them", count)
    verify(ledger)


def sealed(ledger: Ledger) -> list[str]:
    return [key for key in ledger.keys("EvidenceBucket", "seal/") if key.endswith(".sig")]


def aged(ledger: Ledger) -> int:
    """Moves what is on file to three hours ago: the sealer waits for an hour's end, and the rehearsal does not."""
    ago = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y/%m/%d/%H/")
    bucket, records = ledger.bucket("EvidenceBucket"), ledger.records()
    for key in records:
        told = ledger.s3.get_object(Bucket=bucket, Key=key)
        ledger.s3.put_object(Bucket=bucket, Key=ago + key.rpartition("/")[2], Body=told["Body"].read())
        ledger.s3.delete_object(Bucket=bucket, Key=key, VersionId=told["VersionId"], BypassGovernanceRetention=True)
    ledger.report.differs(
        f"time: {len(records)} records are moved to three hours ago, so that there is an hour to seal"
    )
    return len(records)


def verify(ledger: Ledger) -> None:
    """`remedy verify`, with the key that AWS KMS tells; then once more over a bucket that somebody wrote to."""
    report, built = ledger.report, program()
    if built is None:
        report.leaves_out("remedy verify", f"no target/release/remedy: {BUILD}")
        return
    pem, bucket = Path(ledger.cloud.folder.name) / "public.pem", ledger.bucket("EvidenceBucket")
    pem.write_text(public_key(ledger))
    auditor = Person(ledger.cloud, "auditor", built)
    command = ("verify", f"s3://{bucket}", "--key", str(pem))
    status, text = auditor.remedy(*command)
    report.expect("remedy verify: exit status", status, 0, f"it said {text}")
    report.saw("remedy verify", text.strip().splitlines()[-1].partition(";")[0])
    victim = sorted(ledger.records())[0]
    ledger.s3.put_object(Bucket=bucket, Key=victim, Body=b"{}")
    status, text = auditor.remedy(*command)
    report.expect("remedy verify after a sealed record was overwritten", status, 1, f"it said {text}")
    report.saw("it says", text.strip().splitlines()[0])


def public_key(ledger: Ledger) -> str:
    """As docs/deploy.md says: from AWS KMS, and not from the bucket."""
    der = ledger.cloud.client("kms").get_public_key(KeyId=f"alias/{STACK}-seal")["PublicKey"]
    command = ["openssl", "pkey", "-pubin", "-inform", "DER"]
    return subprocess.run(command, input=der, capture_output=True, check=True).stdout.decode()
