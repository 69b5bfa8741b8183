"""What the account answers. A check may ask only what it declares, and every question is put once, whoever asks it."""

import re
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

READS = re.compile(r"[a-z]+:(Describe|Get|List|Lookup)[A-Za-z]+")
SETTINGS = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
# Amazon SQS gives a token for more only to those who say how many they want at once; IAM gives 100 without being told.
PAGES = {"sqs:ListQueues": 1000, "iam:ListRoles": 1000, "iam:ListPolicies": 1000, "iam:ListUsers": 1000}
DENIED = re.compile("AccessDenied|Unauthorized|NotAuthorized|AuthorizationError")
UNKNOWN = re.compile("UnknownOperation|InvalidAction|UnsupportedOperation|NotImplemented|^404$|^501$")


class Unanswered(Exception):
    """A question that AWS did not answer."""

    def __init__(self, action: str, region: str, why: str, code: str) -> None:
        super().__init__(f"{action} in {region} {why} ({code})")
        self.code, self.denied = code, why == "was denied"


def unanswered(action: str, region: str, error: BotoCoreError | ClientError) -> Unanswered:
    if not isinstance(error, ClientError):
        return Unanswered(action, region, "got no answer", type(error).__name__)
    code = str(error.response.get("Error", {}).get("Code", "?"))
    if DENIED.search(code):
        return Unanswered(action, region, "was denied", code)
    return Unanswered(action, region, "is not known there" if UNKNOWN.search(code) else "failed", code)


class Account:
    """An account, seen with one set of credentials."""

    def __init__(self, session: boto3.Session, region: str) -> None:
        self.session, self.region = session, region
        self.lock = threading.Lock()
        self.clients: dict[tuple[str, str], Any] = {}
        self.answers: dict[Any, Future] = {}

    @property
    def partition(self) -> str:
        return self.session.get_partition_for_region(self.region)

    def client(self, service: str, region: str) -> Any:
        with self.lock:  # A session makes one client at a time; clients are for all threads.
            if (service, region) not in self.clients:
                self.clients[service, region] = self.session.client(service, region_name=region, config=SETTINGS)
            return self.clients[service, region]

    def pages(self, action: str, region: str, parameters: dict[str, Any]) -> list[dict]:
        key = (action, region, repr(sorted(parameters.items())))
        with self.lock:
            first = key not in self.answers
            answer = self.answers.setdefault(key, Future())
        if first:
            try:
                answer.set_result(list(self.put(action, region, parameters)))
            except (BotoCoreError, ClientError) as error:
                answer.set_exception(unanswered(action, region, error))
            except BaseException as error:  # Others wait for this answer.
                answer.set_exception(error)
        return answer.result()

    def put(self, action: str, region: str, parameters: dict[str, Any]) -> Iterable[dict]:
        service, operation = action.split(":")
        client, method = self.client(service, region), xform_name(operation)
        if client.can_paginate(method):
            config = {"PageSize": PAGES[action]} if action in PAGES else {}
            yield from client.get_paginator(method).paginate(PaginationConfig=config, **parameters)
            return
        while True:
            page = getattr(client, method)(**parameters)
            yield page
            # Some operations have tokens that botocore does not know of.
            if not page.get("NextToken"):
                return
            parameters = parameters | {"NextToken": page["NextToken"]}


@dataclass(frozen=True)
class Ask:
    """The account, as far as one check may ask it."""

    account: Account
    declared: frozenset[str]

    def pages(self, action: str, /, region: str | None = None, **parameters: Any) -> list[dict]:
        if action not in self.declared or not READS.fullmatch(action):
            raise PermissionError(f"{action} is not declared as a read of this check")
        return self.account.pages(action, region or self.account.region, parameters)

    def one(self, action: str, /, region: str | None = None, **parameters: Any) -> dict:
        return self.pages(action, region, **parameters)[0]

    def all(self, action: str, member: str, /, region: str | None = None, **parameters: Any) -> list[Any]:
        return [item for page in self.pages(action, region, **parameters) for item in page.get(member, [])]

    def words(self, service: str, shape: str) -> list[str]:
        """The words of an enumeration of AWS."""
        return self.account.client(service, self.account.region).meta.service_model.shape_for(shape).enum
