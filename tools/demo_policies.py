"""The pharmacy of the demo: makes its policies, and checks them with boto3 alone, without Remedy's code.

Usage: demo_policies.py make                         prints what was made, as JSON
       demo_policies.py check repaired|undone MADE   ends with 1 on any mismatch
Credentials are in the environment; DEMO_EMULATOR and DEMO_PROXY say where AWS is.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from demo_state import Aws

PARTNER = "444455556666"
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
Made = dict[str, Any]


def document(*statements: Made) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def partner(bucket: str) -> Made:
    """What a business associate is let in for: it must survive every repair."""
    return {
        "Sid": "Insurer",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PARTNER}:role/claims"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/claims/*",
    }


def everybody(bucket: str) -> Made:
    return {
        "Sid": "TemporaryDownload",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }


DISPENSE = {"Sid": "Dispense", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"}
MIGRATE = {"Sid": "OnlyForTheMigration", "Effect": "Allow", "Action": "*", "Resource": "*"}


def make(aws: Aws) -> list[Made]:
    for name in ("pharmacist-in-chief", "it-on-call"):
        aws.iam.create_user(UserName=name)
        aws.iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR_ACCESS)
        aws.iam.create_access_key(UserName=name)
    policy = aws.iam.create_policy(PolicyName="pharmacy-staff", PolicyDocument=document(DISPENSE, MIGRATE))["Policy"]
    aws.iam.create_user(UserName="intern")
    aws.iam.attach_user_policy(UserName="intern", PolicyArn=policy["Arn"])
    mixed, plain = f"formulary-{aws.account}", f"lab-results-{aws.account}"
    for name, statements in ((mixed, [everybody(mixed), partner(mixed)]), (plain, [partner(plain)])):
        aws.s3.create_bucket(Bucket=name)
        aws.s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
    places = [
        ("iam-policies", "iam-policy-admin", "pharmacy-staff", "makes every member of staff an administrator"),
        ("s3-public-access", "s3-bucket-public", mixed, "one statement for a partner, one for everybody"),
        ("s3-encryption", "s3-bucket-without-tls", plain, "takes requests without TLS"),
    ]
    keys = ("function", "control", "resource", "wrong")
    return [dict(zip(keys, place)) | {"document": read(aws, place[1], place[2])} for place in places]


def read(aws: Aws, control: str, resource: str) -> Made:
    """The policy that counts, as AWS tells it."""
    if control == "iam-policy-admin":
        arn = f"arn:aws:iam::{aws.account}:policy/{resource}"
        version = aws.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return aws.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return json.loads(aws.s3.get_bucket_policy(Bucket=resource)["Policy"])


def denies_plain_text(statement: Made) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    named = (statement["Effect"], statement.get("Principal"), condition.get("aws:SecureTransport"))
    return named == ("Deny", "*", "false") and statement["Action"] == "s3:*"


def repaired(aws: Aws, place: Made) -> str | None:
    """What is not as it must be after the repair."""
    was, now = place["document"]["Statement"], read(aws, place["control"], place["resource"])["Statement"]
    if place["control"] == "iam-policy-admin":
        return None if now == [DISPENSE] else f"the statements are {now}"
    if place["control"] == "s3-bucket-without-tls":
        rest = [statement for statement in now if not denies_plain_text(statement)]
        return None if rest == was and len(now) == len(was) + 1 else f"the statements are {now}"
    flags = aws.s3.get_public_access_block(Bucket=place["resource"])["PublicAccessBlockConfiguration"]
    if not all(flags.values()) or len(flags) != 4:
        return f"the flags are {flags}"
    return None if now == [partner(place["resource"])] else f"the statements are {now}"


def undone(aws: Aws, place: Made) -> str | None:
    now = read(aws, place["control"], place["resource"])
    by_sid = lambda document: sorted(document["Statement"], key=lambda statement: statement["Sid"])  # noqa: E731
    return None if by_sid(now) == by_sid(place["document"]) else f"the document is {now}, and was {place['document']}"


def main() -> int:
    if sys.argv[1] == "make":
        json.dump(make(Aws(os.environ["DEMO_PROXY"])), sys.stdout)
        return 0
    check, places = {"repaired": repaired, "undone": undone}[sys.argv[2]], json.loads(Path(sys.argv[3]).read_text())
    aws = Aws(os.environ["DEMO_EMULATOR"])
    mismatches = [(place, why) for place in places if (why := check(aws, place))]
    for place, why in mismatches:
        print(f"   MISMATCH {place['control']} {place['resource']}: {why}")
    print(f"   {len(places) - len(mismatches)} of {len(places)} policies are {sys.argv[2]}, as boto3 reads them.")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
