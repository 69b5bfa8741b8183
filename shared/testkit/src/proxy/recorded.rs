//! The calls of every function over a whole run of the tests, to compare them with what it declares.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::{self, OpenOptions},
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use super::Call;

/// The variable that names the file to record in. Without it nothing is recorded.
pub const VARIABLE: &str = "REMEDY_TEST_CALLS";

/// What this process has recorded; each process of a run records what it is the first in itself to see.
static RECORDED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

/// Records who called what, if it is new.
pub(super) fn record(call: &Call) {
    let (Some(function), Some(file)) = (&call.function, env::var_os(VARIABLE)) else { return };
    let seen = (function.clone(), call.name());
    if RECORDED.lock().unwrap_or_else(PoisonError::into_inner).insert(seen) {
        // One write of one line: other processes append to the same file.
        let line = format!("{function} {}\n", call.name());
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the record can be opened");
        file.write_all(line.as_bytes()).expect("the record takes a line");
    }
}

/// All that was recorded in this run of the tests, by function; nothing, if nothing was to be recorded.
///
/// # Errors
///
/// Where the record cannot be read.
pub fn calls() -> io::Result<Option<BTreeMap<String, BTreeSet<String>>>> {
    let Some(file) = env::var_os(VARIABLE) else { return Ok(None) };
    let mut calls = BTreeMap::<_, BTreeSet<_>>::new();
    for line in fs::read_to_string(file)?.lines() {
        if let Some((function, call)) = line.split_once(' ') {
            calls.entry(function.to_owned()).or_default().insert(call.to_owned());
        }
    }
    Ok(Some(calls))
}
