"""Prowler 5 and `remedy scan`, one after the other on the same emulated account: findings, seconds, memory, API calls.

By hand, never in CI. It makes an account on moto, of which a known part drifts; what is really so stands in the tables KINDS
and is read back with boto3 before and after the tools run. side_by_side_server.py is moto with every call counted.
Usage: side_by_side.py --remedy target/release/remedy --prowler VENV/bin/prowler [--buckets 200 --users 50 --keys 40]
           [--runs 1] [--seed 7] [--out FILE.json]
with the Python of .venv; VENV is made by `python -m venv VENV && VENV/bin/pip install -r tools/requirements-prowler.txt`.

- A finding that a tool lacks or has because it defines the drift otherwise is counted as "other", with the reason, and
  neither as missed nor as false. Controls for which Prowler has no check count for Remedy alone.
- How many resources a tool misses depends on how many of each kind were made, which is nobody's statistics. The last row
  counts kinds instead of resources: that is what can be quoted.
- CPU seconds and memory are the tools' own. Seconds by the clock contain the emulator, one process of Python that has the
  machine's processors in common with the tool. It does not answer as fast as AWS does and throttles nobody: they say little
  about an account of AWS. What passes before a tool's first call does not grow with the account, so it is told by itself.
- Seconds that the emulator took run from the moment when it has read a call until it has the answer. Where it answers
  several calls at once, each counts in full, so their sum may be more than the clock shows.
- Prowler gets `http_proxy`, because boto3 puts the account in front of the host for S3 Control, and no such name exists on
  the loopback interface. The proxy that it names is the emulator. Whatever Prowler sends to the internet arrives there as
  CONNECT, is refused and counted.
- What AWS answers and moto does not, the emulator's process adds for both tools: see `bridged` in side_by_side_server.py.
  Nothing in Prowler is patched.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import emulator

try:
    import boto3
    from botocore.exceptions import ClientError
except ImportError:
    sys.exit("boto3 is missing: run this with the Python of .venv (`make venv`)")

from side_by_side_server import ACCOUNT, TAKE, Counts

Document = dict[str, Any]
State = dict[str, Any]

REGION = "us-east-1"
STRANGER = "999988887777"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
LONGEST = 3600  # seconds that a tool may take
SERVER = pathlib.Path(__file__).with_name("side_by_side_server.py")

# --- what drifts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """One way in which a part of a resource may be set: the controls under which that is drift, by their own words."""

    drift: tuple[str, ...] = ()
    # Where Prowler's check is defined otherwise: the control, and how.
    other: dict[str, str] = field(default_factory=dict)


FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PUBLIC, TLS, PUT, DEFAULT, SSEC = (
    "s3-bucket-public", "s3-bucket-without-tls", "s3-bucket-unencrypted-put", "s3-bucket-default-key", "s3-bucket-ssec-allowed"
)  # fmt: skip
DYING, UNROTATED, SHARED = "kms-key-pending-deletion", "kms-key-unrotated", "kms-key-open-policy"
MFA, DIRECT, ATTACHED, INLINE, INLINE_KMS = (
    "iam-user-without-mfa", "iam-user-direct-policy", "iam-admin-attached", "iam-inline-policy", "iam-inline-kms"
)  # fmt: skip
ADMIN, FULL, UNAPPROVED = "iam-policy-admin", "iam-policy-full-service", "iam-policy-unapproved"
ACCOUNT_PUBLIC, ROOT, PASSWORDS = "s3-account-public", "iam-root-without-mfa", "iam-password-policy-weak"

TWO_FLAGS = "only IgnorePublicAcls and RestrictPublicBuckets count"
ANY_KMS = "SSE-KMS under any key passes, also AWS's own and without a bucket key"
ONLY_PUBLIC = "only a policy for everybody counts, not one for another account or for a service on behalf of anybody"
ONLY_ENABLED = "only enabled keys are looked at"
TWO_SERVICES = "there are checks for kms:* and cloudtrail:* alone, on every resource"
OVERLAP = "an administrators' policy counts here as well"
ONE_STATEMENT = "only one statement with Action * on Resource * counts"
INLINE_OF_USERS = "inline policies of roles and groups count only if they permit *:* or kms:*"
WHOLE_KMS = "only kms:* on every resource counts, not kms:Decrypt"
LEFT_TO_ATTACHED = "a user's AdministratorAccess is found by iam-admin-attached alone"
SERVICE_ROLES = "roles that only services assume are left out"

# The first of each is in order, and what most resources have.
KINDS: dict[str, dict[str, Kind]] = {
    "bucket: Block Public Access": {
        "all flags": Kind(),
        "no configuration": Kind((PUBLIC,)),
        "no configuration, public policy": Kind((PUBLIC,)),
        "no configuration, public ACL": Kind((PUBLIC,)),
        "RestrictPublicBuckets off": Kind((PUBLIC,)),
        "BlockPublicPolicy off": Kind((PUBLIC,), {PUBLIC: TWO_FLAGS}),
        "all flags, public policy": Kind(),
    },
    "bucket: TLS": {
        "denied": Kind(),
        "no statement": Kind((TLS,)),
        "denied for objects, not for the bucket": Kind((TLS,)),
        "denied for one role": Kind((TLS,)),
        "denied by BoolIfExists": Kind(),
    },
    "bucket: uploads": {
        "denied": Kind(),
        "no statement": Kind((PUT,)),
        "denied under one prefix": Kind((PUT,)),
        "denied unless AES256": Kind((PUT,)),
    },
    "bucket: default encryption": {
        "a customer's key": Kind(),
        "SSE-S3": Kind((DEFAULT,)),
        "AWS's own key": Kind((DEFAULT,), {DEFAULT: ANY_KMS}),
        "no bucket key": Kind((DEFAULT,), {DEFAULT: ANY_KMS}),
    },
    "bucket: SSE-C": {"denied": Kind(), "permitted": Kind((SSEC,))},
    "key: kind and state": {
        "symmetric, rotates": Kind(),
        "symmetric, does not rotate": Kind((UNROTATED,)),
        "pending deletion": Kind((DYING,)),
        "RSA": Kind(),
        "HMAC": Kind(),
        "disabled, does not rotate": Kind(),
    },
    "key: policy": {
        "own account": Kind(),
        "everybody": Kind((SHARED,)),
        "everybody and own account": Kind((SHARED,)),
        "another account": Kind((SHARED,), {SHARED: ONLY_PUBLIC}),
        "a service for anybody": Kind((SHARED,), {SHARED: ONLY_PUBLIC}),
        "everybody of the own account": Kind(),
    },
    "user: sign-in": {
        "console, MFA": Kind(),
        "console": Kind((MFA,)),
        "neither": Kind(),
    },
    "user: policies": {
        "none": Kind(),
        "attached": Kind((DIRECT,)),
        "inline": Kind((DIRECT, INLINE)),
        "inline kms:*": Kind((DIRECT, INLINE, INLINE_KMS)),
        "inline kms:Decrypt": Kind((DIRECT, INLINE, INLINE_KMS), {INLINE_KMS: WHOLE_KMS}),
        "AdministratorAccess": Kind((ATTACHED,), {DIRECT: LEFT_TO_ATTACHED}),
    },
    "group: policies": {
        "attached": Kind(),
        "inline": Kind((INLINE,), {INLINE: INLINE_OF_USERS}),
        "AdministratorAccess": Kind((ATTACHED,)),
    },
    "role: policies": {
        "attached": Kind(),
        "AdministratorAccess": Kind((ATTACHED,)),
        "AdministratorAccess, for a service": Kind((ATTACHED,), {ATTACHED: SERVICE_ROLES}),
        "inline": Kind((INLINE,), {INLINE: INLINE_OF_USERS}),
        "inline kms:Decrypt": Kind((INLINE, INLINE_KMS), {INLINE: INLINE_OF_USERS, INLINE_KMS: WHOLE_KMS}),
        "inline kms:*": Kind((INLINE, INLINE_KMS), {INLINE: INLINE_OF_USERS}),
    },
    # Each policy was made just now and nobody approved it.
    "policy: document": {
        "reads a bucket": Kind((UNAPPROVED,)),
        "* on *": Kind((ADMIN, UNAPPROVED), {FULL: OVERLAP}),
        "s3:*": Kind((FULL, UNAPPROVED), {FULL: TWO_SERVICES}),
        "kms:*": Kind((FULL, UNAPPROVED)),
        "*:* on *": Kind((ADMIN, UNAPPROVED), {FULL: OVERLAP}),
        "s3:* on a bucket": Kind((FULL, UNAPPROVED), {FULL: TWO_SERVICES}),
        "cloudtrail:*": Kind((FULL, UNAPPROVED)),
        "all of IAM, and all but IAM": Kind((ADMIN, UNAPPROVED), {ADMIN: ONE_STATEMENT, FULL: OVERLAP}),
    },
    "account": {"as it is": Kind((ACCOUNT_PUBLIC, ROOT, PASSWORDS))},
}
# A disabled or dying key is no longer looked at by Prowler's check of policies.
DORMANT_KEYS = ("pending deletion", "disabled, does not rotate")

# --- Prowler's checks ---------------------------------------------------------------------------------------------------

Report = dict[str, Any]


def anything(_: Report) -> bool:
    return True


def inline(report: Report) -> bool:
    return " inline policy " in report["status_detail"]


PASSWORD_RULES = (
    "minimum_length_14", "symbol", "number", "uppercase", "lowercase", "reuse_24", "expires_passwords_within_90_days_or_less"
)  # fmt: skip
# Each control with Prowler's checks of the same drift. The tuple is empty where there is none.
CHECKS: dict[str, tuple[tuple[str, Callable[[Report], bool]], ...]] = {
    PUBLIC: (("s3_bucket_level_public_access_block", anything), ("s3_bucket_public_access", anything)),
    ACCOUNT_PUBLIC: (("s3_account_level_public_access_blocks", anything),),
    TLS: (("s3_bucket_secure_transport_policy", anything),),
    PUT: (),
    DEFAULT: (("s3_bucket_kms_encryption", anything),),
    SSEC: (),
    DYING: (("kms_cmk_not_deleted_unintentionally", anything),),
    UNROTATED: (("kms_cmk_rotation_enabled", anything),),
    SHARED: (("kms_key_not_publicly_accessible", anything),),
    MFA: (("iam_user_mfa_enabled_console_access", anything),),
    ROOT: (("iam_root_mfa_enabled", anything),),
    ADMIN: (
        ("iam_customer_attached_policy_no_administrative_privileges", anything),
        ("iam_customer_unattached_policy_no_administrative_privileges", anything),
    ),
    ATTACHED: (
        ("iam_user_administrator_access_policy", anything),
        ("iam_group_administrator_access_policy", anything),
        ("iam_role_administratoraccess_policy", anything),
    ),
    FULL: (("iam_policy_no_full_access_to_kms", anything), ("iam_policy_no_full_access_to_cloudtrail", anything)),
    DIRECT: (("iam_policy_attached_only_to_group_or_roles", anything),),
    INLINE: (
        ("iam_policy_attached_only_to_group_or_roles", inline),
        ("iam_inline_policy_no_administrative_privileges", anything),
        ("iam_inline_policy_no_full_access_to_kms", anything),
    ),
    INLINE_KMS: (("iam_inline_policy_no_full_access_to_kms", anything),),
    UNAPPROVED: (),
    PASSWORDS: tuple((f"iam_password_policy_{name}", anything) for name in PASSWORD_RULES),
}
OF_THE_ACCOUNT = (ACCOUNT_PUBLIC, ROOT, PASSWORDS)

# --- documents ----------------------------------------------------------------------------------------------------------


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*") -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(principal: Document) -> Document:
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


READS = document(allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::clinic-000", "arn:aws:s3:::clinic-000/*"]))
POLICIES = {
    "reads a bucket": READS,
    "* on *": document(allow("*")),
    "s3:*": document(allow("s3:*")),
    "kms:*": document(allow(["kms:*"])),
    "*:* on *": document(allow("*:*")),
    "s3:* on a bucket": document(allow("s3:*", ["arn:aws:s3:::clinic-000", "arn:aws:s3:::clinic-000/*"])),
    "cloudtrail:*": document(allow("cloudtrail:*")),
    "all of IAM, and all but IAM": document(allow("iam:*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
}
INLINES = {"inline": READS, "inline kms:*": document(allow("kms:*")), "inline kms:Decrypt": document(allow("kms:Decrypt"))}


def bucket_policy(name: str, kinds: dict[str, str]) -> Document | None:
    bucket, objects = f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"

    def deny(sid: str, action: str, resource: Any, condition: Document, principal: Any = "*") -> Document:
        rest = {"Action": action, "Resource": resource, "Condition": condition}
        return {"Sid": sid, "Effect": "Deny", "Principal": principal, **rest}

    public = {"Sid": "Read", "Principal": "*", **allow("s3:GetObject", objects)}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    clerk = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/clinic-000"}
    named = {"Null": {"s3:x-amz-server-side-encryption": "false"}}
    kms = {"StringNotEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "aws:kms:dsse"]}, **named}
    aes = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}, **named}
    brought = {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}
    parts = {
        ("bucket: Block Public Access", "no configuration, public policy"): public,
        ("bucket: Block Public Access", "all flags, public policy"): public,
        ("bucket: TLS", "denied"): deny("Tls", "s3:*", [bucket, objects], plain),
        ("bucket: TLS", "denied for objects, not for the bucket"): deny("Tls", "s3:*", objects, plain),
        ("bucket: TLS", "denied for one role"): deny("Tls", "s3:*", [bucket, objects], plain, clerk),
        ("bucket: TLS", "denied by BoolIfExists"): deny("Tls", "s3:*", [bucket, objects], {"BoolIfExists": plain["Bool"]}),
        ("bucket: uploads", "denied"): deny("Kms", "s3:PutObject", objects, kms),
        ("bucket: uploads", "denied under one prefix"): deny("Kms", "s3:PutObject", f"{objects[:-1]}in/*", kms),
        ("bucket: uploads", "denied unless AES256"): deny("Kms", "s3:PutObject", objects, aes),
        ("bucket: SSE-C", "denied"): deny("Ssec", "s3:PutObject", objects, brought),
    }
    statements = [parts[part] for part in kinds.items() if part in parts]
    return document(*statements) if statements else None


def key_policy(kind: str) -> Document:
    own = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **allow("kms:*")}
    use = allow(["kms:Decrypt", "kms:GenerateDataKey"])
    caller = {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    more: dict[str, list[Document]] = {
        "own account": [],
        "everybody": [{"Principal": "*", **use}],
        "everybody and own account": [{"Principal": {"AWS": ["*", f"arn:aws:iam::{ACCOUNT}:role/clinic-000"]}, **use}],
        "another account": [{"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, **use}],
        "a service for anybody": [{"Principal": {"Service": "logs.amazonaws.com"}, **use}],
        "everybody of the own account": [{"Principal": {"AWS": "*"}, **use, "Condition": caller}],
    }
    return document(own, *more[kind])


# --- the account --------------------------------------------------------------------------------------------------------


@dataclass
class Account:
    """What was made: each resource's kinds, by its ARN (the account's number for the account), and how it must read back."""

    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)


class Clients:
    def __init__(self, url: str) -> None:
        def client(service: str) -> Any:
            keys = {name.lower(): value for name, value in CREDENTIALS.items()}
            return boto3.client(service, region_name=REGION, endpoint_url=url, **keys)

        def without_account(request: Any, **_: Any) -> None:
            request.url = request.url.replace(f"//{ACCOUNT}.", "//", 1)

        self.s3, self.iam, self.kms, self.control = map(client, ("s3", "iam", "kms", "s3control"))
        self.control.meta.events.register("before-sign.s3-control", without_account)


class Dice:
    """Which resource has which kind: about a quarter of all, of each part by itself, have another than the first."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def kinds(self, part: str, count: int, share: float = 0.25) -> list[str]:
        first, *others = KINDS[part]
        # Each kind once, where there is room; of the rest, every other one is of the plainest kind, the second of its table.
        drifting = min(count, max(round(count * share), len(others)))
        more = [others[0] if n % 2 else others[n // 2 % len(others)] for n in range(drifting)]
        chosen = [*others, *more][:drifting] + [first] * (count - drifting)
        self.random.shuffle(chosen)
        return chosen

    def all_kinds(self, prefix: str, count: int, share: float = 0.25) -> list[dict[str, str]]:
        parts = [part for part in KINDS if part.startswith(prefix + ":")]
        columns = [self.kinds(part, count, share) for part in parts]
        return [dict(zip(parts, row, strict=True)) for row in zip(*columns, strict=True)]


def make_keys(aws: Clients, dice: Dice, count: int, account: Account) -> str:
    """Makes the keys; gives the one that buckets use, which is in order."""
    specs = {"RSA": ("RSA_2048", "ENCRYPT_DECRYPT"), "HMAC": ("HMAC_256", "GENERATE_VERIFY_MAC")}
    used = {"key: kind and state": "symmetric, rotates", "key: policy": "own account"}
    for kinds in [used, *dice.all_kinds("key", count - 1)]:
        kind, policy = kinds["key: kind and state"], key_policy(kinds["key: policy"])
        spec, usage = specs.get(kind, ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))
        key = aws.kms.create_key(Policy=json.dumps(policy), KeySpec=spec, KeyUsage=usage, Description=kind)["KeyMetadata"]
        state, rotates = "Enabled", kind in ("symmetric, rotates", "pending deletion")
        if rotates:
            aws.kms.enable_key_rotation(KeyId=key["KeyId"])
        if kind == "pending deletion":
            state = "PendingDeletion"
            aws.kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=30)
        if kind.startswith("disabled"):
            state = "Disabled"
            aws.kms.disable_key(KeyId=key["KeyId"])
        account.kinds[key["Arn"]] = kinds
        account.states[key["Arn"]] = {"state": state, "spec": spec, "rotates": rotates, "policy": policy}
    return next(iter(account.kinds))


def make_bucket(aws: Clients, name: str, kinds: dict[str, str], key: str) -> State:
    public, default = kinds["bucket: Block Public Access"], kinds["bucket: default encryption"]
    aws.s3.create_bucket(Bucket=name)
    policy = bucket_policy(name, kinds)
    if policy:
        aws.s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    acl = "public-read" if public.endswith("public ACL") else "private"
    aws.s3.put_bucket_acl(Bucket=name, ACL=acl)
    flags = {flag: public.startswith("all flags") or (public.endswith(" off") and flag not in public) for flag in FLAGS}
    if any(flags.values()):
        aws.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=flags)
    # S3 encrypts every bucket with SSE-S3 where nothing else was set; moto says so only if it was set.
    rule: State = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    if default != "SSE-S3":
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": default != "no bucket key"}
        if default != "AWS's own key":
            rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] = key
    aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return {"flags": flags, "policy": policy, "public ACL": acl != "private", "encryption": rule}


def make_policies(aws: Clients, dice: Dice, count: int, account: Account) -> list[str]:
    made = []
    for n, kinds in enumerate(dice.all_kinds("policy", count, 0.5)):
        wanted = POLICIES[kinds["policy: document"]]
        arn = aws.iam.create_policy(PolicyName=f"clinic-{n:03}", PolicyDocument=json.dumps(wanted))["Policy"]["Arn"]
        account.kinds[arn], account.states[arn] = kinds, {"document": wanted}
        made.append(arn)
    return made


ADMINISTRATOR, READ_ONLY = (f"arn:aws:iam::aws:policy/{name}" for name in ("AdministratorAccess", "ReadOnlyAccess"))


def make_principals(aws: Clients, dice: Dice, counts: dict[str, int], policies: list[str], account: Account) -> None:
    for kind, count in counts.items():
        create, attach, put = (getattr(aws.iam, f"{verb}_{kind}{end}") for verb, end in VERBS)
        for n, kinds in enumerate(dice.all_kinds(kind, count)):
            name, policy = f"{kind}-{n:03}" if kind != "role" else f"clinic-{n:03}", kinds[f"{kind}: policies"]
            who, more = {f"{kind.title()}Name": name}, {}
            state: State = {"attached": [], "inline": {}}
            if kind == "role":
                service = policy.endswith("for a service")
                state["trust"] = trust({"Service": "ec2.amazonaws.com"} if service else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
                more = {"AssumeRolePolicyDocument": json.dumps(state["trust"])}
            arn = create(**who, **more)[kind.title()]["Arn"]
            if policy.startswith("AdministratorAccess"):
                state["attached"] = [ADMINISTRATOR]
            elif policy == "attached":
                # Of the policies that were made, half are attached to roles.
                state["attached"] = [policies[n % len(policies)] if kind == "role" and n % 2 == 0 else READ_ONLY]
            for attached in state["attached"]:
                attach(**who, PolicyArn=attached)
            if policy in INLINES:
                state["inline"] = {"own": INLINES[policy]}
                put(**who, PolicyName="own", PolicyDocument=json.dumps(INLINES[policy]))
            if kind == "user":
                sign_in = kinds["user: sign-in"]
                state |= {"console": sign_in != "neither", "devices": int(sign_in.endswith("MFA"))}
                if state["console"]:
                    aws.iam.create_login_profile(**who, Password=f"Not-a-secret-{n:06}!")
                if state["devices"]:
                    serial = aws.iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
                    aws.iam.enable_mfa_device(**who, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
            account.kinds[arn], account.states[arn] = kinds, state


VERBS = (("create", ""), ("attach", "_policy"), ("put", "_policy"))
WEAK = {
    "MinimumPasswordLength": 8, "RequireSymbols": False, "RequireNumbers": True, "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True,
}  # fmt: skip


def make(aws: Clients, dice: Dice, buckets: int, users: int, keys: int) -> Account:
    account = Account()
    used = make_keys(aws, dice, keys, account)
    for n, kinds in enumerate(dice.all_kinds("bucket", buckets)):
        arn = f"arn:aws:s3:::clinic-{n:03}"
        account.kinds[arn], account.states[arn] = kinds, make_bucket(aws, f"clinic-{n:03}", kinds, used)
    policies = make_policies(aws, dice, max(10, users // 2), account)
    counts = {"user": users, "group": max(4, users // 10), "role": max(10, users // 2)}
    make_principals(aws, dice, counts, policies, account)
    aws.iam.update_account_password_policy(**WEAK)
    account.kinds[ACCOUNT] = {"account": "as it is"}
    account.states[ACCOUNT] = {"flags": dict.fromkeys(FLAGS, False), "root has MFA": False, "passwords": WEAK}
    return account


# --- what is really so --------------------------------------------------------------------------------------------------


def unless(missing: str, read: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return read()
    except ClientError as error:
        if missing not in error.response["Error"]["Code"]:
            raise
        return otherwise


def pages(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def read_bucket(aws: Clients, name: str) -> State:
    none = dict.fromkeys(FLAGS, False)
    block = unless("NoSuchPublicAccessBlock", lambda: aws.s3.get_public_access_block(Bucket=name), None)
    policy = unless("NoSuchBucketPolicy", lambda: json.loads(aws.s3.get_bucket_policy(Bucket=name)["Policy"]), None)
    grants = aws.s3.get_bucket_acl(Bucket=name)["Grants"]
    rules = aws.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "flags": block["PublicAccessBlockConfiguration"] if block else none,
        "policy": policy,
        "public ACL": any(grant["Grantee"].get("URI", "").endswith("/AllUsers") for grant in grants),
        "encryption": rules[0],
    }


def read_key(aws: Clients, arn: str) -> State | None:
    key = aws.kms.describe_key(KeyId=arn)["KeyMetadata"]
    if key["KeyManager"] != "CUSTOMER":
        return None
    policy = json.loads(aws.kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    rotates = aws.kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    return {"state": key["KeyState"], "spec": key["KeySpec"], "rotates": rotates, "policy": policy}


def read_principal(aws: Clients, kind: str, item: Document) -> State:
    who = {f"{kind.title()}Name": item[f"{kind.title()}Name"]}
    inline_of = getattr(aws.iam, f"get_{kind}_policy")
    state: State = {
        "attached": [one["PolicyArn"] for one in pages(aws.iam, f"list_attached_{kind}_policies", "AttachedPolicies", **who)],
        "inline": {
            name: inline_of(**who, PolicyName=name)["PolicyDocument"] for name in pages(aws.iam, f"list_{kind}_policies", "PolicyNames", **who)
        },
    }
    if kind == "role":
        state["trust"] = item["AssumeRolePolicyDocument"]
    if kind == "user":
        state["console"] = unless("NoSuchEntity", lambda: bool(aws.iam.get_login_profile(**who)), False)
        state["devices"] = len(pages(aws.iam, "list_mfa_devices", "MFADevices", **who))
    return state


def read(aws: Clients) -> dict[str, State]:
    """Every resource and its state, by boto3. What the emulator's process adds to moto is no part of it."""
    states: dict[str, State] = {}
    for key in pages(aws.kms, "list_keys", "Keys"):
        state = read_key(aws, key["KeyArn"])
        if state:
            states[key["KeyArn"]] = state
    for bucket in aws.s3.list_buckets()["Buckets"]:
        states[f"arn:aws:s3:::{bucket['Name']}"] = read_bucket(aws, bucket["Name"])
    for policy in pages(aws.iam, "list_policies", "Policies", Scope="Local"):
        version = aws.iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        states[policy["Arn"]] = {"document": version["PolicyVersion"]["Document"]}
    for kind in ("user", "group", "role"):
        for item in pages(aws.iam, f"list_{kind}s", f"{kind.title()}s"):
            states[item["Arn"]] = read_principal(aws, kind, item)
    block = unless("NoSuchPublicAccessBlock", lambda: aws.control.get_public_access_block(AccountId=ACCOUNT), None)
    passwords = aws.iam.get_account_password_policy()["PasswordPolicy"]
    states[ACCOUNT] = {
        "flags": block["PublicAccessBlockConfiguration"] if block else dict.fromkeys(FLAGS, False),
        "root has MFA": aws.iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] > 0,
        "passwords": {name: passwords[name] for name in WEAK},
    }
    return states


def must_be(account: Account, aws: Clients, when: str) -> None:
    seen = read(aws)
    for arn in sorted(account.states.keys() | seen.keys()):
        if account.states.get(arn) != seen.get(arn):
            sys.exit(f"{when}, {arn} is not as it was made: {seen.get(arn)} instead of {account.states.get(arn)}")


@dataclass
class Truth:
    """Under one control: what drifts, and where Prowler's check is defined otherwise."""

    drift: set[str] = field(default_factory=set)
    other: dict[str, str] = field(default_factory=dict)


def truth(account: Account) -> dict[str, Truth]:
    all_of = {control: Truth() for control in CHECKS}
    for arn, kinds in account.kinds.items():
        for part, name in kinds.items():
            kind = KINDS[part][name]
            for control in kind.drift:
                all_of[control].drift.add(arn)
            for control, why in kind.other.items():
                all_of[control].other[arn] = why
        if kinds.get("key: kind and state") in DORMANT_KEYS:
            all_of[SHARED].other[arn] = ONLY_ENABLED
    return all_of


# --- the tools ----------------------------------------------------------------------------------------------------------

# A child counts its parent's memory as its own until it is replaced, so that parent must be small.
LAUNCHER = """
import json, resource, subprocess, sys, time
out, err, told, *command = sys.argv[1:]
with open(out, "wb") as stdout, open(err, "wb") as stderr:
    start = time.perf_counter()
    status = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
    seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
row = {"status": status, "start": start, "wall": seconds, "user": used.ru_utime, "system": used.ru_stime, "memory": used.ru_maxrss * 1024}
open(told, "w").write(json.dumps(row))
"""


@dataclass
class Run:
    """One run of one tool."""

    figures: dict[str, float]
    calls: Counter[str]
    gaps: Counter[str]
    outside: Counter[str]
    found: dict[str, set[str]]
    # What it knows and does not count as drift: the control, the resource, and why.
    other: dict[str, dict[str, str]]
    unread: list[str]


def take(url: str) -> Counts:
    """What the emulator was asked since this was last called."""
    with urllib.request.urlopen(url + TAKE, timeout=60) as answer:
        told: Document = json.load(answer)
    told |= {name: Counter(value) for name, value in told.items() if isinstance(value, dict)}
    return Counts(**told)


def launch(
    url: str, command: list[str], env: dict[str, str], folder: pathlib.Path, accepted: Iterable[int]
) -> tuple[dict[str, float], Counts]:
    """The clock is the same in all processes."""
    out, err, told = (folder / name for name in ("stdout", "stderr", "told.json"))
    small = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(out), str(err), str(told)]
    take(url)  # the calls until now are not the tool's
    subprocess.run(small + command, env=env, cwd=folder, check=True, timeout=LONGEST)
    counts = take(url)
    figures = json.loads(told.read_text())
    if figures["status"] not in accepted:
        text = out.read_text(errors="replace")[-2000:] + err.read_text(errors="replace")[-2000:]
        sys.exit(f"{command[0]} ended with {figures['status']}: {text}")
    start, first = figures.pop("start"), counts.first or counts.last
    figures |= {"before the first call": first - start, "first to last call": counts.last - first, "answering": counts.seconds}
    return figures, counts


def environment(url: str, folder: pathlib.Path) -> dict[str, str]:
    aws = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **aws, **CREDENTIALS}


# Outcomes of Remedy that tell of a violation and are no drift.
QUIET = {
    "dormant": "told as dormant, not as drift: a violation, and in effect for nobody",
    "contained": "told as contained, not as drift: a violation, held in check",
}


def name_of(control: str, resource: str) -> str:
    return ACCOUNT if control in OF_THE_ACCOUNT else resource


def checks() -> list[str]:
    return list(dict.fromkeys(check for rows in CHECKS.values() for check, _ in rows))


def run_prowler(program: str, url: str) -> Run:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = environment(url, folder) | {"http_proxy": url, "https_proxy": url}
        # Without the last, it leaves out what nobody uses, such as policies that are attached to nobody.
        options = ["--no-banner", "--no-color", "--ignore-exit-code-3", "--region", REGION, "--scan-unused-services"]
        output = ["--output-formats", "json-ocsf", "--output-directory", str(folder / "out"), "--output-filename", "run"]
        command = [program, "aws", *options, *output, "--log-level", "CRITICAL", "--checks", *checks()]
        figures, called = launch(url, command, env, folder, (0,))
        files = [file for file in (folder / "out").rglob("*") if file.is_file()]
        figures["output"] = sum(file.stat().st_size for file in files)
        reports = json.loads((folder / "out" / "run.ocsf.json").read_text())
    by_check: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        by_check[report["metadata"]["event_code"]].append(report)
    found: dict[str, set[str]] = defaultdict(set)
    for control, rows in CHECKS.items():
        for check, counts in rows:
            failed = [report for report in by_check[check] if report["status_code"] == "FAIL" and counts(report)]
            found[control] |= {name_of(control, report["resources"][0]["uid"]) for report in failed}
    unread = [f"{check}: it said nothing" for check in checks() if not by_check[check]]
    unread += [f"{report['metadata']['event_code']}: MANUAL" for report in reports if report["status_code"] == "MANUAL"]
    return Run(figures, called.calls, called.gaps, called.outside, found, {}, unread)


def run_remedy(program: str, url: str) -> Run:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        figures, called = launch(url, [program, "scan", "--format", "json"], environment(url, folder), folder, (0, 1, 3))
        text = (folder / "stdout").read_bytes()
        scan, figures["output"] = json.loads(text), len(text)
    found: dict[str, set[str]] = defaultdict(set)
    other: dict[str, dict[str, str]] = defaultdict(dict)
    for finding in scan["findings"]:
        control, resource = finding["control"], name_of(finding["control"], finding["resource"])
        if finding.get("outcome") in ("drifted", "needs-human"):
            found[control].add(resource)
        elif finding.get("outcome") in QUIET:
            other[control][resource] = QUIET[finding["outcome"]]
    places = [*scan["cells"], *scan["findings"]]
    unread = [f"{one['control']} {one.get('resource', '')}: {one['unread']}" for one in places if one.get("unread")]
    unknown = {finding["control"] for finding in scan["findings"]} - CHECKS.keys()
    if unknown:
        sys.exit(f"the table CHECKS does not know {', '.join(sorted(unknown))}")
    return Run(figures, called.calls, called.gaps, called.outside, found, other, unread)


# --- the comparison -----------------------------------------------------------------------------------------------------


@dataclass
class Score:
    found: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    other: dict[str, str] = field(default_factory=dict)

    def row(self) -> list[str]:
        return [str(len(part)) for part in (self.found, self.missed, self.false, self.other)]


def score(real: Truth, found: set[str], other: dict[str, str]) -> Score:
    missed, false = real.drift - found, found - real.drift
    defined = {arn: other[arn] for arn in sorted(missed | false) if arn in other}
    return Score(sorted(real.drift & found), sorted(missed - defined.keys()), sorted(false - defined.keys()), defined)


def table(rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  " + "  ".join(cells).rstrip())


def total(scores: Iterable[Score]) -> Score:
    whole = Score()
    for n, one in enumerate(scores):
        whole.found += one.found
        whole.missed += one.missed
        whole.false += one.false
        whole.other |= {f"{n} {arn}": why for arn, why in one.other.items()}
    return whole


def kind_of(arn: str, control: str, account: Account) -> str:
    """How the parts of a resource are set that this control is about."""
    kinds = account.kinds.get(arn, {})
    about = [name for part, name in kinds.items() if any(control in kind.drift for kind in KINDS[part].values())]
    return "; ".join(about or kinds.values()) or "not made here"


def show_findings(real: dict[str, Truth], scores: dict[str, dict[str, Score]], account: Account) -> None:
    print("\nfindings: a resource under a control; other: the tool defines the drift otherwise")
    rows = [["", "drifts", "Remedy:", "missed", "false", "other", "Prowler:", "missed", "false", "other"]]
    for control, one in real.items():
        remedy = scores["remedy"][control].row()
        prowler = scores["prowler"][control].row() if CHECKS[control] else ["no check", "", "", ""]
        rows.append([control, str(len(one.drift)), *remedy, *prowler])
    both = [control for control in real if CHECKS[control]]
    for label, controls in (("controls with a check", both), ("all", list(real))):
        remedy = total(scores["remedy"][control] for control in controls).row()
        prowler = total(scores["prowler"][control] for control in both).row() if controls == both else ["", "", "", ""]
        rows.append([label, str(sum(len(real[control].drift) for control in controls)), *remedy, *prowler])
    kinds = {
        tool: [
            str(len({(control, kind_of(arn, control, account)) for control in both for arn in getattr(of_tool[control], part)}))
            for part in ("found", "missed", "false", "other")
        ]
        for tool, of_tool in scores.items()
    }
    drifting = {(control, kind_of(arn, control, account)) for control in both for arn in real[control].drift}
    rows.append(["kinds, controls with a check", str(len(drifting)), *kinds["remedy"], *kinds["prowler"]])
    table(rows)
    for tool, of_tool in scores.items():
        for control, told in of_tool.items():
            for what, arns in (("missed", told.missed), ("false", told.false)):
                grouped: dict[str, list[str]] = defaultdict(list)
                for arn in arns:
                    grouped[kind_of(arn, control, account)].append(arn)
                for kind, alike in grouped.items():
                    print(f"  {tool} {what}: {control}, {len(alike)} x {kind}, such as {alike[0]}")
    for tool, of_tool in scores.items():
        if any(one.other for one in of_tool.values()):
            print(f"\ndefined otherwise by {tool}")
        for control, told in of_tool.items():
            for why, count in Counter(told.other.values()).items():
                print(f"  {control}, {count}: {why}")


def median(runs: list[Run], figure: str) -> float:
    return statistics.median(run.figures[figure] for run in runs)


def show_figures(runs: dict[str, list[Run]]) -> None:
    count = len(runs["remedy"])
    print("\nmeasured" + (f", the median of {count} runs" if count > 1 else ""))
    lines: list[tuple[str, Callable[[list[Run]], float], int]] = [
        ("seconds by the clock, emulator included", lambda of: median(of, "wall"), 2),
        ("  before the first call", lambda of: median(of, "before the first call"), 2),
        ("  from the first call to the last", lambda of: median(of, "first to last call"), 2),
        ("CPU seconds, user", lambda of: median(of, "user"), 2),
        ("CPU seconds, system", lambda of: median(of, "system"), 2),
        ("memory at its peak, MiB", lambda of: median(of, "memory") / 2**20, 1),
        ("API calls", lambda of: of[0].calls.total(), 0),
        ("operations", lambda of: len(of[0].calls), 0),
        ("output, KiB", lambda of: median(of, "output") / 1024, 0),
        ("seconds that the emulator took, all calls", lambda of: median(of, "answering"), 2),
        ("connections to the internet tried", lambda of: of[0].outside.total(), 0),
    ]
    rows = [["", "Remedy", "Prowler", "ratio"]]
    for label, value, digits in lines:
        ours, theirs = value(runs["remedy"]), value(runs["prowler"])
        rows.append([label, f"{ours:,.{digits}f}", f"{theirs:,.{digits}f}", f"{theirs / ours:.1f}" if ours >= 0.1 else ""])
    table(rows)
    print("\nAPI calls")
    names = sorted({name for of in runs.values() for name in of[0].calls})
    table([["", "Remedy", "Prowler"], *([name, *(str(runs[tool][0].calls[name]) for tool in runs)] for name in names)])
    for tool, of in runs.items():
        for name, count in of[0].gaps.items():
            print(f"  {tool}: moto has no {name} ({count} calls)")
        for place, count in of[0].outside.items():
            print(f"  {tool} tried to reach {place} ({count} times)")
        for what in of[0].unread:
            print(f"  {tool} did not look: {what}")
        if any(run.calls != of[0].calls for run in of):
            print(f"  {tool}: the calls differ between runs: {[run.calls.total() for run in of]}")
        if any(run.found != of[0].found for run in of):
            print(f"  {tool}: the findings differ between runs")


def version_of(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def versions(remedy: str, prowler: str) -> dict[str, str]:
    python = str(pathlib.Path(prowler).with_name("python"))
    said = "from importlib.metadata import version; print(version('prowler'), version('boto3'))"
    of_prowler, boto = version_of([python, "-c", said]).split()
    here = version_of([sys.executable, "-c", "from importlib.metadata import version; print(version('moto'))"])
    return {
        "remedy": version_of([remedy, "--version"]).removeprefix("remedy "),
        "prowler": of_prowler,
        "boto3 of prowler": boto,
        "python of prowler": version_of([python, "--version"]),
        "moto": here,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remedy", required=True)
    parser.add_argument("--prowler", required=True)
    for name, usual in (("buckets", 200), ("users", 50), ("keys", 40), ("runs", 1), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    given.remedy, given.prowler = (os.path.abspath(path) for path in (given.remedy, given.prowler))
    if given.buckets < 8 or given.users < 6 or given.keys < 8 or given.runs < 1:
        parser.error("at least 8 buckets, 6 users, 8 keys and a run")
    return given


def sizes(account: Account) -> Counter[str]:
    """How many resources there are of each kind."""
    return Counter(next(iter(kinds)).partition(":")[0] for kinds in account.kinds.values())


def as_json(given: argparse.Namespace, said: dict, account: Account, real: dict[str, Truth], scores: dict, runs: dict) -> Document:
    def tool(of: list[Run]) -> Document:
        run = of[0]
        rest = {"gaps": run.gaps, "internet": run.outside, "unread": run.unread}
        return {"runs": [one.figures for one in of], "calls": dict(sorted(run.calls.items())), **rest}

    made = Counter(f"{part}: {name}" for kinds in account.kinds.values() for part, name in kinds.items())
    controls = [
        {
            "control": control,
            "drifts": sorted(one.drift),
            "checks": [check for check, _ in CHECKS[control]],
            **{name: vars(of_tool[control]) for name, of_tool in scores.items() if name == "remedy" or CHECKS[control]},
        }
        for control, one in real.items()
    ]
    size = {"buckets": given.buckets, "users": given.users, "keys": given.keys, "seed": given.seed}
    tools = {name: tool(of) for name, of in runs.items()}
    return {"format": 1, "versions": said, "account": size | {"kinds": made}, "tools": tools, "controls": controls}


def start_emulator() -> tuple[str, subprocess.Popen]:
    port = emulator.free_port()
    server = subprocess.Popen([sys.executable, str(SERVER), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f"http://127.0.0.1:{port}", server


def main() -> int:
    given = arguments()
    said = versions(given.remedy, given.prowler)
    print(", ".join(f"{name} {version}" for name, version in said.items()))
    url, server = start_emulator()
    try:
        emulator.wait_for(url, server)
        aws = Clients(url)
        account = make(aws, Dice(given.seed), given.buckets, given.users, given.keys)
        must_be(account, aws, "Before the tools ran")
        print(f"the account: {', '.join(f'{count} of {part}' for part, count in sizes(account).items())}")
        runs: dict[str, list[Run]] = {"remedy": [], "prowler": []}
        tools: list[tuple[str, Callable[[], Run]]] = [
            ("prowler", lambda: run_prowler(given.prowler, url)),
            ("remedy", lambda: run_remedy(given.remedy, url)),
        ]
        for _ in range(given.runs):
            for tool, run in tools:
                runs[tool].append(run())
            tools.reverse()
        must_be(account, aws, "After the tools ran")
    finally:
        server.kill()
        server.wait()
    real = truth(account)
    ours, theirs = runs["remedy"][0], runs["prowler"][0]
    scores = {
        "remedy": {control: score(one, ours.found[control], ours.other[control]) for control, one in real.items()},
        "prowler": {control: score(one, theirs.found[control], one.other) for control, one in real.items() if CHECKS[control]},
    }
    scores["prowler"] |= {control: Score() for control in real if not CHECKS[control]}
    show_findings(real, scores, account)
    show_figures(runs)
    if given.out:
        given.out.write_text(json.dumps(as_json(given, said, account, real, scores, runs), indent=1) + "\n")
        print(f"\nThe numbers: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
