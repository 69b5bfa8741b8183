"""The steps of a smoke test, in their order, each with the rows of docs/limits.md that it is a part of."""

from smoke import changes, checks, refusals, rows, seals
from smoke.report import Step

STEPS = [
    Step("stack", (rows.DEPLOYS, rows.GRANTS), "the stack and its resources are complete", checks.deployed),
    Step("drift-detection", (rows.DEPLOYS,), "CloudFormation finds no drift in the stack", checks.unchanged),
    Step("status", (rows.DEPLOYS,), "each function with controls answers status", checks.status),
    Step("rules", (rows.PATTERNS,), "rules take sample events, and not those of others", checks.rules),
    Step("queue", (rows.QUEUES,), "a sweep goes through a queue, and no dead letter comes of it", checks.queue),
    Step("schedule", (rows.QUEUES,), "EventBridge reached the queues on schedule", checks.schedule),
    Step("alarm", (rows.ALARMS,), "an alarm reaches the topic", changes.alarm),
    Step("drift", (rows.TRAIL, rows.QUEUES), "drift comes by CloudTrail, EventBridge and queue to the function", changes.drift),
    Step("notice", (rows.ALARMS, rows.QUEUES), "EventBridge reaches the topic", changes.notice),
    Step("seal", (rows.FUNCTION,), "the sealer seals", seals.seal),
    Step("verify", (rows.FUNCTION,), "remedy verify finds the evidence intact", seals.verify),
    Step("logs", (rows.KEYS,), "logs arrive in each log group", checks.logs),
]
REFUSALS = [
    Step("refuse-hold", (rows.BUCKETS,), "a hold put past the operator is refused", refusals.hold),
    Step("refuse-settings", (rows.BUCKETS,), "a settings document of anybody is refused", refusals.settings),
    Step("refuse-record", (rows.BUCKETS,), "a record without If-None-Match is refused", refusals.record),
    Step("refuse-deletion", (rows.BUCKETS,), "a deletion in the evidence bucket is refused", refusals.deletion),
    Step("refuse-grant", (rows.GRANTS,), "a grant on the data key is refused", refusals.grant),
    Step("refuse-signing", (rows.KEYS,), "a signature with the seal key is refused", refusals.signing),
    Step("refuse-disabling", (rows.KEYS,), "the seal key cannot be disabled", refusals.disabling),
]
