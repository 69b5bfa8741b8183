//! AWS KMS as the fake AWS of the tests answers it: keys, their states, and what KMS refuses.

mod life;
mod policy;
mod rotation;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering};

use remedy_testkit::{
    fake::{
        Dialect, Kind, List, Member, Pages, Refusal, Refused, Request, Row, Scope, Service, Spelling, Tagging, members,
        refuse_unless,
    },
    laws::TestAccount,
};
use serde_json::{Map, Value, json};

use crate::{
    life::{can_end, cancel, disable, enable, end, is_ending, is_lasting, is_settled},
    policy::{get_policy, is_default, keeps_a_way_in, put_policy},
    rotation::{is_enabled, is_symmetric, lasts_long_enough, rotate, rotates, status, stop},
};

/// The service.
pub static KMS: Service = Service::of(
    "kms",
    Dialect::Json { target: "TrentService", outage: "KMSInternalException" },
    &[
        Row::create("CreateKey", &KEY),
        Row::create("CreateAlias", &ALIAS).refused_by(&[is_an_alias]),
        Row::list("ListKeys", &KEY, KEYS),
        Row::call("DescribeKey", None, describe),
        Row::call("ReplicateKey", Some(&KEY), replicate),
        Row::call("EnableKey", Some(&KEY), enable).refused_by(&[is_the_customers, is_settled]),
        Row::call("DisableKey", Some(&KEY), disable).refused_by(&[is_the_customers, is_settled]),
        Row::call("ScheduleKeyDeletion", Some(&KEY), end).refused_by(&[is_the_customers, is_lasting, can_end]),
        Row::call("CancelKeyDeletion", Some(&KEY), cancel).refused_by(&[is_the_customers, is_ending]),
        Row::items("ListResourceTags", &KEY, TAGS),
        Row::tag("TagResource", TAGGING).refused_by(&[is_the_customers, is_lasting]),
        Row::call("GetKeyPolicy", Some(&KEY), get_policy).refused_by(&[is_default]),
        Row::call("PutKeyPolicy", Some(&KEY), put_policy).refused_by(&[is_default, is_the_customers, keeps_a_way_in]),
        Row::call("GetKeyRotationStatus", Some(&KEY), status).refused_by(&[is_symmetric]),
        Row::call("EnableKeyRotation", Some(&KEY), rotate).refused_by(&[
            is_the_customers,
            is_symmetric,
            is_enabled,
            rotates,
            lasts_long_enough,
        ]),
        Row::call("DisableKeyRotation", Some(&KEY), stop).refused_by(&[
            is_the_customers,
            is_symmetric,
            is_enabled,
            rotates,
        ]),
    ],
);

/// A key. Beside its metadata it has `policy`, `rotation` (how often, in days) and `Tags`.
pub static KEY: Kind = Kind {
    service: "kms",
    arn: "key/",
    named_by: "KeyId",
    id: "KeyId",
    spelling: Spelling::Exact,
    shown_as: "KeyMetadata",
    scope: Scope::Region,
    missing: Refused(400, "NotFoundException", "The key does not exist"),
    exists: Refused(400, "AlreadyExistsException", "The key exists"),
    members: &[
        Member::any("KeySpec"),
        Member::any("KeyUsage"),
        Member::any("MultiRegion"),
        Member::any("Origin"),
        Member::any("Policy").shown("policy"),
        Member::any("Tags"),
    ],
    window: None,
    fresh: key,
};

/// A name of a key: `alias/…`.
pub static ALIAS: Kind = Kind {
    service: "kms",
    arn: "alias/",
    named_by: "AliasName",
    id: "AliasName",
    spelling: Spelling::Exact,
    shown_as: "",
    scope: Scope::Region,
    missing: Refused(400, "NotFoundException", "The alias does not exist"),
    exists: Refused(400, "AlreadyExistsException", "An alias with this name already exists"),
    members: &[Member::any("TargetKeyId")],
    window: None,
    fresh: |_| Ok(Map::new()),
};

const MARKER: Pages = Pages { from: "Marker", size: "Limit", next: "NextMarker", usual: 100 };
const KEYS: List = List { shown: "Keys", filters: &[], pages: MARKER };
const TAGS: List = List { shown: "Tags", filters: &[], pages: Pages { usual: 50, ..MARKER } };

const TAGGING: Tagging = Tagging {
    kinds: &[&KEY],
    named_by: "KeyId",
    attribute: "Tags",
    tags: "Tags",
    keys: "TagKeys",
    names: ["TagKey", "TagValue"],
};

/// A key that AWS manages, such as `aws/s3`. Returns its id; nothing where no call makes one and the stage cannot.
#[must_use]
pub fn key_of_aws(stage: &TestAccount) -> Option<String> {
    plant(stage, json!({"KeyManager": "AWS", "rotation": 365}))
}

/// A key in a custom key store. Returns its id; nothing where the stage cannot make one.
#[must_use]
pub fn key_in_custom_store(stage: &TestAccount) -> Option<String> {
    plant(stage, json!({"CustomKeyStoreId": "cks-1234567890abcdef0", "Origin": "AWS_CLOUDHSM"}))
}

fn plant(stage: &TestAccount, special: Value) -> Option<String> {
    static SERIAL: AtomicU32 = AtomicU32::new(1);
    let id = format!("00000000-0000-4000-9000-{:012x}", SERIAL.fetch_add(1, Ordering::Relaxed));
    let mut key = fresh(stage.account.as_str(), stage.region.as_str(), &id);
    key.extend(members(special));
    stage.set(&KEY, &id, key.into()).then_some(id)
}

/// A symmetric key of the customer.
fn fresh(account: &str, region: &str, id: &str) -> Map<String, Value> {
    let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
    members(json!({
        "AWSAccountId": account, "KeyId": id, "Arn": arn, "KeyArn": arn, "CreationDate": 1_767_225_600,
        "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": false, "Origin": "AWS_KMS",
        "policy": policy::default(account), "rotation": null, "Tags": [],
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "resources are made by functions of one type")]
fn key(request: &mut Request<'_>) -> Result<Map<String, Value>, Refusal> {
    let (serial, is_multi) = (request.serial(), request.input["MultiRegion"] == true);
    let id = if is_multi { format!("mrk-{serial:032x}") } else { format!("00000000-0000-4000-8000-{serial:012x}") };
    let mut key = fresh(request.account, request.region, &id);
    if request.text("Origin") == "EXTERNAL" {
        key.insert("KeyState".to_owned(), "PendingImport".into());
    }
    if is_multi {
        key.insert("MultiRegionConfiguration".to_owned(), json!({"MultiRegionKeyType": "PRIMARY"}));
    }
    Ok(key)
}

/// Of all calls about a key, only this one takes an alias here; most take none at AWS.
fn describe(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let said = request.text("KeyId");
    if said.starts_with("arn:") && !said.contains(":kms:") {
        return Err(Refusal::new(400, "InvalidArnException", format!("Invalid arn {said}")));
    }
    let name = said.strip_prefix("alias/").or_else(|| said.split_once(":alias/").map(|(_, name)| name));
    let id = match name {
        Some(name) => {
            let alias = request.other(&ALIAS, &format!("alias/{name}"));
            alias.and_then(|alias| alias.get("TargetKeyId")?.as_str()).unwrap_or_default()
        }
        None => said.rsplit(":key/").next().unwrap_or_default(),
    };
    let key = request.other(&KEY, id).ok_or(KEY.missing)?;
    Ok(json!({"KeyMetadata": metadata(key)}))
}

/// A key as KMS describes it.
fn metadata(key: &Map<String, Value>) -> Value {
    let mut shown = key.clone();
    for own in ["KeyArn", "policy", "rotation", "Tags"] {
        shown.remove(own);
    }
    shown.insert("Enabled".to_owned(), json!(key.get("KeyState").is_some_and(|state| state == "Enabled")));
    shown.into()
}

fn replicate(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let is_primary = request.attribute("MultiRegionConfiguration")["MultiRegionKeyType"] == "PRIMARY";
    let not = Refused(400, "UnsupportedOperationException", "the key is not a multi-Region primary key");
    refuse_unless(is_primary, not)?;
    let (region, mut replica) = (request.text("ReplicaRegion").to_owned(), request.attributes());
    let id = request.attribute("KeyId").as_str().unwrap_or_default().to_owned();
    let arn = format!("arn:aws:kms:{region}:{}:key/{id}", request.account);
    let place = json!({"MultiRegionKeyType": "REPLICA"});
    replica.extend(members(json!({
        "Arn": arn, "KeyArn": arn, "MultiRegionConfiguration": place, "rotation": null, "Tags": [],
    })));
    let shown = metadata(&replica);
    request.put(&KEY, &region, &id, replica);
    Ok(json!({"ReplicaKeyMetadata": shown}))
}

fn is_an_alias(request: &Request<'_>) -> Result<(), Refusal> {
    let name = request.text("AliasName");
    let message = "an alias begins with alias/ and not with alias/aws/";
    let fits = name.starts_with("alias/") && !name.starts_with("alias/aws/");
    refuse_unless(fits, Refused(400, "InvalidAliasNameException", message))
}

/// Nobody but AWS changes the keys of AWS.
fn is_the_customers(request: &Request<'_>) -> Result<(), Refusal> {
    let denied = Refused(400, "AccessDeniedException", "the key is managed by AWS");
    refuse_unless(request.attribute("KeyManager") == "CUSTOMER", denied)
}
