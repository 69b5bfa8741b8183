//! Databases of Amazon RDS: listing and finding them, their descriptions and states, and the requests that modify them.

mod any;
mod cluster;
mod database;
mod instance;
mod scheduled;
mod state;

use std::ops::Deref;

pub use any::{AnyDatabase, Change as AnyChange, Described as AnyDescribed};
pub use cluster::{Clusters, DbCluster};
pub use database::{By, Database, Form, Only, Single, Summary, observe};
pub use instance::{DbInstance, Instances};
use remedy_aws::{Connect, Session};
use remedy_domain::Service;
pub use scheduled::{Apply, Others, Reschedule, Scheduled, Timed};
pub use state::{State, foreign, state};

/// The `eventSource` of the events of RDS.
pub(crate) const SOURCE: &str = "rds.amazonaws.com";

/// RDS for the template and the price list. Its calls cost nothing.
const SERVICE: Service = Service {
    name: "rds",
    resources: &[("Cluster", "rds:*:{account}:cluster:*"), ("", "rds:*:{account}:db:*")],
    ..Service::PLAIN
};

/// A client for databases.
#[derive(Debug, Clone)]
pub struct Databases(pub aws_sdk_rds::Client);

impl Connect for Databases {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_rds::Client::new(session.config()))
    }
}

impl Deref for Databases {
    type Target = aws_sdk_rds::Client;

    fn deref(&self) -> &aws_sdk_rds::Client {
        &self.0
    }
}

impl AsRef<Self> for Databases {
    fn as_ref(&self) -> &Self {
        self
    }
}
