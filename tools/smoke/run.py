"""A run: what it made, so that all of it goes again, and how long it waits."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rehearsal.shared import until

from smoke.report import Report
from smoke.stack import Stack

TAG = "remedy-smoke"


def new_id() -> str:
    """Letters alone: digits in a row are masked in Remedy's logs (ADR 0020)."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


@dataclass
class Run:
    """One run on one stack."""

    stack: Stack
    report: Report
    id: str = field(default_factory=new_id)
    # The deadline of each wait, and the time between two looks.
    seconds: float = 600.0
    every: float = 5.0
    remedy: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    made: dict[str, Callable[[], Any]] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    # When the alarm was set: the rule TamperingAlarms hears of that call.
    alarm_set: datetime | None = None

    def wait(self, look: Callable[[], Any]) -> Any:
        return until(look, self.seconds, self.every)

    @property
    def bucket(self) -> str:
        """No stack or role begins with `smoke-`, and no policy of the template names it."""
        return f"smoke-{self.id}-{self.stack.name.lower()}"

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The objects that it tries to put, and must not be able to: bucket and key.

        Nothing reads them. A key under `hold/` would stop everything, whatever it holds (registry.rs); the policy denies all keys alike.
        """
        state, evidence = self.stack.physical("StateBucket"), self.stack.physical("EvidenceBucket")
        return [(state, f"smoke/hold-{self.id}"), (state, f"settings-smoke-{self.id}.json"), (evidence, f"smoke/record-{self.id}")]

    def clean(self, only: list[str] | None = None) -> list[str]:
        """Removes what was made, last things first. Answers what could not be removed, and why."""
        left = []
        for what in reversed(only or list(self.made)):
            try:
                self.made[what]()
                del self.made[what]
            except (ClientError, BotoCoreError) as error:
                left.append(f"{what}: {error}")
        return left


def remove_bucket(s3: Any, bucket: str) -> bool:
    """Deletes an empty bucket; whether it was there."""
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
            return False
        raise
    return True


def remove_object(s3: Any, bucket: str, key: str) -> int:
    """Deletes all versions and delete markers of one key; how many there were."""
    told = s3.list_object_versions(Bucket=bucket, Prefix=key)
    versions = [one for one in told.get("Versions", []) + told.get("DeleteMarkers", []) if one["Key"] == key]
    for one in versions:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])
    return len(versions)


def whose(s3: Any, bucket: str, run: str) -> str | None:
    """Whether a bucket of that name is the run's (`own`): by its tag, or it has none, because the run ended before. None where there is none."""
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("NoSuchBucket", "NoSuchTagSet"):
            return "own" if code == "NoSuchTagSet" else None
        raise
    return "own" if {"Key": TAG, "Value": run} in tags else "another's"


def leftovers(run: Run) -> list[str]:
    """Puts on the run's list what an earlier run of this id left behind. Answers what has its name and not its tag."""
    s3, others = run.stack.client("s3"), []
    owner = whose(s3, run.bucket, run.id)
    if owner == "own":
        run.made[f"bucket {run.bucket}"] = lambda: remove_bucket(s3, run.bucket)
    elif owner:
        others.append(f"bucket {run.bucket}: without the tag {TAG}={run.id} it may be anybody's; look at it, and delete it by hand")
    for bucket, key in run.keys:
        told = s3.list_object_versions(Bucket=bucket, Prefix=key)
        if any(one["Key"] == key for one in told.get("Versions", []) + told.get("DeleteMarkers", [])):
            run.made[f"object s3://{bucket}/{key}"] = lambda bucket=bucket, key=key: remove_object(s3, bucket, key)
    return others
