//! `s3-public-access`: S3 buckets and accounts that Block Public Access does not protect.

mod access;
mod account;
mod account_public;
mod acl;
mod block;
mod bucket_public;
#[cfg(test)]
mod laws;
mod policy;
mod reads;

pub use access::{Access, Step};
pub use account::{Account, Accounts};
pub use account_public::AccountPublic;
pub use acl::{Acl, Grant, Grantee};
pub use block::PublicAccessBlock;
pub use bucket_public::BucketPublic;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_s3::Buckets;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Clients<Buckets> + Clients<Accounts>>() -> Controls<P> {
    vec![control::<BucketPublic, _>(), control::<AccountPublic, _>()]
}
