"""Drift, told as AWS tells it, through the deployed rule, queue and mapping to the binary, and repaired."""

import json
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from rehearsal.cloud import HUB, REGION, Cloud
from rehearsal.ledger import Ledger
from rehearsal.shared import Envelope, opened, sample
from rehearsal.stack import STACK

OPEN = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
CLOSED = dict.fromkeys(OPEN, True)
WEAK = {"MinimumPasswordLength": 6, "RequireSymbols": False, "RequireNumbers": False}


class Case(NamedTuple):
    """One drift: where, how AWS tells of it, and what must become of it."""

    function: str
    control: str
    resource: str
    rule: str
    envelope: Envelope
    look: Callable[[], Any]
    broken: Any
    mended: Any


def unrotated(key: str, account: str = HUB) -> Envelope:
    """AWS Config found a key that does not rotate: the sample, about this key."""
    text = json.dumps(sample("eb-compliance-kms-rotation")).replace("1234abcd-12ab-34cd-56ef-1234567890ab", key)
    text = text.replace("cmk-backing-key-rotation-enabled", f"{STACK}-cmk-backing-key-rotation-enabled")
    return dict(json.loads(text.replace(HUB, account)))


def weakened() -> Envelope:
    """Somebody changed the password policy (CloudTrail): the same sample, about another call."""
    envelope = sample("eb-ct-DeleteBucketPublicAccessBlock") | {"source": "aws.iam"}
    envelope["detail"] |= {"eventSource": "iam.amazonaws.com", "eventName": "UpdateAccountPasswordPolicy"}
    envelope["detail"]["requestParameters"] = {"minimumPasswordLength": 6}
    return envelope


def key(cloud: Cloud, account: str = HUB) -> str:
    """A key that does not rotate."""
    return str(cloud.client("kms", account).create_key(Description="images")["KeyMetadata"]["KeyId"])


def rotates(cloud: Cloud, of: str, account: str = HUB) -> bool:
    return bool(cloud.client("kms", account).get_key_rotation_status(KeyId=of)["KeyRotationEnabled"])


def open_bucket(cloud: Cloud, region: str = REGION) -> str:
    """A bucket that everybody could open to the public."""
    bucket, s3 = f"phi-imaging-{uuid.uuid4().hex[:8]}", cloud.client("s3", region=region)
    # S3 takes no location for the one Region that it began in.
    s3.create_bucket(Bucket=bucket, **({} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}))
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=OPEN)
    return bucket


def block(cloud: Cloud, bucket: str, region: str = REGION) -> dict[str, bool]:
    return dict(cloud.client("s3", region=region).get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"])


def cases(cloud: Cloud) -> list[Case]:
    """Breaks three things."""
    iam, made, bucket = cloud.client("iam"), key(cloud), open_bucket(cloud)
    iam.update_account_password_policy(**WEAK)
    length = lambda: iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] >= 14  # noqa: E731
    rotation = lambda: rotates(cloud, made)  # noqa: E731
    key_of = ("kms-keys", "kms-key-unrotated", made, "KmsKeysDrift", unrotated(made))
    bucket_of = ("s3-public-access", "s3-bucket-public", bucket, "S3PublicAccessDrift", opened(bucket))
    policy_of = ("iam-password-policy", "iam-password-policy-weak", HUB, "IamPasswordPolicyDrift", weakened())
    return [
        Case(*key_of, rotation, False, True),
        Case(*bucket_of, lambda: block(cloud, bucket), OPEN, CLOSED),
        Case(*policy_of, length, False, True),
    ]


def forged(ledger: Ledger, envelope: Envelope) -> None:
    """Nobody but AWS sends events of AWS."""
    entry = {
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": json.dumps(envelope["detail"]),
    }
    told = ledger.cloud.client("events").put_events(Entries=[entry])["Entries"][0].get("ErrorCode")
    ledger.report.expect(
        "PutEvents by a caller, source aws.config", told, "NotAuthorizedForSourceException", "look at the emulator"
    )


def patterns(ledger: Ledger, case: Case) -> None:
    """The deployed rule takes this event, and not the same of another account, or of another kind."""
    events, report = ledger.cloud.client("events"), ledger.report
    pattern = events.describe_rule(Name=ledger.deployment.rule(case.rule))["EventPattern"]
    others = [case.envelope | {"account": "999999999999"}, case.envelope | {"detail-type": "Something Else"}]
    taken = [
        events.test_event_pattern(EventPattern=pattern, Event=json.dumps(one))["Result"]
        for one in [case.envelope, *others]
    ]
    then = f"compare {case.rule} in template.yaml with the events of AWS"
    report.expect(f"{case.rule} takes it; of a stranger; of another kind", taken, [True, False, False], then)


def repaired(ledger: Ledger, case: Case) -> None:
    """Breaks nothing and asks nobody but AWS: what the resource is like now, and what the evidence says."""
    report = ledger.report
    report.expect(f"{case.control}: before", case.look(), case.broken, "the drift was not made: look at the emulator")
    patterns(ledger, case)
    ledger.cloud.emit(case.envelope)
    then = lambda: next_step(ledger, case)  # noqa: E731
    report.wait(f"{case.control}: the resource put right", lambda: case.look() == case.mended, then)
    report.saw(f"{case.control}: after, asked of the service itself", case.look())
    look = lambda: ledger.outcome(case.control, case.resource)  # noqa: E731
    where, outcome = report.wait(f"{case.control}: an outcome in the evidence bucket", look, then)
    report.expect(f"{case.control}: the evidence says", outcome["outcome"], "repaired", f"read {where}")
    intents = [one for one in ledger.about(case.control, case.resource).values() if one["kind"] == "intent"]
    attempts = [one["attempt"] for one in intents]
    report.expect(f"{case.control}: its one intent", attempts, [outcome["attempt"]], f"read the records beside {where}")
    kept(ledger, where)
    ledger.empty(case.function)


def next_step(ledger: Ledger, case: Case) -> str:
    """Where to look, by what the function's log says of the resource."""
    runs = [one for one in ledger.lines(case.function, "run") if one.get("target.id") == case.resource]
    if not runs:
        return (
            f"no run of {case.function} about it: look at the rule {case.rule}, the queue and its event source mapping"
        )
    return f"its run ended as {runs[-1]['outcome']}, check {runs[-1].get('check')}: docs/runbook.md, Look"


def kept(ledger: Ledger, where: str) -> None:
    """The record is under Object Lock, and encrypted with the stack's key."""
    bucket, report = ledger.bucket("EvidenceBucket"), ledger.report
    head = ledger.s3.head_object(Bucket=bucket, Key=where)
    found = (head.get("ObjectLockMode"), head.get("ServerSideEncryption"))
    report.expect("the record: Object Lock, encryption", found, ("GOVERNANCE", "aws:kms"), "look at EvidenceBucket")
    try:
        ledger.s3.delete_object(Bucket=bucket, Key=where, VersionId=head["VersionId"])
    except ClientError as error:
        report.expect("deleting the record", error.response["Error"]["Code"], "AccessDenied", "look at EvidenceBucket")
    else:
        report.expect("deleting the record", "done", "refused", "look at EvidenceBucket")


def listen(ledger: Ledger) -> str:
    """Somebody who hears the notices."""
    queue = str(ledger.sqs.create_queue(QueueName="somebody")["QueueUrl"])
    arn = ledger.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = ledger.deployment.names["Topic"]
    ledger.cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


def told(ledger: Ledger, queue: str, count: int) -> None:
    look = lambda: ledger.waiting(queue) >= count  # noqa: E731
    ledger.report.wait(f"{count} notices", look, "docs/runbook.md, Unsent")
    ledger.report.saw("notices that reached a subscriber of the topic", ledger.waiting(queue))


def run(ledger: Ledger) -> None:
    made = cases(ledger.cloud)
    somebody = listen(ledger)
    forged(ledger, made[0].envelope)
    ledger.report.differs("events of AWS: events/samples with other names, put on the default bus in AWS's place")
    for case in made:
        repaired(ledger, case)
    told(ledger, somebody, len(made))
