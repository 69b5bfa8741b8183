//! From bytes to a text that has been looked over: size, encoding, syntax, depth and member names.

use super::refusal::{Refusal, RefusalKind};
use super::scan;

/// Lambda's limit of a synchronous payload (6 MB, read as MiB), and slack for the envelope of the poller.
const DELIVERY: usize = 6 * 1024 * 1024 + 64 * 1024;
/// The most that one event may have: SQS, SNS, `EventBridge` and asynchronous invocations all stop at or below 1 MiB.
const EVENT: usize = 1024 * 1024;

/// A whole delivery.
pub(super) fn document(payload: &[u8]) -> Result<&str, Refusal> {
    within(payload.len(), DELIVERY)?;
    let text = std::str::from_utf8(payload)
        .map_err(|error| Refusal::new(RefusalKind::NotUtf8, &format!("not utf-8 at byte {}", error.valid_up_to())))?;
    scan::look_over(text).map(|()| text)
}

/// An event inside another one: the body of a message, the invoking event of a rule.
pub(super) fn inner(text: &str) -> Result<(), Refusal> {
    event(text)?;
    scan::look_over(text)
}

/// An event that has been looked over already, as part of its delivery.
pub(super) fn event(text: &str) -> Result<(), Refusal> {
    within(text.len(), EVENT)
}

fn within(bytes: usize, most: usize) -> Result<(), Refusal> {
    if bytes <= most {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Oversize, &format!("{bytes} bytes where {most} are the most")))
}
