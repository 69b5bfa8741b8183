"""The rows of docs/limits.md that a smoke test is about: each by its first cell, verbatim (tests/smoke.py compares), and what of it stays by hand."""

DEPLOYS = "The stack deploys"
FUNCTION = "`lambda:SourceFunctionArn` in policies of roles (`OnlyAsTheFunction`)"
PATTERNS = "EventBridge patterns, `$or` in the rules `…-drift`, `…-elsewhere` and `Tampering…`"
TRAIL = "CloudTrail to EventBridge"
QUEUES = "EventBridge to an encrypted queue and to the encrypted topic, `aws:SourceAccount` in the topic's policy"
GRANTS = "Grants of AWS Lambda under `kms:ViaService`"
ALARMS = "CloudWatch alarms and EventBridge to an encrypted topic"
KEYS = "KMS key policies: encryption context of log groups, `aws:SourceAccount` of services, deny of signing and of deletion"
BUCKETS = "Bucket policies: `s3:if-none-match`, deny of deletes and puts"

# What stays by hand when all steps of a row are shown.
BY_HAND = {
    DEPLOYS: "",
    FUNCTION: "a repair by each function; a role that is passed to another function is denied",
    PATTERNS: "real events, since these are samples; disable a test trail: a notice comes",
    TRAIL: "every other name in the rules `…-drift`",
    QUEUES: "the e-mail itself",
    GRANTS: "",
    ALARMS: "the e-mail itself",
    KEYS: "`kms:DisableKey`, which has no dry run",
    BUCKETS: "as the `SettingsWriter`, `settings.json` is taken; the keys `hold/all/0000000000` and `settings.json` themselves",
}
