//! `make preflight`: its checks on a healthy account and on broken ones. The tests are in Python, like the program.

use crate::template::unittests;

#[test]
fn preflight_reports_what_would_fail_and_only_reads() {
    unittests("tests/preflight.py", 150);
}
