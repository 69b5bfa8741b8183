//! Operations that the emulator does not have.

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// AWS answers every request in its own protocol. moto shows an HTML page with status 500 or 404 for an operation that it
/// lacks and for its own crashes, which an SDK retries in vain or cannot read. So that a gap fails a test at once and by
/// name, such a page becomes a 501, which no SDK retries.
pub(in super::super) fn named(call: &Call, reply: Reply) -> Reply {
    let start = String::from_utf8_lossy(&reply.body[..reply.body.len().min(64)]).trim_start().to_lowercase();
    let page = start.starts_with("<!doctype html") || start.starts_with("<html");
    if !page || reply.status.as_u16() < 400 {
        return reply;
    }
    let message = format!("The emulator has no {} (or failed in it: HTTP {}).", call.name(), reply.status.as_u16());
    error(call, 501, "NotImplementedByEmulator", &message)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    #[test]
    fn an_error_page_becomes_a_gap_and_a_stored_page_stays() {
        let call = call(&ask(Method::GET, "/b/index.html", "s3", &[], ""));
        let page = "<!doctype html>\n<title>500 Internal Server Error</title>";
        let gap = named(&call, Reply::new(500, "text/html", page));
        assert_eq!((gap.status.as_u16(), gap.text().contains("NotImplementedByEmulator")), (501, true));
        assert_eq!(named(&call, Reply::new(200, "text/html", page)).status, 200);
        assert_eq!(named(&call, Reply::new(404, "application/xml", "<Error/>")).status, 404);
    }
}
