//! The two buckets on S3.

use std::cell::OnceCell;

use aws_sdk_s3::{Client, operation::put_object::builders::PutObjectFluentBuilder, primitives::ByteStream};
use remedy_domain::{AccountId, Call, Fault, canonical};
use remedy_engine::{Put, Shelf, Store};

use crate::{
    faults::{absent, fault},
    session::{Connect as _, Session},
};

/// The calls of the ledger.
pub(crate) const CALLS: [Call; 3] =
    [Call::same("s3:GetObject"), Call::new("s3:ListObjectsV2", "s3:ListBucket"), Call::same("s3:PutObject")];

/// A conditional write that collides with another is tried again this often.
const CONFLICTS: usize = 3;

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

    fn bucket(&self, shelf: Shelf) -> &str {
        match shelf {
            Shelf::State => &self.state,
            Shelf::Evidence => &self.evidence,
        }
    }

    fn put_object(&self, shelf: Shelf, key: &str, body: &[u8]) -> PutObjectFluentBuilder {
        self.client()
            .put_object()
            .bucket(self.bucket(shelf))
            .key(key)
            .expected_bucket_owner(self.owner.as_str())
            .checksum_sha256(canonical::sha256_base64(body))
            .content_type("application/json")
            .body(ByteStream::from(body.to_vec()))
    }
}

impl Store for Buckets {
    /// `412` may mean that our own first try won and its answer was lost: what is there is read back and compared.
    /// `409` means that another conditional write was under way: tried again.
    async fn put_new(&self, shelf: Shelf, key: &str, body: &[u8]) -> Result<Put, Fault> {
        for _ in 0..CONFLICTS {
            match self.put_object(shelf, key, body).if_none_match("*").send().await {
                Ok(_) => return Ok(Put::Created),
                Err(error) if absent(&error, &["PreconditionFailed"]) => {
                    let ours = self.get(shelf, key).await?.as_deref() == Some(body);
                    return Ok(if ours { Put::Created } else { Put::Exists });
                }
                Err(error) if absent(&error, &["ConditionalRequestConflict"]) => {}
                Err(error) => return Err(fault("s3:PutObject", &error)),
            }
        }
        Err(Fault::transient("s3:PutObject", "ConditionalRequestConflict"))
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        let sent = self.put_object(Shelf::State, key, body).send().await;
        sent.map(|_| ()).map_err(|error| fault("s3:PutObject", &error))
    }

    async fn get(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let request = self.client().get_object().bucket(self.bucket(shelf)).key(key);
        let answer = match request.expected_bucket_owner(self.owner.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if absent(&error, &["NoSuchKey"]) => return Ok(None),
            Err(error) => return Err(fault("s3:GetObject", &error)),
        };
        let body = answer.body.collect().await.map_err(|_| Fault::transient("s3:GetObject", "broken-answer"))?;
        Ok(Some(body.to_vec()))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let (mut keys, mut from) = (Vec::new(), None);
        loop {
            let request =
                self.client().list_objects_v2().bucket(&self.state).prefix(prefix).set_continuation_token(from);
            let answer = request.expected_bucket_owner(self.owner.as_str()).send().await;
            let page = answer.map_err(|error| fault("s3:ListObjectsV2", &error))?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            from = page.next_continuation_token().map(str::to_owned);
            if from.is_none() {
                keys.sort_unstable();
                return Ok(keys);
            }
        }
    }
}
