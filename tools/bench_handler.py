"""The functions of the benchmark, as one would write them with boto3: equivalent reads, the plain fix, no evidence.

It serves the Lambda Runtime API with nothing but the standard library, and makes the one client that it needs before
its first event, as AWS recommends. All of this is to boto3's advantage.
"""

import http.client
import json
import os
from typing import Any

import boto3

Event = dict[str, Any]

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


def bucket_public(s3: Any, name: str) -> str:
    try:
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        block = {}
    if all(block.get(flag) for flag in FLAGS):
        return "already-compliant"
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(FLAGS, True))
    return "repaired"


def key_unrotated(kms: Any, key_id: str) -> str:
    key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["KeyState"] != "Enabled":
        return "out-of-scope"
    if kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]:
        return "already-compliant"
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=365)
    return "repaired"


def has_fence(iam: Any, name: str) -> bool:
    attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return any(policy["PolicyName"] == FENCE for policy in attached)


def user_without_mfa(iam: Any, named: str) -> str:
    users = [user for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]
    name = next(user["UserName"] for user in users if named in (user["UserName"], user["UserId"], user["Arn"]))
    fenced = has_fence(iam, name)
    if iam.list_mfa_devices(UserName=name)["MFADevices"]:
        return "fenced" if fenced else "already-compliant"
    try:
        iam.get_login_profile(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        return "out-of-scope"
    account = next(user["Arn"] for user in users if user["UserName"] == name).split(":")[4]
    arn = f"arn:aws:iam::{account}:policy/{FENCE}"
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    iam.get_policy_version(PolicyArn=arn, VersionId=default)
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    return "contained"


def password_policy_weak(iam: Any, _: str) -> str:
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    if all(policy.get(name) == value for name, value in STRONG.items()):
        return "already-compliant"
    iam.update_account_password_policy(**STRONG)
    return "repaired"


FUNCTIONS = {
    "s3-public-access": ("s3", bucket_public),
    "kms-keys": ("kms", key_unrotated),
    "iam-mfa": ("iam", user_without_mfa),
    "iam-password-policy": ("iam", password_policy_weak),
}


def serve() -> None:
    service, act = FUNCTIONS[os.environ["AWS_LAMBDA_FUNCTION_NAME"]]
    client = boto3.client(service)
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    runtime = "/2018-06-01/runtime/invocation"
    while True:
        api.request("GET", f"{runtime}/next")
        response = api.getresponse()
        request, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(response.read())
        answer = {"runs": [{"resource": event["resource"], "outcome": act(client, event["resource"])}]}
        api.request("POST", f"{runtime}/{request}/response", json.dumps(answer))
        api.getresponse().read()


if __name__ == "__main__":
    serve()
