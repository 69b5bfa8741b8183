//! Attacks on sealed evidence, by somebody who may write to the buckets: the reactions of the real sealer and
//! `remedy verify`.

use remedy_testkit::proxy::Fault;

use super::*;

/// The output of `remedy verify` for the bucket as it is, and its exit status.
async fn judged(vault: &Vault, more: &[&str]) -> (Option<i32>, String) {
    let folder = vault.download(&vault.world.evidence_bucket(), "evidence").await.display().to_string();
    let key = vault.key_file().await;
    let output = verify(&[&[folder.as_str(), "--key", &key][..], more].concat());
    (status(&output), text(&output))
}

/// One repair five hours ago, sealed.
async fn sealed_vault() -> (Vault, Value) {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let answer = sealed(&vault).await;
    assert_eq!(judged(&vault, &[]).await.0, Some(0));
    (vault, answer)
}

/// The sealer's answer, which must be an error; the page that it sends.
async fn stopped(vault: &Vault) -> String {
    let answer = vault.sealer().invoke(b"{}").await;
    let Answer::Failed { error_type, message, .. } = &answer else { panic!("{answer:?}") };
    assert_eq!(error_type, "unverified", "{message}");
    let notices = vault.world.state("notice/sealer").await;
    let pages = notices.values().filter(|letter| letter["notice"]["alarm"] == "page").count();
    assert_eq!(pages, 1, "once a day: {notices:#?}");
    message.clone()
}

async fn wipe(vault: &Vault, is_gone: impl Fn(&str) -> bool) {
    for key in vault.keys().await.into_iter().filter(|key| is_gone(key)) {
        vault.delete(&key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_at_any_number_of_the_chain_stops_nothing() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let huge = vec![b'x'; 20_000_000];
    for (key, bytes) in [
        ("seal/0000000000.json", &b"{}"[..]),
        ("seal/0000000002.json", &b"junk"[..]),
        ("seal/0000000003.sig", &b"junk"[..]),
        ("seal/0000000004.json", &huge[..]),
    ] {
        vault.put(key, bytes).await;
    }
    let answer = sealed(&vault).await;
    assert_eq!(answer["due"], 0, "{answer:#}");
    assert_eq!(numbers(&answer).first(), Some(&1), "number 0 is stepped over");
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("no manifest, stepped over: seal/0000000002.json\n"), "{text}");
}

/// A manifest that leaves a record out, indented, with a note and a version of its own, is not signed; a gap is.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_others_chose_are_not_signed() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let records: Vec<_> = vault.bytes(&vault.world.evidence_bucket()).await.into_iter().collect();
    let hour = remedy_evidence::Hour::of_key(&records[0].0).unwrap();
    let mut found = remedy_evidence::Contents::default();
    found.add(&records[0].0, &records[0].1);
    let place = remedy_evidence::Place {
        origin: vault.world.evidence_bucket(),
        number: 0,
        hour,
        at: hour.ends() + remedy_evidence::GRACE,
        previous: None,
        over: None,
    };
    let plain = remedy_evidence::Manifest::new(place, found).unwrap().to_bytes().unwrap();
    let mut planted: Value = serde_json::from_slice(&plain).unwrap();
    planted["note"] = json!("audited and found complete by the OCR");
    planted["version"] = json!("9.9.9");
    let noted = serde_json::to_vec_pretty(&planted).unwrap();
    vault.put("seal/0000000000.json", &noted).await;
    vault.put("seal/0000000001.json", &plain).await;
    let answer = sealed(&vault).await;
    assert_eq!((answer["sealed"][0]["number"].clone(), answer["sealed"][0]["count"].clone()), (json!(2), json!(2)));
    let keys = vault.keys().await;
    assert!(!keys.contains("seal/0000000000.sig") && !keys.contains("seal/0000000001.sig"), "{keys:?}");
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("intact: 2 objects"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_is_oversize_stops_no_hour() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let folder = remedy_evidence::Hour::of_key(&vault.keys().await.into_iter().next().unwrap()).unwrap().folder();
    vault.put(&format!("{folder}large"), &vec![b'x'; 60_000_000]).await;
    vault.put(&format!("{folder}denied"), b"{}").await;
    vault.put(&format!("{folder}disabled"), b"{}").await;
    vault.put(&format!("{folder}census"), br#"{"format":1,"kind":"census"}"#).await;
    vault.world.proxy.on_call(|call| {
        let object = call.resource.as_deref().filter(|_| call.operation == "GetObject")?;
        let disabled = || Fault::Status(400, "KMS.DisabledException".to_owned());
        if object.ends_with("denied") { Some(Fault::Denied) } else { object.ends_with("disabled").then(disabled) }
    });
    let sealer = vault.sealer();
    let answer = done(sealer.invoke(b"{}").await);
    let first = &answer["sealed"][0];
    assert_eq!((&first["count"], &first["invalid"], &first["unreadable"]), (&json!(4), &json!(1), &json!(2)));
    assert_eq!(answer["due"], 0);
    let peak = sealer.peak_rss_kib().expect("a running process has a peak");
    assert!(peak < 64 * 1024, "peak RSS {peak} KiB over an object of 60 MB");
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("CANNOT SAY: 4 objects") && text.contains("1 unknown, 2 unreadable; 0 findings"), "{text}");
    assert!(text.contains(&format!("unknown: {folder}census\n")), "{text}");
}

/// Everything is wiped, or a part, and the mark remains in the other bucket.
#[tokio::test(flavor = "multi_thread")]
async fn wiped_evidence_is_not_intact_and_no_chain_begins_anew() {
    for records_stay in [false, true] {
        let (vault, answer) = sealed_vault().await;
        let genesis = answer["genesis"].as_str().expect("the sealer tells where the chain begins").to_owned();
        wipe(&vault, |key| !records_stay || key.starts_with("seal/")).await;
        vault.repair("fresh").await;
        if records_stay {
            vault.age(5).await;
        }
        let (status, text) = judged(&vault, &[]).await;
        if records_stay {
            assert_eq!(status, Some(1), "{text}");
        } else {
            assert_eq!(status, Some(2), "{text}");
            assert!(text.starts_with("CANNOT SAY: 0 objects under 0 manifests, nothing sealed"), "{text}");
        }
        assert!(stopped(&vault).await.contains("is-gone"));
        assert!(!vault.keys().await.contains("seal/0000000000.json"), "no chain begins anew");
        let (status, text) = judged(&vault, &["--genesis", &genesis]).await;
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains("other beginning: seal/0000000000.json: "), "{text}");
    }
}

/// Everything is wiped and nothing was written since.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_empty_or_missing_is_not_intact() {
    let (vault, _) = sealed_vault().await;
    wipe(&vault, |_| true).await;
    let (status, told) = judged(&vault, &[]).await;
    assert_eq!(status, Some(2), "{told}");
    assert!(told.contains("evidence cannot be read: No such file or directory"), "{told}");
    let folder = vault.download(&vault.world.evidence_bucket(), "evidence").await;
    std::fs::create_dir(&folder).unwrap();
    let output = verify(&[&folder.display().to_string(), "--key", &vault.key_file().await]);
    assert_eq!(super::status(&output), Some(2), "{}", text(&output));
    assert!(text(&output).contains("there is nothing in "), "{}", text(&output));
    assert!(stopped(&vault).await.contains("is-gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_cut_off_is_not_made_again() {
    let (vault, answer) = sealed_vault().await;
    let last = numbers(&answer).into_iter().max().unwrap();
    wipe(&vault, |key| key.contains(&format!("{last:010}"))).await;
    let message = stopped(&vault).await;
    assert!(message.contains("manifests-are-gone"), "{message}");
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(0), "within its hour only the mark and the anchor can tell: {text}");
    let anchor = vault.download(&vault.anchor(), "anchor").await.display().to_string();
    let (status, text) = judged(&vault, &["--anchor", &anchor]).await;
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains(&format!("cut off: seal/{last:010}.json: the anchor holds its seal")), "{text}");
}

/// Both buckets are wiped: only people and the anchor still know better. People are notified, and can pin.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_marks_are_wiped_too_a_pin_tells() {
    let (vault, answer) = sealed_vault().await;
    let genesis = answer["genesis"].as_str().unwrap().to_owned();
    wipe(&vault, |key| !key.starts_with("seal/keys/")).await;
    let state = vault.world.state_bucket();
    for key in vault.bytes(&state).await.into_keys() {
        vault.world.s3().delete_object().bucket(&state).key(key).send().await.expect("an object is deleted");
    }
    vault.repair("fresh").await;
    vault.age(3).await;
    let anew = sealed(&vault).await;
    assert_ne!(anew["genesis"], json!(genesis));
    let notices = vault.world.state("notice/sealer").await;
    assert!(notices.values().any(|letter| letter.to_string().contains("evidence begins here")), "{notices:#?}");
    let (status, text) = judged(&vault, &["--genesis", &genesis]).await;
    assert_eq!(status, Some(1), "{text}");
    let (status, _) = judged(&vault, &["--since", answer["sealed"][0]["hour"].as_str().unwrap()]).await;
    assert_eq!(status, Some(1), "it begins later than is known");
    let anchor = vault.download(&vault.anchor(), "anchor").await.display().to_string();
    assert_eq!(judged(&vault, &["--anchor", &anchor]).await.0, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_are_gone_are_told_and_the_chain_goes_on() {
    let (vault, answer) = sealed_vault().await;
    let state = vault.world.state_bucket();
    for key in vault.bytes(&state).await.into_keys().filter(|key| key.starts_with("seal/")) {
        vault.world.s3().delete_object().bucket(&state).key(key).send().await.expect("an object is deleted");
    }
    let again = sealed(&vault).await;
    assert_eq!((&again["genesis"], &again["sealed"]), (&answer["genesis"], &json!([])));
    let notices = vault.world.state("notice/sealer").await;
    assert!(notices.values().any(|letter| letter["notice"]["alarm"] == "page"), "{notices:#?}");
    assert_eq!(judged(&vault, &[]).await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_buckets_and_old_hours_of_others_are_named() {
    let (vault, _) = sealed_vault().await;
    let (status, text) = judged(&vault, &["--origin", "another-bucket"]).await;
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("other origin: seal/0000000000.json: "), "{text}");
    assert!(text.contains(&format!("bucket {}; genesis ", vault.world.evidence_bucket())), "{text}");
    // A pair that is forged into an hour that was sealed long ago, and claims to have been written now.
    let records: Vec<_> = vault.bytes(&vault.world.evidence_bucket()).await.into_iter().collect();
    let mut forged = Vec::new();
    for (key, bytes) in records.into_iter().filter(|(key, _)| key.starts_with('2')) {
        let (attempt, mut record) = ("f".repeat(32), serde_json::from_slice::<Value>(&bytes).unwrap());
        let old = record["attempt"].as_str().unwrap().to_owned();
        (record["attempt"], record["at"]) = (json!(attempt), json!(remedy_aws::clock::now()));
        forged.push(key.replace(&old, &attempt));
        vault.put(&key.replace(&old, &attempt), record.to_string().as_bytes()).await;
    }
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(1), "{text}");
    let intent = forged.iter().find(|key| key.contains("-intent-")).unwrap();
    assert!(text.contains(&format!("inserted: {intent}: ")), "{text}");
    // Somebody else's key, named after itself.
    let (vault, _) = sealed_vault().await;
    let _genuine = vault.key_file().await;
    let pem = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/formats/evidence-1.pem")).unwrap();
    let key = remedy_evidence::PublicKey::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    let name = remedy_evidence::name::public_key(key.fingerprint());
    vault.put(&name, key.pem().as_bytes()).await;
    let (status, text) = judged(&vault, &[]).await;
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains(&format!("foreign key: {name}: ")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_markers_are_findings_where_versions_are_listed() {
    let (vault, _) = sealed_vault().await;
    let path = vault.file("versions.json", br#"{"Versions":[{"Key":"2026/a","IsLatest":false,"VersionId":"1"}],"DeleteMarkers":[{"Key":"seal/0000000000.json","IsLatest":false,"VersionId":"2"}]}"#);
    let (status, text) = judged(&vault, &["--versions", &path]).await;
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("delete marker: seal/0000000000.json: ") && text.contains("other version: 2026/a: "),
        "{text}"
    );
    for none in ["[]", "{}", r#"{"Versions":[],"NextToken":"more"}"#] {
        let path = vault.file("versions.json", none.as_bytes());
        let (status, text) = judged(&vault, &["--versions", &path]).await;
        assert_eq!(status, Some(2), "{none}: {text}");
        assert!(text.contains("versions.json: not all that"), "{text}");
    }
}
