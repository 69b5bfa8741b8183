"""Writes member-roles.yaml, for a StackSet, from what the functions say of themselves and the pieces in tools/template.

Usage: template_members.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

from template_parts import HEAD, Described, called, camel, described, events, found, is_global, piece, types, under
from template_policies import DENIES, read_in_member, write_in_member

# The boundary is a policy of the member's own account.
BUS = '!Sub "arn:${AWS::Partition}:events:${HubRegion}:${HubAccount}:event-bus/${StackName}"'
BOUNDARY = '!If [HasBoundary, !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundary}", !Ref "AWS::NoValue"]'


def roles(function: Described, functions: list[Described]) -> str:
    """The roles that one function of the hub comes in by."""
    name, whole = function["function"], is_global(function)
    ways = [
        ("Read", "HasGlobalRoles" if whole else "HasRoles", read_in_member(function), f"What the hub's function {name} may read here"),
        ("Write", "MayWriteGlobal" if whole else "MayWrite", write_in_member(function, functions),
         f"What a permitted plan of the hub's function {name} may write here"),
    ]  # fmt: skip
    text = f"  # {name}: {'; '.join(control['id'] for control in function['controls'])}\n"
    if name == DENIES:
        text += piece("deny", Name=camel(name), function=name, stack="StackName", condition="HasGlobalRoles")
    for kind, condition, statements, why in ways:
        text += piece("member_role", Name=camel(name), name=name, Kind=kind, kind=kind.lower(), condition=condition,
                      boundary=BOUNDARY, why=why, statements=statements)  # fmt: skip
    return text


def forwarded(functions: list[Described], condition: str, target: str) -> str:
    """The rules that send events to the hub. Several functions look at the same ones: no two rules send one of them twice."""
    marks = {"account": "!Ref AWS::AccountId", "bus": "", "stack": "StackName", "target": target}
    regional = {kind for function in functions if not is_global(function) for kind in types(function)}
    everything = {kind for function in functions for kind in types(function)}
    why = "AWS Config found drift that Remedy looks after."
    text = found("Found", sorted(regional), name="found", condition=under(condition), why=why, **marks)
    text += found("FoundGlobal", sorted(everything - regional), name="found-global", condition=under("HasGlobal"), why=why, **marks)
    calls = {call for function in functions for call in events(function)}
    of_global = {source for source, _ in calls} - {source for f in functions if not is_global(f) for source, _ in events(f)}
    for source in sorted({source for source, _ in calls}):
        service = source.split(".")[0]
        text += called(f"{camel(service)}Called", {call for call in calls if call[0] == source}, name=f"{service}-calls",
                       condition=under("HasGlobal" if source in of_global else condition),
                       why=f"Somebody called what Remedy looks after in {service} (CloudTrail).", **marks)  # fmt: skip
    return text


def main() -> None:
    functions = [function for function in described() if function["controls"]]
    made = piece("members", roles="".join(roles(function, functions) for function in functions).rstrip("\n"),
                 forwarding=piece("forwarding", condition="IsMember", boundary=BOUNDARY, bus=BUS).rstrip("\n"),
                 events=forwarded(functions, "IsMember", piece("to_hub", bus=BUS).rstrip("\n")).rstrip("\n"))  # fmt: skip
    print(HEAD + made, end="")


if __name__ == "__main__":
    main()
