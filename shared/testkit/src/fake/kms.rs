//! KMS: keys, their states, and how they end.

mod alias;
mod policy;
mod rotation;
mod tags;

use remedy_domain::Timestamp;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Answered, Refusal, page},
    call::Call,
    dialect::Dialect,
    service::Service,
    state::{Cloud, Tags},
};

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) arn: String,
    pub(super) spec: String,
    pub(super) usage: String,
    pub(super) origin: String,
    pub(super) multi: Multi,
    pub(super) by_aws: bool,
    pub(super) store: Option<String>,
    pub(super) state: State,
    pub(super) policy: String,
    /// Whether rotation is on, and how often.
    pub(super) rotation: Option<i64>,
    pub(super) tags: Tags,
}

/// Its place among copies in several Regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Multi {
    None,
    Primary,
    Replica,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Enabled,
    Disabled,
    PendingDeletion(Timestamp),
    PendingReplicaDeletion,
    PendingImport,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion(_) => "PendingDeletion",
            Self::PendingReplicaDeletion => "PendingReplicaDeletion",
            Self::PendingImport => "PendingImport",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::PendingDeletion(_) => "pending deletion",
            Self::PendingReplicaDeletion => "pending replica deletion",
            Self::PendingImport => "pending import",
        }
    }

    fn is_dying(self) -> bool {
        matches!(self, Self::PendingDeletion(_) | Self::PendingReplicaDeletion)
    }
}

pub(super) static SERVICE: Service =
    Service::by_hand("kms", Dialect::Json { target: "TrentService", outage: "KMSInternalException" }, answer);

fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let input = call.json();
    match call.operation.as_str() {
        "CreateKey" => return create(cloud, call, account, &input),
        "ListKeys" => return Ok(list(cloud, call, account, &input)),
        "ReplicateKey" => return replicate(cloud, call, account, &input),
        "ListResourceTags" => return tags::list(cloud, call, account, &input),
        "CreateAlias" => return alias::create(cloud, call, account, &input),
        _ => {}
    }
    let replicas = replicas(cloud, account, &input);
    let (id, key) = find(cloud, call, account, &input)?;
    match call.operation.as_str() {
        "DescribeKey" => Ok(Answer::json(&json!({"KeyMetadata": key.describe(account, &id)}))),
        "EnableKey" | "DisableKey" => key.switch(call.operation == "EnableKey"),
        "ScheduleKeyDeletion" => key.schedule(&input, replicas, now),
        "CancelKeyDeletion" => key.cancel(),
        "TagResource" => tags::put(key, &input),
        "GetKeyPolicy" | "PutKeyPolicy" => policy::answer(key, call, account, &input),
        _ => rotation::answer(key, call, &input),
    }
}

fn create(cloud: &mut Cloud, call: &Call, account: &str, input: &Value) -> Answered {
    let text = |name: &str, otherwise: &str| input[name].as_str().unwrap_or(otherwise).to_owned();
    let is_multi = input["MultiRegion"] == true;
    let key = Key {
        spec: text("KeySpec", "SYMMETRIC_DEFAULT"),
        usage: text("KeyUsage", "ENCRYPT_DECRYPT"),
        origin: text("Origin", "AWS_KMS"),
        multi: if is_multi { Multi::Primary } else { Multi::None },
        ..fresh()
    };
    let id = new_id(cloud, is_multi);
    let key = Key { state: if key.origin == "EXTERNAL" { State::PendingImport } else { State::Enabled }, ..key };
    Ok(Answer::json(&json!({"KeyMetadata": add(cloud, account, &call.region, &id, key).describe(account, &id)})))
}

/// A symmetric key of the customer.
pub(super) fn fresh() -> Key {
    Key {
        arn: String::new(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        usage: "ENCRYPT_DECRYPT".to_owned(),
        origin: "AWS_KMS".to_owned(),
        multi: Multi::None,
        by_aws: false,
        store: None,
        state: State::Enabled,
        policy: String::new(),
        rotation: None,
        tags: Tags::new(),
    }
}

pub(super) fn new_id(cloud: &mut Cloud, is_multi: bool) -> String {
    let serial = cloud.serial();
    if is_multi { format!("mrk-{serial:032x}") } else { format!("00000000-0000-4000-8000-{serial:012x}") }
}

/// Adds a key under an id.
pub(super) fn add<'a>(cloud: &'a mut Cloud, account: &str, region: &str, id: &str, key: Key) -> &'a Key {
    let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
    let place = (region.to_owned(), id.to_owned());
    let policy = if key.policy.is_empty() { policy::default(account) } else { key.policy };
    cloud.account(account).keys.entry(place).insert_entry(Key { arn, policy, ..key }).into_mut()
}

fn replicate(cloud: &mut Cloud, call: &Call, account: &str, input: &Value) -> Answered {
    let (id, key) = find(cloud, call, account, input)?;
    if key.multi != Multi::Primary {
        return Err(Refusal::new(400, "UnsupportedOperationException", "the key is not a multi-Region primary key"));
    }
    let region = input["ReplicaRegion"].as_str().unwrap_or_default().to_owned();
    let replica = Key { multi: Multi::Replica, rotation: None, tags: Tags::new(), ..key.clone() };
    let made = add(cloud, account, &region, &id, replica).describe(account, &id);
    Ok(Answer::json(&json!({"ReplicaKeyMetadata": made})))
}

/// Whether the key of a request has copies in other Regions.
fn replicas(cloud: &mut Cloud, account: &str, input: &Value) -> bool {
    let id = id_of(input);
    cloud.account(account).keys.iter().any(|((_, other), key)| *other == id && key.multi == Multi::Replica)
}

fn list(cloud: &mut Cloud, call: &Call, account: &str, input: &Value) -> Answer {
    let asked = input["Limit"].as_u64().and_then(|asked| usize::try_from(asked).ok());
    let size = cloud.page_size(asked, 100);
    let keys = &cloud.account(account).keys;
    let here = keys.iter().filter(|((region, _), _)| *region == call.region);
    let all: Vec<_> = here.map(|((_, id), key)| (id.clone(), key.arn.clone())).collect();
    let (some, next) = page(&all, input["Marker"].as_str(), size);
    let keys: Vec<_> = some.iter().map(|(id, arn)| json!({"KeyId": id, "KeyArn": arn})).collect();
    let mut answer = json!({"Keys": keys, "Truncated": next.is_some()});
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Answer::json(&answer)
}

fn id_of(input: &Value) -> String {
    let said = input["KeyId"].as_str().unwrap_or_default();
    said.rsplit(":key/").next().unwrap_or_default().to_owned()
}

fn find<'a>(cloud: &'a mut Cloud, call: &Call, account: &str, input: &Value) -> Result<(String, &'a mut Key), Refusal> {
    let said = input["KeyId"].as_str().unwrap_or_default();
    if said.starts_with("arn:") && !said.contains(":kms:") {
        return Err(Refusal::new(400, "InvalidArnException", format!("Invalid arn {said}")));
    }
    let region = call.region.clone();
    let id = alias::meant(cloud, call, account, said).unwrap_or_else(|| id_of(input));
    let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
    let missing = || Refusal::new(400, "NotFoundException", format!("Key '{arn}' does not exist"));
    let key = cloud.account(account).keys.get_mut(&(region, id.clone())).ok_or_else(missing)?;
    Ok((id, key))
}

impl Key {
    fn describe(&self, account: &str, id: &str) -> Value {
        let mut metadata = json!({
            "AWSAccountId": account, "KeyId": id, "Arn": self.arn, "CreationDate": 1_767_225_600,
            "Enabled": self.state == State::Enabled, "KeyUsage": self.usage, "KeyState": self.state.word(),
            "Origin": self.origin, "KeyManager": if self.by_aws { "AWS" } else { "CUSTOMER" },
            "KeySpec": self.spec, "MultiRegion": self.multi != Multi::None,
        });
        if self.multi != Multi::None {
            let place = if self.multi == Multi::Primary { "PRIMARY" } else { "REPLICA" };
            metadata["MultiRegionConfiguration"] = json!({"MultiRegionKeyType": place});
        }
        if let Some(store) = &self.store {
            metadata["CustomKeyStoreId"] = store.as_str().into();
        }
        if let State::PendingDeletion(at) = self.state {
            metadata["DeletionDate"] = at.as_second().into();
        }
        metadata
    }

    fn switch(&mut self, on: bool) -> Answered {
        self.owned()?;
        if !matches!(self.state, State::Enabled | State::Disabled) {
            return Err(self.in_the_way());
        }
        self.state = if on { State::Enabled } else { State::Disabled };
        Ok(Answer::json(&json!({})))
    }

    fn schedule(&mut self, input: &Value, has_replicas: bool, now: Timestamp) -> Answered {
        self.owned()?;
        let days = input["PendingWindowInDays"].as_u64().unwrap_or(30);
        if self.state.is_dying() {
            return Err(self.in_the_way());
        }
        if !(7..=30).contains(&days) {
            return Err(Refusal::new(400, "ValidationException", "PendingWindowInDays must be between 7 and 30"));
        }
        let at = now + std::time::Duration::from_secs(days * 86_400);
        let waits = self.multi == Multi::Primary && has_replicas;
        self.state = if waits { State::PendingReplicaDeletion } else { State::PendingDeletion(at) };
        Ok(Answer::json(&json!({"KeyId": self.arn, "KeyState": self.state.word(), "PendingWindowInDays": days})))
    }

    /// The key is disabled afterwards.
    fn cancel(&mut self) -> Answered {
        self.owned()?;
        if !self.state.is_dying() {
            let message = format!("{} is not pending deletion.", self.arn);
            return Err(Refusal::new(400, "KMSInvalidStateException", message));
        }
        self.state = State::Disabled;
        Ok(Answer::json(&json!({"KeyId": self.arn})))
    }

    /// Nobody but AWS changes the keys of AWS.
    fn owned(&self) -> Result<(), Refusal> {
        let denied = || Refusal::new(400, "AccessDeniedException", "the key is managed by AWS");
        if self.by_aws { Err(denied()) } else { Ok(()) }
    }

    fn in_the_way(&self) -> Refusal {
        Refusal::new(400, "KMSInvalidStateException", format!("{} is {}.", self.arn, self.state.in_words()))
    }
}
