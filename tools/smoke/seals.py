"""Steps about evidence: the sealer seals, and `remedy verify` finds everything intact."""

import base64
import subprocess
import tempfile
import textwrap
from pathlib import Path

from smoke.report import Ended, NotShown
from smoke.run import Run

LAG = "docs/runbook.md, Seal lag"


def seal(run: Run) -> str:
    """The sealer, invoked by hand, seals what is due; only it may use the key, and only as the function."""
    function = run.stack.physical("SealerFunction")
    error, answer = run.stack.invoke(function, {})
    if error or not isinstance(answer, dict) or "sealed" not in answer:
        raise Ended(f"{function}: {error or 'no answer'}, {str(answer)[:300]}", LAG)
    if answer["due"]:
        raise Ended(f"{function} left {answer['due']} hours unsealed", LAG)
    bucket = run.stack.physical("EvidenceBucket")
    pages = run.stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="seal/")
    seals = [one["Key"] for page in pages for one in page.get("Contents", []) if one["Key"].endswith(".sig")]
    if not seals:
        raise NotShown("no hour with evidence has ended yet, so there is no seal", "run again in two hours")
    return f"{function} sealed {len(answer['sealed'])} hours now, nothing is due; {len(seals)} seals in all"


def verify(run: Run) -> str:
    """`remedy verify` over the evidence bucket, with the key that AWS KMS tells."""
    if run.remedy is None:
        raise NotShown("there is no program `remedy`", "cargo build --release -p remedy, or name it: --remedy PATH")
    der = run.stack.client("kms").get_public_key(KeyId=run.stack.physical("SealKey"))["PublicKey"]
    text = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    bucket = run.stack.physical("EvidenceBucket")
    with tempfile.TemporaryDirectory(prefix="remedy-smoke-") as folder:
        pem = Path(folder) / "public.pem"
        pem.write_text(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
        command = [run.remedy, "verify", f"s3://{bucket}", "--key", str(pem)]
        try:
            done = subprocess.run(command, env=run.environment, capture_output=True, text=True, timeout=max(run.seconds, 60), check=False)
        except subprocess.TimeoutExpired:
            raise NotShown("remedy verify did not end", "run it by hand: docs/deploy.md, Verify") from None
    said = " / ".join((done.stdout + done.stderr).split("\n")).strip(" /")
    if done.returncode == 0:
        return f"remedy verify s3://{bucket}: {said[-300:]}"
    if done.returncode == 2:
        raise NotShown(f"remedy verify cannot say: {said[:400]}", LAG)
    raise Ended(f"remedy verify ended with {done.returncode}: {said[:400]}", "keep what it said; docs/runbook.md, Tampering")
