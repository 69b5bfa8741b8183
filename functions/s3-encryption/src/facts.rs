//! Facts that affect a bucket's default encryption, and its faults.

use std::collections::BTreeMap;

use futures_util::future::try_join3;
use remedy_domain::{Consent, Drift, Fault, Parameters, Reason, Target, Verdict, Violation};
use remedy_s3::policy;

use crate::{
    clients::S3AndKms,
    default_encryption::{Cipher, DSSE, DefaultEncryption, KMS, Rules, several},
    key::{self, Key, Manager},
    logs::{self, Logs},
};

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionFacts {
    /// The bucket.
    pub bucket: Target,
    /// The rules of its default encryption.
    pub rules: Rules,
    /// Whether AWS services deliver logs to it.
    pub logs: Logs,
    /// The KMS descriptions of the keys that were read; nothing if there is no such key.
    pub keys: BTreeMap<String, Option<Key>>,
}

/// Reads what the setting makes it necessary to know.
pub(crate) async fn consult(
    client: &S3AndKms,
    mut facts: EncryptionFacts,
    setting: &DefaultEncryption,
    parameters: &Parameters,
) -> Result<EncryptionFacts, Fault> {
    let wanted = key::wanted(&facts.bucket, parameters);
    if parameters.is_free_of_phi(&facts.bucket) {
        return Ok(facts);
    }
    if let Some(id) = facts.in_doubt(&setting.cipher, wanted.as_deref()) {
        facts.keys.insert(id.to_owned(), key::describe(&client.keys(), id).await?);
    }
    if facts.violations(setting, wanted.as_deref()).is_empty() {
        return Ok(facts);
    }
    let policy = policy::read(&client.buckets, &facts.bucket);
    let acl = logs::let_in_by_acl(&client.buckets, &facts.bucket);
    let unread = wanted.filter(|arn| !facts.keys.contains_key(arn) && facts.is_near(arn));
    let (policy, acl, found) = try_join3(policy, acl, describe(client, unread)).await?;
    let bucket = facts.bucket.arn.as_deref().unwrap_or_default();
    let delivered = [acl, logs::let_in_by(policy.flatten().as_deref(), bucket)].contains(&Logs::Delivered);
    facts.keys.extend(found);
    Ok(EncryptionFacts { logs: delivered.into(), ..facts })
}

async fn describe(client: &S3AndKms, arn: Option<String>) -> Result<Option<(String, Option<Key>)>, Fault> {
    let Some(arn) = arn else { return Ok(None) };
    let key = key::describe(&client.keys(), &arn).await?;
    Ok(Some((arn, key)))
}

/// Says what the default encryption should be.
pub(crate) fn judge(
    facts: &EncryptionFacts,
    setting: &DefaultEncryption,
    parameters: &Parameters,
) -> Verdict<DefaultEncryption> {
    let wanted = key::wanted(&facts.bucket, parameters);
    let violations = facts.violations(setting, wanted.as_deref());
    if violations.is_empty() {
        return Verdict::Compliant;
    }
    if parameters.is_free_of_phi(&facts.bucket) {
        return Verdict::OutOfScope(free_of_phi());
    }
    if facts.rules == Rules::Several {
        return Verdict::NeedsHuman { violations, reason: several() };
    }
    let kept = facts.flaw(&setting.cipher, wanted.as_deref()).is_none();
    let cipher = if kept { Ok(setting.cipher.clone()) } else { facts.cipher(setting, wanted.as_deref()) };
    let cipher = match cipher {
        Ok(cipher) => cipher,
        Err(reason) => return Verdict::NeedsHuman { violations, reason },
    };
    let why = if kept {
        let context =
            "with a bucket key, KMS is told the bucket's ARN as encryption context, and no longer the object's";
        Reason::new("other-context", context)
    } else {
        let needed = "those who write need kms:GenerateDataKey on the key, and those who read kms:Decrypt";
        Reason::new("key-permissions", needed)
    };
    let also = if facts.logs == Logs::Delivered { format!("; {}", logs::REASON) } else { String::new() };
    let consent = Consent::Ask(why.reworded(|why| format!("{why}{also}")));
    let bucket_key = setting.bucket_key || cipher.algorithm == KMS;
    let desired = DefaultEncryption { cipher, bucket_key, blocked: setting.blocked.clone() };
    let note = Some(Reason::new("objects-stay", "objects that are there keep their encryption"));
    Verdict::Drifted(Drift { violations, desired, consent, note })
}

/// The reason to leave a bucket alone that the settings name.
pub(crate) fn free_of_phi() -> Reason {
    Reason::new("free-of-phi", "the settings say that this bucket holds no PHI")
}

/// The wanted algorithm: a stricter one stays.
fn algorithm(setting: &DefaultEncryption) -> &'static str {
    if setting.cipher.algorithm == DSSE { DSSE } else { KMS }
}

impl EncryptionFacts {
    fn violations(&self, setting: &DefaultEncryption, wanted: Option<&str>) -> Vec<Violation> {
        let flaw = self.flaw(&setting.cipher, wanted);
        let off = algorithm(setting) == KMS && !setting.bucket_key;
        let off = off.then(|| Violation::new("bucket-key", "the bucket key is off"));
        flaw.into_iter().chain(off).collect()
    }

    /// The fault of a cipher, if there is one.
    fn flaw(&self, cipher: &Cipher, wanted: Option<&str>) -> Option<Violation> {
        let own_of_aws = || Some(Violation::new("key", "the default key is AWS's own"));
        if ![KMS, DSSE].contains(&cipher.algorithm.as_str()) {
            return Some(Violation::new("algorithm", "new objects are not encrypted with SSE-KMS by default"));
        }
        let Some(id) = cipher.key.as_deref().filter(|id| !key::is_alias_of_aws(id)) else { return own_of_aws() };
        if wanted.is_some_and(|arn| key::same(id, arn)) {
            return None;
        }
        if self.is_foreign(id) {
            return Some(Violation::new("key", "the default key is another account's"));
        }
        match self.described(id).map(|key| key.manager) {
            Some(Manager::Customer) => None,
            Some(Manager::Aws) => own_of_aws(),
            None => Some(Violation::new("key", "the default key is not there")),
        }
    }

    /// A key that only KMS can judge.
    fn in_doubt<'a>(&self, cipher: &'a Cipher, wanted: Option<&str>) -> Option<&'a str> {
        let id = cipher.key.as_deref().filter(|id| !key::is_alias_of_aws(id) && !self.is_foreign(id))?;
        let is_wanted = wanted.is_some_and(|arn| key::same(id, arn));
        ([KMS, DSSE].contains(&cipher.algorithm.as_str()) && !is_wanted).then_some(id)
    }

    /// The cipher that the settings want, or why it cannot be.
    fn cipher(&self, setting: &DefaultEncryption, wanted: Option<&str>) -> Result<Cipher, Reason> {
        let arn = wanted
            .ok_or_else(|| Reason::new("no-key-named", "name a key in the settings: `parameters.default_key`"))?;
        let of_settings = |what: &str| format!("the key of the settings, `parameters.default_key`, {what}");
        if !self.is_near(arn) {
            return Err(Reason::new("key-elsewhere", of_settings("is not in the bucket's Region")));
        }
        let key = self.described(arn).ok_or_else(|| Reason::new("key-missing", of_settings("is not there")))?;
        if let Some(obstacle) = key.obstacle {
            return Err(Reason::new("key-unusable", of_settings(&format!("cannot be used: {obstacle}"))));
        }
        Ok(Cipher { algorithm: algorithm(setting).to_owned(), key: Some(key.arn.clone()) })
    }

    fn is_near(&self, arn: &str) -> bool {
        key::region(arn) == Some(self.bucket.region.as_str())
    }

    fn is_foreign(&self, id: &str) -> bool {
        key::account(id).is_some_and(|account| account != self.bucket.account.as_str())
    }

    /// The KMS description of a key, by the name that it was read by or by its ARN.
    fn described(&self, id: &str) -> Option<&Key> {
        let asked = self.keys.get(id).and_then(Option::as_ref);
        asked.or_else(|| self.keys.values().flatten().find(|key| key.arn == id))
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, Region};
    use remedy_engine::Place;
    use remedy_s3 as buckets;

    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn parameters(key: &str) -> Parameters {
        Parameters { default_key: Some(key.to_owned()), ..Parameters::default() }
    }

    fn facts(keys: &[(&str, Manager)]) -> EncryptionFacts {
        let account = AccountId::parse("111122223333").unwrap();
        let place = Place { account, region: Region::parse("us-east-1").unwrap() };
        let key = |(id, manager): &(&str, Manager)| {
            ((*id).to_owned(), Some(Key { arn: ARN.to_owned(), manager: *manager, obstacle: None }))
        };
        let bucket = buckets::named(&place, "phi");
        EncryptionFacts { bucket, rules: Rules::One, logs: Logs::None, keys: keys.iter().map(key).collect() }
    }

    fn with(algorithm: &str, key: Option<&str>) -> DefaultEncryption {
        let cipher = Cipher { algorithm: algorithm.to_owned(), key: key.map(str::to_owned) };
        DefaultEncryption { cipher, bucket_key: true, blocked: None }
    }

    #[test]
    fn whose_key_it_is_decides() {
        let other = "0000abcd-12ab-34cd-56ef-1234567890ab";
        let foreign = ARN.replace("1111", "4444");
        let bare = ARN.rsplit('/').next();
        for (setting, keys, expected) in [
            (with(KMS, Some(ARN)), &[][..], None),
            (with(KMS, bare), &[], None),
            (with(DSSE, Some(other)), &[(other, Manager::Customer)], None),
            (with(KMS, Some(other)), &[(other, Manager::Aws)], Some("AWS's own")),
            (with(KMS, Some("arn:aws:kms:us-east-1:111122223333:alias/aws/s3")), &[], Some("AWS's own")),
            (with(KMS, None), &[], Some("AWS's own")),
            (with(KMS, Some(other)), &[], Some("not there")),
            (with(KMS, Some(&foreign)), &[], Some("another account's")),
            (with("AES256", None), &[], Some("not encrypted with SSE-KMS")),
        ] {
            let said = facts(keys).violations(&setting, Some(ARN));
            let said = said.first().map(|violation| violation.text.clone());
            assert_eq!(said.is_some(), expected.is_some(), "{setting:?}: {said:?}");
            assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{setting:?}");
        }
    }

    #[test]
    fn what_is_stricter_stays() {
        let dsse = DefaultEncryption { bucket_key: false, blocked: Some(vec!["SSE-C".to_owned()]), ..with(DSSE, None) };
        let Verdict::Drifted(drift) = judge(&facts(&[(ARN, Manager::Customer)]), &dsse, &parameters(ARN)) else {
            panic!("not drifted")
        };
        assert_eq!(drift.desired, DefaultEncryption { cipher: with(DSSE, Some(ARN)).cipher, ..dsse });
        let other = "alias/other";
        let off = DefaultEncryption { bucket_key: false, ..with(KMS, Some(other)) };
        let Verdict::Drifted(drift) = judge(&facts(&[(other, Manager::Customer)]), &off, &Parameters::default()) else {
            panic!("not drifted")
        };
        assert_eq!(drift.desired, with(KMS, Some(other)), "only the bucket key; the settings need name no key");
    }

    #[test]
    fn a_key_that_will_not_do_needs_a_person() {
        let reason =
            |facts: EncryptionFacts, parameters: &Parameters| match judge(&facts, &with("AES256", None), parameters) {
                Verdict::NeedsHuman { reason, .. } => reason,
                other => panic!("{other:?}"),
            };
        assert!(reason(facts(&[]), &Parameters::default()).text.contains("name a key"));
        assert!(reason(facts(&[]), &parameters(ARN)).text.contains("not there"));
        assert!(reason(facts(&[]), &parameters(&ARN.replace("us-east-1", "eu-west-1"))).text.contains("Region"));
        let several = EncryptionFacts { rules: Rules::Several, ..facts(&[(ARN, Manager::Customer)]) };
        assert!(reason(several, &parameters(ARN)).text.contains("has several"));
        let mut disabled = facts(&[(ARN, Manager::Customer)]);
        disabled.keys.values_mut().flatten().for_each(|key| key.obstacle = Some("it is not enabled"));
        assert!(
            reason(disabled, &parameters("arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"))
                .text
                .contains("not enabled")
        );
    }
}
