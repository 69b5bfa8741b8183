"""Run a command with AWS emulators beside it.

Starts one moto server a processor, each on a free port of the loopback interface, tells the command where they are in
REMEDY_TEST_EMULATOR (URLs, separated by commas; a test takes one of them), and ends them with the command.
Usage: emulator.py -- COMMAND [ARGUMENT ...]
"""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

SERVER = pathlib.Path(__file__).with_name("moto_server.py")


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


def start() -> tuple[str, subprocess.Popen]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, str(SERVER), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return f"http://127.0.0.1:{port}", server


def main() -> int:
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        sys.exit(__doc__)
    servers = [start() for _ in range(min(os.cpu_count() or 1, 4))]
    try:
        for url, server in servers:
            wait_for(url, server)
        where = ",".join(url for url, _ in servers)
        return subprocess.call(sys.argv[2:], env=os.environ | {"REMEDY_TEST_EMULATOR": where})
    finally:
        for _, server in servers:
            server.kill()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
