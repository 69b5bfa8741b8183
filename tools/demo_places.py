"""What is broken in the accounts of the demo, and what must be left alone, as tables.

Each row: the resource, what is wrong with it, how Remedy's run must end, and how it is made. `rule` is the AWS Config
rule whose compliance-change event names the resource, decorated as conformance packs, Security Hub and organisations
do; what has no rule is found by the sweep only.
"""

from typing import Any

Row = tuple[str, str, str, dict[str, Any]]

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def flags(*on: str) -> dict[str, bool]:
    return {flag: flag in on for flag in FLAGS}


ALL = flags(*FLAGS)
OWN_RULE = "hospital-baseline-07"

BUCKETS: list[Row] = [
    (
        "phi-imaging",
        "no Block Public Access",
        "repaired",
        {"rule": "s3-bucket-public-read-prohibited-conformance-pack-ab12cd34e"},
    ),
    (
        "phi-lab-results",
        "all four flags are off",
        "repaired",
        {"rule": "securityhub-s3-bucket-public-write-prohibited-0a1b2c3d", "block": flags()},
    ),
    (
        "billing-exports",
        "both policy flags off",
        "repaired",
        {"rule": "s3-bucket-level-public-access-prohibited", "block": flags(*FLAGS[:2]), "undo": True},
    ),
    (
        "discharge-letters",
        "opened by a policy",
        "repaired",
        {"rule": "OrgConfigRule-s3-bucket-public-read-prohibited-abcd1234", "policy": True},
    ),
    ("ward-roster", "opened by an ACL", "repaired", {"rule": OWN_RULE, "acl": "public-read"}),
    ("fax-archive", "one of four flags is off", "repaired", {"block": flags(*FLAGS[:3])}),
    ("dictation-audio", "no Block Public Access", "repaired", {}),
    (
        "patient-portal",
        "open, hosts a website",
        "awaiting-approval",
        {"rule": "s3-bucket-public-read-prohibited", "website": True},
    ),
    (
        "vendor-dropzone",
        "open, but protected",
        "blocked",
        {"rule": "s3-bucket-public-write-prohibited"},
    ),
    (
        "chart-archive",
        "nothing: stale event",
        "already-compliant",
        {"rule": "s3-bucket-public-read-prohibited", "block": ALL},
    ),
]

# `days`: how often the key rotates. `create`: how it is made. `disabled`, `dying`: its state.
KEYS: list[Row] = [
    ("ehr-database", "never rotates", "repaired", {"rule": "cmk-backing-key-rotation-enabled"}),
    (
        "imaging-volumes",
        "never rotates",
        "repaired",
        {"rule": "securityhub-cmk-backing-key-rotation-enabled-dadfg6"},
    ),
    (
        "cold-backups",
        "rotates every 730 days",
        "repaired",
        {"rule": "cmk-backing-key-rotation-enabled-conformance-pack-ab12cd34e", "days": 730},
    ),
    ("payroll", "never rotates", "repaired", {}),
    (
        "lab-interface",
        "nothing: every 180 days",
        "already-compliant",
        {"rule": "cmk-backing-key-rotation-enabled", "days": 180},
    ),
    (
        "claims-signing",
        "asymmetric, no rotation",
        "out-of-scope",
        {
            "rule": "cmk-backing-key-rotation-enabled",
            "create": {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        },
    ),
    (
        "record-tokens",
        "HMAC, no rotation",
        "out-of-scope",
        {"create": {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}},
    ),
    (
        "regional-exchange",
        "imported, no rotation",
        "out-of-scope",
        {"rule": "cmk-backing-key-rotation-enabled", "create": {"Origin": "EXTERNAL"}},
    ),
    ("retired-portal", "disabled, no rotation", "out-of-scope", {"disabled": True}),
    (
        "old-ehr-database",
        "deletion in 7 days",
        "repaired",
        {"rule": "kms-cmk-not-scheduled-for-deletion", "dying": True},
    ),
    ("pathology-archive", "deletion in 7 days", "repaired", {"dying": True}),
]

MFA_RULE = "iam-user-mfa-enabled"

# The words of `has`: console, mfa, key, inactive-key, ssh, reset (password change due), fence, old-fence (the inline one of
# earlier versions), torn-fence (one that says something else).
USERS: list[Row] = [
    ("nurse.adams", "console, no MFA", "contained", {"rule": MFA_RULE, "has": {"console"}}),
    (
        "dr.baker",
        "console, no MFA",
        "contained",
        {"rule": "securityhub-mfa-enabled-for-iam-console-access-0a1b2c3d", "has": {"console"}},
    ),
    ("clerk.cole", "no MFA, inactive key", "contained", {"has": {"console", "inactive-key"}}),
    ("dr.diaz", "no MFA, old fence torn down", "contained", {"rule": MFA_RULE, "has": {"console", "torn-fence"}}),
    (
        "admin.evans",
        "no MFA, has access key",
        "awaiting-approval",
        {"rule": "mfa-enabled-for-iam-console-access", "has": {"console", "key"}},
    ),
    ("dev.flores", "no MFA, has SSH key", "awaiting-approval", {"has": {"console", "ssh"}}),
    (
        "intern.gray",
        "no MFA, new password due",
        "awaiting-approval",
        {"rule": MFA_RULE, "has": {"console", "reset"}},
    ),
    ("dr.hale", "has MFA, still fenced", "repaired", {"rule": MFA_RULE, "has": {"console", "mfa", "fence"}}),
    ("dr.hunt", "has MFA, fenced of old", "repaired", {"rule": MFA_RULE, "has": {"console", "mfa", "old-fence"}}),
    ("nurse.ito", "nothing: has MFA", "already-compliant", {"rule": MFA_RULE, "has": {"console", "mfa"}}),
    ("svc-hl7-router", "programs only", "out-of-scope", {"has": {"key"}}),
    (
        "break-glass-1",
        "no MFA, but protected",
        "blocked",
        {"rule": MFA_RULE, "has": {"console"}},
    ),
]

WEAK_POLICY = {"MinimumPasswordLength": 8, "RequireNumbers": True, "RequireLowercaseCharacters": True}
STRONG_ENOUGH = {
    "MinimumPasswordLength": 14,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "ExpirePasswords": True,
    "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24,
}
STRICTER_POLICY = {
    "MinimumPasswordLength": 24,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 30,
    "PasswordReusePrevention": 24,
    "HardExpiry": True,
}

RESEARCH_BUCKETS: list[Row] = [
    (
        "cohort-genomes",
        "one of four flags is off",
        "repaired",
        {"rule": "s3-bucket-public-read-prohibited", "block": flags(*FLAGS[:2], FLAGS[3])},
    ),
    ("trial-uploads", "no Block Public Access", "repaired", {}),
    ("survey-exports", "nothing", "already-compliant", {"block": ALL}),
]
RESEARCH_KEYS: list[Row] = [
    ("cohort", "never rotates", "repaired", {"rule": "cmk-backing-key-rotation-enabled"}),
    ("pseudonyms", "HMAC, no rotation", "out-of-scope", {"create": KEYS[6][3]["create"]}),
    ("biobank-2019", "deletion in 7 days", "repaired", {"dying": True}),
]
RESEARCH_USERS: list[Row] = [
    ("student.jones", "console, no MFA", "contained", {"has": {"console"}}),
    ("prof.kim", "nothing: has MFA", "already-compliant", {"rule": MFA_RULE, "has": {"console", "mfa"}}),
]
