"""Who could silence Remedy, or blind it: rules that tell of every call that changes one of its own resources.

A list of calls would be out of date with the next API. So a rule names what a call is about, and takes every management call
that is no reading (`readOnly`), whatever its name; only where AWS calls by itself (a log stream a start), a name is left out. What
watches the account as a whole, AWS Config and trails, is known by its calls. tests/suite/tampering.rs holds the calls that must
be heard, for each type of resource of the template.

EventBridge takes 2,048 characters of a pattern, with names filled in: therefore one rule for each service.
"""

from template_parts import piece

STACK, STACKS = '!Ref "AWS::StackName"', '{prefix: !Sub "${AWS::StackName}-"}'


def ending(pattern: str) -> str:
    return f'{{wildcard: !Sub "{pattern}"}}'


def about(parameter: str, *values: str, of: str = "requestParameters") -> str:
    """What a call is about: a parameter, or one inside of another (`rule.name`), has one of these values."""
    inner = f"[{', '.join(values)}]"
    for name in reversed(parameter.split(".")):
        inner = f"{{{name}: {inner}}}"
    return f"{of}: {inner}"


def but_by(role: str, what: str) -> str:
    """What a call is about, unless a session of this role makes it. Whoever is no role has no session issuer."""
    others = f'[{{exists: false}}, {{anything-but: [!Sub "${{AWS::StackName}}-{role}"]}}]'
    return f"{{{what}, userIdentity: {{sessionContext: {{sessionIssuer: {{userName: {others}}}}}}}}}"


def named(*calls: str) -> str:
    """Calls that are told whatever they are about. AWS Lambda's end in the date of an API version."""
    return f"eventName: [{', '.join(f'{{prefix: {call}}}' for call in calls)}]"


OWN_KEYS = ["!Ref DataKey", "!Ref SealKey", "!GetAtt DataKey.Arn", "!GetAtt SealKey.Arn"]
OWN_ALIASES = [f'!Sub "alias/${{AWS::StackName}}-{name}"' for name in ("data", "seal")]
OWN_BUCKETS = ["!Ref EvidenceBucket", "!Ref StateBucket", "!Ref AccessLogBucket"]
BUCKET_ARNS = ["!GetAtt EvidenceBucket.Arn", "!GetAtt StateBucket.Arn"]

# Rule, what EventBridge calls the service, what CloudTrail calls it, and what the call is about.
RULES = [
    ("TamperingKeys", ["aws.kms"], "kms", "one of its keys", [
        about("keyId", *OWN_KEYS, *OWN_ALIASES),
        about("targetKeyId", *OWN_KEYS),
        about("aliasName", *OWN_ALIASES),
    ]),
    ("TamperingBuckets", ["aws.s3"], "s3", "one of its buckets, or a replication into one", [
        about("bucketName", *OWN_BUCKETS),
        about("bucket", *OWN_BUCKETS),
        about("ReplicationConfiguration.Rule.Destination.Bucket", *BUCKET_ARNS),
    ]),
    ("TamperingFunctions", ["aws.lambda"], "lambda", "one of its functions or event sources, or gives another function one of its roles", [
        about("functionName", ending("*${AWS::StackName}-*")),
        about("resource", ending("*:function:${AWS::StackName}-*")),
        about("role", ending("*:role/${AWS::StackName}-*")),
        about("eventSourceArn", ending("*:${AWS::StackName}-*")),
        named("UpdateEventSourceMapping", "DeleteEventSourceMapping", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig"),
    ]),
    ("TamperingRoles", ["aws.iam"], "iam", "one of its roles or policies", [
        about("roleName", STACKS),
        # The MFA-deny policy comes and goes at users.
        but_by("iam-mfa-write", about("policyArn", ending("*:policy/${AWS::StackName}-*"))),
    ]),
    ("TamperingTopic", ["aws.sns"], "sns", "its topic or who hears it", [
        about("topicArn", "!Ref Topic"),
        about("resourceArn", "!Ref Topic"),
        about("subscriptionArn", '{prefix: !Sub "${Topic}:"}'),
    ]),
    ("TamperingAlarms", ["aws.monitoring", "aws.cloudwatch"], "monitoring", "one of its alarms or its dashboard", [
        about("alarmName", STACKS),
        about("alarmNames", STACKS),
        about("dashboardName", STACK),
        about("dashboardNames", STACK),
    ]),
    ("TamperingQueues", ["aws.sqs"], "sqs", "one of its queues", [
        about("queueUrl", ending("*/${AWS::StackName}-*")),
        about("queueName", STACKS),
        about("sourceArn", ending("*:${AWS::StackName}-*")),
    ]),
    ("TamperingRules", ["aws.events"], "events", "one of its rules or its bus", [
        about("name", STACKS, STACK),
        about("rule", STACKS),
        about("eventBusName", STACK, ending("*:event-bus/${AWS::StackName}")),
    ]),
    ("TamperingLogs", ["aws.logs"], "logs", "one of its logs", [
        about("logGroupName", '{prefix: !Sub "/aws/lambda/${AWS::StackName}-"}'),
        about("logGroupIdentifier", ending("*/aws/lambda/${AWS::StackName}-*")),
        about("resourceArn", ending("*:log-group:/aws/lambda/${AWS::StackName}-*")),
    ]),
    ("TamperingConfig", ["aws.config"], "config", "the recorder of AWS Config or one of its rules", [
        named("StopConfigurationRecorder", "DeleteConfigurationRecorder", "PutConfigurationRecorder", "DeleteDeliveryChannel"),
        about("configRuleName", STACKS),
        about("configRule.configRuleName", STACKS),
    ]),
    ("TamperingTrails", ["aws.cloudtrail"], "cloudtrail", "a trail", [
        named("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"),
    ]),
]  # fmt: skip
# What AWS itself calls all the time.
BY_AWS = {"logs": "eventName: [{anything-but: [CreateLogStream, CreateLogGroup]}]"}


def sides(alternatives: list[str]) -> list[str]:
    """What a call is about: one of these."""
    return ["          $or:", *(f"            - {one}" for one in alternatives)] if len(alternatives) > 1 else [f"          {alternatives[0]}"]


def roles_changed(condition: str, target: str) -> str:
    """The rule that sends on what changes Remedy's roles, from the Region where CloudTrail tells of IAM."""
    (alternatives,) = (one[4] for one in RULES if one[2] == "iam")
    detail = "\n".join(sides(alternatives)).replace("${AWS::StackName}", "${StackName}")
    return piece("roles_changed", condition=condition, detail=detail, target=target)


def tampering() -> str:
    text = ""
    for rule, sources, service, what, alternatives in RULES:
        lines = [f"          {BY_AWS[service]}"] if service in BY_AWS else []
        lines += sides(alternatives)
        text += piece("tampering", Rule=rule, why=f"Somebody changes {what}.", sources=", ".join(sources),
                      event_source=f"{service}.amazonaws.com", detail="\n".join(lines))  # fmt: skip
    return text.rstrip("\n")
