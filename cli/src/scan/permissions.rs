//! The least IAM policy that a scan needs.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use remedy_domain::{Call, Control};
use serde_json::json;

/// Prints the policy for these controls, from what they say of themselves, and for other calls.
pub(super) fn print(out: &mut (impl Write + ?Sized), controls: &[&'static Control], others: &[Call]) -> io::Result<()> {
    let reads = controls.iter().flat_map(|control| control.all_reads()).chain(others.iter().copied());
    let actions: BTreeSet<_> = reads.map(|call| call.action).collect();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "RemedyScan", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    serde_json::to_writer_pretty(&mut *out, &policy)?;
    writeln!(out)
}
