//! What earlier versions stored still loads: undo needs it years later.
//!
//! `tests/formats/settings/<control>.json`, with the control's first id, holds settings as each version wrote them. Nothing is ever taken
//! out of such a file; a version that writes another form adds one. A control without a file gets it by `make formats`.

use std::{fs, path::PathBuf};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use remedy_domain::renamed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Lawful;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/settings");
/// How many settings a new file holds.
const SAMPLES: usize = 4;

/// A stored setting.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// The version that wrote it.
    by: String,
    setting: Value,
    /// The same in today's form, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    now: Option<Value>,
}

/// Fails if a stored setting does not load, or differs after it was stored again.
pub(super) fn check_forms<C: Lawful>() {
    let file = PathBuf::from(FOLDER).join(format!("{}.json", renamed::filed(C::CONTROL.id.0)));
    if std::env::var_os("REMEDY_WRITE_FORMATS").is_some() && !file.exists() {
        fs::create_dir_all(FOLDER).expect("the folder can be made");
        fs::write(&file, samples::<C>()).expect("the file can be written");
    }
    let text = fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}; `make formats` writes it", file.display()));
    let stored: Vec<Stored> = serde_json::from_str(&text).expect("settings on file are JSON");
    assert!(!stored.is_empty(), "{} is empty", file.display());
    for Stored { by, setting, now } in stored {
        let today = now.unwrap_or_else(|| setting.clone());
        let loaded: C::Setting =
            serde_json::from_value(setting).unwrap_or_else(|error| panic!("a setting of version {by}: {error}"));
        let again = serde_json::to_value(&loaded).expect("a setting is JSON");
        assert_eq!(again, today, "a setting of version {by} is not what it was");
    }
}

/// Settings of today's form, the same at every run.
fn samples<C: Lawful>() -> String {
    let mut runner = TestRunner::deterministic();
    let one = |_| {
        let setting = C::settings().new_tree(&mut runner).expect("a setting is made").current();
        let setting = serde_json::to_value(setting).expect("a setting is JSON");
        Stored { by: env!("CARGO_PKG_VERSION").to_owned(), setting, now: None }
    };
    let all: Vec<_> = (0..SAMPLES).map(one).collect();
    let mut text = serde_json::to_string_pretty(&all).expect("settings are JSON");
    text.push('\n');
    text
}
