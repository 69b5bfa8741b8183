"""The functions of the benchmark, as one would write them with boto3: equivalent reads and the plain fix.

It serves the Lambda Runtime API with nothing but the standard library, and makes the clients that it needs before its
first event, as AWS recommends. All of this is to boto3's advantage. With `BENCH_CAREFUL` in its environment it also does
around a fix what a careful engineer would: a lock, an intent, a second look, a look at what came of it, an outcome.
"""

import http.client
import json
import os
import uuid
from collections.abc import Callable
from typing import Any

import boto3

Event = dict[str, Any]
# How the resource is, in a word, or what repairs it.
Verdict = str | Callable[[], str]

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
FENCE = "remedy-iam-mfa-deny"
STRONG = {
    "MinimumPasswordLength": 14,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24,
}


def bucket_public(s3: Any, name: str) -> Verdict:
    try:
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        block = {}
    if all(block.get(flag) for flag in FLAGS):
        return "already-compliant"

    def fix() -> str:
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(FLAGS, True))
        return "repaired"

    return fix


def key_unrotated(kms: Any, key_id: str) -> Verdict:
    key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["KeyState"] != "Enabled":
        return "out-of-scope"
    if kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]:
        return "already-compliant"

    def fix() -> str:
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=365)
        return "repaired"

    return fix


def has_fence(iam: Any, name: str) -> bool:
    attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return any(policy["PolicyName"] == FENCE for policy in attached)


def user_without_mfa(iam: Any, named: str) -> Verdict:
    users = [user for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]
    name = next(user["UserName"] for user in users if named in (user["UserName"], user["UserId"], user["Arn"]))
    fenced = has_fence(iam, name)
    if iam.list_mfa_devices(UserName=name)["MFADevices"]:
        return "fenced" if fenced else "already-compliant"
    try:
        iam.get_login_profile(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        return "out-of-scope"
    if fenced:
        return "contained"
    account = next(user["Arn"] for user in users if user["UserName"] == name).split(":")[4]
    arn = f"arn:aws:iam::{account}:policy/{FENCE}"
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    iam.get_policy_version(PolicyArn=arn, VersionId=default)

    def fix() -> str:
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        return "contained"

    return fix


def password_policy_weak(iam: Any, _: str) -> Verdict:
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    if all(policy.get(name) == value for name, value in STRONG.items()):
        return "already-compliant"

    def fix() -> str:
        iam.update_account_password_policy(**STRONG)
        return "repaired"

    return fix


FUNCTIONS = {
    "s3-public-access": ("s3", bucket_public),
    "kms-keys": ("kms", key_unrotated),
    "iam-mfa": ("iam", user_without_mfa),
    "iam-password-policy": ("iam", password_policy_weak),
}


class Ledger:
    """The lock and the records of a careful handler, in the buckets that Remedy has for its own."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.state, self.evidence = os.environ["REMEDY_STATE_BUCKET"], os.environ["REMEDY_EVIDENCE_BUCKET"]

    def create(self, bucket: str, key: str, record: Event) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record), IfNoneMatch="*")

    def carefully(self, resource: str, look: Callable[[], Verdict]) -> str:
        """Repairs what `look` sees: one handler at a time, and nothing without a record."""
        verdict = look()
        if isinstance(verdict, str):
            return verdict
        attempt, lock = str(uuid.uuid4()), f"bench/lock/{resource}"
        self.create(self.state, lock, {"attempt": attempt})
        self.create(self.evidence, f"bench/{attempt}-intent.json", {"resource": resource})
        again = look()
        outcome = "superseded" if isinstance(again, str) else again()
        seen = look()
        outcome = outcome if isinstance(seen, str) else "unverified"
        self.create(self.evidence, f"bench/{attempt}-outcome.json", {"resource": resource, "outcome": outcome})
        self.s3.delete_object(Bucket=self.state, Key=lock)
        return outcome


def plainly(_: str, look: Callable[[], Verdict]) -> str:
    verdict = look()
    return verdict if isinstance(verdict, str) else verdict()


def serve() -> None:
    service, act = FUNCTIONS[os.environ["AWS_LAMBDA_FUNCTION_NAME"]]
    client = boto3.client(service)
    run = Ledger().carefully if "BENCH_CAREFUL" in os.environ else plainly
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    runtime = "/2018-06-01/runtime/invocation"
    while True:
        api.request("GET", f"{runtime}/next")
        response = api.getresponse()
        request, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(response.read())
        resource = event["resource"]
        outcome = run(resource, lambda: act(client, resource))
        answer = {"runs": [{"resource": resource, "outcome": outcome}]}
        api.request("POST", f"{runtime}/{request}/response", json.dumps(answer))
        api.getresponse().read()


if __name__ == "__main__":
    serve()
