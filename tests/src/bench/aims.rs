//! The aims of the project, and whether they are met.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{measure::Measured, sample::rounded, subject::Case};

/// One aim. `make bench` ends with 1 if it is missed.
pub(crate) struct Aim {
    /// The aim in words.
    pub(crate) aim: &'static str,
    /// The measured value.
    pub(crate) measured: String,
    /// Whether it is met.
    pub(crate) met: bool,
}

impl Aim {
    /// For the JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({"aim": self.aim, "measured": self.measured, "met": self.met})
    }
}

/// Holds the figures against the aims.
pub(crate) fn judge(measured: &[Measured], zips: &BTreeMap<String, u64>) -> Vec<Aim> {
    vec![faster(measured), soon_ready(measured), small_in_memory(measured), small_on_disk(zips), reads_only(measured)]
}

fn faster(measured: &[Measured]) -> Aim {
    let compliant = measured.iter().filter(|one| one.case == Case::Compliant);
    let ratio = |one: &Measured| format!("{} {:.0} times", one.subject.function, one.ratio());
    let least = compliant.clone().map(Measured::ratio).fold(f64::INFINITY, f64::min);
    Aim {
        aim: "at least 25 times faster than boto3 to the first answer on a compliant resource, over plain HTTP",
        measured: compliant.map(ratio).collect::<Vec<_>>().join(", "),
        met: least >= 25.0,
    }
}

fn soon_ready(measured: &[Measured]) -> Aim {
    let most = measured.iter().map(|one| one.remedy.init.median()).fold(0.0, f64::max);
    Aim {
        aim: "at most 60 ms from the start of a process to its first question for an event",
        measured: format!("{} ms, at most, in the median", rounded(most)),
        met: most <= 60.0,
    }
}

fn small_in_memory(measured: &[Measured]) -> Aim {
    let most = measured.iter().map(|one| one.remedy.peak_rss.max()).fold(0.0, f64::max);
    Aim {
        aim: "at most 12 MiB of memory, repairs included",
        measured: format!("{} MiB, at most", rounded(most)),
        met: most <= 12.0,
    }
}

fn small_on_disk(zips: &BTreeMap<String, u64>) -> Aim {
    let most = zips.values().copied().max().unwrap_or_default();
    Aim { aim: "at most 4.5 MB as a zip", measured: format!("{most} bytes, at most"), met: most <= 4_500_000 }
}

fn reads_only(measured: &[Measured]) -> Aim {
    let compliant = measured.iter().filter(|one| one.case == Case::Compliant);
    let beyond: usize = compliant.map(|one| one.remedy.beyond_own_setting).sum();
    Aim {
        aim: "a compliant resource costs the reads of its own setting and nothing else",
        measured: format!("{beyond} writes, calls to the ledger or for another role"),
        met: beyond == 0,
    }
}
