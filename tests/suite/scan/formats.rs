//! What other tools take, each read by a validator that is not ours: tools/scan_formats_check.py.

use std::process::Command as Process;

use super::*;

/// The formats, their files, and the Python environment that has the validator.
const FORMATS: [(&str, &str, &str); 5] = [
    ("csv", "scan.csv", ".venv-formats"),
    ("xlsx", "scan.xlsx", ".venv-formats"),
    ("ocsf", "scan.ocsf.jsonl", ".venv-formats"),
    ("oscal", "scan.oscal.json", ".venv-formats"),
    ("asff", "scan.asff.json", ".venv"),
];

fn validated(kind: &str, file: &Path, venv: &str) -> Result<String, String> {
    let root = template::ROOT;
    let mut python = Process::new(format!("{root}/{venv}/bin/python"));
    python.args(["tools/scan_formats_check.py", kind]).arg(file).current_dir(root);
    let output = python.output().unwrap_or_else(|error| panic!("{error}: `make test` makes {venv}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_is_as_its_published_schema_says_and_nothing_unread_passes() {
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    world.proxy.on_call(|call: &Call| (call.operation == "GetBucketEncryption").then_some(Fault::Denied));
    let folder = std::env::temp_dir().join(format!("remedy-scan-{}-formats", world.account.id));
    let out = folder.to_string_lossy().into_owned();
    let formats = ["json", "jsonl", "html", "csv", "xlsx", "ocsf", "oscal", "asff"];
    let formats: Vec<_> = formats.iter().flat_map(|format| ["--format", format]).collect();
    let said = scan(&world, &[&formats[..], &["--policies", "--out", &out]].concat()).await;
    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.out.contains("Details: ") && said.out.contains("index.html"), "{}", said.out);
    for (kind, name, venv) in FORMATS {
        let file = folder.join(name);
        let told = validated(kind, &file, venv).unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        assert!(told.starts_with(kind), "{told}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let scan: Value = serde_json::from_str(&read("scan.json")).expect("JSON");
    let unread =
        scan["findings"].as_array().expect("findings").iter().filter(|finding| finding.get("unread").is_some());
    let unread: BTreeSet<_> = unread.map(|finding| finding["hash"].as_str().expect("a hash").to_owned()).collect();
    assert!(!unread.is_empty());
    let asff: Value = serde_json::from_str(&read("scan.asff.json")).expect("JSON");
    for finding in asff.as_array().expect("findings") {
        let id = finding["Id"].as_str().expect("an id");
        let is_unread = unread.iter().any(|hash| id.contains(&format!("s3-bucket-default-key/{hash}")));
        assert!(!is_unread || finding["Compliance"]["Status"] == "NOT_AVAILABLE", "{id}");
    }
    let shipped = std::fs::read_to_string(format!("{}/docs/oscal/hipaa-security-rule.json", template::ROOT));
    assert_eq!(read("hipaa-security-rule.json"), shipped.expect("a catalogue"));
    let mode = std::fs::metadata(folder.join("scan.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "findings are the owner's business alone");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

/// A check that finds nothing wrong with anything is worth nothing.
#[test]
fn the_validators_refuse_what_is_wrong() {
    let file = std::env::temp_dir().join(format!("remedy-scan-wrong-{}", std::process::id()));
    for (kind, text, venv) in [
        ("ocsf", "{\"class_uid\": 2003}\n", ".venv-formats"),
        ("oscal", "{\"assessment-results\": {}}", ".venv-formats"),
        ("asff", "[{\"Id\": \"x\"}]", ".venv"),
    ] {
        std::fs::write(&file, text).expect("a file");
        assert!(validated(kind, &file, venv).is_err(), "{kind}");
    }
    std::fs::remove_file(file).expect("the file goes");
}

/// In Chromium, light and dark, wide and narrow, folded and unfolded: tools/page_check.mjs.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_opens_in_a_browser_without_an_error_or_a_request_and_is_accessible() {
    let root = template::ROOT;
    let modules = format!("{root}/.browser/node_modules");
    if !Path::new(&modules).exists() || !Path::new("/usr/bin/chromium").exists() {
        println!("NOT LOOKED AT in a browser: there is none; `make browser` installs it");
        return;
    }
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    world.proxy.on_call(|call: &Call| (call.operation == "GetBucketEncryption").then_some(Fault::Denied));
    let folder = std::env::temp_dir().join(format!("remedy-scan-{}-page", world.account.id));
    scan(&world, &["--policies", "--out", &folder.to_string_lossy()]).await;
    let mut check = Command::new("node");
    check.arg("tools/page_check.mjs").arg(folder.join("index.html")).current_dir(root).env("NODE_PATH", &modules);
    let output = check.output().await.expect("node starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("axe-core 0 violations").count(), 8, "{told}");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}
