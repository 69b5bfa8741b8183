"""The policies of Remedy's roles, in the hub and in member accounts, made from what the functions say of themselves."""

import textwrap

from template_ledger import evidence, own_again, own_once, state
from template_parts import Described, actions, camel, hosted, services

WIDTH = 110


def statement(sid: str, effect: str, actions: list[str], resources: list[str], conditions: list[str] | None = None) -> str:
    """A statement of a policy document, as lines of YAML."""
    # Not a line for each action: templates are read by people, and CloudFormation takes 1 MB.
    named = textwrap.wrap(f"  Action: [{', '.join(actions)}]", WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    lines = [f"- Sid: {sid}", f"  Effect: {effect}", *named]
    several = ["  Resource:", *(f"    - {resource}" for resource in resources)]
    lines += several if len(resources) > 1 else [f"  Resource: [{resources[0]}]"]
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
# The request says `If-None-Match`: what is there already stays as it is.
NEW = [*HERE, '"Null": {s3:if-none-match: "false"}']
IF_TOLD = ["StringEqualsIfExists: {aws:ResourceAccount: !Ref AWS::AccountId}"]
OF_BUCKETS = ["!GetAtt EvidenceBucket.Arn", "!GetAtt StateBucket.Arn"]
IN_BUCKETS = ['!Sub "${EvidenceBucket.Arn}/*"', '!Sub "${StateBucket.Arn}/*"']


# Policies of AWS belong to an account of AWS: these calls would be denied if the resource had to be of this one.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
OF_AWS_POLICIES = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"]
OF_AWS_LISTS = ["ec2:GetManagedPrefixListEntries", "iam:ListPolicies"]


def observe(function: Described) -> list[str]:
    """Reading what the controls read, and answering AWS Config: in the function's own account, and in every other one."""
    reads = actions(function, "reads")
    of_aws, lists = ([one for one in reads if one in which] for which in (OF_AWS_POLICIES, OF_AWS_LISTS))
    policies = '!Sub "arn:${AWS::Partition}:iam::aws:policy/*"'
    return [
        statement("Observe", "Allow", [one for one in reads if one not in lists], ['"*"'], IF_TOLD),
        *([statement("ObserveAwsPolicies", "Allow", of_aws, [policies])] if of_aws else []),
        *([statement("ObserveLists", "Allow", lists, ['"*"'])] if lists else []),
        statement("Config", "Allow", hosted(function, "config"), ['"*"']),
    ]


def source(function: Described) -> str:
    """The function itself, by its name: its ARN by GetAtt would be a circle, for it needs its role first."""
    return arn("lambda", f"function:${{AWS::StackName}}-{function['function']}")


def only_as_the_function(function: Described) -> str:
    """Whoever passes the role to another function gets nothing that decides, writes or proves.

    A Deny, for the trust of the write role names this role, and so permits what no statement here does. AWS Lambda puts the key into
    the context of the credentials that it gives a function (docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
    """
    decisive = {"s3:PutObject", "sts:AssumeRole", "kms:Sign"} & set(hosted(function, *function["host"]))
    return statement("OnlyAsTheFunction", "Deny", sorted(decisive), ['"*"'], [f"ArnNotEquals: {{lambda:SourceFunctionArn: {source(function)}}}"])


def assumed(function: Described) -> list[str]:
    """The roles that the function's own role may assume, by their names; without leave to write, none that writes."""
    itself = f"ArnEquals: {{lambda:SourceFunctionArn: {source(function)}}}"
    name, assume = f"role/${{AWS::StackName}}-{function['function']}", hosted(function, "clients")
    write = arn("iam", f"{name}-write", "", "*")
    members = [arn("iam", f"{name}-read", "", "*"), f'!If [MayWrite, {write}, !Ref "AWS::NoValue"]']
    ours = ["StringEquals: {aws:ResourceOrgID: !Ref OrganizationId}", itself]
    return [
        only_if("MayWrite", statement("Permitted", "Allow", assume, [arn("iam", f"{name}-write", "")], [itself])),
        # With an organization, the function says who it is in its own account, too.
        only_if("MayWriteElsewhere", statement("PermittedAsItself", "Allow", ["sts:SetSourceIdentity"], [arn("iam", f"{name}-write", "")], [itself])),
        only_if("HasOrganization", statement("Members", "Allow", [*assume, "sts:SetSourceIdentity"], members, ours)),
    ]


def read_in_member(function: Described) -> str:
    """What the read role of another account may: nothing of the ledger, the queue or the notices, which are the hub's."""
    return "\n".join(observe(function))


def keys(bucket: str, patterns: list[str]) -> list[str]:
    return [f'!Sub "${{{bucket}.Arn}}/{pattern}"' for pattern in patterns]


def put(function: Described) -> list[str]:
    """What the function may put into the two buckets, but for what is of single controls (`own_ledger`)."""
    conditions = {"Once": NEW, "Again": HERE}
    records = statement("Records", "Allow", ["s3:PutObject"], keys("EvidenceBucket", evidence(function)), NEW)
    statements = [
        statement(sid, "Allow", ["s3:PutObject"], keys("StateBucket", patterns), conditions[sid])
        for sid, patterns in state(function).items()
        if patterns
    ]
    return [records, *statements]


def own_ledger(controls: list[str]) -> str:
    """What a function may put for these controls of its own."""
    once = statement("Once", "Allow", ["s3:PutObject"], keys("StateBucket", own_once(controls)), NEW)
    again = statement("Again", "Allow", ["s3:PutObject"], keys("StateBucket", own_again(controls)), HERE)
    return f"{once}\n{again}"


def read(function: Described, functions: list[Described]) -> str:
    """What the function's own role may: read what its controls read, and keep its ledger."""
    name, has_controls = camel(function["function"]), bool(function["controls"])
    ledger = hosted(function, "ledger", "settings")
    reading = [action for action in ledger if action not in ("s3:ListBucket", "s3:PutObject")]
    parts = [
        statement("Ledger", "Allow", reading, IN_BUCKETS, HERE),
        statement("LedgerListing", "Allow", ["s3:ListBucket"], OF_BUCKETS, HERE),
        *put(function),
        only_as_the_function(function),
        statement("OwnKey", "Allow", ["kms:Decrypt", "kms:GenerateDataKey"], ["!GetAtt DataKey.Arn"]),
        statement("Notices", "Allow", hosted(function, "notices"), ["!Ref Topic"]),
        statement("OwnLog", "Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"!GetAtt {name}Logs.Arn"]),
        statement("Tracing", "Allow", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ['"*"']),
        statement("DeadLetters", "Allow", ["sqs:SendMessage"], ["!GetAtt DeadLetters.Arn"]),
    ]
    if has_controls:
        queue = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        parts += [
            *observe(function),
            statement("OwnQueue", "Allow", sorted([*queue, *hosted(function, "queue")]), [f"!GetAtt {name}Queue.Arn"]),
            *assumed(function),
        ]
    if "delivery" in function["host"]:
        queues = [arn("sqs", f"${{AWS::StackName}}-{other['function']}") for other in functions if other["controls"]]
        parts.append(statement("Approved", "Allow", hosted(function, "delivery"), queues))
    if "identity" in function["host"]:
        parts.append(statement("Identity", "Allow", hosted(function, "identity"), ['"*"']))
    if "seal" in function["host"]:
        parts.append(statement("Seal", "Allow", hosted(function, "seal"), ["!GetAtt SealKey.Arn"]))
        bucket = '!Sub "arn:${AWS::Partition}:s3:::${AnchorBucket}'
        # It copies what is not there, and reads back what it copied before.
        parts.append(only_if("HasAnchor", statement("Anchor", "Allow", ["s3:GetObject", "s3:PutObject"], [bucket + '/*"'])))
        parts.append(only_if("HasAnchor", statement("AnchorListing", "Allow", ["s3:ListBucket"], [bucket + '"'])))
    return "\n".join(parts)


def patterns(service: Described, actions: list[str]) -> list[str]:
    """The resources of these actions, as the room of their service names them: `iam:AttachRolePolicy` is about a role."""
    about = {next(pattern for word, pattern in service["resources"] if word in action) for action in actions}
    said = [pattern for _, pattern in service["resources"] if pattern in about]
    return ['!Sub "arn:${AWS::Partition}:' + pattern.replace("{account}", "${AWS::AccountId}") + '"' for pattern in said]


def resources_of(actions: list[str], known: dict[str, Described]) -> list[str]:
    """The narrowest patterns of what these actions change; of a service whose room names none, all that the account has in it."""
    # What is set on the account as a whole has no resource.
    whole = {action for service in known.values() for action in service["of_the_account"]}
    by_service: dict[str, list[str]] = {}
    for action in (one for one in actions if one not in whole):
        by_service.setdefault(action.split(":")[0], []).append(action)
    found = []
    for name, of in sorted(by_service.items()):
        found += patterns(known[name], of) if known.get(name, {}).get("resources") else [arn(name, "*", "*")]
    return found + (['"*"'] if whole & set(actions) else [])


# Policies that a control makes of inline ones and deletes again have names of their own (`PREFIX` in functions/iam-policies).
OF_OWN_POLICIES = ["iam:CreatePolicy", "iam:DeletePolicy"]
OWN_POLICIES = "policy/RemedyInline-*"
# What AWS and AWS Organizations manage an account by. The last is how StackSets come into member accounts.
RESERVED = ["role/aws-service-role/*", "role/aws-reserved/*", "role/stacksets-exec-*"]
# The function that attaches one policy, which the template makes, and may attach no other.
DENIES = "iam-mfa"
OF_THE_DENY_POLICY = ["iam:AttachUserPolicy", "iam:DetachUserPolicy"]
# What Remedy itself consists of, by the service that could change it. tests/suite/own_resources.rs has a resource of each type of the templates.
# A mapping is known by an id that AWS Lambda makes up, a rule of AWS Config by one of AWS Config: all of them are spared.
OWN_IN_THE_HUB = {
    "s3": [name for bucket in ("Evidence", "State", "AccessLog") for name in (f"!GetAtt {bucket}Bucket.Arn", f'!Sub "${{{bucket}Bucket.Arn}}/*"')],
    "kms": ["!GetAtt DataKey.Arn", "!GetAtt SealKey.Arn", arn("kms", "alias/${AWS::StackName}-*")],
    "sns": [arn("sns", "${AWS::StackName}-*")],
    "sqs": [arn("sqs", "${AWS::StackName}-*")],
    "lambda": [arn("lambda", "function:${AWS::StackName}-*"), arn("lambda", "event-source-mapping:*")],
    "logs": [arn("logs", "log-group:/aws/lambda/${AWS::StackName}-*")],
    "events": [
        arn("events", "rule/${AWS::StackName}-*"),
        arn("events", "rule/${AWS::StackName}/*"),
        arn("events", "event-bus/${AWS::StackName}"),
    ],
    "cloudwatch": [arn("cloudwatch", "alarm:${AWS::StackName}-*"), arn("cloudwatch", "dashboard/${AWS::StackName}", "")],
    "config": [arn("config", "config-rule/*")],
    "cloudformation": ["!Ref AWS::StackId"],
}
# In a member account: the rules that send events, the queue of those that were not delivered, and the stack.
OWN_IN_A_MEMBER = {
    "sqs": [arn("sqs", "${StackName}-*", "*")],
    "events": [arn("events", "rule/${StackName}-*", "*")],
    "config": [arn("config", "config-rule/*", "*")],
    "cloudformation": [arn("cloudformation", "stack/${AWS::StackName}/*", "*")],
}


def itself(functions: list[Described], own: dict[str, list[str]], roles: list[str]) -> list[str]:
    """No write role changes Remedy's own resources, in whatever service any function writes to. In some services Remedy has none."""
    services = sorted({action.split(":")[0] for function in functions for action in actions(function, "writes")})
    resources = [resource for service in services for resource in ([*roles] if service == "iam" else own.get(service, []))]
    return [statement("NeverRemedyItself", "Deny", [f"{service}:*" for service in services], resources)] if resources else []


def write(function: Described, functions: list[Described]) -> str:
    """What the hub's write role may: the writes of its controls, and nothing of Remedy itself, its stack or its keys."""
    return writing(function, functions, OWN_IN_THE_HUB, "AWS::StackName")


def write_in_member(function: Described, functions: list[Described]) -> str:
    """The same in another account. Roles are named after the hub there, policies after the stack that made them."""
    return writing(function, functions, OWN_IN_A_MEMBER, "StackName")


def writing(function: Described, functions: list[Described], own: dict[str, list[str]], stack: str) -> str:
    writes, known = actions(function, "writes"), services(functions)
    # In a member account, the policies of roles are named after the stack there, the MFA-deny policy after the hub's.
    policies = [f"policy/${{{name}}}-*" for name in dict.fromkeys(["AWS::StackName", stack])]
    roles = [arn("iam", name, "") for name in [f"role/${{{stack}}}-*", *policies, *RESERVED]]
    made = [action for action in writes if action in OF_OWN_POLICIES]
    denying = [action for action in writes if function["function"] == DENIES and action in OF_THE_DENY_POLICY]
    narrow = [action for action in writes if resources_of([action], known) != ['"*"'] and action not in made + denying]
    whole = [action for action in writes if action not in narrow + made + denying]
    parts = []
    if narrow:
        parts.append(statement("Repair", "Allow", narrow, resources_of(narrow, known), IF_TOLD))
    if made:
        parts.append(statement("RepairByOwnPolicies", "Allow", made, [arn("iam", OWN_POLICIES, "")], IF_TOLD))
    if denying:
        only = [f"ArnEquals: {{iam:PolicyARN: !Ref {camel(DENIES)}Deny}}", *IF_TOLD]
        parts.append(statement("RepairByTheDenyPolicy", "Allow", denying, resources_of(denying, known), only))
    if whole:
        parts.append(statement("RepairTheAccount", "Allow", whole, ['"*"'], IF_TOLD))
    if "kms:PutKeyPolicy" in writes:
        # AWS refuses a policy that locks its owner out, unless it is told not to look.
        lockout = ["Bool: {kms:BypassPolicyLockoutSafetyCheck: true}"]
        parts.append(statement("NeverLockAKeyOut", "Deny", ["kms:PutKeyPolicy"], ['"*"'], lockout))
    return "\n".join([*parts, *itself(functions, own, roles)])
