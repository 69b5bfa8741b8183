//! IAM in a large account: nobody is listed to look at one, and long answers are waited for.

use std::{collections::BTreeSet, time::Duration};

use remedy_testkit::{
    proxy::{Call, Fault},
    world::{done, only_run},
};
use serde_json::json;

use crate::{
    drift::Drift,
    scenes::{Form, Scene},
};

const OF_IAM: [Form; 6] =
    [Form::Drift(Drift::User), Form::Narrowed, Form::Bounded, Form::Detached, Form::Converted, Form::Direct];
/// The calls whose answers grow with the account.
const OF_EVERYBODY: [&str; 5] =
    ["ListUsers", "ListGroups", "ListRoles", "ListPolicies", "GetAccountAuthorizationDetails"];
/// Longer than one attempt of an ordinary call may take.
const LONG: Duration = Duration::from_millis(3_300);

fn is_long(call: &Call) -> bool {
    call.service == "iam" && OF_EVERYBODY.contains(&call.operation.as_str())
}

/// As a sweep calls it.
fn arn(scene: &Scene) -> String {
    let resource = &scene.resource;
    match scene.form {
        _ if resource.starts_with("arn:") => resource.clone(),
        Form::Narrowed | Form::Bounded => format!("arn:aws:iam::{}:policy/{resource}", scene.world.account.id),
        Form::Detached => format!("arn:aws:iam::{}:role/{resource}", scene.world.account.id),
        _ => format!("arn:aws:iam::{}:user/{resource}", scene.world.account.id),
    }
}

/// The repair of a form, where its resource is named so.
async fn lists_nobody(form: Form, named: impl Fn(&Scene) -> String) {
    let scene = form.open().await;
    scene.world.proxy.clear();
    let run = only_run(scene.lambda.invoke(&form.event(&named(&scene))).await);
    assert_eq!(run["outcome"], form.outcomes().0, "{form:?}: {run:#}");
    let listed = scene.world.proxy.calls_where(|call| is_long(call) && call.operation.starts_with("List"));
    assert!(listed.is_empty(), "{form:?}: {listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_one_lists_nobody() {
    for form in OF_IAM {
        lists_nobody(form, arn).await;
    }
}

/// CloudTrail names a principal, and no kind of it: one call for each kind is enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_asked_for_by_itself() {
    for form in [Form::Drift(Drift::User), Form::Detached, Form::Converted, Form::Direct] {
        lists_nobody(form, |scene| scene.resource.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_aws_is_none_of_the_accounts() {
    let scene = Form::Narrowed.open().await;
    let theirs = json!({"control": "iam-policy-admin", "resource": "arn:aws:iam::aws:policy/AdministratorAccess"});
    let run = only_run(scene.lambda.invoke(theirs.to_string().as_bytes()).await);
    assert_eq!(run["outcome"], "gone", "{run:#}");
    assert!(scene.world.repairs().is_empty());
}

/// AWS needs ten seconds for what a thousand principals hold. One attempt of such a call is enough, in a sweep and in a repair.
#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_waited_for_and_asked_for_once() {
    let scene = Form::Detached.open_for(Duration::from_mins(2)).await;
    let policies = Form::Narrowed.deploy(&scene.world, ("observe", Duration::from_mins(2))).await;
    let users = Form::Drift(Drift::User).deploy(&scene.world, ("observe", Duration::from_mins(2))).await;
    scene.world.proxy.clear();
    scene.world.proxy.on_call(|call: &Call| is_long(call).then_some(Fault::Late(LONG)));
    let run = only_run(scene.lambda.invoke(&scene.event).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    for (lambda, control) in
        [(&scene.lambda, "iam-inline-kms"), (&policies, "iam-policy-full-service"), (&users, "iam-user-without-mfa")]
    {
        // A first sweep goes through the pages twice: to draw its baseline, and to send its messages.
        scene.world.swept_before(control).await;
        done(lambda.invoke(json!({"sweep": {"control": control}}).to_string().as_bytes()).await);
    }
    let long = scene.world.proxy.calls_where(is_long);
    let kinds: BTreeSet<_> = long.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(kinds, OF_EVERYBODY.into(), "each of them was late");
    let of = |operation: &str| long.iter().filter(|call| call.operation == operation).count();
    assert_eq!((of("ListGroups"), of("ListRoles"), of("ListPolicies")), (1, 1, 1), "one attempt is enough");
}
