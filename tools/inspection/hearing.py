"""Whether Remedy hears of drift: AWS Config, CloudTrail, the Region."""

from typing import Any

from inspection.account import Ask, Unanswered
from inspection.check import Check, Seen, attention, denied, fails, ok, unknown, worst
from inspection.plan import Plan

# Where CloudTrail delivers the calls of IAM to EventBridge.
IAM_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
CONFIG = "docs/deploy.md#with-or-without-aws-config"
NEED, REGIONS = "docs/deploy.md#what-you-need", "docs/deploy.md#regions"
WITHOUT = "only CloudTrail events and the sweep find drift"


def followed(plan: Plan) -> set[str]:
    """The types of resources of which the rules of the template follow the compliance; an account is none that is recorded."""
    types: set[str] = set()
    for rule in plan.of_kind("AWS::Events::Rule"):
        for one in rule.get("EventPattern", {}).get("detail", {}).get("$or", []):
            types.update(one.get("resourceType", []))
    return types - {"AWS::::Account"}


def is_recorded(group: dict[str, Any], kind: str) -> bool:
    strategy = group.get("recordingStrategy", {}).get("useOnly")
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES" or excluded:
        return kind not in excluded
    if group.get("allSupported"):
        return not kind.startswith("AWS::IAM::") or group.get("includeGlobalResourceTypes", False)
    return kind in group.get("resourceTypes", [])


def is_daily(mode: dict[str, Any], kind: str) -> bool:
    frequency = mode.get("recordingFrequency", "CONTINUOUS")
    for override in mode.get("recordingModeOverrides", []):
        if kind in override["resourceTypes"]:
            frequency = override["recordingFrequency"]
    return frequency == "DAILY"


def recorded(recorder: dict[str, Any], kinds: set[str]) -> list[Seen]:
    group, mode = recorder.get("recordingGroup", {}), recorder.get("recordingMode", {})
    left = sorted(kind for kind in kinds if not is_recorded(group, kind))
    daily = sorted(kind for kind in kinds - set(left) if is_daily(mode, kind))
    seen = []
    if left:
        then = "let the recorder record them here; for IAM alone, another Region may: name that one as GlobalRegion of config-rules.yaml"
        seen.append(attention(f"the recorder leaves out {', '.join(left)}: rules about them never change", then))
    if daily:
        seen.append(attention(f"the recorder records {', '.join(daily)} once a day: rules about them are that late", "set the recording frequency to CONTINUOUS"))
    return seen


def working(status: dict[str, Any] | None) -> list[Seen]:
    if status is None or not status.get("recording"):
        return [attention(f"the recorder is stopped: {WITHOUT}", "start it: aws configservice start-configuration-recorder")]
    if str(status.get("lastStatus", "")).upper() == "FAILURE":
        code = status.get("lastErrorCode", "no code is told")
        return [attention(f"the recorder fails to deliver ({code}): {WITHOUT}", "look at its role, and at the bucket of its delivery channel")]
    return []


def config_recorder(ask: Ask, plan: Plan) -> Seen:
    recorders = ask.all("config:DescribeConfigurationRecorders", "ConfigurationRecorders")
    if not recorders:
        return attention(f"AWS Config has no recorder in {plan.region}: {WITHOUT}", "nothing, or set AWS Config up")
    statuses = {one["name"]: one for one in ask.all("config:DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus")}
    channels = ask.all("config:DescribeDeliveryChannels", "DeliveryChannels")
    seen = [one for recorder in recorders for one in working(statuses.get(recorder["name"])) + recorded(recorder, followed(plan))]
    if not channels:
        seen.append(attention(f"AWS Config has no delivery channel, so it records nothing: {WITHOUT}", "put one: aws configservice put-delivery-channel"))
    return worst(seen, f"the recorder records {', '.join(sorted(followed(plan)))}")


def sources(plan: Plan) -> dict[str, str]:
    """The services whose calls are followed, and the Region where CloudTrail delivers them."""
    iam = {"iam.amazonaws.com": IAM_REGIONS.get(plan.partition, plan.region)} if plan.has_iam else {}
    return {"s3.amazonaws.com": plan.region, "kms.amazonaws.com": plan.region} | iam


def holds(field: dict[str, Any], value: str) -> bool:
    """Whether an advanced selector's condition on one field holds for a value."""
    any_of = [value == one for one in field.get("Equals", [])]
    any_of += [value.startswith(one) for one in field.get("StartsWith", [])] + [value.endswith(one) for one in field.get("EndsWith", [])]
    none_of = [value == one for one in field.get("NotEquals", [])]
    none_of += [value.startswith(one) for one in field.get("NotStartsWith", [])] + [value.endswith(one) for one in field.get("NotEndsWith", [])]
    return (any(any_of) or not any_of) and not any(none_of)


def hears(selectors: dict[str, Any], source: str) -> str:
    """How many of the write calls to a service a trail logs: `all`, `some` or `none`."""
    for one in selectors.get("EventSelectors") or []:
        writes = one.get("IncludeManagementEvents", True) and one.get("ReadWriteType", "All") != "ReadOnly"
        if writes and source not in one.get("ExcludeManagementEventSources", []):
            return "all"
    heard = "none"
    call = {"eventCategory": "Management", "readOnly": "false", "eventSource": source}
    for one in selectors.get("AdvancedEventSelectors") or []:
        fields = one["FieldSelectors"]
        if all(holds(field, call[field["Field"]]) for field in fields if field["Field"] in call):
            if all(field["Field"] in call for field in fields):
                return "all"
            heard = "some"
    return heard


def heard(ask: Ask, plan: Plan, trail: dict[str, Any]) -> dict[str, str]:
    """What one trail logs of each service; nothing if it is stopped. Its home Region answers for it."""
    arn, home = trail["TrailARN"], trail["HomeRegion"]
    if not ask.one("cloudtrail:GetTrailStatus", region=home, Name=arn).get("IsLogging"):
        return {}
    selectors = ask.one("cloudtrail:GetEventSelectors", region=home, TrailName=arn)
    here = [source for source, place in sources(plan).items() if trail.get("IsMultiRegionTrail") or place == home]
    if not trail.get("IncludeGlobalServiceEvents", True):
        here = [source for source in here if source != "iam.amazonaws.com"]
    return {source: hears(selectors, source) for source in here}


def untold(trail: dict[str, Any], error: Unanswered) -> Seen:
    if trail.get("IsOrganizationTrail"):
        then = "ask the trail's owner whether it logs write management events, those of AWS KMS among them (get-trail-status, get-event-selectors)"
        return unknown(f"of organization trail {trail['Name']} only its owner may read what it logs: {error}", then)
    return denied(error)


def cloudtrail(ask: Ask, plan: Plan) -> Seen:
    wanted = sources(plan)
    told = [ask.all("cloudtrail:DescribeTrails", "trailList", region=place, includeShadowTrails=True) for place in sorted(set(wanted.values()))]
    best, unread = dict.fromkeys(wanted, "none"), []
    for trail in {trail["TrailARN"]: trail for trails in told for trail in trails}.values():
        try:
            for source, much in heard(ask, plan, trail).items():
                best[source] = max(best[source], much, key=("none", "some", "all").index)
        except Unanswered as error:
            unread.append(untold(trail, error))
    lost = [f"{source} in {wanted[source]}" for source, much in best.items() if much == "none"]
    if lost and unread:
        return worst(unread, "")
    if lost:
        return fails(f"no trail that is on logs the write management events of {', '.join(lost)}: Remedy does not hear of these calls",
                     "make a trail for management events, read and write, that leaves out no service, and start its logging")  # fmt: skip
    partly = [source for source, much in best.items() if much == "some"]
    if partly:
        return attention(f"the trail logs some calls of {', '.join(partly)} only", "take the conditions on other fields out of its advanced event selectors")
    return ok(f"a trail logs the write management events of {', '.join(best)}")


def region(ask: Ask, plan: Plan) -> Seen:
    seen, iam = [], IAM_REGIONS.get(plan.partition)
    if plan.partition != "aws":
        seen.append(attention(f"the partition {plan.partition} was never tried", "make the checks of docs/limits.md there first"))
    if plan.has_iam and plan.region != iam:
        if iam is None:
            return unknown(f"it is not known where CloudTrail delivers the calls of IAM in {plan.partition}", "ask AWS, and report it to the project")
        forwards = f"{plan.stack}-forward-{iam}" in {role["RoleName"] for role in ask.all("iam:ListRoles", "Roles")}
        if not forwards:
            saw = f"CloudTrail delivers the calls of IAM in {iam} only: in {plan.region} only AWS Config and the sweep find IAM drift"
            seen.append(attention(saw, f"deploy forward.yaml in {iam}, or GlobalControls=yes in a stack of {iam} instead"))
    return worst(seen, f"events of IAM reach {plan.region}" if plan.has_iam else f"{plan.region}, without the IAM functions")


CHECKS = [
    Check("config-recorder", "Does AWS Config record what the controls are about?",
          ("config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus", "config:DescribeDeliveryChannels"), config_recorder, CONFIG),
    Check("cloudtrail", "Does a trail log the calls that Remedy follows?",
          ("cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus"), cloudtrail, NEED),
    Check("region", "Do events of IAM reach this Region?", ("iam:ListRoles",), region, REGIONS),
]  # fmt: skip
