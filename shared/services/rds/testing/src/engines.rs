//! The capabilities of RDS's engines.

use remedy_testkit::fake::{Catalogue, List, Pages};
use serde_json::{Value, json};

/// An engine, as far as the controls ask.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) port: u16,
    /// Whether people may sign in with IAM.
    signs_in: Iam,
    logs: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Iam {
    Supported,
    Unsupported,
}

const fn engine(
    name: &'static str,
    version: &'static str,
    port: u16,
    signs_in: Iam,
    logs: &'static [&'static str],
) -> Engine {
    Engine { name, version, port, signs_in, logs }
}

/// Sources: Amazon RDS User Guide, "Supported Regions and DB engines for IAM database authentication" and "Publishing database
/// logs to Amazon CloudWatch Logs".
pub(crate) static ENGINES: [Engine; 9] = [
    engine("postgres", "17.4", 5432, Iam::Supported, &["postgresql", "upgrade", "iam-db-auth-error"]),
    engine("mysql", "8.4.5", 3306, Iam::Supported, &["audit", "error", "general", "slowquery", "iam-db-auth-error"]),
    engine("mariadb", "11.8.3", 3306, Iam::Supported, &["audit", "error", "general", "slowquery", "iam-db-auth-error"]),
    engine("aurora-postgresql", "17.4", 5432, Iam::Supported, &["postgresql", "iam-db-auth-error"]),
    engine(
        "aurora-mysql",
        "8.0.mysql_aurora.3.10.0",
        3306,
        Iam::Supported,
        &["audit", "error", "general", "slowquery"],
    ),
    engine(
        "oracle-se2",
        "19.0.0.0.ru-2025-07.rur-2025-07.r1",
        1521,
        Iam::Unsupported,
        &["alert", "audit", "listener", "trace"],
    ),
    engine("sqlserver-se", "16.00.4205.1.v1", 1433, Iam::Unsupported, &["error", "agent"]),
    engine("docdb", "5.0.0", 27017, Iam::Unsupported, &["audit", "profiler"]),
    engine("neptune", "1.4.5.1", 8182, Iam::Supported, &["audit", "slowquery"]),
];

/// Which engine runs on which class of instances, and what it can do there.
pub(crate) const ORDERABLE: Catalogue = Catalogue {
    list: List { shown: "OrderableDBInstanceOptions", filters: &[], pages: Pages::RECORDS },
    entries: orderable,
    picked_by: &["Engine", "EngineVersion", "DBInstanceClass"],
};

/// The versions of engines.
pub(crate) const VERSIONS: Catalogue = Catalogue {
    list: List { shown: "DBEngineVersions", filters: &[], pages: Pages::RECORDS },
    entries: versions,
    picked_by: &["Engine", "EngineVersion"],
};

fn orderable() -> Vec<Value> {
    let of_class = |engine: &Engine, class: &str| {
        json!({
            "Engine": engine.name, "EngineVersion": engine.version, "DBInstanceClass": class,
            "SupportsIAMDatabaseAuthentication": engine.signs_in == Iam::Supported,
        })
    };
    let of_engine = |engine| ["db.t4g.micro", "db.r6g.large"].map(|class| of_class(engine, class));
    ENGINES.iter().flat_map(of_engine).collect()
}

fn versions() -> Vec<Value> {
    let version = |engine: &Engine| json!({"Engine": engine.name, "EngineVersion": engine.version, "ExportableLogTypes": engine.logs});
    ENGINES.iter().map(version).collect()
}
