//! `make smoke` on a stand-in: each step passes on a good one, each fault is reported, and nothing is left behind.

use crate::template::unittests;

#[test]
fn a_smoke_test_reports_what_is_broken_and_leaves_nothing_behind() {
    unittests("tests/smoke.py", 26);
}
