"""Faults to rehearse with: a check that cannot fail is none. Each must end the rehearsal with 1."""

from collections.abc import Callable

from rehearsal.cloud import REGION
from rehearsal.ledger import Ledger
from rehearsal.stack import SETTINGS, STACK


def rule(ledger: Ledger) -> None:
    """The EventBridge rule of drift of keys is off."""
    ledger.cloud.client("events").disable_rule(Name=ledger.deployment.rule("KmsKeysDrift"))


def tries(ledger: Ledger) -> None:
    """A message is given up after three tries, and not after five."""
    url = ledger.queue("kms-keys")
    arn = ledger.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    ledger.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": arn.replace("5}", "3}")})


def rotation(ledger: Ledger) -> None:
    """Keys are only observed, so rotation stays off."""
    modes = {"default": "enforce", "controls": {"kms-key-unrotated": "observe"}}
    ledger.deployment.write_settings(SETTINGS | {"modes": modes})


def partial(ledger: Ledger) -> None:
    """The event source mapping does not listen to which messages failed."""
    uuid = ledger.source("kms-keys")["UUID"]
    ledger.functions.update_event_source_mapping(UUID=uuid, FunctionResponseTypes=[])


def means(ledger: Ledger) -> None:
    """A function has no write role."""
    name = f"{STACK}-s3-public-access"
    now = ledger.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    without = {key: value for key, value in now.items() if key != "REMEDY_WRITE_ROLE"}
    ledger.functions.update_function_configuration(FunctionName=name, Environment={"Variables": without})
    ledger.functions.get_waiter("function_updated").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def elsewhere(ledger: Ledger) -> None:
    """The hub's rule of drift of buckets hears of its own Region only."""
    properties = ledger.deployment.document["Resources"]["S3PublicAccessDrift"]["Properties"]
    properties["EventPattern"]["region"] = [REGION]


def leftovers(ledger: Ledger) -> None:
    """Log groups are kept by a creation that fails, too."""
    for one in ledger.deployment.document["Resources"].values():
        if one["Type"] == "AWS::Logs::LogGroup":
            one["DeletionPolicy"] = "Retain"


FAULTS: dict[str, Callable[[Ledger], None]] = {
    one.__name__: one for one in (rule, tries, rotation, partial, means, elsewhere, leftovers)
}
