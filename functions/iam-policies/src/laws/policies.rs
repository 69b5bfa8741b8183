//! Worlds of customer-managed policies.

use std::time::Duration;

use remedy_domain::{AdminPolicyRepair, IdentityRepairs, Parameters, Target, canonical};
use remedy_engine::Tags;
use remedy_policy::{Holder, Identity, Kind as Document, Policy, edit};
use remedy_testkit::laws::{
    Law, Lawful, TestAccount, Touch,
    proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof},
};
use serde_json::Value;

use super::worlds::{self, EVERYTHING, READING, administrators, document, harmless, kinds};
use remedy_iam::{Iam, PrincipalKind};

use crate::{
    PolicyAdmin, PolicyFullService, PolicyUnapproved,
    admin_setting::{PolicyAndHolders, Version},
};

/// A policy: its versions, the last of which counts, who has it, and what is to be done about it.
#[derive(Debug, Clone)]
pub struct Managed {
    versions: Vec<String>,
    holders: Vec<PrincipalKind>,
    bounded: bool,
    repair: AdminPolicyRepair,
    identities: IdentityRepairs,
}

impl Lawful for PolicyAdmin {
    type World = Managed;
    const TOUCHES: &'static [Touch] =
        &[Touch::of("grant", &["setting"], &["/default-version", "/versions", "/attached", "/boundary"])];

    fn worlds() -> BoxedStrategy<Managed> {
        let last = prop_oneof![1 => harmless(), 4 => administrators()];
        let older = prop_oneof![3 => 0_usize..=2, 1 => Just(4_usize)];
        let repair = prop_oneof![
            3 => Just(AdminPolicyRepair::Narrow),
            1 => Just(AdminPolicyRepair::Detach),
            2 => Just(AdminPolicyRepair::Boundary)
        ];
        let holders = remedy_testkit::laws::proptest::collection::vec(kinds(), 0..=2);
        let identities = prop_oneof![Just(IdentityRepairs::Ask), Just(IdentityRepairs::Auto)];
        (last, older, holders, any::<bool>(), repair, identities)
            .prop_map(|(last, older, mut holders, bounded, repair, identities)| {
                let older = (0..older).map(|number| document(&[READING, &numbered(number)]));
                let versions = older.chain([last]).collect();
                if repair == AdminPolicyRepair::Boundary {
                    holders.retain(|kind| *kind != PrincipalKind::Group);
                }
                Managed { versions, holders, bounded, repair, identities }
            })
            .boxed()
    }

    fn settings() -> BoxedStrategy<PolicyAndHolders> {
        // Without administrators: who has the policy is no part of such a setting.
        let version = |text: String| Version { id: None, document: Some(text) };
        harmless()
            .prop_map(move |text| PolicyAndHolders { default: version(text), others: vec![], holders: None })
            .boxed()
    }

    async fn arrange(world: &Managed, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        worlds::keepers(stage).await;
        worlds::bounds(&client).await;
        let versions: Vec<_> = world.versions.iter().map(String::as_str).collect();
        let (policy, bound) = (stage.name("clinic"), worlds::MANAGED[0]);
        let arn = worlds::policy(&client, &policy, &versions).await;
        for kind in &world.holders {
            let name = worlds::principal(&client, stage, *kind).await;
            worlds::attach(&client, *kind, &name, &arn).await;
            if *kind == PrincipalKind::User && (world.bounded || world.repair == AdminPolicyRepair::Boundary) {
                // Some emulators cannot bound a user: such a world cannot be shown there.
                client
                    .put_user_permissions_boundary()
                    .user_name(&name)
                    .permissions_boundary(bound)
                    .send()
                    .await
                    .ok()?;
            }
            if *kind == PrincipalKind::User && !world.bounded && world.repair == AdminPolicyRepair::Boundary {
                client.delete_user_permissions_boundary().user_name(&name).send().await.ok()?;
            }
        }
        Some(policy)
    }

    fn parameters(world: &Managed) -> Parameters {
        Parameters {
            identity_repairs: world.identities,
            admin_policy_repair: world.repair,
            permissions_boundary: Some("arn:aws:iam::{account}:policy/StaffBounds".to_owned()),
            ..Parameters::default()
        }
    }

    /// Ids are AWS's, old versions are no part of what a policy permits, and who has it counts while it permits everything.
    fn told(setting: &PolicyAndHolders) -> Value {
        let default = Version { id: None, document: setting.default.document.clone() };
        let holders = setting.holders.clone().filter(|_| is_admin(setting.document()));
        serde_json::to_value(PolicyAndHolders { default, others: vec![], holders }).unwrap()
    }

    fn merged(_: &str, [ours, wanted, now]: [&Value; 3]) -> Option<Value> {
        let [ours, wanted, now] =
            [ours, wanted, now].map(|told| serde_json::from_value::<PolicyAndHolders>(told.clone()).unwrap());
        let texts = [&ours, &wanted, &now].map(|setting| setting.document().to_owned());
        let [old, new, current] = texts.each_ref().map(|text| Some(text.as_str()));
        let text = edit::rebase(Document::Identity, old, new, current).ok().flatten()?;
        if ours.holders.is_some() && ours.holders != wanted.holders && now.holders.is_none() && wanted.holders.is_some()
        {
            return None;
        }
        let holders = wanted.holders.filter(|_| is_admin(&text));
        let default = Version { id: None, document: Some(text) };
        serde_json::to_value(PolicyAndHolders { default, others: vec![], holders }).ok()
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Iam>().client, target, tags).await
    }
}

fn is_admin(text: &str) -> bool {
    let policy = Policy::parse(Document::Identity, text).unwrap();
    let found = Identity::of(&Holder::of(&policy)).unwrap();
    found.admin || found.admin_literal
}

fn numbered(number: usize) -> String {
    format!(r#"{{"Effect":"Allow","Action":"sns:Publish","Resource":"arn:aws:sns:us-east-1:111122223333:t{number}"}}"#)
}

impl Lawful for PolicyFullService {
    type World = String;
    const MOOT: &'static [Law] = Law::OF_WRITES;

    fn worlds() -> BoxedStrategy<String> {
        let full = document(&[READING, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#]);
        prop_oneof![2 => harmless(), 2 => Just(full), 1 => Just(document(&[EVERYTHING]))].boxed()
    }

    fn settings() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    async fn arrange(world: &String, stage: &TestAccount) -> Option<String> {
        let name = stage.name("clinic");
        worlds::policy(&stage.client::<Iam>().client, &name, &[world]).await;
        Some(name)
    }
}

/// A policy that was changed: how long ago, and whether that was approved.
#[derive(Debug, Clone)]
pub struct Changed {
    pub(super) text: String,
    pub(super) days: u32,
    pub(super) approved: bool,
}

impl Lawful for PolicyUnapproved {
    type World = Changed;
    const MOOT: &'static [Law] = Law::OF_WRITES;

    fn worlds() -> BoxedStrategy<Changed> {
        let world = |(text, days, approved)| Changed { text, days, approved };
        (harmless(), 0_u32..14, any::<bool>()).prop_map(world).boxed()
    }

    fn settings() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    async fn arrange(world: &Changed, stage: &TestAccount) -> Option<String> {
        let name = stage.name("clinic");
        worlds::policy(&stage.client::<Iam>().client, &name, &[&document(&[READING]), &world.text]).await;
        Some(name)
    }

    fn parameters(world: &Changed) -> Parameters {
        let value: Value = serde_json::from_str(&world.text).unwrap();
        let digest = canonical::digest(&value).unwrap().to_uppercase();
        let approved_policies = if world.approved { vec![digest] } else { vec![] };
        Parameters { approved_policies, ..Parameters::default() }
    }

    fn age(world: &Changed) -> Duration {
        Duration::from_secs(86_400 * u64::from(world.days))
    }
}
