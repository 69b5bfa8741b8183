//! Exemptions as code: a reviewed file, one ask for each exemption in it.

use std::path::Path;

use remedy_domain::{exemption::Terms, request::Request};
use serde::Deserialize;

use super::Failed;

/// The file: `docs/schema/exemptions.schema.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    exemptions: Vec<Terms>,
}

/// Reads the file. Nothing is asked if anything in it is wrong.
pub(super) fn read(file: &Path) -> Result<Vec<Request>, Failed> {
    let unreadable = |source| Failed::Unreadable { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let not_json = |source| Failed::NotJson { file: file.to_owned(), source };
    let document: Document = serde_json::from_str(&text).map_err(not_json)?;
    for (index, terms) in document.exemptions.iter().enumerate() {
        let wrong = |source| Failed::Terms { file: file.to_owned(), number: index + 1, source };
        terms.check().map_err(wrong)?;
    }
    Ok(document.exemptions.into_iter().map(Request::Exempt).collect())
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
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../docs/schema/exemptions.schema.json")).unwrap();
        let described = schema["properties"]["exemptions"]["items"]["properties"].as_object().unwrap();
        let one: serde_json::Value = serde_json::from_str(ONE).unwrap();
        assert!(one.as_object().unwrap().keys().eq(described.keys()), "{described:?}");
    }
}
