use std::os::unix::fs::PermissionsExt;

use http::{HeaderMap, Method};
use serde_json::json;

use super::*;
use crate::proxy::wire::{Ask, Reply, exchange};

async fn ask(api: &str, method: Method, path: &str, body: &str) -> Reply {
    let target = format!("/2018-06-01/runtime/{path}");
    let ask = Ask { method, target, headers: HeaderMap::new(), body: body.to_owned().into() };
    exchange(api, api, ask).await.expect("the Runtime API answers")
}

#[tokio::test]
async fn function() {
    // The function of the tests below, run by them in a process of its own; alone it has nothing to serve.
    let Ok(api) = env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    loop {
        let event = ask(&api, Method::GET, "invocation/next", "").await;
        let id = event.headers["lambda-runtime-aws-request-id"].to_str().unwrap();
        println!("saw {}", event.text());
        let (end, body) = match event.text().as_str() {
            r#""crash""# => std::process::exit(1),
            r#""hang""# => std::future::pending().await,
            r#""fail""# => ("error", json!({"errorType": "Refused", "errorMessage": "no"}).to_string()),
            event => ("response", event.to_owned()),
        };
        ask(&api, Method::POST, &format!("invocation/{id}/{end}"), &body).await;
    }
}

/// A script that starts the function above: a test executable wants arguments, a Lambda function gets none.
fn script() -> &'static PathBuf {
    static SCRIPT: OnceLock<PathBuf> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let path = env::temp_dir().join(format!("remedy-function-{}", std::process::id()));
        let name = module_path!().split_once("::").unwrap().1;
        let own = env::current_exe().unwrap();
        let run = format!("#!/bin/sh\nexec '{}' --exact --nocapture {name}::function\n", own.display());
        fs::write(&path, run).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    })
}

fn lambda() -> Lambda {
    Lambda::deploy(Spec {
        name: "echo".to_owned(),
        binary: script().clone(),
        env: BTreeMap::new(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        timeout: Duration::from_secs(2),
    })
}

#[tokio::test]
async fn a_function_answers_fails_crashes_and_is_started_again() {
    let lambda = lambda();
    assert_eq!(lambda.invoke(br#"{"a":1}"#).await, Answer::Done(json!({"a": 1})));
    let Answer::Failed { error_type, message, .. } = lambda.invoke(br#""fail""#).await else { panic!("it fails") };
    assert_eq!((error_type.as_str(), message.as_str()), ("Refused", "no"));
    assert_eq!(lambda.invoke(br#""crash""#).await, Answer::Crashed);
    assert_eq!(lambda.invoke(b"1").await, Answer::Done(json!(1)));
    assert!(lambda.logs().contains(r#"saw "crash""#) && lambda.peak_rss_kib() > Some(0));
    assert!(lambda.init_time() < lambda.cold_start());
}

#[tokio::test]
async fn a_function_is_killed_at_its_deadline_and_on_demand() {
    let lambda = lambda();
    assert_eq!(lambda.invoke(br#""hang""#).await, Answer::TimedOut);
    let hanging = async { lambda.invoke(br#""hang""#).await };
    let killing = async {
        while lambda.logs().matches("saw").count() < 2 {
            tokio::task::yield_now().await;
        }
        lambda.kill().await;
    };
    assert_eq!(tokio::join!(hanging, killing).0, Answer::Crashed);
    assert_eq!(lambda.invoke(b"2").await, Answer::Done(json!(2)));
}

#[tokio::test]
async fn an_asynchronous_invocation_is_tried_three_times() {
    assert_eq!(lambda().invoke_async(br#""crash""#).await, [Answer::Crashed, Answer::Crashed, Answer::Crashed]);
    assert_eq!(lambda().invoke_async(b"3").await, [Answer::Done(json!(3))]);
}
