//! The operator and the sealer: the real ones, on the ports of a worker of the simulated world.

use std::rc::Rc;

use operator::{Courier, Desk, Refused};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use remedy_aws::{Sent, objects::KeyPage};
use remedy_domain::{AccountId, Fault, Mode, PlanId, canonical, request::Request, settings::Written};
use remedy_engine::{
    LedgerBucket, Own as _, Store as _,
    four_eyes::{self, Ahead, Deployment, Governing},
    outbox,
    sweep::{self, Author},
};
use remedy_evidence::{Archive, PublicKey, Why, verify};
use remedy_testkit::people;
use sealer::{Depot, Read, Signer};
use serde_json::Value;

use crate::{
    Invariant, Planted,
    ports::Hands,
    queue::{Dispatch, End},
    world::World,
};

/// The name of the evidence bucket.
const ORIGIN: &str = "evidence";
/// A page of a listing has so many keys.
const PAGE: usize = 1000;

/// The settings in force, as every function reads them first.
pub(crate) async fn governing(hands: &Hands, document: Rc<Written>) -> Result<Governing, Fault> {
    let account = hands.home();
    let deployed = async { Ok(Written::clone(&document)) };
    four_eyes::governing(hands, &deployment(&account), deployed, Ahead::Opening).await
}

fn deployment(account: &AccountId) -> Deployment<'_> {
    Deployment { account, environment: Mode::Observe }
}

/// Somebody, whose identity is proven, asks something of the operator.
pub(crate) async fn operate(hands: &Hands, governing: &Governing, by: &str, request: &Request) -> End {
    let (account, actor) = (hands.home(), people::person(by));
    // The host logs a fault of this, and goes on.
    let _ = four_eyes::adopt(hands, &deployment(&account), governing).await;
    let id = canonical::sha256_hex(format!("request of worker {}", hands.worker()).as_bytes());
    let desk = Desk {
        ports: hands,
        settings: &governing.written.settings,
        deployed: &governing.deployed,
        environment: Mode::Observe,
        actor: &actor,
        request: &id,
    };
    match desk.serve(request).await {
        Ok(_) => End::Done,
        // The person tries again.
        Err(Refused::Failed(_)) => End::GivenBack,
        Err(refused) => {
            hands.say(|| format!("{by} is refused: {refused}"));
            End::Refused
        }
    }
}

impl Courier for Hands {
    async fn send(&self, _: &str, event: &Value) -> Result<Sent, Fault> {
        let plan = |pointer| event.pointer(pointer).and_then(Value::as_str).and_then(|plan| PlanId::parse(plan).ok());
        let approved = plan("/approved/plan").map(|plan| Dispatch::Approved { plan });
        let errand = approved.or_else(|| plan("/revert/plan").map(|plan| Dispatch::Undo { plan }));
        let errand = errand.expect("the operator sends one of these");
        let send = move |world: &mut World| world.send(errand.clone(), std::time::Duration::from_secs(1));
        self.call("sqs:SendMessage", send).await.map(|()| Sent::Queued)
    }
}

/// An hour of the sealer: it closes what nobody looked at, seals, and sends what was not sent.
pub(crate) async fn seal(hands: &Hands) -> End {
    let invocation = format!("worker {}", hands.worker());
    let author = Author { settings: None, cause: "sealer", invocation: &invocation };
    let closed = sweep::close_unseen(hands, &author).await;
    let sealed = sealer::seal(hands, hands, ORIGIN, closed.as_deref().unwrap_or_default()).await;
    if let Ok(run) = &sealed {
        hands.say(|| format!("{} hours are sealed", run.sealed.len()));
    }
    let told = outbox::resend(hands).await;
    match [closed.err(), sealed.err(), told.err()].into_iter().flatten().next() {
        Some(fault) => {
            hands.say(|| format!("the sealer fails: {fault}"));
            End::GivenBack
        }
        None => End::Done,
    }
}

impl Depot for Hands {
    async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault> {
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        self.call("evidence:List", move |world| world.page(&prefix, &after)).await
    }

    async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Read<()>, Fault> {
        let Some(bytes) = self.get(LedgerBucket::Evidence, key).await? else { return Ok(Err(Why::Gone)) };
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > longest {
            return Ok(Err(Why::TooLarge));
        }
        take(&bytes);
        Ok(Ok(()))
    }
}

fn signing_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).expect("a number below the order of the curve")
}

fn public_key() -> PublicKey {
    let der = signing_key().verifying_key().to_public_key_der().expect("a key on the curve");
    PublicKey::from_der(der.as_bytes()).expect("a key on P-256")
}

impl Signer for Hands {
    async fn public_key(&self) -> Result<PublicKey, Fault> {
        self.call("kms:GetPublicKey", |_| public_key()).await
    }

    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let text = text.to_owned();
        let sign = move |_: &mut World| {
            let signature: Signature = signing_key().sign(text.as_bytes());
            signature.to_der().as_bytes().to_vec()
        };
        self.call("kms:Sign", sign).await
    }
}

impl World {
    /// The keys of the evidence bucket after `after`, a page of them.
    fn page(&self, prefix: &str, after: &str) -> KeyPage {
        let within = self.on(LedgerBucket::Evidence, prefix).filter(|key| *key > after);
        let mut keys: Vec<_> = within.map(str::to_owned).collect();
        if self.planted == Some(Planted::RecordUnlisted) {
            keys.retain(|key| !key.contains("-intent-"));
        }
        let more = keys.len() > PAGE;
        keys.truncate(PAGE);
        KeyPage { keys, more }
    }

    /// Checks the sealed evidence as an auditor does.
    pub(crate) fn check_sealed(&mut self) {
        let mut archive = Archive::default();
        let evidence = self.objects.iter().filter(|((shelf, _), _)| *shelf == LedgerBucket::Evidence);
        for ((_, key), object) in evidence {
            archive.add(key, &object.body);
        }
        let report = verify(&archive, &[public_key()], None, self.now);
        self.tally.sealed += report.sealed;
        if let Some(finding) = report.findings.first() {
            self.broke(Invariant::Sealed, format!("{} findings, the first: {finding:?}", report.findings.len()));
        } else if report.manifests == 0 {
            self.broke(Invariant::Sealed, "nothing is sealed".to_owned());
        }
    }
}
