//! The organisation's settings: one JSON document, described by `docs/schema/settings.schema.json`.

mod change;
mod choices;
pub mod kinds;
mod members;
mod organization;
mod parameters;
mod pattern;
mod protected;
pub mod texts;
mod written;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{canonical, ids::AccountId, renamed};

pub use change::{Difference, Way, differences, listed, told};
pub use choices::{AdminPolicyRepair, Backlog, FirstExpiry, IdentityRepairs, PutEncryption};
pub use organization::Organization;
pub use parameters::Parameters;
pub use pattern::matches;
pub use written::Written;

/// How far Remedy may go. The order is the order of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Draft plans, change nothing.
    #[default]
    Observe,
    /// Every plan waits for a person.
    Approve,
    /// What needs no person is carried out.
    Enforce,
}

impl Mode {
    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "observe" => Some(Self::Observe),
            "approve" => Some(Self::Approve),
            "enforce" => Some(Self::Enforce),
            _ => None,
        }
    }
}

/// The maximum length of a document, in bytes.
pub const LONGEST: usize = 256 * 1024;

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Longer than any settings need.
    #[error("the settings are longer than {LONGEST} bytes")]
    Long,
    /// Not the JSON document the schema describes.
    #[error("the settings are not valid JSON for docs/schema/settings.schema.json (line {line}, column {column})")]
    Shape {
        /// Where it went wrong.
        line: usize,
        /// Where it went wrong.
        column: usize,
        /// How.
        #[source]
        source: serde_json::Error,
    },
    /// A value outside its range.
    #[error("the settings have `{name}` outside {range}")]
    Range {
        /// The member.
        name: &'static str,
        /// What it may be.
        range: String,
    },
    /// A pattern of `protected` that a name alone would match.
    #[error("the settings have something else in `{member}` at {at}, counted from 0: {write}")]
    Pattern {
        /// The member.
        member: &'static str,
        /// Which of its patterns.
        at: usize,
        /// What to write instead.
        write: &'static str,
    },
}

/// The whole document. An absent one means all defaults: observe only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How far Remedy may go, and where.
    #[serde(deserialize_with = "object")]
    pub modes: Modes,
    /// The numbers and choices behind the controls.
    #[serde(deserialize_with = "object")]
    pub parameters: Parameters,
    /// The resources and principals that are never touched.
    #[serde(deserialize_with = "object")]
    pub protected: Protected,
    /// Who may ask and decide.
    #[serde(deserialize_with = "object")]
    pub people: People,
    /// The accounts that sweeps go through beyond the one that Remedy runs in. Each must have the read role.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<AccountId>,
    /// What the organization is beside a covered entity or business associate: paragraphs of the HIPAA Security Rule that
    /// are only for those are shown only then. It decides no repair.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub organization: BTreeSet<Organization>,
}

/// Modes: the most specific wins; where a control and an account both have one, the lower of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Modes {
    /// For what nothing below names. Absent: `REMEDY_MODE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Mode>,
    /// By control. An earlier id of a control is read as the one that it has now.
    #[serde(deserialize_with = "by_control")]
    pub controls: BTreeMap<String, Mode>,
    /// By account.
    #[serde(deserialize_with = "distinct")]
    pub accounts: BTreeMap<AccountId, Mode>,
}

/// Resources and principals that are never touched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protected {
    /// Users and roles (deployment, vendors) by ARN, or by the path they are under: `arn:…:role/deploy/*`.
    pub principals: Vec<String>,
    /// Everything else: patterns with `*` and `?` over ARNs and `<resource type>/<id>`.
    pub resources: Vec<String>,
    /// The principals that restore access when all others are locked out, by their whole ARNs. While none is named, no
    /// control that touches identities writes.
    pub break_glass: Vec<String>,
}

/// Who may ask and decide: patterns with `*` and `?` over the ARNs of IAM users and roles. For a role of IAM Identity
/// Center the ARN is that of its session, which ends in the person's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// May ask for undo, exemptions, settings and releases, put holds on, and look.
    pub operators: Vec<String>,
    /// May do the same, and decide what others ask for. Once one is named, any change of the settings takes two people.
    pub approvers: Vec<String>,
}

impl People {
    /// Whether a principal may ask.
    #[must_use]
    pub fn may_ask(&self, arn: &str) -> bool {
        self.operators.iter().any(|pattern| matches(pattern, arn)) || self.may_decide(arn)
    }

    /// Whether a principal may decide.
    #[must_use]
    pub fn may_decide(&self, arn: &str) -> bool {
        self.approvers.iter().any(|pattern| matches(pattern, arn))
    }
}

impl Settings {
    /// Reads the document.
    pub fn parse(json: &[u8]) -> Result<Self, SettingsError> {
        if json.len() > LONGEST {
            return Err(SettingsError::Long);
        }
        let settings = Self::shaped(json)?;
        settings.parameters.check()?;
        settings.protected.check()?;
        Ok(settings)
    }

    /// Reads settings that some version stored: members that this one does not know are ignored, and numbers out of its
    /// range are accepted.
    pub fn stored(json: &[u8]) -> Result<Self, SettingsError> {
        let document: Value = serde_json::from_slice(json).map_err(misshapen)?;
        Self::shaped(members::known(document).to_string().as_bytes())
    }

    fn shaped(json: &[u8]) -> Result<Self, SettingsError> {
        let whole: &RawValue = serde_json::from_slice(json).map_err(misshapen)?;
        object(whole).map_err(misshapen)
    }

    /// The SHA-256 of the canonical JSON of the settings in force; it stands in every record.
    #[must_use]
    pub fn digest(&self) -> String {
        canonical::digest(self).unwrap_or_default()
    }

    /// How far Remedy may go with this control in this account; `environment` is what `REMEDY_MODE` says.
    #[must_use]
    pub fn mode(&self, control: &str, account: &AccountId, environment: Mode) -> Mode {
        let specific = [self.modes.controls.get(renamed::current(control)), self.modes.accounts.get(account)];
        let lowest = specific.into_iter().flatten().min().copied();
        lowest.or(self.modes.default).unwrap_or(environment)
    }
}

fn misshapen(source: serde_json::Error) -> SettingsError {
    SettingsError::Shape { line: source.line(), column: source.column(), source }
}

/// A JSON object. Derived readers would take an array for one, member by member.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    if !raw.get().starts_with('{') {
        return Err(D::Error::custom("not an object"));
    }
    serde_json::from_str(raw.get()).map_err(D::Error::custom)
}

/// A JSON object whose keys differ. `serde_json` alone would keep the last of two equal keys without a word.
fn distinct<'de, D, K>(deserializer: D) -> Result<BTreeMap<K, Mode>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
{
    struct Distinct<K>(PhantomData<K>);

    impl<'de, K: Deserialize<'de> + Ord> Visitor<'de> for Distinct<K> {
        type Value = BTreeMap<K, Mode>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of modes with distinct keys")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut members = BTreeMap::new();
            while let Some((key, mode)) = access.next_entry()? {
                if members.insert(key, mode).is_some() {
                    return Err(A::Error::custom("the same key twice"));
                }
            }
            Ok(members)
        }
    }

    deserializer.deserialize_map(Distinct(PhantomData))
}

/// Modes by the ids that controls have now. Of modes under several ids of one control, the most careful one counts: somebody who
/// writes for two versions at once names the control twice.
fn by_control<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Mode>, D::Error> {
    let mut modes = BTreeMap::new();
    for (id, mode) in distinct::<D, String>(deserializer)? {
        let lowest = modes.entry(renamed::current(&id).to_owned()).or_insert(mode);
        *lowest = mode.min(*lowest);
    }
    Ok(modes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    const ACCOUNT: &str = "111122223333";

    fn account() -> AccountId {
        AccountId::parse(ACCOUNT).unwrap()
    }

    #[test]
    fn nothing_said_means_observe() {
        let settings = Settings::parse(b"{}").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.mode("s3-bucket-public", &account(), Mode::default()), Mode::Observe);
    }

    #[test]
    fn the_most_specific_mode_wins_and_the_lower_of_two() {
        let json = br#"{"modes":{"default":"approve","controls":{"a":"enforce","b":"enforce"},"accounts":{"111122223333":"observe"}}}"#;
        let settings = Settings::parse(json).unwrap();
        let elsewhere = AccountId::parse("444455556666").unwrap();
        assert_eq!(settings.mode("a", &elsewhere, Mode::Observe), Mode::Enforce);
        assert_eq!(settings.mode("a", &account(), Mode::Enforce), Mode::Observe);
        assert_eq!(settings.mode("c", &elsewhere, Mode::Enforce), Mode::Approve);
    }

    #[test]
    fn a_mode_under_an_earlier_id_is_the_controls_and_the_most_careful_of_several_counts() {
        type Read = fn(&[u8]) -> Result<Settings, SettingsError>;
        let readers: [Read; 2] = [Settings::parse, Settings::stored];
        for (controls, mode) in [
            (r#"{"kms-key-dying":"enforce"}"#, Mode::Enforce),
            (r#"{"kms-key-dying":"observe","kms-key-pending-deletion":"enforce"}"#, Mode::Observe),
            (r#"{"kms-key-dying":"enforce","kms-key-pending-deletion":"observe"}"#, Mode::Observe),
            (r#"{"kms-key-shared":"enforce"}"#, Mode::Approve),
        ] {
            let document = format!(r#"{{"modes":{{"default":"approve","controls":{controls}}}}}"#);
            for settings in readers.map(|read| read(document.as_bytes()).unwrap()) {
                assert_eq!(settings.mode("kms-key-pending-deletion", &account(), Mode::Enforce), mode, "{controls}");
            }
        }
        let twice = Settings::parse(br#"{"modes":{"controls":{"kms-key-dying":"observe","kms-key-dying":"enforce"}}}"#);
        assert!(twice.is_err(), "one id twice is a mistake still");
    }

    #[test]
    fn a_document_of_the_greatest_length_is_read_and_no_longer_one() {
        let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
        assert!(Settings::parse(padded(262_144).as_bytes()).is_ok());
        assert!(matches!(Settings::parse(padded(262_145).as_bytes()), Err(SettingsError::Long)));
    }

    #[test]
    fn a_mistake_is_refused_with_its_place() {
        for wrong in [
            &br#"{"mode":{}}"#[..],
            br#"{"modes":{"default":"Enforce"}}"#,
            br#"{"modes":{"controls":{"a":"observe","a":"enforce"}}}"#,
            br#"{"modes":{"accounts":{"11112222":"observe"}}}"#,
            br#"{"modes":{},"modes":{}}"#,
            b"",
            b"[]",
            br#"{"organization":["hospital"]}"#,
            br#"{"organization":"group-health-plan"}"#,
            br#"{"modes":["enforce"]}"#,
        ] {
            assert!(
                matches!(Settings::parse(wrong), Err(SettingsError::Shape { .. })),
                "{}",
                String::from_utf8_lossy(wrong)
            );
        }
        for wrong in [
            &br#"{"parameters":{"password_minimum_length":8}}"#[..],
            br#"{"parameters":{"admin_policy_repair":"boundary"}}"#,
            br#"{"parameters":{"permissions_boundary":"StaffBoundary"}}"#,
            br#"{"parameters":{"default_key":"alias/phi"}}"#,
            br#"{"parameters":{"approved_policies":["abc"]}}"#,
        ] {
            let refused = matches!(Settings::parse(wrong), Err(SettingsError::Range { .. }));
            assert!(refused, "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn what_a_later_version_put_on_file_is_read_and_what_is_deployed_is_not() {
        let later = br#"{"modes":{"default":"suggest","controls":{"a":"enforce","b":"suggest"},"later":1},"later":{"a":1},
            "parameters":{"flap_limit":2,"kms_rotation_days":30,"later":[1],"backlog":"someday","put_encryption":"never"},
            "protected":{"resources":["x"],"later":{}},"people":{"approvers":["p"],"auditors":["q"]},
            "organization":["payer",7,"group-health-plan"]}"#;
        assert!(matches!(Settings::parse(later), Err(SettingsError::Shape { .. })));
        let read = Settings::stored(later).unwrap();
        assert_eq!((read.modes.default, read.modes.controls.len()), (Some(Mode::Observe), 2));
        assert_eq!(read.modes.controls.get("b"), Some(&Mode::Observe), "of words the most careful one");
        assert_eq!((read.parameters.flap_limit, read.parameters.kms_rotation_days), (2, 30));
        assert_eq!(
            (read.parameters.backlog, read.parameters.put_encryption),
            (Backlog::Ask, PutEncryption::Compatible)
        );
        assert_eq!((read.protected.resources, read.people.approvers), (vec!["x".to_owned()], vec!["p".to_owned()]));
        assert_eq!(read.organization, [Organization::GroupHealthPlan].into(), "unknown words decide nothing");
        for foreign in [r#"{"protected":{"resources":7}}"#, r#"{"protected":7}"#, r#"{"people":["p"]}"#, "[]", "7"] {
            assert!(Settings::stored(foreign.as_bytes()).is_err(), "what protects is not left out: {foreign}");
        }
        assert!(matches!(Settings::parse(&vec![b' '; LONGEST + 1]), Err(SettingsError::Long)));
    }

    #[test]
    fn the_digest_follows_the_content_not_the_writing() {
        let spaced = Settings::parse(br#"{ "modes" : {"default": "enforce"} }"#).unwrap();
        let tight = Settings::parse(br#"{"modes":{"default":"enforce"}}"#).unwrap();
        assert_eq!(spaced.digest(), tight.digest());
        assert_ne!(spaced.digest(), Settings::default().digest());
    }

    #[test]
    fn what_the_organization_is_is_read_and_says_nothing_if_it_is_not_told() {
        let read = |json: &[u8]| Settings::parse(json).unwrap();
        let told = read(br#"{"organization":["group-health-plan","health-care-clearinghouse"]}"#);
        assert_eq!(told.organization, [Organization::Clearinghouse, Organization::GroupHealthPlan].into());
        let words = json!(["health-care-clearinghouse", "group-health-plan"]);
        assert_eq!(serde_json::to_value(&told).unwrap()["organization"], words, "in one order");
        assert_eq!(told.organization.iter().map(|one| one.word()).collect::<Vec<_>>(), Organization::WORDS);
        // The digest that versions before it stand in records with.
        let silent = read(br#"{"organization":[]}"#);
        assert_eq!(silent.digest(), Settings::default().digest());
        assert_eq!(serde_json::to_value(&silent).unwrap().get("organization"), None);
        assert_ne!(told.digest(), silent.digest());
    }

    #[test]
    fn the_published_schema_knows_every_member() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../docs/schema/settings.schema.json")).unwrap();
        let document = serde_json::to_value(Settings::default()).unwrap();
        for (section, members) in document.as_object().unwrap() {
            let described = &schema["properties"][section]["properties"];
            for member in members.as_object().unwrap().keys() {
                assert!(described.get(member).is_some(), "{section}.{member} is not in the schema");
            }
            let absent_by_default = described.as_object().unwrap().keys().filter(|name| members.get(name).is_none());
            let optional = ["default", "default_key", "owner_tag", "permissions_boundary"];
            assert!(absent_by_default.clone().all(|name| optional.contains(&name.as_str())), "{section}");
        }
        for section in ["accounts", "organization"] {
            assert!(schema["properties"].get(section).is_some(), "{section} is not in the schema");
        }
        let published = schema["properties"]["parameters"]["properties"].as_object().unwrap();
        let known = Parameters::schema();
        assert_eq!(published.len(), known.len());
        for (name, described) in known {
            assert_eq!(published.get(name), Some(&described), "parameters.{name}: make docs");
        }
        assert_eq!(schema["properties"]["organization"]["items"]["enum"], json!(Organization::WORDS));
    }
}
