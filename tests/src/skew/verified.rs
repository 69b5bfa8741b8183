//! The evidence that both releases left, verified by `remedy verify`.

use std::{path::PathBuf, process::Command};

use crate::history::{Ground, Release};

/// The output of `remedy verify`, which must be intact.
pub(super) async fn verified(ground: &Ground, newest: &Release) -> String {
    let folder = Folder::new(&format!("remedy-skew-{}", ground.world.account.id));
    ground.download(&ground.world.evidence_bucket(), &folder.0).await;
    let keys = std::fs::read_dir(folder.0.join("seal/keys")).expect("the key is archived");
    let key = keys.map(|key| key.expect("a file").path()).next().expect("one key");
    let output =
        Command::new(newest.binary("remedy")).arg("verify").arg(&folder.0).arg("--key").arg(key).env_clear().output();
    let output = output.expect("remedy starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    said.lines().next().unwrap_or_default().to_owned()
}

/// A folder that is gone when it is done with.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder is made");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_anyway = std::fs::remove_dir_all(&self.0);
    }
}
