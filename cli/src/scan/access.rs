//! The way into accounts: credentials of the environment or of a profile of the AWS CLI, and a role in other accounts.

use std::{collections::BTreeMap, process::Command};

use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_organizations::types::AccountState;
use remedy_aws::{
    Session, clock,
    environment::{Access, Credentials},
    fault, identity,
    onlooker::{Lent, Onlooker, Renewal, Role},
};
use remedy_domain::{AccountId, Fault, Region, Timestamp, redact};
use remedy_engine::Place;
use serde::Deserialize;

use super::arguments::{Pace, Places};
use crate::{sign, surroundings};

const LIST_REGIONS: &str = "account:ListRegions";
const LIST_ACCOUNTS: &str = "organizations:ListAccounts";

/// Why there is no way into an account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAccess {
    #[error(transparent)]
    Sign(#[from] sign::Failed),
    #[error("`{0}` is not the name of a Region")]
    NoRegion(String),
    #[error("no Region is known: name one with --region, such as us-east-1, or set AWS_REGION")]
    Nowhere,
    #[error("`{0}` is not the name of a role: name it without its ARN, as in security-audit")]
    NoRole(String),
    #[error("account {0} is not that of the credentials: name the role to assume there with --role")]
    Foreign(AccountId),
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
    #[error("{call} failed ({code}): permit it, or {instead}")]
    NoList { call: &'static str, code: String, instead: &'static str },
}

/// Accounts that may be looked at.
pub(super) struct Way {
    pub(super) ports: Onlooker,
    pub(super) caller: String,
    /// The account of the credentials.
    pub(super) home: AccountId,
    /// Where to look for what belongs to a Region, by account.
    pub(super) places: BTreeMap<AccountId, Vec<Region>>,
}

/// What `aws configure export-credentials --format process` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<Timestamp>,
}

/// Opens the way into the accounts.
pub(super) async fn open(places: &Places, pace: &Pace) -> Result<Way, NoAccess> {
    let own = own_region(places, surroundings::variable)?;
    let regions = regions(&places.regions, &own)?;
    let role = places.role.as_deref().map(|name| role(name, places.external_id.clone())).transpose()?;
    let Lent { credentials, until } = match &places.profile {
        Some(profile) => exported(profile)?,
        None => Lent { credentials: sign::of_session()?, until: None },
    };
    let endpoint = surroundings::variable("AWS_ENDPOINT_URL");
    let session = Session::with_access(&Access { region: own, endpoint, credentials, function: None });
    let session = session.gentle(usize::from(pace.concurrency));
    let (home, caller) = identity::caller(&session).await.map_err(|fault| NoAccess::Nobody(fault.code))?;
    let ports = Onlooker::new(session.clone(), home.clone(), until);
    let ports = ports.renewed(places.profile.clone().map(renewal)).with_role(role.clone());
    let accounts = accounts(places, &session, &home).await?;
    if let Some(foreign) = accounts.iter().find(|account| **account != home && role.is_none()) {
        return Err(NoAccess::Foreign(foreign.clone()));
    }
    let places = if places.all_regions {
        everywhere(&ports, accounts, &home).await?
    } else {
        accounts.into_iter().map(|account| (account, regions.clone())).collect()
    };
    Ok(Way { ports, caller: redact::text(&caller), home, places })
}

/// The Region that is named first, else that of the environment, else that of the profile.
fn own_region(places: &Places, variable: impl Fn(&str) -> Option<String>) -> Result<Region, NoAccess> {
    let named = sign::region_name(places.regions.first().cloned(), variable);
    let name = named.or_else(|| configured(places.profile.as_deref()?)).ok_or(NoAccess::Nowhere)?;
    Region::parse(name.clone()).map_err(|_| NoAccess::NoRegion(redact::text(&name)))
}

/// The Region that a profile of the AWS CLI has. What goes wrong here is reported when its credentials are
/// read.
fn configured(profile: &str) -> Option<String> {
    let output = Command::new("aws").args(["configure", "get", "region", "--profile", profile]).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

/// The Regions that are named, without those that are named twice.
fn regions(named: &[String], own: &Region) -> Result<Vec<Region>, NoAccess> {
    let parsed = named.iter().map(|name| {
        let region = Region::parse(name.clone()).ok().filter(|region| !region.is_global());
        region.ok_or_else(|| NoAccess::NoRegion(redact::text(name)))
    });
    let mut regions = parsed.collect::<Result<Vec<_>, _>>()?;
    if regions.is_empty() {
        regions.push(own.clone());
    }
    regions.sort();
    regions.dedup();
    Ok(regions)
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html>: names, after a path.
fn role(name: &str, external_id: Option<String>) -> Result<Role, NoAccess> {
    let is_of_names = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    if name.is_empty() || !name.chars().all(is_of_names) {
        return Err(NoAccess::NoRole(redact::text(name)));
    }
    Ok(Role { name: name.trim_start_matches('/').to_owned(), external_id })
}

async fn accounts(places: &Places, session: &Session, home: &AccountId) -> Result<Vec<AccountId>, NoAccess> {
    let mut accounts = if places.all_accounts {
        of_organization(session).await.map_err(|fault| NoAccess::NoList {
            call: LIST_ACCOUNTS,
            code: fault.code,
            instead: "name accounts with --account",
        })?
    } else {
        places.accounts.clone()
    };
    if accounts.is_empty() {
        accounts.push(home.clone());
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// The active accounts of the organization.
async fn of_organization(session: &Session) -> Result<Vec<AccountId>, Fault> {
    let client = aws_sdk_organizations::Client::new(session.config());
    let mut pages = client.list_accounts().into_paginator().send();
    let mut accounts = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault(LIST_ACCOUNTS, &error))?;
        for account in page.accounts() {
            // AWS fills `State` beside `Status` since 2025, and emulators only the latter.
            let status = account.status().map(aws_sdk_organizations::types::AccountStatus::as_str);
            let is_active = account.state().map_or(status == Some("ACTIVE"), |state| *state == AccountState::Active);
            accounts.extend(account.id().filter(|_| is_active).and_then(|id| AccountId::parse(id).ok()));
        }
    }
    Ok(accounts)
}

/// The enabled Regions of each account. An account that cannot be entered says so for each control, in the Regions of the own one.
async fn everywhere(
    ports: &Onlooker,
    accounts: Vec<AccountId>,
    home: &AccountId,
) -> Result<BTreeMap<AccountId, Vec<Region>>, NoAccess> {
    let own = enabled(ports, home).await.map_err(|fault| NoAccess::NoList {
        call: LIST_REGIONS,
        code: fault.code,
        instead: "name Regions with --region",
    })?;
    let mut places = BTreeMap::new();
    for account in accounts {
        let regions =
            if account == *home { own.clone() } else { enabled(ports, &account).await.unwrap_or(own.clone()) };
        places.insert(account, regions);
    }
    Ok(places)
}

/// The Regions that an account has enabled.
async fn enabled(ports: &Onlooker, account: &AccountId) -> Result<Vec<Region>, Fault> {
    let place = Place { account: account.clone(), region: Region::global() };
    let client = aws_sdk_account::Client::new(ports.reading(&place).await?.config());
    let request = client.list_regions().region_opt_status_contains(RegionOptStatus::Enabled);
    let mut pages = request.region_opt_status_contains(RegionOptStatus::EnabledByDefault).into_paginator().send();
    let mut regions = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault(LIST_REGIONS, &error))?;
        let names = page.regions().iter().filter_map(|region| region.region_name());
        regions.extend(names.filter_map(|name| Region::parse(name).ok()));
    }
    regions.sort();
    regions.dedup();
    if regions.is_empty() { Err(Fault::transient(LIST_REGIONS, "no-regions")) } else { Ok(regions) }
}

/// Asks the AWS CLI again before the credentials end.
fn renewal(profile: String) -> Renewal {
    Box::new(move || {
        exported(&profile).map_err(|failed| Fault::transient("aws configure export-credentials", failed.to_string()))
    })
}

/// The AWS CLI knows every way to sign in: SSO, MFA, roles, processes.
fn exported(profile: &str) -> Result<Lent, NoAccess> {
    let asked = ["configure", "export-credentials", "--profile", profile, "--format", "process"];
    let output = Command::new("aws").args(asked).output().map_err(|error| NoAccess::NoCli(error.kind()))?;
    let none = || NoAccess::NoProfile(redact::text(profile));
    if !output.status.success() {
        return Err(none());
    }
    let Exported { access_key_id, secret_access_key, session_token, expiration } =
        serde_json::from_slice(&output.stdout).map_err(|_| none())?;
    let credentials = Credentials { access_key_id, secret_access_key, session_token };
    Ok(Lent { credentials, until: expiration.filter(|until| *until > clock::now()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_roles_are_names() {
        let own = Region::parse("us-east-1").unwrap();
        let named = |names: &[&str]| regions(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &own);
        assert_eq!(named(&[]).unwrap(), std::slice::from_ref(&own));
        assert_eq!(named(&["us-east-1", "us-east-1"]).unwrap(), std::slice::from_ref(&own));
        assert!(named(&["global"]).is_err() && named(&["Moon"]).is_err());
        assert_eq!(role("/audit/reader", None).unwrap().name, "audit/reader");
        for wrong in ["", "arn:aws:iam::111122223333:role/x", "a b", "x\u{202e}"] {
            assert!(role(wrong, None).is_err(), "{wrong}");
        }
    }
}
