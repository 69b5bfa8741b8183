"""Serve moto to side_by_side.py: as moto_server.py does, with every call counted and what moto leaves out added.

Usage: side_by_side_server.py PORT (of the loopback interface)

- All of it happens in the emulator's own process. A proxy would be one more process on the machine of what is measured, and
  would have each call read and answered twice.
- GET /side-by-side/take tells what was called since it was last asked. It does not count itself.
- A request may name a whole address, as one to a proxy does. moto answers it, whatever the host in it is.
- CONNECT, which a proxy is sent for an address of the internet, is refused and counted. Nothing is forwarded to anywhere.
"""

import base64
import gc
import io
import json
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response

# moto is imported by `main` alone, since side_by_side.py reads this file for its names.

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

ACCOUNT = "123456789012"  # moto's
TAKE = "/side-by-side/take"

# --- what is called -----------------------------------------------------------------------------------------------------


@dataclass
class Counts:
    """What was called since the counts were last taken."""

    calls: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0  # all calls together
    # By the clock that is the same in all processes.
    first: float | None = None
    last: float = 0.0


OF_BUCKET = {
    "accelerate": "BucketAccelerateConfiguration", "acl": "BucketAcl", "cors": "BucketCors", "encryption": "BucketEncryption",
    "lifecycle": "BucketLifecycleConfiguration", "location": "BucketLocation", "logging": "BucketLogging",
    "notification": "BucketNotificationConfiguration", "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls", "policy": "BucketPolicy", "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "PublicAccessBlock", "replication": "BucketReplication", "tagging": "BucketTagging",
    "versioning": "BucketVersioning", "website": "BucketWebsite",
}  # fmt: skip
CONTROL = {
    "/configuration/publicAccessBlock": "GetPublicAccessBlock",
    "/accesspoint": "ListAccessPoints",
    "/mrap/instances": "ListMultiRegionAccessPoints",
}


def operation(environ: Environ, body: bytes) -> str:
    """Service and operation of a request, as `s3:GetBucketAcl`."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
    service = scope[3] if len(scope) > 3 else "unsigned"
    method, address = environ["REQUEST_METHOD"], urllib.parse.urlsplit(environ["REQUEST_URI"])
    path, query = address.path or "/", address.query
    if "HTTP_X_AMZ_TARGET" in environ:
        return f"{service}:{environ['HTTP_X_AMZ_TARGET'].rpartition('.')[2]}"
    if service != "s3":
        action = urllib.parse.parse_qs(body.decode(errors="replace")).get("Action") or [f"{method} {path}"]
        return f"{service}:{action[0]}"
    if path.startswith("/v20180820"):
        return f"s3control:{CONTROL.get(path.removeprefix('/v20180820'), f'{method} {path}')}"
    if path == "/":
        return "s3:ListBuckets" if method == "GET" else f"s3:{method} /"
    named = [OF_BUCKET[key] for key in urllib.parse.parse_qs(query, keep_blank_values=True) if key in OF_BUCKET]
    if path.strip("/").count("/") == 0 and named:
        return f"s3:{method.title()}{named[0]}"
    return f"s3:{'HeadBucket' if method == 'HEAD' else method + ' /bucket' + ('?' + query if query else '')}"


# --- what moto leaves out -----------------------------------------------------------------------------------------------

IAM_XML = "https://iam.amazonaws.com/doc/2010-05-08/"
NOTHING = {
    "iam:ListServiceSpecificCredentials": "<ServiceSpecificCredentials/><IsTruncated>false</IsTruncated>",
    "iam:GenerateServiceLastAccessedDetails": "<JobId>00000000-0000-0000-0000-000000000000</JobId>",
    "iam:GetServiceLastAccessedDetails": "<JobStatus>COMPLETED</JobStatus><JobCreationDate>2026-01-01T00:00:00Z</JobCreationDate>"
    "<JobCompletionDate>2026-01-01T00:00:00Z</JobCompletionDate><ServicesLastAccessed/><IsTruncated>false</IsTruncated>",
}
ROOT_ROW = (
    f"<root_account>,arn:aws:iam::{ACCOUNT}:root,2026-01-01T00:00:00+00:00,true,no_information,not_supported,not_supported,false,"
    "false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n"
)


def bridged(name: str) -> tuple[int, bytes] | None:
    """Operations that moto lacks, answered as AWS does for an account that has nothing of the kind."""
    verb = name.partition(":")[2]
    if name in NOTHING:
        result = f"<{verb}Result>{NOTHING[name]}</{verb}Result>"
        return 200, f'<{verb}Response xmlns="{IAM_XML}">{result}</{verb}Response>'.encode()
    if name == "iam:ListOrganizationsFeatures":
        error = (
            "<Type>Sender</Type><Code>OrganizationNotFoundException</Code><Message>The account is in no organization.</Message>"
        )
        return 409, f'<ErrorResponse xmlns="{IAM_XML}"><Error>{error}</Error></ErrorResponse>'.encode()
    return None


def completed(name: str, body: bytes) -> bytes:
    """What moto leaves out: the root user in the credential report, whether a key is multi-Region, how often it rotates."""
    if name == "iam:GetCredentialReport":
        before, _, rest = body.partition(b"<Content>")
        content, _, after = rest.partition(b"</Content>")
        head, _, rows = base64.b64decode(content).decode().partition("\n")
        report = base64.b64encode(f"{head}\n{ROOT_ROW}{rows}".encode())
        return before + b"<Content>" + report + b"</Content>" + after
    if name in ("kms:DescribeKey", "kms:GetKeyRotationStatus"):
        answer = json.loads(body)
        if "KeyMetadata" in answer:
            answer["KeyMetadata"].setdefault("MultiRegion", False)
        elif answer.get("KeyRotationEnabled"):
            answer.setdefault("RotationPeriodInDays", 365)
        return json.dumps(answer).encode()
    return body


# --- the emulator -------------------------------------------------------------------------------------------------------


class Answer(Response):
    default_mimetype = None  # an answer of moto keeps the type it has, or none


class Counting:
    """Around moto: counts what it is asked, and adds what it leaves out."""

    def __init__(self, moto: Application, place: str) -> None:
        self.moto, self.place = moto, place
        self.counts = Counts()
        self.lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "CONNECT":
            answer: Response = self.refuse(environ["REQUEST_URI"])
        elif environ["PATH_INFO"] == TAKE:
            answer = self.take()
        else:
            answer = self.answer(environ)
        return answer(environ, start_response)

    def refuse(self, place: str) -> Answer:
        with self.lock:
            self.counts.outside[place] += 1
        return Answer("Nothing but the emulator can be reached", 403, mimetype="text/plain")

    def take(self) -> Answer:
        """A call that is still being answered counts where it began: not for what runs next."""
        with self.lock:
            taken, self.counts = self.counts, Counts()
            return Answer(json.dumps(vars(taken)), mimetype="application/json")

    def answer(self, environ: Environ) -> Response:
        body = environ["wsgi.input"].read()
        # The host of a whole address may have the account in front.
        environ |= {"wsgi.input": io.BytesIO(body), "HTTP_HOST": self.place}
        counts, name = self.counts, operation(environ, body)
        started = time.perf_counter()
        answer = self.found(name, environ)
        gap = answer.status_code >= 500
        if gap:
            # moto's error pages say 500, which SDKs try again in vain.
            answer = Answer(status=501, mimetype="text/plain")
        with self.lock:
            counts.calls[name] += 1
            if gap:
                counts.gaps[name] += 1
            counts.last = time.perf_counter()
            counts.seconds += counts.last - started
            counts.first = min(started, counts.first or started)
        return answer

    def found(self, name: str, environ: Environ) -> Response:
        bridge = bridged(name)
        if bridge:
            return Answer(bridge[1], bridge[0], mimetype="text/xml")
        try:
            answer = Answer.from_app(self.moto, environ, buffered=True)
        except Exception:  # of moto, which lets what it did not expect through
            return Answer(status=500)
        if answer.status_code == 200:
            before = answer.get_data()
            after = completed(name, before)
            if after != before:
                answer.set_data(after)
        return answer


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    import moto_server as plain

    plain.trim()
    plain.remember()
    plain.know()
    plain.count()
    host, port = "127.0.0.1", int(sys.argv[1])
    moto = plain.werkzeug_app.DomainDispatcherApplication(plain.werkzeug_app.create_backend_app)
    gc.freeze()
    counting = Counting(moto, f"{host}:{port}")
    plain.waitress.serve(counting, host=host, port=port, threads=8, connection_limit=1000, backlog=1000)


if __name__ == "__main__":
    main()
