"""Plant faults in the parts that everything depends on, and see whether the tests of their own packages find them.

One part after the other: what guards, the settings and people, the ledger and four eyes, the operator, the chain of seals
and its verification. Needs cargo-mutants; each part works on a copy of the tree, and only its own package is compiled and
tested. Ends with 1 where fewer than 95 of 100 viable mutants are found, and names those that are not.
Usage: mutants.py [--again] [PART ...]      --again: only those that were not found the last time
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "mutants"
LEAST = 95
# Part: package, and its files. What people see in words (`Debug`, `Display`) is nobody's safety.
PARTS = {
    "domain": ("remedy-domain", ["shared/domain/src/guard.rs", "shared/domain/src/guard/**", "shared/domain/src/settings.rs", "shared/domain/src/settings/**"]),
    "engine": ("remedy-engine", ["shared/engine/src/ledger.rs", "shared/engine/src/ledger/**", "shared/engine/src/four_eyes.rs", "shared/engine/src/four_eyes/**"]),
    "operator": ("operator", ["functions/operator/src/asking.rs", "functions/operator/src/deciding.rs", "functions/operator/src/desk.rs"]),
    "sealer": ("sealer", ["functions/sealer/src/chain.rs", "functions/sealer/src/seal.rs", "functions/sealer/src/chain/**", "functions/sealer/src/seal/**"]),
    "evidence": ("remedy-evidence", ["shared/evidence/src/verify.rs", "shared/evidence/src/verify/**"]),
}


def run(part: str, again: bool) -> None:
    """One part; again, only what was not found the last time. What cargo-mutants says of single mutants by its status is judged below, over all of them."""
    package, files = PARTS[part]
    command = ["cargo", "mutants", "--package", package, "--test-package", package, "--test-tool", "nextest", "--jobs", "1"]
    command += ["--output", str(OUT / part), "--colors", "never", "--minimum-test-timeout", "60", "--exclude-re", "impl (Debug|Display)"]
    # Each mutant is compiled anew. Where the tests are short, compiling takes longest; the verifier's tests hash long histories.
    command += [f"--cargo-arg=--config=profile.dev.package.{package}.opt-level={1 if part == 'evidence' else 0}"]
    if again:
        command += ["--iterate"]
    for pattern in files:
        command += ["--file", pattern]
    (OUT / part).mkdir(parents=True, exist_ok=True)
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status not in (0, 2, 3):
        sys.exit(f"{part}: cargo-mutants ended with {status}")


def judge(part: str) -> bool:
    """Whether enough were found. A mutant whose test never ends is found."""
    outcomes = json.loads((OUT / part / "mutants.out" / "outcomes.json").read_text())
    found, missed = outcomes["caught"] + outcomes["timeout"], outcomes["missed"]
    share = 100 * found / (found + missed) if found + missed else 0
    print(f"{part:<10} {found} of {found + missed} found ({share:.1f} %), {outcomes['unviable']} do not compile")
    for line in (OUT / part / "mutants.out" / "missed.txt").read_text().splitlines():
        print(f"  not found: {line}")
    return share >= LEAST


def main() -> None:
    again = "--again" in sys.argv
    parts = [part for part in sys.argv[1:] if part != "--again"] or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        sys.exit(f"no such part: {', '.join(unknown)}\n{__doc__}")
    for part in parts:
        run(part, again)
    if not all([judge(part) for part in parts]):
        sys.exit(f"fewer than {LEAST} of 100 are found")


if __name__ == "__main__":
    main()
