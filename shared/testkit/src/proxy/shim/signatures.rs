//! The signature of a call that asks who its caller is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use remedy_domain::{Timestamp, canonical::sha256_hex};

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply, field};

#[cfg(test)]
mod tests;

/// How far the time of a signature may be from that of AWS STS, in seconds.
const WINDOW: i64 = 900;
const INVALID: &str = "The security token included in the request is invalid.";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
    Secret Access Key and signing method. Consult the service documentation for details.";

/// Status, code and message of AWS's answer.
type Refusal = (u16, &'static str, String);

#[derive(Clone)]
struct Secret {
    key: String,
    token: Option<String>,
}

/// AWS checks the Signature Version 4 of every call. moto checks none, and takes callers whom it does not know for a user
/// `moto`. Here `sts:GetCallerIdentity` is checked, once a test asks for it ([`Signatures::enforce`]), and refused in the words
/// of AWS STS. Secrets are learnt from `CreateAccessKey` and `AssumeRole…`, forgotten with `DeleteAccessKey` and when a key
/// becomes inactive; a test registers others. Not shown: that credentials of a role end, and that AWS refuses some unsigned
/// `x-amz-` headers. Unlike AWS's, moto's ids of users do not begin with `AIDA`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>
#[derive(Default)]
pub struct Signatures {
    enforced: AtomicBool,
    secrets: Mutex<BTreeMap<String, Secret>>,
}

impl Signatures {
    /// From now on, signatures are checked.
    pub fn enforce(&self) {
        self.enforced.store(true, Ordering::SeqCst);
    }

    /// Says what a key's secret is, where the proxy has had no chance to learn it.
    pub fn register(&self, access_key: &str, secret: &str, token: Option<&str>) {
        let secret = Secret { key: secret.to_owned(), token: token.map(str::to_owned) };
        self.secrets().insert(access_key.to_owned(), secret);
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.secrets.lock().expect("the secrets are not poisoned")
    }

    /// Takes note of keys that come and go.
    pub(in super::super) fn learn(&self, call: &Call, reply: &Reply) {
        if !reply.status.is_success() {
            return;
        }
        let ends = match (call.service.as_str(), call.operation.as_str()) {
            ("iam", "CreateAccessKey") => false,
            ("sts", operation) if operation.starts_with("Assume") => false,
            ("iam", "DeleteAccessKey") => true,
            ("iam", "UpdateAccessKey") if call.parameter("Status").as_deref() == Some("Inactive") => true,
            _ => return,
        };
        let text = reply.text();
        match (field(&text, "AccessKeyId"), field(&text, "SecretAccessKey")) {
            _ if ends => drop(call.parameter("AccessKeyId").map(|key| self.secrets().remove(&key))),
            (Some(key), Some(secret)) => self.register(&key, &secret, field(&text, "SessionToken").as_deref()),
            _ => {}
        }
    }

    /// The refusal that AWS would give, if any.
    pub(super) fn refusal(&self, call: &Call, ask: &Ask) -> Option<Reply> {
        if !self.enforced.load(Ordering::SeqCst) {
            return None;
        }
        let (status, code, message) = self.check(ask, Timestamp::now()).err()?;
        Some(error(call, status, code, &message))
    }

    fn check(&self, ask: &Ask, now: Timestamp) -> Result<(), Refusal> {
        let claim = Claim::read(ask)?;
        claim.is_in_time(now)?;
        let secret = self.secrets().get(claim.access_key).cloned();
        let secret = secret.filter(|secret| secret.token.as_deref() == ask.header("x-amz-security-token"));
        let secret = secret.ok_or((403, "InvalidClientTokenId", INVALID.to_owned()))?;
        if claim.calculated(ask, &secret.key) == claim.signature { Ok(()) } else { Err(mismatch(MISMATCH)) }
    }
}

fn mismatch(message: &str) -> Refusal {
    (403, "SignatureDoesNotMatch", message.to_owned())
}

/// What a call says of its own signature.
struct Claim<'a> {
    access_key: &'a str,
    day: &'a str,
    region: &'a str,
    signed: &'a str,
    signature: &'a str,
    date: &'a str,
    at: Timestamp,
}

impl<'a> Claim<'a> {
    fn read(ask: &'a Ask) -> Result<Self, Refusal> {
        let missing = || (403, "MissingAuthenticationToken", "Request is missing Authentication Token".to_owned());
        let incomplete =
            || (400, "IncompleteSignature", "Authorization header is not a complete signature.".to_owned());
        let text = ask.header("authorization").ok_or_else(missing)?;
        let text = text.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(incomplete)?;
        let part = |name: &str| text.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let credential = part("Credential").ok_or_else(incomplete)?;
        let [access_key, day, region, service, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
            return Err(incomplete());
        };
        if service != "sts" {
            return Err(mismatch("Credential should be scoped to correct service: 'sts'."));
        }
        let signed = part("SignedHeaders").ok_or_else(incomplete)?;
        if !signed.split(';').any(|name| name == "host") {
            return Err(mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization."));
        }
        let signature = part("Signature").ok_or_else(incomplete)?;
        let date = ask.header("x-amz-date").ok_or_else(incomplete)?;
        let at = date.parse().map_err(|_| incomplete())?;
        Ok(Self { access_key, day, region, signed, signature, date, at })
    }

    fn is_in_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let (date, late) = (self.date, now.as_second() - self.at.as_second());
        if !date.starts_with(self.day) {
            return Err(mismatch(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
            ));
        }
        match late {
            _ if late > WINDOW => Err(mismatch(&format!("Signature expired: {date} is too early ({now} - 15 min.)"))),
            _ if late < -WINDOW => {
                Err(mismatch(&format!("Signature not yet current: {date} is too late ({now} + 15 min.)")))
            }
            _ => Ok(()),
        }
    }

    /// The signature that the secret gives.
    fn calculated(&self, ask: &Ask, secret: &str) -> String {
        let Self { day, region, date, .. } = self;
        let request = sha256_hex(self.canonical(ask).as_bytes());
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{region}/sts/aws4_request\n{request}");
        let time = self.at.try_into().expect("a date of our time is one of the system's");
        calculate_signature(generate_signing_key(secret, time, region, "sts"), text.as_bytes())
    }

    /// The canonical request, built here from AWS's description and not with the signer's own code, for a path that needs no
    /// escapes. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    fn canonical(&self, ask: &Ask) -> String {
        let line = |name: &str| {
            let values = ask.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            let values = values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
            format!("{name}:{}\n", values.collect::<Vec<_>>().join(","))
        };
        let headers: String = self.signed.split(';').map(line).collect();
        let mut query: Vec<_> = ask.query().split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        let (method, path, query) = (&ask.method, ask.path(), query.join("&"));
        format!("{method}\n{path}\n{query}\n{headers}\n{}\n{}", self.signed, sha256_hex(&ask.body))
    }
}
