//! The environment contract. This is the only place that reads the environment, once, at the start.

use std::collections::BTreeSet;

use remedy_domain::{Mode, Region};

use crate::emulator::{self, Behind};

/// Where the organisation's settings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsAt {
    /// Nowhere: defaults.
    Default,
    /// An object: `s3://bucket/key`.
    Object {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// A file.
    File(String),
}

/// Everything that a function reads from its environment.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `AWS_REGION`.
    pub region: Region,
    /// `REMEDY_EVIDENCE_BUCKET`.
    pub evidence_bucket: String,
    /// `REMEDY_STATE_BUCKET`.
    pub state_bucket: String,
    /// `REMEDY_SETTINGS`.
    pub settings: SettingsAt,
    /// `REMEDY_MODE`.
    pub mode: Mode,
    /// `REMEDY_WRITE_ROLE`: a role name, or an ARN with `{account}`.
    pub write_role: Option<String>,
    /// `REMEDY_READ_ROLE`: a role name, or an ARN with `{account}`; the way into other accounts than the function's own.
    pub read_role: Option<String>,
    /// `REMEDY_EXTERNAL_ID`: what the roles' trust policies ask for.
    pub external_id: Option<String>,
    /// `REMEDY_REGIONS`, separated by commas: where sweeps look for what is regional. Without it, in the own Region.
    pub regions: Vec<Region>,
    /// `REMEDY_QUEUE_URL`. For the operator function with `{function}` in it: the queue of each function.
    pub queue_url: Option<String>,
    /// `REMEDY_AUDIENCE`: the audience of operator requests, if an emulator on this machine gives the function no ARN.
    pub audience: Option<String>,
    /// `REMEDY_STACK`: the name of the CloudFormation stack that deploys Remedy itself; its roles are named after it.
    pub stack: Option<String>,
    /// `REMEDY_STACK_ID`: the id of that stack, an ARN, which nobody else can put on a resource.
    pub stack_id: Option<String>,
    /// `REMEDY_TOPIC_ARN`.
    pub topic_arn: Option<String>,
    /// `REMEDY_SEAL_KEY`: the id, ARN or alias of the KMS key that the sealer signs with.
    pub seal_key: Option<String>,
    /// `REMEDY_ANCHOR_BUCKET`: where the sealer copies its seals to; a bucket of another account.
    pub anchor_bucket: Option<String>,
    /// `AWS_ENDPOINT_URL`: an emulator, or a VPC endpoint.
    pub endpoint: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: Option<String>,
    /// The function's own credentials.
    pub credentials: Credentials,
}

/// The function's own credentials, as Lambda sets them.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl From<Credentials> for aws_credential_types::Credentials {
    fn from(own: Credentials) -> Self {
        Self::new(own.access_key_id, own.secret_access_key, own.session_token, None, "environment")
    }
}

/// A variable that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct BadEnvironment {
    variable: &'static str,
    problem: &'static str,
}

impl Environment {
    /// Reads the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_process() -> Result<Self, BadEnvironment> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads an environment. An empty variable counts as absent.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadEnvironment> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let endpoint = get("AWS_ENDPOINT_URL");
        let behind = emulator::behind(endpoint.as_deref());
        let region = region(get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")), behind)?;
        Ok(Self {
            regions: regions(get("REMEDY_REGIONS"), &region)?,
            region,
            evidence_bucket: required(&get, "REMEDY_EVIDENCE_BUCKET")?,
            state_bucket: required(&get, "REMEDY_STATE_BUCKET")?,
            settings: settings(get("REMEDY_SETTINGS"))?,
            mode: mode(get("REMEDY_MODE"))?,
            write_role: get("REMEDY_WRITE_ROLE"),
            read_role: get("REMEDY_READ_ROLE"),
            external_id: external_id(get("REMEDY_EXTERNAL_ID"))?,
            queue_url: get("REMEDY_QUEUE_URL"),
            audience: get("REMEDY_AUDIENCE").filter(|_| behind == Behind::Emulator),
            stack: get("REMEDY_STACK"),
            stack_id: get("REMEDY_STACK_ID"),
            topic_arn: get("REMEDY_TOPIC_ARN"),
            seal_key: get("REMEDY_SEAL_KEY"),
            anchor_bucket: get("REMEDY_ANCHOR_BUCKET"),
            function: get("AWS_LAMBDA_FUNCTION_NAME"),
            credentials: credentials(&get, behind)?,
            endpoint,
        })
    }
}

/// The part of an environment that a session needs: what a person's terminal has.
#[derive(Debug, Clone)]
pub struct Access {
    /// `AWS_REGION`.
    pub region: Region,
    /// `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and so on.
    pub credentials: Credentials,
    /// `AWS_LAMBDA_FUNCTION_NAME`: every call names it in its user agent, and so does what CloudTrail keeps of it.
    pub function: Option<String>,
}

impl Access {
    /// Reads the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_process() -> Result<Self, BadEnvironment> {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let endpoint = get("AWS_ENDPOINT_URL");
        let behind = emulator::behind(endpoint.as_deref());
        let region = region(get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")), behind)?;
        let function = get("AWS_LAMBDA_FUNCTION_NAME");
        Ok(Self { region, credentials: credentials(&get, behind)?, endpoint, function })
    }
}

fn required(get: &impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<String, BadEnvironment> {
    get(variable).ok_or(BadEnvironment { variable, problem: "is not set" })
}

fn region(name: Option<String>, behind: Behind) -> Result<Region, BadEnvironment> {
    let fallback = (behind == Behind::Emulator).then(|| "us-east-1".to_owned());
    let name = name.or(fallback).ok_or(BadEnvironment { variable: "AWS_REGION", problem: "is not set" })?;
    Region::parse(name).map_err(|_| BadEnvironment { variable: "AWS_REGION", problem: "is not an AWS Region name" })
}

fn regions(names: Option<String>, own: &Region) -> Result<Vec<Region>, BadEnvironment> {
    let Some(names) = names else { return Ok(vec![own.clone()]) };
    let problem = "is not a list of AWS Region names, separated by commas";
    let read: Result<BTreeSet<_>, _> = names.split(',').map(|name| Region::parse(name.trim())).collect();
    let read = read.map_err(|_| BadEnvironment { variable: "REMEDY_REGIONS", problem })?;
    if read.iter().any(Region::is_global) {
        return Err(BadEnvironment { variable: "REMEDY_REGIONS", problem });
    }
    Ok(read.into_iter().collect())
}

/// Accepts only what STS accepts as an external id.
fn external_id(id: Option<String>) -> Result<Option<String>, BadEnvironment> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    match id {
        Some(id) if !(2..=1224).contains(&id.len()) || !id.chars().all(allowed) => {
            let problem = "is not 2 to 1224 letters, digits and `_+=,.@:/-`";
            Err(BadEnvironment { variable: "REMEDY_EXTERNAL_ID", problem })
        }
        id => Ok(id),
    }
}

/// An emulator takes any credentials; AWS takes none that are made up.
fn credentials(get: &impl Fn(&str) -> Option<String>, behind: Behind) -> Result<Credentials, BadEnvironment> {
    let one = |variable: &'static str| match required(get, variable) {
        Err(_) if behind == Behind::Emulator => Ok("emulator".to_owned()),
        found => found,
    };
    Ok(Credentials {
        access_key_id: one("AWS_ACCESS_KEY_ID")?,
        secret_access_key: one("AWS_SECRET_ACCESS_KEY")?,
        session_token: get("AWS_SESSION_TOKEN"),
    })
}

fn mode(name: Option<String>) -> Result<Mode, BadEnvironment> {
    let problem = "is none of observe, approve, enforce";
    name.map_or(Ok(Mode::Observe), |name| Mode::named(&name).ok_or(BadEnvironment { variable: "REMEDY_MODE", problem }))
}

fn settings(place: Option<String>) -> Result<SettingsAt, BadEnvironment> {
    let Some(place) = place else { return Ok(SettingsAt::Default) };
    let Some(object) = place.strip_prefix("s3://") else { return Ok(SettingsAt::File(place)) };
    match object.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok(SettingsAt::Object { bucket: bucket.to_owned(), key: key.to_owned() })
        }
        _ => Err(BadEnvironment { variable: "REMEDY_SETTINGS", problem: "is not s3://bucket/key" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(extra: &[(&str, &str)]) -> Result<Environment, BadEnvironment> {
        let mut all: BTreeMap<&str, &str> = BTreeMap::from([
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("REMEDY_EVIDENCE_BUCKET", "evidence"),
            ("REMEDY_STATE_BUCKET", "state"),
        ]);
        all.extend(extra.iter().copied());
        Environment::read(|name| all.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn nothing_said_means_observe_and_no_writing() {
        let environment = read(&[]).unwrap();
        assert_eq!(environment.mode, Mode::Observe);
        assert_eq!(environment.settings, SettingsAt::Default);
        assert_eq!(environment.write_role, None);
    }

    #[test]
    fn a_bucket_is_required() {
        let error = read(&[("REMEDY_STATE_BUCKET", "")]).unwrap_err();
        assert_eq!(error.to_string(), "REMEDY_STATE_BUCKET is not set");
    }

    #[test]
    fn wrong_values_are_named() {
        assert!(read(&[("REMEDY_MODE", "Enforce")]).is_err());
        assert!(read(&[("REMEDY_SETTINGS", "s3://bucket-only")]).is_err());
        assert!(read(&[("AWS_REGION", "eu west")]).is_err());
    }

    #[test]
    fn sweeps_look_in_the_regions_that_are_named_once_each() {
        let of = |names: &str| read(&[("REMEDY_REGIONS", names)]).map(|environment| environment.regions);
        let named = |names: &[&str]| names.iter().map(|name| Region::parse(*name).unwrap()).collect::<Vec<_>>();
        assert_eq!(of("").unwrap(), named(&["eu-west-1"]), "the own one");
        assert_eq!(of("us-east-1, eu-west-1,us-east-1").unwrap(), named(&["eu-west-1", "us-east-1"]));
        for wrong in ["us-east-1,", "global", "us east", ","] {
            assert!(of(wrong).unwrap_err().to_string().starts_with("REMEDY_REGIONS is not"), "{wrong}");
        }
    }

    #[test]
    fn an_audience_is_told_to_functions_behind_an_emulator_of_this_machine_alone() {
        for (endpoint, told) in [("http://127.0.0.1:5000", Some("x")), ("", None), ("https://127.0.0.1.example", None)]
        {
            let read = read(&[("REMEDY_AUDIENCE", "x"), ("AWS_ENDPOINT_URL", endpoint)]).unwrap();
            assert_eq!(read.audience.as_deref(), told, "{endpoint}");
        }
    }

    #[test]
    fn an_external_id_is_what_sts_takes() {
        let of = |id: &str| read(&[("REMEDY_EXTERNAL_ID", id)]).map(|environment| environment.external_id);
        assert_eq!(of("").unwrap(), None);
        assert_eq!(of("remedy-7f3a").unwrap().as_deref(), Some("remedy-7f3a"));
        assert!(of("x").is_err() && of("two words").is_err() && of(&"x".repeat(1225)).is_err());
    }

    #[test]
    fn settings_are_an_object_or_a_file() {
        let object = SettingsAt::Object { bucket: "b".into(), key: "k/s.json".into() };
        assert_eq!(read(&[("REMEDY_SETTINGS", "s3://b/k/s.json")]).unwrap().settings, object);
        assert_eq!(
            read(&[("REMEDY_SETTINGS", "/etc/s.json")]).unwrap().settings,
            SettingsAt::File("/etc/s.json".into())
        );
    }

    #[test]
    fn only_a_loopback_emulator_goes_without_credentials() {
        let without = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("AWS_REGION", "")];
        let emulated = [&without[..], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")]].concat();
        assert_eq!(read(&emulated).unwrap().region.as_str(), "us-east-1");
        let remote = [&without[..], &[("AWS_ENDPOINT_URL", "https://vpce.example")]].concat();
        assert!(read(&remote).is_err());
    }
}
