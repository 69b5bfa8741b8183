//! Amazon RDS as the fake AWS of the tests answers it: instances and clusters, what waits for the maintenance window, and
//! what RDS refuses.

mod engines;
mod log_types;
pub mod network;
#[cfg(test)]
mod tests;

use remedy_testkit::fake::{
    Dialect, Kind, List, Member, Pages, Refusal, Refused, Request, Row, Scope, Service, Spelling, Tagging, Window,
    members, refuse_unless,
};
use serde_json::{Map, Value, json};

use crate::{engines::ENGINES, log_types::switched};

/// The service.
pub static RDS: Service = Service::of(
    "rds",
    Dialect::Query(ITEMS),
    &[
        Row::create("CreateDBInstance", &INSTANCE).refused_by(&[names_one, keeps_few_days]),
        Row::list("DescribeDBInstances", &INSTANCE, INSTANCES),
        Row::modify("ModifyDBInstance", &INSTANCE).refused_by(&[is_idle, keeps_few_days, is_no_member]),
        Row::delete("DeleteDBInstance", &INSTANCE).refused_by(&[is_not_protected]),
        Row::create("CreateDBCluster", &CLUSTER).refused_by(&[names_one, keeps_one_day]),
        Row::list("DescribeDBClusters", &CLUSTER, CLUSTERS),
        Row::modify("ModifyDBCluster", &CLUSTER).refused_by(&[is_idle, keeps_one_day]),
        Row::delete("DeleteDBCluster", &CLUSTER).refused_by(&[is_not_protected]),
        Row::catalogue("DescribeOrderableDBInstanceOptions", engines::ORDERABLE),
        Row::catalogue("DescribeDBEngineVersions", engines::VERSIONS),
        Row::tag("AddTagsToResource", TAGS),
        Row::untag("RemoveTagsFromResource", TAGS),
        Row::list_tags("ListTagsForResource", TAGS),
    ],
);

/// The names of the items of lists.
const ITEMS: &[(&str, &str)] = &[
    ("DBClusterMembers", "DBClusterMember"),
    ("DBClusters", "DBCluster"),
    ("DBEngineVersions", "DBEngineVersion"),
    ("DBInstances", "DBInstance"),
    ("DBParameterGroups", "DBParameterGroup"),
    ("Filters", "Filter"),
    ("OrderableDBInstanceOptions", "OrderableDBInstanceOption"),
    ("ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBInstanceIdentifier"),
    ("Subnets", "Subnet"),
    ("TagList", "Tag"),
    ("Tags", "Tag"),
    ("Values", "Value"),
    ("VpcSecurityGroupIds", "VpcSecurityGroupId"),
    ("VpcSecurityGroups", "VpcSecurityGroupMembership"),
];

const WINDOW: Option<Window> = Some(Window { at_once: "ApplyImmediately", pending: "PendingModifiedValues" });

/// A database instance.
pub static INSTANCE: Kind = Kind {
    service: "rds",
    arn: "db:",
    named_by: "DBInstanceIdentifier",
    id: "DBInstanceIdentifier",
    spelling: Spelling::Small,
    shown_as: "DBInstance",
    scope: Scope::Region,
    missing: Refused(404, "DBInstanceNotFound", "DBInstance not found."),
    exists: Refused(400, "DBInstanceAlreadyExists", "DB instance already exists"),
    members: &[
        Member::any("DBInstanceClass").waits(),
        Member::any("Engine"),
        Member::any("EngineVersion").waits(),
        Member::any("DBClusterIdentifier"),
        Member::any("PreferredMaintenanceWindow"),
        Member::any("DBSubnetGroup"),
        Member::any("Tags").shown("TagList"),
        Member::number("AllocatedStorage").waits(),
        Member::number("BackupRetentionPeriod").waits_if(starts_or_ends),
        Member::flag("AutoMinorVersionUpgrade"),
        Member::flag("DeletionProtection"),
        Member::flag("MultiAZ").waits(),
        Member::flag("PubliclyAccessible"),
        Member::flag("StorageEncrypted"),
        Member::flag("EnableIAMDatabaseAuthentication").shown("IAMDatabaseAuthenticationEnabled").waits(),
        Member::any("EnableCloudwatchLogsExports").shown("EnabledCloudwatchLogsExports"),
        Member::of("CloudwatchLogsExportConfiguration", switched).shown("EnabledCloudwatchLogsExports"),
    ],
    window: WINDOW,
    fresh: instance,
};

/// A database cluster.
pub static CLUSTER: Kind = Kind {
    service: "rds",
    arn: "cluster:",
    named_by: "DBClusterIdentifier",
    id: "DBClusterIdentifier",
    spelling: Spelling::Small,
    shown_as: "DBCluster",
    scope: Scope::Region,
    missing: Refused(404, "DBClusterNotFoundFault", "DBCluster not found."),
    exists: Refused(400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"),
    members: &[
        Member::any("DBClusterInstanceClass").waits(),
        Member::any("Engine"),
        Member::any("EngineMode"),
        Member::any("EngineVersion").waits(),
        Member::any("PreferredMaintenanceWindow"),
        Member::any("Tags").shown("TagList"),
        Member::number("BackupRetentionPeriod"),
        Member::flag("AutoMinorVersionUpgrade"),
        Member::flag("DeletionProtection"),
        Member::flag("StorageEncrypted"),
        Member::flag("EnableIAMDatabaseAuthentication").shown("IAMDatabaseAuthenticationEnabled").waits(),
        Member::any("EnableCloudwatchLogsExports").shown("EnabledCloudwatchLogsExports"),
        Member::of("CloudwatchLogsExportConfiguration", switched).shown("EnabledCloudwatchLogsExports"),
    ],
    window: WINDOW,
    fresh: cluster,
};

const INSTANCES: List = List {
    shown: "DBInstances",
    filters: &[
        ("db-cluster-id", "DBClusterIdentifier"),
        ("db-instance-id", "DBInstanceIdentifier"),
        ("dbi-resource-id", "DbiResourceId"),
        ("engine", "Engine"),
    ],
    pages: Pages::RECORDS,
};

const CLUSTERS: List = List {
    shown: "DBClusters",
    filters: &[
        ("db-cluster-id", "DBClusterIdentifier"),
        ("db-cluster-resource-id", "DbClusterResourceId"),
        ("engine", "Engine"),
    ],
    pages: Pages::RECORDS,
};

const TAGS: Tagging = Tagging {
    kinds: &[&INSTANCE, &CLUSTER],
    named_by: "ResourceName",
    attribute: "TagList",
    tags: "Tags",
    keys: "TagKeys",
    names: ["Key", "Value"],
};

/// Backups begin, or end: that needs an outage.
fn starts_or_ends(now: &Value, wanted: &Value) -> bool {
    (*now == json!(0)) != (*wanted == json!(0))
}

/// An instance outside a cluster, or a member of the one that the request names, which must be there.
fn instance(request: &mut Request<'_>) -> Result<Map<String, Value>, Refusal> {
    let (id, serial) = (request.text("DBInstanceIdentifier").to_lowercase(), request.serial());
    let engine = ENGINES.iter().find(|engine| engine.name == request.text("Engine"));
    let engine = engine.ok_or_else(|| Refusal::new(400, "InvalidParameterValue", "Invalid DB engine"))?;
    join(request, &id)?;
    Ok(members(json!({
        "DBInstanceIdentifier": id,
        "DBInstanceArn": request.arn(&INSTANCE, &id),
        "DbiResourceId": format!("db-FAKE{serial:022}"),
        "DBInstanceStatus": "available",
        "EngineVersion": engine.version,
        "Endpoint": {"Address": format!("{id}.fake.{}.rds.amazonaws.com", request.region), "Port": engine.port},
        "AllocatedStorage": 20,
        "AutoMinorVersionUpgrade": true,
        "BackupRetentionPeriod": 1,
        "DeletionProtection": false,
        "EnabledCloudwatchLogsExports": [],
        "IAMDatabaseAuthenticationEnabled": false,
        "MultiAZ": false,
        "PendingModifiedValues": {},
        "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
        "PubliclyAccessible": false,
        "StorageEncrypted": false,
        "TagList": [],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-00000000000000001", "Status": "active"}],
    })))
}

/// An instance joins the cluster that its request names.
fn join(request: &mut Request<'_>, id: &str) -> Result<(), Refusal> {
    let name = request.text("DBClusterIdentifier").to_owned();
    if name.is_empty() {
        return Ok(());
    }
    let cluster = request.other_mut(&CLUSTER, &name).ok_or(CLUSTER.missing)?;
    let mut all = cluster.get("DBClusterMembers").and_then(Value::as_array).cloned().unwrap_or_default();
    all.push(json!({"DBInstanceIdentifier": id, "IsClusterWriter": all.is_empty()}));
    cluster.insert("DBClusterMembers".to_owned(), all.into());
    Ok(())
}

fn cluster(request: &mut Request<'_>) -> Result<Map<String, Value>, Refusal> {
    let (id, serial) = (request.text("DBClusterIdentifier").to_lowercase(), request.serial());
    let engine = ENGINES.iter().find(|engine| engine.name == request.text("Engine"));
    let engine = engine.ok_or_else(|| Refusal::new(400, "InvalidParameterValue", "Invalid DB engine"))?;
    Ok(members(json!({
        "DBClusterIdentifier": id,
        "DBClusterArn": request.arn(&CLUSTER, &id),
        "DbClusterResourceId": format!("cluster-FAKE{serial:022}"),
        "Status": "available",
        "EngineVersion": engine.version,
        "Port": engine.port,
        "AutoMinorVersionUpgrade": true,
        "BackupRetentionPeriod": 1,
        "DBClusterMembers": [],
        "DeletionProtection": false,
        "EnabledCloudwatchLogsExports": [],
        "IAMDatabaseAuthenticationEnabled": false,
        "PendingModifiedValues": {},
        "PreferredMaintenanceWindow": "sun:06:00-sun:06:30",
        "StorageEncrypted": false,
        "TagList": [],
    })))
}

/// An identifier has letters, digits and hyphens.
fn names_one(request: &Request<'_>) -> Result<(), Refusal> {
    let name = [CLUSTER.named_by, INSTANCE.named_by].map(|member| request.text(member)).concat();
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    refuse_unless(fits, Refused(400, "InvalidParameterValue", "The identifier is not valid"))
}

/// A database that is being changed, or is stopped, takes no other change.
fn is_idle(request: &Request<'_>) -> Result<(), Refusal> {
    let (of_instance, of_cluster) = (request.attribute("DBInstanceStatus"), request.attribute("Status"));
    let idle = ["available", "storage-full", "storage-optimization", "backing-up"];
    let is = |status: &Value| idle.iter().any(|idle| status == idle);
    let busy = |code| Refused(400, code, "Database is not in available state.");
    refuse_unless(of_instance.is_null() || is(of_instance), busy("InvalidDBInstanceState"))?;
    refuse_unless(of_cluster.is_null() || is(of_cluster), busy("InvalidDBClusterStateFault"))
}

fn keeps_few_days(request: &Request<'_>) -> Result<(), Refusal> {
    keeps(request, 0)
}

fn keeps_one_day(request: &Request<'_>) -> Result<(), Refusal> {
    keeps(request, 1)
}

fn keeps(request: &Request<'_>, least: i64) -> Result<(), Refusal> {
    let days = request.text("BackupRetentionPeriod");
    let fits = days.is_empty() || days.parse().is_ok_and(|days: i64| (least..=35).contains(&days));
    refuse_unless(fits, Refused(400, "InvalidParameterValue", "Invalid backup retention period"))
}

/// Refuses to change on an instance what belongs to its cluster.
fn is_no_member(request: &Request<'_>) -> Result<(), Refusal> {
    let of_cluster = ["BackupRetentionPeriod", "DeletionProtection", "EnableIAMDatabaseAuthentication"];
    let asks = of_cluster.iter().any(|member| !request.input[member].is_null());
    let message = "The requested DB Instance is a member of a cluster. Modify the cluster instead.";
    let fits = request.attribute("DBClusterIdentifier").is_null() || !asks;
    refuse_unless(fits, Refused(400, "InvalidParameterCombination", message))
}

fn is_not_protected(request: &Request<'_>) -> Result<(), Refusal> {
    let message = "Cannot delete protected database, please disable deletion protection and try again.";
    refuse_unless(
        *request.attribute("DeletionProtection") != json!(true),
        Refused(400, "InvalidParameterCombination", message),
    )
}
