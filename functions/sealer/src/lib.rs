//! `sealer`: seals each hour's evidence, closes attempts of crashed workers, and sends the notices that they left
//! unsent.
//!
//! It runs on a schedule, hourly. The event does not matter: the buckets show what is to be done.

mod anchor;
mod chain;
mod depot;
mod mark;
mod resume;
mod seal;
mod signer;
#[cfg(test)]
mod tests;
mod told;

use remedy_aws::{
    AwsPorts, InvocationError, describe,
    service::{Request, Service},
    telemetry::{self, Measure},
};
use remedy_domain::{Call, Fault};
use remedy_engine::{
    Clock as _, outbox,
    sweep::{self, Author},
};
use serde_json::{Value, json};

pub use depot::{Depot, Read};
pub use resume::Start;
pub use seal::{Run, Sealed, seal};
pub use signer::{KmsSigner, Signer};

/// The function's name.
pub const NAME: &str = "sealer";
/// The calls besides those of the ledger and notices.
const CALLS: [Call; 2] = [Call::same("kms:GetPublicKey"), Call::same("kms:Sign")];

/// The function.
#[derive(Debug, Clone, Copy)]
pub struct Sealer;

impl Service for Sealer {
    fn describe(&self) -> Value {
        describe::of_service(NAME, &[("seal", &CALLS)], &["REMEDY_SEAL_KEY"], &["REMEDY_ANCHOR_BUCKET"])
    }

    /// Each of the three errands is done, whatever becomes of the others; the first fault is answered.
    async fn invoked(&self, request: &Request<'_>) -> Result<Value, InvocationError> {
        let ports = request.ports;
        let author = Author { settings: None, cause: NAME, invocation: request.id };
        let (closed, no_closing) = parted(sweep::close_unseen(ports, &author).await);
        let (run, no_seal) = parted(seal_and_anchor(ports, &closed).await);
        let (told, no_notice) = parted(outbox::resend(ports).await);
        match [no_closing, no_seal, no_notice].into_iter().flatten().next() {
            Some(fault) => Err(fault.into()),
            None => Ok(json!({
                "sealed": run.sealed, "due": run.due, "closed": closed, "told": told, "genesis": run.genesis,
                "key": run.key,
            })),
        }
    }
}

fn parted<T: Default>(done: Result<T, Fault>) -> (T, Option<Fault>) {
    match done {
        Ok(done) => (done, None),
        Err(fault) => (T::default(), Some(fault)),
    }
}

async fn seal_and_anchor(ports: &AwsPorts, closed: &[String]) -> Result<Run, Fault> {
    let environment = ports.environment();
    let key = environment.seal_key.as_deref();
    let key = key.ok_or_else(|| Fault::rejected("seal", "no-seal-key", "set REMEDY_SEAL_KEY"))?;
    let signer = KmsSigner::new(aws_sdk_kms::Client::new(ports.session().config()), key);
    let run = match seal(ports, &signer, &environment.evidence_bucket, closed).await {
        Ok(run) => run,
        Err(fault) => {
            told::stopped(ports, &fault).await;
            return Err(fault);
        }
    };
    tell(ports, &run);
    told::start(ports, &run).await;
    if let (Some(bucket), Some(last)) = (&environment.anchor_bucket, run.last) {
        let first = run.sealed.first().map_or(last, |sealed| sealed.number);
        anchor::copy(ports, bucket, first, last).await?;
    }
    Ok(run)
}

fn tell(ports: &AwsPorts, run: &Run) {
    for sealed in &run.sealed {
        let hour = sealed.hour.to_string();
        tracing::info!(
            function = NAME,
            seal.number = sealed.number,
            seal.hour = hour,
            records = sealed.count,
            late = sealed.late,
            invalid = sealed.invalid,
            unreadable = sealed.unreadable,
            over = sealed.over,
            "sealed"
        );
    }
    let lag = Measure { metric: "SealLag", unit: "Count", value: run.due };
    telemetry::measure(NAME, ports.now(), &lag, &[]);
}
