//! STS: sessions of assumed roles.

use remedy_domain::Timestamp;

use super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    dialect::Dialect,
    service::Service,
    state::Cloud,
};

pub(super) static SERVICE: Service = Service::by_hand("sts", Dialect::Query(&[]), answer);

fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    match call.operation.as_str() {
        "AssumeRole" => assume(cloud, call, now),
        "GetCallerIdentity" => Ok(Answer::query(
            "GetCallerIdentity",
            &format!(
                "<UserId>{}</UserId><Account>{account}</Account><Arn>arn:aws:iam::{account}:role/test</Arn>",
                call.key
            ),
        )),
        other => panic!("the fake STS does not know `{other}`"),
    }
}

fn assume(cloud: &mut Cloud, call: &Call, now: Timestamp) -> Answered {
    let text = |name: &str| call.form.get(name).cloned().unwrap_or_default();
    let (role, name) = (text("RoleArn"), text("RoleSessionName"));
    let account = role.split(':').nth(4).filter(|account| account.len() == 12);
    let account = account.ok_or_else(|| invalid(&format!("{role} is invalid")))?.to_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(invalid("Value at 'roleSessionName' failed to satisfy constraint"));
    }
    let key = format!("ASIA{account}{:08}", cloud.serial());
    cloud.sessions.insert(key.clone(), (account.clone(), name.clone()));
    let expiry = now + std::time::Duration::from_secs(900);
    let role = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/");
    Ok(Answer::query(
        "AssumeRole",
        &format!(
            "<AssumedRoleUser><AssumedRoleId>AROA0:{name}</AssumedRoleId><Arn>{role}/{name}</Arn></AssumedRoleUser><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
             <Expiration>{expiry}</Expiration></Credentials>"
        ),
    ))
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}
