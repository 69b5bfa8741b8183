"""Breaks, once each, the rules that tools/template_deployer.py, deployer_check.py and partition_check.py keep: a rule that cannot fail is none.

Usage: python -m unittest tests/deployer.py      needs cfn-lint and PyYAML; `make test` runs it (tests/suite/deployer.rs)
"""

import contextlib
import copy
import io
import sys
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import deployer_check  # noqa: E402
import partition_check  # noqa: E402
import template_deployer  # noqa: E402
import template_permissions  # noqa: E402
from template_resolve import Loader, Stack  # noqa: E402

VALUES = {
    "AWS::StackName": "ci-remedy",
    "ArtifactBucket": "code-of-a-clinic",
    "OidcProviderArn": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
    "Repository": "clinic/remedy",
}
BOUNDARY = "arn:aws:iam::111122223333:policy/clinic-boundary"


def deployer() -> dict:
    return yaml.load((ROOT / "deployer.yaml").read_text(), Loader)  # noqa: S506


def statements(resources: dict, name: str) -> dict[str, dict]:
    return {one["Sid"]: one for one in resources[name]["Properties"]["PolicyDocument"]["Statement"]}


def shared(change: Callable[[dict], object]) -> dict:
    """The templates after a change of theirs."""
    of = copy.deepcopy(template_deployer.documents(ROOT))
    change(of)
    return of


class TheTable(unittest.TestCase):
    def refused(self, change: Callable[[dict], object], *said: str) -> None:
        with self.assertRaises(template_permissions.Unknown) as refused:
            template_deployer.written(shared(change))
        for text in said:
            self.assertIn(text, str(refused.exception))

    def test_a_type_that_it_does_not_know_is_refused(self) -> None:
        table = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
        self.refused(lambda of: of["forward.yaml"]["Resources"].update(Table=table), "AWS::DynamoDB::Table", "template_permissions.py")

    def test_a_property_that_it_does_not_know_is_refused(self) -> None:
        key = {"KmsMasterKeyId": "alias/x", "Tags": []}
        self.refused(lambda of: of["forward.yaml"]["Resources"]["Undelivered"]["Properties"].update(key), "AWS::SQS::Queue", "Tags")
        common = {"VpcConfig": {}}
        self.refused(lambda of: of["template.yaml"]["Globals"]["Function"].update(common), "AWS::Lambda::Function", "VpcConfig")

    def test_a_regional_type_in_a_template_for_other_regions_is_refused(self) -> None:
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "x"}}
        self.refused(lambda of: of["forward.yaml"]["Resources"].update(Topic=topic), "forward.yaml", "Topics")

    def test_a_property_adds_what_it_needs(self) -> None:
        without = shared(lambda of: [one["Properties"].pop("KmsKeyId", None) for one in of["template.yaml"]["Resources"].values()])
        self.assertNotIn("logs:AssociateKmsKey", template_deployer.written(without))
        self.assertIn("logs:AssociateKmsKey", template_deployer.written(template_deployer.documents(ROOT)))

    def test_what_is_retained_is_never_deleted(self) -> None:
        now = template_deployer.written(template_deployer.documents(ROOT))
        self.assertNotIn("kms:ScheduleKeyDeletion", now)
        self.assertNotIn("evidencebucket", now)
        going = shared(lambda of: [of["template.yaml"]["Resources"][name].pop("DeletionPolicy") for name in ("DataKey", "EvidenceBucket")])
        then = template_deployer.written(going)
        self.assertIn("kms:ScheduleKeyDeletion", then)
        self.assertIn("${StackName}-evidencebucket-*", then)


class TheRoles(unittest.TestCase):
    def made(self, **more: str) -> dict:
        return Stack(deployer(), VALUES | more).resources()

    def test_the_pipeline_may_do_no_more_than_propose_and_execute(self) -> None:
        made = self.made()
        propose, deploy = (deployer_check.actions(made[name]["Properties"]["PolicyDocument"]) for name in ("Propose", "Deploy"))
        self.assertNotIn("cloudformation:ExecuteChangeSet", propose)
        self.assertIn("cloudformation:ExecuteChangeSet", deploy)
        self.assertEqual({one for one in propose + deploy if one.startswith("iam:")}, {"iam:PassRole"})
        stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/remedy/*"
        for name, sids in (("Propose", ("Proposals", "Reading")), ("Deploy", ("Execution",))):
            for sid in sids:
                self.assertEqual(statements(made, name)[sid]["Resource"], [stack])
        service = "arn:aws:iam::111122223333:role/ci-remedy-cloudformation"
        self.assertEqual(statements(made, "Propose")["TheServiceRole"]["Resource"], [service])
        self.assertEqual(statements(made, "Propose")["Proposals"]["Condition"], {"ArnEquals": {"cloudformation:RoleArn": service}})
        self.assertEqual(statements(made, "Propose")["Code"]["Resource"], ["arn:aws:s3:::code-of-a-clinic/*"])

    def test_whose_tokens_are_taken(self) -> None:
        made = self.made()
        for role, subject in (("ProposeRole", "repo:clinic/remedy:ref:refs/heads/main"), ("DeployRole", "repo:clinic/remedy:environment:remedy")):
            (trust,) = made[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            issuer = "token.actions.githubusercontent.com"
            self.assertEqual(trust["Condition"], {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}})
        for repository in ("*/*", "clinic/*", "clinic"):
            with self.assertRaises(SystemExit):
                self.made(Repository=repository)
        self.assertNotIn("DeployRole", self.made(OidcProviderArn="", Repository=""))

    def test_a_boundary_is_asked_for_and_stays(self) -> None:
        without, with_boundary = statements(self.made(), "Identities"), statements(self.made(PermissionsBoundary=BOUNDARY), "Identities")
        self.assertIn("RolesWithoutBoundary", without)
        self.assertEqual({"NewRoles", "RolesWithoutBoundary"} & with_boundary.keys(), set())
        self.assertEqual(with_boundary["NewRolesUnderBoundary"]["Condition"], {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}})
        self.assertEqual(with_boundary["NeverTheBoundary"]["Resource"], [BOUNDARY])

    def test_names_of_stacks_that_bucket_names_would_cut_are_refused(self) -> None:
        for name in ("Remedy", "r" * 25):
            with self.assertRaises(SystemExit):
                self.made(StackName=name)


class TheCheck(unittest.TestCase):
    def test_an_action_that_does_not_exist_is_told(self) -> None:
        self.assertEqual(deployer_check.misspelt(deployer()), [])
        document = deployer()
        document["Resources"]["Deploy"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"].append("cloudformation:ExecuteChangeSets")
        (said,) = deployer_check.misspelt(document)
        self.assertIn("Deploy: cloudformation:ExecuteChangeSets", said)

    def test_a_policy_that_is_too_long_is_told(self) -> None:
        self.assertEqual(deployer_check.too_long(deployer()), [])
        document = deployer()
        document["Resources"]["Stores"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"] += ["s3:PutBucketTagging"] * 200
        (said,) = deployer_check.too_long(document)
        self.assertIn("Stores: ", said)
        document = deployer()
        document["Resources"]["ServiceRole"]["Properties"]["ManagedPolicyArns"] *= 4
        self.assertEqual(deployer_check.too_long(document), ["ServiceRole: 12 policies, and a role takes 10"])

    def test_an_action_of_a_handler_that_nobody_knows_is_told(self) -> None:
        kinds = deployer_check.kinds()
        self.assertEqual(deployer_check.unheard_of(kinds), [])
        less = {reason: actions for reason, actions in template_permissions.LEFT_OUT.items() if "VPC" not in reason}
        with mock.patch.object(deployer_check, "LEFT_OUT", less):
            self.assertTrue(any("ec2:DescribeSubnets" in one for one in deployer_check.unheard_of(kinds)))
        with mock.patch.object(deployer_check, "LEFT_OUT", template_permissions.LEFT_OUT | {"nothing": "s3:NobodyCallsThis"}):
            (said,) = deployer_check.unheard_of(kinds)
            self.assertIn("s3:NobodyCallsThis", said)


# Each rule of the pipeline: what is replaced in the example by what, and what is said then.
PIPELINE = [
    ("permissions:\n  contents: read\n", "permissions: write-all\n", "more permissions"),
    ("  workflow_dispatch:\n", "  workflow_dispatch:\n  pull_request_target:\n", "strangers"),
    ("cancel-in-progress: false", "cancel-in-progress: true", "cancelled"),
    ("role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}", "role-to-assume: ${{ secrets.ROLE }}", "a static key or a secret"),
    ("aws-region: ${{ vars.AWS_REGION }}", "aws-access-key-id: ${{ vars.KEY }}", "a static key or a secret"),
    ("      - run: make check test\n", "", "nothing runs `make check test`"),
    ("      - run: make release\n", "", "nothing runs `make release`"),
    ("      id-token: write\n      contents: read\n    env:", "      id-token: write\n      contents: write\n    env:", "permissions other than"),
    ("  build:\n", "  build:\n    permissions: {id-token: write}\n", "may ask for a token"),
    ("      - run: make .venv-review/.complete\n", "      - run: make release\n", "builds with a role of AWS"),
    ("    environment: remedy\n", "", "executes a change set without an environment"),
    ("vars.DEPLOY_ROLE_ARN", "vars.PROPOSE_ROLE_ARN", "another role than DEPLOY_ROLE_ARN"),
    ("role-to-assume: ${{ vars.PROPOSE_ROLE_ARN }}", "role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}", "another role than PROPOSE_ROLE_ARN"),
    ("--no-execute-changeset ", "", "without --no-execute-changeset"),
    (' --role-arn "$SERVICE_ROLE_ARN"', "", 'without --role-arn "$SERVICE_ROLE_ARN"'),
    ("cloudformation describe-change-set", "cloudformation list-change-sets", "without describe-change-set"),
    ("actions/checkout@v4", "actions/checkout@main", "pin it"),
]


class ThePipeline(unittest.TestCase):
    def test_the_example_keeps_all_of_it(self) -> None:
        self.assertEqual(deployer_check.of_pipeline(deployer_check.WORKFLOW.read_text()), [])

    def test_each_rule_is_told_when_it_is_broken(self) -> None:
        text = deployer_check.WORKFLOW.read_text()
        for old, new, said in PIPELINE:
            with self.subTest(said):
                self.assertIn(old, text, "the test breaks nothing")
                self.assertTrue(any(said in one for one in deployer_check.of_pipeline(text.replace(old, new))), said)


# Lines of Rust, and whether they are fixed to one partition.
RUST = [
    ('let a = "arn:aws:s3:::b";', True),
    ('let a = arn.starts_with("arn:aws-us-gov:iam::");', True),
    ('let a = r#"say "arn:aws:s3:::b""#;', True),
    ('let a = format!("https://sts.{region}.amazonaws.com/");', True),
    ('let a = "sts.amazonaws.com";', True),
    ('let a = "logs.us-east-1.amazonaws.com";', True),
    ('#[cfg(test)]\nmod tests {\n    const BRACE: char = \'}\';\n}\nconst AFTER: &str = "arn:aws:s3:::b";', True),
    ('let a = "events.amazonaws.com";', False),
    ('let a = "delivery.logs.amazonaws.com";', False),
    ('let a = format!("arn:{partition}:s3:::b");', False),
    ('let a = arn.starts_with("arn:aws");', False),
    ('// such as "arn:aws:s3:::b"', False),
    ('/// Such as `arn:aws:s3:::b`.', False),
    ('/* "arn:aws:s3:::b" */', False),
    ('#[cfg(test)]\nmod tests {\n    const A: &str = "arn:aws:s3:::b";\n}', False),
    ('#[test]\nfn it_is() {\n    assert(of("arn:aws:s3:::b", \'{\'));\n}', False),
]


class Partitions(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        quiet = mock.patch.object(partition_check, "ALLOWED", {})
        quiet.start()
        self.addCleanup(quiet.stop)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_rust_that_is_fixed_to_one_partition_is_told(self) -> None:
        for text, is_fixed in RUST:
            with self.subTest(text):
                self.write("functions/one/src/lib.rs", text + "\n")
                self.assertEqual(bool(partition_check.found(self.root)), is_fixed)

    def test_modules_of_tests_are_left_out_and_no_others(self) -> None:
        fixed = 'const A: &str = "arn:aws:s3:::b";\n'
        self.write("shared/one/src/lib.rs", "mod used;\n#[cfg(test)]\nmod laws;\n")
        for path in ("used.rs", "laws.rs", "laws/worlds.rs", "used/tests.rs"):
            self.write(f"shared/one/src/{path}", fixed)
        self.write("shared/one/src/used.rs", fixed + "#[cfg(test)]\nmod tests;\n")
        self.write("shared/testkit/src/lib.rs", fixed)
        self.assertEqual([where for where, *_ in partition_check.found(self.root)], ["shared/one/src/used.rs"])

    def test_templates_are_looked_at_without_their_comments(self) -> None:
        self.write("template.yaml", "A: arn:aws:s3:::b\n# B: arn:aws:s3:::b\nC: x # arn:aws:s3:::b\nD: events.amazonaws.com\n")
        self.assertEqual([number for _, number, *_ in partition_check.found(self.root)], [1])

    def test_a_line_with_a_reason_stays_and_one_without_use_is_told(self) -> None:
        self.write("cli/src/main.rs", 'let a = "such as arn:aws:s3:::b";\n')
        with mock.patch.object(partition_check, "ALLOWED", {"cli/src/main.rs": {"such as arn:aws:s3:::b": "an example"}}):
            self.assertEqual((partition_check.found(self.root), partition_check.idle(self.root)), ([], []))
        with mock.patch.object(partition_check, "ALLOWED", {"cli/src/main.rs": {"such as arn:aws:kms": "an example"}}):
            self.assertEqual(len(partition_check.found(self.root)), 1)
            self.assertEqual(partition_check.idle(self.root), ["cli/src/main.rs: such as arn:aws:kms"])

    def test_an_empty_folder_does_not_pass(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(partition_check.check(self.root), 1)

    def test_this_repository_keeps_it(self) -> None:
        mock.patch.stopall()
        self.assertGreater(len(partition_check.sources(ROOT)), 100)
        self.assertEqual((partition_check.found(ROOT), partition_check.idle(ROOT)), ([], []))


if __name__ == "__main__":
    unittest.main()
