"""Breaks one account of the demo and prints, as JSON, what was made, what is wrong and how it must end.

Usage: demo_break.py clinic|research. Credentials are in the environment; DEMO_EMULATOR and DEMO_PROXY say where AWS is.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import demo_places as tables
from botocore.exceptions import ClientError
from demo_state import Aws, Place, State, read

PASSWORD = "Correct-Horse-7-Battery"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemoDemoDemoDemoDemoDemoDemoDemoDemo demo"
# The policy that the template makes; the account has it before anything is broken.
DENY = "remedy-iam-mfa-deny"
# The inline policy of earlier versions.
FENCE = "RemedyDenyWithoutMfa"


def everybody(bucket: str) -> str:
    objects = f"arn:aws:s3:::{bucket}/*"
    return json.dumps({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": objects})


def partner(bucket: str) -> str:
    """A statement that lets another hospital in, spelt so that a rewrite would show."""
    who = '{"AWS": "arn:aws:iam::444455556666:root"}'
    what = f'"Action": ["s3:\\u0047etObject"], "Resource": "arn:aws:s3:::{bucket}/shared/*"'
    return f'{{"Sid": "Partner",  "Effect": "Allow", "Principal": {who}, {what}}}'


def shared(*statements: str) -> str:
    return f'{{"Version": "2012-10-17", "Statement": [{", ".join(statements)}]}}'


def document(effect: str, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Resource": "*"} | more]})


TORN_FENCE = document("Allow", Action="iam:ListMFADevices")


def old_fence(account: str, name: str) -> str:
    """The MFA-deny policy as earlier versions wrote it into a user."""
    on_user = [f"iam:{action}" for action in ("EnableMFADevice", "GetMFADevice", "GetUser", "ListMFADevices", "ResyncMFADevice")]
    device, devices = "iam:CreateVirtualMFADevice", "iam:ListVirtualMFADevices"
    allow = [
        ("RemedyEnrolOnOwnUser", on_user, f"arn:aws:iam::{account}:user/{name}"),
        ("RemedyEnrolOwnDevice", [device], f"arn:aws:iam::{account}:mfa/{name}"),
        ("RemedyListDevices", [devices], "*"),
    ]
    statements = [{"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": of} for sid, actions, of in allow]
    deny = {"Sid": FENCE, "Effect": "Deny", "NotAction": [*on_user, device, devices, "sts:GetSessionToken"], "Resource": "*"}
    deny["Condition"] = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements, deny]})


class Breaker:
    """Makes the places of one account and remembers them."""

    def __init__(self, name: str) -> None:
        # What is made goes through the proxy, which fills gaps of the emulator; what is read comes from the emulator.
        self.aws, self.eyes, self.name = Aws(os.environ["DEMO_PROXY"]), Aws(os.environ["DEMO_EMULATOR"]), name
        self.places: list[Place] = []
        self.unsupported: list[dict[str, str]] = []

    def rows(self, make: Callable[..., None], rows: list[tables.Row]) -> None:
        """Makes each row. What the emulator cannot do is noted, not passed over."""
        for resource, wrong, outcome, how in rows:
            try:
                make(resource, wrong, outcome, **how)
            except ClientError as error:
                self.unsupported.append({"place": f"{resource} ({wrong})", "why": str(error)})

    def add(self, control: str, kind: str, resource: str, wrong: str, outcome: str, **more: Any) -> State:
        """Takes down a place, and what it is like before anybody repairs it."""
        place = {"control": control, "kind": kind, "resource": resource, "label": resource, "wrong": wrong}
        place |= {"outcome": outcome, "rule": None, "event_id": resource, "undo": False, "change": None} | more
        place["before"] = read(self.eyes, place)
        self.places.append(place)
        return place["before"]

    def change(self, **sections: Any) -> None:
        """What the last place must be like afterwards, where it differs from before."""
        self.places[-1]["change"] = sections

    def bucket(self, name: str, wrong: str, outcome: str, *, rule: str | None = None, **how: Any) -> None:
        s3 = self.aws.s3
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="record-1.txt", Body=b"a record")
        if block := how.get("block"):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        if how.get("policy"):
            s3.put_bucket_policy(Bucket=name, Policy=shared(everybody(name), partner(name)))
        if acl := how.get("acl"):
            s3.put_bucket_acl(Bucket=name, ACL=acl)
        if how.get("website"):
            s3.put_bucket_website(Bucket=name, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        more = {"rule": rule, "undo": how.get("undo", False), "resource_type": "AWS::S3::Bucket"}
        before = self.add("s3-bucket-public", "bucket", name, wrong, outcome, **more)
        if outcome == "repaired":
            self.change(block=tables.ALL)
        if how.get("policy"):
            self.change(block=tables.ALL, policy=shared(partner(name)))
        if how.get("acl"):
            self.change(block=tables.ALL, acl=[grant for grant in before["acl"] if grant["Grantee"]["Type"] != "Group"])

    def key(self, label: str, wrong: str, outcome: str, *, rule: str | None = None, **how: Any) -> None:
        kms = self.aws.kms
        key_id = kms.create_key(Description=label, **how.get("create", {}))["KeyMetadata"]["KeyId"]
        if days := how.get("days"):
            kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=days)
        if how.get("disabled"):
            kms.disable_key(KeyId=key_id)
        dying = bool(how.get("dying"))
        if dying:
            kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
        control = "kms-key-pending-deletion" if dying else "kms-key-unrotated"
        more = {"rule": rule, "label": label, "resource_type": "AWS::KMS::Key"}
        before = self.add(control, "key", key_id, wrong, outcome, **more)
        if dying:
            kept = {name: value for name, value in before["metadata"].items() if name != "DeletionDate"}
            self.change(metadata=kept | {"KeyState": "Disabled", "Enabled": False})
        elif outcome == "repaired":
            self.change(rotation={"on": True, "days": 365}, flag=True)

    def user(self, name: str, wrong: str, outcome: str, *, has: set[str], rule: str | None = None) -> None:
        unique = self.aws.iam.create_user(UserName=name)["User"]["UserId"]
        for thing in sorted(has):
            self.equip(name, thing)
        # AWS Config names a user by its unique id.
        more = {"rule": rule, "event_id": unique, "resource_type": "AWS::IAM::User"}
        self.add("iam-user-without-mfa", "user", name, wrong, outcome, **more)
        if outcome in ("contained", "repaired"):
            self.change(fence="up" if outcome == "contained" else "down")

    def equip(self, name: str, thing: str) -> None:
        iam = self.aws.iam
        match thing:
            case "console":
                iam.create_login_profile(UserName=name, Password=PASSWORD)
            case "reset":
                iam.update_login_profile(UserName=name, Password=PASSWORD, PasswordResetRequired=True)
            case "mfa":
                device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
                codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
                iam.enable_mfa_device(UserName=name, SerialNumber=device["SerialNumber"], **codes)
            case "key":
                iam.create_access_key(UserName=name)
            case "inactive-key":
                made = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
                iam.update_access_key(UserName=name, AccessKeyId=made, Status="Inactive")
            case "ssh":
                iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=SSH_KEY)
            case "fence":
                iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::{self.aws.account}:policy/{DENY}")
            case "old-fence" | "torn-fence":
                text = old_fence(self.aws.account, name) if thing == "old-fence" else TORN_FENCE
                iam.put_user_policy(UserName=name, PolicyName=FENCE, PolicyDocument=text)

    def account_wide(self, control: str, kind: str, wrong: str, outcome: str, rule: str | None, what: str) -> State:
        more = {"rule": rule, "label": f"{what} of {self.name}", "resource_type": "AWS::::Account"}
        return self.add(control, kind, self.aws.account, wrong, outcome, **more)

    def root(self, wrong: str, outcome: str, rule: str | None) -> None:
        self.account_wide("iam-root-without-mfa", "root", wrong, outcome, rule, "root user")

    def own_buckets(self) -> None:
        """Remedy's own buckets, made before: as open as AWS's defaults of old, and never to be touched."""
        for name in (f"remedy-evidence-{self.aws.account}", f"remedy-state-{self.aws.account}"):
            wrong = "open, Remedy's own"
            self.add("s3-bucket-public", "own-bucket", name, wrong, "blocked", resource_type="AWS::S3::Bucket")


def clinic(breaker: Breaker) -> None:
    aws = breaker.aws
    recorder = {"name": "default", "roleARN": f"arn:aws:iam::{aws.account}:role/config"}
    aws.config.put_configuration_recorder(ConfigurationRecorder=recorder)
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_PUBLIC_READ_PROHIBITED"}
    aws.config.put_config_rule(ConfigRule={"ConfigRuleName": tables.OWN_RULE, "Source": source})
    breaker.rows(breaker.bucket, tables.BUCKETS)
    more = {"rule": "s3-bucket-public-read-prohibited", "resource_type": "AWS::S3::Bucket"}
    breaker.add("s3-bucket-public", "deleted-bucket", "deleted-yesterday", "gone when event arrives", "gone", **more)
    rule, wrong = "s3-account-level-public-access-blocks", "no Block Public Access"
    breaker.account_wide("s3-account-public", "account-block", wrong, "awaiting-approval", rule, "S3 block")
    breaker.rows(breaker.key, tables.KEYS)
    breaker.rows(breaker.user, tables.USERS)
    linked = aws.iam.create_service_linked_role(AWSServiceName="config.amazonaws.com")["Role"]
    more = {"rule": "iam-role-managed-policy-check", "event_id": linked["RoleId"], "resource_type": "AWS::IAM::Role"}
    breaker.add("", "role", linked["RoleName"], "service-linked role", "no-run", **more)
    breaker.root("no MFA device", "needs-human", "root-account-mfa-enabled")
    aws.iam.update_account_password_policy(**tables.WEAK_POLICY)
    rule, wrong = "iam-password-policy", "8 characters, no expiry"
    before = breaker.account_wide("iam-password-policy-weak", "password-policy", wrong, "repaired", rule, "passwords")
    breaker.change(policy=before["policy"] | tables.STRONG_ENOUGH)


def research(breaker: Breaker) -> None:
    aws = breaker.aws
    breaker.rows(breaker.bucket, tables.RESEARCH_BUCKETS)
    aws.s3control.put_public_access_block(AccountId=aws.account, PublicAccessBlockConfiguration=tables.ALL)
    breaker.account_wide("s3-account-public", "account-block", "nothing", "already-compliant", None, "S3 block")
    breaker.rows(breaker.key, tables.RESEARCH_KEYS)
    breaker.rows(breaker.user, tables.RESEARCH_USERS)
    breaker.root("nothing: has MFA", "already-compliant", None)
    aws.iam.update_account_password_policy(**tables.STRICTER_POLICY)
    rule, wrong = "iam-password-policy", "nothing: it is stricter"
    breaker.account_wide("iam-password-policy-weak", "password-policy", wrong, "already-compliant", rule, "passwords")


def main() -> int:
    name = sys.argv[1]
    breaker = Breaker(name)
    {"clinic": clinic, "research": research}[name](breaker)
    breaker.own_buckets()
    notes = [
        "the emulator has no root user: whether root has MFA is answered by the proxy in front of it",
        "the emulator keeps no rotation period: it is kept, set and read at the proxy in front of it",
    ]
    json.dump({"places": breaker.places, "unsupported": breaker.unsupported, "notes": notes}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
