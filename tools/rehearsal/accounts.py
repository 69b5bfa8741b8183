"""Two accounts: an event of a member account is served from the hub, through the roles that the member has for it.

The emulator shows this: state is apart by account, and AssumeRole leads into the account of the role's ARN. It does not
show this: without AUTH it asks no trust policy, and its EventBridge sends nothing to another account's bus.
"""

import json
from typing import Any

import template_guard
from botocore.exceptions import ClientError

from rehearsal import drift
from rehearsal.cloud import HUB, MEMBER
from rehearsal.ledger import Ledger
from rehearsal.stack import OTHERS, STACK, placed, put_rules

TEMPLATE = "member-roles.yaml"
FUNCTION, CONTROL = "kms-keys", "kms-key-unrotated"
# The hub's rule and, under its name on the hub, the member's.
RULE, SENDS = "KmsElsewhere", "Found"
VALUES = {"HubAccount": HUB, "StackName": STACK, "Writes": "permitted"} | OTHERS
MEMBER_STACK = "remedy-member"
LOG = f"the log group /aws/lambda/{STACK}-{FUNCTION}"


def run(ledger: Ledger) -> None:
    apart(ledger)
    rule = join(ledger)
    serve(ledger, rule)


def apart(ledger: Ledger) -> None:
    """The accounts have state of their own; a session of the member's role sees the member's."""
    report, cloud, key = ledger.report, ledger.cloud, drift.key(ledger.cloud, MEMBER)
    then = "look at the emulator: without accounts apart, this step shows nothing"
    report.expect("the hub sees the member's key", sees(cloud.client("kms"), key), False, then)
    arn = f"arn:aws:iam::{MEMBER}:role/anything"
    made = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="rehearsal")["Credentials"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    session = cloud.client("kms", **keys, aws_session_token=made["SessionToken"])
    report.expect("a session of a role in the member sees it", sees(session, key), True, then)


def sees(kms: Any, key: str) -> bool:
    try:
        kms.describe_key(KeyId=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return False
        raise
    return True


def join(ledger: Ledger) -> str:
    """The member account deploys member-roles.yaml; the name of its rule that hears of drift."""
    formation, report = ledger.cloud.client("cloudformation", MEMBER), ledger.report
    document = template_guard.transformed(TEMPLATE)
    document["Conditions"] = placed(document["Conditions"])
    formation.create_stack(
        StackName=MEMBER_STACK,
        TemplateBody=json.dumps(document),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in VALUES.items()],
    )
    state = lambda: formation.describe_stacks(StackName=MEMBER_STACK)["Stacks"][0]["StackStatus"]  # noqa: E731
    report.wait("the member's stack", lambda: not state().endswith("IN_PROGRESS"), "look at target/rehearse.log")
    report.expect("member-roles.yaml in the member account", state(), "CREATE_COMPLETE", "look at target/rehearse.log")
    put_rules(ledger.cloud.client("config", MEMBER), {"AWS::AccountId": MEMBER}, report)
    made = formation.describe_stack_resources(StackName=MEMBER_STACK)["StackResources"]
    count = sum(one["ResourceType"] == "AWS::IAM::Role" for one in made)
    report.saw("roles of the member", count)
    name = f"{STACK}-{FUNCTION}"
    now = ledger.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    roles = {"REMEDY_READ_ROLE": f"{name}-read", "REMEDY_WRITE_ROLE": f"{name}-write"}
    wanted = roles | {"REMEDY_EXTERNAL_ID": VALUES["ExternalId"]}
    report.expect("the hub's function knows", {key: now.get(key) for key in wanted}, wanted, "look at template.yaml")
    there = {one["PhysicalResourceId"] for one in made}
    report.expect("the member has these roles", set(roles.values()) <= there, True, "look at member-roles.yaml")
    return next(str(one["PhysicalResourceId"]) for one in made if one["LogicalResourceId"] == SENDS)


def serve(ledger: Ledger, rule: str) -> None:
    """The same drift in both accounts; the event is of the member, and only the member is repaired."""
    report, cloud = ledger.report, ledger.cloud
    here, there = drift.key(cloud), drift.key(cloud, MEMBER)
    deliver(ledger, drift.unrotated(there, MEMBER), rule)
    report.wait("the member's key rotates", lambda: drift.rotates(cloud, there, MEMBER), LOG)
    report.expect("rotates: the member's key, the hub's", (True, drift.rotates(cloud, here)), (True, False), LOG)
    where, outcome = report.wait("an outcome in the hub's evidence", lambda: ledger.outcome(CONTROL, there), LOG)
    found = (outcome["outcome"], outcome["target"]["account"])
    report.expect("the hub's evidence says", found, ("repaired", MEMBER), f"read {where}")
    ledger.empty(FUNCTION)
    report.leaves_out("trust policies and external ids of the member's roles", "the emulator asks none without AUTH")


def deliver(ledger: Ledger, envelope: drift.Envelope, rule: str) -> None:
    """By the member's rule to the bus of the hub, and by the hub's rule there to the queue."""
    report, cloud, event = ledger.report, ledger.cloud, json.dumps(envelope)
    sent, heard = cloud.client("events", MEMBER), cloud.client("events")
    pattern = sent.describe_rule(Name=rule)["EventPattern"]
    taken = sent.test_event_pattern(EventPattern=pattern, Event=event)["Result"]
    report.expect(f"{rule} of the member takes it", taken, True, "look at member-roles.yaml")
    target = sent.list_targets_by_rule(Rule=rule)["Targets"][0]["Arn"]
    bus = heard.describe_event_bus(Name=ledger.deployment.names["Bus"])["Arn"]
    report.expect("and sends it to the hub's bus", target, bus, "look at member-roles.yaml")
    report.leaves_out(
        "the way from the member's rule to the hub's bus",
        "the emulator sends nothing to another account; its event is put on the hub's bus as it would arrive",
    )
    name, own = ledger.deployment.rule(RULE), json.dumps(envelope | {"account": HUB})
    pattern = heard.describe_rule(Name=name, EventBusName=STACK)["EventPattern"]
    taken = [heard.test_event_pattern(EventPattern=pattern, Event=one)["Result"] for one in (event, own)]
    report.expect(f"{RULE} takes it; the same of the hub's own", taken, [True, False], "look at template.yaml")
    cloud.emit(envelope, bus=STACK)
