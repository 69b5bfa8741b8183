"""Tests of tools/smoke.py: each step passes on a good stand-in, and is broken once, which must be told.

Usage: .venv/bin/python tests/smoke.py

The stand-in is MiniStack with its policies enforced, and in it the resources of template.yaml but for roles and functions. Scripted,
because no emulator has them: functions and their answers, drift detection, the actions in an alarm's history, metrics of EventBridge.
Everything else, rules and their patterns, queues, buckets, keys and what their policies refuse, is asked of MiniStack.
"""

import contextlib
import functools
import importlib.util
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import boto3  # noqa: E402
import template_resolve  # noqa: E402
import yaml  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, EndpointConnectionError  # noqa: E402
from rehearsal.shared import until  # noqa: E402
from smoke import rows  # noqa: E402
from smoke.report import Report  # noqa: E402
from smoke.run import TAG, Run, leftovers  # noqa: E402
from smoke.stack import Stack  # noqa: E402
from smoke.steps import REFUSALS, STEPS  # noqa: E402

PROGRAM = ROOT / "tools/smoke.py"
ACCOUNT, REGION, NAME = "111122223333", "us-east-1", "remedy"
WATCHING = {"kms-keys": "KmsKeys", "s3-public-access": "S3PublicAccess", "iam-password-policy": "IamPasswordPolicy"}
# What of the template is deployed into the emulator: no roles, and nothing that refers to functions.
KINDS = ["S3::Bucket", "S3::BucketPolicy", "KMS::Key", "KMS::Alias", "SNS::Topic", "SQS::Queue", "Logs::LogGroup", "Events::Rule", "Events::EventBus", "CloudWatch::Alarm"]
READS = ("describe_", "list_", "get_", "head_", "filter_", "test_", "detect_", "can_paginate")
# All that a run may change, beside what has its own name.
MAY = {("cloudwatch", "set_alarm_state"), ("sqs", "send_message"), ("lambda", "invoke"), ("kms", "create_grant"), ("kms", "sign")}


def denied(operation: str, action: str, why: str = "because no identity-based policy allows the action") -> ClientError:
    told = f"User: {ACCOUNT} is not authorized to perform: {action} {why}"
    return ClientError({"Error": {"Code": "AccessDenied", "Message": told}}, operation)


class Emulator:
    """MiniStack on a free port, and the stack in it."""

    def __init__(self) -> None:
        venv = Path(os.environ.get("REMEDY_WORM_VENV", ROOT / ".venv-worm"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory(prefix="remedy-smoke-test-", ignore_cleanup_errors=True)
        own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "IOT_MTLS_ENABLED": "0", "AUTH": "true"}
        own |= {"MINISTACK_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": ACCOUNT, "MINISTACK_REGION": REGION, "HOME": self.folder.name}
        own |= {"PATH": os.environ["PATH"], "STATE_DIR": self.folder.name, "S3_DATA_DIR": self.folder.name, "TMPDIR": self.folder.name}
        self.server = subprocess.Popen([venv / "bin/ministack"], env=own, cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.root = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}

    def answers(self) -> bool:
        if self.server.poll() is not None:
            raise SystemExit("MiniStack ended at its start: make .venv-worm/.complete")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @functools.cache  # noqa: B019
    def made(self, service: str, key: str, secret: str) -> Any:
        once = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        session = boto3.Session(region_name=REGION, aws_access_key_id=key, aws_secret_access_key=secret)
        return session.client(service, endpoint_url=self.endpoint, config=once)

    def client(self, service: str, keys: dict[str, str] | None = None) -> Any:
        return self.made(service, *(keys or self.root).values())

    def deploy(self) -> None:
        """Deploys the template, and makes an administrator and what refuses nothing."""
        assert until(self.answers, 30), "MiniStack does not answer"
        formation, s3, iam = (self.client(service) for service in ("cloudformation", "s3", "iam"))
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="template.json", Body=json.dumps(document()))
        parameters = [{"ParameterKey": "EvidenceLockMode", "ParameterValue": "GOVERNANCE"}, {"ParameterKey": "EvidenceLockDays", "ParameterValue": "1"}]
        formation.create_stack(StackName=NAME, TemplateURL=f"{self.endpoint}/code/template.json", Parameters=parameters)
        ended = lambda: not self.told()["StackStatus"].endswith("IN_PROGRESS")  # noqa: E731
        assert until(ended, 60) and self.told()["StackStatus"] == "CREATE_COMPLETE", self.told()
        iam.create_user(UserName="ann")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="ann", PolicyName="everything", PolicyDocument=json.dumps(everything))
        made = iam.create_access_key(UserName="ann")["AccessKey"]
        self.ann = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        s3.create_bucket(Bucket="lax")
        s3.put_bucket_versioning(Bucket="lax", VersioningConfiguration={"Status": "Enabled"})
        kms = self.client("kms")
        self.lax_key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        self.lax_data = kms.create_key()["KeyMetadata"]["KeyId"]

    def told(self) -> Any:
        return self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]

    def end(self) -> None:
        self.server.terminate()
        self.server.wait(timeout=10)
        self.folder.cleanup()


def document() -> Any:
    source = yaml.load((ROOT / "template.yaml").read_text(), template_resolve.Loader)  # noqa: S506
    kept = {name: one for name, one in source["Resources"].items() if one["Type"].removeprefix("AWS::") in KINDS}
    # Metric math and schedules of functions are not the emulator's; they are not what is tested either.
    kept = {name: one for name, one in kept.items() if "Metrics" not in one["Properties"] and "Function" not in json.dumps(one["Properties"].get("Targets", ""))}
    for one in kept.values():
        one.pop("Metadata", None)
        # The emulator has no TLS: what is refused must be refused by another statement.
        policy = one["Properties"].get("PolicyDocument", {"Statement": []})
        policy["Statement"] = [statement for statement in policy["Statement"] if statement["Sid"] != "TlsOnly"]
    return {name: source[name] for name in ("AWSTemplateFormatVersion", "Parameters", "Conditions")} | {"Resources": kept}


class Pages:
    """The pages of a scripted call: one."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def paginate(self, **asked: Any) -> Iterator[Any]:
        yield self.call(**asked)


class Spy:
    """A client that remembers what is asked of it. What is scripted does not reach the emulator."""

    def __init__(self, world: "World", service: str, real: Any) -> None:
        self.world, self.service, self.real = world, service, real

    def __getattr__(self, name: str) -> Any:
        if name == "exceptions":
            return self.real.exceptions
        if name == "get_paginator":
            return lambda call: Pages(getattr(self, call)) if (self.service, call) in self.world.script else self.real.get_paginator(call)

        def call(**asked: Any) -> Any:
            self.world.calls.append((self.service, name, asked))
            scripted = self.world.script.get((self.service, name))
            if isinstance(scripted, BaseException):
                raise scripted
            return scripted(getattr(self.real, name, None), asked) if scripted else getattr(self.real, name)(**asked)

        return call


class World:
    """A good stand-in: what is scripted of it can be broken."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.resources: dict[str, str] = {}
        self.status = {f"{NAME}-{name}": {"status": {"control": {"already-compliant": 2}}} for name in WATCHING}
        self.sealer: Any = {"sealed": [{"number": 0}], "due": 0, "closed": [], "told": 0}
        self.outcome, self.lost, self.heard = "planned", 0.0, 3.0
        self.drift, self.actions = "IN_SYNC", "Successfully executed action"
        self.works = True
        self.queue_url = emulator.client("sqs").get_queue_url(QueueName=f"{NAME}-iam-password-policy")["QueueUrl"]
        self.script: dict[tuple[str, str], Any] = {
            ("cloudformation", "list_stack_resources"): self.listed,
            ("cloudformation", "detect_stack_drift"): lambda *_: {"StackDriftDetectionId": "d-1"},
            ("cloudformation", "describe_stack_drift_detection_status"): self.detected,
            ("cloudformation", "describe_stack_resource_drifts"): lambda *_: {"StackResourceDrifts": [{"LogicalResourceId": "KmsKeysDrift", "StackResourceDriftStatus": "MODIFIED"}]},
            ("lambda", "get_event_source_mapping"): self.mapping,
            ("lambda", "invoke"): self.invoke,
            ("sqs", "send_message"): self.take,
            ("s3", "delete_public_access_block"): self.run_function,
            ("cloudwatch", "describe_alarm_history"): self.history,
            ("cloudwatch", "get_metric_data"): self.metrics,
        }

    def listed(self, real: Any, asked: Any) -> Any:
        told = real(**asked)["StackResourceSummaries"]
        for name, camel in WATCHING.items():
            told.append({"LogicalResourceId": f"{camel}Function", "ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": f"{NAME}-{name}"})
            told.append({"LogicalResourceId": f"{camel}Source", "ResourceType": "AWS::Lambda::EventSourceMapping", "PhysicalResourceId": name})
        told.append({"LogicalResourceId": "SealerFunction", "ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": f"{NAME}-sealer"})
        for one in told:
            one["PhysicalResourceId"] = self.resources.get(one["LogicalResourceId"], one["PhysicalResourceId"])
            one.setdefault("ResourceStatus", "CREATE_COMPLETE")
        return {"StackResourceSummaries": told}

    def detected(self, *_: Any) -> Any:
        return {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": self.drift}

    def mapping(self, _: Any, asked: Any) -> Any:
        where = f"{REGION}:{ACCOUNT}"
        name = f"{NAME}-{asked['UUID']}"
        return {"FunctionArn": f"arn:aws:lambda:{where}:function:{name}", "EventSourceArn": f"arn:aws:sqs:{where}:{name}"}

    def invoke(self, _: Any, asked: Any) -> Any:
        answer = self.status.get(asked["FunctionName"], self.sealer)
        error = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return error | {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def take(self, real: Any, asked: Any) -> Any:
        """The function takes the message from its queue, and writes to its log."""
        sent = real(**asked)
        if self.works:
            sqs = emulator.client("sqs")
            for one in sqs.receive_message(QueueUrl=asked["QueueUrl"]).get("Messages", []):
                sqs.delete_message(QueueUrl=asked["QueueUrl"], ReceiptHandle=one["ReceiptHandle"])
            write("iam-password-policy", {"message": "run", "outcome": "already-compliant"})
        return sent

    def run_function(self, real: Any, asked: Any) -> Any:
        """CloudTrail, EventBridge and the queue bring it to the function."""
        real(**asked)
        for outcome in ("already-compliant", self.outcome):
            write("s3-public-access", {"message": "run", "control.id": "s3-bucket-public", "target.id": asked["Bucket"], "outcome": outcome, "check": "hold"})

    def history(self, _: Any, asked: Any) -> Any:
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-notices"
        return {"AlarmHistoryItems": [{"HistorySummary": f"{self.actions} {topic}"}] if self.actions else []}

    def metrics(self, _: Any, asked: Any) -> Any:
        value = lambda id_: self.lost if id_.startswith("lost") else self.heard  # noqa: E731
        return {"MetricDataResults": [{"Id": one["Id"], "Values": [value(one["Id"])]} for one in asked["MetricDataQueries"]]}

    def run(self, keys: dict[str, str] | None = None, **also: Any) -> Run:
        stack = Stack(lambda service: Spy(self, service, emulator.client(service, keys or emulator.ann)), NAME, REGION)
        report = Report(STEPS + REFUSALS, io.StringIO())
        return Run(stack, report, **({"seconds": 0.4, "every": 0.02, "remedy": program(0)} | also))

    def step(self, name: str, run: Run | None = None) -> Any:
        run = run or self.run()
        run.report.make(next(step for step in STEPS + REFUSALS if step.name == name), run)
        return run.report.steps[-1]

    def changes(self) -> list[tuple[str, str, Any]]:
        return [call for call in self.calls if not call[1].startswith(READS)]


def write(function: str, line: Any) -> None:
    logs, group, stream = emulator.client("logs"), f"/aws/lambda/{NAME}-{function}", f"s{time.monotonic_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": json.dumps(line)}])


def program(status: int) -> str:
    """A `remedy` that ends with this."""
    path = Path(emulator.folder.name) / f"remedy-{status}"
    path.write_text(f"#!/bin/sh\ngrep -q 'BEGIN PUBLIC KEY' \"$4\" && echo verified\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


def setUpModule() -> None:
    global emulator
    emulator = Emulator()
    unittest.addModuleCleanup(emulator.end)
    emulator.deploy()
    for name in ("operator", "sealer", "kms-keys", "s3-encryption", "s3-public-access", "iam-mfa", "iam-policies", "iam-password-policy"):
        write(name, {"message": "started"})
    seal = {"Bucket": "sealed", "Key": "seal/0.sig", "Body": b"-"}
    emulator.client("s3").create_bucket(Bucket="sealed")
    emulator.client("s3").put_object(**seal)


def load() -> Any:
    """The program: its package has the same name."""
    spec = importlib.util.spec_from_file_location("smoke_program", PROGRAM)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


main = load()


def alarm_state(name: str = "seal-lag") -> Any:
    return emulator.client("cloudwatch").describe_alarms(AlarmNames=[f"{NAME}-{name}"])["MetricAlarms"][0]["StateValue"]


def buckets() -> list[str]:
    return [one["Name"] for one in emulator.client("s3").list_buckets()["Buckets"] if one["Name"].startswith("smoke-")]


def versions(bucket: str) -> int:
    told = emulator.client("s3").list_object_versions(Bucket=bucket)
    return len(told.get("Versions", []) + told.get("DeleteMarkers", []))


def rows_of_page(chapter: str) -> list[list[str]]:
    """The cells of the table of a chapter of docs/limits.md."""
    text = (ROOT / "docs/limits.md").read_text().partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")]


class Page(unittest.TestCase):
    """docs/limits.md and the steps name the same rows."""

    def test_each_row_is_one_of_the_page_word_for_word(self) -> None:
        first = [cells[0] for cells in rows_of_page("What only AWS can show")[1:]]
        for row in rows.BY_HAND:
            self.assertIn(row, first)

    def test_each_step_names_rows_that_are_known_and_each_row_has_a_step(self) -> None:
        named = {row for step in STEPS + REFUSALS for row in step.rows}
        self.assertEqual(named, set(rows.BY_HAND))

    def test_the_page_says_which_steps_show_a_row_and_what_stays_by_hand(self) -> None:
        must = {}
        for row, by_hand in rows.BY_HAND.items():
            must[row] = (", ".join(f"`{step.name}`" for step in STEPS + REFUSALS if row in step.rows), by_hand or "–")
        found = {cells[0]: tuple(cells[1:]) for cells in rows_of_page("What a smoke test shows")[1:]}
        self.assertEqual(found, must)


class Good(unittest.TestCase):
    """Each step passes on a good stand-in."""

    def test_each_step_is_shown(self) -> None:
        world = World()
        run = world.run()
        for step in STEPS + REFUSALS:
            if step.name in ("seal", "verify"):
                continue
            told = world.step(step.name, run)
            # A call without a dry run is never made.
            must = "not shown" if step.name == "refuse-disabling" else "shown"
            self.assertEqual(told.verdict, must, f"{step.name}: {told.evidence}")
        self.assertEqual(run.clean(), [])
        whole, part = run.report.rows()
        self.assertEqual(set(whole), {rows.DEPLOYS, rows.GRANTS})
        self.assertEqual(set(part), set(rows.BY_HAND) - set(whole) - {rows.FUNCTION})
        self.assertIn("step refuse-disabling: not shown", part[rows.KEYS])

    def test_seals_are_shown(self) -> None:
        world = World()
        world.resources["EvidenceBucket"] = "sealed"
        for name in ("seal", "verify"):
            told = world.step(name)
            self.assertEqual(told.verdict, "shown", told.evidence)

    def test_each_outcome_of_a_mode_is_shown(self) -> None:
        for outcome, mode in (("planned", "observe"), ("awaiting-approval", "approve"), ("repaired", "enforce")):
            world = World()
            world.outcome = outcome
            run = world.run()
            told = world.step("drift", run)
            self.assertEqual(told.verdict, "shown")
            self.assertIn(f"ended as {outcome} (mode {mode})", told.evidence)
            self.assertEqual(run.clean(), [])

    def test_a_row_needs_all_of_its_steps(self) -> None:
        world = World()
        run = world.run()
        world.step("stack", run)
        whole, part = run.report.rows()
        self.assertEqual(whole, [])
        self.assertIn("step refuse-grant: not run", part[rows.GRANTS])
        self.assertIn("step status: not run", part[rows.DEPLOYS])

    def test_the_public_key_is_a_pem_that_openssl_reads(self) -> None:
        path = Path(emulator.folder.name) / "remedy-openssl"
        path.write_text('#!/bin/sh\nexec openssl pkey -pubin -in "$4" -noout\n')
        path.chmod(0o755)
        world = World()
        told = world.step("verify", world.run(remedy=str(path), environment={"PATH": os.environ["PATH"]}))
        self.assertEqual(told.verdict, "shown", told.evidence)


def set_(**values: Any) -> Callable[[World], None]:
    return lambda world: world.__dict__.update(values)


def script(service: str, operation: str, answer: Any) -> Callable[[World], None]:
    return lambda world: world.script.update({(service, operation): answer})


def lax(name: str, other: str) -> Callable[[World], None]:
    return lambda world: world.resources.update({name: other})


def told_with(**changed: Any) -> Callable[[World], None]:
    """What describe-stacks says, but for this."""
    return script("cloudformation", "describe_stacks", lambda real, asked: {"Stacks": [real(**asked)["Stacks"][0] | changed]})


def rule_with(name: str, **changed: Any) -> Callable[[World], None]:
    change = lambda real, asked: (told := real(**asked)) | (changed if told["Name"] == name else {})  # noqa: E731
    return script("events", "describe_rule", change)


def failed_resource(world: World) -> None:
    listed = world.script["cloudformation", "list_stack_resources"]
    bad = {"LogicalResourceId": "Odd", "ResourceType": "X", "PhysicalResourceId": "odd", "ResourceStatus": "UPDATE_FAILED"}
    world.script["cloudformation", "list_stack_resources"] = lambda *asked: {"StackResourceSummaries": [*listed(*asked)["StackResourceSummaries"], bad]}


def letter(world: World) -> None:
    """The function's message ends among the dead letters, of which there was none."""
    take, counts = world.script["sqs", "send_message"], {"sent": 0}

    def send(real: Any, asked: Any) -> Any:
        counts["sent"] = 1
        return take(real, asked)

    def count(real: Any, asked: Any) -> Any:
        if asked["QueueUrl"].endswith("dead-letters"):
            return {"Attributes": dict.fromkeys(asked["AttributeNames"], str(counts["sent"]))}
        return real(**asked)

    world.script |= {("sqs", "send_message"): send, ("sqs", "get_queue_attributes"): count}


def all_in_alarm(real: Any, asked: Any) -> Any:
    return {"MetricAlarms": [one | {"StateValue": "ALARM"} for one in real(**asked)["MetricAlarms"]]}


def takes_no_created_key(real: Any, asked: Any) -> Any:
    """EventBridge understands a pattern otherwise than it is meant."""
    return {"Result": False} if json.loads(asked["Event"])["detail"].get("eventName") == "CreateKey" else real(**asked)


def stored(real: Any, asked: Any) -> Any:
    """A put that the policy lets through, and whose checksum nobody compares."""
    return real(**{name: value for name, value in asked.items() if name != "ContentMD5"})


def several(*changes: Callable[[World], None]) -> Callable[[World], None]:
    return lambda world: [change(world) for change in changes] and None


COMPLIANT = {"account": [ACCOUNT], "source": ["aws.config", "aws.kms"], "detail-type": ["Config Rules Compliance Change", "AWS API Call via CloudTrail"]}
UNKNOWN_OPERATOR = json.dumps(COMPLIANT | {"detail": {"eventSource": ["kms.amazonaws.com"], "sourceIPAddress": [{"cidr": "10.0.0.0/8"}]}})
TAKES_ALL = json.dumps(COMPLIANT | {"account": [ACCOUNT, "999999999999"], "detail": {"eventSource": ["kms.amazonaws.com"], "eventName": ["CreateKey"]}})
FAILED_ACTION = "Failed to execute action"

# The rule, the step, how the stand-in is broken, the verdict, and what must be said.
BROKEN: list[tuple[str, str, Callable[[World], None], str, str]] = [
    ("a stack that rolled back", "stack", told_with(StackStatus="UPDATE_ROLLBACK_COMPLETE", StackStatusReason="a quota"), "failed", "UPDATE_ROLLBACK_COMPLETE: a quota"),
    ("a resource that failed", "stack", failed_resource, "failed", "Odd UPDATE_FAILED"),
    ("a stack that somebody changed", "drift-detection", set_(drift="DRIFTED"), "failed", "DRIFTED: KmsKeysDrift MODIFIED"),
    ("drift detection that does not end", "drift-detection", script("cloudformation", "describe_stack_drift_detection_status", lambda *_: {"DetectionStatus": "DETECTION_IN_PROGRESS"}), "not shown", "not at an end within"),
    ("drift detection that fails", "drift-detection", script("cloudformation", "describe_stack_drift_detection_status", lambda *_: {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "no right"}), "not shown", "no right"),
    ("a function that times out", "status", lambda world: world.status.update({"remedy-kms-keys": {"errorMessage": "Task timed out"}}), "failed", "remedy-kms-keys: Unhandled, Task timed out"),
    ("a function that answers something else", "status", lambda world: world.status.update({"remedy-kms-keys": {"runs": []}}), "failed", "remedy-kms-keys: no status"),
    ("an event that AWS does not take", "rules", script("events", "test_event_pattern", takes_no_created_key), "failed", "remedy-kms-keys-drift does not take aws.kms CreateKey"),
    ("a rule with an operator that is not known", "rules", rule_with("remedy-kms-keys-drift", EventPattern=UNKNOWN_OPERATOR), "failed", 'not known here: [{"cidr"'),
    ("a rule that takes events of strangers", "rules", rule_with("remedy-kms-keys-drift", EventPattern=TAKES_ALL), "failed", "takes aws.kms CreateKey of an account that is not meant"),
    ("a rule that is off", "rules", rule_with("remedy-kms-keys-drift", State="DISABLED"), "failed", "remedy-kms-keys-drift is DISABLED"),
    ("a rule that is gone", "rules", lax("KmsKeysDrift", "gone"), "failed", "the rule gone of the stack is not there"),
    ("a queue that nobody reads", "queue", set_(works=False), "failed", "1 messages wait"),
    ("a message that becomes a dead letter", "queue", letter, "failed", "dead letters since message"),
    ("a schedule that did not come yet", "schedule", set_(heard=0.0), "not shown", "remedy-sweep: not invoked since"),
    ("an event that could not be delivered", "schedule", set_(lost=2.0), "failed", "remedy-sweep FailedInvocations 2"),
    ("an alarm whose action fails", "alarm", set_(actions=FAILED_ACTION), "failed", FAILED_ACTION),
    ("an alarm without an action", "alarm", set_(actions=""), "failed", "its history has no action"),
    ("alarms that all stand in ALARM", "alarm", script("cloudwatch", "describe_alarms", all_in_alarm), "not shown", "is quiet"),
    ("drift that nobody is told of", "drift", script("s3", "delete_public_access_block", lambda real, asked: real(**asked)), "failed", "no run of s3-bucket-public"),
    ("a run that is blocked", "drift", set_(outcome="blocked"), "failed", '"outcome": "blocked", "check": "hold"'),
    ("a run that sees no drift", "drift", set_(outcome="already-compliant"), "failed", "no run of s3-bucket-public"),
    ("a bucket's name that is taken", "drift", script("s3", "create_bucket", ClientError({"Error": {"Code": "BucketAlreadyExists"}}, "CreateBucket")), "failed", "BucketAlreadyExists"),
    ("a notice without an alarm", "notice", lambda _: None, "not shown", "no alarm was set"),
    ("a sealer that fails", "seal", set_(sealer={"errorMessage": "kms:Sign denied"}), "failed", "kms:Sign denied"),
    ("a sealer that leaves hours", "seal", set_(sealer={"sealed": [], "due": 3}), "failed", "left 3 hours unsealed"),
    ("nothing to seal yet", "seal", lambda _: None, "not shown", "no hour with evidence has ended yet"),
    ("a log group that gets nothing", "logs", script("logs", "describe_log_streams", lambda real, asked: {"logStreams": []} if "operator" in asked["logGroupName"] else real(**asked)), "not shown", "nothing yet in /aws/lambda/remedy-operator"),
    ("log groups that get nothing", "logs", script("logs", "describe_log_streams", lambda *_: {"logStreams": []}), "failed", "nothing arrives in any log group"),
    ("a hold that is let through", "refuse-hold", lax("StateBucket", "lax"), "failed", "let through, and then ended with BadDigest: nothing was done"),
    ("settings that are let through", "refuse-settings", lax("StateBucket", "lax"), "failed", "let through, and then ended with BadDigest"),
    ("a record that is let through", "refuse-record", lax("EvidenceBucket", "lax"), "failed", "let through, and then ended with BadDigest"),
    ("a hold that is stored", "refuse-hold", several(lax("StateBucket", "lax"), script("s3", "put_object", stored)), "failed", "SUCCEEDED, and what it made was removed at once"),
    ("a deletion that is done", "refuse-deletion", lax("EvidenceBucket", "lax"), "failed", "SUCCEEDED, and what it made was removed at once"),
    ("a grant that would be made", "refuse-grant", lambda world: world.resources.update(DataKey=emulator.lax_data), "failed", "let through, and then ended with DryRunOperation"),
    ("a signature that would be made", "refuse-signing", lambda world: world.resources.update(SealKey=emulator.lax_key), "failed", "a dry run SUCCEEDED"),
    ("a caller who may do nothing", "refuse-hold", script("s3", "put_object", denied("PutObject", "s3:PutObject")), "not shown", "denied, but not by the stack's policy"),
    ("a caller who may be the SettingsWriter", "refuse-settings", told_with(Parameters=[{"ParameterKey": "SettingsWriter", "ParameterValue": f"arn:aws:iam::{ACCOUNT}:user/ops/a*"}]), "not shown", "you may be the SettingsWriter"),
]
# For each step a call that may be denied: it is unknown then, and the action is named.
DENIED = {
    "drift-detection": ("cloudformation", "detect_stack_drift", "cloudformation:DetectStackDrift"),
    "status": ("lambda", "invoke", "lambda:InvokeFunction"),
    "rules": ("events", "test_event_pattern", "events:TestEventPattern"),
    "queue": ("sqs", "send_message", "kms:GenerateDataKey"),
    "schedule": ("cloudwatch", "get_metric_data", "cloudwatch:GetMetricData"),
    "alarm": ("cloudwatch", "set_alarm_state", "cloudwatch:SetAlarmState"),
    "drift": ("s3", "create_bucket", "s3:CreateBucket"),
    "seal": ("lambda", "invoke", "lambda:InvokeFunction"),
    "verify": ("kms", "get_public_key", "kms:GetPublicKey"),
    "logs": ("logs", "describe_log_streams", "logs:DescribeLogStreams"),
}


class Broken(unittest.TestCase):
    """Each is broken, and told."""

    def test_what_is_broken_is_told(self) -> None:
        for rule, step, break_, verdict, words in BROKEN:
            with self.subTest(rule):
                world, before = World(), versions("lax")
                break_(world)
                run = world.run()
                told = world.step(step, run)
                self.assertEqual(told.verdict, verdict, told.evidence)
                self.assertIn(words, told.evidence)
                self.assertTrue(told.next)
                self.assertEqual(run.clean(), [])
                self.assertEqual((buckets(), versions("lax")), ([], before))
                drain(world)

    def test_each_step_is_broken_at_least_once(self) -> None:
        broken = {step for _, step, *_ in BROKEN} | {"verify", "refuse-disabling"}
        self.assertEqual(broken, {step.name for step in STEPS + REFUSALS})

    def test_what_is_denied_is_unknown_and_the_action_is_named(self) -> None:
        for step, (service, operation, action) in DENIED.items():
            with self.subTest(step):
                world = World()
                world.script[service, operation] = denied(operation, action)
                run = world.run()
                told = world.step(step, run)
                self.assertEqual(told.verdict, "unknown", told.evidence)
                self.assertIn(action, told.evidence)
                self.assertIn(action, told.next)
                world.script.pop((service, operation))
                self.assertEqual(run.clean(), [])

    def test_verification_that_fails_and_that_cannot_say(self) -> None:
        for status, verdict in ((1, "failed"), (2, "not shown")):
            world = World()
            told = world.step("verify", world.run(remedy=program(status)))
            self.assertEqual(told.verdict, verdict)
        told = World().step("verify", World().run(remedy=None))
        self.assertEqual((told.verdict, "--remedy" in told.next), ("not shown", True))

    def test_an_event_that_does_not_reach_the_topic(self) -> None:
        for change, words in ((set_(heard=0.0), "was not invoked within"), (set_(lost=1.0), "FailedInvocations 1")):
            world = World()
            run = world.run()
            world.step("alarm", run)
            change(world)
            told = world.step("notice", run)
            self.assertEqual(told.verdict, "failed")
            self.assertIn(words, told.evidence)

    def test_a_network_that_is_down_is_unknown(self) -> None:
        world = World()
        world.script["events", "test_event_pattern"] = EndpointConnectionError(endpoint_url="https://events")
        self.assertEqual(world.step("rules").verdict, "unknown")

    def test_the_root_user_shows_nothing_of_the_buckets(self) -> None:
        for name in ("refuse-hold", "refuse-settings", "refuse-record", "refuse-deletion"):
            world = World()
            told = world.step(name, world.run(emulator.root))
            self.assertEqual(told.verdict, "not shown", told.evidence)
            self.assertEqual(world.changes(), [])

    def test_dead_letters_that_were_there_before_are_no_finding_of_this_run(self) -> None:
        world = World()
        world.script["sqs", "get_queue_attributes"] = lambda _, asked: {"Attributes": dict.fromkeys(asked["AttributeNames"], "1")}
        self.assertEqual(world.step("queue").verdict, "not shown")
        self.assertEqual(world.changes(), [])


def drain(world: World) -> None:
    """Takes the message that nobody read."""
    sqs = emulator.client("sqs")
    for one in sqs.receive_message(QueueUrl=world.queue_url).get("Messages", []):
        sqs.delete_message(QueueUrl=world.queue_url, ReceiptHandle=one["ReceiptHandle"])


class Safe(unittest.TestCase):
    """It touches nothing that it did not make, and removes what it made."""

    def setUp(self) -> None:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        self.addCleanup(lambda: [signal.signal(number, handler) for number, handler in handlers.items()])

    def whole(self, world: World, run: Run) -> int:
        return int(main.smoke(run, [step.name for step in STEPS + REFUSALS]))

    def test_every_change_names_what_the_run_made_or_an_alarms_state(self) -> None:
        world = World()
        run = world.run()
        self.assertEqual(self.whole(world, run), 2, run.report.out.getvalue())
        states = [asked for _, operation, asked in world.changes() if operation == "set_alarm_state"]
        self.assertEqual([one["StateValue"] for one in states], ["ALARM", alarm_state()])
        for service, operation, asked in world.changes():
            with self.subTest(f"{service} {operation}"):
                if (service, operation) not in MAY:
                    self.assertIn((asked["Bucket"], asked.get("Key", "")), [(run.bucket, ""), *run.keys])
                if service == "kms":
                    self.assertIs(asked["DryRun"], True)
                if operation == "send_message":
                    self.assertEqual(asked["MessageBody"], '{"sweep": {}}')
                if operation == "invoke":
                    self.assertIn(json.loads(asked["Payload"]), ({"status": {}}, {}))
                if operation == "put_object":
                    self.assertNotRegex(asked["Key"], "^(hold/(all|account|control)|settings\\.json)")
        self.assertEqual(buckets(), [])

    def test_whatever_ends_a_run_all_that_it_made_goes(self) -> None:
        ends: list[tuple[str, str, BaseException]] = [
            ("s3", "put_bucket_tagging", denied("PutBucketTagging", "s3:PutBucketTagging")),
            ("s3", "delete_public_access_block", KeyboardInterrupt()),
            ("s3", "delete_public_access_block", SystemExit(143)),
            ("s3", "delete_public_access_block", ZeroDivisionError("a defect")),
            ("cloudwatch", "describe_alarm_history", KeyboardInterrupt()),
            ("cloudwatch", "describe_alarm_history", denied("DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory")),
        ]
        for service, operation, error in ends:
            with self.subTest(f"{operation} {error!r}"):
                world, before = World(), alarm_state()
                world.script[service, operation] = error
                run = world.run()
                try:
                    status = main.smoke(run, ["alarm", "drift"])
                except ZeroDivisionError:
                    status = None
                must = {KeyboardInterrupt: 130, SystemExit: 130, ZeroDivisionError: None}.get(type(error), 2)
                self.assertEqual((status, run.made, buckets(), alarm_state()), (must, {}, [], before))

    def test_what_cannot_be_removed_is_said_and_fails_the_run(self) -> None:
        world = World()
        world.script["s3", "delete_bucket"] = denied("DeleteBucket", "s3:DeleteBucket")
        run = world.run()
        self.assertEqual(main.smoke(run, ["drift"]), 1)
        self.assertIn(f"STILL THERE: bucket {run.bucket}", run.report.out.getvalue())
        world.script.pop(("s3", "delete_bucket"))
        self.assertEqual(run.clean(), [])

    def test_a_put_that_succeeds_and_cannot_be_removed_is_said(self) -> None:
        world = World()
        lax("StateBucket", "lax")(world)
        world.script |= {("s3", "put_object"): stored, ("s3", "delete_object"): denied("DeleteObject", "s3:DeleteObject")}
        run = world.run()
        self.assertEqual(main.smoke(run, ["refuse-hold"]), 1)
        said = run.report.out.getvalue()
        self.assertIn("what it made could NOT be removed", " ".join(said.split()))
        self.assertIn(f"STILL THERE: s3:PutObject: s3://lax/hold/smoke-{run.id}", said)
        world.script.pop(("s3", "delete_object"))
        self.assertEqual((run.clean(), versions("lax")), ([], 0))

    def test_leftovers_of_a_killed_run_are_found_by_name_and_tag(self) -> None:
        s3, world = emulator.client("s3"), World()
        lax("StateBucket", "lax")(world)
        mine, theirs, early = world.run(), world.run(), world.run()
        for run, tag in ((mine, mine.id), (theirs, "somebody"), (early, None)):
            s3.create_bucket(Bucket=run.bucket)
            if tag:
                s3.put_bucket_tagging(Bucket=run.bucket, Tagging={"TagSet": [{"Key": TAG, "Value": tag}]})
        s3.put_object(Bucket="lax", Key=f"hold/smoke-{mine.id}", Body=b"")
        s3.put_object(Bucket="lax", Key=f"hold/smoke-{mine.id}-more", Body=b"")
        for run, status in ((mine, 0), (theirs, 1), (early, 0)):
            self.assertEqual(main.clean_up_after(run), status)
        self.assertEqual((buckets(), versions("lax")), ([theirs.bucket], 1))
        self.assertEqual(leftovers(mine), [])
        s3.delete_bucket(Bucket=theirs.bucket)
        told = s3.list_object_versions(Bucket="lax")["Versions"][0]
        s3.delete_object(Bucket="lax", Key=told["Key"], VersionId=told["VersionId"])

    def test_production_is_refused_unless_it_is_meant(self) -> None:
        said = lambda **tags: [{"Key": key, "Value": value} for key, value in tags.items()]  # noqa: E731
        key = [{"ParameterKey": "SettingsKey", "ParameterValue": "settings.json"}]
        tagged = script("s3", "get_object_tagging", lambda *_: {"TagSet": said(Environment="Production")})
        cases = [
            (told_with(Tags=said(environment="production")), [], 64),
            (told_with(Tags=said(Env="prod")), [], 64),
            (several(told_with(Parameters=key), tagged), [], 64),
            (told_with(Tags=said(environment="production")), ["--production-anyway"], 0),
            (told_with(Tags=said(environment="sandbox")), [], 0),
        ]
        for change, more, must in cases:
            world = World()
            change(world)
            stack = world.run().stack
            asked = ["smoke.py", "--stack", NAME, "--yes", *more, "logs"]
            with mock.patch.object(main, "connect", lambda _, stack=stack: (stack, {})), mock.patch.object(sys, "argv", asked), quiet():
                self.assertEqual(main.main(), must)
            self.assertEqual(world.changes(), [])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class Program(unittest.TestCase):
    """The program itself, from a terminal."""

    def start(self, *arguments: str) -> Any:
        keys = {"AWS_ACCESS_KEY_ID": emulator.ann["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": emulator.ann["aws_secret_access_key"]}
        own = keys | {"AWS_REGION": REGION, "PATH": os.environ["PATH"]}
        command = [sys.executable, str(PROGRAM), "--stack", NAME, "--against", emulator.endpoint, "--every", "0.05", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=own, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def ends(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        started = self.start(*arguments)
        out, error = started.communicate(typed, timeout=60)
        return started.returncode, out, error

    def test_it_asks_for_the_account_and_says_what_it_will_do(self) -> None:
        status, out, error = self.ends("drift", typed="999999999999\n")
        self.assertEqual((status, "nothing was done" in error), (64, True))
        self.assertRegex(out, r"(?s)account 111122223333, Region us-east-1, stack remedy, as .*user/ann; run [a-z]{8}.*it will make the empty bucket smoke-")
        self.assertEqual(buckets(), [])
        status, out, _ = self.ends("logs", typed=f"{ACCOUNT}\n")
        self.assertEqual(status, 0, out)

    def test_its_exit_status_and_its_json(self) -> None:
        status, out, _ = self.ends("--yes", "--json", "logs")
        told = json.loads(out)
        self.assertEqual((status, told["status"], told["steps"][0]["verdict"], told["account"]), (0, 0, "shown", ACCOUNT))
        self.assertEqual(self.ends("--yes", "--refusals", "refuse-disabling")[0], 2)
        # There is no function in the emulator's stack.
        self.assertEqual(self.ends("--yes", "stack")[0], 1)
        for wrong in (["no-such-step"], ["refuse-hold"], ["--clean", "a/b"], ["--no-such-option"], ["--stack", "no-such-stack", "--yes"]):
            self.assertEqual(self.ends(*wrong)[0], 64, wrong)

    def opened(self, started: Any) -> str:
        """The bucket of a run that waits for what does not come: nothing tells of drift here."""
        self.assertTrue(until(lambda: buckets() or started.poll() is not None, 30))
        return buckets()[0]

    def test_an_interrupt_removes_the_bucket(self) -> None:
        started = self.start("--yes", "drift")
        self.opened(started)
        started.send_signal(signal.SIGINT)
        out, _ = started.communicate(timeout=30)
        self.assertEqual((started.returncode, buckets()), (130, []), out)

    def test_a_killed_run_is_cleaned_up_by_its_id(self) -> None:
        started = self.start("--yes", "drift")
        bucket = self.opened(started)
        started.kill()
        out, _ = started.communicate(timeout=30)
        found = re.search("--clean ([a-z]{8})", out)
        assert found
        self.assertEqual(bucket, f"smoke-{found.group(1)}-{NAME}")
        self.assertEqual(self.ends("--clean", found.group(1))[0], 0)
        self.assertEqual(buckets(), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
