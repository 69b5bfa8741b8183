//! `make smoke` on a stand-in: each step passes on a good one, what is broken is told, and nothing is left behind.

use std::process::Command;

use crate::template::ROOT;

#[test]
fn a_smoke_test_tells_what_is_broken_and_leaves_nothing_behind() {
    let python = format!("{ROOT}/.venv/bin/python");
    let done =
        Command::new(python).arg("tests/smoke.py").current_dir(ROOT).output().expect("Python starts: `make venv`");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stdout));
    assert!(told.contains("\nOK") && !told.contains("Ran 0 tests"), "{told}");
}
