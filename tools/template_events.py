"""The rules of Amazon EventBridge that reach queues: drift in this account, drift in others, and the schedule of the sweep."""

import json

from template_parts import Described, batches, camel, events, is_global, piece, types, under

# EventBridge takes five targets of a rule, and 2,048 characters of a pattern; names are filled in later.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MOST_TARGETS, LONGEST = 5, 1_900
Calls = set[tuple[str, str]]


def compliance(kinds: list[str]) -> list[str]:
    """What AWS Config says of resources of these types."""
    named = ", ".join(f'"{kind}"' for kind in kinds)
    return [f"resourceType: [{named}]", "newEvaluationResult: {complianceType: [NON_COMPLIANT]}"]


def api(of: Calls) -> list[str]:
    """What CloudTrail says of these calls."""
    sources, names = sorted({source for source, _ in of}), sorted({name for _, name in of})
    return [f"eventSource: [{', '.join(sources)}]", f"eventName: [{', '.join(names)}]"]


def parts(kinds: list[str], of: Calls) -> list[tuple[list[str], Calls]]:
    """Types and calls, in as many portions as a pattern has no room for."""
    if len(json.dumps([kinds, sorted(of)])) <= LONGEST or len(of) < 2:
        return [(kinds, of)]
    calls = sorted(of)
    middle = len(calls) // 2
    return parts(kinds, set(calls[:middle])) + parts([], set(calls[middle:]))


def drift(rule: str, name: str, kinds: list[str], of: Calls, **marks: str) -> str:
    """The rules that hear of drift: one, unless its pattern would be too long."""
    text = ""
    for number, (some, calls) in enumerate(parts(kinds, of), 1):
        suffix = str(number) if number > 1 else ""
        arms = [compliance(some)] * bool(some) + [api(calls)] * bool(calls)
        lines = [f"          {member}" for member in arms[0]]
        if len(arms) > 1:
            lines = ["          $or:", *(f"            - {{{', '.join(arm)}}}" for arm in arms)]
        said = ["AWS Config says that a resource is not compliant"] * bool(some) + ["CloudTrail recorded a call"] * bool(calls)
        text += piece("drift", Rule=rule + suffix, name=name + ("-" + suffix if suffix else ""),
                      sources=", ".join(["aws.config"] * bool(some) + ["aws." + one.split(".")[0] for one in sorted({source for source, _ in calls})]),
                      kinds=", ".join(["Config Rules Compliance Change"] * bool(some) + ["AWS API Call via CloudTrail"] * bool(calls)),
                      detail="\n".join(lines), why=" or ".join(said) + ".", **marks)  # fmt: skip
    return text


def target(function: Described, of: str = "", seconds: int = 86_400) -> str:
    """The queue of a function. What does not arrive within these seconds is a dead letter."""
    name = function["function"]
    text = f"\n          Input: '{of}'" if of else ""
    return piece("to_queue", name=name, Name=camel(name), input=text, seconds=str(seconds)).rstrip("\n")


def here(function: Described) -> str:
    """The rule that hears of drift in this account, for one function."""
    name = function["function"]
    return drift(f"{camel(name)}Drift", f"{name}-drift", types(function), events(function), bus="", account="!Ref AWS::AccountId",
                 condition=under("HasGlobal" if is_global(function) else ""), targets=target(function))  # fmt: skip


def elsewhere(functions: list[Described]) -> str:
    """The rules that hear of drift in other accounts: one for each service. A function leaves what is about nothing of its own."""
    text = ""
    of_service: dict[tuple[str, bool], list[Described]] = {}
    for function in functions:
        for source in sorted({source for source, _ in events(function)}):
            of_service.setdefault((source, is_global(function)), []).append(function)
    heard: set[tuple[str, str]] = set()
    for (source, whole), all_of_it in sorted(of_service.items()):
        service = source.split(".")[0] + ("-global" if whole and (source, False) in of_service else "")
        for number, some in enumerate(batches(all_of_it, MOST_TARGETS), 1):
            suffix = str(number) if number > 1 else ""
            # What AWS Config says of a type comes by the first service of a function.
            kinds = {(function["function"], kind) for function in some for kind in types(function)}
            of = {event for function in some for event in events(function) if event[0] == source}
            text += drift(f"{camel(service)}Elsewhere{suffix}", f"{service}-elsewhere" + ("-" + suffix if suffix else ""),
                          sorted({kind for _, kind in kinds - heard}), of, bus="\n      EventBusName: !Ref Bus",
                          account="{anything-but: !Ref AWS::AccountId}", condition=under("HasGlobalOrganization" if whole else "HasOrganization"),
                          targets="\n".join(map(target, some)))  # fmt: skip
            heard |= kinds
    return text.rstrip("\n")


def sweeps(functions: list[Described]) -> str:
    """The schedule of the sweep, with all queues: a rule for every five."""
    text = ""
    for name, whole, some in swept(functions):
        text += piece("sweep", Rule=camel(name), name=name, condition=under("HasGlobal" if whole else ""),
                      targets="\n".join(target(one, '{"sweep": {}}', 3_600) for one in some))  # fmt: skip
    return text.rstrip("\n")


def swept(functions: list[Described]) -> list[tuple[str, bool, list[Described]]]:
    """The rules of the sweep: name, whether it is about the IAM functions, and the functions."""
    found = []
    for whole in (False, True):
        looking = [function for function in functions if function["controls"] and is_global(function) == whole]
        for number, some in enumerate(batches(looking, MOST_TARGETS), 1):
            found.append((("global-" if whole else "") + "sweep" + (f"-{number}" if number > 1 else ""), whole, some))
    return found


def sweep_names(functions: list[Described]) -> list[tuple[str, bool]]:
    return [(name, whole) for name, whole, _ in swept(functions)]
