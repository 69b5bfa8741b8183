//! Writes the worst known policies, and worse ones that a search finds, each with its steps and seconds:
//! `worst FOLDER [TRIES]`. One line of JSON for each policy; the folder gets the texts, for timing a binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for developers: it may stop, and it times itself"
)]

use std::{env, fs, path::Path, time::Instant};

use remedy_policy::{Holder, Identity, Kind, Policy, work};

#[path = "../tests/adversary/mod.rs"]
mod adversary;

use adversary::{Dice, Gene, Long, ask, climbed, document, entries, shapes, steps};

/// The longest texts that AWS stores, and the longest that the command line accepts.
const CASES: [(&str, Kind, usize); 6] = [
    ("a managed policy of 6 KB", Kind::Identity, 6_144),
    ("a trust policy of 2 KB", Kind::Trust, 2_048),
    ("a bucket policy of 20 KB", Kind::Bucket, 20_480),
    ("a key policy of 32 KB", Kind::Key, 32_768),
    ("an identity policy of 65 KB", Kind::Identity, 65_536),
    ("a resource policy of 65 KB", Kind::Resource, 65_536),
];

fn main() {
    let folder = env::args().nth(1).expect("a folder");
    let tries: usize = env::args().nth(2).map_or(4, |text| text.parse().unwrap());
    fs::create_dir_all(&folder).unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for (number, (case, kind, bytes)) in CASES.into_iter().enumerate() {
        let mut worst = (0.0, 0, String::new(), "");
        for (shape, genes) in shapes() {
            for entry in entries(kind) {
                let (_, genes) = climbed(&mut dice, kind, *entry, &genes, bytes, tries);
                let text = document(kind, &genes, bytes);
                let policy = Policy::parse(kind, &text).unwrap();
                let start = Instant::now();
                ask(*entry, &policy);
                let seconds = start.elapsed().as_secs_f64();
                if seconds > worst.0 {
                    worst = (seconds, steps(kind, *entry, &text), text, shape);
                }
            }
        }
        let (seconds, steps, text, shape) = worst;
        let file = Path::new(&folder).join(format!("{number}.json"));
        fs::write(&file, &text).unwrap();
        told(case, shape, text.len(), steps, seconds, &format!("{kind:?}").to_lowercase(), &file.display().to_string());
    }
    ten_policies(&folder);
}

/// A principal with ten managed policies: the steps of its ability, and of all verdicts on it.
fn ten_policies(folder: &str) {
    let genes: [&[Gene]; 3] = [
        &[Gene::resources(1, 1).with(Long::Actions)],
        &[Gene::resources(4, 3).but(), Gene::resources(4, 3).each(3)],
        &[Gene::resources(3, 1), Gene::resources(3, 1).denied().but(), Gene::resources(3, 1).denied()],
    ];
    let texts: Vec<_> = (0..10).map(|number| document(Kind::Identity, genes[number % 3], 6_144)).collect();
    let policies: Vec<_> = texts.iter().map(|text| Policy::parse(Kind::Identity, text).unwrap()).collect();
    let holder = Holder { policies: policies.iter().collect(), ..Holder::default() };
    let (before, start) = (work::steps(), Instant::now());
    drop(Identity::of(&holder));
    let (taken, seconds) = (work::steps() - before, start.elapsed().as_secs_f64());
    let bytes = texts.iter().map(String::len).sum();
    told("a principal with ten policies of 6 KB", "mixed", bytes, taken, seconds, "principal", folder);
}

fn told(case: &str, shape: &str, bytes: usize, steps: u64, seconds: f64, kind: &str, file: &str) {
    println!(
        r#"{{"case":"{case}","shape":"{shape}","kind":"{kind}","bytes":{bytes},"steps":{steps},"seconds":{seconds:.4},"file":"{file}"}}"#
    );
}
