"""The commands of docs/deploy.md, It failed: again from the start, run as a person runs them: by the page's own text, with the AWS CLI."""

import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

from rehearsal.cloud import HUB, REGION, ROOT, Cloud
from rehearsal.report import Mismatch

PAGE, CHAPTER = "docs/deploy.md", "\n## It failed: again from the start\n"
NEEDED = ("aws", "bash", "jq")
LIMIT = 120


def missing() -> list[str]:
    """The programs that the commands call, and that are not here."""
    return [one for one in NEEDED if shutil.which(one) is None]


def block(step: str) -> str:
    """The commands of a numbered step, by the words that it begins with."""
    chapter = (ROOT / PAGE).read_text().partition(CHAPTER)[2].partition("\n## ")[0]
    found = re.search(rf"^\d+\. \*\*{re.escape(step)}(?:(?!^\d+\. ).)*?```sh\n(.*?)```", chapter, re.DOTALL | re.MULTILINE)
    if not found:
        raise Mismatch(f"{PAGE} has no commands under {step}", "name the step in tools/rehearsal/again.py as the page does")
    return textwrap.dedent(found[1])


def names() -> str:
    """What the first step sets for all others: the stack, the account, the partition."""
    return block("What depends on the hub").partition("\n")[0]


def bucket(name: str) -> str:
    """The step about buckets, for one of them. Its first line lists them."""
    return block("Buckets").partition("\n")[2].replace("BUCKET=NAME", f"BUCKET={name}")


def left(kept: list[tuple[str, str]]) -> str:
    """`left` of the page, with what a stack left behind: the emulator lists none of it."""
    cases = {kind: " ".join(name for of, name in kept if of == kind) for kind, _ in kept}
    return "left() { case $1 in " + " ".join(f"{kind}) printf '%s\\n' {given};;" for kind, given in cases.items()) + " esac; }"


def run(cloud: Cloud, *parts: str) -> str:
    """Runs them in one shell, which ends at the first that fails; what they print."""
    folder = Path(cloud.folder.name) / "terminal"
    folder.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    environment |= {"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "rehearsal", "AWS_MAX_ATTEMPTS": "1"}
    text = "\n".join([names(), *parts])
    shell = ["bash", "-euo", "pipefail", "-c", text]
    try:
        done = subprocess.run(shell, env=environment, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as late:
        raise Mismatch(f"commands of {PAGE} did not end within {LIMIT} seconds", "look at the emulator: target/rehearse.log") from late
    if done.returncode:
        cloud.log.write(f"{text}\n{done.stdout}{done.stderr}\n")
        # The AWS CLI tells much of its usage, too.
        lines = done.stderr.strip().splitlines() or ["nothing"]
        said = next((line for line in lines if re.search("error|invalid", line, re.IGNORECASE)), lines[-1])
        raise Mismatch(f"commands of {PAGE} ended with {done.returncode}, and said {said}", f"read them in target/rehearse.log, and mend {PAGE}")
    return done.stdout
