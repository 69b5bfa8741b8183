//! `make skew`: an old release and this one on the same buckets, one after the other in both orders, and both at once on one
//! queue of duplicates. Nothing is lost, nothing is done twice, nothing is acknowledged that is not stored, and this release's
//! `remedy verify` finds the seals of both intact.

mod verified;

use std::{collections::BTreeMap, path::Path};

use remedy_testkit::{lambda::Answer, proxy::When, queue::Queue, world::done};
use serde_json::{Value, json};

use crate::{
    drift::Drift,
    history::{self, Case, Ground, Release},
    skew::verified::verified,
};

const TERMS: [&str; 8] =
    ["--owner", "web", "--reason", "needed", "--ticket", "CHG-7", "--alternative", "a scan before each upload"];
/// The number of deliveries of each event if both releases share a queue.
const DUPLICATES: usize = 20;
/// The manifest before which the first release crashes: the other continues the chain.
const LAST_SEAL: &str = "seal/0000000002.json";

/// The write by which versions before 0.1.0 repair a user without MFA.
const EARLIER_FENCE: &str = "iam:PutUserPolicy";

/// Runs both orders, and both at once.
///
/// # Panics
///
/// If one of the promises is broken.
pub async fn play(old: &Path) {
    let (old, new) = (Release::old(old), Release::new());
    across(&old, &new).await;
    across(&new, &old).await;
    at_once(&old, &new).await;
    println!("skew: nothing lost, nothing twice, every seal intact");
}

fn tell(line: &str) {
    println!("  {line}");
}

/// The objects that the first release leaves to the next.
#[derive(Debug)]
pub struct Left {
    cases: Vec<Case>,
    /// A plan that waits, with its approval stored.
    password: (Case, Value),
    /// The case that a hold stops, and the ask to release it.
    held: (Case, String),
    exempt: Case,
    /// The ask to revert the first bucket's repair.
    undo: String,
    /// The write of a worker of the first release that crashed.
    lost: Case,
    settings: String,
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("no ask: {answer:#}")).to_owned()
}

fn is_right(run: &Value) -> bool {
    ["repaired", "contained"].iter().any(|outcome| run["outcome"] == **outcome)
}

/// Everything that a release stores, in one history.
pub async fn begin(ground: &Ground, first: &Release) -> Left {
    let backlog = ground.case(Drift::Bucket, "backlog").await;
    let swept = ground.sweep(first, backlog.function, backlog.control).await;
    let is_backlog = |run: &&Value| run["resource"] == *backlog.resource;
    assert!(swept.iter().find(is_backlog).is_some_and(is_right), "a wave repairs the backlog: {swept:#?}");
    let mut cases = ground.cases("first").await;
    for case in &cases {
        let run = ground.run(first, case).await;
        assert!(is_right(&run), "{run:#}");
    }
    let password = ground.case(Drift::Password, "").await;
    let waits = ground.run(first, &password).await;
    assert_eq!(waits["outcome"], "awaiting-approval", "{waits:#}");
    let plan = waits["plan"].as_str().expect("a plan").to_owned();
    let approved = ground.does(first, "bob", &["approve", &plan]).await;
    let held = hold(ground, first).await;
    let exempt = exempt(ground, first).await;
    let undo = undo(ground, first, &cases).await;
    let settings = settings(ground, first).await;
    let refused = ground.deploy(first, "s3-public-access").invoke(b"{\"control\": 7}").await;
    assert!(matches!(refused, Answer::Failed { .. }), "{refused:?}");
    let lost = lose(ground, first).await;
    seal_in_part(ground, first).await;
    cases.push(backlog);
    Left { cases, password: (password, approved), held, exempt, undo, lost, settings }
}

async fn hold(ground: &Ground, first: &Release) -> (Case, String) {
    let case = ground.case(Drift::Dying, "held").await;
    let scope = ["--control", case.control, "--reason", "images are gone"];
    ground.does(first, "ann", &[&["hold"], &scope[..]].concat()).await;
    let run = ground.run(first, &case).await;
    assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("hold")), "{run:#}");
    let asked = ground.does(first, "ann", &[&["release"], &scope[..]].concat()).await;
    (case, id(&asked))
}

async fn exempt(ground: &Ground, first: &Release) -> Case {
    let case = ground.case(Drift::Bucket, "exempt").await;
    let account = ground.world.account.id.as_str();
    for (resource, decision) in [(case.resource.as_str(), "approve"), ("brochures-*", "reject")] {
        let about = [
            "exempt",
            "request",
            "--control",
            case.control,
            "--account",
            account,
            "--resource",
            resource,
            "--days",
            "30",
        ];
        let asked = ground.does(first, "ann", &[&about[..], &TERMS].concat()).await;
        ground.does(first, "bob", &[decision, &id(&asked)]).await;
    }
    case
}

async fn undo(ground: &Ground, first: &Release, cases: &[Case]) -> String {
    let bucket = cases.iter().find(|case| case.control == Drift::Bucket.control()).expect("a bucket was repaired");
    let about = ["revert", "--resource", &bucket.resource, "--control", bucket.control];
    let asked = ground.does(first, "ann", &[&about[..], &TERMS].concat()).await;
    id(&asked["asks"][0])
}

async fn settings(ground: &Ground, first: &Release) -> String {
    let mut document = history::settings(&ground.world);
    document["parameters"]["flap_limit"] = json!(9);
    let file = ground.world.settings_file(&document);
    let asked = ground.does(first, "ann", &["settings", &file, "--reason", "another way"]).await;
    id(&asked)
}

/// A worker that crashes directly after its write.
async fn lose(ground: &Ground, first: &Release) -> Case {
    let case = ground.case(Drift::Bucket, "lost").await;
    let lambda = ground.deploy(first, case.function);
    let breakpoint = ground.world.proxy.stop_when(When::After, |call| call.operation == "PutPublicAccessBlock");
    assert!(breakpoint.reached_or(lambda.invoke(&case.event())).await.is_ok(), "it writes");
    lambda.kill().await;
    breakpoint.release();
    ground.world.proxy.quiet().await;
    case
}

/// A sealer that crashes in the middle of the chain.
async fn seal_in_part(ground: &Ground, first: &Release) {
    ground.age(5).await;
    let sealer = ground.deploy(first, "sealer");
    let breakpoint = ground.world.proxy.stop_when(When::Before, |call| {
        call.operation == "PutObject" && call.resource.as_deref().is_some_and(|key| key.ends_with(LAST_SEAL))
    });
    assert!(breakpoint.reached_or(sealer.invoke(b"{}")).await.is_ok(), "it seals");
    sealer.kill().await;
    breakpoint.release();
    ground.world.proxy.quiet().await;
}

/// One release after the other.
async fn across(first: &Release, then: &Release) {
    println!("{} -> {}", first.name, then.name);
    let ground = Ground::prepare().await;
    let mut left = begin(&ground, first).await;
    tell(&format!(
        "{} repaired {}, and left an ask, a hold, an undo, settings, a lost worker",
        first.name,
        left.cases.len()
    ));
    let switch = go_on(&ground, then, &left).await;
    ground.world.age_locks().await;
    let swept = ground.sweep(then, left.lost.function, left.lost.control).await;
    let is_lost = |run: &&Value| run["resource"] == *left.lost.resource && run["outcome"] == "recovered";
    assert!(swept.iter().any(|run| is_lost(&run)), "{} closes what {} left: {swept:#?}", then.name, first.name);
    let later = ground.cases("later").await;
    drain(&ground, &later, &[then]).await;
    if switch == Switched::Not {
        for case in later.iter().filter(|case| case.control == left.held.0.control) {
            let run = ground.run(&Release::new(), case).await;
            assert!(is_right(&run), "a held resource is repaired later: {run:#}");
        }
    }
    let undone = left.cases.iter().find(|case| case.control == Drift::Bucket.control()).cloned();
    left.cases.extend(later);
    left.cases.extend([left.password.0.clone(), left.held.0.clone(), left.lost.clone()]);
    let exempt = [left.exempt.clone()].into_iter().chain(undone).collect::<Vec<_>>();
    conclude(&ground, &left.cases, &exempt, then).await;
}

/// The other release continues what the first one left.
pub async fn go_on(ground: &Ground, then: &Release, left: &Left) -> Switched {
    let pending = ground.does(then, "ann", &["pending"]).await;
    tell(&format!("{} shows {} that wait", then.name, pending["pending"].as_array().map_or(0, Vec::len)));
    let (password, approved) = &left.password;
    let run = ground.carry_out(then, password.function, approved).await;
    assert!(is_right(&run), "what was approved is carried out: {run:#}");
    let (held, release) = &left.held;
    let run = ground.run(then, held).await;
    assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("hold")), "{run:#}");
    ground.does(then, "bob", &["approve", release]).await;
    let switch = goes_on_when_released(ground, then, held).await;
    assert_eq!(ground.run(then, &left.exempt).await["outcome"], "exempt");
    let approved = ground.does(then, "bob", &["approve", &left.undo]).await;
    let run = ground.carry_out(then, left.exempt.function, &approved).await;
    assert_eq!(run["outcome"], "reverted", "{run:#}");
    match ground.says(then, "bob", &["approve", &left.settings]).await {
        Answer::Done(_) => tell(&format!("{} puts the settings in force that were asked for", then.name)),
        Answer::Failed { message, .. } => {
            tell(&format!("{} refuses the settings that were asked for: {message}", then.name))
        }
        other => panic!("{other:?}"),
    }
    switch
}

/// Whether a release sees that a hold was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It does.
    Off,
    /// It does not.
    Not,
}

/// A released hold lets repairs go on. Versions before 0.1.0 take each entry of a switch for a hold of its own: they stop too
/// much, not too little, until a later version runs.
async fn goes_on_when_released(ground: &Ground, then: &Release, held: &Case) -> Switched {
    let (mut run, mut switched) = (ground.run(then, held).await, Switched::Off);
    if run["check"] == "hold" {
        tell(&format!("{} stays on hold after the release, until new runs", then.name));
        (run, switched) = (ground.run(&Release::new(), held).await, Switched::Not);
    }
    assert!(is_right(&run), "it goes on when the hold is released: {run:#}");
    switched
}

/// Events, each many times, for workers of these releases in turn.
async fn drain(ground: &Ground, cases: &[Case], releases: &[&Release]) {
    let mut functions: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        functions.entry(case.function).or_default().push(case);
    }
    for (function, cases) in functions {
        let mut queue = Queue::new(20).shuffled(7);
        for case in cases.iter().cycle().take(DUPLICATES * cases.len()) {
            queue.push(String::from_utf8(case.event()).expect("an event is text"));
        }
        let workers: Vec<_> = releases.iter().cycle().take(4).map(|release| ground.deploy(release, function)).collect();
        let drained = queue.drain(&workers, 5, async |_| {}).await;
        assert!(drained.dead_lettered.is_empty(), "{function} loses {:?}", drained.dead_lettered);
        assert_eq!(drained.acknowledged.len(), DUPLICATES * cases.len(), "{function}");
        let (sent, rounds) = (drained.acknowledged.len(), drained.rounds);
        tell(&format!("{function}: {sent} deliveries of {} events are done after {rounds} rounds", cases.len()));
    }
}

/// Both releases at once.
async fn at_once(old: &Release, new: &Release) {
    println!("old and new at once");
    let ground = Ground::prepare().await;
    let mut cases = ground.cases("one").await;
    cases.extend(ground.cases("two").await);
    drain(&ground, &cases, &[old, new]).await;
    seal_in_part(&ground, old).await;
    conclude(&ground, &cases, &[], new).await;
}

/// Everything is right or waits, once; and sealed.
async fn conclude(ground: &Ground, cases: &[Case], exempt: &[Case], sealer: &Release) {
    let newest = Release::new();
    for case in cases.iter().chain(exempt) {
        let run = ground.run(&newest, case).await;
        let is_exempt = exempt.iter().any(|exempt| exempt.resource == case.resource && exempt.control == case.control);
        let right: &[&str] = if is_exempt { &["exempt"] } else { &["already-compliant", "contained", "dormant"] };
        assert!(right.iter().any(|outcome| run["outcome"] == **outcome), "{case:?}: {run:#}");
    }
    ground.world.assert_conserved().await;
    let repairs = ground.world.repairs();
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        // An undo is the same call, with the former setting.
        let is_undone = exempt.iter().any(|exempt| exempt.resource == case.resource && exempt.control == case.control);
        *expected.entry(case.write).or_default() += 1 + usize::from(is_undone);
    }
    let made = |write: &str| repairs.iter().filter(|call| call.name() == write).count();
    for (write, count) in expected {
        // Versions before 0.1.0 do not see the form of the others: each takes effect once at most.
        if let (true, earlier) = (write == Drift::User.repair(), made(EARLIER_FENCE)) {
            let now = made(write);
            assert!(now <= count && earlier <= count && now + earlier >= count, "{now} and {earlier} of {count}");
            tell(&format!("{write}: {now}, {EARLIER_FENCE}: {earlier}, of {count}"));
            continue;
        }
        assert_eq!(made(write), count, "{write} takes effect once for each resource, and once for an undo");
        tell(&format!("{write}: {count} of {count}"));
    }
    ground.age(2).await;
    let sealed = done(ground.deploy(sealer, "sealer").invoke(b"{}").await);
    let sealed = sealed["sealed"].as_array().map_or(0, Vec::len);
    tell(&format!("{} goes on with the chain: {sealed} manifests; {}", sealer.name, verified(ground, &newest).await));
}
