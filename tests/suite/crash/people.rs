//! The same for the operator: a person without an answer repeats the request, and it is done, once.

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::When,
    world::{done, only_run},
};
use remedy_tests::clinic::{Clinic, Person, carry_out};
use serde_json::{Value, json};

use super::at_every_point;
use crate::drift::{Drift, block_of};

const TERMS: [&str; 8] =
    ["--owner", "web", "--reason", "needed", "--ticket", "CHG-7", "--alternative", "a scan before each upload"];
const HOLD: [&str; 5] = ["hold", "--reason", "images are gone", "--control", "s3-bucket-public"];
const RELEASE: [&str; 5] = ["release", "--reason", "found", "--control", "s3-bucket-public"];

/// A clinic with a bucket that drifted, and two people.
struct Ward<'a> {
    clinic: &'a Clinic,
    bucket: String,
    lambda: Lambda,
    ann: Person<'a>,
    bob: Person<'a>,
}

impl<'a> Ward<'a> {
    async fn open(clinic: &'a Clinic) -> Self {
        Self {
            clinic,
            bucket: Drift::Bucket.make(&clinic.world, "a").await,
            lambda: clinic.deploy("s3-public-access"),
            ann: clinic.person("ann").await,
            bob: clinic.person("bob").await,
        }
    }

    async fn run(&self) -> Value {
        only_run(self.lambda.invoke(&Drift::Bucket.event(&self.bucket)).await)
    }

    /// The command of somebody who wants the bucket exempt.
    fn exempting(&self) -> Vec<String> {
        let account = &self.clinic.world.account.id;
        let command = ["exempt", "request", "--control", "s3-bucket-public", "--account", account, "--days", "30"];
        command.into_iter().chain(["--resource", self.bucket.as_str()]).chain(TERMS).map(str::to_owned).collect()
    }

    /// The stored asks and decisions.
    async fn on_file(&self) -> (usize, usize) {
        let asks = self.clinic.world.state("ask/").await;
        let decided = asks.keys().filter(|key| key.ends_with(".decision")).count();
        (asks.keys().filter(|key| !key.contains('.')).count(), decided)
    }

    /// An act of a person is recorded, under this word, at least once: a repeated request is recorded twice.
    async fn assert_recorded(&self, deed: &str, what: &str) {
        let evidence = self.clinic.world.evidence().await;
        assert!(evidence.values().any(|record| record["deed"] == deed), "{what}: {evidence:#?}");
    }
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("an ask has an id").to_owned()
}

/// Sends a request, gets no answer, and repeats it. Either it is done now, or the answer says in these words that it
/// was.
async fn says_twice(ward: &Ward<'_>, who: &Person<'_>, command: &[&str], known: &str, at: super::Point) -> bool {
    let operator = &ward.clinic.operator;
    let over = at.kill(&ward.clinic.world, operator, &who.signs(command)).await;
    match who.says(command).await {
        Answer::Done(_) => {}
        Answer::Failed { message, .. } => assert!(!known.is_empty() && message.contains(known), "{at:?}: {message}"),
        other => panic!("{command:?} killed at {at:?}: {other:?}"),
    }
    over.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ask_survives_a_crash_at_every_call() {
    at_every_point("an ask", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        let over = says_twice(&ward, &ward.ann, &words(&ward.exempting()), "", at).await;
        assert_eq!(ward.on_file().await, (1, 0), "{at:?}");
        ward.assert_recorded("asks", &format!("{at:?}")).await;
        over
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_of_an_exemption_survives_a_crash_at_every_call() {
    at_every_point("an approval", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        let asked = id(&ward.ann.does(&words(&ward.exempting())).await);
        let over = says_twice(&ward, &ward.bob, &["approve", &asked], "nothing with this id waits", at).await;
        assert_eq!(ward.on_file().await, (1, 1), "{at:?}");
        ward.assert_recorded("approves", &format!("{at:?}")).await;
        assert_eq!(ward.run().await["outcome"], "exempt", "{at:?}");
        over
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_survives_a_crash_at_every_call() {
    at_every_point("a rejection", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        let asked = id(&ward.ann.does(&words(&ward.exempting())).await);
        let over = says_twice(&ward, &ward.bob, &["reject", &asked], "nothing with this id waits", at).await;
        assert_eq!(ward.on_file().await, (1, 1), "{at:?}");
        ward.assert_recorded("rejects", &format!("{at:?}")).await;
        assert_eq!(ward.run().await["outcome"], "repaired", "{at:?}");
        over
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_survives_a_crash_at_every_call() {
    at_every_point("a hold", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        let over = says_twice(&ward, &ward.ann, &HOLD, "", at).await;
        ward.assert_recorded("holds", &format!("{at:?}")).await;
        let run = ward.run().await;
        assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("hold")), "{at:?}: {run:#}");
        over
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_survives_a_crash_at_every_call() {
    at_every_point("a release", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        ward.ann.does(&HOLD).await;
        let asked = id(&ward.ann.does(&RELEASE).await);
        let over = at.kill(&clinic.world, &clinic.operator, &ward.bob.signs(&["approve", &asked])).await;
        let again = ward.bob.says(&["approve", &asked]).await;
        // If it crashed between the release and the end of its ask, the answer says that the hold is gone.
        let is_told = matches!(&again, Answer::Failed { .. }) && released(&ward).await;
        assert!(matches!(again, Answer::Done(_)) || is_told, "{at:?}: {again:?}");
        ward.assert_recorded("approves", &format!("{at:?}")).await;
        assert_eq!(ward.run().await["outcome"], "repaired", "{at:?}");
        over.is_none()
    })
    .await;
}

async fn released(ward: &Ward<'_>) -> bool {
    ward.ann.does(&["status"]).await["holds"].as_array().is_some_and(Vec::is_empty)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_undo_survives_a_crash_at_every_call() {
    at_every_point("an approved undo", async |at| {
        let clinic = Clinic::open("enforce").await;
        let ward = Ward::open(&clinic).await;
        let plan = ward.run().await["plan"].as_str().expect("a plan").to_owned();
        let asking: Vec<&str> = ["revert", &plan].into_iter().chain(TERMS).collect();
        let asked = id(&ward.ann.does(&asking).await["asks"][0]);
        let over = at.kill(&clinic.world, &clinic.operator, &ward.bob.signs(&["approve", &asked])).await;
        let approved = ward.bob.does(&["approve", &asked]).await;
        assert_eq!(carry_out(&ward.lambda, &approved).await["outcome"], "reverted", "{at:?}");
        assert_eq!(block_of(&clinic.world, &ward.bucket).await, None, "{at:?}");
        assert_eq!(ward.on_file().await, (1, 1), "{at:?}");
        clinic.world.assert_conserved().await;
        over.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_settings_survive_a_crash_at_every_call() {
    at_every_point("approved settings", async |at| {
        let clinic = Clinic::open("observe").await;
        let ward = Ward::open(&clinic).await;
        assert_eq!(ward.run().await["outcome"], "planned");
        // A roll-out deploys the document with every function, the operator included.
        let raised = clinic.settings("enforce");
        let [lambda, operator] = ["s3-public-access", "operator"].map(|name| clinic.deploy_with(name, &raised));
        let file = clinic.world.settings_file(&raised);
        let asking = ward.ann.signs(&["settings", &file, "--reason", "the trial is over"]);
        let asked = id(&done(operator.invoke(&asking).await));
        let over = at.kill(&clinic.world, &operator, &ward.bob.signs(&["approve", &asked])).await.is_none();
        match operator.invoke(&ward.bob.signs(&["approve", &asked])).await {
            Answer::Done(_) => {}
            Answer::Failed { message, .. } => {
                assert!(message.contains("nothing with this id waits"), "{at:?}: {message}")
            }
            other => panic!("{at:?}: {other:?}"),
        }
        ward.assert_recorded("approves", &format!("{at:?}")).await;
        let run = only_run(lambda.invoke(&Drift::Bucket.event(&ward.bucket)).await);
        assert_eq!(run["outcome"], "repaired", "{at:?}: {run:#}");
        over
    })
    .await;
}

/// One signature is good for one request, whatever its result.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_answer_was_lost_is_not_taken_again() {
    let clinic = Clinic::open("enforce").await;
    let ward = Ward::open(&clinic).await;
    let signed = ward.ann.signs(&HOLD);
    let breakpoint = clinic.world.proxy.stop_when(When::After, |call| {
        call.operation == "PutObject" && call.resource.as_deref().is_some_and(|key| key.contains("/hold/"))
    });
    let reached = breakpoint.reached_or(clinic.operator.invoke(&signed)).await;
    assert!(reached.is_ok(), "a hold is put on file");
    clinic.operator.kill().await;
    breakpoint.release();
    clinic.world.proxy.quiet().await;
    assert!(matches!(clinic.operator.invoke(&signed).await, Answer::Failed { .. }), "it was used");
    done(ward.ann.says(&HOLD).await);
}
