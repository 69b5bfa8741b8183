//! deployer.yaml, the roles that deploy: it is current, and each rule about it, its pipeline and partitions is broken once (tests/deployer.py).

use crate::template::{assert_current, unittests};

#[test]
fn it_is_what_make_template_writes() {
    assert_current("tools/template_deployer.py", "deployer.yaml");
}

#[test]
fn each_rule_about_it_fails_when_it_is_broken() {
    unittests("tests/deployer.py", 20);
}
