//! The way into an account: credentials of the environment, or of a profile of the AWS CLI.

use std::process::Command;

use remedy_aws::{
    Session,
    environment::{Access, Credentials},
    identity,
    onlooker::Onlooker,
};
use remedy_domain::{AccountId, Region};
use serde::Deserialize;

use crate::{sign, surroundings};

/// Why there is no way into an account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAccess {
    #[error(transparent)]
    Sign(#[from] sign::Failed),
    #[error("`{0}` is not the name of a Region")]
    NoRegion(String),
    #[error(
        "the AWS CLI could not be started ({0}), and --profile needs it; without it, set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY \
         and AWS_SESSION_TOKEN"
    )]
    NoCli(std::io::ErrorKind),
    #[error(
        "the AWS CLI gives no credentials for the profile `{0}`: sign in (`aws sso login --profile {0}`), and try again"
    )]
    NoProfile(String),
    #[error("AWS STS does not tell whose these credentials are ({0}): see that they are current")]
    Nobody(String),
}

/// An account that may be looked at.
pub(super) struct Way {
    pub(super) ports: Onlooker,
    pub(super) account: AccountId,
    /// Where to look for what belongs to a Region.
    pub(super) regions: Vec<Region>,
}

/// What `aws configure export-credentials --format process` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Opens the way into the account of the credentials.
pub(super) async fn open(profile: Option<&str>, regions: &[String]) -> Result<Way, NoAccess> {
    let own = sign::region(regions.first().cloned(), surroundings::variable)?;
    let others = regions.iter().map(|region| {
        Region::parse(region.clone()).map_err(|_| NoAccess::NoRegion(remedy_domain::redact::text(region)))
    });
    let mut regions = others.collect::<Result<Vec<_>, _>>()?;
    if regions.is_empty() {
        regions.push(own.clone());
    }
    let credentials = match profile {
        Some(profile) => exported(profile)?,
        None => sign::of_session()?,
    };
    let endpoint = surroundings::variable("AWS_ENDPOINT_URL");
    let session = Session::with_access(&Access { region: own, endpoint, credentials, function: None });
    let account = identity::account(&session).await.map_err(|fault| NoAccess::Nobody(fault.code))?;
    Ok(Way { ports: Onlooker::new(session, account.clone()), account, regions })
}

/// The AWS CLI knows every way to sign in: SSO, MFA, roles, processes.
fn exported(profile: &str) -> Result<Credentials, NoAccess> {
    let asked = ["configure", "export-credentials", "--profile", profile, "--format", "process"];
    let output = Command::new("aws").args(asked).output().map_err(|error| NoAccess::NoCli(error.kind()))?;
    let none = || NoAccess::NoProfile(remedy_domain::redact::text(profile));
    if !output.status.success() {
        return Err(none());
    }
    let Exported { access_key_id, secret_access_key, session_token } =
        serde_json::from_slice(&output.stdout).map_err(|_| none())?;
    Ok(Credentials { access_key_id, secret_access_key, session_token })
}
