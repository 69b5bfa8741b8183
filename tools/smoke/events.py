"""Events for a rule: the project's samples, fitted to each alternative of its pattern; and events that it must not take."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from rehearsal.shared import ROOT, SAMPLED, Envelope, sample

from smoke.report import Ended

Pattern = dict[str, Any]
ABSENT = object()
STRANGER = "999999999999"


@cache
def samples() -> list[tuple[str, Envelope]]:
    """Those that AWS Config and CloudTrail send, by file name."""
    names = sorted(path.stem for path in (ROOT / "events/samples").glob("eb-*.json"))
    return [(name, sample(name)) for name in names if name.startswith(("eb-ct-", "eb-compliance-"))]


def base(detail: Pattern) -> Envelope:
    """The sample nearest to what a pattern wants: of that call, of that service, of that type of resource; else any call."""
    calls, sources, kinds = (wanted(detail.get(name, [])) for name in ("eventName", "eventSource", "resourceType"))
    if kinds:
        near = [one for _, one in samples() if one["detail"].get("resourceType") in kinds and not is_compliant(one)]
        return near[0] if near else sample("eb-compliance-kms-rotation")
    of = [one["detail"] | {"of": one} for name, one in samples() if name.startswith("eb-ct-")]
    near = [one["of"] for one in of if one["eventName"] in calls and one["eventSource"] in sources]
    near += [one["of"] for one in of if one["eventSource"] in sources]
    return near[0] if near else sample("eb-ct-StopLogging")


def is_compliant(event: Envelope) -> bool:
    return bool(event["detail"]["newEvaluationResult"]["complianceType"] == "COMPLIANT")


def wanted(values: Any) -> list[str]:
    return [one for one in values if isinstance(one, str)]


def value(options: list[Any]) -> Any:
    """Something that one of these options of a pattern takes; a plain value where there is one."""
    for one in options:
        if not isinstance(one, dict):
            return one
    for operator, make in (
        ("prefix", lambda text: f"{text}smoke"),
        ("wildcard", lambda text: text.replace("*", "smoke")),
        ("anything-but", lambda _: STRANGER),
        ("exists", lambda there: "smoke" if there else ABSENT),
    ):
        for one in options:
            if operator in one:
                return make(one[operator])
    raise Ended(f"a pattern has an operator that is not known here: {json.dumps(options)}", "teach it to tools/smoke/events.py")


def fit(event: dict[str, Any], pattern: Pattern) -> None:
    """Writes into an event what a pattern without `$or` asks for."""
    for name, inner in pattern.items():
        if isinstance(inner, dict):
            if not isinstance(event.get(name), dict):
                event[name] = {}
            fit(event[name], inner)
        elif (found := value(inner)) is ABSENT:
            event.pop(name, None)
        else:
            event[name] = found


def alternatives(pattern: Pattern) -> Iterator[Pattern]:
    """A pattern without its `$or`, once for each alternative and each name of a call."""
    detail = dict(pattern.get("detail", {}))
    for side in detail.pop("$or", [{}]):
        whole = detail | side
        names = whole.get("eventName", [])
        plain = names if names and all(isinstance(one, str) or "prefix" in one for one in names) else [None]
        for name in plain:
            yield pattern | {"detail": whole | ({"eventName": [name]} if name else {})}


def of_kind(options: list[str], detail: Pattern) -> list[str]:
    """The detail type of an alternative: what AWS Config says has a resource type."""
    return [one for one in options if ("Config" in one) == ("resourceType" in detail)] or options


def events(pattern: Pattern, account: str, region: str) -> Iterator[tuple[str, Envelope]]:
    """For each alternative an event that the rule must take, and what it is."""
    for one in alternatives(pattern):
        detail = one["detail"]
        event: Envelope = json.loads(json.dumps(base(detail)).replace(SAMPLED, account))
        event["region"] = event["detail"]["awsRegion"] = region
        service = [f"aws.{source.split('.')[0]}" for source in wanted(detail.get("eventSource", []))] or ["aws.config"]
        narrowed = one | {"detail-type": of_kind(one["detail-type"], detail)}
        narrowed["source"] = [source for source in one["source"] if source in service] or one["source"]
        fit(event, narrowed)
        yield f"{event['source']} {event['detail'].get('eventName') or event['detail']['resourceType']}", event


def strangers(event: Envelope, pattern: Pattern, account: str) -> Iterator[tuple[str, Envelope]]:
    """The same event, but for one thing that the rule does not take."""
    other = STRANGER if account in wanted(pattern["account"]) else account
    yield "of an account that is not meant", event | {"account": other}
    yield "of another detail type", event | {"detail-type": "Something Else"}
    changed = copy.deepcopy(event)
    if "newEvaluationResult" in changed["detail"]:
        changed["detail"]["newEvaluationResult"]["complianceType"] = "COMPLIANT"
        yield "of a compliant resource", changed
    elif "readOnly" in pattern["detail"]:
        changed["detail"]["readOnly"] = True
        yield "of a call that only reads", changed
    else:
        changed["detail"]["eventName"] = "SmokeTestOnly"
        yield "of a call that it does not name", changed
