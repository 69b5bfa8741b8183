//! The sealer's notices: where the evidence begins, and that the history was changed.

use remedy_aws::{
    AwsPorts,
    telemetry::{self, Measure},
};
use remedy_domain::{Fault, FaultKind, Target, outcome::Alarm};
use remedy_engine::{Clock as _, Notice, outbox};
use remedy_evidence::Hour;

use crate::{NAME, Run, resume::Start};

/// Notifies how the chain was found, if that is news.
pub(crate) async fn start(ports: &AwsPorts, run: &Run) {
    let Some(genesis) = &run.genesis else { return };
    let (alarm, text) = match run.start {
        Start::Marked => return,
        Start::Nothing => (Alarm::Alarm, "evidence begins here: expected once, after the first deployment; keep these"),
        Start::Adopted => {
            (Alarm::Page, "the sealer's marks are missing, and the chain that its key signed was taken over")
        }
    };
    let text = format!("{text}: genesis {genesis}, key {}. docs/runbook.md, Seal lag", run.key);
    let id = format!("{NAME}-{genesis}-{}-{}", alarm.word(), day(ports));
    tell(ports, &id, alarm, text).await;
    if alarm == Alarm::Page {
        let page = Measure { metric: "Alarms", unit: "Count", value: 1 };
        telemetry::measure(NAME, ports.now(), &page, &[("class", alarm.word())]);
    }
}

/// Notifies that the sealer stopped, once a day.
pub(crate) async fn stopped(ports: &AwsPorts, fault: &Fault) {
    if fault.kind == FaultKind::Unverified {
        let text = format!("nothing is sealed any more: {}. docs/runbook.md, Seal lag", fault.code);
        tell(ports, &format!("{NAME}-{}-{}", fault.code, day(ports)), Alarm::Page, text).await;
    }
}

fn day(ports: &AwsPorts) -> String {
    Hour::of(ports.now()).day_folder().replace('/', "")
}

async fn tell(ports: &AwsPorts, id: &str, alarm: Alarm, text: String) {
    let environment = ports.environment();
    let target = Target {
        account: ports.own_account().clone(),
        region: environment.region.clone(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        id: environment.evidence_bucket.clone(),
        unique_id: None,
        arn: None,
    };
    let notice = Notice { alarm, control: NAME.to_owned(), target, plan: None, text };
    outbox::tell(ports, id, &notice).await;
}
