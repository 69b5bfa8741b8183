"""A stack is removed, its creation fails, and it is deployed again: what each leaves behind, and that docs/deploy.md says how to go on.

The emulator shows this: DeletionPolicy, as CloudFormation documents it, when a stack is deleted and when a creation is rolled back. That
a name is taken is played by tools/rehearsal/server.py. It does not show this: resources are made one after the other, so a creation fails
at one name and not at several; and policies of keys and buckets let everybody go on.
"""

import json
from collections import Counter
from typing import Any

from botocore.exceptions import ClientError
from inspection import names
from inspection.account import Account, Ask
from inspection.plan import Plan

from rehearsal import commands
from rehearsal.cloud import HUB, REGION, Cloud
from rehearsal.ledger import Ledger
from rehearsal.report import Mismatch
from rehearsal.stack import CODE, OBSERVE, STACK, Attempt, attempt, delete, skipped

Named = tuple[str, str]
BUCKET, FUNCTION, GROUP, KEY, POLICY = (
    "AWS::S3::Bucket", "AWS::Serverless::Function", "AWS::Logs::LogGroup", "AWS::KMS::Key", "AWS::IAM::ManagedPolicy",
)  # fmt: skip
PAGE = "compare docs/deploy.md, It failed: again from the start, with DeletionPolicy in template.yaml"
GIVEN = "what has a given name may not be `Retain` in template.yaml, or it stops the next try; else " + PAGE
DENY = (POLICY, f"{STACK}-iam-mfa-deny")
# The last function: all that is retained is made before it.
LAST = f"{STACK}-sealer"


def run(ledger: Ledger) -> None:
    report = ledger.report
    if absent := commands.missing():
        report.leaves_out("removing a stack, and deploying it again", f"no {', '.join(absent)}: install what docs/deploy.md, What you need, names")
        return
    report.leaves_out("StackSets", "the emulator has none, so no command of docs/deploy.md, It failed, 1. is run")
    report.leaves_out("list-stack-resources of a deleted stack", "the emulator lists none; what `left` prints is read from the stack's events")
    report.leaves_out("who may delete keys and buckets", "no policy is asked; the commands that mend the policies are run all the same")
    report.differs("a name that is taken: CloudFormation refuses it, as on AWS; the emulator alone would write over what is there")
    ledger.deployment.upload()
    old = uninstall(ledger)
    clear(ledger, old)
    kept = fail(ledger)
    again(ledger, kept)


def uninstall(ledger: Ledger) -> list[Named]:
    """The stack is deleted as the page says. What it kept, and which names it kept."""
    report, formation = ledger.report, ledger.deployment.formation
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    commands.run(ledger.cloud, commands.block("The stack"))
    kept = skipped(formation, stack)
    tell(ledger, "kept by the stack that is deleted", kept)
    must = Counter({BUCKET: 3, f"{BUCKET}Policy": 3, GROUP: len(groups(ledger)), KEY: 2, POLICY: 1})
    counted(ledger, kept, must, PAGE)
    report.expect("of these, gone", [one for one in kept if not is_there(ledger.cloud, one)], [], "look at target/rehearse.log")
    still(ledger, "names that would stop the next try", groups(ledger) | {DENY}, PAGE)
    return kept


def clear(ledger: Ledger, old: list[Named]) -> None:
    """The next try stops at each name, until the page's commands have removed what has it."""
    cloud, report = ledger.cloud, ledger.report
    stops(ledger, {DENY})
    iam = cloud.client("iam")
    iam.create_user(UserName="contained")
    iam.attach_user_policy(UserName="contained", PolicyArn=f"arn:aws:iam::{HUB}:policy/{DENY[1]}")
    commands.run(cloud, commands.block("The MFA-deny policy"))
    still(ledger, "after the commands for the policy", groups(ledger), "mend docs/deploy.md, It failed, 5.")
    stops(ledger, groups(ledger))
    spare_role(iam)
    bucket = next(name for kind, name in old if kind == BUCKET and "evidence" in name)
    record = {"Bucket": bucket, "Key": "1999/record.json"}
    ledger.s3.put_object(**record, Body=b"{}")
    locked = ledger.s3.head_object(**record).get("ObjectLockMode")
    report.expect("a record in the evidence bucket that was kept: Object Lock", locked, "GOVERNANCE", "look at EvidenceBucket")
    commands.run(cloud, commands.block("Log groups"), commands.block("Roles"), commands.bucket(bucket))
    still(ledger, "after the commands for log groups and roles", set(), "mend docs/deploy.md, It failed, 3. and 6.")
    roles = [one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(f"{STACK}-")]
    found = (roles, is_there(cloud, (BUCKET, bucket)))
    report.expect("roles left; that bucket is there", found, ([], False), "mend docs/deploy.md, It failed, 4. and 6.")


def stops(ledger: Ledger, names_of: set[Named]) -> None:
    """A creation fails at one of these names; its stack is deleted, as it must be before the next try."""
    tried = create(ledger)
    found = (tried.status, len(tried.failed) == 1 and set(tried.failed) <= names_of)
    report = ledger.report
    report.expect(f"stopped by {', '.join(name for _, name in tried.failed)}", found, ("ROLLBACK_COMPLETE", True), f"{PAGE}; {tried.reasons}")
    delete(ledger.deployment.formation, report, tried.id)


def fail(ledger: Ledger) -> list[Named]:
    """A creation that fails near its end, for somebody's function has a name of the stack. What its rollback kept."""
    cloud, report = ledger.cloud, ledger.report
    code, role = {"S3Bucket": CODE, "S3Key": "sealer.zip"}, f"arn:aws:iam::{HUB}:role/somebody"
    ledger.functions.create_function(FunctionName=LAST, Runtime="provided.al2023", Handler="bootstrap", Role=role, Code=code)
    tried = create(ledger)
    found = (tried.status, tried.failed)
    report.expect("a creation that fails halfway", found, ("ROLLBACK_COMPLETE", [("AWS::Lambda::Function", LAST)]), f"look at {tried.reasons}")
    report.saw("made before it failed", f"{tried.made} resources")
    tell(ledger, "kept by its rollback", tried.kept)
    must = Counter({BUCKET: 2, f"{BUCKET}Policy": 2, KEY: 2})
    counted(ledger, tried.kept, must, GIVEN)
    still(ledger, "names that would stop the next try", {(FUNCTION, LAST)}, GIVEN)
    commands.run(cloud, commands.block("The stack"))
    ledger.functions.delete_function(FunctionName=LAST)
    return tried.kept


def again(ledger: Ledger, kept: list[Named]) -> None:
    """The same stack over what is left of the first; then the page's commands remove that, and nothing of the second."""
    cloud, report = ledger.cloud, ledger.report
    gone = [one for one in kept if not is_there(cloud, one)]
    report.expect("of these, gone as it is deployed again", gone, [], "look at target/rehearse.log")
    tried = create(ledger)
    report.expect("the same stack, over these", (tried.status, tried.failed), ("CREATE_COMPLETE", []), f"{PAGE}; {tried.reasons}")
    told = ledger.deployment.formation.describe_stack_resources(StackName=tried.id)["StackResources"]
    own = sorted((one["ResourceType"], one["PhysicalResourceId"]) for one in told if one["ResourceType"] in (BUCKET, KEY))
    report.expect("of these, in the second stack", [one for one in own if one in kept], [], "look at the names in template.yaml")
    buckets = [commands.bucket(name) for kind, name in kept if kind == BUCKET]
    commands.run(cloud, commands.left(kept), *buckets, commands.block("Keys"))
    then = "mend docs/deploy.md, It failed, 4. and 7."
    report.expect("of these, there after the commands for buckets and keys", [one for one in kept if is_there(cloud, one)], [], then)
    report.expect("buckets and keys of the second stack, gone", [one for one in own if not is_there(cloud, one)], [], then)
    report.saw("which has", f"{len(own)} of them")


def create(ledger: Ledger) -> Attempt:
    deployment = ledger.deployment
    return attempt(deployment.formation, ledger.report, deployment.request(OBSERVE))


def tell(ledger: Ledger, what: str, kept: list[Named]) -> None:
    for kind in sorted({kind for kind, _ in kept}):
        ledger.report.saw(f"{what}: {kind}", ", ".join(name.rpartition(":")[2] for of, name in kept if of == kind))


def counted(ledger: Ledger, kept: list[Named], must: Counter[str], then: str) -> None:
    found = Counter(kind for kind, _ in kept)
    ledger.report.expect("of each type as many as docs/deploy.md says", dict(sorted(found.items())), dict(sorted(must.items())), then)


def groups(ledger: Ledger) -> set[Named]:
    """The log groups of the stack, one for each function."""
    functions = [one["Properties"]["FunctionName"] for one in ledger.deployment.resources.values() if one["Type"] == FUNCTION]
    return {(GROUP, f"/aws/lambda/{name}") for name in functions}


def still(ledger: Ledger, when: str, must: set[Named], then: str) -> None:
    """These names of the template are taken, and no others."""
    found = taken(ledger.cloud)
    if found != must:
        raise Mismatch(f"{when}: {sorted(found - must)} are taken, {sorted(must - found)} are not", then)
    count = Counter(kind for kind, _ in found)
    ledger.report.saw(when, ", ".join(f"{number} × {kind}" for kind, number in sorted(count.items())) or "none")


class Eyes:
    """What the preflight looks at an account with, on the emulator."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def client(self, service: str, region_name: str, config: Any) -> Any:
        return self.cloud.client(service, region=region_name)


def taken(cloud: Cloud) -> set[Named]:
    """The names of template.yaml that are taken, as the preflight finds them."""
    plan = Plan.of(STACK, REGION, "aws", OBSERVE)
    calls = frozenset(call for check in names.CHECKS for call in check.calls)
    ask = Ask(Account(Eyes(cloud), REGION), calls)
    return {(kind, name) for kind in names.LISTINGS for name in names.found(ask, plan, kind)[0]}


def is_there(cloud: Cloud, one: Named) -> bool:
    """Whether something is there, and is no key that waits for its end."""
    kind, name = one
    try:
        match kind:
            case "AWS::KMS::Key":
                return cloud.client("kms").describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Enabled"
            case "AWS::S3::Bucket":
                cloud.client("s3").head_bucket(Bucket=name)
            case "AWS::S3::BucketPolicy":
                # The emulator's physical id; that of AWS is the bucket's name.
                cloud.client("s3").get_bucket_policy(Bucket=name.removesuffix("-policy"))
            case "AWS::IAM::ManagedPolicy":
                cloud.client("iam").get_policy(PolicyArn=name)
            case "AWS::Logs::LogGroup":
                told = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
                return any(group["logGroupName"] == name for group in told)
            case _:
                raise Mismatch(f"{kind} {name} is left behind", PAGE)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchEntity", "NotFoundException"):
            return False
        raise
    return True


def spare_role(iam: Any) -> None:
    """A role that a deletion left, for somebody else had given it policies."""
    name = f"{STACK}-kms-keys-write"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    stop = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    trusts, stops_all = (json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, stop))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts)
    iam.put_role_policy(RoleName=name, PolicyName="stop", PolicyDocument=stops_all)
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
