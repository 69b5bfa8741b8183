//! What the laws cost: the processor seconds of each, written down where a variable asks for it. Those of the emulator and of
//! binaries are not among them.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, Write},
};

use serde::{Deserialize, Serialize};

/// The variable that names the file to write down in. It takes a runner that gives each test a process of its own.
pub const VARIABLE: &str = "REMEDY_TEST_COSTS";

/// What checking one law cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The control.
    pub control: String,
    /// The test.
    pub test: String,
    /// The law.
    pub law: String,
    /// Seconds of a processor.
    pub seconds: f64,
}

/// The processor seconds of this process until now, in hundredths; nothing where the system does not tell.
pub(super) fn processor_seconds() -> f64 {
    fs::read_to_string("/proc/self/stat").ok().and_then(|stat| read(&stat)).unwrap_or_default()
}

/// The members `utime` and `stime` of proc(5): the 12th and 13th behind the name, which may hold anything.
fn read(stat: &str) -> Option<f64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut members = behind.split_ascii_whitespace().skip(11);
    let mut ticks = || members.next()?.parse::<u32>().ok();
    Some((f64::from(ticks()?) + f64::from(ticks()?)) / 100.0)
}

/// Writes down what checking a law cost, if it is asked for.
pub(super) fn tell(control: &str, test: &str, law: &str, seconds: f64) {
    let Some(file) = env::var_os(VARIABLE) else { return };
    let cost = Cost { control: control.to_owned(), test: test.to_owned(), law: law.to_owned(), seconds };
    let line = serde_json::to_string(&cost).expect("a cost is JSON") + "\n";
    // One write of one line: other processes append to the same file.
    let mut file = OpenOptions::new().create(true).append(true).open(&file).expect("the costs can be opened");
    file.write_all(line.as_bytes()).expect("the costs take a line");
}

/// Everything that was written down; nothing where nobody asked for it.
pub fn recorded() -> io::Result<Option<Vec<Cost>>> {
    let Some(file) = env::var_os(VARIABLE) else { return Ok(None) };
    let text = fs::read_to_string(file)?;
    Ok(Some(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_behind_a_name_of_any_form() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(read(stat), Some(3.0));
        assert_eq!(read("nothing"), None);
    }
}
