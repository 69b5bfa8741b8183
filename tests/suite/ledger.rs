//! Acknowledged means stored: whatever the ledger's error, and whenever it begins, a message goes only once its outcome
//! is stored. A message given back five times is in the dead-letter queue; once the ledger works again, everything is
//! repaired and accounted for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use remedy_testkit::{
    depth::Depth,
    lambda::Answer,
    proxy::{Call, Fault},
    queue::{Drained, Queue},
    world::{World, done, only_run},
};

use crate::{
    drift::{ALL, Drift},
    seal::vault::Vault,
};
use remedy_tests::clinic::{Clinic, Waiting};

/// As in the template.
const REDRIVE: u32 = 5;

/// Errors that a ledger may return until somebody notices. All but the last end no call that is tried again.
const ANSWERS: [(&str, u16, &str); 6] = [
    ("the key is disabled", 400, "KMS.DisabledException"),
    ("the key is to be deleted", 400, "KMS.KMSInvalidStateException"),
    ("the bucket denies", 403, "AccessDenied"),
    ("the bucket is gone", 404, "NoSuchBucket"),
    ("there is an object that is not there", 412, "PreconditionFailed"),
    ("S3 is out", 503, "ServiceUnavailable"),
];

/// The calls on the two buckets.
const CALLS: [(&str, &str); 5] = [
    ("state", "GetObject"),
    ("state", "PutObject"),
    ("state", "ListObjectsV2"),
    ("evidence", "PutObject"),
    ("evidence", "GetObject"),
];

/// The moment from which on the ledger returns this error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// The beginning.
    Ever,
    /// The intent was stored.
    Intent,
    /// The repair was written.
    Write,
    /// The outcome was stored.
    Outcome,
}

const STAGES: [Since; 4] = [Since::Ever, Since::Intent, Since::Write, Since::Outcome];

/// One cell of the matrix.
#[derive(Clone, Copy, Debug)]
struct Case {
    drift: Drift,
    answer: (&'static str, u16, &'static str),
    call: (&'static str, &'static str),
    since: Since,
}

impl Case {
    /// All of a drift; at the standard depth every tenth, and for each drift others.
    fn all(drift: Drift) -> Vec<Self> {
        let cells = ANSWERS.iter().flat_map(|answer| {
            CALLS.iter().flat_map(move |call| STAGES.map(|since| Self { drift, answer: *answer, call: *call, since }))
        });
        let possible = cells.filter(|case| case.answer.1 != 412 || case.call.1 == "PutObject");
        let first = ALL.iter().position(|one| *one == drift).unwrap_or_default();
        let every = Depth::asked().of(11, 1);
        possible.skip(first % every).step_by(every).collect()
    }

    fn has_begun(self, call: &Call) -> bool {
        let is_put = call.operation == "PutObject";
        let is_record = |kind: &str| is_put && call.resource.as_deref().is_some_and(|key| key.contains(kind));
        match self.since {
            Since::Ever => true,
            Since::Intent => is_record("-intent-"),
            Since::Write => call.name() == self.drift.repair(),
            Since::Outcome => is_record("-outcome-"),
        }
    }

    /// Makes the ledger return this error from the call after the one that begins it.
    fn begin(self, world: &World) {
        let began = Arc::new(AtomicBool::new(self.since == Since::Ever));
        let bucket = if self.call.0 == "state" { world.state_bucket() } else { world.evidence_bucket() };
        world.proxy.on_call(move |call| {
            let name = call.resource.as_deref().unwrap_or_default();
            let is_meant = name.split('/').next() == Some(&bucket) && call.operation == self.call.1;
            if is_meant && began.load(Ordering::Relaxed) {
                return Some(Fault::Status(self.answer.1, self.answer.2.to_owned()));
            }
            if self.has_begun(call) {
                began.store(true, Ordering::Relaxed);
            }
            None
        });
    }
}

async fn deliver(world: &World, lambda: &remedy_testkit::lambda::Lambda, body: &str) -> Drained {
    let mut queue = Queue::new(REDRIVE);
    queue.push(body);
    let drained = queue.drain(std::slice::from_ref(lambda), 10, async |_| world.age_locks().await).await;
    assert_eq!(drained.acknowledged.len() + drained.dead_lettered.len(), 1, "deliveries = done + dead letters");
    drained
}

/// Every intent has its outcome: what is acknowledged is stored.
async fn concluded(world: &World, what: &str) {
    let evidence = world.evidence().await;
    let of = |kind: &str| evidence.keys().filter(|key| key.contains(kind)).count();
    assert_eq!(of("-intent-"), of("-outcome-"), "{what}: {:#?}", evidence.keys());
    let stored = evidence.values().any(|record| record["kind"] == "outcome" || record["kind"] == "held");
    assert!(stored, "{what}: acknowledged, and nothing is stored");
}

async fn survives(drift: Drift) {
    let (mut given_up, mut taken) = (0, 0);
    for case in Case::all(drift) {
        let world = World::new().await;
        let resource = drift.make(&world, "a").await;
        let lambda = world.deploy(drift.function(), "enforce");
        let what = format!("{case:?}");
        case.begin(&world);
        let event = String::from_utf8(drift.event(&resource)).expect("an event is a text");
        let drained = deliver(&world, &lambda, &event).await;
        world.proxy.clear_faults();
        if drained.dead_lettered.is_empty() {
            taken += 1;
            concluded(&world, &what).await;
        } else {
            given_up += 1;
            heal(&world, &lambda, drift, &event).await;
        }
        assert_right(&world, &lambda, case, &resource).await;
    }
    assert!(given_up > 0 && taken > 0, "{drift:?}: {given_up} dead letters, {taken} taken");
}

/// The ledger works again: a person redrives the message to its queue, and the schedule runs.
async fn heal(world: &World, lambda: &remedy_testkit::lambda::Lambda, drift: Drift, event: &str) {
    world.age_locks().await;
    assert_eq!(deliver(world, lambda, event).await.acknowledged.len(), 1);
    let sweep = format!(r#"{{"sweep":{{"control":"{}"}}}}"#, drift.control());
    done(lambda.invoke(sweep.as_bytes()).await);
}

async fn assert_right(world: &World, lambda: &remedy_testkit::lambda::Lambda, case: Case, resource: &str) {
    let (drift, what) = (case.drift, format!("{case:?}"));
    let run = only_run(lambda.invoke(&drift.event(resource)).await);
    assert_eq!(run["outcome"], drift.outcomes().1, "{what}: {run:#}");
    let effects = world.repairs().iter().filter(|call| call.name() == drift.repair()).count();
    assert_eq!(effects, 1, "{what}: the repair took effect {effects} times");
    world.assert_conserved().await;
    let locks = world.state("lock/").await;
    let is_open = |key: &&String| !key.ends_with(".done") && !locks.contains_key(&format!("{key}.done"));
    assert_eq!(locks.keys().filter(is_open).count(), 0, "{what}: a lock was left open");
    let evidence = world.evidence().await;
    let ended: Vec<_> = evidence.values().filter(|record| record["kind"] == "outcome").map(|r| &r["outcome"]).collect();
    if matches!(case.since, Since::Write | Since::Outcome) {
        let arrived = ["repaired", "contained", "recovered"];
        let is_honest = ended.iter().all(|outcome| arrived.iter().any(|word| outcome == word));
        assert!(is_honest, "{what}: it arrived, and ended {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_repair_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::Bucket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_repair_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::Plaintext).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_repair_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::Rotation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescue_of_a_key_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::Dying).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_policy_repair_is_acknowledged_only_when_it_is_stored() {
    survives(Drift::Password).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_acknowledged_only_when_it_is_stored() {
    for (operation, kind) in [("PutObject", "held/"), ("PutObject", "-held-")] {
        let world = World::new().await;
        let bucket = Drift::Bucket.make(&world, "a").await;
        let lambda = world.deploy("s3-public-access", "observe");
        let event = String::from_utf8(Drift::Bucket.event(&bucket)).expect("an event is a text");
        world.proxy.on_call(move |call| {
            let is_meant =
                call.operation == operation && call.resource.as_deref().is_some_and(|key| key.contains(kind));
            is_meant.then(|| Fault::Status(400, "KMS.DisabledException".to_owned()))
        });
        assert_eq!(deliver(&world, &lambda, &event).await.dead_lettered.len(), 1, "{kind}");
        world.proxy.clear_faults();
        assert_eq!(deliver(&world, &lambda, &event).await.acknowledged.len(), 1, "{kind}");
        let held = world.evidence().await.into_values().filter(|record| record["kind"] == "held").count();
        assert_eq!(held, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_ends_with_a_record_once_and_the_account_alone_is_blamed() {
    let world = World::new().await;
    world.remember_settings().await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let owned = [world.state_bucket(), world.evidence_bucket()];
    world.proxy.on_call(move |call| {
        let name = call.resource.as_deref().and_then(|name| name.split('/').next()).unwrap_or_default();
        let is_own = owned.iter().any(|own| own == name);
        (call.service == "s3" && !call.write && !is_own).then_some(Fault::Denied)
    });
    for _ in 0..3 {
        let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!((&run["outcome"], &run["check"]), (&"blocked".into(), &"access".into()), "{run:#}");
        assert!(run["evidence"].as_array().is_some_and(|keys| !keys.is_empty()), "{run:#}");
    }
    let records = world.evidence().await;
    assert_eq!(records.len(), 1, "one record for the same fault: {records:#?}");
}

/// Makes one call of the ledger return this error from now on.
fn break_at(world: &World, (bucket, operation): (&str, &'static str), (_, status, code): (&str, u16, &'static str)) {
    let bucket = if bucket == "state" { world.state_bucket() } else { world.evidence_bucket() };
    world.proxy.on_call(move |call| {
        let name = call.resource.as_deref().unwrap_or_default().split('/').next();
        let is_meant = name == Some(&bucket) && call.operation == operation;
        is_meant.then(|| Fault::Status(status, code.to_owned()))
    });
}

/// A call of the ledger, and how it fails.
type Cell = ((&'static str, &'static str), (&'static str, u16, &'static str));

/// Every call with one answer, each time another; all of them at the full depth.
fn cells() -> Vec<Cell> {
    let all = CALLS.iter().flat_map(|call| ANSWERS.iter().map(|answer| (*call, *answer)));
    let possible = all.filter(|(call, answer)| answer.1 != 412 || call.1 == "PutObject");
    possible.step_by(Depth::asked().of(5, 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_answered_only_when_it_is_stored() {
    for (call, answer) in cells() {
        let clinic = Clinic::open("approve").await;
        let bob = clinic.person("bob").await;
        let Waiting { plan, .. } = clinic.waiting().await;
        break_at(&clinic.world, call, answer);
        let told = bob.says(&["approve", &plan]).await;
        clinic.world.proxy.clear_faults();
        if !matches!(told, Answer::Done(_)) {
            bob.does(&["approve", &plan]).await;
        }
        let decided = clinic.world.state("ask/").await.keys().filter(|key| key.ends_with(".decision")).count();
        let evidence = clinic.world.evidence().await;
        let recorded = evidence.values().filter(|record| record["deed"] == "approves").count();
        assert!(decided == 1 && recorded >= 1, "{call:?} {answer:?}: {decided} decisions, {recorded} records");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sealer_answers_with_an_error_and_seals_everything_once_the_ledger_is_healed() {
    for (call, answer) in cells() {
        let vault = Vault::new().await;
        vault.make_anchor().await;
        vault.repair("a").await;
        vault.age(3).await;
        break_at(&vault.world, call, answer);
        let told = vault.sealer().invoke(b"{}").await;
        vault.world.proxy.clear_faults();
        let again = done(vault.sealer().invoke(b"{}").await);
        assert_eq!(again["due"], 0, "{call:?} {answer:?}: {again:#}");
        let is_whole = again["sealed"].as_array().is_some_and(|sealed| !sealed.is_empty());
        let was_whole = matches!(&told, Answer::Done(done) if done["due"] == 0);
        assert!(is_whole || was_whole || call.0 == "state", "{call:?} {answer:?}: {told:?}, {again:#}");
    }
}
