//! The evidence bucket, for a reader who trusts none of its objects.

use remedy_aws::{
    AwsPorts,
    objects::{Bucket, Got, KeyPage},
};
use remedy_domain::{Fault, FaultKind};
use remedy_engine::Clock;
use remedy_evidence::{Reading, Why, name};

/// The maximum length that is read, in bytes: one such object takes seconds, not the whole run.
const LONGEST: u64 = 1 << 30;

/// The result of reading, or why it failed.
pub type Read<T> = Result<T, Why>;

/// The evidence bucket, for a reader who trusts none of its objects: in pages, and in pieces.
#[expect(async_fn_in_trait, reason = "an instance serves one invocation at a time, on one thread")]
pub trait Depot {
    /// The next keys that begin with a prefix and sort after `after`, a thousand at most.
    async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault>;

    /// Gives an object of at most `longest` bytes to `take`, piece by piece. A fault is one that a retry may help.
    async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Read<()>, Fault>;
}

/// Reads an object, and keeps no more of it than a record has.
pub(crate) async fn read(depot: &impl Depot, key: &str) -> Result<Read<Reading>, Fault> {
    let mut reading = Reading::default();
    let read = depot.pieces(key, LONGEST, &mut |piece| reading.take(piece)).await?;
    Ok(read.map(|()| reading))
}

/// The bytes of an object of at most `longest` bytes.
pub(crate) async fn fetch(depot: &impl Depot, key: &str, longest: u64) -> Result<Read<Vec<u8>>, Fault> {
    let mut bytes = Vec::new();
    let read = depot.pieces(key, longest, &mut |piece| bytes.extend_from_slice(piece)).await?;
    Ok(read.map(|()| bytes))
}

/// Ensures that the bucket may be read at all: a missing object must be gone, not denied. Otherwise every record would
/// be sealed as unreadable, and every seal considered foreign. Nobody can put an object at this key: it is new.
pub(crate) async fn assure_access(ports: &(impl Depot + Clock)) -> Result<(), Fault> {
    let nowhere = format!("{}{}", name::SEALS, ports.attempt()?);
    match fetch(ports, &nowhere, 0).await? {
        Err(Why::Denied | Why::Refused) => {
            let next =
                "let the sealer's role list the evidence bucket and get its objects; the next run seals what is due";
            Err(Fault::new(FaultKind::Denied, "s3:GetObject", "evidence-out-of-reach", next))
        }
        _ => Ok(()),
    }
}

impl Depot for AwsPorts {
    async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault> {
        evidence(self).page(prefix, after).await
    }

    async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Read<()>, Fault> {
        match evidence(self).pieces(key, longest, take).await {
            Ok(Got::Whole) => Ok(Ok(())),
            Ok(Got::Nothing) => Ok(Err(Why::Gone)),
            Ok(Got::TooLarge) => Ok(Err(Why::TooLarge)),
            Err(fault) => why(&fault).map_or(Err(fault), |why| Ok(Err(why))),
        }
    }
}

fn evidence(ports: &AwsPorts) -> Bucket<'_> {
    Bucket::new(ports.s3(), &ports.environment().evidence_bucket, Some(ports.own_account()))
}

/// The reason why an object cannot be read, if a retry changes nothing. Errors of KMS through S3 have names of KMS, and
/// some of these are transient.
fn why(fault: &Fault) -> Option<Why> {
    let goes_by = ["Throttl", "Unavailable", "Timeout", "Internal"].iter().any(|part| fault.code.contains(part));
    match fault.kind {
        FaultKind::Denied => Some(Why::Denied),
        _ if goes_by => None,
        FaultKind::Rejected => Some(Why::Refused),
        _ => fault.code.starts_with("KMS.").then_some(Why::Refused),
    }
}
