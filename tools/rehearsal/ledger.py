"""What Remedy leaves behind, read from outside: evidence, logs, queues."""

import json
from collections.abc import Callable
from typing import Any

from rehearsal.shared import waiting
from rehearsal.stack import STACK, Deployment

Record = dict[str, Any]


class Ledger:
    """The evidence bucket, the state bucket, the logs and the queues of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.cloud, self.report = deployment, deployment.cloud, deployment.report
        self.s3, self.sqs = deployment.s3, deployment.cloud.client("sqs")
        self.functions, self.logs = deployment.cloud.client("lambda"), deployment.cloud.client("logs")

    def bucket(self, which: str) -> str:
        return self.deployment.names[which]

    def keys(self, which: str, prefix: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket(which), Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def records(self) -> dict[str, Record]:
        """Records by key; seals and rejections are no records of a run."""
        keys = [key for key in self.keys("EvidenceBucket") if key[:1].isdigit() and "/rejected-" not in key]
        read = lambda key: self.s3.get_object(Bucket=self.bucket("EvidenceBucket"), Key=key)["Body"]  # noqa: E731
        return {key: json.load(read(key)) for key in keys}

    def about(self, control: str, resource: str) -> dict[str, Record]:
        """The records of runs about a resource; decisions of people are about asks."""
        runs = {key: one for key, one in self.records().items() if "control" in one and "target" in one}
        return {key: one for key, one in runs.items() if (one["control"], one["target"]["id"]) == (control, resource)}

    def outcome(self, control: str, resource: str) -> tuple[str, Record] | None:
        found = [(key, one) for key, one in self.about(control, resource).items() if one["kind"] == "outcome"]
        return found[-1] if found else None

    def queue(self, function: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=f"{STACK}-{function}")["QueueUrl"])

    def dead_letters(self) -> str:
        """The one dead-letter queue of the stack."""
        return self.queue("dead-letters")

    def waiting(self, url: str) -> int:
        return waiting(self.sqs, url)

    def empty(self, function: str) -> None:
        """Waits until a function's queue is empty, and sees that nothing went astray."""
        url, dead = self.queue(function), self.dead_letters()
        look = f"look at the log group /aws/lambda/{STACK}-{function} in target/rehearse.log"
        self.report.wait(f"an empty queue of {function}", lambda: self.waiting(url) == 0, look)
        self.report.expect(f"{function}: messages left, dead letters", (0, self.waiting(dead)), (0, 0), look)

    def lines(self, function: str, message: str | None = None) -> list[Record]:
        """A function's log lines with this message; metrics have none."""
        found = []
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{STACK}-{function}")
        for event in (event for page in pages for event in page["events"]):
            for line in event["message"].splitlines():
                if line.startswith("{") and (told := json.loads(line)).get("message") == message:
                    found.append(told)
        return found

    def source(self, function: str) -> Record:
        """A function's event source mapping."""
        return self.functions.list_event_source_mappings(FunctionName=f"{STACK}-{function}")["EventSourceMappings"][0]

    def switch(self, function: str, on: bool) -> None:
        """Switches an event source mapping, and waits until it is so."""
        uuid, wanted = self.source(function)["UUID"], "Enabled" if on else "Disabled"
        self.functions.update_event_source_mapping(UUID=uuid, Enabled=on)
        state: Callable[[], bool] = lambda: self.source(function)["State"] == wanted  # noqa: E731
        self.report.wait(f"the event source mapping of {function} {wanted}", state, "look at the emulator")
