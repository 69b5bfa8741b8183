//! The worlds of this function's controls, and the laws in all of them.

mod merging;
mod renamed;
mod worlds;

use remedy_domain::{AccountId, Parameters, Target};
use remedy_engine::Tags;
use remedy_testkit::fake::Service;
use remedy_testkit::laws::{
    Bearing, Case, FakeEnvironment, Law, Lawful, TestAccount, Touch, WayBack,
    proptest::{
        prelude::{BoxedStrategy, Just, Strategy},
        prop_oneof,
    },
};
use serde_json::Value;

use self::worlds::{Kind, World, key_policies, kinds, make};
use crate::{
    KeyOpenPolicy, KeyPendingDeletion, KeyPolicy, KeyUnrotated, key_pending_deletion::Life, key_unrotated::Rotation,
};
use remedy_kms::Keys;

remedy_testkit::laws!(key_unrotated: KeyUnrotated);
remedy_testkit::laws!(key_pending_deletion: KeyPendingDeletion);
remedy_testkit::laws!(key_open_policy: KeyOpenPolicy);

#[test]
fn a_thousand_flaps_are_three_repairs_and_one_page() {
    let world = Rotating { kind: Kind::Plain, rotation: Rotation::Off, allowed: 365 };
    let case = Case::<KeyUnrotated> { world, other: Rotation::Off, mask: 0 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bearing = runtime.block_on(remedy_testkit::laws::flaps(&case, &FakeEnvironment::of::<KeyUnrotated>(), 1000));
    assert_eq!(bearing, Bearing::Held);
}

/// A key, its rotation, and how long a key may go without.
#[derive(Debug, Clone)]
pub struct Rotating {
    kind: Kind,
    rotation: Rotation,
    allowed: u32,
}

fn rotations() -> impl Strategy<Value = Rotation> {
    prop_oneof![
        1 => Just(Rotation::Off),
        1 => (90_u32..=365).prop_map(|days| Rotation::Every { days }),
        1 => (366_u32..=2560).prop_map(|days| Rotation::Every { days }),
    ]
}

impl Lawful for KeyUnrotated {
    type World = Rotating;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const MOOT: &'static [Law] = &[Law::Asks];
    const TOUCHES: &'static [Touch] = &[Touch::of("rotation", &["setting"], &["/rotation"])];

    fn worlds() -> BoxedStrategy<Rotating> {
        let kind = prop_oneof![2 => Just(Kind::Plain), 1 => Just(Kind::Primary), 2 => kinds()];
        (kind, rotations(), 90_u32..=365)
            .prop_map(|(kind, rotation, allowed)| Rotating { kind, rotation, allowed })
            .boxed()
    }

    fn settings() -> BoxedStrategy<Rotation> {
        rotations().boxed()
    }

    fn parameters(world: &Rotating) -> Parameters {
        Parameters { kms_rotation_days: world.allowed, ..Parameters::default() }
    }

    async fn arrange(world: &Rotating, stage: &TestAccount) -> Option<String> {
        let rotation = match world.rotation {
            Rotation::Every { days } => i32::try_from(days).ok(),
            Rotation::Off => None,
        };
        make(&World { kind: world.kind, rotation }, stage).await
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Keys>().0, &target.id, tags).await
    }
}

impl Lawful for KeyPendingDeletion {
    type World = Kind;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const WAY_BACK: WayBack = WayBack::Refused;
    /// Nothing asks, and nothing leads back to a dying key.
    const MOOT: &'static [Law] = &[
        Law::Asks,
        Law::ReturnsTwice,
        Law::Exempts,
        Law::Shares,
        Law::SurvivesUndone,
        Law::CoolsDown,
        Law::WaitsForTwo,
        Law::StopsFlapping,
    ];
    const TOUCHES: &'static [Touch] = &[Touch::of("deletion", &["setting"], &["/DeletionDate", "/KeyState"])];

    fn worlds() -> BoxedStrategy<Kind> {
        let dying = prop_oneof![(7_i32..=30).prop_map(Kind::Dying), Just(Kind::WaitingForReplicas)];
        prop_oneof![1 => dying, 1 => kinds()].boxed()
    }

    fn settings() -> BoxedStrategy<Life> {
        prop_oneof![Just(Life::Disabled), Just(Life::Enabled), Just(Life::PendingDeletion), Just(Life::Other)].boxed()
    }

    async fn arrange(world: &Kind, stage: &TestAccount) -> Option<String> {
        make(&World { kind: *world, rotation: None }, stage).await
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Keys>().0, &target.id, tags).await
    }
}

/// A key and its policy.
#[derive(Debug, Clone)]
pub struct Letting {
    kind: Kind,
    policy: String,
}

/// The account of the fake, which an emulated one trusts.
const OWN: &str = "111122223333";

impl Lawful for KeyOpenPolicy {
    type World = Letting;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const TOUCHES: &'static [Touch] = &[Touch::of("public-statement", &["setting"], &["/policy"])];

    fn worlds() -> BoxedStrategy<Letting> {
        let kind = prop_oneof![5 => Just(Kind::Plain), 1 => Just(Kind::Disabled), 1 => Just(Kind::Hmac)];
        (kind, key_policies()).prop_map(|(kind, policy)| Letting { kind, policy }).boxed()
    }

    fn settings() -> BoxedStrategy<KeyPolicy> {
        key_policies().prop_map(|text| KeyPolicy(text.replace("ACCOUNT", OWN))).boxed()
    }

    fn parameters(_: &Letting) -> Parameters {
        let trusted_accounts = [OWN, "777788889999"].map(|id| AccountId::parse(id).unwrap()).into();
        Parameters { trusted_accounts, ..Parameters::default() }
    }

    async fn arrange(world: &Letting, stage: &TestAccount) -> Option<String> {
        let id = make(&World { kind: world.kind, rotation: None }, stage).await?;
        let text = world.policy.replace("ACCOUNT", stage.account.as_str());
        let put = stage.client::<Keys>().0.put_key_policy().key_id(&id).policy_name("default").policy(text);
        put.send().await.unwrap();
        Some(id)
    }

    fn merged(_: &str, ours_wanted_now: [&Value; 3]) -> Option<Value> {
        merging::statements(ours_wanted_now)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Keys>().0, &target.id, tags).await
    }
}
