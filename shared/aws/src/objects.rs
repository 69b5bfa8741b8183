//! The objects of one bucket.

use aws_sdk_s3::{Client, operation::put_object::builders::PutObjectFluentBuilder, primitives::ByteStream};
use remedy_domain::{AccountId, Fault, canonical};
use remedy_engine::Put;

use crate::faults::{absent, fault};

/// A conditional write that collides with another is tried again this often.
const CONFLICTS: usize = 3;

/// One bucket, on S3.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    client: &'a Client,
    name: &'a str,
    owner: Option<&'a AccountId>,
}

impl<'a> Bucket<'a> {
    /// A bucket of this name. Where `owner` is given, AWS refuses calls to another account's bucket of the name.
    #[must_use]
    pub fn new(client: &'a Client, name: &'a str, owner: Option<&'a AccountId>) -> Self {
        Self { client, name, owner }
    }

    fn owner(&self) -> Option<String> {
        self.owner.map(|owner| owner.as_str().to_owned())
    }

    fn put_object(&self, key: &str, body: &[u8]) -> PutObjectFluentBuilder {
        self.client
            .put_object()
            .bucket(self.name)
            .key(key)
            .set_expected_bucket_owner(self.owner())
            .checksum_sha256(canonical::sha256_base64(body))
            .content_type("application/json")
            .body(ByteStream::from(body.to_vec()))
    }

    /// Creates an object that must not exist yet.
    ///
    /// `412` may mean that our own first try won and its answer was lost: what is there is read back and compared.
    /// `409` means that another conditional write was under way: tried again.
    pub async fn put_new(&self, key: &str, body: &[u8]) -> Result<Put, Fault> {
        for _ in 0..CONFLICTS {
            match self.put_object(key, body).if_none_match("*").send().await {
                Ok(_) => return Ok(Put::Created),
                Err(error) if absent(&error, &["PreconditionFailed"]) => {
                    let ours = self.get(key).await?.as_deref() == Some(body);
                    return Ok(if ours { Put::Created } else { Put::Exists });
                }
                Err(error) if absent(&error, &["ConditionalRequestConflict"]) => {}
                Err(error) => return Err(fault("s3:PutObject", &error)),
            }
        }
        Err(Fault::transient("s3:PutObject", "ConditionalRequestConflict"))
    }

    /// Creates or replaces an object.
    pub async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        let sent = self.put_object(key, body).send().await;
        sent.map(|_| ()).map_err(|error| fault("s3:PutObject", &error))
    }

    /// Reads an object, if there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let request = self.client.get_object().bucket(self.name).key(key);
        let answer = match request.set_expected_bucket_owner(self.owner()).send().await {
            Ok(answer) => answer,
            Err(error) if absent(&error, &["NoSuchKey"]) => return Ok(None),
            Err(error) => return Err(fault("s3:GetObject", &error)),
        };
        let body = answer.body.collect().await.map_err(|_| Fault::transient("s3:GetObject", "broken-answer"))?;
        Ok(Some(body.to_vec()))
    }

    /// The keys that begin with a prefix, sorted, all of them.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let (mut keys, mut from) = (Vec::new(), None);
        loop {
            let request = self.client.list_objects_v2().bucket(self.name).prefix(prefix).set_continuation_token(from);
            let answer = request.set_expected_bucket_owner(self.owner()).send().await;
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
