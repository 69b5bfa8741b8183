//! The credentials of users that programs use: access keys, SSH keys, service-specific credentials.

use super::{Answer, Answered, Call, Refusal, User, done, no_such, text};

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Credential {
    kind: Kind,
    id: String,
    status: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AccessKey,
    Ssh,
    Service,
}

/// How the API words a kind: the operation's noun, the parameter of its id, the list, the element of the date.
struct Words {
    noun: &'static str,
    id: &'static str,
    list: &'static str,
    prefix: &'static str,
    most: usize,
}

const KINDS: [Kind; 3] = [Kind::AccessKey, Kind::Ssh, Kind::Service];

impl Kind {
    fn words(self) -> Words {
        match self {
            Self::AccessKey => {
                Words { noun: "AccessKey", id: "AccessKeyId", list: "AccessKeyMetadata", prefix: "AKIA", most: 2 }
            }
            Self::Ssh => {
                Words { noun: "SSHPublicKey", id: "SSHPublicKeyId", list: "SSHPublicKeys", prefix: "APKA", most: 5 }
            }
            Self::Service => Words {
                noun: "ServiceSpecificCredential",
                id: "ServiceSpecificCredentialId",
                list: "ServiceSpecificCredentials",
                prefix: "ACCA",
                most: 100,
            },
        }
    }
}

/// Creates, updates and lists.
pub(super) fn answer(user: &mut User, call: &Call, serial: u64) -> Answered {
    let action = call.operation.as_str();
    let kind = KINDS.into_iter().find(|kind| action.trim_end_matches('s').ends_with(kind.words().noun));
    let kind = kind.unwrap_or_else(|| panic!("the fake IAM does not know `{action}`"));
    match action {
        _ if action.starts_with("List") => Ok(list(user, call, kind)),
        _ if action.starts_with("Update") => update(user, call, kind),
        _ => create(user, call, kind, serial),
    }
}

fn create(user: &mut User, call: &Call, kind: Kind, serial: u64) -> Answered {
    let words = kind.words();
    if user.credentials.iter().filter(|credential| credential.kind == kind).count() >= words.most {
        let message = format!("Cannot exceed quota for {}sPerUser: {}", words.noun, words.most);
        return Err(Refusal::new(409, "LimitExceeded", message));
    }
    let id = format!("{}{serial:016}", words.prefix);
    let credential = Credential { kind, id, status: "Active".to_owned() };
    let noun = words.noun;
    let body = format!("<{noun}>{}{}</{noun}>", credential.xml(&text(call, "UserName")), secret(kind));
    user.credentials.push(credential);
    Ok(Answer::query(&call.operation, &body))
}

/// The part that is returned once, when the credential is made.
fn secret(kind: Kind) -> &'static str {
    match kind {
        Kind::AccessKey => "<SecretAccessKey>secret</SecretAccessKey>",
        Kind::Ssh => "<Fingerprint>00</Fingerprint><SSHPublicKeyBody>ssh-rsa AAAA</SSHPublicKeyBody>",
        Kind::Service => "<ServicePassword>secret</ServicePassword>",
    }
}

fn update(user: &mut User, call: &Call, kind: Kind) -> Answered {
    let id = call.form.get(kind.words().id).cloned().unwrap_or_default();
    let found = user.credentials.iter_mut().find(|credential| credential.kind == kind && credential.id == id);
    let missing = || no_such(&format!("The {} with id {id} cannot be found.", kind.words().noun));
    found.ok_or_else(missing)?.status = call.form.get("Status").cloned().unwrap_or_default();
    done(call)
}

fn list(user: &User, call: &Call, kind: Kind) -> Answer {
    let (words, who) = (kind.words(), text(call, "UserName"));
    let of_kind = user.credentials.iter().filter(|credential| credential.kind == kind);
    let members: String = of_kind.map(|credential| format!("<member>{}</member>", credential.xml(&who))).collect();
    let list = words.list;
    Answer::query(&call.operation, &format!("<{list}>{members}</{list}><IsTruncated>false</IsTruncated>"))
}

impl Credential {
    fn xml(&self, who: &str) -> String {
        let Self { kind, id, status } = self;
        let element = kind.words().id;
        let since = "2026-01-01T00:00:00Z";
        let more = match kind {
            Kind::AccessKey => format!("<CreateDate>{since}</CreateDate>"),
            Kind::Ssh => format!("<UploadDate>{since}</UploadDate>"),
            Kind::Service => format!(
                "<CreateDate>{since}</CreateDate><ServiceName>codecommit.amazonaws.com</ServiceName>\
                 <ServiceUserName>{who}-at-0</ServiceUserName>"
            ),
        };
        format!("<UserName>{who}</UserName><{element}>{id}</{element}><Status>{status}</Status>{more}")
    }
}
