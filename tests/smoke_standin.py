"""The stand-in of tests/smoke.py: MiniStack with the stack of template.yaml in it, and what is scripted of it."""

import functools
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import boto3  # noqa: E402
import template_resolve  # noqa: E402
import yaml  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from rehearsal.shared import until  # noqa: E402
from smoke.report import Report, Told  # noqa: E402
from smoke.run import Run  # noqa: E402
from smoke.stack import Stack  # noqa: E402
from smoke.steps import REFUSALS, STEPS  # noqa: E402

ACCOUNT, REGION, NAME = "111122223333", "us-east-1", "remedy"
FUNCTIONS = ("iam-mfa", "iam-password-policy", "iam-policies", "kms-keys", "operator", "rds", "s3-encryption", "s3-public-access", "sealer")
WATCHING = {"kms-keys": "KmsKeys", "s3-public-access": "S3PublicAccess", "iam-password-policy": "IamPasswordPolicy"}
# What of the template is deployed into the emulator: no roles, and nothing that refers to functions.
KINDS = ["S3::Bucket", "S3::BucketPolicy", "KMS::Key", "KMS::Alias", "SNS::Topic", "SQS::Queue", "Logs::LogGroup", "Events::Rule", "Events::EventBus"]
KINDS.append("CloudWatch::Alarm")
READS = ("describe_", "list_", "get_", "head_", "filter_", "test_", "detect_")


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
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen([venv / "bin/ministack"], env=own, cwd=self.folder.name, **silent)
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
        chosen = {"EvidenceLockMode": "GOVERNANCE", "EvidenceLockDays": "1"}
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()]
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
        s3.create_bucket(Bucket="sealed")
        s3.put_object(Bucket="sealed", Key="seal/0.sig", Body=b"-")
        for name in FUNCTIONS:
            self.write(name, {"message": "started"})

    def write(self, function: str, line: Any) -> None:
        """A line in a function's log."""
        logs, place = self.client("logs"), {"logGroupName": f"/aws/lambda/{NAME}-{function}", "logStreamName": f"s{time.monotonic_ns()}"}
        logs.create_log_stream(**place)
        logs.put_log_events(**place, logEvents=[{"timestamp": int(time.time() * 1000), "message": json.dumps(line)}])

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
    beyond = lambda of: "Metrics" in of or "Function" in json.dumps(of.get("Targets", ""))  # noqa: E731
    kept = {name: one for name, one in kept.items() if not beyond(one["Properties"])}
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
        # Resources that are other ones, and the rules that are listed, if not all.
        self.resources: dict[str, str] = {}
        self.rules: set[str] | None = None
        self.status = {f"{NAME}-{name}": {"status": {"control": {"already-compliant": 2}}} for name in WATCHING}
        self.sealer: Any = {"sealed": [{"number": 0}], "due": 0, "closed": [], "told": 0}
        self.outcome, self.lost, self.heard = "planned", 0.0, 3.0
        self.drift, self.actions = "IN_SYNC", "Successfully executed action"
        self.works = True
        self.queue_url = emulator().client("sqs").get_queue_url(QueueName=f"{NAME}-iam-password-policy")["QueueUrl"]
        self.script: dict[tuple[str, str], Any] = {
            ("cloudformation", "list_stack_resources"): self.listed,
            ("cloudformation", "detect_stack_drift"): lambda *_: {"StackDriftDetectionId": "d-1"},
            ("cloudformation", "describe_stack_drift_detection_status"): self.detected,
            ("cloudformation", "describe_stack_resource_drifts"): self.drifted,
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
            function = {"LogicalResourceId": f"{camel}Function", "ResourceType": "AWS::Lambda::Function"}
            source = {"LogicalResourceId": f"{camel}Source", "ResourceType": "AWS::Lambda::EventSourceMapping"}
            told += [function | {"PhysicalResourceId": f"{NAME}-{name}"}, source | {"PhysicalResourceId": name}]
        sealer = {"LogicalResourceId": "SealerFunction", "ResourceType": "AWS::Lambda::Function"}
        told.append(sealer | {"PhysicalResourceId": f"{NAME}-sealer"})
        if self.rules is not None:
            told = [one for one in told if one["ResourceType"] != "AWS::Events::Rule" or one["LogicalResourceId"] in self.rules]
        for one in told:
            one["PhysicalResourceId"] = self.resources.get(one["LogicalResourceId"], one["PhysicalResourceId"])
            one.setdefault("ResourceStatus", "CREATE_COMPLETE")
        return {"StackResourceSummaries": told}

    def detected(self, *_: Any) -> Any:
        return {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": self.drift}

    def drifted(self, *_: Any) -> Any:
        return {"StackResourceDrifts": [{"LogicalResourceId": "KmsKeysDrift", "StackResourceDriftStatus": "MODIFIED"}]}

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
            sqs = emulator().client("sqs")
            for one in sqs.receive_message(QueueUrl=asked["QueueUrl"]).get("Messages", []):
                sqs.delete_message(QueueUrl=asked["QueueUrl"], ReceiptHandle=one["ReceiptHandle"])
            emulator().write("iam-password-policy", {"message": "run", "outcome": "already-compliant"})
        return sent

    def run_function(self, real: Any, asked: Any) -> Any:
        """CloudTrail, EventBridge and the queue bring it to the function."""
        real(**asked)
        for outcome in ("already-compliant", self.outcome):
            line = {"message": "run", "control.id": "s3-bucket-public", "target.id": asked["Bucket"]}
            emulator().write("s3-public-access", line | {"outcome": outcome, "check": "hold"})

    def history(self, _: Any, asked: Any) -> Any:
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-notices"
        return {"AlarmHistoryItems": [{"HistorySummary": f"{self.actions} {topic}"}] if self.actions else []}

    def metrics(self, _: Any, asked: Any) -> Any:
        value = lambda id_: self.lost if id_.startswith("lost") else self.heard  # noqa: E731
        return {"MetricDataResults": [{"Id": one["Id"], "Values": [value(one["Id"])]} for one in asked["MetricDataQueries"]]}

    def run(self, keys: dict[str, str] | None = None, **also: Any) -> Run:
        stack = Stack(lambda service: Spy(self, service, emulator().client(service, keys or emulator().ann)), NAME, REGION)
        report = Report(STEPS + REFUSALS, io.StringIO())
        return Run(stack, report, **({"seconds": 0.4, "every": 0.02, "remedy": program(0)} | also))

    def step(self, name: str, run: Run | None = None) -> Told:
        run = run or self.run()
        run.report.make(next(step for step in STEPS + REFUSALS if step.name == name), run)
        return run.report.steps[-1]

    def changes(self) -> list[tuple[str, str, Any]]:
        return [call for call in self.calls if not call[1].startswith(READS)]


def program(status: int) -> str:
    """A `remedy` that ends with this."""
    path = Path(emulator().folder.name) / f"remedy-{status}"
    path.write_text(f"#!/bin/sh\ngrep -q 'BEGIN PUBLIC KEY' \"$4\" && echo verified\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


@functools.cache
def emulator() -> Emulator:
    """The one emulator of all tests."""
    started = Emulator()
    try:
        started.deploy()
    except BaseException:
        started.end()
        raise
    return started


def alarm_state(name: str = "seal-lag") -> Any:
    return emulator().client("cloudwatch").describe_alarms(AlarmNames=[f"{NAME}-{name}"])["MetricAlarms"][0]["StateValue"]


def buckets() -> list[str]:
    return [one["Name"] for one in emulator().client("s3").list_buckets()["Buckets"] if one["Name"].startswith("smoke-")]


def versions(bucket: str) -> int:
    told = emulator().client("s3").list_object_versions(Bucket=bucket)
    return len(told.get("Versions", []) + told.get("DeleteMarkers", []))
