"""Whether there is room: quotas of AWS Lambda and IAM; and what the parameters choose for years."""

from inspection.account import Ask
from inspection.check import Check, Seen, attention, fails, ok, worst
from inspection.names import STACK, own
from inspection.plan import Plan

NEED, DEPLOY = "docs/deploy.md#what-you-need", "docs/deploy.md#deploy"


def wanted(plan: Plan) -> int:
    """Invocations at once: those of each queue, and one of each function by a person, a schedule or AWS Config."""
    queues = plan.of_kind("AWS::Lambda::EventSourceMapping")
    return sum(int(one["ScalingConfig"]["MaximumConcurrency"]) for one in queues) + plan.kinds["AWS::Serverless::Function"]


def concurrency(ask: Ask, plan: Plan) -> Seen:
    limit = ask.one("lambda:GetAccountSettings")["AccountLimit"]
    free, need = min(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]), wanted(plan)
    saw = f"{free} invocations at once are free in {plan.region}, and Remedy takes up to {need}"
    then = "ask AWS for 100 (Service Quotas, Concurrent executions), or give reserved concurrency back"
    return attention(f"{saw}: alarm throttles would fire", then) if free < need else ok(saw)


def quotas(ask: Ask, plan: Plan) -> Seen:
    summary, there, seen = ask.one("iam:GetAccountSummary")["SummaryMap"], own(ask, plan), []
    told = []
    for word, kind in (("Roles", "AWS::IAM::Role"), ("Policies", "AWS::IAM::ManagedPolicy")):
        new = max(plan.kinds[kind] - sum(of == kind for of, _ in there), 0)
        room = summary[f"{word}Quota"] - summary[word]
        told.append(f"{room} {word.lower()}")
        if room < new:
            then = f"ask AWS for more (Service Quotas, IAM), or delete {word.lower()} that nobody uses"
            seen.append(fails(f"IAM has room for {room} more {word.lower()}, and the stack makes {new}", then))
    return worst(seen, f"IAM has room for {' and '.join(told)}")


def evidence_lock(ask: Ask, plan: Plan) -> Seen:
    mode, days = plan.values.get("EvidenceLockMode"), plan.values["EvidenceLockDays"]
    if mode is None:
        return attention("EvidenceLockMode is not told, and has no default", "decide: GOVERNANCE to try Remedy out, COMPLIANCE for evidence")
    if mode == "COMPLIANCE":
        saw = f"COMPLIANCE: for {days} days nobody can delete a record or shorten its lock, not even root"
        return attention(saw, "deploy it if that is what you want; to try Remedy out: GOVERNANCE and EvidenceLockDays=1")
    return ok(f"{mode}, {days} days")


def parameters(ask: Ask, plan: Plan) -> Seen:
    refused = plan.refused()
    seen = [fails(f"{name} {why}", "correct the parameter (docs/deploy.md, Deploy)") for name, why in refused.items()]
    for rule in plan.document.get("Rules", {}).values():
        if plan.template.holds(rule["RuleCondition"]):
            broken = [one["AssertDescription"] for one in rule["Assertions"] if not plan.template.holds(one["Assert"])]
            seen += [fails(why.rstrip("."), "give that parameter, too") for why in broken]
    return worst(seen, f"template.yaml takes the {len(plan.told)} parameters that are told")


CHECKS = [
    Check("concurrency", "Is there room for Remedy's invocations?", ("lambda:GetAccountSettings",), concurrency, NEED),
    Check("quotas", "Is there room for its roles and policies?", ("iam:GetAccountSummary", *STACK), quotas, NEED),
    Check("evidence-lock", "Is the lock of the evidence chosen?", (), evidence_lock, DEPLOY),
    Check("parameters", "Does the template take the parameters?", (), parameters, DEPLOY),
]  # fmt: skip
