"""Writes forward.yaml, for the other Regions of the hub's own account, from what the functions say of themselves and the pieces in tools/template.

Usage: template_forward.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

from template_members import forwarded
from template_parts import HEAD, described, piece
from template_tampering import roles_changed

BUS = '!Sub "arn:${AWS::Partition}:events:${HubRegion}:${AWS::AccountId}:event-bus/default"'
BOUNDARY = '!If [HasBoundary, !Ref PermissionsBoundary, !Ref "AWS::NoValue"]'


def main() -> None:
    functions = [function for function in described() if function["controls"]]
    condition = "IsElsewhere"
    forwarding = piece("forwarding", condition=condition, boundary=BOUNDARY, bus=BUS).rstrip("\n")
    target = piece("to_hub", bus=BUS).rstrip("\n")
    events = forwarded(functions, condition, target) + roles_changed(condition, target)
    print(HEAD + piece("forward", forwarding=forwarding, events=events.rstrip("\n")), end="")


if __name__ == "__main__":
    main()
