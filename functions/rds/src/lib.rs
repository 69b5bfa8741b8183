//! `rds`: databases of Amazon RDS and Amazon Aurora that one call can delete, that have an address on the internet, that anybody
//! with a password can use, or that fall behind with their minor version.

mod attribute;
mod db_cluster_deletable;
mod db_cluster_password_only;
mod db_instance_deletable;
mod db_instance_password_only;
mod db_public;
mod db_unpatched;
#[cfg(test)]
mod laws;
mod password_only;
mod reachability;

pub use attribute::{Attribute, Of, Value};
pub use db_cluster_deletable::DbClusterDeletable;
pub use db_instance_deletable::DbInstanceDeletable;
pub use db_public::{DbPublic, PubliclyAccessible};
pub use db_unpatched::{DbUnpatched, Upgrades};
pub use password_only::{IamSignIn, PasswordOnly, SignsIn};
pub use reachability::{Networked, Reachability, Way};
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_rds::{Databases, DbCluster, DbInstance};

/// The function's controls. What could be lost comes first.
#[must_use]
pub fn controls<P: Ports + Clients<Databases> + Clients<Networked>>() -> Controls<P> {
    vec![
        control::<Of<DbInstanceDeletable>, _>(),
        control::<Of<DbClusterDeletable>, _>(),
        control::<DbPublic, _>(),
        control::<PasswordOnly<DbInstance>, _>(),
        control::<PasswordOnly<DbCluster>, _>(),
        control::<Of<DbUnpatched>, _>(),
    ]
}
