"""Checks template.yaml, member-roles.yaml, config-rules.yaml, forward.yaml and deployer.yaml as a security reviewer would: cfn-lint, the SAM CLI,
and Guard rules on what SAM makes of them: our own, and those of AWS Control Tower. Then what no linter knows: the permissions of deployer.yaml
and the example of a pipeline (deployer_check.py), and what is fixed to one partition of AWS (partition_check.py).

Usage: template_check.py [RULES.guard ...]      more rule files, such as the HIPAA rule set of the AWS Guard Rules Registry
Ends with 1 if anything fails that a template does not suppress with a reason.
"""

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cfnlint.api
import deployer_check
import partition_check
from template_guard import ROOT, control_tower, failures, transformed, unfolded, with_defaults

GUARD = ROOT / "tools/guard"
# Each template with our own rules for it.
TEMPLATES = {
    "template.yaml": ["identities", "both", "remedy"],
    "member-roles.yaml": ["identities", "both", "members"],
    "config-rules.yaml": ["rules"],
    "forward.yaml": ["identities", "both", "elsewhere"],
    "deployer.yaml": ["identities", "deployer"],
}
Ways = dict[str, Callable[[dict[str, Any]], Any]]


class Checked:
    """How many rules were tried, and how many findings they gave; each is printed."""

    def __init__(self) -> None:
        self.tried = self.findings = 0

    def found(self, finding: str) -> None:
        print(finding)
        self.findings += 1

    def rules(self, where: str, document: dict[str, Any], text: str) -> None:
        self.tried += len(named(text))
        for rule, resources in failures(document, text).items():
            self.found(f"{where}: {rule} fails: {', '.join(resources)}")


def named(text: str) -> list[str]:
    """The rules of a file that can fail by themselves: those with parameters are what others are made of."""
    return sorted(set(re.findall(r"^rule (\w+)(?!\w|\()", text, flags=re.MULTILINE)))


def sam(name: str) -> int:
    """What the SAM CLI has to say; it asks nothing of AWS."""
    command = [str(Path(sys.executable).parent / "sam"), "validate", "--lint", "--region", "us-east-1", "--template", str(ROOT / name)]
    told = subprocess.run(command, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, capture_output=True, text=True)
    if told.returncode:
        print(f"{name}: sam validate --lint: {told.stdout}{told.stderr}")
    return told.returncode


def lint(name: str) -> int:
    """What cfn-lint has to say, SAM included."""
    hints = "informational"
    found = [match for match in cfnlint.api.lint_all((ROOT / name).read_text()) if match.rule.severity != hints]
    for match in found:
        print(f"{name}: cfn-lint: {match.rule.id} {match.message} (line {match.linenumber})")
    return len(found)


def statement(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["Resources"][name]["Properties"]["PolicyDocument"]["Statement"][0]


def of(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["Resources"][name]["Properties"]


def trust(document: dict[str, Any], name: str, which: int) -> dict[str, Any]:
    return of(name)(document)["AssumeRolePolicyDocument"]["Statement"][which]


def broken() -> dict[str, list[Ways]]:
    """For each of our own rules of each template, how to break it: a rule that cannot fail is none."""
    both: Ways = {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: statement(made, "KmsKeysRead").update(Action=["s3:Get*"]),
        "ROLES_HAVE_NO_INLINE_POLICY": lambda made: of("KmsKeysReadRole")(made).update(Policies=[{}]),
        "ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "KmsKeysWriteRole", 0).update(Principal={"AWS": "*"}),
    }
    every_way: Ways = {"ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "KmsKeysReadRole", 0).update(Action="sts:*")}
    people: Ways = {"RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("TamperingKeys")(made)["Targets"][0].pop("DeadLetterConfig")}
    under_condition: Ways = {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: last(made, "KmsKeysRead").update(Action=["sts:*"]),
        "ONLY_MEMBERS_SEND_EVENTS": lambda made: of("BusPolicy")(made)["Statement"]["Condition"].pop("ArnLike"),
    }
    return {
        "template.yaml": [both | of_the_hub(), every_way, under_condition, people],
        "member-roles.yaml": [both | of_members(), every_way, without("sts:SourceIdentity"), without("aws:PrincipalOrgID")],
        "config-rules.yaml": [of_rules()],
        "forward.yaml": [of_other_regions()],
        "deployer.yaml": [of_the_deployer(), by_the_other_role(), by_the_boundary()],
    }


def last(document: dict[str, Any], name: str) -> dict[str, Any]:
    return of(name)(document)["PolicyDocument"]["Statement"][-1]


def key_statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    return next(one for one in of("DataKey")(document)["KeyPolicy"]["Statement"] if one["Sid"] == sid)


def of_the_hub() -> Ways:
    return {
        "ONLY_MEMBERS_SEND_EVENTS": lambda made: of("BusPolicy")(made)["Statement"]["Condition"].pop("StringEquals"),
        "EVIDENCE_IS_LOCKED": lambda made: of("EvidenceBucket")(made).pop("ObjectLockConfiguration"),
        "BUCKETS_ARE_CLOSED": lambda made: of("StateBucket")(made).pop("PublicAccessBlockConfiguration"),
        "KEYS_SURVIVE_THE_STACK": lambda made: made["Resources"]["DataKey"].pop("DeletionPolicy"),
        "KEYS_ROTATE_OR_SIGN": lambda made: of("DataKey")(made).pop("EnableKeyRotation"),
        "QUEUES_AND_TOPICS_ARE_ENCRYPTED": lambda made: of("KmsKeysQueue")(made).pop("KmsMasterKeyId"),
        "QUEUES_TAKE_FROM_OWN_RULES_BY_TLS": lambda made: statement(made, "KmsKeysQueuePolicy").pop("Condition"),
        "LOGS_ARE_ENCRYPTED_AND_KEPT": lambda made: of("KmsKeysLogs")(made).pop("RetentionInDays"),
        "FUNCTIONS_LOSE_NOTHING": lambda made: of("KmsKeysFunction")(made).pop("DeadLetterConfig"),
        "ALARMS_TELL_SOMEBODY": lambda made: of("PageAlarm")(made).update(AlarmActions=[]),
        "RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("KmsKeysDrift")(made)["EventPattern"].pop("account"),
        "WHAT_HAS_A_NAME_DOES_NOT_STOP_A_SECOND_TRY": lambda made: made["Resources"]["KmsKeysLogs"].update(DeletionPolicy="Retain"),
        "ONLY_DIRECT_CALLS_MAKE_NO_GRANT": lambda made: key_statement(made, "GrantsForAwsServicesOnly")["Condition"].pop("Null"),
        "EVENTBRIDGE_USES_THE_KEY_WITHOUT_A_SOURCE": lambda made: key_statement(made, "Events").update(
            Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}
        ),
        "LOCKS_FOR_YEARS_ARE_ASKED_FOR": lambda made: made["Parameters"]["EvidenceLockMode"].update(Default="COMPLIANCE"),
    }


def of_members() -> Ways:
    condition = lambda made, which: trust(made, "KmsKeysWriteRole", which)["Condition"]  # noqa: E731
    return {
        "QUEUES_TAKE_FROM_OWN_RULES_BY_TLS": lambda made: statement(made, "UndeliveredPolicy").pop("Condition"),
        "RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("S3Called")(made)["Targets"][0].pop("DeadLetterConfig"),
        "OTHER_ACCOUNTS_COME_IN_BY_ONE_ROLE": lambda made: condition(made, 1).pop("ArnEquals"),
        "OTHER_ACCOUNTS_BRING_THE_EXTERNAL_ID": lambda made: condition(made, 0)["StringEquals"].pop("sts:ExternalId"),
        "NOTHING_IS_FOR_EVERY_ACCOUNT": lambda made: made["Resources"]["Forward"].pop("Condition"),
        "WAITING_EVENTS_ARE_ENCRYPTED": lambda made: of("Undelivered")(made).update(SqsManagedSseEnabled=False),
        "NOTHING_RUNS_OR_IS_STORED_HERE": lambda made: made["Resources"]["Forward"].update(Type="AWS::S3::Bucket"),
    }


def of_rules() -> Ways:
    return {
        "A_CUSTOM_RULE_IS_ABOUT_ONE_CONTROL": lambda made: of("KmsKeyOpenPolicyRule")(made).pop("InputParameters"),
        "ONLY_THIS_ACCOUNT_ASKS_THE_FUNCTIONS": lambda made: of("KmsKeyOpenPolicyRulePermission")(made).pop("SourceAccount"),
    }


def of_other_regions() -> Ways:
    return {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: statement(made, "Forward").update(Action="events:*"),
        "ROLES_HAVE_NO_INLINE_POLICY": lambda made: of("ForwardRole")(made).update(Policies=[{}]),
        "ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "ForwardRole", 0).update(Principal={"AWS": "*"}),
        "QUEUES_TAKE_FROM_OWN_RULES_BY_TLS": lambda made: statement(made, "UndeliveredPolicy").pop("Condition"),
        "RULES_ARE_PINNED_AND_LOSE_NOTHING": lambda made: of("RolesChanged")(made)["Targets"][0].pop("DeadLetterConfig"),
        "NOTHING_IS_FOR_THE_REGION_OF_THE_HUB": lambda made: made["Resources"]["RolesChanged"].pop("Condition"),
        "ONLY_THE_DEFAULT_BUS_GETS_EVENTS": lambda made: statement(made, "Forward").update(Resource={"Fn::Sub": "arn:aws:events:*:*:event-bus/*"}),
    }


def claims(document: dict[str, Any], role: str) -> dict[str, Any]:
    return trust(document, role, 0)["Condition"]["StringEquals"]


def with_sid(document: dict[str, Any], policy: str, sid: str) -> dict[str, Any]:
    return next(one for one in of(policy)(document)["PolicyDocument"]["Statement"] if one["Sid"] == sid)


def of_the_deployer() -> Ways:
    sub = "token.actions.githubusercontent.com:sub"
    return {
        "NO_PERMISSION_IS_A_PATTERN": lambda made: statement(made, "Stores").update(Action=["s3:Get*"]),
        "ROLES_HAVE_NO_INLINE_POLICY": lambda made: of("ServiceRole")(made).update(Policies=[{}]),
        "ROLES_TRUST_NOBODY_IN_GENERAL": lambda made: trust(made, "ServiceRole", 0).update(Principal={"AWS": "*"}),
        "ONLY_JOBS_OF_ONE_REPOSITORY_COME_IN": lambda made: claims(made, "DeployRole").update({sub: {"Fn::Sub": "repo:${Repository}:*"}}),
        "CLOUDFORMATION_COMES_FROM_THIS_ACCOUNT": lambda made: claims(made, "ServiceRole").pop("aws:SourceAccount"),
        "A_JOB_WRITES_NOTHING_BUT_CHANGE_SETS_AND_CODE": lambda made: statement(made, "Deploy")["Action"].append("cloudformation:DeleteStack"),
        "WHO_PROPOSES_DOES_NOT_EXECUTE": lambda made: statement(made, "Propose")["Action"].append("cloudformation:ExecuteChangeSet"),
        "PROPOSALS_NAME_THE_SERVICE_ROLE": lambda made: with_sid(made, "Propose", "Proposals").pop("Condition"),
        "ROLES_ARE_PASSED_TO_NAMED_SERVICES": lambda made: with_sid(made, "Identities", "PassedRoles").pop("Condition"),
        "IDENTITIES_ARE_REMEDYS_OWN": lambda made: with_sid(made, "Identities", "Roles").update(Resource=["*"]),
        "THE_SERVICE_ROLE_LEAVES_ITSELF_ALONE": lambda made: with_sid(made, "Identities", "NeverItself").update(Effect="Allow"),
        "A_BOUNDARY_STAYS_ON": lambda made: with_sid(made, "Identities", "NewRolesUnderBoundary").pop("Condition"),
    }


def by_the_other_role() -> Ways:
    """The same faults, elsewhere: a condition gone, a change set of one's own, a service role for anything."""
    return {
        "ONLY_JOBS_OF_ONE_REPOSITORY_COME_IN": lambda made: claims(made, "ProposeRole").pop("token.actions.githubusercontent.com:aud"),
        "A_JOB_WRITES_NOTHING_BUT_CHANGE_SETS_AND_CODE": lambda made: statement(made, "Propose")["Action"].append("iam:CreateRole"),
        "WHO_PROPOSES_DOES_NOT_EXECUTE": lambda made: statement(made, "Deploy")["Action"].append("cloudformation:CreateChangeSet"),
        "ROLES_ARE_PASSED_TO_NAMED_SERVICES": lambda made: with_sid(made, "Propose", "TheServiceRole").pop("Condition"),
    }


def by_the_boundary() -> Ways:
    return {
        "ONLY_JOBS_OF_ONE_REPOSITORY_COME_IN": lambda made: made["Resources"]["DeployRole"].pop("Condition"),
        "A_BOUNDARY_STAYS_ON": lambda made: with_sid(made, "Identities", "NeverTheBoundary").update(Effect="Allow"),
    }


def without(key: str) -> Ways:
    """A role that does not ask for one of what is compared as text."""
    condition = lambda made: trust(made, "IamMfaReadRole", 0)["Condition"]  # noqa: E731
    return {"OTHER_ACCOUNTS_COME_IN_BY_ONE_ROLE": lambda made: condition(made)["StringEquals"].pop(key)}


def blind(document: dict[str, Any], text: str, ways: Ways) -> list[str]:
    """Our own rules that do not see what they are for."""
    found = []
    for rule in (rule for rule in named(text) if rule in ways):
        made = copy.deepcopy(document)
        ways[rule](made)
        if rule not in failures(made, text):
            found.append(rule)
    return found


def own(name: str, document: dict[str, Any]) -> Checked:
    """Our own rules, each shown to see a template that breaks it."""
    ways, checked = broken()[name], Checked()
    for file in TEMPLATES[name]:
        text = (GUARD / f"{file}.guard").read_text()
        checked.rules(f"{name}: {file}.guard", document, text)
        untried = [rule for rule in named(text) if rule not in ways[0]]
        for rule in untried + [rule for some in ways for rule in blind(document, text, some)]:
            checked.found(f"{name}: {file}.guard: {rule} does not see a template that breaks it")
    return checked


def others(name: str, document: dict[str, Any], more: list[Path]) -> Checked:
    """Public rules: those of AWS Control Tower, and the files that were named."""
    checked = Checked()
    for file, text in (control_tower() | {file.name: file.read_text() for file in more}).items():
        checked.rules(f"{name}: {file}", document, text)
    return checked


def check(name: str, more: list[Path]) -> int:
    """What is found in one template."""
    document = unfolded(transformed(name))
    ours, public = own(name, document), others(name, with_defaults(document), more)
    findings = lint(name) + sam(name) + ours.findings + public.findings
    tried = sum(map(len, broken()[name]))
    print(
        f"{name}: {len(document['Resources'])} resources; cfn-lint, sam validate --lint, {ours.tried} own Guard rules (broken in {tried} ways) "
        f"and {public.tried} public ones: {findings} findings"
    )
    return findings


def main() -> int:
    more = [Path(argument) for argument in sys.argv[1:]]
    findings = [lint("code-signing.yaml"), *(check(name, more) for name in TEMPLATES), deployer_check.check(), partition_check.check()]
    return 1 if sum(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
