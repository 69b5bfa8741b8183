//! The objects of one bucket.

use aws_sdk_s3::{Client, operation::put_object::builders::PutObjectFluentBuilder, primitives::ByteStream};
use remedy_domain::{AccountId, Fault, canonical};
use remedy_engine::Put;

use crate::faults::{absent, fault};

/// A conditional write that collides with another is tried again this often.
const CONFLICTS: usize = 3;

/// The result of reading an object in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// All of it was read.
    Whole,
    /// There is no such object.
    Nothing,
    /// It is longer than the limit, and was not read.
    TooLarge,
}

/// Some keys of a bucket, in order.
#[derive(Debug, Clone, Default)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// Whether others follow.
    pub more: bool,
}

/// Facts that the versions of a bucket show, but not its latest objects.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// The keys with a delete marker.
    pub markers: Vec<String>,
    /// The keys with a version that is not the latest.
    pub older: Vec<String>,
}

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
    /// `412` may mean that the first try won and its answer was lost: the existing object is read and compared. If
    /// there is none, nothing was stored either.
    /// `409` means that another conditional write was under way: tried again.
    pub async fn put_new(&self, key: &str, body: &[u8]) -> Result<Put, Fault> {
        for _ in 0..CONFLICTS {
            match self.put_object(key, body).if_none_match("*").send().await {
                Ok(_) => return Ok(Put::Created),
                Err(error) if absent(&error, &["PreconditionFailed"]) => {
                    return Ok(if self.holds(key, body).await? { Put::Created } else { Put::Exists });
                }
                Err(error) if absent(&error, &["ConditionalRequestConflict"]) => {}
                Err(error) => return Err(fault("s3:PutObject", &error)),
            }
        }
        Err(Fault::transient("s3:PutObject", "ConditionalRequestConflict"))
    }

    /// Whether an existing object has these very bytes. A longer one is not read.
    async fn holds(&self, key: &str, body: &[u8]) -> Result<bool, Fault> {
        let (longest, mut there) = (u64::try_from(body.len()).unwrap_or(u64::MAX), Vec::new());
        let got = self.pieces(key, longest, &mut |piece| there.extend_from_slice(piece)).await?;
        if got == Got::Nothing {
            return Err(nothing_there());
        }
        Ok(got == Got::Whole && there == body)
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

    /// Gives an object to `take`, piece by piece, if it has at most `longest` bytes: so its length costs no memory.
    pub async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Got, Fault> {
        let request = self.client.get_object().bucket(self.name).key(key);
        let mut answer = match request.set_expected_bucket_owner(self.owner()).send().await {
            Ok(answer) => answer,
            Err(error) if absent(&error, &["NoSuchKey"]) => return Ok(Got::Nothing),
            Err(error) => return Err(fault("s3:GetObject", &error)),
        };
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if length.is_some_and(|length| length > longest) {
            return Ok(Got::TooLarge);
        }
        let broken = |_| Fault::transient("s3:GetObject", "broken-answer");
        while let Some(piece) = answer.body.try_next().await.map_err(broken)? {
            take(&piece);
        }
        Ok(Got::Whole)
    }

    /// The next keys that begin with a prefix and sort after `after`, a thousand at most.
    pub async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault> {
        let request = self.client.list_objects_v2().bucket(self.name).prefix(prefix);
        let request = request.set_start_after(Some(after.to_owned()).filter(|after| !after.is_empty()));
        let answer = request.set_expected_bucket_owner(self.owner()).send().await;
        let page = answer.map_err(|error| fault("s3:ListObjectsV2", &error))?;
        let keys = page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect();
        Ok(KeyPage { keys, more: page.is_truncated() == Some(true) })
    }

    /// The bucket's versions. Needs `s3:ListBucketVersions`.
    pub async fn versions(&self) -> Result<Versions, Fault> {
        let (mut found, mut from) = (Versions::default(), (None, None));
        loop {
            let request = self.client.list_object_versions().bucket(self.name).set_key_marker(from.0);
            let request = request.set_version_id_marker(from.1).set_expected_bucket_owner(self.owner());
            let page = request.send().await.map_err(|error| fault("s3:ListObjectVersions", &error))?;
            found.markers.extend(page.delete_markers().iter().filter_map(|marker| marker.key().map(str::to_owned)));
            let older = page.versions().iter().filter(|version| version.is_latest() == Some(false));
            found.older.extend(older.filter_map(|version| version.key().map(str::to_owned)));
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            from = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

/// A `412` although there is no object: somebody deleted it, or a delete marker hides it.
fn nothing_there() -> Fault {
    Fault::ledger(
        "PreconditionFailed-without-object",
        "look at the versions of the object: a delete marker may hide it",
    )
}
