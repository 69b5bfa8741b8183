//! Offers of RDS: engines, versions and classes.

use super::super::call::Call;
use super::super::wire::Reply;

/// Engines that take sign-in by IAM.
const SIGN_IN: [&str; 5] = ["aurora-mysql", "aurora-postgresql", "mariadb", "mysql", "postgres"];

/// AWS says of every engine, version and class whether it is offered, and what it can do. moto knows two engines, in versions other
/// than those of the clusters that it makes.
pub(super) fn offered(call: &Call) -> Reply {
    let asked = |name: &str| call.parameter(name).unwrap_or_default();
    let (engine, version, class) = (asked("Engine"), asked("EngineVersion"), asked("DBInstanceClass"));
    let signs_in = SIGN_IN.contains(&engine.as_str());
    let option = format!(
        "<OrderableDBInstanceOption><Engine>{engine}</Engine><EngineVersion>{version}</EngineVersion>\
         <DBInstanceClass>{class}</DBInstanceClass>\
         <SupportsIAMDatabaseAuthentication>{signs_in}</SupportsIAMDatabaseAuthentication></OrderableDBInstanceOption>"
    );
    let operation = &call.operation;
    let body = format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>\
         <OrderableDBInstanceOptions>{option}</OrderableDBInstanceOptions></{operation}Result></{operation}Response>"
    );
    Reply::new(200, "text/xml", body)
}
