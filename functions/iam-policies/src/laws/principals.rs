//! Worlds of users, groups and roles.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Target;
use remedy_engine::Tags;
use remedy_testkit::laws::{
    Law, Lawful, TestAccount, Touch, merged_whole,
    proptest::{
        collection::{btree_map, vec},
        prelude::{BoxedStrategy, Just, Strategy, prop_oneof},
        sample::subsequence,
    },
};
use serde_json::{Value, json};

use super::worlds::{self, ADMINISTRATOR_ACCESS, MANAGED, document, harmless, kinds};
use remedy_iam::{Iam, PrincipalKind};

use crate::{AdminAttached, InlineKms, InlinePolicy, UserDirectPolicy, attachments::Attachments, inline_setting};

/// A principal and what is attached to it.
#[derive(Debug, Clone)]
pub struct Attached {
    kind: PrincipalKind,
    policies: Vec<&'static str>,
}

fn attachments(kind: PrincipalKind) -> impl Strategy<Value = Attachments> {
    let all = [MANAGED[0], MANAGED[1], ADMINISTRATOR_ACCESS];
    subsequence(all.to_vec(), 0..=3)
        .prop_map(move |policies| Attachments { kind, policies: policies.into_iter().map(str::to_owned).collect() })
}

/// The attachments of one principal, each policy by itself.
fn merged_sets([ours, wanted, now]: [&Value; 3]) -> Option<Value> {
    let Some(sets) = [ours, wanted, now].map(Value::as_array).into_iter().collect::<Option<Vec<_>>>() else {
        return merged_whole([ours, wanted, now]);
    };
    let [ours, wanted, now] = sets.as_slice() else { return None };
    let is_kept = |arn: &&Value| {
        let (was, will, is) = (ours.contains(arn), wanted.contains(arn), now.contains(arn));
        if was == will { is } else { will }
    };
    let all: BTreeSet<_> = ours.iter().chain(*wanted).chain(*now).map(Value::to_string).collect();
    let all: Vec<Value> = all.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    Some(all.iter().filter(is_kept).cloned().collect())
}

impl Lawful for AdminAttached {
    type World = Attached;
    const TOUCHES: &'static [Touch] = &[Touch::of("administrator-access", &["policies"], &["/attached"])];

    fn worlds() -> BoxedStrategy<Attached> {
        let all = vec![MANAGED[0], MANAGED[1], ADMINISTRATOR_ACCESS];
        let policies = prop_oneof![1 => subsequence(all.clone(), 0..=3), 2 => subsequence(all, 3..=3)];
        (kinds(), policies).prop_map(|(kind, policies)| Attached { kind, policies }).boxed()
    }

    fn settings() -> BoxedStrategy<Attachments> {
        kinds().prop_flat_map(attachments).boxed()
    }

    async fn arrange(world: &Attached, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        worlds::keepers(stage).await;
        let name = worlds::principal(&client, stage, world.kind).await;
        for arn in &world.policies {
            worlds::attach(&client, world.kind, &name, arn).await;
        }
        Some(name)
    }

    fn blank() -> Option<Attachments> {
        Some(Attachments { kind: PrincipalKind::User, policies: BTreeSet::new() })
    }

    fn merged(_: &str, ours_wanted_now: [&Value; 3]) -> Option<Value> {
        merged_sets(ours_wanted_now)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Iam>().client, target, tags).await
    }
}

/// A user, what is its own, and what its group gives.
#[derive(Debug, Clone)]
pub struct Direct {
    own: Vec<&'static str>,
    by_group: Vec<&'static str>,
    inline: bool,
}

impl Lawful for UserDirectPolicy {
    type World = Direct;
    const TOUCHES: &'static [Touch] = &[Touch::of("attached-policies", &["policies"], &["/attached"])];

    fn worlds() -> BoxedStrategy<Direct> {
        let own = subsequence(vec![MANAGED[0], MANAGED[1], ADMINISTRATOR_ACCESS], 0..=3);
        let by_group = prop_oneof![2 => Just(MANAGED.to_vec()), 1 => subsequence(MANAGED.to_vec(), 0..=2)];
        let inline = prop_oneof![4 => Just(false), 1 => Just(true)];
        (own, by_group, inline).prop_map(|(own, by_group, inline)| Direct { own, by_group, inline }).boxed()
    }

    fn settings() -> BoxedStrategy<Attachments> {
        attachments(PrincipalKind::User).boxed()
    }

    async fn arrange(world: &Direct, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        let name = worlds::principal(&client, stage, PrincipalKind::User).await;
        let group = worlds::principal(&client, stage, PrincipalKind::Group).await;
        client.add_user_to_group().user_name(&name).group_name(&group).send().await.unwrap();
        for (kind, name, policies) in
            [(PrincipalKind::User, &name, &world.own), (PrincipalKind::Group, &group, &world.by_group)]
        {
            for arn in policies {
                worlds::attach(&client, kind, name, arn).await;
            }
        }
        if world.inline {
            worlds::put_inline(&client, PrincipalKind::User, &name, "night-shift", &document(&[worlds::READING])).await;
        }
        worlds::put_fence(&client, stage, &name).await;
        Some(name)
    }

    fn blank() -> Option<Attachments> {
        Some(Attachments { kind: PrincipalKind::User, policies: BTreeSet::new() })
    }

    fn merged(_: &str, ours_wanted_now: [&Value; 3]) -> Option<Value> {
        merged_sets(ours_wanted_now)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Iam>().client, target, tags).await
    }
}

/// A principal and what is written into it.
#[derive(Debug, Clone)]
pub struct Inline {
    kind: PrincipalKind,
    policies: BTreeMap<String, String>,
    attached: Vec<&'static str>,
}

fn inline() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = prop_oneof![
        Just("night-shift"),
        Just("lab+results@ward"),
        Just("RemedyBackdoor"),
        Just("RemedyDenyWithoutMfa")
    ]
    .prop_map(str::to_owned);
    btree_map(name, harmless(), 0..=2)
}

impl Lawful for InlinePolicy {
    type World = Inline;
    const TOUCHES: &'static [Touch] =
        &[Touch::of("inline-policies", &["inline", "managed"], &["/inline", "/attached", "/policies"])];

    fn worlds() -> BoxedStrategy<Inline> {
        let attached = subsequence(MANAGED.to_vec(), 0..=2);
        (kinds(), inline(), attached).prop_map(|(kind, policies, attached)| Inline { kind, policies, attached }).boxed()
    }

    fn settings() -> BoxedStrategy<inline_setting::InlinePolicies> {
        let setting = |(kind, inline)| inline_setting::InlinePolicies { kind, inline, managed: BTreeMap::new() };
        (kinds(), inline()).prop_map(setting).boxed()
    }

    async fn arrange(world: &Inline, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        let name = worlds::principal(&client, stage, world.kind).await;
        for arn in &world.attached {
            worlds::attach(&client, world.kind, &name, arn).await;
        }
        for (inline, text) in &world.policies {
            worlds::put_inline(&client, world.kind, &name, inline, text).await;
        }
        if world.kind == PrincipalKind::User {
            worlds::put_fence(&client, stage, &name).await;
        }
        Some(name)
    }

    fn blank() -> Option<inline_setting::InlinePolicies> {
        Some(inline_setting::InlinePolicies {
            kind: PrincipalKind::User,
            inline: BTreeMap::new(),
            managed: BTreeMap::new(),
        })
    }

    fn merged(_: &str, [ours, wanted, now]: [&Value; 3]) -> Option<Value> {
        let Some(maps) = [ours, wanted, now].map(Value::as_object).into_iter().collect::<Option<Vec<_>>>() else {
            return merged_whole([ours, wanted, now]);
        };
        let names: BTreeSet<_> = maps.iter().flat_map(|map| map.keys()).collect();
        let mut merged = json!({});
        for name in names {
            let null = Value::Null;
            let each: Vec<_> = maps.iter().map(|map| map.get(name).unwrap_or(&null)).collect();
            let left = merged_whole([each[0], each[1], each[2]])?;
            if !left.is_null() {
                merged[name] = left;
            }
        }
        Some(merged)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Iam>().client, target, tags).await
    }
}

/// A principal and its inline policies.
#[derive(Debug, Clone)]
pub struct Keys {
    kind: PrincipalKind,
    policies: Vec<String>,
}

impl Lawful for InlineKms {
    type World = Keys;
    const MOOT: &'static [Law] = Law::OF_WRITES;

    fn worlds() -> BoxedStrategy<Keys> {
        let every = r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}"#;
        let one = r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
        let text = prop_oneof![harmless(), Just(document(&[every])), Just(document(&[one]))];
        (kinds(), vec(text, 0..=2)).prop_map(|(kind, policies)| Keys { kind, policies }).boxed()
    }

    fn settings() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    async fn arrange(world: &Keys, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        let name = worlds::principal(&client, stage, world.kind).await;
        for (number, text) in world.policies.iter().enumerate() {
            worlds::put_inline(&client, world.kind, &name, &format!("policy-{number}"), text).await;
        }
        Some(name)
    }
}
