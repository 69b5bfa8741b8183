//! The two buckets on S3.

use std::cell::OnceCell;

use aws_sdk_s3::Client;
use remedy_domain::{AccountId, Call, Fault};
use remedy_engine::{LedgerBucket, Put, Store};

use crate::{
    objects::Bucket,
    session::{Connect as _, Session},
};

/// The calls of the ledger.
pub(crate) const CALLS: [Call; 3] =
    [Call::same("s3:GetObject"), Call::new("s3:ListObjectsV2", "s3:ListBucket"), Call::same("s3:PutObject")];

/// The two buckets on S3, owned by the function's own account.
#[derive(Debug)]
pub(crate) struct Buckets {
    session: Session,
    /// Made when it is first needed: a compliant run needs none.
    client: OnceCell<Client>,
    owner: AccountId,
    state: String,
    evidence: String,
}

impl Buckets {
    pub(crate) fn new(session: Session, owner: AccountId, state: String, evidence: String) -> Self {
        Self { session, client: OnceCell::new(), owner, state, evidence }
    }

    pub(crate) fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::connect(&self.session))
    }

    fn on(&self, shelf: LedgerBucket) -> Bucket<'_> {
        let name = match shelf {
            LedgerBucket::State => &self.state,
            LedgerBucket::Evidence => &self.evidence,
        };
        Bucket::new(self.client(), name, Some(&self.owner))
    }
}

/// Whatever the error of a call on the ledger, nothing is done that could not be stored: its faults give the delivery
/// back.
impl Store for Buckets {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        self.on(shelf).put_new(key, body).await.map_err(Fault::of_ledger)
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.on(LedgerBucket::State).put(key, body).await.map_err(Fault::of_ledger)
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.on(shelf).get(key).await.map_err(Fault::of_ledger)
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        self.on(shelf).list(prefix).await.map_err(Fault::of_ledger)
    }

    async fn list_after(&self, shelf: LedgerBucket, prefix: &str, after: &str) -> Result<Vec<String>, Fault> {
        let page = self.on(shelf).page(prefix, after).await.map_err(Fault::of_ledger)?;
        Ok(page.keys)
    }
}
