"""Run a command with an AWS emulator beside it.

Starts moto's server on a free port of the loopback interface, tells the command where it is in REMEDY_TEST_EMULATOR,
and ends it with the command. Usage: emulator.py -- COMMAND [ARGUMENT ...]
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, server: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.poll() is not None:
            sys.exit("the emulator ended at its start; is .venv complete? (`make venv`)")
        try:
            with urllib.request.urlopen(url + "/moto-api/data.json", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    sys.exit("the emulator did not answer within a minute")


def main() -> int:
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        sys.exit(__doc__)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(url, server)
        return subprocess.call(sys.argv[2:], env=os.environ | {"REMEDY_TEST_EMULATOR": url})
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
