//! `remedy scan --policies`: what all policies of the accounts permit, by the same analyser that the controls use.

mod judge;
mod read;

use std::collections::BTreeMap;

use remedy_aws::onlooker::Onlooker;
use remedy_domain::{AccountId, Region, Timestamp};
use remedy_engine::Place;
use remedy_scan::{Policies, Subject};

pub(super) use self::read::READS;
use super::judged::unread;

/// Something whose policies are judged.
struct Holding {
    subject: Subject,
    arn: String,
    policies: Vec<Document>,
    boundary: Option<Document>,
}

/// A policy.
#[derive(Clone)]
struct Document {
    /// Its ARN, or its name where it has none.
    name: String,
    text: String,
}

/// Reads and judges the policies of all users, groups, roles, buckets and keys of these places.
pub(super) async fn all(ports: &Onlooker, places: &BTreeMap<AccountId, Vec<Region>>, now: Timestamp) -> Policies {
    let mut found = Policies::default();
    for (account, regions) in places {
        let place = |region: Region| Place { account: account.clone(), region };
        let global = place(Region::global());
        match read::principals(ports, &global).await {
            Ok(holdings) => judge::all(&mut found, account, &holdings, now),
            Err(fault) => {
                found.unread.push((format!("policies of users, groups and roles in {account}"), unread(&fault, READS)));
            }
        }
        for region in regions {
            let here = place(region.clone());
            for (what, read) in
                [("buckets", read::buckets(ports, &here).await), ("keys", read::keys(ports, &here).await)]
            {
                let (holdings, faults) = read.unwrap_or_else(|fault| (Vec::new(), vec![fault]));
                judge::all(&mut found, account, &holdings, now);
                let told = faults
                    .iter()
                    .map(|fault| (format!("policies of {what} in {account} {region}"), unread(fault, READS)));
                found.unread.extend(told);
            }
        }
    }
    found.unread.dedup();
    found
}
