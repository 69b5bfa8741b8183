//! A request is for one deployment: account, Region and stack of the receiving function, which it knows from its own
//! ARN.

use std::collections::BTreeMap;

use remedy_testkit::{
    lambda::{Lambda, Spec, binary},
    world::{TIMEOUT, done},
};
use serde_json::json;

use remedy_tests::clinic::{Clinic, STACK, refused};

const HOLD: [&str; 4] = ["hold", "--all", "--reason", "images are gone"];

/// An operator function of the clinic's account, called by this name in another Region, or of another stack.
fn operator(clinic: &Clinic, name: &str, region: &str, more: &[(&str, &str)]) -> Lambda {
    let mut env: BTreeMap<String, String> = clinic.world.environment("observe");
    env.insert("REMEDY_SETTINGS".to_owned(), clinic.world.settings_file(&clinic.settings("approve")));
    env.insert("REMEDY_STACK".to_owned(), STACK.to_owned());
    env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Lambda::deploy(Spec {
        name: name.to_owned(),
        binary: binary("operator"),
        env,
        account: clinic.world.account.id.clone(),
        region: region.to_owned(),
        timeout: TIMEOUT,
    })
}

/// The stored holds, all of them.
async fn holds(clinic: &Clinic) -> usize {
    clinic.world.state("hold/").await.len()
}

#[tokio::test]
async fn what_is_signed_for_one_account_is_not_taken_by_a_deployment_of_the_same_name_in_another() {
    let (sandbox, production) = (Clinic::open("approve").await, Clinic::open("approve").await);
    let ann = sandbox.person("ann").await;
    production.knows(&ann);
    let both = production.deploy_with("operator", &sandbox.settings("approve"));
    let payload = ann.signs(&HOLD);
    let told = refused(both.invoke(&payload).await);
    assert!(told.starts_with("unproven") && told.contains("audience"), "{told}");
    assert_eq!(holds(&production).await, 0);
    done(sandbox.operator.invoke(&payload).await);
    assert_eq!(holds(&sandbox).await, 1, "it is still good for the one that it was signed for");
    let there = production.audience();
    done(both.invoke(&ann.signs(&[&HOLD[..], &["--audience", &there]].concat())).await);
    assert_eq!(holds(&production).await, 1, "whom both name may act in both, with a signature for each");
}

#[tokio::test]
async fn what_is_signed_for_one_region_or_stack_is_not_taken_by_another_of_the_account() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let (account, region) = (clinic.world.account.id.as_str(), clinic.world.account.region.as_str());
    let elsewhere = if region == "eu-west-1" { "eu-west-2" } else { "eu-west-1" };
    let other_region = operator(&clinic, "operator", elsewhere, &[]);
    let other_stack = operator(&clinic, "operator", region, &[("REMEDY_STACK", "remedy-test-2")]);
    // Signed for that Region's STS, and still for the stack of this one.
    let payload = ann.signs(&[&HOLD[..], &["--region", elsewhere]].concat());
    for told in [refused(other_region.invoke(&payload).await), refused(other_stack.invoke(&ann.signs(&HOLD)).await)] {
        assert!(told.starts_with("unproven") && told.contains("audience"), "{told}");
    }
    let there = format!("{account}/{region}/remedy-test-2");
    let told = refused(clinic.operator.invoke(&ann.signs(&[&HOLD[..], &["--audience", &there]].concat())).await);
    assert!(told.starts_with("unproven") && told.contains("audience"), "{told}");
    assert_eq!(holds(&clinic).await, 0);
}

#[tokio::test]
async fn an_audience_has_one_spelling() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let (whole, account, region) = (clinic.audience(), &clinic.world.account.id, &clinic.world.account.region);
    for other in [
        STACK.to_owned(),
        format!("{whole}/"),
        format!("/{whole}"),
        format!("{whole}-operator"),
        whole.to_uppercase(),
        whole.replace('/', "//"),
        whole.replace('/', ":"),
        format!("{region}/{account}/{STACK}"),
        format!("arn:aws:lambda:{region}:{account}:function:{STACK}-operator"),
    ] {
        let told = refused(clinic.operator.invoke(&ann.signs(&[&HOLD[..], &["--audience", &other]].concat())).await);
        assert!(told.starts_with("unproven") && told.contains("audience"), "{other}: {told}");
    }
    assert_eq!(holds(&clinic).await, 0);
}

#[tokio::test]
async fn versions_and_aliases_of_a_function_are_of_one_deployment() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    for name in ["operator:live", "operator:next", "operator:7"] {
        let alias = operator(&clinic, name, &clinic.world.account.region, &[]);
        assert!(done(alias.invoke(&ann.signs(&["status"])).await)["holds"].is_array(), "{name}");
    }
}

#[tokio::test]
async fn a_function_that_does_not_know_its_deployment_takes_requests_only_as_an_emulator_is_told() {
    let clinic = Clinic::open("approve").await;
    let (ann, region) = (clinic.person("ann").await, clinic.world.account.region.clone());
    let nameless = [("REMEDY_STACK", "")];
    for for_whom in [clinic.audience(), STACK.to_owned(), "-".to_owned()] {
        let payload = ann.signs(&[&HOLD[..], &["--audience", &for_whom]].concat());
        let told = refused(operator(&clinic, "operator", &region, &nameless).invoke(&payload).await);
        assert!(told.contains("<stack>-operator") && told.contains("REMEDY_AUDIENCE"), "{told}");
    }
    assert_eq!(holds(&clinic).await, 0);
    let told = [("REMEDY_STACK", ""), ("REMEDY_AUDIENCE", "trial")];
    let developing = operator(&clinic, "operator", &region, &told);
    done(developing.invoke(&ann.signs(&["status", "--audience", "trial"])).await);
    let known = operator(&clinic, "operator", &region, &[("REMEDY_AUDIENCE", "trial")]);
    let told = refused(known.invoke(&ann.signs(&["status", "--audience", "trial"])).await);
    assert!(told.contains("audience"), "who knows its deployment is told nothing else: {told}");
}

#[tokio::test]
async fn a_terminal_signs_for_account_region_and_stack() {
    let clinic = Clinic::open("approve").await;
    let ann = clinic.person("ann").await;
    let signed_for = |told: &remedy_tests::clinic::Told| {
        told.documents[0]["operator"]["proof"]["headers"]["x-remedy-audience"].clone()
    };
    assert_eq!(signed_for(&ann.sends(&["status", "--print"]).await), json!(clinic.audience()));
    let region = clinic.world.account.region.as_str();
    let named = ann.sends(&["status", "--print", "--hub", "444455556666"]).await;
    assert_eq!(signed_for(&named), json!(format!("444455556666/{region}/{STACK}")));
    let arn = "arn:aws:cloudformation:eu-west-1:444455556666:stack/trial/0f0f";
    assert_eq!(
        signed_for(&ann.sends(&["status", "--print", "--stack", arn]).await),
        json!("444455556666/eu-west-1/trial")
    );
}
