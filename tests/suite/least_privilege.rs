//! The real binaries under the roles of the template, on an emulator that enforces policies: what is granted is enough, one
//! step more is denied, and a deployment that only observes cannot write at all.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use remedy_aws::environment::Credentials;
use remedy_testkit::{
    lambda::{Lambda, Spec, binary},
    world::only_run,
};
use serde_json::{Value, json};

use crate::{
    ministack::{ACCOUNT, MiniStack, Policies},
    template::{functions, resources, texts},
};

mod members;

/// A stack, as far as it is about permissions and buckets.
struct Stack {
    emulator: MiniStack,
    resources: BTreeMap<String, Value>,
}

impl Stack {
    async fn deploy(parameters: &[&str]) -> Self {
        let emulator = MiniStack::start("s3,kms,sts,iam,sns,sqs,config", Policies::Enforced);
        let stack = Self { emulator, resources: resources(parameters) };
        for bucket in ["EvidenceBucket", "StateBucket"] {
            let name = format!("remedy-{}", bucket.to_lowercase());
            stack.s3().create_bucket().bucket(name).send().await.expect("a bucket is created");
        }
        let settings =
            json!({"protected": {"break_glass": ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/bob"]}, "parameters": {"identity_repairs": "auto"}})
                .to_string()
                .into_bytes();
        let put = stack.s3().put_object().bucket("remedy-statebucket").key("settings.json").body(settings.into());
        put.send().await.expect("settings are put");
        let sns = aws_sdk_sns::Client::new(stack.emulator.session().config());
        sns.create_topic().name("remedy-notices").send().await.expect("a topic is created");
        let names: Vec<_> = stack.resources.keys().filter(|name| name.ends_with("Role")).cloned().collect();
        for name in names {
            stack.make_role(&name).await;
        }
        stack
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        remedy_aws::Connect::connect(&self.emulator.session())
    }

    fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(self.emulator.session().config())
    }

    /// A role with its policy. The tests, too, may assume it: there is no Lambda service here that would.
    async fn make_role(&self, role: &str) {
        let properties = &self.resources[role]["Properties"];
        let mut trust = properties["AssumeRolePolicyDocument"].clone();
        let tests = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "sts:AssumeRole"});
        trust["Statement"].as_array_mut().expect("a list").push(tests);
        let name = properties["RoleName"].as_str().expect("a name");
        let create = self.iam().create_role().role_name(name).assume_role_policy_document(trust.to_string());
        create.send().await.expect("a role is created");
        for policy in policies_of(properties) {
            let document = as_far_as_told(&self.resources[&policy]["Properties"]["PolicyDocument"]).to_string();
            let made = self.iam().create_policy().policy_name(policy).policy_document(document).send().await;
            let arn = made.expect("a policy is created").policy.and_then(|policy| policy.arn).expect("it has an ARN");
            self.iam().attach_role_policy().role_name(name).policy_arn(arn).send().await.expect("it is attached");
        }
    }

    async fn credentials(&self, role: &str) -> Credentials {
        let sts = aws_sdk_sts::Client::new(self.emulator.session().config());
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        let assumed = sts.assume_role().role_arn(arn).role_session_name("tests").send().await;
        let given = assumed.expect("the tests may assume it").credentials.expect("it has credentials");
        Credentials {
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: Some(given.session_token),
        }
    }

    /// The function as the template has it, but for its queue: nothing polls one here.
    async fn function(&self, name: &str, logical: &str) -> Lambda {
        let told = &self.resources[&format!("{logical}Function")]["Properties"]["Environment"]["Variables"];
        let mut env: BTreeMap<String, String> = serde_json::from_value(told.clone()).expect("texts");
        env.remove("REMEDY_QUEUE_URL");
        let credentials = self.credentials(&format!("remedy-{name}-read")).await;
        env.insert("AWS_ENDPOINT_URL".to_owned(), self.emulator.endpoint.clone());
        env.insert("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key_id);
        env.insert("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_access_key);
        env.insert("AWS_SESSION_TOKEN".to_owned(), credentials.session_token.expect("a token"));
        Lambda::deploy(Spec {
            name: name.to_owned(),
            binary: binary(name),
            env,
            account: ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            timeout: Duration::from_mins(1),
        })
    }

    async fn s3_of(&self, role: &str) -> aws_sdk_s3::Client {
        remedy_aws::Connect::connect(&self.emulator.session_of(self.credentials(role).await))
    }
}

/// The policies of a role by their logical names: a managed policy is called `<stack>-<logical name>-…`.
fn policies_of(role: &Value) -> Vec<String> {
    let arns = texts(&role["ManagedPolicyArns"]).into_iter();
    arns.map(|arn| arn.split('-').nth(1).expect("a name of the stack").to_owned()).collect()
}

/// A policy without the conditions that the emulator does not supply, which would deny everybody there: organizations,
/// the source identity, the calling function, and whether a write may replace. `authority.rs` tests these.
fn as_far_as_told(policy: &Value) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().expect("a list");
    statements.retain(|statement| statement["Sid"] != "OnlyAsTheFunction");
    for statement in statements {
        if let Some(condition) = statement.get_mut("Condition").and_then(Value::as_object_mut) {
            condition.retain(|_, keys| {
                keys.get("lambda:SourceFunctionArn").is_none() && keys.get("s3:if-none-match").is_none()
            });
        }
        if let Some(Value::Object(equal)) = statement.pointer_mut("/Condition/StringEquals") {
            equal.retain(|key, _| {
                !["aws:PrincipalOrgID", "aws:ResourceOrgID", "sts:SourceIdentity"].contains(&key.as_str())
            });
        }
    }
    policy
}

async fn look(lambda: &Lambda, control: &str, resource: &str) -> Value {
    only_run(lambda.invoke(json!({"control": control, "resource": resource}).to_string().as_bytes()).await)
}

/// Opens a bucket: no Block Public Access, and requests without TLS are taken.
async fn open_bucket(stack: &Stack, name: &str) {
    stack.s3().create_bucket().bucket(name).send().await.expect("a bucket is created");
    let _none_before = stack.s3().delete_public_access_block().bucket(name).send().await;
}

const PERMITTED: [&str; 3] = ["Mode=enforce", "Writes=permitted", "SettingsKey=settings.json"];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_template_grants_is_enough_to_repair() {
    let stack = Stack::deploy(&PERMITTED).await;
    let kms = aws_sdk_kms::Client::new(stack.emulator.session().config());
    let key = kms.create_key().send().await.expect("a key is created").key_metadata.expect("it is told").key_id;
    open_bucket(&stack, "scans").await;
    let iam = stack.iam();
    for name in ["ann", "bob", "cleo"] {
        iam.create_user().user_name(name).send().await.expect("a user is created");
        iam.create_access_key().user_name(name).send().await.expect("an access key is created");
        let attach = iam.attach_user_policy().user_name(name).policy_arn("arn:aws:iam::aws:policy/AdministratorAccess");
        attach.send().await.expect("it is attached");
    }
    let (repaired, compliant) = ("repaired", "already-compliant");
    let cases = [
        ("s3-public-access", "S3PublicAccess", "s3-bucket-public", "scans", [repaired, compliant]),
        ("kms-keys", "KmsKeys", "kms-key-unrotated", key.as_str(), [repaired, compliant]),
        ("iam-password-policy", "IamPasswordPolicy", "iam-password-policy-weak", ACCOUNT, [repaired, compliant]),
        ("iam-policies", "IamPolicies", "iam-admin-attached", "cleo", [repaired, compliant]),
    ];
    for (function, logical, control, resource, outcomes) in cases {
        let lambda = stack.function(function, logical).await;
        for outcome in outcomes {
            let run = look(&lambda, control, resource).await;
            assert_eq!(run["outcome"], outcome, "{run:#} {}", lambda.logs());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_step_more_is_denied() {
    let stack = Stack::deploy(&PERMITTED).await;
    open_bucket(&stack, "scans").await;
    stack.s3().put_object().bucket("scans").key("x").body(b"x".to_vec().into()).send().await.expect("an object is put");
    let denied = |failed: Option<&str>| assert_eq!(failed, Some("AccessDenied"));
    let code = |error: &dyn aws_sdk_s3::error::ProvideErrorMetadata| error.code().map(str::to_owned);

    let read = stack.s3_of("remedy-s3-public-access-read").await;
    let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
    let put = read.put_public_access_block().bucket("scans").public_access_block_configuration(block.clone());
    denied(code(&put.send().await.expect_err("the read role writes nothing")).as_deref());
    denied(code(&read.get_object().bucket("scans").key("x").send().await.expect_err("nor reads data")).as_deref());

    let write = stack.s3_of("remedy-s3-public-access-write").await;
    let put = write.put_public_access_block().bucket("scans").public_access_block_configuration(block.clone());
    put.send().await.expect("the write role repairs");
    denied(code(&write.delete_bucket().bucket("scans").send().await.expect_err("it deletes nothing")).as_deref());
    denied(code(&write.get_object().bucket("scans").key("x").send().await.expect_err("nor reads data")).as_deref());
    for own in ["remedy-evidencebucket", "remedy-statebucket"] {
        let put = write.put_public_access_block().bucket(own).public_access_block_configuration(block.clone());
        denied(code(&put.send().await.expect_err("Remedy's own buckets are out of reach")).as_deref());
        let put = write.put_object().bucket(own).key("x").body(b"x".to_vec().into());
        denied(code(&put.send().await.expect_err("so is what is in them")).as_deref());
    }
    let other = stack.s3_of("remedy-kms-keys-write").await;
    let put = other.put_public_access_block().bucket("scans").public_access_block_configuration(block);
    denied(code(&put.send().await.expect_err("another function's role is for its own area")).as_deref());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_observes_cannot_write() {
    let stack = Stack::deploy(&["Mode=enforce", "Writes=none"]).await;
    open_bucket(&stack, "scans").await;
    let run = look(&stack.function("s3-public-access", "S3PublicAccess").await, "s3-bucket-public", "scans").await;
    assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("means")), "{run:#}");
    let roles = stack.iam().list_roles().send().await.expect("roles are listed");
    assert!(roles.roles().iter().all(|role| !role.role_name().ends_with("-write")), "there is no role that could");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_put_by_the_operator_alone_and_a_lock_by_its_own_function() {
    let stack = Stack::deploy(&PERMITTED).await;
    let decisions = ["ask/0f0f/0000.decision", "hold/all", "nonce/2026030412/0f0f", "exemption/s3-bucket-public/0f"];
    let locks = ["lock/s3-bucket-public/0f0f/0000000000", "backlog/s3-bucket-public/111122223333/us-east-1/0f0f"];
    for function in functions() {
        let s3 = stack.s3_of(&format!("remedy-{function}-read")).await;
        let put = async |key: &str| {
            let put = s3.put_object().bucket("remedy-statebucket").key(key).body(b"{}".to_vec().into());
            put.send().await.map(|_| ()).map_err(|error| error.code().map(str::to_owned))
        };
        let denied = Err(Some("AccessDenied".to_owned()));
        for key in decisions {
            let may = function == "operator" || (function == "s3-public-access" && key.starts_with("exemption/"));
            assert_eq!(put(key).await, if may { Ok(()) } else { denied.clone() }, "{function} puts {key}");
        }
        for key in locks {
            let may = function == "s3-public-access";
            assert_eq!(put(key).await, if may { Ok(()) } else { denied.clone() }, "{function} puts {key}");
        }
    }
}
