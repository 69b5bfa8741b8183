"""What the AWS API says of one place, whole and in a stable form. demo_break.py and demo_check.py read with it."""

import json
import os
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

State = dict[str, Any]
Place = dict[str, Any]

ABSENT = {
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchWebsiteConfiguration",
}


class Aws:
    """The clients of one account, whose credentials are in the environment."""

    def __init__(self, endpoint: str) -> None:
        self.account = os.environ["DEMO_ACCOUNT"]
        self.s3 = boto3.client("s3", endpoint_url=endpoint)
        self.kms = boto3.client("kms", endpoint_url=endpoint)
        self.iam = boto3.client("iam", endpoint_url=endpoint)
        self.config = boto3.client("config", endpoint_url=endpoint)
        self.s3control = boto3.client("s3control", endpoint_url=endpoint)
        self.s3control.meta.events.register("before-call.s3-control", self._without_account)
        # The emulator keeps of a rotation only that it is on. Its period is kept by the proxy in front of it.
        self.rotations = boto3.client("kms", endpoint_url=os.environ["DEMO_PROXY"])

    def _without_account(self, params: dict[str, Any], **_: Any) -> None:
        """S3 Control puts the account in front of the host; a loopback address has no such name."""
        params["url"] = params["url"].replace(f"//{self.account}.", "//", 1)


def plain(value: Any) -> Any:
    """Nothing but JSON: dates become text."""
    return json.loads(json.dumps(value, default=str, sort_keys=True))


def ask(call: Callable[..., dict[str, Any]], **arguments: Any) -> State | None:
    """The answer, or nothing where there is no such thing."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise
    answer.pop("ResponseMetadata", None)
    return plain(answer)


def part(answer: State | None, name: str) -> Any:
    return None if answer is None else answer.get(name)


def bucket(aws: Aws, name: str) -> State:
    listed = ask(aws.s3.list_objects_v2, Bucket=name)
    return own_bucket(aws, name) | {"objects": part(listed, "Contents")}


def own_bucket(aws: Aws, name: str) -> State:
    """Without the objects: in Remedy's own buckets there are more all the time."""
    return {
        "block": part(ask(aws.s3.get_public_access_block, Bucket=name), "PublicAccessBlockConfiguration"),
        "policy": part(ask(aws.s3.get_bucket_policy, Bucket=name), "Policy"),
        "acl": part(ask(aws.s3.get_bucket_acl, Bucket=name), "Grants"),
        "website": ask(aws.s3.get_bucket_website, Bucket=name),
    }


def account_block(aws: Aws, account: str) -> State:
    answer = ask(aws.s3control.get_public_access_block, AccountId=account)
    return {"block": part(answer, "PublicAccessBlockConfiguration")}


def key(aws: Aws, key_id: str) -> State:
    status = ask(aws.rotations.get_key_rotation_status, KeyId=key_id) or {}
    return {
        "metadata": part(ask(aws.kms.describe_key, KeyId=key_id), "KeyMetadata"),
        "rotation": {"on": status.get("KeyRotationEnabled"), "days": status.get("RotationPeriodInDays")},
        "flag": part(ask(aws.kms.get_key_rotation_status, KeyId=key_id), "KeyRotationEnabled"),
        "policy": part(ask(aws.kms.get_key_policy, KeyId=key_id, PolicyName="default"), "Policy"),
    }


def user(aws: Aws, name: str) -> State:
    names = part(ask(aws.iam.list_user_policies, UserName=name), "PolicyNames") or []
    policies = [ask(aws.iam.get_user_policy, UserName=name, PolicyName=inline) for inline in names]
    return {
        "user": part(ask(aws.iam.get_user, UserName=name), "User"),
        "login": ask(aws.iam.get_login_profile, UserName=name),
        "devices": part(ask(aws.iam.list_mfa_devices, UserName=name), "MFADevices"),
        "keys": part(ask(aws.iam.list_access_keys, UserName=name), "AccessKeyMetadata"),
        "ssh": part(ask(aws.iam.list_ssh_public_keys, UserName=name), "SSHPublicKeys"),
        "attached": part(ask(aws.iam.list_attached_user_policies, UserName=name), "AttachedPolicies"),
        "inline": {inline: part(policy, "PolicyDocument") for inline, policy in zip(names, policies)},
    }


def role(aws: Aws, name: str) -> State:
    return {
        "role": part(ask(aws.iam.get_role, RoleName=name), "Role"),
        "inline": part(ask(aws.iam.list_role_policies, RoleName=name), "PolicyNames"),
        "attached": part(ask(aws.iam.list_attached_role_policies, RoleName=name), "AttachedPolicies"),
    }


def password_policy(aws: Aws, _: str) -> State:
    return {"policy": part(ask(aws.iam.get_account_password_policy), "PasswordPolicy")}


def root(aws: Aws, _: str) -> State:
    figures = part(ask(aws.iam.get_account_summary), "SummaryMap") or {}
    return {name: figures.get(name) for name in ("AccountMFAEnabled", "AccountAccessKeysPresent")}


def nothing(aws: Aws, name: str) -> State:
    return {"block": part(ask(aws.s3.get_public_access_block, Bucket=name), "PublicAccessBlockConfiguration")}


KINDS: dict[str, Callable[[Aws, str], State]] = {
    "bucket": bucket,
    "own-bucket": own_bucket,
    "deleted-bucket": nothing,
    "account-block": account_block,
    "key": key,
    "user": user,
    "role": role,
    "password-policy": password_policy,
    "root": root,
}


def read(aws: Aws, place: Place) -> State:
    """The state of a place as the API tells it now."""
    return KINDS[place["kind"]](aws, place["resource"])
