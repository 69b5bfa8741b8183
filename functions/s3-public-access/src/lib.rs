//! `s3-public-access`: S3 buckets and accounts that Block Public Access does not protect.

mod access;
mod account_public;
mod acl;
mod asked;
mod block;
mod bucket_public;
mod clients;
#[cfg(test)]
mod laws;
mod policy;

pub use access::{Access, Step};
pub use account_public::AccountPublic;
pub use acl::{Acl, Grant, Grantee};
pub use block::{Calls, Change, PublicAccessBlock, Step as BlockStep};
pub use bucket_public::BucketPublic;
pub use clients::{Accounts, Buckets};
use remedy_aws::Roster;
use remedy_engine::{Doors, Ports, enlist};

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Doors<Buckets> + Doors<Accounts>>() -> Roster<P> {
    vec![enlist::<BucketPublic, _>(), enlist::<AccountPublic, _>()]
}
