"""Two Regions of one account: an event of the other Region is served from the hub, and a second hub there needs names of its own.

The emulator shows this: state is apart by Region, IAM is one for all of them. It does not show this: its EventBridge sends nothing to a bus
of another Region. That a name is taken is played by tools/rehearsal/server.py.
"""

import copy
import json
import os
import subprocess
import sys
from typing import Any

import template_guard

from rehearsal import drift
from rehearsal.cloud import HUB, OTHER_REGION, REGION, ROOT
from rehearsal.ledger import Ledger
from rehearsal.report import Mismatch
from rehearsal.shared import opened
from rehearsal.stack import CODE, OBSERVE, PERMITTED, STACK, Attempt, asked, attempt, delete, placed

# As docs/deploy.md, Regions, calls it.
TEMPLATE, FORWARDING = "forward.yaml", "hipaa-forwarding"
FUNCTION, CONTROL = "s3-public-access", "s3-bucket-public"
# The hub's rule, and that of the other Region.
RULE, SENDS = "S3PublicAccessDrift", f"{STACK}-s3-calls"
ROLE = f"{STACK}-forward-{OTHER_REGION}"
LOG = f"the log group /aws/lambda/{STACK}-{FUNCTION}"
# A second hub: its bucket of code, its parameters, a name that begins with the first one's, and one that does not.
CODE_THERE, THERE = f"{CODE}-{OTHER_REGION}", OBSERVE | {"GlobalControls": "no"}
WITHIN, APART = f"{STACK}-usw2", f"usw2-{STACK}"
NAMES = ("stack", "leftovers", "iam-names", "other-stacks")
REGIONS = "docs/deploy.md, Regions"


def run(ledger: Ledger) -> None:
    name_regions(ledger)
    forwarding = forward(ledger)
    serve(ledger)
    sweep(ledger)
    delete(ledger.cloud.client("cloudformation", region=OTHER_REGION), ledger.report, forwarding)
    second_hub(ledger)


def name_regions(ledger: Ledger) -> None:
    """The stack again, with both Regions."""
    both = f"{REGION},{OTHER_REGION}"
    ledger.report.differs(f"Regions: {both}, from the step region on")
    ledger.deployment.upload()
    ledger.deployment.update(PERMITTED | {"Regions": both})
    now = ledger.functions.get_function_configuration(FunctionName=f"{STACK}-{FUNCTION}")["Environment"]["Variables"]
    ledger.report.expect("the hub's function knows", now.get("REMEDY_REGIONS"), both, "look at template.yaml")


def forward(ledger: Ledger) -> str:
    """forward.yaml in the other Region: a role that may put events on the hub's bus, and nothing else. The stack's id."""
    cloud, report = ledger.cloud, ledger.report
    document = template_guard.transformed(TEMPLATE)
    document["Conditions"] = placed(document["Conditions"], OTHER_REGION)
    request = asked({"HubRegion": REGION, "StackName": STACK}) | {"StackName": FORWARDING, "TemplateBody": json.dumps(document)}
    made = attempt(cloud.client("cloudformation", region=OTHER_REGION), report, request)
    report.expect(f"{TEMPLATE} in {OTHER_REGION}", made.status, "CREATE_COMPLETE", f"look at {made.reasons}")
    iam = cloud.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    report.expect(f"{ROLE} trusts", trust["Principal"], {"Service": "events.amazonaws.com"}, f"look at {TEMPLATE}")
    (policy,) = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    told = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]["Statement"]
    may = [(one["Effect"], one["Action"], one["Resource"]) for one in told]
    report.expect("and may", may, [("Allow", "events:PutEvents", bus(ledger))], f"look at {TEMPLATE}")
    return made.id


def bus(ledger: Ledger) -> str:
    """The hub's default bus, as EventBridge tells it."""
    return str(ledger.cloud.client("events").describe_event_bus(Name="default")["Arn"])


def serve(ledger: Ledger) -> None:
    """Two buckets are open; the event is of the other Region, and only the bucket there is closed."""
    report, cloud = ledger.report, ledger.cloud
    there, here = drift.open_bucket(cloud, OTHER_REGION), drift.open_bucket(cloud)
    deliver(ledger, opened(there, region=OTHER_REGION))
    closed = lambda: drift.block(cloud, there, OTHER_REGION) == drift.CLOSED  # noqa: E731
    report.wait(f"the bucket of {OTHER_REGION} closed", closed, LOG)
    found = (closed(), drift.block(cloud, here) == drift.CLOSED)
    report.expect("closed: the bucket there, one of the hub's Region", found, (True, False), LOG)
    where, outcome = report.wait("an outcome in the hub's evidence", lambda: ledger.outcome(CONTROL, there), LOG)
    seen = (outcome["outcome"], outcome["target"]["account"], outcome["target"]["region"])
    report.expect("the hub's evidence says", seen, ("repaired", HUB, OTHER_REGION), f"read {where}")
    ledger.empty(FUNCTION)


def deliver(ledger: Ledger, envelope: drift.Envelope) -> None:
    """By the rule of the other Region to the hub's default bus, and by the hub's rule there to the queue."""
    report, cloud = ledger.report, ledger.cloud
    sent, heard = cloud.client("events", region=OTHER_REGION), cloud.client("events")
    strange = envelope | {"account": "999999999999"}
    takes(ledger, sent, SENDS, [envelope, strange], [True, False], f"look at {TEMPLATE}")
    target = sent.list_targets_by_rule(Rule=SENDS)["Targets"][0]
    must = (bus(ledger), f"arn:aws:iam::{HUB}:role/{ROLE}")
    report.expect("and sends it, by its role, to the hub's bus", (target["Arn"], target.get("RoleArn")), must, f"look at {TEMPLATE}")
    report.leaves_out(
        f"the way from {OTHER_REGION} to the hub's bus",
        "the emulator sends nothing to another Region; its event is put on the hub's default bus as it would arrive",
    )
    takes(ledger, heard, ledger.deployment.rule(RULE), [envelope, strange], [True, False], "look at template.yaml")
    cloud.emit(envelope)


def takes(ledger: Ledger, events: Any, rule: str, envelopes: list[drift.Envelope], must: list[bool], then: str) -> None:
    pattern = events.describe_rule(Name=rule)["EventPattern"]
    taken = [events.test_event_pattern(EventPattern=pattern, Event=json.dumps(one))["Result"] for one in envelopes]
    ledger.report.expect(f"{rule} takes it; the same of a stranger", taken, must, then)


def sweep(ledger: Ledger) -> None:
    """Nobody tells of a bucket in the other Region; the hub's sweep finds it."""
    report, there = ledger.report, drift.open_bucket(ledger.cloud, OTHER_REGION)
    ledger.sqs.send_message(QueueUrl=ledger.queue(FUNCTION), MessageBody='{"sweep": {}}')
    # Repaired; or, if it is the first sweep, held for people.
    look = lambda: [one for one in ledger.about(CONTROL, there).values() if one["kind"] in ("held", "outcome")]  # noqa: E731
    record = report.wait("a record of the bucket that only the sweep finds", look, LOG, seconds=60)[0]
    report.expect("the sweep finds drift in", record["target"]["region"], OTHER_REGION, LOG)
    ledger.empty(FUNCTION)


def second_hub(ledger: Ledger) -> None:
    """A hub in each Region: under the same name it stops at a role, under another it does not. The preflight knows before."""
    report = ledger.report
    upload(ledger)
    report.expect(f"preflight fails for {STACK} in {OTHER_REGION}, too", preflight(ledger, STACK), ["iam-names"], REGIONS)
    tried = create(ledger, STACK)
    found, must = (tried.status, [kind for kind, _ in tried.failed]), ("ROLLBACK_COMPLETE", ["AWS::IAM::Role"])
    report.expect(f"a second stack {STACK} in {OTHER_REGION}, stopped by", found, must, f"{REGIONS}; {tried.reasons}")
    report.saw("which is the first one's", tried.failed[0][1])
    delete(ledger.cloud.client("cloudformation", region=OTHER_REGION), report, tried.id)
    report.expect(f"preflight fails for {WITHIN} beside {STACK}", preflight(ledger, WITHIN), ["other-stacks"], "docs/deploy.md, What you need")
    report.expect(f"preflight fails for {APART} beside {STACK}", preflight(ledger, APART), [], REGIONS)
    # CloudFormation knows no such rule of prefixes: both stacks are made, beside each other and the hub.
    for name in (WITHIN, APART):
        tried = create(ledger, name)
        found = (tried.status, tried.failed)
        report.expect(f"the stack {name} in {OTHER_REGION}, stopped by", found, ("CREATE_COMPLETE", []), f"{REGIONS}; {tried.reasons}")
        delete(ledger.cloud.client("cloudformation", region=OTHER_REGION), report, tried.id)


def upload(ledger: Ledger) -> None:
    """The hub's template and code, with the code where AWS Lambda wants it: in the Region of the functions."""
    s3, document = ledger.cloud.client("s3", region=OTHER_REGION), copy.deepcopy(ledger.deployment.document)
    s3.create_bucket(Bucket=CODE_THERE, CreateBucketConfiguration={"LocationConstraint": OTHER_REGION})
    for one in document["Resources"].values():
        if one["Type"] == "AWS::Lambda::Function":
            code = one["Properties"]["Code"]
            s3.put_object(Bucket=CODE_THERE, Key=code["S3Key"], Body=ledger.s3.get_object(Bucket=CODE, Key=code["S3Key"])["Body"].read())
            code["S3Bucket"] = CODE_THERE
    ledger.s3.put_object(Bucket=CODE, Key=f"{OTHER_REGION}.json", Body=json.dumps(document))


def create(ledger: Ledger, name: str) -> Attempt:
    request = ledger.deployment.request(THERE, name, f"{OTHER_REGION}.json")
    return attempt(ledger.cloud.client("cloudformation", region=OTHER_REGION), ledger.report, request)


def preflight(ledger: Ledger, name: str) -> list[str]:
    """The checks of names that fail, of tools/preflight.py. The emulator has no trail and no recorder for the others."""
    environment = {"PATH": os.environ["PATH"], "HOME": ledger.cloud.folder.name, "AWS_ENDPOINT_URL": ledger.cloud.endpoint}
    environment |= {"AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "rehearsal"}
    command = [sys.executable, str(ROOT / "tools/preflight.py"), "--stack", name, "--region", OTHER_REGION, "--json", "--samconfig", os.devnull]
    command += ["--parameters", *(f"{key}={value}" for key, value in THERE.items())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1, 2):
        raise Mismatch(f"tools/preflight.py ended with {done.returncode}: {done.stderr}", "look at tools/preflight.py")
    checks = {one["name"]: one for one in json.loads(done.stdout) if one["name"] in NAMES}
    unsure = [f"{one['name']}: {one['saw']}" for one in checks.values() if one["verdict"] == "unknown"]
    then = "look at tools/inspection/names.py"
    ledger.report.expect(f"preflight of {name}: checks of names, unknown", (len(checks), unsure), (len(NAMES), []), then)
    return [check for check in NAMES if checks[check]["verdict"] == "fails"]
