//! Feeds the parser and the analyser with damaged policies until the time is up: `fuzz SECONDS [SEED]`.
//!
//! A panic ends it with the text that caused it; so does a text that takes more steps than the square of its bytes, or
//! its allowance, permits. Every sixteenth text is a policy that is grown to be hard, up to the length that AWS stores.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for developers: it may stop, and it times itself"
)]

use std::{
    env,
    hint::black_box,
    panic,
    time::{Duration, Instant},
};

use remedy_policy::{Holder, Identity, Kind, Policy, Resource, document::decoded, work};

#[expect(dead_code, reason = "the search is of the other example")]
#[path = "../tests/adversary/mod.rs"]
mod adversary;

use adversary::{Dice, document, entries, shapes, steps};

/// The number of analyses that an entry makes.
const ANALYSES: u64 = 3;
/// The work of one more step than is allowed.
const OVERSHOOT: u64 = 200_000;

const SEEDS: [&str; 6] = [
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:Get*","iam:PassRole"],"Resource":"*"},{"Effect":"Deny","NotAction":"iam:*","NotResource":["arn:aws:s3:::b/${aws:username}/*"]}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]},"Null":{"aws:PrincipalOrgID":"false"}}}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}"#,
    r#"{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/*"}}}}"#,
    r#"{"Statement":[{"Effect":"Allow","Action":"\u002a","Resource":"\u002a","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":3600}}}]}"#,
    "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D",
];

const PIECES: [&str; 30] = [
    "*",
    "?",
    "**",
    "*:*",
    "${",
    "}",
    "${aws:username}",
    "\\u002a",
    "\\ud800",
    "[",
    "]",
    "{",
    ",",
    ":",
    "\"",
    "null",
    "\"NotAction\":",
    "\"NotResource\":",
    "\"NotPrincipal\":",
    "\"Condition\":{}",
    "ForAllValues:",
    "IfExists",
    "0.0.0.0/0",
    "::/0",
    "/33",
    "1e999",
    "arn:*",
    "aws:SourceIp",
    "é",
    "\u{10ffff}",
];

/// The steps that so many bytes may take: some for each pair of bytes, and those of a few wildcards over every action.
fn most(bytes: usize) -> u64 {
    let square = 2_000_000 + 400 * u64::try_from(bytes * bytes).unwrap();
    square.min(ANALYSES * (work::allowance(bytes) + OVERSHOOT))
}

/// A policy that is grown to be hard: the steps that the worst of the entries takes, and the text.
fn grown(dice: &mut Dice) -> (u64, String) {
    let kind = [Kind::Identity, Kind::Bucket, Kind::Key, Kind::Trust, Kind::Resource][dice.roll(5)];
    let known = shapes();
    let mut genes = known[dice.roll(known.len())].1.clone();
    for _ in 0..dice.roll(4) {
        genes = dice.mutated(&genes);
    }
    let bytes = kind.limit() / (1 + dice.roll(8));
    let text = document(kind, &genes, bytes);
    let entries = entries(kind);
    (steps(kind, entries[dice.roll(entries.len())], &text), text)
}

fn damaged(dice: &mut Dice) -> String {
    let mut text: Vec<char> = SEEDS[dice.roll(SEEDS.len())].chars().collect();
    for _ in 0..=dice.roll(6) {
        let (at, end) = (dice.roll(text.len()), dice.roll(text.len()));
        match dice.roll(5) {
            0 => drop(text.splice(at..at, PIECES[dice.roll(PIECES.len())].chars())),
            1 => drop(text.drain(at..(at + dice.roll(12)).min(text.len()))),
            2 => {
                let copy: Vec<char> = text[at.min(end)..at.max(end)].to_vec();
                drop(text.splice(at..at, copy));
            }
            3 if at < text.len() => text[at] = char::from(u8::try_from(32 + dice.roll(95)).unwrap()),
            _ => {
                let other: Vec<char> = SEEDS[dice.roll(SEEDS.len())].chars().collect();
                text.truncate(at);
                text.extend(&other[dice.roll(other.len())..]);
            }
        }
        text.truncate(8_000);
    }
    text.into_iter().collect()
}

fn examine(text: &str) -> bool {
    let Ok(text) = decoded(text) else { return false };
    let mut parsed = false;
    for kind in [Kind::Identity, Kind::Bucket, Kind::Key, Kind::Trust, Kind::Resource] {
        let Ok(policy) = Policy::parse(kind, &text) else { continue };
        parsed = true;
        let before = work::steps();
        if kind == Kind::Identity {
            let holder = Holder::of(&policy);
            if let Ok(found) = Identity::of(&holder) {
                black_box(found.findings(&holder));
            }
        } else {
            let found = Resource::of(&policy);
            black_box(found.findings(&policy));
        }
        let taken = work::steps() - before;
        assert!(taken <= most(text.len()), "{taken} steps");
        assert_eq!(Policy::parse(kind, policy.print()).unwrap().statements.len(), policy.statements.len());
    }
    parsed
}

fn main() {
    let seconds: u64 = env::args().nth(1).map_or(60, |text| text.parse().unwrap());
    let seed: u64 = env::args().nth(2).map_or(0x9e37_79b9_7f4a_7c15, |text| text.parse().unwrap());
    let mut dice = Dice(seed.max(1));
    let start = Instant::now();
    let (mut runs, mut policies, mut slowest, mut hardest) = (0_u64, 0_u64, Duration::ZERO, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        if runs.is_multiple_of(16) {
            let (taken, text) = grown(&mut dice);
            assert!(taken <= most(text.len()), "{taken} steps for {text:?}");
            hardest = hardest.max(taken);
        }
        let text = damaged(&mut dice);
        let before = Instant::now();
        let Ok(parsed) = panic::catch_unwind(|| examine(&text)) else { panic!("it panicked on {text:?}") };
        policies += u64::from(parsed);
        slowest = slowest.max(before.elapsed());
        assert!(slowest < Duration::from_secs(1), "{slowest:?} for {text:?}");
        runs += 1;
    }
    println!(
        r#"{{"executions":{runs},"policies":{policies},"seconds":{seconds},"slowest_ms":{},"most_steps":{hardest}}}"#,
        slowest.as_millis()
    );
}
