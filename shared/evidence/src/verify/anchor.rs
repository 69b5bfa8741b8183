//! Seals that were copied to where the owner of the bucket cannot write.

use remedy_domain::canonical;

use super::chain::genuine;
use crate::{
    archive::Archive,
    finding::{Finding, Kind},
    key::PublicKey,
    name,
};

/// Compares, and answers how many seals agree with what is there.
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
            Ok(anchored) => match archive.manifests.get(number).map(|bytes| canonical::sha256_hex(bytes)) {
                Some(digest) if digest == anchored.manifest => agreed += 1,
                Some(_) => {
                    findings.push(Finding::new(Kind::Rewritten, key, "the anchor holds the seal of another one"))
                }
                None => {
                    let why = format!("the anchor holds its seal: it was made for {}", anchored.hour);
                    findings.push(Finding::new(Kind::CutOff, key, why));
                }
            },
        }
    }
    agreed
}
