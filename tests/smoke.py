"""Tests of tools/smoke.py: each step passes on a good stand-in, and is broken once, which must be reported.

Usage: .venv/bin/python tests/smoke.py

The stand-in is MiniStack with its policies enforced, and in it the resources of template.yaml but for roles and functions. Scripted,
because no emulator has them: functions and their answers, drift detection, the actions in an alarm's history, metrics of EventBridge.
Everything else, rules and their patterns, queues, buckets, keys and what their policies refuse, is asked of MiniStack.
"""

import contextlib
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from smoke_standin import ACCOUNT, NAME, REGION, ROOT, World, alarm_state, buckets, denied, emulator, program, versions  # isort: skip
from botocore.exceptions import EndpointConnectionError
from rehearsal.shared import until
from smoke import rows
from smoke.run import TAG, Run, leftovers
from smoke.steps import REFUSALS, STEPS
from smoke_broken import BROKEN, DENIED, lax, script, set_, several, stored, told_with

PROGRAM = ROOT / "tools/smoke.py"
# All that a run may change, beside what has its own name.
MAY = {("cloudwatch", "set_alarm_state"), ("sqs", "send_message"), ("lambda", "invoke"), ("kms", "create_grant"), ("kms", "sign")}


def setUpModule() -> None:
    unittest.addModuleCleanup(emulator().end)


def load() -> Any:
    """The program: its package has the same name."""
    spec = importlib.util.spec_from_file_location("smoke_program", PROGRAM)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


main = load()


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
        path = Path(emulator().folder.name) / "remedy-openssl"
        path.write_text('#!/bin/sh\nexec openssl pkey -pubin -in "$4" -noout\n')
        path.chmod(0o755)
        world = World()
        told = world.step("verify", world.run(remedy=str(path), environment={"PATH": os.environ["PATH"]}))
        self.assertEqual(told.verdict, "shown", told.evidence)


class Broken(unittest.TestCase):
    """Each is broken, and told."""

    def test_what_is_broken_is_told(self) -> None:
        for rule, step, break_, verdict, words in BROKEN:
            with self.subTest(rule):
                world, before = World(), versions("lax")
                # One rule is enough to be broken.
                world.rules = {"KmsKeysDrift"} if step == "rules" else None
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
        world.rules = {"KmsKeysDrift"}
        world.script["events", "test_event_pattern"] = EndpointConnectionError(endpoint_url="https://events")
        self.assertEqual(world.step("rules").verdict, "unknown")

    def test_the_root_user_shows_nothing_of_the_buckets(self) -> None:
        for name in ("refuse-hold", "refuse-settings", "refuse-record", "refuse-deletion"):
            world = World()
            told = world.step(name, world.run(emulator().root))
            self.assertEqual(told.verdict, "not shown", told.evidence)
            self.assertEqual(world.changes(), [])

    def test_dead_letters_that_were_there_before_are_no_finding_of_this_run(self) -> None:
        world = World()
        world.script["sqs", "get_queue_attributes"] = lambda _, asked: {"Attributes": dict.fromkeys(asked["AttributeNames"], "1")}
        self.assertEqual(world.step("queue").verdict, "not shown")
        self.assertEqual(world.changes(), [])


def drain(world: World) -> None:
    """Takes the message that nobody read."""
    sqs = emulator().client("sqs")
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
                    # A key under hold/ would stop everything, and settings.json is read.
                    self.assertRegex(asked["Key"], r"^(smoke/|settings-smoke-[a-z]{8}\.json$)")
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
        self.assertIn(f"STILL THERE: s3:PutObject: s3://lax/smoke/hold-{run.id}", said)
        world.script.pop(("s3", "delete_object"))
        self.assertEqual((run.clean(), versions("lax")), ([], 0))

    def test_leftovers_of_a_killed_run_are_found_by_name_and_tag(self) -> None:
        s3, world = emulator().client("s3"), World()
        lax("StateBucket", "lax")(world)
        mine, theirs, early = world.run(), world.run(), world.run()
        for run, tag in ((mine, mine.id), (theirs, "somebody"), (early, None)):
            s3.create_bucket(Bucket=run.bucket)
            if tag:
                s3.put_bucket_tagging(Bucket=run.bucket, Tagging={"TagSet": [{"Key": TAG, "Value": tag}]})
        s3.put_object(Bucket="lax", Key=f"smoke/hold-{mine.id}", Body=b"")
        s3.put_object(Bucket="lax", Key=f"smoke/hold-{mine.id}-more", Body=b"")
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
        keys = {"AWS_ACCESS_KEY_ID": emulator().ann["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": emulator().ann["aws_secret_access_key"]}
        own = keys | {"AWS_REGION": REGION, "PATH": os.environ["PATH"]}
        command = [sys.executable, str(PROGRAM), "--stack", NAME, "--against", emulator().endpoint, "--every", "0.05", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=own, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def ends(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        started = self.start(*arguments)
        out, error = started.communicate(typed, timeout=60)
        return started.returncode, out, error

    def test_it_asks_for_the_account_and_says_what_it_will_do(self) -> None:
        status, out, error = self.ends("drift", typed="999999999999\n")
        self.assertEqual((status, "nothing was done" in error), (64, True))
        self.assertRegex(out, r"account 111122223333, Region us-east-1, stack remedy, as .*user/ann; run [a-z]{8}")
        self.assertIn("it will make the empty bucket smoke-", out)
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
