"""What a rehearsal on an emulator and a smoke test on AWS (tools/smoke.py) have in common: samples, queues, waiting with a deadline."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
Envelope = dict[str, Any]
# The account, the Region, and the bucket, that the samples are about.
SAMPLED, SAMPLED_REGION, SAMPLED_BUCKET = "111122223333", "us-east-1", "phi-imaging-example"


def sample(name: str) -> Envelope:
    envelope: Envelope = json.loads((ROOT / f"events/samples/{name}.json").read_text())
    return envelope


def opened(bucket: str, account: str = SAMPLED, region: str = SAMPLED_REGION) -> Envelope:
    """Somebody took a bucket's public access block away (CloudTrail)."""
    text = json.dumps(sample("eb-ct-DeleteBucketPublicAccessBlock")).replace(SAMPLED_BUCKET, bucket)
    return dict(json.loads(text.replace(SAMPLED, account).replace(SAMPLED_REGION, region)))


def waiting(sqs: Any, url: str) -> int:
    """Messages in a queue, whether somebody works on them or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def until(look: Callable[[], Any], seconds: float, every: float = 0.05) -> Any:
    """Looks until there is something to see, or the time is over; answers what was seen last."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() <= end:
        time.sleep(every)
    return seen
