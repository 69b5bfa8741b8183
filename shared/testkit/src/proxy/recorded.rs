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

/// Everything that this process has recorded; each process of a run records what it sees first.
static RECORDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The word of a line about a key of the state bucket.
const PUT: &str = "put";

/// The kind of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Only if there is none.
    New,
    /// In place of an existing one.
    Over,
}

/// A key of the state bucket that a function put: with zeros in place of numbers and hashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// The kind.
    pub form: Form,
    /// Its shape.
    pub shape: String,
}

/// Records who called what, if it is new.
pub(super) fn record(call: &Call) {
    let (Some(function), Some(file)) = (&call.function, env::var_os(VARIABLE)) else { return };
    let put = stored(call).map(|stored| format!("{function} {PUT} {:?} {}\n", stored.form, stored.shape));
    for line in [Some(format!("{function} {}\n", call.name())), put].into_iter().flatten() {
        if RECORDED.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
            // One write of one line: other processes append to the same file.
            let mut file = OpenOptions::new().create(true).append(true).open(&file).expect("the record can be opened");
            file.write_all(line.as_bytes()).expect("the record takes a line");
        }
    }
}

/// The key that a call puts into the state bucket of a world.
fn stored(call: &Call) -> Option<Stored> {
    let (bucket, key) = call.resource.as_deref().filter(|_| call.name() == "s3:PutObject")?.split_once('/')?;
    let form = if call.if_none_match.as_deref() == Some("*") { Form::New } else { Form::Over };
    bucket.starts_with("remedy-state-").then(|| Stored { form, shape: shape(key) })
}

fn shape(key: &str) -> String {
    let is_hash = |word: &str| word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let word = |word: &str| if is_hash(word) || is_number(word) { "0".repeat(word.len()) } else { word.to_owned() };
    let (mut shape, mut rest) = (String::new(), key);
    while let Some(at) = rest.find(['/', '-', '.']) {
        let (before, after) = rest.split_at(at);
        shape += &word(before);
        shape += &after[..1];
        rest = &after[1..];
    }
    shape + &word(rest)
}

/// All that was recorded in this run of the tests.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The calls of each function.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// The keys that each function put into the state bucket.
    pub stored: BTreeMap<String, BTreeSet<Stored>>,
}

/// All that was recorded in this run of the tests; nothing, if nothing was to be recorded.
///
/// # Errors
///
/// If the record cannot be read.
pub fn recorded() -> io::Result<Option<Recorded>> {
    let Some(file) = env::var_os(VARIABLE) else { return Ok(None) };
    let mut recorded = Recorded::default();
    for line in fs::read_to_string(file)?.lines() {
        match line.splitn(4, ' ').collect::<Vec<_>>()[..] {
            [function, PUT, form, shape] => {
                let form = if form == "New" { Form::New } else { Form::Over };
                let stored = Stored { form, shape: shape.to_owned() };
                recorded.stored.entry(function.to_owned()).or_default().insert(stored);
            }
            [function, call] => {
                recorded.calls.entry(function.to_owned()).or_default().insert(call.to_owned());
            }
            _ => {}
        }
    }
    Ok(Some(recorded))
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn keys_of_one_kind_have_one_shape() {
        let lock = format!("lock/s3-bucket-public/{}/0000000012.done", "0f".repeat(16));
        assert_eq!(shape(&lock), format!("lock/s3-bucket-public/{}/0000000000.done", "0".repeat(32)));
        assert_eq!(shape("hold/all"), "hold/all");
        assert_eq!(
            shape("baseline/kms-key-dying/111122223333/us-east-1"),
            "baseline/kms-key-dying/000000000000/us-east-0"
        );
    }
}
