//! Two controls repair one bucket policy, and the first repair is reverted: the second's change stays.

use remedy_testkit::lambda::Lambda;
use serde_json::{Value, json};

use super::{Acts, TERMS, bucket, holds, word};
use crate::clinic::{Clinic, Person, carry_out};

/// Which statement of the policy is which.
const EVERYBODY: &str = "TemporaryDownload";
const PARTNER: &str = "Insurer";

pub(super) async fn play(
    clinic: &Clinic,
    (ann, bob): (&Person<'_>, &Person<'_>),
    public_access: &Lambda,
    acts: &mut Acts,
) {
    let name = bucket(&clinic.world, "claims").await;
    let allow = |sid: &str, principal: Value| {
        let resource = format!("arn:aws:s3:::{name}/*");
        json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": resource})
    };
    let insurer = json!({"AWS": "arn:aws:iam::444455556666:role/claims"});
    let both = [allow(EVERYBODY, json!("*")), allow(PARTNER, insurer)];
    let document = json!({"Version": "2012-10-17", "Statement": both}).to_string();
    clinic.world.s3().put_bucket_policy().bucket(&name).policy(document).send().await.expect("a policy is put");
    let first = agreed(bob, public_access, "s3-bucket-public", &name).await;
    let closed = statements(clinic, &name).await;
    acts.note("a bucket policy: the statement for everybody goes", &word(&first), holds(|| closed == [0, 1, 0]));
    let second = agreed(bob, &clinic.deploy("s3-encryption"), "s3-bucket-without-tls", &name).await;
    let secured = statements(clinic, &name).await;
    acts.note("another control adds one: TLS only", &word(&second), holds(|| secured == [0, 1, 1]));
    let asked = ann.does(&[&["revert", plan(&first)][..], &TERMS].concat()).await;
    let approved = bob.does(&["approve", asked["asks"][0]["id"].as_str().unwrap_or_default()]).await;
    let undone = word(&carry_out(public_access, &approved).await);
    let left = statements(clinic, &name).await;
    let came = format!("{undone}; TLS only stays");
    acts.note("the first is reverted", &came, holds(|| undone == "reverted" && left == [1, 1, 1]));
}

/// A plan that waits and is approved. Returns the run that carried it out.
async fn agreed(bob: &Person<'_>, lambda: &Lambda, control: &str, bucket: &str) -> Value {
    let event = json!({"control": control, "resource": bucket}).to_string();
    let held = remedy_testkit::world::only_run(lambda.invoke(event.as_bytes()).await);
    carry_out(lambda, &bob.does(&["approve", plan(&held)]).await).await
}

fn plan(run: &Value) -> &str {
    run["plan"].as_str().unwrap_or_default()
}

/// How often each statement is in a bucket's policy: for everybody, for the partner, TLS only.
async fn statements(clinic: &Clinic, bucket: &str) -> [usize; 3] {
    let answer = clinic.world.s3().get_bucket_policy().bucket(bucket).send().await.expect("the policy reads");
    let document: Value = serde_json::from_str(answer.policy().unwrap_or("{}")).expect("a policy is JSON");
    let statements = document["Statement"].as_array().cloned().unwrap_or_default();
    let count = |is: &dyn Fn(&Value) -> bool| statements.iter().filter(|statement| is(statement)).count();
    let is_tls_only = |statement: &Value| {
        statement["Effect"] == "Deny" && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
    };
    [count(&|one| one["Sid"] == EVERYBODY), count(&|one| one["Sid"] == PARTNER), count(&is_tls_only)]
}
