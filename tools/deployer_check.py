"""Checks deployer.yaml and the pipeline of docs/examples: what no template linter knows of them.

Usage: deployer_check.py      ends with 1 if anything is found
Every action exists (the catalogue of remedy-policy). Every action that the handlers of the resource types may call, as AWS publishes them and
cfn-lint has them, is in the table or left out with a reason. No policy is too long for AWS, whatever the names. The pipeline uses the roles
as they are meant. tests/deployer.py breaks each rule once.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

import yaml
from template_deployer import DEPLOYED, documents
from template_parts import ROOT
from template_permissions import LEFT_OUT, MADE_OF, TYPES
from template_resolve import Loader, Stack

CATALOGUE = ROOT / "shared/policy/src/catalogue/actions.txt"
WORKFLOW = ROOT / "docs/examples/deploy.yml"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters of a managed policy without white space, policies of a role.
LONGEST, MOST = 6144, 10
# The longest names that the parameters and AWS allow.
LONG = {
    "AWS::AccountId": "999999999999",
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-1",
    "AWS::StackName": "s" * 49,
    "StackName": "r" * 24,
    "ArtifactBucket": "b" * 63,
    "PermissionsBoundary": "arn:aws-us-gov:iam::999999999999:policy/" + "p" * 128,
    "OidcProviderArn": "arn:aws-us-gov:iam::999999999999:oidc-provider/token.actions.githubusercontent.com",
    "Repository": "owner/" + "n" * 100,
}
Document = dict[str, Any]
Workflow = dict[Any, Any]


def catalogue() -> set[str]:
    """The actions that AWS documents, in lower case: IAM does not look at the case."""
    rows = (line.split("\t") for line in CATALOGUE.read_text().splitlines() if "\t" in line)
    return {f"{service}:{action}".lower() for service, actions in rows for action in actions.split()}


def policies(document: Document) -> Iterator[tuple[str, Document]]:
    """Policies as CloudFormation makes them, with and without a boundary."""
    for values in (LONG, LONG | {"PermissionsBoundary": ""}):
        for name, resource in Stack(document, values).resources().items():
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                yield name, resource["Properties"]["PolicyDocument"]


def actions(policy: Document) -> list[str]:
    named = (statement["Action"] for statement in policy["Statement"])
    return [action for one in named for action in ([one] if isinstance(one, str) else one)]


def misspelt(document: Document) -> list[str]:
    known, found = catalogue(), set()
    for name, policy in policies(document):
        # A Deny may name all of a service.
        unknown = (one for one in actions(policy) if not one.endswith(":*") and one.lower() not in known)
        found |= {f"{name}: {one} is no action that AWS documents: correct it in tools/template_permissions.py, or run `make catalogue`" for one in unknown}
    return sorted(found)


def too_long(document: Document) -> list[str]:
    found = set()
    for name, policy in policies(document):
        # No string in them has white space.
        length = len(json.dumps(policy, separators=(",", ":")))
        if length > LONGEST:
            found.add(f"{name}: {length} characters with the longest names, and AWS takes {LONGEST}: make another policy of a part of SCOPES")
    for name, resource in document["Resources"].items():
        attached = resource["Properties"].get("ManagedPolicyArns", [])
        if len(attached) > MOST:
            found.add(f"{name}: {len(attached)} policies, and a role takes {MOST}")
    return sorted(found)


def handlers(kind: str) -> set[str]:
    """The actions that CloudFormation may call for a type: the schema that AWS publishes, as cfn-lint has it."""
    schemas = resources.files("cfnlint") / "data/schemas"
    names = json.loads((schemas / "providers/us-east-1.json").read_text())
    schema = json.loads((schemas / f"resources/{names[kind]}.json").read_text())
    # No stack needs the list of all there is.
    called = {action for name, handler in schema.get("handlers", {}).items() if name != "list" for action in handler["permissions"]}
    return called | set(schema.get("tagging", {}).get("permissions", []))


def left_out(action: str) -> list[str]:
    """The entries of LEFT_OUT that an action is in."""
    entries = (entry for some in LEFT_OUT.values() for entry in some.split())
    return [entry for entry in entries if action == entry or (entry.endswith("*") and action.startswith(entry[:-1]))]


def in_table() -> set[str]:
    table = set()
    for needs in TYPES.values():
        for phase in ("create", "read", "update", "delete", "tags"):
            table |= set(needs.actions(phase))
        table |= {action for further in needs.properties.values() for action in further.split()}
    return table


def unheard_of(kinds: set[str]) -> list[str]:
    """What a handler calls that is neither in the table nor left out, and what is left out for nothing."""
    # Schemas name some operations that are no actions: s3:PutObjectLockConfiguration is permitted by s3:PutBucketObjectLockConfiguration.
    known, table, used, found = catalogue(), in_table(), set(), []
    for kind in sorted(kinds):
        for action in sorted(handlers(kind)):
            entries = left_out(action)
            used |= set(entries)
            if action.lower() in known and action not in table and not entries:
                found.append(f"{kind}: CloudFormation may call {action}: add it to tools/template_permissions.py, or say in LEFT_OUT why no template needs it")
    idle = [entry for some in LEFT_OUT.values() for entry in some.split() if entry not in used]
    return found + [f"LEFT_OUT of tools/template_permissions.py has {entry}, which no handler calls: remove it" for entry in idle]


def kinds() -> set[str]:
    of = documents(ROOT).values()
    return {MADE_OF.get(resource["Type"], resource["Type"]) for document in of for resource in document["Resources"].values()}


def commands(job: Workflow) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def roles(job: Workflow) -> list[str]:
    return [step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {})]


def pinned(uses: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})", uses) is not None


def of_jobs(jobs: dict[str, Workflow]) -> Iterator[str]:
    """What jobs with credentials of AWS may do."""
    for name, job in jobs.items():
        is_trusted = bool(roles(job))
        if is_trusted and job.get("permissions") != {"id-token": "write", "contents": "read"}:
            yield f"the job {name} has a role of AWS, and permissions other than `id-token: write, contents: read`"
        if not is_trusted and "id-token" in job.get("permissions", {}):
            yield f"the job {name} has no role of AWS, and may ask for a token"
        if is_trusted and re.search(r"\b(make (?!\.venv-review)|cargo |npm |pip )", commands(job)):
            yield f"the job {name} builds with a role of AWS: code of dependencies would run with it"
        if "execute-change-set" in commands(job) and not (job.get("environment") and any("DEPLOY_ROLE_ARN" in role for role in roles(job))):
            yield f"the job {name} executes a change set without an environment, or with another role than DEPLOY_ROLE_ARN"
        if "sam deploy" in commands(job):
            yield from of_proposal(name, job)
        yield from (f"the job {name} uses {step['uses']}: pin it to a version" for step in job["steps"] if "uses" in step and not pinned(step["uses"]))


def of_proposal(name: str, job: Workflow) -> Iterator[str]:
    if not any("PROPOSE_ROLE_ARN" in role for role in roles(job)) or "environment" in job:
        yield f"the job {name} proposes with another role than PROPOSE_ROLE_ARN, or in an environment"
    for wanted in ("--no-execute-changeset", '--role-arn "$SERVICE_ROLE_ARN"', "describe-change-set"):
        if wanted not in commands(job):
            yield f"the job {name} proposes without {wanted}"


def of_pipeline(text: str) -> list[str]:
    """What the example of a pipeline must keep."""
    workflow = yaml.safe_load(text)
    jobs, found = workflow["jobs"], []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("jobs have more permissions than `contents: read` by default")
    # YAML reads `on` as a truth value.
    if set(workflow.get("on", workflow.get(True))) - {"push", "workflow_dispatch"}:
        found.append("it starts by more than a push and by hand: code of strangers would run")
    if workflow.get("concurrency", {}).get("cancel-in-progress") is not False or "group" not in workflow["concurrency"]:
        found.append("two deployments could run at once, or one be cancelled")
    if re.search(r"secrets\.|\b(AKIA|ASIA)[A-Z0-9]{16}\b|aws-(access-key-id|secret-access-key)|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)", text):
        found.append("it has a static key or a secret: roles are assumed by OIDC")
    everything = "\n".join(map(commands, jobs.values()))
    found += [f"nothing runs `{wanted}`" for wanted in ("make release", "make check test", "execute-change-set", "sam deploy") if wanted not in everything]
    return [f"docs/examples/deploy.yml: {one}" for one in [*found, *of_jobs(jobs)]]


def check() -> int:
    """The number of findings; each is printed."""
    document = yaml.load((ROOT / "deployer.yaml").read_text(), Loader)  # noqa: S506
    found = [*misspelt(document), *too_long(document), *unheard_of(kinds()), *of_pipeline(WORKFLOW.read_text())]
    for one in found:
        print(one)
    permitted = {action for _, policy in policies(document) for action in actions(policy)}
    print(f"deployer.yaml: {len(permitted)} actions for {len(kinds())} types of {', '.join(DEPLOYED)}; docs/examples/deploy.yml: {len(found)} findings")
    return len(found)


if __name__ == "__main__":
    sys.exit(1 if check() else 0)
