"""Who deploys, and whom the parameters name."""

import re
from fnmatch import translate
from typing import Any

from inspection.account import Ask, Unanswered
from inspection.check import Check, Seen, attention, fails, ok, unknown, worst
from inspection.plan import Plan

NEED, DEPLOY, ORGANIZATION = "docs/deploy.md#what-you-need", "docs/deploy.md#deploy", "docs/deploy.md#an-organization"
BUCKETS, UNTIE = "docs/deploy.md#who-may-configure-the-buckets", "docs/deploy.md#it-failed-again-from-the-start"
ADMINISTRATORS = ("KeyAdministrator", "BucketAdministrator", "SettingsWriter")
PRINCIPAL = re.compile(r"arn:(?P<partition>[^:]*):iam::(?P<account>[^:]*):(?P<what>.+)")


def identity(ask: Ask, plan: Plan) -> Seen:
    told = ask.one("sts:GetCallerIdentity")
    where = f"account {told['Account']}, partition {told['Arn'].split(':')[1]}, Region {plan.region}"
    if told["Arn"].endswith(":root"):
        return attention(f"{where}, as the root user", "deploy as a role: root cannot use Remedy, and its credentials belong in a safe")
    return ok(f"{where}, as {told['Arn'].split(':', 5)[5]}")


def boundary(ask: Ask, plan: Plan) -> Seen:
    arn = plan.values["PermissionsBoundary"]
    if not arn:
        return ok("no permissions boundary is asked for")
    if not re.fullmatch(r"arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+", arn):
        return fails("PermissionsBoundary is not the ARN of a managed policy: no role can be created", "give the whole ARN of the policy")
    try:
        ask.one("iam:GetPolicy", PolicyArn=arn)
    except Unanswered as error:
        if error.code in ("NoSuchEntity", "InvalidInput"):
            return fails(f"the policy {arn} does not exist: no role can be created", "create it first, or correct PermissionsBoundary")
        raise
    return ok(f"{arn} exists")


def matches(pattern: str, arn: str) -> bool:
    """As ArnLike: each part of an ARN by itself, with * and ?; the last may have colons."""
    parts, of = pattern.split(":", 5), arn.split(":", 5)
    literal = [re.compile(translate(part.replace("[", "[[]"))) for part in parts]
    return len(parts) == len(of) and all(part.match(text) for part, text in zip(literal, of, strict=True))


def named(ask: Ask, parameter: str, pattern: str, account: str) -> Seen:
    told = PRINCIPAL.fullmatch(pattern)
    if not told or not re.match(r"(role|user)/|root$|\*", told["what"]):
        then = "give the ARN of an IAM role or user; that of a session (sts) never matches, its role's does"
        return fails(f"{parameter} is no ARN of an IAM role or user, so it names nobody", then)
    if told["account"] != account and "*" not in told["account"]:
        return attention(f"{parameter} is of account {told['account']}, which cannot be looked into from here", "check it there, or correct the account")
    if told["what"] == "root":
        return ok(f"{parameter} is root")
    kinds = [] if told["what"].startswith("user/") else [("iam:ListRoles", "Roles")]
    kinds += [] if told["what"].startswith("role/") else [("iam:ListUsers", "Users")]
    arns = [one["Arn"] for action, member in kinds for one in ask.all(action, member)]
    count = sum(matches(pattern, arn) for arn in arns)
    if count:
        return ok(f"{parameter} names {count}")
    if re.search(r"[*?]", pattern):
        return attention(f"{parameter} ({pattern}) matches no role or user yet", "correct the pattern, or make the role before it is needed")
    return fails(f"{parameter} ({pattern}) does not exist, so it names nobody", "correct the ARN, with its path, or create the role")


def administrators(ask: Ask, plan: Plan) -> Seen:
    told = {name: plan.values[name] for name in ADMINISTRATORS if plan.values[name]}
    if not told:
        return ok(f"none of {', '.join(ADMINISTRATORS)} is named: root alone")
    account = ask.one("sts:GetCallerIdentity")["Account"]
    seen = [named(ask, name, pattern, account) for name, pattern in told.items()]
    return worst(seen, ", ".join(one.saw for one in seen))


def root(ask: Ask, plan: Plan) -> Seen:
    alone = [name for name in ("KeyAdministrator", "BucketAdministrator") if not plan.values[name]]
    if not alone:
        return ok("KeyAdministrator and BucketAdministrator are named")
    summary: dict[str, Any] = ask.one("iam:GetAccountSummary")["SummaryMap"]
    has = [summary.get("AccountPasswordPresent"), summary.get("AccountAccessKeysPresent")]
    if any(has):
        return ok(f"root has credentials, and is the only one for whom {' and '.join(alone)} stands empty")
    if None in has:
        return unknown("IAM does not tell whether root has credentials", f"find out, or name {' and '.join(alone)}")
    what = {"KeyAdministrator": "delete Remedy's keys", "BucketAdministrator": "configure its buckets"}
    return attention(
        f"root has no credentials and {' and '.join(alone)} stands empty: nobody could ever {' or '.join(what[name] for name in alone)}",
        f"name {' and '.join(alone)}",
    )


def organization(ask: Ask, plan: Plan) -> Seen:
    wanted = plan.values["OrganizationId"]
    if not wanted:
        return ok("no organization is asked for: this account alone")
    refused = plan.refused().get("ExternalId", "") if plan.values["ExternalId"] else "is missing"
    seen = [fails(f"ExternalId {refused}", "make one: openssl rand -hex 24")] if refused else []
    then = "correct it: aws organizations describe-organization --query Organization.Id"
    try:
        real = ask.one("organizations:DescribeOrganization")["Organization"]["Id"]
    except Unanswered as error:
        if error.code != "AWSOrganizationsNotInUseException":
            raise
        return worst([*seen, fails(f"this account is in no organization, and OrganizationId is {wanted}", "leave it empty, or join the organization")], "")
    if real != wanted:
        seen.append(fails(f"OrganizationId is {wanted}, and this account is in {real}", then))
    return worst(seen, f"this account is in {real}")


CHECKS = [
    Check("identity", "Who deploys, and where?", ("sts:GetCallerIdentity",), identity, NEED),
    Check("boundary", "Does the permissions boundary exist?", ("iam:GetPolicy",), boundary, DEPLOY),
    Check("administrators", "Do the named administrators exist?",
          ("iam:ListRoles", "iam:ListUsers", "sts:GetCallerIdentity"), administrators, BUCKETS),
    Check("root", "Can somebody delete the keys and configure the buckets?", ("iam:GetAccountSummary",), root, UNTIE),
    Check("organization", "Is this the organization that the parameters name?", ("organizations:DescribeOrganization",), organization, ORGANIZATION),
]  # fmt: skip
