"""The policies of Remedy's roles, in the hub and in member accounts, made from what the functions say of themselves."""

from template_parts import Described, actions, camel, hosted


def statement(sid: str, effect: str, actions: list[str], resources: list[str], conditions: list[str] | None = None) -> str:
    """A statement of a policy document, as lines of YAML."""
    lines = [f"- Sid: {sid}", f"  Effect: {effect}", "  Action:", *(f"    - {action}" for action in actions)]
    lines += ["  Resource:", *(f"    - {resource}" for resource in resources)]
    lines += ["  Condition:", *(f"    {condition}" for condition in conditions)] if conditions else []
    return "\n".join(" " * 10 + line for line in lines)


def only_if(condition: str, statement: str) -> str:
    """A statement that is there under a condition of the template."""
    first, *rest = statement.splitlines()
    indent = " " * 14
    head = first.replace("- Sid", f"- Fn::If:\n{indent}- {condition}\n{indent}- Sid")
    return "\n".join([head, *("    " + line for line in rest), f"{indent}- !Ref AWS::NoValue"])


def arn(service: str, resource: str, region: str = "${AWS::Region}", account: str = "${AWS::AccountId}") -> str:
    return f'!Sub "arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}"'


HERE = ["StringEquals: {aws:ResourceAccount: !Ref AWS::AccountId}"]
IF_TOLD = ["StringEqualsIfExists: {aws:ResourceAccount: !Ref AWS::AccountId}"]
OF_BUCKETS = ["!GetAtt EvidenceBucket.Arn", "!GetAtt StateBucket.Arn"]
IN_BUCKETS = ['!Sub "${EvidenceBucket.Arn}/*"', '!Sub "${StateBucket.Arn}/*"']


def observe(function: Described) -> list[str]:
    """Reading what the controls read, and answering AWS Config: in the function's own account, and in every other one."""
    return [
        statement("Observe", "Allow", actions(function, "reads"), ['"*"'], IF_TOLD),
        statement("Config", "Allow", hosted(function, "config"), ['"*"']),
    ]


def doors(function: Described) -> list[str]:
    """The roles that the function's own role may assume, by their names; without leave to write, none that writes."""
    name, assume = f"role/${{AWS::StackName}}-{function['function']}", hosted(function, "doors")
    write = arn("iam", f"{name}-write", "", "*")
    members = [arn("iam", f"{name}-read", "", "*"), f'!If [MayWrite, {write}, !Ref "AWS::NoValue"]']
    ours = ["StringEquals: {aws:ResourceOrgID: !Ref OrganizationId}"]
    return [
        only_if("MayWrite", statement("Permitted", "Allow", assume, [arn("iam", f"{name}-write", "")])),
        only_if("HasOrganization", statement("Members", "Allow", [*assume, "sts:SetSourceIdentity"], members, ours)),
    ]


def read_in_member(function: Described) -> str:
    """What the read role of another account may: nothing of the ledger, the queue or the notices, which are the hub's."""
    return "\n".join(observe(function))


def read(function: Described) -> str:
    """What the function's own role may: read what its controls read, and keep its ledger."""
    name, has_controls = camel(function["function"]), bool(function["controls"])
    ledger = hosted(function, "ledger", "settings")
    parts = [
        statement("Ledger", "Allow", [action for action in ledger if action != "s3:ListBucket"], IN_BUCKETS, HERE),
        statement("LedgerListing", "Allow", ["s3:ListBucket"], OF_BUCKETS, HERE),
        statement("OwnKey", "Allow", ["kms:Decrypt", "kms:GenerateDataKey"], ["!GetAtt DataKey.Arn"]),
        statement("Notices", "Allow", hosted(function, "notices"), ["!Ref Topic"]),
        statement("OwnLog", "Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"!GetAtt {name}Logs.Arn"]),
        statement("Tracing", "Allow", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ['"*"']),
        statement("DeadLetters", "Allow", ["sqs:SendMessage"], [f"!GetAtt {name}DeadLetters.Arn"]),
    ]
    if has_controls:
        queue = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        parts += [
            *observe(function),
            statement("OwnQueue", "Allow", sorted([*queue, *hosted(function, "queue")]), [f"!GetAtt {name}Queue.Arn"]),
            *doors(function),
        ]
    if "delivery" in function["host"]:
        parts.append(statement("Approved", "Allow", hosted(function, "delivery"), [arn("sqs", "${AWS::StackName}-*")]))
    if "identity" in function["host"]:
        parts.append(statement("Identity", "Allow", hosted(function, "identity"), ['"*"']))
    if "seal" in function["host"]:
        parts.append(statement("Seal", "Allow", hosted(function, "seal"), ["!GetAtt SealKey.Arn"]))
        bucket = '!Sub "arn:${AWS::Partition}:s3:::${AnchorBucket}'
        # It copies what is not there, and reads back what it copied before.
        parts.append(only_if("HasAnchor", statement("Anchor", "Allow", ["s3:GetObject", "s3:PutObject"], [bucket + '/*"'])))
        parts.append(only_if("HasAnchor", statement("AnchorListing", "Allow", ["s3:ListBucket"], [bucket + '"'])))
    return "\n".join(parts)


def resources_of(actions: list[str]) -> list[str]:
    """The narrowest patterns of what these actions change."""
    known = {
        "s3": ['!Sub "arn:${AWS::Partition}:s3:::*"'],
        "kms": [arn("kms", "key/*", "*")],
        "iam": [arn("iam", f"{kind}/*", "") for kind in ("user", "group", "role", "policy")],
    }
    # What is set on the account as a whole has no resource.
    whole = {"s3:PutAccountPublicAccessBlock", "iam:DeleteAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"}
    services = sorted({action.split(":")[0] for action in actions if action not in whole})
    return [resource for service in services for resource in known[service]] + (['"*"'] if whole & set(actions) else [])


# What AWS and AWS Organizations manage an account by. The last is how StackSets come into member accounts.
RESERVED = ["role/aws-service-role/*", "role/aws-reserved/*", "role/stacksets-exec-*"]
OF_THE_HUB = [
    *OF_BUCKETS,
    "!GetAtt AccessLogBucket.Arn",
    "!GetAtt DataKey.Arn",
    "!GetAtt SealKey.Arn",
]


def write(function: Described) -> str:
    """What the hub's write role may: the writes of its controls, and nothing of Remedy itself, its stack or its keys."""
    return writing(function, OF_THE_HUB, "AWS::StackName")


def write_in_member(function: Described) -> str:
    """The same in another account. Roles are named after the hub there, policies after the stack that made them."""
    return writing(function, [], "StackName")


def writing(function: Described, own: list[str], stack: str) -> str:
    writes = actions(function, "writes")
    names = [f"role/${{{stack}}}-*", "policy/${AWS::StackName}-*", *RESERVED]
    own = [*own, *(arn("iam", name, "") for name in names)]
    narrow = [action for action in writes if resources_of([action]) != ['"*"']]
    whole = [action for action in writes if action not in narrow]
    parts = []
    if narrow:
        parts.append(statement("Repair", "Allow", narrow, resources_of(narrow), IF_TOLD))
    if whole:
        parts.append(statement("RepairTheAccount", "Allow", whole, ['"*"'], IF_TOLD))
    if "kms:PutKeyPolicy" in writes:
        # AWS refuses a policy that locks its owner out, unless it is told not to look.
        lockout = ["Bool: {kms:BypassPolicyLockoutSafetyCheck: true}"]
        parts.append(statement("NeverLockAKeyOut", "Deny", ["kms:PutKeyPolicy"], ['"*"'], lockout))
    return "\n".join([*parts, statement("NeverRemedyItself", "Deny", ["s3:*", "kms:*", "iam:*"], own)])
