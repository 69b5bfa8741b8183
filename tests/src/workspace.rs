//! The workspace that the demo and the benchmark run in.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The folder that holds `Cargo.lock`.
pub(crate) fn root() -> PathBuf {
    let here = env::current_dir().expect("there is a current folder");
    let found = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    found.unwrap_or_else(|| panic!("no Cargo.lock above {}: run this with make", here.display())).to_owned()
}

/// The Python that has boto3.
pub(crate) fn python() -> PathBuf {
    let python = root().join(".venv/bin/python");
    assert!(python.is_file(), "no {}: run `make venv`", python.display());
    python
}

/// Writes JSON that a person can read, too.
pub(crate) fn write_json(path: &Path, value: &Value) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("target can be written");
    let text = serde_json::to_string_pretty(value).expect("a value is JSON");
    fs::write(path, text + "\n").unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
}
