//! Seals that were copied to where the owner of the bucket cannot write.

use remedy_domain::canonical;

use super::link::genuine;
use crate::{
    archive::Archive,
    checkpoint::Checkpoint,
    finding::{Finding, Kind},
    key::PublicKey,
    name,
};

/// Compares, and returns how many seals agree with the archive.
pub(super) fn compare(anchor: &Archive, archive: &Archive, keys: &[PublicKey], findings: &mut Vec<Finding>) -> usize {
    let mut agreed = 0;
    if anchor.seals.is_empty() {
        findings.push(Finding::new(Kind::CutOff, name::SEALS, "the anchor holds no seal at all"));
    }
    for (number, seal) in &anchor.seals {
        let key = name::manifest(*number);
        match genuine(seal, keys, &name::seal(*number)) {
            Err(finding) => {
                let why = format!("in the anchor: {}", finding.detail);
                findings.push(Finding { detail: why, ..finding });
            }
            Ok(anchored) => {
                let digest = archive.manifests.get(number).map(|bytes| canonical::sha256_hex(bytes));
                if digest.as_ref() == Some(&anchored.manifest) {
                    agreed += 1;
                } else {
                    findings.push(disagrees(key, digest.as_ref(), &anchored));
                }
            }
        }
    }
    agreed
}

fn disagrees(key: String, digest: Option<&String>, anchored: &Checkpoint) -> Finding {
    if digest.is_some() {
        return Finding::new(Kind::Rewritten, key, "the anchor holds the seal of another one");
    }
    Finding::new(Kind::CutOff, key, format!("the anchor holds its seal: it was made for {}", anchored.hour))
}
