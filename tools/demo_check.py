"""Recomputes the final state of the demo from the AWS API, without any code of Remedy, and compares.

Usage: demo_check.py clinic|research MANIFEST SUMMARY. Ends with 1 on any mismatch.
"""

import hashlib
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from demo_state import Aws, Place, State, read

Record = dict[str, Any]

DENY = "remedy-iam-mfa-deny"
# The inline policy of earlier versions.
FENCE = "RemedyDenyWithoutMfa"
WRITTEN = {"repaired", "contained"}
HELD = {"awaiting-approval", "blocked", "needs-human"}


class Check:
    """The checks of one account: what was checked, and what did not hold."""

    def __init__(self, name: str, manifest: dict[str, Any], summary: dict[str, Any]) -> None:
        self.aws = Aws(os.environ["DEMO_EMULATOR"])
        self.places: list[Place] = manifest[name]["places"]
        told = [place for place in summary["places"] if place["account"] == name]
        self.told = {(place["control"], place["resource"]): place for place in told}
        records = self.objects(f"remedy-evidence-{self.aws.account}", "")
        # Other settings in force are about no place.
        self.records = {key: record for key, record in records.items() if record["kind"] != "settings"}
        self.plans = self.objects(f"remedy-state-{self.aws.account}", "plan/")
        self.counts: dict[str, int] = {}
        self.mismatches: list[str] = []
        arn = f"arn:aws:iam::{self.aws.account}:policy/{DENY}"
        default = self.aws.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        version = self.aws.iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]
        denies = any(denies_without_mfa(statement) for statement in version["Document"]["Statement"])
        self.expect("the MFA-deny policy denies", denies, f"{DENY} denies nothing")

    def objects(self, bucket: str, prefix: str) -> dict[str, Record]:
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: json.load(self.aws.s3.get_object(Bucket=bucket, Key=key)["Body"]) for key in keys}

    def expect(self, what: str, holds: bool, mismatch: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        if not holds:
            self.mismatches.append(mismatch)

    def run(self) -> None:
        for place in self.places:
            self.state(place)
            self.outcome(place)
            self.evidence(place)
        self.intents()
        self.plan_ids()
        known = {(place["control"], place["resource"]) for place in self.places}
        for key, record in self.records.items():
            self.expect("records are about a known place", about(record) in known, f"{key} is about {about(record)}")

    def state(self, place: Place) -> None:
        """What must have changed has, and nothing else of the place has; what must not be touched is as it was."""
        now, change = read(self.aws, place), place["change"]
        name = f"{place['control']} {place['label']}"
        if change is None or place["undo"]:
            what = "undone places are as before" if place["undo"] else "untouched places are as before, byte for byte"
            self.expect(what, text(now) == text(place["before"]), f"{name}: {difference(place['before'], now)}")
        elif "fence" in change:
            self.expect("fences are as they must be", fenced(now) == change["fence"], f"{name}: fence {fenced(now)}")
            before, after = without_fence(place["before"]), without_fence(now)
            mismatch = f"{name}: {difference(before, after)}"
            self.expect("nothing else of a fenced user changed", before == after, mismatch)
        else:
            must = place["before"] | change
            what, mismatch = "repaired places are right, the rest of them as before", f"{name}: {difference(must, now)}"
            self.expect(what, text(now) == text(must), mismatch)

    def outcome(self, place: Place) -> None:
        told = self.told.get((place["control"], place["resource"]), {}).get("outcome")
        mismatch = f"{place['label']}: {told}, but it must be {place['outcome']}"
        self.expect("outcomes are as they must be", told == place["outcome"], mismatch)

    def evidence(self, place: Place) -> None:
        """Each repair has its records, each held plan its one; where nothing was to be done there is none."""
        where = (place["control"], place["resource"])
        own = {key: record for key, record in self.records.items() if about(record) == where}
        kinds, must = sorted(kind_of(record) for record in own.values()), expected_kinds(place)
        mismatch = f"{place['label']}: {kinds}, but it must be {must}"
        self.expect("places have exactly their records", kinds == must, mismatch)
        told = self.told.get(where, {}).get("evidence", [])
        missing = [key for key in told if key not in own]
        self.expect("evidence keys of the summary exist", not missing, f"{place['label']}: no {missing}")

    def intents(self) -> None:
        for key, intent in self.records.items():
            if intent["kind"] == "intent":
                others = [record for record in self.records.values() if record.get("attempt") == intent["attempt"]]
                ends = [record for record in others if record["kind"] == "outcome"]
                self.expect("intents have exactly one outcome", len(ends) == 1, f"{key} has {len(ends)} outcomes")

    def plan_ids(self) -> None:
        """A plan's id is the SHA-256 of its canonical JSON: sorted keys, no spaces."""
        for key, stored in self.plans.items():
            digest = hashlib.sha256(text(stored["plan"]).encode()).hexdigest()
            self.expect("plan ids are the digests of their plans", key == f"plan/{digest}", f"{key} is {digest}")


def about(record: Record) -> tuple[str, str]:
    return record["control"], record["target"]["id"]


def kind_of(record: Record) -> str:
    return " ".join(word for word in (record["purpose"], record["kind"], record.get("outcome")) if word)


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def difference(must: State, now: State) -> str:
    sections = [name for name in sorted(must.keys() | now.keys()) if must.get(name) != now.get(name)]
    return "; ".join(f"{name} is {text(now.get(name))}, but it must be {text(must.get(name))}" for name in sections)


def fenced(state: State) -> str:
    """Whether a policy of the user denies everything but enrolling, without MFA: the managed one, or an inline one."""
    return "down" if without_fence(state) == state else "up"


def denies_without_mfa(statement: dict[str, Any]) -> bool:
    spared = statement.get("NotAction", ["*"])
    enrolling = all(action.endswith(("MFADevice", "MFADevices", ":GetUser", ":GetSessionToken")) for action in spared)
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    return (
        (statement["Effect"], statement["Resource"]) == ("Deny", "*")
        and statement.get("Condition") == condition
        and enrolling
    )


def without_fence(state: State) -> State:
    attached = [policy for policy in state["attached"] if policy["PolicyName"] != DENY]
    inline = {name: policy for name, policy in state["inline"].items() if not (name == FENCE and is_fence(policy))}
    return state | {"attached": attached, "inline": inline}


def is_fence(policy: dict[str, Any]) -> bool:
    return any(denies_without_mfa(statement) for statement in policy["Statement"])


def expected_kinds(place: Place) -> list[str]:
    outcome = place["outcome"]
    kinds = []
    if outcome in WRITTEN:
        kinds += ["repair intent", f"repair outcome {outcome}"]
    if outcome in HELD:
        kinds += [f"repair held {outcome}"]
    if place["undo"]:
        kinds += ["revert exemption exempt", "revert intent", "revert outcome reverted", "repair held exempt"]
    return sorted(kinds)


def main() -> int:
    name, manifest, summary = sys.argv[1:]
    check = Check(name, json.loads(Path(manifest).read_text()), json.loads(Path(summary).read_text()))
    check.run()
    checks = f"{name}: " + ", ".join(f"{what} ({count})" for what, count in check.counts.items())
    print(textwrap.fill(checks, 120, initial_indent="   ", subsequent_indent="     "))
    for mismatch in check.mismatches:
        print(f"   MISMATCH in {name}: {mismatch}")
    return 1 if check.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
