"""Writes template.yaml from what the functions say of themselves (`<binary> --describe`) and the pieces in tools/template.

Usage: template.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

from template_alarms import alarms
from template_events import elsewhere, here, sweeps
from template_ledger import portions
from template_parts import HEAD, LIMITS, OF_ALL, Described, camel, described, is_global, piece, under
from template_policies import DENIES, own_ledger, read, write
from template_tampering import tampering

# What expires in the state bucket, in days. Holds, settings in force, baselines and the backlog do not.
EXPIRES = {"lock": 90, "budget": 90, "held": 90, "wave": 90, "nonce": 1, "notice": 90, "ask": 180, "exemption": 365,
           "noted": 7, "open": 9, "superseded": 180, "seal/draft": 90}  # fmt: skip
def limits(function: str) -> str:
    """The members of a function that differ from those of all."""
    seconds, size = LIMITS.get(function, OF_ALL)
    return f"\n      Timeout: {seconds}\n      MemorySize: {size}" if function in LIMITS else ""


def queue(function: str) -> dict[str, str]:
    """A message is hidden for six times the timeout (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html)."""
    seconds, _ = LIMITS.get(function, OF_ALL)
    return {"hidden": str(6 * seconds + 30)}


def variables(function: Described) -> str:
    name = function["function"]
    if name == "sealer":
        named = {"REMEDY_SEAL_KEY": "!GetAtt SealKey.Arn", "REMEDY_ANCHOR_BUCKET": "!Ref AnchorBucket"}
    elif name == "operator":
        url = '!Sub "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${AWS::StackName}-{function}"'
        named = {"REMEDY_QUEUE_URL": url}
    else:
        role = f'!If [MayWrite, !Sub "${{AWS::StackName}}-{name}-write", ""]'
        named = {
            "REMEDY_WRITE_ROLE": role,
            "REMEDY_READ_ROLE": f'!If [HasOrganization, !Sub "${{AWS::StackName}}-{name}-read", ""]',
            "REMEDY_EXTERNAL_ID": '!If [HasOrganization, !Ref ExternalId, ""]',
            "REMEDY_REGIONS": "!Ref Regions",
            "REMEDY_QUEUE_URL": f"!Ref {camel(name)}Queue",
        }
    return "\n".join(f"          {variable}: {value}" for variable, value in named.items())


def block(function: Described, functions: list[Described]) -> str:
    """All resources of one function."""
    name, whole = function["function"], is_global(function)
    condition = under("HasGlobal" if whole else "")
    titles = {
        "operator": "takes the requests of people",
        "sealer": "seals the evidence, closes what lost workers left, sends what was not sent",
    }.get(name) or "; ".join(control["id"] for control in function["controls"])
    ledgers = portions(function)
    policies = ", ".join(f"!Ref {camel(name)}{policy}" for policy in ["Read", *ledgers])
    text = piece("function", Name=camel(name), name=name, titles=titles, condition=condition, policies=policies,
                 limits=limits(name), variables=variables(function), read=read(function, functions))  # fmt: skip
    for policy, controls in ledgers.items():
        text += piece("ledger", Name=camel(name), Policy=policy, name=name, condition=condition, ledger=own_ledger(controls))
    if name == DENIES:
        text += piece("deny", Name=camel(name), function=name, stack="AWS::StackName", condition="HasGlobal")
    if function["controls"]:
        text += piece("control", Name=camel(name), name=name, condition=condition,
                      may_write="MayWriteGlobal" if whole else "MayWrite", write=write(function, functions),
                      heard=here(function), **queue(name))  # fmt: skip
    else:
        why, schedule = {
            "operator": ("People are reminded of exemptions that end.", "rate(1 day)"),
            "sealer": ("The last hours are sealed.", "cron(17 * * * ? *)"),
        }[name]
        text += piece("scheduled", Name=camel(name), name=name, why=why, schedule=schedule)
    return text


def main() -> None:
    functions = described()
    expiry = "\n".join(
        f"          - {{Id: {prefix}, Status: Enabled, Prefix: {prefix}/, ExpirationInDays: {days}}}"
        for prefix, days in EXPIRES.items()
    )
    roles = "\n".join(
        f'                  - !Sub "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{AWS::StackName}}-{name}-read"'
        for name in sorted(function["function"] for function in functions)
    )
    blocks = "\n".join(block(function, functions) for function in functions).rstrip("\n")
    print(HEAD + piece("hub", expiry=expiry, roles=roles, functions=blocks, tampering=tampering(), elsewhere=elsewhere(functions),
                       sweeps=sweeps(functions), alarms=alarms(functions)), end="")  # fmt: skip


if __name__ == "__main__":
    main()
