"""Policies per second: `remedy policy check --jsonl` beside cloudsplaining, policyuniverse and c7n, each in one process.

Parsing is included for all. Remedy gives all its verdicts, reads lines and writes lines; each peer gives the verdicts it
has. Then the worst policies that are known, each with its steps and the seconds that `remedy policy check` takes for it.
Usage: bench_policy.py PATH_TO_REMEDY OUTPUT.json [PATH_TO_WORST]
"""

import json
import logging
import subprocess
import sys
import tempfile
import time

from moto.iam.aws_managed_policies import aws_managed_policies_data

REPEATED = {"bucket": 200_000, "identity": 100_000, "aws-managed": 20_000}
BUDGET = 4.0  # seconds for each peer and corpus


def bucket(n: int) -> dict:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Principal": "*" if n % 3 else {"AWS": f"arn:aws:iam::{n % 10**12:012}:root"},
                "Action": ["s3:GetObject", "s3:ListBucket"] if n % 2 else "s3:GetObject",
                "Resource": [f"arn:aws:s3:::bucket-{n}", f"arn:aws:s3:::bucket-{n}/*"],
                "Condition": [
                    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}},
                    {},
                ][n % 3],
            },
            {
                "Sid": "Tls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::bucket-{n}", f"arn:aws:s3:::bucket-{n}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }


def identity(n: int) -> dict:
    statements = [
        {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*", "ec2:Describe*", "logs:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["iam:PassRole", "lambda:CreateFunction"], "Resource": f"arn:aws:iam::111122223333:role/r{n}"},
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": f"arn:aws:dynamodb:*:*:table/t{n}"},
    ]
    if n % 4 == 0:
        statements.append({"Effect": "Deny", "Action": ["iam:*", "organizations:*"], "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


def managed() -> list[dict]:
    policies = json.loads(aws_managed_policies_data)
    return [policy["Document"] for policy in policies.values()]


def corpora() -> dict[str, tuple[str, list[str]]]:
    return {
        "bucket": ("bucket", [json.dumps(bucket(n)) for n in range(2_000)]),
        "identity": ("identity", [json.dumps(identity(n)) for n in range(2_000)]),
        "aws-managed": ("identity", [json.dumps(document) for document in managed()]),
    }


def remedy(program: str, kind: str, texts: list[str], count: int) -> float:
    lines = [f'{{"id":{n},"kind":"{kind}","policy":{text}}}\n' for n, text in enumerate(texts)]
    data = "".join((lines * (count // len(lines) + 1))[:count]).encode()
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([program, "policy", "check", "--jsonl"], input=data, stdout=subprocess.PIPE, check=True)
        elapsed = time.perf_counter() - start
        assert done.stdout.count(b"\n") == count
        best = max(best, count / elapsed)
    return best


def rate(check, texts: list[str]) -> float:
    """As many as the budget allows; a policy on which the peer fails counts as done."""
    start, done = time.perf_counter(), 0
    while True:
        for text in texts:
            try:
                check(json.loads(text))
            except Exception:  # noqa: BLE001 - peers fail in many ways; that is measured elsewhere
                pass
            done += 1
            elapsed = time.perf_counter() - start
            if elapsed > BUDGET:
                return done / elapsed


def peers(kind: str) -> dict:
    if kind == "bucket":
        from c7n.filters.iamaccess import PolicyChecker
        from policyuniverse.policy import Policy

        checker = PolicyChecker({"allowed_accounts": {"111122223333"}})
        return {
            "policyuniverse": lambda document: Policy(document).is_internet_accessible(),
            "c7n": checker.check,
        }
    from cloudsplaining.scan.policy_document import PolicyDocument

    def cloudsplaining(document: dict) -> None:
        policy = PolicyDocument(document)
        _ = policy.allows_privilege_escalation
        _ = policy.service_wildcard

    return {"cloudsplaining": cloudsplaining, "c7n (administrators only)": c7n_administrators()}


def c7n_administrators():
    """c7n's filter, with a client that has the document at hand instead of asking IAM for it."""
    from c7n.resources.iam import AllowAllIamPolicies

    class Client:
        def get_policy_version(self, **_):
            return {"PolicyVersion": {"Document": self.document}}

    client, found = Client(), AllowAllIamPolicies({"type": "has-allow-all"})

    def check(document: dict) -> bool:
        client.document = document
        return found.has_allow_all_policy(client, {"Arn": "arn", "DefaultVersionId": "v1"})

    return check


LONGEST = 5.0  # seconds that no policy which AWS stores may take


def worst(program: str, search: str) -> list[dict]:
    """What the search finds, and how long the command line takes for each text."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run([search, folder], stdout=subprocess.PIPE, check=True, text=True).stdout
        for row in map(json.loads, told.splitlines()):
            file = row.pop("file")
            if row["kind"] != "principal":
                start = time.perf_counter()
                subprocess.run([program, "policy", "check", "--kind", row["kind"], file], stdout=subprocess.DEVNULL, check=False)
                row["check_seconds"] = round(time.perf_counter() - start, 4)
            row["met"] = max(row["seconds"], row.get("check_seconds", 0)) < LONGEST
            rows.append(row)
    return rows


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    logging.disable(logging.CRITICAL)
    aims = {"bucket": 200_000, "identity": 50_000, "aws-managed": 20_000}
    rows = []
    print("policies per second, one thread, parsing included")
    for name, (kind, texts) in corpora().items():
        row = {"corpus": name, "policies": len(texts), "aim": aims[name]}
        row["remedy"] = round(remedy(sys.argv[1], kind, texts, REPEATED[name]))
        row["peers"] = {peer: round(rate(check, texts), 1) for peer, check in peers(kind).items()}
        row["met"] = row["remedy"] >= row["aim"]
        rows.append(row)
        others = ", ".join(f"{peer} {value:,.0f}" for peer, value in row["peers"].items())
        print(f"  {name:12} Remedy {row['remedy']:>9,} (aim {row['aim']:,}: {'met' if row['met'] else 'NOT MET'}); {others}")
    hard = worst(sys.argv[1], sys.argv[3]) if len(sys.argv) == 4 else []
    for row in hard:
        print(
            f"  {row['case']:40} {row['steps']:>12,} steps, {row['seconds']:.2f} s an analysis, "
            f"{row.get('check_seconds', 0):.2f} s a check ({row['shape']}): {'met' if row['met'] else 'NOT MET'}"
        )
    with open(sys.argv[2], "w") as file:
        json.dump({"format": 1, "unit": "policies/s", "rows": rows, "worst": hard}, file, indent=1)
    print(f"The numbers: {sys.argv[2]}")
    if not all(row["met"] for row in rows):
        sys.exit("an aim is not met")


if __name__ == "__main__":
    main()
