"""The emulator of a rehearsal: started on a free port of the loopback interface, ended with the rehearsal."""

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from rehearsal.report import Report

ROOT = Path(__file__).resolve().parent.parent.parent
HUB, MEMBER, REGION = "111122223333", "222233334444", "us-east-1"
# Another Region of the hub's account.
OTHER_REGION = "us-west-2"
ENOUGH = "look at target/rehearse.log; is .venv-worm complete? (make .venv-worm/.complete)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cloud:
    """Two accounts of an emulated AWS, in two Regions. Whoever has an account's id as access key is its root user."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self.folder = tempfile.TemporaryDirectory(prefix="remedy-rehearsal-", ignore_cleanup_errors=True)
        self.log = (ROOT / "target/rehearse.log").open("w")
        self.server: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """The functions inherit the emulator's environment: nothing of the terminal's may be in it."""
        own = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "TMPDIR": self.folder.name}
        own |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "IOT_MTLS_ENABLED": "0", "AUTH": "false"}
        own |= {"STATE_DIR": self.folder.name, "S3_DATA_DIR": self.folder.name, "CLOUDTRAIL_RECORDING": "1"}
        own |= {"MINISTACK_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": HUB, "MINISTACK_REGION": REGION}
        return own | {"AWS_ENDPOINT_URL": self.endpoint, "REHEARSAL_TOKEN": self.token}

    def __enter__(self) -> "Cloud":
        server = [ROOT / ".venv-worm/bin/python", ROOT / "tools/rehearsal/server.py"]
        # Its own process group: the functions that it starts end with it.
        self.server = subprocess.Popen(
            server,
            env=self.environment(),
            cwd=self.folder.name,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        try:
            self.report.wait("the emulator", self.answers, ENOUGH)
        except BaseException:
            self.end()
            raise
        return self

    def answers(self) -> bool:
        if self.server is None or self.server.poll() is not None:
            raise SystemExit(f"the emulator ended at its start: {ENOUGH}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Asks it to end, so that it ends its functions; then ends whoever is left of its group."""
        if self.server is not None:
            self.server.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.server.wait(timeout=5)
            with suppress(ProcessLookupError):
                os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        self.log.close()
        self.folder.cleanup()

    def client(self, service: str, account: str = HUB, region: str = REGION, **keys: str) -> Any:
        keys = keys or {"aws_access_key_id": account, "aws_secret_access_key": "rehearsal"}
        session = boto3.Session(region_name=region, **keys)
        once = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.endpoint, config=once)

    def emit(self, envelope: dict[str, Any], bus: str = "default") -> None:
        """AWS itself sends an event to a bus of the hub. It keeps its account and its Region."""
        whence = f"{envelope['account']} {envelope['region']}"
        self.put(whence, envelope["source"], envelope["detail-type"], envelope["detail"], bus)

    def due(self, rule: str) -> None:
        """The clock comes to a scheduled rule's time."""
        self.put("clock", "rehearsal", "clock", rule)

    def put(self, what: str, source: str, kind: str, detail: Any, bus: str = "default") -> None:
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}
        answer = self.client("events").put_events(Entries=[entry | {"TraceHeader": f"{self.token} {what}"}])
        assert not answer["FailedEntryCount"], answer
