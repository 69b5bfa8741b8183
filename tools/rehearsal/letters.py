"""Messages that fail: a poison message among good ones, and a fault that is mended (docs/runbook.md, Dead letters)."""

import json
from typing import Any

from botocore.exceptions import ClientError

from rehearsal import drift
from rehearsal.ledger import Ledger
from rehearsal.stack import STACK

FUNCTION, CONTROL, POISON = "kms-keys", "kms-key-unrotated", '{"nonsense": 1}'
# Another function, whose messages end in the same dead-letter queue.
OTHER, OTHER_CONTROL = "s3-public-access", "s3-bucket-public"
# What docs/runbook.md promises: a message that failed five times is given up.
TRIES = 5
SHORT = "2"
READ = "docs/runbook.md, Dead letters; the log of kms-keys"


def run(ledger: Ledger) -> None:
    usual = {}
    for function in (FUNCTION, OTHER):
        url = ledger.queue(function)
        usual[url] = ledger.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        ledger.report.differs(
            f"VisibilityTimeout of {STACK}-{function}: {SHORT} instead of {usual[url]['VisibilityTimeout']}, while messages fail"
        )
        ledger.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": SHORT})
    try:
        poison(ledger)
        fault(ledger)
    finally:
        for url, attributes in usual.items():
            ledger.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def poison(ledger: Ledger) -> None:
    """A message that nobody understands, between two good ones in the queue."""
    report, good = ledger.report, [drift.key(ledger.cloud) for _ in range(2)]
    bodies = [json.dumps(drift.unrotated(key)) for key in good]
    ledger.switch(FUNCTION, on=False)
    sent = ledger.sqs.send_message_batch(
        QueueUrl=ledger.queue(FUNCTION),
        Entries=[{"Id": str(at), "MessageBody": one} for at, one in enumerate([bodies[0], POISON, bodies[1]])],
    )
    ledger.switch(FUNCTION, on=True)
    report.expect("messages that a function takes at a time", ledger.source(FUNCTION)["BatchSize"], 1, "template.yaml")
    for key in good:
        look = lambda key=key: ledger.outcome(CONTROL, key)  # noqa: E731
        _, outcome = report.wait("a neighbour's outcome", look, READ)
        found = (outcome["outcome"], drift.rotates(ledger.cloud, key))
        report.expect("a neighbour of it", found, ("repaired", True), READ)
    dead = given_up(ledger, sent["Successful"][1]["MessageId"], POISON)
    rejected = [key for key in ledger.keys("EvidenceBucket") if f"/rejected-{FUNCTION}-" in key]
    # Of one kind there is one an hour; the hour may have turned meanwhile.
    report.expect("refusals recorded, one a kind and hour", 1 <= len(rejected) <= 2, True, READ)
    ledger.sqs.delete_message(QueueUrl=ledger.dead_letters(), ReceiptHandle=dead["ReceiptHandle"])
    report.saw("as the runbook says of what is refused", "the first digest is recorded; deleted from the dead letters")
    ledger.empty(FUNCTION)


def given_up(ledger: Ledger, message: str, body: str) -> dict[str, Any]:
    """The message as it lies among the dead letters, after as many tries as the runbook says."""
    report, dead = ledger.report, ledger.dead_letters()
    report.wait("a dead letter", lambda: ledger.waiting(dead) == 1, READ, seconds=60)
    backs = [one for one in ledger.lines(FUNCTION, "a message is given back") if one.get("message.id") == message]
    report.expect(
        "times it was tried and given back", len(backs), TRIES, "maxReceiveCount of the queue in template.yaml"
    )
    url = {"QueueUrl": dead, "MaxNumberOfMessages": 1, "VisibilityTimeout": 1}
    letter: dict[str, Any] = ledger.sqs.receive_message(**url, AttributeNames=["All"])["Messages"][0]
    report.expect("the dead letter is the message, untouched", letter["Body"] == body, True, READ)
    source = letter["Attributes"].get("DeadLetterQueueSourceArn", "").rpartition(":")[2]
    report.expect("it came from the queue", source, f"{STACK}-{FUNCTION}", READ)
    return letter


def fault(ledger: Ledger) -> None:
    """Good events of two functions meet damaged settings in force; they are mended, and the dead letters go back, each to its own queue."""
    report, key, bucket = ledger.report, drift.key(ledger.cloud), drift.open_bucket(ledger.cloud)
    s3, place = ledger.deployment.s3, {"Bucket": ledger.deployment.names["StateBucket"], "Key": "settings/in-force"}
    good = s3.get_object(**place)["Body"].read() if place["Key"] in ledger.keys("StateBucket") else None
    s3.put_object(**place, Body=b"{")
    before = work(ledger)
    seen = {function: len(ledger.lines(function, "a message is given back")) for function in (FUNCTION, OTHER)}
    ledger.cloud.emit(drift.unrotated(key))
    ledger.cloud.emit(drift.opened(bucket))
    dead = ledger.dead_letters()
    report.wait("two dead letters", lambda: ledger.waiting(dead) == len(seen), READ, seconds=60)
    tries = {function: len(ledger.lines(function, "a message is given back")) - count for function, count in seen.items()}
    must = dict.fromkeys(seen, TRIES)
    report.expect("tries of each event while the settings in force are damaged", tries, must, READ)
    block = lambda: drift.block(ledger.cloud, bucket)  # noqa: E731
    found = (drift.rotates(ledger.cloud, key), block() == drift.OPEN, work(ledger) == before)
    report.expect("the key rotates, the bucket is open, nothing was tried meanwhile", found, (False, True, True), READ)
    if good is None:
        s3.delete_object(**place)
    else:
        s3.put_object(**place, Body=good)
    redrive(ledger)
    report.wait("the key rotates after the redrive", lambda: drift.rotates(ledger.cloud, key), READ)
    report.wait("the bucket is closed after the redrive", lambda: block() == drift.CLOSED, READ)
    for control, resource in ((CONTROL, key), (OTHER_CONTROL, bucket)):
        look = lambda control=control, resource=resource: ledger.outcome(control, resource)  # noqa: E731
        _, outcome = report.wait("its outcome", look, READ)
        report.expect(f"{control}, redriven after the settings were mended", outcome["outcome"], "repaired", READ)
    for function in (FUNCTION, OTHER):
        ledger.empty(function)


def work(ledger: Ledger) -> list[str]:
    """The keys of the ledger without notices: people are notified of damage."""
    return [key for key in ledger.keys("StateBucket") if not key.startswith("notice/")]


def redrive(ledger: Ledger) -> None:
    """The runbook's move task, which names no destination; where the emulator has none, each letter is sent back to the queue that Amazon
    SQS says it came from, and deleted."""
    dead = ledger.dead_letters()
    arn = ledger.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    try:
        ledger.sqs.start_message_move_task(SourceArn=arn)
        ledger.report.saw("redrive", "sqs:StartMessageMoveTask")
        return
    except ClientError as error:
        ledger.report.leaves_out(
            "sqs:StartMessageMoveTask",
            f"{error.response['Error']['Code']}; each dead letter is sent to its DeadLetterQueueSourceArn, and deleted",
        )
    moved = []
    asked = {"MaxNumberOfMessages": 10, "AttributeNames": ["DeadLetterQueueSourceArn"]}
    while letters := ledger.sqs.receive_message(QueueUrl=dead, **asked).get("Messages"):
        for letter in letters:
            source = letter["Attributes"]["DeadLetterQueueSourceArn"].rpartition(":")[2]
            home = ledger.sqs.get_queue_url(QueueName=source)["QueueUrl"]
            ledger.sqs.send_message(QueueUrl=home, MessageBody=letter["Body"])
            ledger.sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
            moved.append(source)
    must = [f"{STACK}-{function}" for function in (FUNCTION, OTHER)]
    ledger.report.expect("dead letters sent back, each to the queue it came from", sorted(moved), must, READ)
