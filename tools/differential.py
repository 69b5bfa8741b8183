"""Compare `remedy policy check` with cloudsplaining, policyuniverse and c7n.

Policies: generated from a fixed seed, and every AWS managed policy that moto carries. Each disagreement must fall into a
class that names the feature which explains it, the rule that decides it and the AWS page behind the rule. One that falls
into none ends the run with status 1. Usage: differential.py PATH_TO_REMEDY [--part N/OF] [--json FILE]; the Nth of so many
parts compares every OFth policy, and parts run side by side.
"""

import argparse
import copy
import hashlib
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
from collections import Counter
from importlib.metadata import version

from c7n.filters.iamaccess import PolicyChecker
from cloudsplaining.scan.policy_document import PolicyDocument
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policyuniverse.policy import Policy

ROOT = pathlib.Path(__file__).resolve().parent.parent
IDENTITIES, BUCKETS = 1_800, 3_400
OURS = "111122223333"
ORG = "o-a1b2c3d4e5"

LOGIC = "IAM User Guide, Policy evaluation logic"
NOT_ACTION = "IAM User Guide, IAM JSON policy elements: NotAction"
RESOURCE = "IAM User Guide, IAM JSON policy elements: Resource"
OPERATORS = "IAM User Guide, IAM JSON policy elements: Condition operators"
MANY_KEYS = "IAM User Guide, Conditions with multiple context keys or values"
KEYS = "IAM User Guide, AWS global condition context keys"
PUBLIC = "S3 User Guide, Blocking public access to your Amazon S3 storage: The meaning of public"
PRINCIPAL = "IAM User Guide, AWS JSON policy elements: Principal"
ACTION = "IAM User Guide, IAM JSON policy elements: Action"


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def statements(document: dict) -> list[dict]:
    return as_list(document["Statement"])


def allows(document: dict) -> list[dict]:
    return [statement for statement in statements(document) if statement["Effect"] == "Allow"]


def denies(document: dict) -> list[dict]:
    return [statement for statement in statements(document) if statement["Effect"] == "Deny"]


def clauses(statement: dict):
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), as_list(values)


# --- what is compared ---------------------------------------------------------------------------------------------------

ACTIONS = [
    "s3:GetObject", "s3:*", "S3:*", "s3:Get*", "iam:PassRole", "IAM:passrole", "iam:Create*", "iam:CreateAccessKe?",
    "iam:*", "iam:AttachUserPolicy", "ec2:RunInstances", "ec2:*", "lambda:*", "lambda:UpdateFunctionCode", "sqs:*",
    "cloudformation:CreateStack", "glue:UpdateDevEndpoint", "kms:Decrypt", "logs:*", "dynamodb:Query", "*", "*:*",
]  # fmt: skip
RESOURCES = ["*", "*", "*", "arn:aws:s3:::phi/*", f"arn:aws:iam::{OURS}:user/*", f"arn:aws:iam::{OURS}:role/x", "arn:aws:*:*:*:*"]


def identity(dice: random.Random) -> dict:
    out = []
    for _ in range(dice.randint(1, 3)):
        effect = "Allow" if dice.random() < 0.78 else "Deny"
        weights = [3] * (len(ACTIONS) - 2) + [1, 1]
        actions = dice.choices(ACTIONS, weights, k=dice.randint(1, 4))
        statement = {"Effect": effect}
        statement["NotAction" if dice.random() < 0.06 else "Action"] = actions if dice.random() < 0.7 else actions[0]
        resources = sorted(set(dice.choices(RESOURCES, k=dice.randint(1, 2))))
        statement["NotResource" if dice.random() < 0.04 else "Resource"] = resources if dice.random() < 0.5 else resources[0]
        if dice.random() < 0.15:
            statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        out.append(statement)
    return {"Version": "2012-10-17", "Statement": out[0] if len(out) == 1 and dice.random() < 0.3 else out}


CONDITIONS = [
    ("StringEquals", "aws:PrincipalOrgID", ORG), ("StringLike", "aws:PrincipalOrgID", "o-*"),
    ("StringEqualsIfExists", "aws:PrincipalOrgID", ORG), ("ForAllValues:StringEquals", "aws:PrincipalOrgID", ORG),
    ("StringNotEquals", "aws:PrincipalOrgID", ORG), ("StringEquals", "aws:SourceAccount", OURS),
    ("StringEquals", "aws:PrincipalAccount", OURS), ("StringEquals", "kms:CallerAccount", OURS),
    ("StringLike", "aws:PrincipalAccount", "1111222?3333"), ("ArnLike", "aws:SourceArn", "arn:aws:s3:::source"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"), ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OURS}:role/*"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"), ("StringEquals", "aws:SourceVpce", "vpce-1"),
    ("StringLike", "aws:SourceVpce", "vpce-*"), ("StringEquals", "aws:SourceVpc", "vpc-1"),
    ("StringLike", "aws:userid", "AROAEXAMPLEID:*"), ("StringLike", "aws:userid", "*"),
    ("StringEquals", "aws:username", "bob"), ("StringEquals", "aws:Referer", "https://clinic.example/"),
    ("Bool", "aws:SecureTransport", "true"), ("StringEquals", "aws:PrincipalTag/team", "phi"),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24"), ("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
    ("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"]), ("IpAddress", "aws:SourceIp", "11.0.0.0/7"),
    ("IpAddress", "aws:SourceIp", "2001::/16"), ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ("IpAddressIfExists", "aws:SourceIp", "203.0.113.0/24"), ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("StringEquals", "s3:DataAccessPointAccount", OURS), ("StringEquals", "aws:ResourceOrgID", ORG),
    ("StringEquals", "aws:PrincipalOrgID", [ORG, "o-z9y8x7w6v5"]),
]  # fmt: skip
PRINCIPALS = [
    {"Principal": "*"}, {"Principal": "*"}, {"Principal": {"AWS": "*"}}, {"Principal": {"AWS": ["*", f"arn:aws:iam::{OURS}:root"]}},
    {"Principal": {"AWS": f"arn:aws:iam::{OURS}:root"}}, {"Principal": {"AWS": OURS}}, {"Principal": {"Service": "cloudtrail.amazonaws.com"}},
    {"NotPrincipal": {"AWS": f"arn:aws:iam::{OURS}:root"}},
]  # fmt: skip


def bucket(dice: random.Random) -> dict:
    out = []
    for _ in range(dice.randint(1, 2)):
        deny = bool(out) and dice.random() < 0.5
        statement = {"Effect": "Deny" if deny else "Allow"}
        statement |= {"Principal": "*"} if deny else copy.deepcopy(dice.choice(PRINCIPALS))
        statement["Action"] = "s3:*" if deny else dice.choice(["s3:GetObject", ["s3:GetObject", "s3:PutObject"], "s3:*"])
        statement["Resource"] = "arn:aws:s3:::phi/*"
        condition: dict = {}
        for operator, key, value in dice.sample(CONDITIONS, dice.choice([0, 1, 1, 1, 2])):
            condition.setdefault(operator, {})[key] = value
        if condition:
            statement["Condition"] = condition
        out.append(statement)
    return {"Version": "2012-10-17", "Statement": out}


# --- the programs -------------------------------------------------------------------------------------------------------


def remedy(program: str, kind: str, documents: list[dict]) -> list[dict]:
    lines = "".join(json.dumps({"id": n, "kind": kind, "policy": document}) + "\n" for n, document in enumerate(documents))
    done = subprocess.run([program, "policy", "check", "--jsonl"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(documents) and all(answer["valid"] for answer in answers)
    return answers


class Memory:
    """What cloudsplaining said of a policy. It takes a minute for all, and says the same again as long as it is the same
    release with the same catalogue: only what was never asked is asked. The answers of Remedy are never remembered."""

    def __init__(self, part: str) -> None:
        releases = "-".join(version(name) for name in ("cloudsplaining", "policy-sentry"))
        self.file = ROOT / "target" / f"cloudsplaining-{releases}-{part}.json"
        self.said: dict[str, dict[str, list[str]]] = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.is_new = False

    def of(self, document: dict) -> dict[str, list[str]]:
        text = json.dumps(document)
        key = hashlib.sha256(text.encode()).hexdigest()
        if key not in self.said:
            read = PolicyDocument(json.loads(text))
            ways = sorted({way["type"] for way in read.allows_privilege_escalation})
            self.said[key] = {"ways": ways, "services": sorted(set(read.service_wildcard))}
            self.is_new = True
        return self.said[key]

    def keep(self) -> None:
        """Whole or not at all: another run may read it at the same time."""
        if self.is_new:
            fresh = self.file.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(self.said))
            fresh.replace(self.file)


def policyuniverse_public(document: dict) -> bool:
    return Policy(copy.deepcopy(document)).is_internet_accessible()


def c7n_public(document: dict) -> bool:
    """Open to everyone: only statements for everyone are asked for."""
    checker = PolicyChecker({"everyone_only": True, "allowed_accounts": set(), "allowed_orgid": {ORG, "o-z9y8x7w6v5"}})
    return bool(checker.check(copy.deepcopy(document)))


# --- the classes --------------------------------------------------------------------------------------------------------


def has_condition(document, _ours, _theirs) -> bool:
    return any("Condition" in statement for statement in allows(document))


def scoped(document, _ours, _theirs) -> bool:
    return any("*" not in as_list(statement.get("Resource", [])) for statement in allows(document))


def has_deny(document, _ours, _theirs) -> bool:
    return bool(denies(document))


def inverted(document, _ours, _theirs) -> bool:
    return any("NotAction" in statement or "NotResource" in statement for statement in statements(document))


def question_mark(document, _ours, _theirs) -> bool:
    return any("?" in action for statement in statements(document) for action in as_list(statement.get("Action", [])))


def spelled_everything(document, _ours, _theirs) -> bool:
    return any("*:*" in as_list(statement.get("Action", [])) for statement in statements(document))


def other_case(document, _ours, _theirs) -> bool:
    actions = [action for statement in statements(document) for action in as_list(statement.get("Action", []))]
    return any(action.split(":")[0] != action.split(":")[0].lower() for action in actions)


def everything(document, _ours, _theirs) -> bool:
    return any("*" in as_list(statement.get("Action", [])) for statement in allows(document))


def few_actions(document, ours, theirs) -> bool:
    """Services with a handful of actions, all of which the policy allows by name or by prefix."""
    return not theirs - ours and len(ours - theirs) <= 3


def any_key(keys: set[str], operators: tuple[str, ...] = ()):
    def holds(document, _ours, _theirs) -> bool:
        found = (clause for statement in allows(document) for clause in clauses(statement))
        return any(key in keys and (not operators or operator in operators) for operator, key, _ in found)

    return holds


def several_clauses(document, _ours, _theirs) -> bool:
    return any(len(list(clauses(statement))) > 1 for statement in allows(document))


def any_operator(prefixes: tuple[str, ...], suffix: str = ""):
    def holds(document, _ours, _theirs) -> bool:
        found = (operator for statement in allows(document) for operator, _, _ in clauses(statement))
        return any(operator.startswith(prefixes) and operator.endswith(suffix) for operator in found)

    return holds


def wide_addresses(document, _ours, _theirs) -> bool:
    found = [clause for statement in allows(document) for clause in clauses(statement) if clause[1] == "aws:sourceip"]
    wide = {"0.0.0.0/0", "0.0.0.0/1", "11.0.0.0/7", "2001::/16", "10.0.0.0/8"}
    return any(wide & set(values) for _, _, values in found)


def wildcard_value(document, _ours, _theirs) -> bool:
    found = [clause for statement in allows(document) for clause in clauses(statement)]
    return any("*" in value or "?" in value for _, _, values in found for value in values)


def not_principal(document, _ours, _theirs) -> bool:
    return any("NotPrincipal" in statement for statement in allows(document))


CLASSES = {
    "cloudsplaining, ways": [
        ("spelled everything as *:*", spelled_everything, "M2", ACTION),
        ("a question mark in an action", question_mark, "M1", ACTION),
        ("NotAction or NotResource", inverted, "I2", NOT_ACTION),
        ("allowed on some resources only", scoped, "I6", RESOURCE),
        ("a condition, or a deny that is not for all", has_deny, "I2", LOGIC),
        ("an allow under a condition", has_condition, "I4", LOGIC),
    ],
    "cloudsplaining, services": [
        ("everything as a name of its own", everything, "I5", ACTION),
        ("spelled everything as *:*", spelled_everything, "M2", ACTION),
        ("another case of the service", other_case, "M2", ACTION),
        ("NotAction or NotResource", inverted, "I5", NOT_ACTION),
        ("allowed on some resources only", scoped, "I5", RESOURCE),
        ("a deny", has_deny, "I2", LOGIC),
        ("an allow under a condition", has_condition, "I4", LOGIC),
        ("every action without a wildcard of the service", few_actions, "I5", ACTION),
    ],
    "policyuniverse": [
        ("one of several conditions is broad: all must hold", several_clauses, "R2", MANY_KEYS),
        ("an operator that holds without its key", any_operator(("",), "IfExists"), "R3", OPERATORS),
        ("ForAllValues holds without its key", any_operator(("ForAllValues:",)), "R3", OPERATORS),
        ("a negated operator", any_operator(("StringNot", "NotIp")), "R2", OPERATORS),
        ("an address range that is not exactly everything, or private", wide_addresses, "R6", PUBLIC),
        ("a wildcard in a value", wildcard_value, "R4", PUBLIC),
        ("a key that the caller chooses, or of the resource", any_key({"aws:username", "aws:referer", "aws:securetransport", "aws:principaltag/team", "aws:resourceorgid"}), "R5", KEYS),
        ("a key that fixes the caller", any_key({"s3:dataaccesspointaccount", "aws:sourcevpc", "aws:principalaccount", "kms:calleraccount"}), "R4", KEYS),
        ("a deny that narrows", has_deny, "R7", LOGIC),
    ],
    "c7n": [
        ("a deny that narrows", has_deny, "R7", LOGIC),
        ("NotPrincipal with Allow", not_principal, "R1", PRINCIPAL),
        ("an operator that holds without its key", any_operator(("",), "IfExists"), "R3", OPERATORS),
        ("ForAllValues holds without its key", any_operator(("ForAllValues:",)), "R3", OPERATORS),
        ("a negated operator", any_operator(("StringNot", "NotIp")), "R2", OPERATORS),
        ("an address range that is broad", wide_addresses, "R6", PUBLIC),
        ("a wildcard in a value", wildcard_value, "R4", PUBLIC),
        ("a key that the caller chooses, or of the resource", any_key({"aws:username", "aws:referer", "aws:securetransport", "aws:principaltag/team", "aws:resourceorgid"}), "R5", KEYS),
        ("a key that fixes the caller", any_key({"s3:dataaccesspointaccount", "aws:principalarn", "aws:sourcevpc", "aws:principalaccount", "kms:calleraccount", "aws:userid", "aws:sourceaccount", "aws:sourcearn"}), "R4", KEYS),
    ],
}  # fmt: skip


def compare(name: str, documents: list[dict], ours: list, peer, report: dict) -> None:
    classes, counts = CLASSES[name], Counter()
    agreed, unclassified = 0, []
    for document, mine in zip(documents, ours, strict=True):
        try:
            theirs = peer(document)
        except Exception as error:  # noqa: BLE001 - a peer that fails is a finding
            counts[f"it fails: {type(error).__name__}"] += 1
            continue
        if mine == theirs:
            agreed += 1
            continue
        found = next((label for label, explains, _, _ in classes if explains(document, mine, theirs)), None)
        if found is None:
            unclassified.append((document, mine, theirs))
        else:
            counts[found] += 1
    rows = {label: (rule, page) for label, _, rule, page in classes}
    print(f"\n{name}: {len(documents)} compared, {agreed} agreed, {len(documents) - agreed} did not")
    for label, count in counts.most_common():
        print(f"  {count:>6}  {label}  [{', '.join(rows.get(label, ('the peer is at fault',)))}]")
    for document, mine, theirs in unclassified[:5]:
        print(f"  UNCLASSIFIED Remedy {mine}, the other {theirs}: {json.dumps(document)}")
    report[name] = {"compared": len(documents), "agreed": agreed, "classes": dict(counts), "unclassified": len(unclassified)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("remedy")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--json")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    part, parts = map(int, asked.part.split("/"))
    assert 1 <= part <= parts, "the parts are 1/N to N/N"
    logging.disable(logging.CRITICAL)
    dice = random.Random(20261124)
    managed = [policy["Document"] for policy in json.loads(aws_managed_policies_data).values()]
    # All are made, so that each is the same in whatever part it is.
    identities = ([identity(dice) for _ in range(IDENTITIES)] + managed)[part - 1 :: parts]
    buckets = [bucket(dice) for _ in range(BUCKETS)][part - 1 :: parts]
    memory = Memory(f"{part}-of-{parts}")
    verdicts = remedy(asked.remedy, "identity", identities)
    everything_allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    # cloudsplaining knows later ways by names of its own.
    rhino = set(remedy(asked.remedy, "identity", [everything_allowed])[0]["privilege_escalation"])
    public = [answer["public"] for answer in remedy(asked.remedy, "bucket", buckets)]
    report: dict = {}
    ways = [set(answer["privilege_escalation"]) for answer in verdicts]
    services = [set(answer["full_service_access"]) for answer in verdicts]
    compare("cloudsplaining, ways", identities, ways, lambda document: set(memory.of(document)["ways"]) & rhino, report)
    compare("cloudsplaining, services", identities, services, lambda document: set(memory.of(document)["services"]), report)
    compare("policyuniverse", buckets, public, policyuniverse_public, report)
    compare("c7n", buckets, public, c7n_public, report)
    memory.keep()
    if asked.json:
        pathlib.Path(asked.json).write_text(json.dumps(report, indent=1))
    left = sum(row["unclassified"] for row in report.values())
    print(f"\npart {part} of {parts}: {len(identities)} identity and {len(buckets)} bucket policies; {left} disagreements unclassified")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
