//! The versions of managed policies.

use remedy_domain::Timestamp;

use super::{
    Account, Answer, Answered, Call, Cloud, Managed, Refusal, done, encoded, is_set, no_such,
    pages::{self, Item},
    policies::{self, Version},
    text,
};

/// The most versions of a policy.
const MOST: usize = 5;

/// Whether an answer shows the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Whole,
    Bare,
}

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "CreatePolicyVersion" => create(cloud.account(account), call, now),
        "GetPolicyVersion" => get(cloud.account(account), call),
        "ListPolicyVersions" => list(cloud, call, account),
        "SetDefaultPolicyVersion" => set_default(cloud.account(account), call, now),
        "DeletePolicyVersion" => delete(cloud.account(account), call, now),
        _ => return None,
    })
}

fn create(account: &mut Account, call: &Call, now: Timestamp) -> Answered {
    let (policy, document) = (policies::own(account, call)?, text(call, "PolicyDocument"));
    policies::check_document(&document)?;
    if policy.versions.len() >= MOST {
        let message = format!(
            "A managed policy can have up to {MOST} versions. Before you create a new version, you must delete an existing version."
        );
        return Err(Refusal::new(409, "LimitExceeded", message));
    }
    policy.last += 1;
    policy.versions.insert(policy.last, Version { document, since: now });
    policy.updated = now;
    if is_set(call, "SetAsDefault") {
        policy.default = policy.last;
    }
    let xml = xml(policy, policy.last, Shown::Bare);
    Ok(Answer::query("CreatePolicyVersion", &format!("<PolicyVersion>{xml}</PolicyVersion>")))
}

fn get(account: &Account, call: &Call) -> Answered {
    let policy = policies::find(account, &text(call, "PolicyArn"))?;
    let xml = xml(&policy, number(&policy, call)?, Shown::Whole);
    Ok(Answer::query("GetPolicyVersion", &format!("<PolicyVersion>{xml}</PolicyVersion>")))
}

/// The newest come first.
fn list(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let policy = policies::find(cloud.account(account), &text(call, "PolicyArn"))?;
    let item = |number: &u32| -> Item {
        (format!("{:010}", u32::MAX - number), ("Versions", xml(&policy, *number, Shown::Bare)))
    };
    let items = policy.versions.keys().map(item).collect();
    Ok(pages::answer(cloud, call, "", &["Versions"], items))
}

fn set_default(account: &mut Account, call: &Call, now: Timestamp) -> Answered {
    let policy = policies::own(account, call)?;
    policy.default = number(policy, call)?;
    policy.updated = now;
    done(call)
}

fn delete(account: &mut Account, call: &Call, now: Timestamp) -> Answered {
    let policy = policies::own(account, call)?;
    let number = number(policy, call)?;
    if number == policy.default {
        return Err(Refusal::new(409, "DeleteConflict", "Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    policy.updated = now;
    done(call)
}

/// The number of the version that a call names.
fn number(policy: &Managed, call: &Call) -> Result<u32, Refusal> {
    let id = text(call, "VersionId");
    let Some(number) = id.strip_prefix('v').and_then(|number| number.parse().ok()) else {
        let message = format!("Value '{id}' at 'versionId' failed to satisfy constraint: v[1-9][0-9]*");
        return Err(Refusal::new(400, "ValidationError", message));
    };
    let missing = || no_such(&format!("Policy {} version {id} does not exist or is not attachable.", policy.arn));
    policy.versions.contains_key(&number).then_some(number).ok_or_else(missing)
}

/// What an answer says of a version.
pub(super) fn xml(policy: &Managed, number: u32, shown: Shown) -> String {
    let Version { document, since } = &policy.versions[&number];
    let document = match shown {
        Shown::Whole => format!("<Document>{}</Document>", encoded(document)),
        Shown::Bare => String::new(),
    };
    let is_default = number == policy.default;
    format!(
        "{document}<VersionId>v{number}</VersionId><IsDefaultVersion>{is_default}</IsDefaultVersion>\
         <CreateDate>{since}</CreateDate>"
    )
}
