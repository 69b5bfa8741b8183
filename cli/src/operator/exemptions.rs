//! Exemptions as code: a reviewed file, one ask for each exemption in it.

use std::path::Path;

use remedy_domain::{Timestamp, exemption::Terms, request::Request};
use serde::Deserialize;
use serde_json::Value;

use super::Failed;

/// The file: `docs/schema/exemptions.schema.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    exemptions: Vec<Value>,
}

/// An exemption in the file.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) terms: Terms,
    /// Since when, for whoever knows no ledger. An exemption that is asked for begins when somebody agrees.
    pub(crate) since: Option<Timestamp>,
}

impl Wanted {
    pub(crate) fn of(mut value: Value) -> Result<Self, serde_json::Error> {
        let since = value.as_object_mut().and_then(|members| members.remove("since"));
        let since = since.map(serde_json::from_value).transpose()?;
        Ok(Self { terms: serde_json::from_value(value)?, since })
    }
}

/// Reads the file. Nothing is asked if anything in it is wrong.
pub(super) fn read(file: &Path) -> Result<Vec<Request>, Failed> {
    Ok(wanted(file)?.into_iter().map(|one| Request::Exempt(one.terms)).collect())
}

/// The exemptions of the file.
pub(crate) fn wanted(file: &Path) -> Result<Vec<Wanted>, Failed> {
    let unreadable = |source| Failed::Unreadable { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let not_json = |source| Failed::NotJson { file: file.to_owned(), source };
    let document: Document = serde_json::from_str(&text).map_err(not_json)?;
    let mut all = Vec::new();
    for (index, one) in document.exemptions.into_iter().enumerate() {
        let one = Wanted::of(one).map_err(not_json)?;
        let wrong = |source| Failed::Terms { file: file.to_owned(), number: index + 1, source };
        one.terms.check().map_err(wrong)?;
        all.push(one);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<usize, String> {
        // Tests run side by side: each text has a file of its own.
        let name = remedy_domain::canonical::sha256_hex(text.as_bytes());
        let file = std::env::temp_dir().join(format!("remedy-exemptions-{name}.json"));
        std::fs::write(&file, text).unwrap();
        read(&file).map(|requests| requests.len()).map_err(|failed| failed.to_string())
    }

    const ONE: &str = r#"{"control":"s3-bucket-public","account":"111122223333","resource":"brochures-*","owner":"web",
        "reason":"public on purpose","ticket":"CHG-7","alternative":"a scan before each upload","days":30}"#;

    #[test]
    fn every_exemption_becomes_an_ask() {
        assert_eq!(read_text(&format!(r#"{{"exemptions":[{ONE}, {ONE}]}}"#)), Ok(2));
        assert_eq!(read_text(r#"{"exemptions":[]}"#), Ok(0));
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_nothing_is_asked() {
        let wrong = ONE.replace("30", "91");
        let told = read_text(&format!(r#"{{"exemptions":[{ONE}, {wrong}]}}"#)).unwrap_err();
        assert!(told.contains("exemption 2") && told.contains("91 days"), "{told}");
        assert!(read_text(r#"{"exemptions":[{"control":"x"}]}"#).unwrap_err().contains("missing field"));
        assert!(read_text(r#"{"exemption":[]}"#).is_err());
    }

    #[test]
    fn the_schema_knows_every_member() {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/exemptions.schema.json")).unwrap();
        let described = schema["properties"]["exemptions"]["items"]["properties"].as_object().unwrap();
        let mut one: Value = serde_json::from_str(ONE).unwrap();
        one["since"] = "2026-12-01T00:00:00Z".into();
        assert!(one.as_object().unwrap().keys().eq(described.keys()), "{described:?}");
        assert!(Wanted::of(one).unwrap().since.is_some());
    }
}
