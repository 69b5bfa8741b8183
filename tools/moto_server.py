"""Serve moto to the tests, the demo and the benchmark, without what makes its own server slow.

Usage: moto_server.py PORT (of the loopback interface)

- By itself moto has no AWS managed policies; with MOTO_IAM_LOAD_MANAGED_POLICIES it reads all 1,600 for every new account,
  a second each. Here it has the few that are attached in this project.
- It lists its own folder, looks through its classes and builds its table of errors anew for every request, and a thread is
  started for each. Here those are remembered, and waitress serves: less than half the time a request. Answers are the same.
- For each message that is sent, it counts all that wait, three times, and asks the clock about each. Here it asks once.
"""

import functools
import gc
import json
import os
import sys

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import waitress  # noqa: E402
from moto import backends  # noqa: E402
from moto.core import errors, responses, utils  # noqa: E402
from moto.iam import aws_managed_policies, models  # noqa: E402
from moto.moto_server import werkzeug_app  # noqa: E402
from moto.sqs.models import Queue  # noqa: E402

KEPT = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"]


def trim() -> None:
    data = json.loads(aws_managed_policies.aws_managed_policies_data)
    missing = [name for name in KEPT if name not in data]
    if missing:
        sys.exit(f"this moto has no AWS managed policy {', '.join(missing)}")
    models.aws_managed_policies_data = json.dumps({name: data[name] for name in KEPT})


def remember() -> None:
    """What depends on moto's own files and classes alone is worked out once."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    dispatcher = werkzeug_app.DomainDispatcherApplication
    dispatcher.get_backend_for_host = functools.lru_cache(4096)(dispatcher.get_backend_for_host)
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    # A factory is made for each error; its table is one for all.
    factory = errors.ErrorLookupFactory()
    errors.ErrorLookupFactory = lambda: factory


def know() -> None:
    """Whose a key is: moto makes the state of all partitions of all accounts to find out, and looks through it each time."""
    accounts = {}

    def account_of(key):
        def has(account):
            return any(key in partition.access_keys for partition in list(account.values()))

        if not has(models.iam_backends.get(accounts.get(key), {})):
            owners = (number for number, account in list(models.iam_backends.items()) if has(account))
            accounts[key] = next(owners, models.DEFAULT_ACCOUNT_ID)
        return accounts[key]

    models.get_account_id_from = account_of


def count() -> None:
    """The counts of a queue, by one look at the clock."""

    def counted(wanted):
        def of(queue):
            now = utils.unix_time_millis()
            return sum(wanted(now > one.visible_at, now < one.delayed_until) for one in queue._messages)

        return property(of)

    Queue.approximate_number_of_messages_delayed = counted(lambda visible, delayed: delayed)
    Queue.approximate_number_of_messages_not_visible = counted(lambda visible, delayed: not visible)
    Queue.approximate_number_of_messages = counted(lambda visible, delayed: visible and not delayed)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    trim()
    remember()
    know()
    count()
    application = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
    gc.freeze()
    waitress.serve(application, host="127.0.0.1", port=int(sys.argv[1]), threads=8, connection_limit=1000, backlog=1000)


if __name__ == "__main__":
    main()
