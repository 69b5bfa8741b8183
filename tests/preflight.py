"""Tests of tools/preflight.py: every check on a healthy account, and on one that is broken in one way.

Usage: preflight.py      (with the Python of .venv)
"""

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ConnectTimeoutError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from preflight_account import (  # noqa: E402
    ACCOUNT,
    BOUNDARY,
    DENIED,
    DOCUMENT,
    EXTERNAL_ID,
    HEALTHY,
    OTHER,
    REGION,
    ROOT,
    Refused,
    Shared,
    TRUST,
    World,
    answers,
    both,
    make,
    organization,
    queue_of,
    stack,
    stack_is,
)
from preflight_rules import IAM_TYPES, REGIONAL_TYPES, REMEDY, RULES  # noqa: E402

# preflight_account knows where the tools are; this file has the name of one of them.
import preflight  # noqa: E402
from inspection import check as checks  # noqa: E402
from inspection import hearing, names  # noqa: E402
from inspection.account import READS, SETTINGS, Account, Ask  # noqa: E402
from inspection.plan import Plan, Usage, load  # noqa: E402

ALL = {check.name: check for check in preflight.CHECKS}
WORLD: World


def setUpModule() -> None:
    global WORLD
    WORLD = World()
    preflight.Account = Shared


def tearDownModule() -> None:
    WORLD.server.kill()
    WORLD.server.wait()


class Case(unittest.TestCase):
    def setUp(self) -> None:
        WORLD.reset()

    def found(self, check: str, parameters: dict[str, str | None] | None = None) -> dict[str, str]:
        """What one check finds. `stack` and `region` among the parameters are no parameters of the template."""
        told = {"EvidenceLockMode": "GOVERNANCE"} | (parameters or {})
        stack, region = told.pop("stack", "remedy"), told.pop("region", REGION)
        told = {name: organization(WORLD) if value == "its own" else value for name, value in told.items() if value is not None}
        plan = Plan.of(stack, region, WORLD.session.get_partition_for_region(region), told)
        [found] = checks.made([ALL[check]], Shared(WORLD.session, region), plan)
        return found

    def program(self, *arguments: str) -> tuple[int, str, str]:
        """The whole program, with the healthy account's parameters."""
        out, err = io.StringIO(), io.StringIO()
        status: Any = None
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = preflight.preflight(["--samconfig", "/nowhere/samconfig.toml", *arguments], WORLD.session)
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()


class Rules(Case):
    """One test for each rule of RULES, added below."""


def rule(name: str, check: str, breaks: Callable[[World], Any], parameters: dict[str, Any], verdict: str, words: str) -> Callable[[Case], None]:
    def test(self: Case) -> None:
        breaks(WORLD)
        found = self.found(check, parameters)
        self.assertEqual((found["verdict"], words in found["saw"]), (verdict, True), found)
        self.assertEqual(bool(found["next"]), verdict != "ok", found)
        self.assertNotIn(EXTERNAL_ID, json.dumps(found))

    test.__doc__ = name
    return test


for named, told in RULES.items():
    setattr(Rules, f"test_{re.sub('[^a-z0-9]+', '_', named.lower())}", rule(named, *told))


class Healthy(Case):
    def test_every_check_passes_on_a_healthy_account(self) -> None:
        given = {"OrganizationId": "its own", "ExternalId": EXTERNAL_ID, "PermissionsBoundary": BOUNDARY}
        for check in ALL:
            with self.subTest(check):
                found = self.found(check, given)
                self.assertEqual((found["verdict"], found["next"]), ("ok", ""), found)

    def test_every_check_has_a_rule_that_breaks_it(self) -> None:
        broken = {check for check, _, _, verdict, _ in RULES.values() if verdict != "ok"}
        self.assertEqual(broken, set(ALL))

    def test_the_program_ends_with_0_and_with_0_for_attention(self) -> None:
        status, out, _ = self.program("--parameters", "EvidenceLockMode=GOVERNANCE")
        self.assertEqual(status, 0, out)
        self.assertIn(f"remedy in us-east-1: {len(ALL)} checks: {len(ALL)} ok", out)
        self.assertNotIn("What to do next", out)
        status, out, _ = self.program("--parameters", "EvidenceLockMode=COMPLIANCE")
        self.assertEqual(status, 0, out)
        self.assertRegex(out, r"(?m)^attention +evidence-lock +COMPLIANCE")
        self.assertIn("What to do next:\n  evidence-lock: ", out)
        self.assertIn("(docs/deploy.md#deploy)", out)

    def test_the_table_is_aligned(self) -> None:
        _, out, _ = self.program("--parameters", "EvidenceLockMode=COMPLIANCE")
        rows = [line for line in out.split("\n\n")[0].splitlines() if not line.startswith(" ")]
        self.assertEqual(len(rows), len(ALL))
        self.assertEqual({re.match(r"[a-z]+ +[a-z-]+ +", row).end() for row in rows}, {28})


class Names(Case):
    def check_of(self, kind: str) -> str:
        return "iam-names" if kind in names.OF_ACCOUNT else "leftovers"

    def given(self, kind: str) -> list[str]:
        plan = Plan.of("remedy", REGION, "aws", {"OrganizationId": "o-zzzzzzzzzz", "ExternalId": EXTERNAL_ID})
        return names.given(plan, kind)

    def test_every_name_that_the_template_gives_is_looked_for(self) -> None:
        # The name of a bus or a function in these is that of another resource.
        of_others = {("AWS::Events::EventBusPolicy", "EventBusName"), ("AWS::Lambda::EventSourceMapping", "FunctionName"),
                     ("AWS::Lambda::Permission", "FunctionName"), ("AWS::Events::Rule", "EventBusName")}  # fmt: skip
        told = {"OrganizationId": "o-zzzzzzzzzz", "ExternalId": EXTERNAL_ID, "Writes": "permitted"}
        given = set()
        for one in Plan.of("a-stack", REGION, "aws", told).resources.values():
            given |= {(one["Type"], name) for name, value in one["Properties"].items() if name.endswith("Name") and "a-stack" in str(value)}
        self.assertEqual(given - of_others, {(kind, listing.named) for kind, listing in names.LISTINGS.items()})

    def test_a_name_of_each_type_that_is_taken_is_told(self) -> None:
        for kind in names.LISTINGS:
            with self.subTest(kind):
                WORLD.reset()
                taken = self.given(kind)[0]
                make(WORLD, kind, taken)
                found = self.found(self.check_of(kind), {"OrganizationId": "its own", "ExternalId": EXTERNAL_ID})
                self.assertEqual((found["verdict"], taken in found["saw"]), ("fails", True), found)

    def test_a_name_of_each_type_that_begins_like_the_stack_is_told(self) -> None:
        for kind in names.LISTINGS:
            with self.subTest(kind):
                WORLD.reset()
                first = self.given(kind)[0]
                alike = first[: first.index("remedy")] + "remedy-zzz"
                make(WORLD, kind, alike)
                found = self.found(self.check_of(kind), {"OrganizationId": "its own", "ExternalId": EXTERNAL_ID})
                self.assertEqual((found["verdict"], alike in found["saw"]), ("attention", True), found)

    def test_a_name_of_each_type_that_begins_otherwise_is_not_told(self) -> None:
        for kind in names.LISTINGS:
            first = self.given(kind)[0]
            make(WORLD, kind, first.replace("remedy", "remedyother"))
        for check in ("leftovers", "iam-names"):
            self.assertEqual(self.found(check, {"OrganizationId": "its own", "ExternalId": EXTERNAL_ID})["verdict"], "ok")

    def test_what_belongs_to_the_stack_is_no_leftover(self) -> None:
        role_of = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "remedy-sealer-read", "AssumeRolePolicyDocument": json.loads(TRUST)}}
        deny = {"ManagedPolicyName": "remedy-iam-mfa-deny", "PolicyDocument": json.loads(DOCUMENT)}
        schedule = {"Name": "remedy-sweep", "ScheduleExpression": "rate(1 day)"}
        own = {
            "Role": role_of,
            "Deny": {"Type": "AWS::IAM::ManagedPolicy", "Properties": deny},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/remedy-sealer"}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "remedy-notices"}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": schedule},
        } | queue_of("remedy-dead-letters")
        stack("remedy", own, REMEDY)(WORLD)
        seen = {check: self.found(check) for check in ("stack", "leftovers", "iam-names", "other-stacks")}
        self.assertEqual({found["verdict"] for found in seen.values()}, {"ok"}, seen)
        self.assertIn("this is an update", seen["leftovers"]["saw"])
        make(WORLD, "AWS::SQS::Queue", "remedy-kms-keys")
        self.assertIn("AWS::SQS::Queue: remedy-kms-keys is there", self.found("leftovers")["saw"])

    def test_a_function_of_the_stack_is_no_leftover(self) -> None:
        # CloudFormation knows the functions of SAM as AWS::Lambda::Function.
        make(WORLD, "AWS::Serverless::Function", "remedy-sealer")
        self.assertEqual(self.found("leftovers")["verdict"], "fails")
        own = {"LogicalResourceId": "F", "ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": "remedy-sealer",
               "LastUpdatedTimestamp": 0, "ResourceStatus": "CREATE_COMPLETE"}  # fmt: skip
        both(stack_is("CREATE_COMPLETE"), answers(cloudformation_ListStackResources={"StackResourceSummaries": [own]}))(WORLD)
        self.assertEqual(self.found("leftovers")["verdict"], "ok")

    def test_a_stack_of_another_account_is_not_looked_at(self) -> None:
        told = WORLD.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/any", RoleSessionName="other")["Credentials"]
        other = boto3.Session(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"], REGION)
        self.assertEqual(other.client("sts").get_caller_identity()["Account"], OTHER)
        body = {"Description": REMEDY, "Resources": queue_of("remedy-dead-letters")}
        for name in ("remedy", "remedy-extra"):
            body["Resources"]["Queue"]["Properties"]["QueueName"] = f"{name}-dead-letters"
            other.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(body))
        other.client("iam").create_role(RoleName="remedy-sealer-read", AssumeRolePolicyDocument=TRUST)
        for check in ("stack", "leftovers", "iam-names", "other-stacks"):
            found = self.found(check)
            self.assertEqual((found["verdict"], "this is an update" in found["saw"]), ("ok", False), found)

    def test_a_long_list_is_read_to_its_end(self) -> None:
        for number in range(60):  # CloudWatch Logs gives 50 at once.
            make(WORLD, "AWS::Logs::LogGroup", f"/aws/lambda/remedy-a{number:03}")
        make(WORLD, "AWS::Logs::LogGroup", "/aws/lambda/remedy-sealer")
        self.assertIn("/aws/lambda/remedy-sealer is there", self.found("leftovers")["saw"])

    def test_a_list_that_botocore_cannot_page_is_read_to_its_end(self) -> None:
        def buses(params: dict, _: str) -> dict:
            last = b"more" in params["body"]
            return {"EventBuses": [{"Name": "remedy"}]} if last else {"EventBuses": [], "NextToken": "more"}

        WORLD.answers["events:ListEventBuses"] = buses
        found = self.found("leftovers", {"OrganizationId": "its own", "ExternalId": EXTERNAL_ID})
        self.assertIn("AWS::Events::EventBus: remedy is there", found["saw"])


class Calls(Case):
    def declared(self) -> list[str]:
        status, out, _ = self.program("--print-policy")
        self.assertEqual(status, 0)
        [statement] = json.loads(out)["Statement"]
        return statement["Action"]

    def everything(self) -> None:
        """An account in which every check makes every call that it may make."""
        stack("remedy-extra", queue_of("remedy-extra-q"))(WORLD)
        stack("remedy", queue_of("remedy-dead-letters"))(WORLD)
        told = [f"OrganizationId={organization(WORLD)}", f"ExternalId={EXTERNAL_ID}", f"PermissionsBoundary={BOUNDARY}"]
        told += [f"KeyAdministrator=arn:aws:iam::{ACCOUNT}:*", "EvidenceLockMode=GOVERNANCE"]
        self.program("--parameters", *told)

    def test_every_call_that_is_made_is_in_the_policy_and_no_other_is(self) -> None:
        self.everything()
        self.assertEqual({action for action, _ in WORLD.called}, set(self.declared()))

    def test_every_call_reads(self) -> None:
        for action in self.declared():
            self.assertRegex(action, READS)
        self.assertNotRegex("sqs:SendMessage", READS)

    def test_every_action_is_one_of_aws(self) -> None:
        catalogue = (ROOT / "shared/policy/src/catalogue/actions.txt").read_text().lower()
        for action in self.declared():
            service, name = action.lower().split(":")
            self.assertRegex(catalogue, rf"(?m)^{service}\b.*\b{name}\b|^{service}:{name}\b")

    def test_a_check_cannot_make_a_call_that_it_does_not_declare(self) -> None:
        account = Account(WORLD.session, REGION)
        with self.assertRaises(PermissionError):
            Ask(account, frozenset(["iam:ListRoles"])).one("sts:GetCallerIdentity")
        with self.assertRaises(PermissionError):
            Ask(account, frozenset(["sqs:PurgeQueue"])).one("sqs:PurgeQueue", QueueUrl="any")
        self.assertEqual(WORLD.called, set())

    def test_each_question_is_put_once(self) -> None:
        listed: list[str] = []
        WORLD.answers["iam:ListRoles"] = lambda params, region: listed.append(region)
        self.program("--parameters", "EvidenceLockMode=GOVERNANCE")
        self.assertEqual(listed, [REGION])

    def test_calls_are_tried_three_times_and_do_not_wait_for_ever(self) -> None:
        client = Account(WORLD.session, REGION).client("sts", REGION)
        self.assertEqual((client.meta.config.connect_timeout, client.meta.config.read_timeout), (5, 15))
        self.assertEqual(client.meta.config.retries["total_max_attempts"], 3)
        self.assertEqual(SETTINGS.retries["mode"], "standard")


class Unanswered(Case):
    def test_a_denied_call_makes_every_check_that_needs_it_unknown(self) -> None:
        given = {"OrganizationId": "o-zzzzzzzzzz", "ExternalId": EXTERNAL_ID, "PermissionsBoundary": BOUNDARY, "KeyAdministrator": f"arn:aws:iam::{ACCOUNT}:*"}
        for check in ALL.values():
            for action in check.calls:
                # These are asked in an account that has stacks only.
                if action == "cloudformation:ListStackResources":
                    continue
                with self.subTest(f"{check.name}: {action}"):
                    WORLD.answers = HEALTHY | {action: DENIED}
                    region = {"region": "eu-central-1"} if check.name == "region" else {}
                    found = self.found(check.name, given | region)
                    self.assertEqual((found["verdict"], f"{action} in " in found["saw"]), ("unknown", True), found)
                    self.assertIn("was denied" if check.name != "cloudtrail" else "denied", found["saw"])
                    self.assertIn("make preflight POLICY=1", found["next"])

    def test_denied_lists_of_a_stack_make_the_checks_unknown(self) -> None:
        stack("remedy", queue_of("remedy-dead-letters"))(WORLD)
        stack("remedy-extra", queue_of("remedy-extra-q"))(WORLD)
        WORLD.answers["cloudformation:ListStackResources"] = DENIED
        for check in ("leftovers", "iam-names", "other-stacks", "quotas"):
            self.assertEqual(self.found(check)["verdict"], "unknown")

    def test_denied_ends_with_2_and_the_other_checks_go_on(self) -> None:
        WORLD.answers["iam:ListRoles"] = DENIED
        status, out, _ = self.program("--parameters", "EvidenceLockMode=GOVERNANCE")
        self.assertEqual(status, 2, out)
        self.assertIn("iam:ListRoles in us-east-1 was denied", re.sub(r"\s+", " ", out))
        self.assertIn(f"{len(ALL)} checks: 2 unknown, {len(ALL) - 2} ok", out)

    def test_a_failure_counts_more_than_what_is_unknown(self) -> None:
        WORLD.answers["iam:ListRoles"] = DENIED
        self.assertEqual(self.program("--parameters", "UndoDays=1", "EvidenceLockMode=GOVERNANCE")[0], 1)

    def test_what_one_list_shows_is_told_though_another_is_denied(self) -> None:
        make(WORLD, "AWS::SQS::Queue", "remedy-dead-letters")
        WORLD.answers["sns:ListTopics"] = DENIED
        found = self.found("leftovers")
        self.assertEqual(found["verdict"], "fails")
        self.assertIn("sns:ListTopics in us-east-1 was denied", found["saw"])

    def test_an_endpoint_that_does_not_know_a_call_is_unknown(self) -> None:
        del WORLD.answers["lambda:GetAccountSettings"]  # moto answers 404.
        found = self.found("concurrency")
        self.assertEqual(found["verdict"], "unknown")
        self.assertIn("is not known there", found["saw"])

    def test_no_answer_is_unknown(self) -> None:
        def none(params: dict, region: str) -> None:
            raise ConnectTimeoutError(endpoint_url="https://example.invalid")

        WORLD.answers["sts:GetCallerIdentity"] = none
        self.assertIn("got no answer (ConnectTimeoutError)", self.found("identity")["saw"])

    def test_an_answer_of_another_form_is_unknown(self) -> None:
        WORLD.answers["lambda:GetAccountSettings"] = {}
        found = self.found("concurrency")
        self.assertEqual((found["verdict"], "does not know" in found["saw"]), ("unknown", True), found)

    def test_credentials_that_are_no_longer_valid_are_told_once(self) -> None:
        for action in ("sts:GetCallerIdentity", "iam:GetAccountSummary"):
            WORLD.answers[action] = Refused("ExpiredToken", 403)
        _, out, _ = self.program("--parameters", "EvidenceLockMode=GOVERNANCE")
        self.assertEqual(out.count("give it credentials that are valid"), 1, out)
        self.assertIn("  identity, root, quotas: give it credentials", out)

    def test_what_does_not_end_in_time_is_unknown(self) -> None:
        over = threading.Event()
        self.addCleanup(over.set)
        self.addCleanup(setattr, checks, "LIMIT", checks.LIMIT)
        checks.LIMIT = 0.5
        WORLD.answers["lambda:GetAccountSettings"] = lambda params, region: over.wait(20) and None
        found = self.found("concurrency")
        self.assertEqual((found["verdict"], "did not answer within" in found["saw"]), ("unknown", True), found)


class Program(Case):
    def test_json_is_an_array_of_checks(self) -> None:
        status, out, _ = self.program("--json", "--parameters", "EvidenceLockMode=GOVERNANCE", "UndoDays=1")
        found = json.loads(out)
        self.assertEqual(status, 1)
        self.assertEqual([one["name"] for one in found], list(ALL))
        self.assertEqual({tuple(one) for one in found}, {("name", "asks", "verdict", "saw", "next", "chapter")})

    def test_as_a_process_of_its_own_it_prints_everything_and_ends_with_its_status(self) -> None:
        command = [sys.executable, str(ROOT / "tools/preflight.py"), "--json", "--samconfig", "/nowhere/samconfig.toml"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        # Nothing is answered in moto's place here: it does not know lambda:GetAccountSettings.
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual([one["name"] for one in json.loads(done.stdout)], list(ALL))

    def test_every_chapter_is_there(self) -> None:
        for check in ALL.values():
            page, anchor = check.chapter.split("#")
            titles = re.findall(r"(?m)^#+ (.*)$", (ROOT / page).read_text())
            anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
            self.assertIn(anchor, anchors, check.name)

    def test_every_check_is_in_the_table_of_the_page(self) -> None:
        page = (ROOT / "docs/deploy.md").read_text()
        chapter = page[page.index("### Preflight") :].split("\n### ")[0]
        for check in ALL:
            self.assertRegex(chapter, rf"(?m)^\|.*`{check}`")

    def test_a_parameter_that_the_template_does_not_know_is_an_error(self) -> None:
        status, out, err = self.program("--parameters", "Modus=observe")
        self.assertEqual((status, out), (64, ""))
        self.assertIn("Modus; it has Mode, Writes, SettingsKey", err)

    def test_wrong_usage_ends_with_64(self) -> None:
        for wrong in (["--nothing"], ["--parameters", "Mode"], ["--region", "us-nowhere-1-"]):
            with self.subTest(wrong):
                self.assertEqual(self.program(*wrong)[0], 64)

    def test_the_external_id_is_never_printed(self) -> None:
        for value in (EXTERNAL_ID, "short secret", "s3cret"):
            for form in ([f"ExternalId={value}"], [f"ParameterKey=ExternalId,ParameterValue={value}"]):
                for more in ([], ["--json"]):
                    _, out, err = self.program(*more, "--parameters", f"OrganizationId={organization(WORLD)}", *form)
                    self.assertNotIn(value, out + err)
        for misplaced in (["--parameters", "ExternalId=short", "secret"], ["--stack", "remedy", "ExternalId=secret"]):
            status, out, err = self.program(*misplaced)
            self.assertEqual((status, "secret" in out + err), (64, False), err)

    def configured(self, text: str, *arguments: str) -> list[dict[str, str]] | str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samconfig.toml"
            path.write_text(text)
            status, out, err = self.program("--json", "--samconfig", str(path), *arguments)
        return json.loads(out) if status != 64 else err

    def saw(self, found: Any, check: str) -> str:
        return next(one["saw"] for one in found if one["name"] == check)

    def test_samconfig_gives_what_is_not_told(self) -> None:
        text = '[default.deploy.parameters]\nstack_name = "clinic"\nregion = "eu-west-1"\nparameter_overrides = {}\n'
        line = text.format('"EvidenceLockMode=GOVERNANCE EvidenceLockDays=9 SweepSchedule=\\"rate(1 day)\\""')
        several = text.format('["EvidenceLockMode=GOVERNANCE", "EvidenceLockDays=9"]')
        for form in (line, several):
            found = self.configured(form)
            self.assertEqual(self.saw(found, "evidence-lock"), "GOVERNANCE, 9 days")
            self.assertEqual(self.saw(found, "stack"), "no stack clinic in eu-west-1: it would be created")
        told = self.configured(line, "--stack", "clinic", "--region", REGION, "--parameters", "EvidenceLockDays=8")
        self.assertEqual(self.saw(told, "evidence-lock"), "GOVERNANCE, 8 days")
        self.assertIn(f"in {REGION}", self.saw(told, "stack"))

    def test_samconfig_of_another_stack_gives_no_parameters(self) -> None:
        text = '[default.deploy.parameters]\nstack_name = "clinic"\nparameter_overrides = "EvidenceLockMode=COMPLIANCE"\n'
        self.assertIn("is not told", self.saw(self.configured(text, "--stack", "remedy"), "evidence-lock"))

    def test_the_example_of_samconfig_can_be_read(self) -> None:
        found = self.configured((ROOT / "samconfig.toml.example").read_text())
        self.assertEqual(self.saw(found, "evidence-lock"), "GOVERNANCE, 1 days")

    def test_samconfig_that_cannot_be_read_is_an_error(self) -> None:
        self.assertIn("samconfig.toml is no TOML", self.configured("[default"))
        self.assertIn("No closing quotation", self.configured("[default.deploy.parameters]\nparameter_overrides = 'A=\"b'\n"))
        self.assertIn("it has Mode", self.configured('[default.deploy.parameters]\nparameter_overrides = "Modus=observe"\n'))


class Parts(unittest.TestCase):
    def test_the_types_that_must_be_recorded_follow_the_template(self) -> None:
        plan = Plan.of("remedy", REGION, "aws", {})
        self.assertEqual(hearing.followed(plan), {*IAM_TYPES, *REGIONAL_TYPES})
        self.assertEqual(hearing.followed(plan.other(GlobalControls="no")), set(REGIONAL_TYPES))

    def test_the_description_of_the_template_is_that_of_a_hub_alone(self) -> None:
        about = load("template.yaml")["Description"].partition(" in this account")[0]
        self.assertTrue(REMEDY.startswith(about))
        for template in ("forward.yaml", "config-rules.yaml", "member-roles.yaml", "code-signing.yaml"):
            self.assertFalse(load(template)["Description"].startswith(about), template)

    def test_a_value_that_is_refused_is_not_repeated(self) -> None:
        plan = Plan.of("remedy", REGION, "aws", {"ExternalId": "s3cret"})
        self.assertEqual(list(plan.refused()), ["ExternalId"])
        self.assertNotIn("s3cret", str(plan.refused()))
        with self.assertRaises(Usage):
            Plan.of("remedy", REGION, "aws", {"ExternalID": EXTERNAL_ID})


if __name__ == "__main__":
    unittest.main()
