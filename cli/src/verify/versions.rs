//! The answer of `aws s3api list-object-versions`.

use std::path::Path;

use remedy_evidence::Archive;
use serde::Deserialize;
use serde_json::Value;

use super::source::Unread;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    delete_markers: Vec<Version>,
}

/// A whole listing. One with neither member is not that of a bucket with evidence; a truncated one may hide the very
/// marker that matters.
fn parsed(bytes: &[u8]) -> Option<Listing> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let has = |member: &str| value.get(member).is_some_and(|member| !member.is_null());
    let is_cut = has("NextToken") || value.get("IsTruncated").is_some_and(|cut| *cut != Value::Bool(false));
    let is_listing = value.is_object() && (has("Versions") || has("DeleteMarkers")) && !is_cut;
    if is_listing { serde_json::from_value(value).ok() } else { None }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    key: String,
    is_latest: bool,
}

/// Adds the findings of the versions.
pub(crate) fn read(path: &Path, archive: &mut Archive) -> Result<(), Unread> {
    let bytes = std::fs::read(path).map_err(|error| Unread::file(path, &error))?;
    let listing = parsed(&bytes).ok_or_else(|| Unread::listing(path))?;
    listing.delete_markers.iter().for_each(|marker| archive.add_marker(&marker.key));
    let older = listing.versions.iter().filter(|version| !version.is_latest);
    older.for_each(|version| archive.add_older_version(&version.key));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_whole_or_none() {
        for text in [
            "[]",
            "[[],[]]",
            "null",
            "{}",
            "7",
            r#"{"versions":[]}"#,
            r#"{"Versions":null}"#,
            r#"{"Versions":[],"IsTruncated":true}"#,
            r#"{"Versions":[],"NextToken":"x"}"#,
            r#"{"Versions":[{"Key":"a"}]}"#,
            r#"{"Versions":{"Key":"a","IsLatest":true}}"#,
        ] {
            assert!(parsed(text.as_bytes()).is_none(), "{text}");
        }
        let text = r#"{"Versions":[{"Key":"a","IsLatest":true}],"IsTruncated":false,"RequestCharged":null}"#;
        assert_eq!(parsed(text.as_bytes()).unwrap().versions.len(), 1);
        assert_eq!(parsed(br#"{"DeleteMarkers":[{"Key":"a","IsLatest":true}]}"#).unwrap().delete_markers.len(), 1);
    }
}
