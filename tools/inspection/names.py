"""Whether the names of template.yaml are free: an earlier try, a stack of another Region, other stacks of Remedy."""

import re
from dataclasses import dataclass

from inspection.account import Ask, Unanswered
from inspection.check import Check, Seen, attention, denied, fails, ok, worst
from inspection.plan import Plan, load

AGAIN, REGIONS, NEED = "docs/deploy.md#it-failed-again-from-the-start", "docs/deploy.md#regions", "docs/deploy.md#what-you-need"
REMOVE = "remove them (docs/deploy.md, It failed), or choose another name for the stack"
# A stack that was never made: a change set waits, and no resource is there.
NEW = (None, "REVIEW_IN_PROGRESS")
HEALTHY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")
# As many names as a sentence shows.
SHOWN = 4


def last(url: str) -> str:
    """The name in an ARN or a URL. A queue has several URLs, and one name."""
    return re.split("[/:]", url)[-1]


@dataclass(frozen=True)
class Listing:
    """Where AWS tells the names of one type of resource. `physical` is what CloudFormation knows it by."""

    named: str
    action: str
    member: str
    name: str | None
    physical: str | None
    prefix: str | None = None
    scope: str | None = None

    def items(self, ask: Ask, prefix: str) -> dict[str, str]:
        """The names that AWS has, with what CloudFormation would know each by."""
        parameters = ({self.prefix: prefix} if self.prefix else {}) | ({"Scope": self.scope} if self.scope else {})
        told = ask.all(self.action, self.member, **parameters)
        if self.name is None or self.physical is None:
            return {last(url): last(url) for url in told}
        return {last(item[self.name]) if self.name.endswith("Arn") else item[self.name]: item[self.physical] for item in told}


# Every type of the template with a name that it gives: a test says when one is missing.
LISTINGS = {
    "AWS::CloudWatch::Alarm": Listing("AlarmName", "cloudwatch:DescribeAlarms", "MetricAlarms", "AlarmName", "AlarmName", "AlarmNamePrefix"),
    "AWS::CloudWatch::Dashboard": Listing(
        "DashboardName", "cloudwatch:ListDashboards", "DashboardEntries", "DashboardName", "DashboardName", "DashboardNamePrefix"),
    "AWS::Events::EventBus": Listing("Name", "events:ListEventBuses", "EventBuses", "Name", "Name", "NamePrefix"),
    "AWS::Events::Rule": Listing("Name", "events:ListRules", "Rules", "Name", "Name", "NamePrefix"),
    "AWS::IAM::ManagedPolicy": Listing("ManagedPolicyName", "iam:ListPolicies", "Policies", "PolicyName", "Arn", scope="Local"),
    "AWS::IAM::Role": Listing("RoleName", "iam:ListRoles", "Roles", "RoleName", "RoleName"),
    "AWS::KMS::Alias": Listing("AliasName", "kms:ListAliases", "Aliases", "AliasName", "AliasName"),
    "AWS::Logs::LogGroup": Listing("LogGroupName", "logs:DescribeLogGroups", "logGroups", "logGroupName", "logGroupName", "logGroupNamePrefix"),
    "AWS::Serverless::Function": Listing("FunctionName", "lambda:ListFunctions", "Functions", "FunctionName", "FunctionName"),
    "AWS::SNS::Topic": Listing("TopicName", "sns:ListTopics", "Topics", "TopicArn", "TopicArn"),
    "AWS::SQS::Queue": Listing("QueueName", "sqs:ListQueues", "QueueUrls", None, None, "QueueNamePrefix"),
}  # fmt: skip
# IAM is one for all Regions.
OF_ACCOUNT = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Role")


def given(plan: Plan, kind: str) -> list[str]:
    """The names that the template gives to resources of a type. Rules on the stack's own bus are gone with it."""
    named = [one for one in plan.of_kind(kind) if "EventBusName" not in one]
    return sorted(one[LISTINGS[kind].named] for one in named if LISTINGS[kind].named in one)


def status(ask: Ask, plan: Plan) -> str | None:
    try:
        return ask.one("cloudformation:DescribeStacks", StackName=plan.stack)["Stacks"][0]["StackStatus"]
    except Unanswered as error:
        # CloudFormation has no other word for a stack that is not there.
        if error.code == "ValidationError":
            return None
        raise


def own(ask: Ask, plan: Plan) -> set[tuple[str, str]]:
    """Types and physical ids of what is the stack's."""
    if status(ask, plan) in NEW:
        return set()
    told = ask.all("cloudformation:ListStackResources", "StackResourceSummaries", StackName=plan.stack)
    # What a stack left behind when it was deleted or rolled back is nobody's.
    kept = [one for one in told if one["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]
    return {known(one["ResourceType"], one.get("PhysicalResourceId", "")) for one in kept}


def known(kind: str, physical: str) -> tuple[str, str]:
    """A resource of a stack, as the template and LISTINGS call it."""
    if kind == "AWS::Lambda::Function":
        return "AWS::Serverless::Function", physical
    return kind, last(physical) if kind == "AWS::SQS::Queue" else physical


def few(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def found(ask: Ask, plan: Plan, kind: str) -> tuple[list[str], list[str]]:
    """The names of a type that are taken, and those of others that begin like the stack's. What is the stack's is neither."""
    names, stacks = given(plan, kind), own(ask, plan)
    if not names:
        return [], []
    first = names[0][: names[0].index(plan.stack) + len(plan.stack)]
    items = LISTINGS[kind].items(ask, first)
    strangers = sorted(name for name, physical in items.items() if (kind, physical) not in stacks)
    return [name for name in strangers if name in names], [name for name in strangers if name not in names and name.startswith(f"{first}-")]


def leftovers(ask: Ask, plan: Plan) -> Seen:
    seen = []
    for kind in sorted(LISTINGS.keys() - set(OF_ACCOUNT)):
        try:
            taken, alike = found(ask, plan, kind)
        except Unanswered as error:
            seen.append(denied(error))
            continue
        if taken:
            seen.append(fails(f"{kind}: {few(taken)} is there and not the stack's", REMOVE))
        if alike:
            then = "give them other names, or remove them: rules and policies of Remedy name what is its own by this prefix"
            seen.append(attention(f"{kind}: {few(alike)} begins with {plan.stack}- and is not the stack's", then))
    there = status(ask, plan) not in NEW
    return worst(seen, f"all names are free, or those of the stack {plan.stack}, for this is an update" if there else "all names are free")


def iam_names(ask: Ask, plan: Plan) -> Seen:
    seen, there = [], status(ask, plan) not in NEW
    roles, other_roles = found(ask, plan, "AWS::IAM::Role")
    policies, other_policies = found(ask, plan, "AWS::IAM::ManagedPolicy")
    if roles and not there:
        saw = f"roles {few(roles)} exist, and no stack {plan.stack} in {plan.region}: a stack of the same name is in another Region, or they were left behind"
        seen.append(fails(saw, "give the stack's name a Region suffix, such as remedy-use1; if no other Region has it, delete these roles"))
    elif roles:
        seen.append(fails(f"roles {few(roles)} exist and are not the stack's", REMOVE))
    if policies:
        seen.append(fails(f"managed policies {few(policies)} exist and are not the stack's", REMOVE))
    # forward.yaml makes these for the stack.
    alike = [name for name in other_roles if not re.fullmatch(f"{re.escape(plan.stack)}-forward-[a-z0-9-]+-[0-9]", name)] + other_policies
    if alike and not roles:
        then = "rename them, or choose another name for the stack: Remedy's policies name its roles by this prefix"
        seen.append(attention(f"{few(alike)} in IAM begin with {plan.stack}- and are not the stack's", then))
    return worst(seen, "all names of roles and policies are free, or the stack's")


def stack(ask: Ask, plan: Plan) -> Seen:
    pattern = load("config-rules.yaml")["Parameters"]["StackName"]["AllowedPattern"]
    if not re.fullmatch(pattern, plan.stack):
        long = f"it has {len(plan.stack)} characters" if len(plan.stack) > 38 else f"it does not match {pattern}"
        return fails(f"the name {plan.stack} cannot be a stack of Remedy: {long}", "choose a name of 38 letters, digits and hyphens at most")
    now = status(ask, plan)
    if now in NEW:
        return ok(f"no stack {plan.stack} in {plan.region}: it would be created")
    if now in HEALTHY:
        return ok(f"the stack is there ({now}): this is an update")
    if now.endswith("_IN_PROGRESS"):
        return fails(f"something is being done to the stack ({now})", "wait until it has ended: aws cloudformation describe-stacks")
    if now == "UPDATE_ROLLBACK_FAILED":
        return fails(f"the stack cannot be updated ({now})", "aws cloudformation continue-update-rollback, then run it again")
    if now == "UPDATE_FAILED":
        return fails(f"the last update stopped halfway ({now})", "aws cloudformation rollback-stack, then run it again")
    return fails(f"the stack cannot be updated ({now})", "delete the stack and what it left (docs/deploy.md, It failed)")


def hubs(plan: Plan, roles: set[str], global_controls: str) -> set[str]:
    """The names of the stacks of which all read roles of a hub are there. Members of an organization have fewer: no sealer."""
    ends = [name[len(plan.stack) :] for name in given(plan.other(GlobalControls=global_controls, Writes="none"), "AWS::IAM::Role") if name.endswith("-read")]
    starts = [{role[: -len(end)] for role in roles if role.endswith(end)} for end in ends]
    return set.intersection(*starts) - {plan.stack}


def neighbours(ask: Ask, plan: Plan) -> list[Seen]:
    """Other stacks of this Region."""
    seen, about = [], plan.document["Description"].partition(" in this account")[0]
    alive = [status for status in ask.words("cloudformation", "StackStatus") if status != "DELETE_COMPLETE"]
    for other in ask.all("cloudformation:ListStacks", "StackSummaries", StackStatusFilter=alive):
        name = other["StackName"]
        if name == plan.stack or other["StackStatus"] in NEW:
            continue
        if other.get("TemplateDescription", "").startswith(about):
            saw = f"stack {name} is Remedy, too, and in this Region: metrics carry no stack name, so alarms of one hide those of the other"
            seen.append(fails(saw, f"update {name} instead, or remove it first"))
        elif name.startswith(f"{plan.stack}-"):
            kinds = {one["ResourceType"] for one in ask.all("cloudformation:ListStackResources", "StackResourceSummaries", StackName=name)}
            if kinds & (LISTINGS.keys() | {"AWS::Lambda::Function"}):
                saw = f"stack {name} begins with {plan.stack}- and makes resources that Remedy's policies and rules would take for its own"
                seen.append(fails(saw, "choose another name for the stack"))
    return seen


def other_stacks(ask: Ask, plan: Plan) -> Seen:
    seen = neighbours(ask, plan)
    roles = {role["RoleName"] for role in ask.all("iam:ListRoles", "Roles")}
    for hub in sorted(hubs(plan, roles, "no")):
        if plan.stack.startswith(f"{hub}-"):
            saw = f"{hub} is another hub of this account, and {plan.stack} begins with its name: its policies would cover these roles"
            seen.append(fails(saw, "choose a name that does not begin with another's and a hyphen, such as remedy-use1 beside remedy-usw2"))
    elsewhere = sorted(hubs(plan, roles, "yes"))
    if plan.has_iam and elsewhere:
        saw = f"{few(elsewhere)} has the IAM functions already, in this account"
        seen.append(attention(saw, "set GlobalControls=no here, or there: one stack of an account has them"))
    return worst(seen, "no other stack of Remedy is in its way")


STACK = ("cloudformation:DescribeStacks", "cloudformation:ListStackResources")
CHECKS = [
    Check("stack", "Can a stack of this name be created or updated?", STACK, stack, AGAIN),
    Check("leftovers", "Are the names that the template gives free in this Region?",
          (*STACK, *(one.action for kind, one in LISTINGS.items() if kind not in OF_ACCOUNT)), leftovers, AGAIN),
    Check("iam-names", "Are its names in IAM free, which is one for all Regions?", (*STACK, "iam:ListPolicies", "iam:ListRoles"), iam_names, REGIONS),
    Check("other-stacks", "Is another stack of Remedy in its way?",
          ("cloudformation:ListStacks", "cloudformation:ListStackResources", "iam:ListRoles"), other_stacks, NEED),
]  # fmt: skip
