//! People in the loop, in an account of their own: each command is the real terminal, each answer the real operator function.

mod shared;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use remedy_testkit::{
    lambda::{Lambda, binary},
    world::{TIMEOUT, World, only_run},
};
use serde_json::{Value, json};

use super::{folder, table::heading};
use crate::clinic::{Clinic, Person, carry_out};

const TERMS: [&str; 8] = [
    "--owner",
    "imaging",
    "--reason",
    "the insurer needs it",
    "--ticket",
    "CHG-2041",
    "--alternative",
    "a daily review",
];

/// What each act came to, and whether that was as it should be.
struct Acts(Vec<(&'static str, String, bool)>);

impl Acts {
    fn note(&mut self, act: &'static str, came: &str, holds: Holds) {
        let mark = if holds == Holds::Yes { "" } else { "  NOT AS IT SHOULD BE" };
        println!("   {act:<52} {came}{mark}");
        self.0.push((act, came.to_owned(), holds == Holds::Yes));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
}

fn holds(condition: impl FnOnce() -> bool) -> Holds {
    if condition() { Holds::Yes } else { Holds::No }
}

/// Runs this part. Returns its result.
pub(crate) async fn play() -> Value {
    println!("\n{}", heading("10  People: Ann may ask, Bob may decide …"));
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let lambda = clinic.deploy("s3-public-access");
    let mut acts = Acts(Vec::new());
    let run = approved(&clinic, (&ann, &bob), &lambda, &mut acts).await;
    exempted(&clinic, (&ann, &bob), &lambda, &mut acts).await;
    taken_back((&ann, &bob), &lambda, &run, &mut acts).await;
    shared::play(&clinic, (&ann, &bob), &lambda, &mut acts).await;
    stopped(&clinic, &ann, &lambda, &mut acts).await;
    verified(&clinic.world, &mut acts).await;
    println!();
    let passed = acts.0.iter().all(|(_, _, holds)| *holds);
    let acts: Vec<_> =
        acts.0.iter().map(|(act, came, holds)| json!({"act": act, "came": came, "holds": holds})).collect();
    json!({"passed": passed, "account": clinic.world.account.id, "acts": acts})
}

fn word(run: &Value) -> String {
    run["outcome"].as_str().unwrap_or("-").to_owned()
}

async fn look(lambda: &Lambda, bucket: &str) -> Value {
    let event = json!({"control": "s3-bucket-public", "resource": bucket}).to_string();
    only_run(lambda.invoke(event.as_bytes()).await)
}

async fn bucket(world: &World, name: &str) -> String {
    let name = format!("{name}-{}", world.account.id);
    world.s3().create_bucket().bucket(&name).send().await.expect("a bucket is created");
    name
}

async fn approved(clinic: &Clinic, (ann, bob): (&Person<'_>, &Person<'_>), lambda: &Lambda, acts: &mut Acts) -> Value {
    let name = bucket(&clinic.world, "scans").await;
    let held = look(lambda, &name).await;
    acts.note(
        "a bucket is open; the mode is `approve`",
        &word(&held),
        holds(|| held["outcome"] == "awaiting-approval"),
    );
    let plan = held["plan"].as_str().unwrap_or_default();
    let refused = ann.is_refused(&["approve", plan]).await;
    acts.note("ann: remedy approve …", "denied: she may ask, not decide", holds(|| refused.starts_with("denied")));
    let run = carry_out(lambda, &bob.does(&["approve", plan]).await).await;
    acts.note("bob: remedy approve …", &word(&run), holds(|| run["outcome"] == "repaired"));
    run
}

async fn exempted(clinic: &Clinic, (ann, bob): (&Person<'_>, &Person<'_>), lambda: &Lambda, acts: &mut Acts) {
    let (account, pattern) = (clinic.world.account.id.as_str(), format!("brochures-{}", clinic.world.account.id));
    let ask = ["exempt", "request", "--control", "s3-bucket-public", "--account", account, "--resource", &pattern];
    let asked = ann.does(&[&ask[..], &TERMS].concat()).await;
    bob.does(&["approve", asked["id"].as_str().unwrap_or_default()]).await;
    let name = bucket(&clinic.world, "brochures").await;
    let run = look(lambda, &name).await;
    acts.note("an exemption, asked by ann, approved by bob", &word(&run), holds(|| run["outcome"] == "exempt"));
}

async fn taken_back((ann, bob): (&Person<'_>, &Person<'_>), lambda: &Lambda, run: &Value, acts: &mut Acts) {
    let plan = run["plan"].as_str().unwrap_or_default();
    let alone = json!({"revert": {"plan": plan}}).to_string();
    let alone = only_run(lambda.invoke(alone.as_bytes()).await);
    acts.note("an event alone asks for an undo", &word(&alone), holds(|| alone["outcome"] == "awaiting-approval"));
    let asked = ann.does(&[&["revert", plan][..], &TERMS].concat()).await;
    let approved = bob.does(&["approve", asked["asks"][0]["id"].as_str().unwrap_or_default()]).await;
    let undone = carry_out(lambda, &approved).await;
    acts.note("ann: remedy revert …, bob: remedy approve …", &word(&undone), holds(|| undone["outcome"] == "reverted"));
}

async fn stopped(clinic: &Clinic, ann: &Person<'_>, lambda: &Lambda, acts: &mut Acts) {
    ann.does(&["hold", "--all", "--reason", "a clinic lost its images"]).await;
    let name = bucket(&clinic.world, "reports").await;
    let run = look(lambda, &name).await;
    acts.note("ann: remedy hold --all", &word(&run), holds(|| run["outcome"] == "blocked" && run["check"] == "hold"));
}

/// Seals the evidence, downloads it, verifies it, forges one record and verifies again.
async fn verified(world: &World, acts: &mut Acts) {
    let kms = aws_sdk_kms::Client::new(&world.config());
    let key = kms.create_key().key_spec("ECC_NIST_P256".into()).key_usage("SIGN_VERIFY".into()).send().await;
    let key = key.expect("a signing key").key_metadata.expect("it is told").key_id;
    let evidence = folder().join("evidence");
    age(world).await;
    let mut env = world.environment("observe");
    env.insert("REMEDY_SEAL_KEY".to_owned(), key);
    let answer = world.deploy_with("sealer", env, TIMEOUT).invoke(b"{}").await;
    assert!(matches!(answer, remedy_testkit::lambda::Answer::Done(_)), "the sealer: {answer:?}");
    let records = download(world, &evidence).await;
    let intact = verify(&evidence);
    acts.note("remedy verify, all records sealed", "intact", holds(|| intact == Some(0)));
    let forged = records.iter().find(|path| path.to_string_lossy().contains("-outcome-")).expect("an outcome");
    let text = fs::read_to_string(forged).expect("a record reads").replace("\"repaired\"", "\"already-compliant\"");
    fs::write(forged, text).expect("the folder can be written");
    let found = verify(&evidence);
    acts.note("one record is forged: remedy verify", "found, and named", holds(|| found == Some(1)));
}

/// The hour must be over before it is sealed: the records are moved two hours back, keys and all.
async fn age(world: &World) {
    let (s3, name) = (world.s3(), world.evidence_bucket());
    for (key, body) in objects(world).await {
        let Some(hour) = remedy_evidence::Hour::of_key(&key) else { continue };
        let older = key.replace(&hour.folder(), &hour.plus(-2).folder());
        let put = s3.put_object().bucket(&name).key(older).body(body.into());
        put.send().await.expect("an object is put");
        s3.delete_object().bucket(&name).key(key).send().await.expect("an object is deleted");
    }
}

async fn objects(world: &World) -> Vec<(String, Vec<u8>)> {
    let (s3, name) = (world.s3(), world.evidence_bucket());
    let listed = s3.list_objects_v2().bucket(&name).send().await.expect("the bucket lists");
    let mut objects = Vec::new();
    for key in listed.contents().iter().filter_map(|object| object.key()) {
        let body = s3.get_object().bucket(&name).key(key).send().await.expect("an object reads").body;
        objects.push((key.to_owned(), body.collect().await.expect("an object reads").to_vec()));
    }
    objects
}

async fn download(world: &World, folder: &Path) -> Vec<PathBuf> {
    let _new = fs::remove_dir_all(folder);
    let mut paths = Vec::new();
    for (key, body) in objects(world).await {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().expect("a key has a folder")).expect("target can be written");
        fs::write(&path, body).expect("target can be written");
        paths.push(path);
    }
    paths
}

/// The exit status of `remedy verify` with the public key that the sealer archived.
fn verify(evidence: &Path) -> Option<i32> {
    let keys = fs::read_dir(evidence.join("seal/keys")).expect("the key is archived");
    let key = keys.flatten().map(|entry| entry.path()).next().expect("a key");
    let output =
        Command::new(binary("remedy")).args(["verify".as_ref(), evidence.as_os_str()]).arg("--key").arg(key).output();
    let output = output.expect("remedy starts");
    for line in String::from_utf8_lossy(&output.stdout).lines().take(4) {
        println!("      {line}");
    }
    output.status.code()
}
