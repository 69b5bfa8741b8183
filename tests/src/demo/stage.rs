//! The two accounts of the demo.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use super::{folder, site::Site};
use crate::workspace;

/// The two accounts: settings that are one per account need two.
pub(crate) struct Stage {
    clinic: Site,
    research: Site,
}

/// The organisation's settings.
fn settings(sites: [&Site; 2]) -> Value {
    sites[0].world.settings_with(&json!({
        "modes": {"default": "enforce"},
        "protected": {
            "break_glass": sites.map(|site| site.world.break_glass()),
            "resources": ["AWS::S3::Bucket/vendor-dropzone"],
        },
    }))
}

impl Stage {
    /// Both accounts, broken.
    pub(crate) async fn broken() -> Self {
        let path = folder().join("settings.json");
        let (clinic, research) = tokio::join!(Site::broken("clinic", &path), Site::broken("research", &path));
        // Nobody runs yet.
        workspace::write_json(&path, &settings([&clinic, &research]));
        let stage = Self { clinic, research };
        let research = &stage.research.world;
        research.proxy.set_account_summary(&research.account.id, "AccountMFAEnabled", 1);
        let raw: BTreeMap<_, _> = stage.sites().map(|site| (site.name, &site.raw)).collect();
        workspace::write_json(&folder().join("manifest.json"), &json!(raw));
        stage
    }

    /// The clinic.
    pub(crate) fn clinic(&self) -> &Site {
        &self.clinic
    }

    /// Both accounts.
    pub(crate) fn sites(&self) -> impl Iterator<Item = &Site> {
        [&self.clinic, &self.research].into_iter()
    }

    /// Prints what was broken, and what the emulator could not do.
    pub(crate) fn describe(&self) {
        for site in self.sites() {
            let places = &site.manifest.places;
            let decoys = places.iter().filter(|place| place.is_decoy()).count();
            let (name, id) = (site.name, &site.world.account.id);
            println!("   {name} ({id}): {} places are wrong, {decoys} must be left alone", places.len() - decoys);
            for one in &site.manifest.unsupported {
                println!("   NOT MADE, the emulator cannot: {}: {}", one.place, one.why);
            }
        }
        println!("   protected by the settings: user break-glass-1, bucket vendor-dropzone");
        for note in &self.clinic.manifest.notes {
            println!("   note: {note}");
        }
        println!();
    }

    /// Forgets the calls so far.
    pub(crate) fn clear(&self) {
        self.sites().for_each(|site| site.world.proxy.clear());
    }

    /// The conservation laws: no write without an intent, and one outcome for each.
    pub(crate) async fn assert_conserved(&self) {
        for site in self.sites() {
            site.world.assert_conserved().await;
        }
    }

    /// Has the final state recomputed from the emulator's API.
    pub(crate) async fn check(&self, summary: &Path) -> bool {
        println!(
            "{}",
            super::table::heading("8  Recomputing the final state from the AWS API, without Remedy's code …")
        );
        let manifest = folder().join("manifest.json");
        let (clinic, research) =
            tokio::join!(self.clinic.check(&manifest, summary), self.research.check(&manifest, summary));
        print!("{}{}", clinic.1, research.1);
        clinic.0 && research.0
    }

    /// Keeps what the functions logged.
    pub(crate) fn keep_logs(&self, folder: &Path) {
        self.sites().for_each(|site| site.keep_logs(folder));
    }
}
