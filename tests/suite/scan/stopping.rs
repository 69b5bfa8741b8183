//! Scans that are stopped, killed, throttled, or outlive their credentials: nothing is lost, and nothing unread counts as looked at.

use std::{path::PathBuf, process::Stdio, time::Duration};

use remedy_testkit::proxy::When;

use super::*;

/// A folder of its own for each test.
fn folder(world: &World, name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("remedy-scan-{}-{name}", world.account.id))
}

/// A world with one of each drift.
async fn broken() -> World {
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    world
}

fn started(world: &World, arguments: &[&str]) -> tokio::process::Child {
    let mut command = command(world);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("the command starts")
}

fn timeless(mut document: Value) -> Value {
    let members = document.as_object_mut().expect("an object");
    members.remove("begun");
    members.remove("ended");
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_fiftieth_call_and_resumed_the_union_is_the_whole() {
    let world = broken().await;
    for tag in ["b", "c", "d", "e", "f", "g"] {
        for drift in drift::ALL {
            drift.make(&world, tag).await;
        }
    }
    let whole = timeless(scan(&world, &["--format", "json"]).await.json());
    let folder = folder(&world, "killed");
    let out = folder.to_string_lossy().into_owned();
    let mut deaths = 0;
    loop {
        world.proxy.clear();
        let trap = world.proxy.stop_at(50, When::Before);
        // Few side by side, so that something is finished within fifty calls.
        let arguments = [if deaths == 0 { "--out" } else { "--resume" }, &out, "--concurrency", "2"];
        let mut child = started(&world, &arguments);
        let ended = trap.reached_or(child.wait()).await;
        let Err(ended) = ended else {
            child.kill().await.expect("it is killed");
            deaths += 1;
            assert!(deaths < 100, "it gets on");
            continue;
        };
        assert_eq!(ended.expect("it ends").code(), Some(1));
        break;
    }
    assert!(deaths > 2, "{deaths}");
    let last = std::fs::read_to_string(folder.join("scan.json")).expect("a result");
    assert_eq!(timeless(serde_json::from_str(&last).expect("JSON")), whole);
    assert!(folder.join("index.html").exists());
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_cut_is_left_out_and_another_scan_is_refused() {
    let world = broken().await;
    let folder = folder(&world, "cut");
    let out = folder.to_string_lossy().into_owned();
    let chosen = ["--control", "s3-bucket-public"];
    scan(&world, &[&chosen[..], &["--out", &out]].concat()).await;
    let journal = folder.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    std::fs::write(&journal, &text[..text.len() - 30]).expect("it is cut");
    let said = scan(&world, &[&chosen[..], &["--resume", &out]].concat()).await;
    assert_eq!(said.status, 1, "{}", said.err);
    let lines = std::fs::read_to_string(&journal).expect("a journal");
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    let settings = super::comparing::file(&world, "settings.json", r#"{"modes": {"default": "approve"}}"#);
    let said = scan(&world, &["--resume", &out, "--settings", &settings.to_string_lossy()]).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("settings") && said.err.contains("--out"), "{}", said.err);
    // A part is not the whole.
    let said = scan(&world, &["--resume", &out, "--resource", "phi-records"]).await;
    assert!(said.status == 2 && said.err.contains("choice of resources"), "{}", said.err);
    std::fs::write(&journal, "{}\n").expect("it is damaged");
    let said = scan(&world, &["--resume", &out]).await;
    assert!(said.status == 2 && said.err.contains("line 1"), "{}", said.err);
    std::fs::remove_dir_all(folder).expect("the folder goes");
    std::fs::remove_file(settings).expect("the file goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_is_looked_at_again_when_a_scan_is_resumed() {
    let world = broken().await;
    let folder = folder(&world, "unread");
    let out = folder.to_string_lossy().into_owned();
    world.proxy.on_call(|call: &Call| (call.operation == "DescribeKey").then_some(Fault::Denied));
    scan(&world, &["--out", &out]).await;
    world.proxy.clear_faults();
    world.proxy.clear();
    let said = scan(&world, &["--resume", &out]).await;
    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.out.contains(" 0 not looked at"), "{}", said.out);
    let services: BTreeSet<_> = world.proxy.calls().iter().map(|call| call.service.clone()).collect();
    assert_eq!(services, BTreeSet::from(["kms".to_owned(), "sts".to_owned()]), "only that is asked again");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_stops_it_what_there_is_is_printed_and_marked() {
    let world = broken().await;
    let trap = world.proxy.stop_when(When::Before, |call| call.operation == "ListKeys");
    let child = started(&world, &["--format", "json"]);
    trap.reached().await;
    let pid = child.id().expect("it runs").to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await.expect("a signal is sent");
    assert!(sent.success());
    let output = child.wait_with_output().await.expect("it ends");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["interrupted"], true);
    let kms = document["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .filter(|cell| cell["control"].as_str().is_some_and(|id| id.starts_with("kms-")));
    for cell in kms {
        assert_eq!(cell["unread"]["state"], "not-reached", "{cell}");
    }
    assert!([Some(1), Some(3)].contains(&output.status.code()), "{:?}", output.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_that_hangs_ends_with_its_time_and_holds_up_no_other() {
    let world = broken().await;
    world.proxy.on_call(|call: &Call| (call.operation == "ListKeys").then_some(Fault::Slow(Duration::from_mins(5))));
    let said = scan(&world, &["--timeout", "3s", "--format", "json"]).await;
    let document = said.json();
    for cell in document["cells"].as_array().expect("cells") {
        let is_of_kms = cell["control"].as_str().is_some_and(|id| id.starts_with("kms-"));
        let state = cell.get("unread").map(|unread| unread["state"].as_str().expect("a text"));
        assert_eq!(state, is_of_kms.then_some("not-reached"), "{cell}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_in_three_is_throttled_and_nothing_is_missed() {
    let world = broken().await;
    let whole = timeless(scan(&world, &["--format", "json"]).await.json());
    world.proxy.clear();
    world.proxy.on_call(|call: &Call| (call.index % 3 == 2).then_some(Fault::Throttle));
    let said = scan(&world, &["--format", "json"]).await;
    assert_eq!(timeless(said.json()), whole, "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_end_midway_leave_the_rest_unread() {
    let world = broken().await;
    world.proxy.clear();
    world.proxy.on_call(|call: &Call| {
        let is_late = call.index > 30;
        let code = if call.service == "s3" { "ExpiredToken" } else { "ExpiredTokenException" };
        is_late.then(|| Fault::Status(400, code.to_owned()))
    });
    let said = scan(&world, &["--format", "json"]).await;
    let document = said.json();
    assert!([1, 3].contains(&said.status), "{}", said.status);
    let places =
        document["cells"].as_array().expect("cells").iter().chain(document["findings"].as_array().expect("findings"));
    let unread: Vec<_> = places.filter_map(|place| place.get("unread")).collect();
    assert!(unread.len() > 5, "{document:#}");
    for one in unread {
        assert_eq!(one["state"], "failed", "no permission is missing");
        assert!(one["detail"].as_str().is_some_and(|detail| detail.contains("Expired")), "{one}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_seen_enough_is_no_failure_to_tell() {
    let world = broken().await;
    let mut child = started(&world, &["--plan", "--format", "table"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    assert_eq!(output.status.code(), Some(2), "nobody got the result");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
