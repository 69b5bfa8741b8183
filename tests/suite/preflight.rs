//! `make preflight`: its checks on a healthy account and on broken ones. The tests are in Python, like the program.

use std::process::Command;

use crate::template::ROOT;

#[test]
fn preflight_tells_what_would_fail_and_only_reads() {
    let mut python = Command::new(format!("{ROOT}/.venv/bin/python"));
    let done = python.arg("tests/preflight.py").current_dir(ROOT).output().expect("Python starts: `make venv`");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    // unittest is content with no tests at all.
    let ran = told.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(ran.is_some_and(|tests| tests > 100) && !told.contains("skipped"), "{told}");
}
