"""Steps that must be refused, by the policies of the stack's buckets and keys.

No call here does harm, should it be let through. Objects have names that nothing reads and a Content-MD5 of other bytes: S3 asks the
policies first, and then refuses the body. Calls of AWS KMS are dry runs; one that has none is not made.
"""

import base64
import fnmatch
import hashlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from smoke.report import Ended, NotShown, is_denied
from smoke.run import Run, remove_object

BODY = b"smoke test: nothing may be stored here"
OTHER = base64.b64encode(hashlib.md5(b"other bytes", usedforsecurity=False).digest()).decode()
BY_POLICY = "explicit deny in a resource-based policy"
DEPLOY = "the policy is not as in template.yaml, or does not work on AWS: say so, and permit no writes (docs/runbook.md, Tampering)"


class Succeeded(Ended):
    """A call that had to be refused did what it does."""


def refused(call: Callable[[], Any], what: str) -> str:
    """The call must be denied, and by a policy of the stack: whoever may do nothing shows nothing."""
    try:
        call()
    except ClientError as error:
        code, told = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if not is_denied(error):
            raise Ended(f"{what} was let through, and then ended with {code}: nothing was done", DEPLOY) from None
        if BY_POLICY not in told:
            raise NotShown(f"{what} is denied, but not by the stack's policy: {told}", "run again as an administrator") from None
        return f"{what}: {code}, {told}"
    raise Succeeded(f"{what} SUCCEEDED", DEPLOY)


def undone(run: Run, call: Callable[[], Any], what: str, bucket: str, key: str) -> str:
    """The same for a call that leaves something behind if it succeeds: that is removed at once."""
    where = f"{what}: s3://{bucket}/{key}"
    s3 = run.stack.client("s3")

    run.made[where] = lambda: remove_object(s3, bucket, key)
    try:
        evidence = refused(call, f"{what} of {key} in {bucket}")
    except Succeeded as ended:
        left = run.clean([where])
        told = f"and what it made could NOT be removed: {'; '.join(left)}" if left else "and what it made was removed at once"
        raise Ended(f"{ended.evidence}, {told}", DEPLOY) from None
    except Ended:
        # It was denied otherwise, or stored nothing.
        del run.made[where]
        raise
    del run.made[where]
    return evidence


def not_root(run: Run) -> None:
    if run.stack.is_root:
        raise NotShown("you are the root user, whom the buckets' policies let through", "run again as an administrator")


def put(run: Run, which: int) -> str:
    """Tries to put an object."""
    not_root(run)
    s3, (bucket, key) = run.stack.client("s3"), run.keys[which]
    call = lambda: s3.put_object(Bucket=bucket, Key=key, Body=BODY, ContentMD5=OTHER)  # noqa: E731
    return undone(run, call, "s3:PutObject", bucket, key)


def hold(run: Run) -> str:
    """Nobody but the functions puts on a hold."""
    return put(run, 0)


def settings(run: Run) -> str:
    """Nobody but the SettingsWriter puts a settings document."""
    writer, you = run.stack.parameters.get("SettingsWriter", ""), run.stack.caller.split("/")
    # A session's ARN names its role without the path.
    if writer and any(fnmatch.fnmatchcase(part, writer.rpartition("/")[2]) for part in you[1:]):
        raise NotShown(f"you may be the SettingsWriter, {writer}, who may put one", "run again as another administrator")
    return put(run, 1)


def record(run: Run) -> str:
    """Nobody puts into the evidence bucket without If-None-Match."""
    return put(run, 2)


def deletion(run: Run) -> str:
    """Nobody deletes from the evidence bucket. The object is not there: all that could come of it is a delete marker."""
    not_root(run)
    s3, (bucket, key) = run.stack.client("s3"), run.keys[2]
    return undone(run, lambda: s3.delete_object(Bucket=bucket, Key=key), "s3:DeleteObject", bucket, key)


def grant(run: Run) -> str:
    """Nobody makes a grant on the data key but through a service of AWS."""
    kms, key = run.stack.client("kms"), run.stack.physical("DataKey")
    grantee = f"arn:{run.stack.caller.split(':')[1]}:iam::{run.stack.account}:root"
    asked = {"KeyId": key, "GranteePrincipal": grantee, "Operations": ["DescribeKey"], "DryRun": True}
    return refused(lambda: kms.create_grant(**asked), f"kms:CreateGrant on {key}, a dry run")


def signing(run: Run) -> str:
    """Nobody but the sealer signs with the seal key."""
    kms, key = run.stack.client("kms"), run.stack.physical("SealKey")
    asked = {"KeyId": key, "Message": BODY, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256", "DryRun": True}
    return refused(lambda: kms.sign(**asked), f"kms:Sign with {key}, a dry run")


def disabling(run: Run) -> str:
    """Nobody disables a key. The call has no dry run."""
    raise NotShown(
        "kms:DisableKey has no dry run, and would stop Remedy if it succeeded: it was not called",
        "by hand, in a sandbox: aws kms disable-key on the seal key is refused; if it is not, aws kms enable-key at once",
    )
