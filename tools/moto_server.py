"""Start moto's server with the few AWS managed policies that the tests and the demo attach.

By itself moto has none; with MOTO_IAM_LOAD_MANAGED_POLICIES it reads all 1,600 for every new account, a second each.
Arguments: those of moto.server.
"""

import json
import os
import sys

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.iam import aws_managed_policies, models  # noqa: E402
from moto.server import main  # noqa: E402

KEPT = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"]


def trim() -> None:
    data = json.loads(aws_managed_policies.aws_managed_policies_data)
    missing = [name for name in KEPT if name not in data]
    if missing:
        sys.exit(f"this moto has no AWS managed policy {', '.join(missing)}")
    models.aws_managed_policies_data = json.dumps({name: data[name] for name in KEPT})


if __name__ == "__main__":
    trim()
    main(sys.argv[1:])
