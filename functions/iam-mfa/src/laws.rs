//! The worlds of this function's controls, and the laws in all of them.

mod policies;
mod worlds;

use std::time::Duration;

use remedy_domain::{Parameters, Target};
use remedy_engine::Tags;
use remedy_testkit::laws::{
    Law, Lawful, Prop, TestAccount, Touch,
    proptest::prelude::{BoxedStrategy, Just, Strategy, any},
};
use serde_json::Value;

use self::worlds::{User, fences, make, users};
use crate::{IamAndDeny, RootWithoutMfa, UserWithoutMfa, fence::Fence};

remedy_testkit::laws!(user_without_mfa: UserWithoutMfa);
remedy_testkit::laws!(root_without_mfa: RootWithoutMfa);

impl Lawful for UserWithoutMfa {
    type World = User;
    const TOUCHES: &'static [Touch] = &[
        Touch::of("mfa", &["setting"], &["/attached", "/policies"]),
        Touch::of("deny-policy", &["setting"], &["/attached", "/policies"]),
    ];

    fn worlds() -> BoxedStrategy<User> {
        users().boxed()
    }

    fn settings() -> BoxedStrategy<Fence> {
        fences().boxed()
    }

    fn parameters(world: &User) -> Parameters {
        Parameters { mfa_new_user_days: world.notice_days, ..Parameters::default() }
    }

    fn age(world: &User) -> Duration {
        Duration::from_secs(3_600 * u64::from(world.age_hours))
    }

    async fn arrange(world: &User, stage: &TestAccount) -> Option<String> {
        make(world, stage).await
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<IamAndDeny>().client, &target.id, tags).await
    }

    /// Both forms of the fence are the same to the user.
    fn told(fence: &Fence) -> Value {
        let told = if fence.is_up() { &Fence::ATTACHED } else { fence };
        serde_json::to_value(told).unwrap()
    }
}

impl Lawful for RootWithoutMfa {
    type World = Prop;
    const MOOT: &'static [Law] = Law::OF_WRITES;

    fn worlds() -> BoxedStrategy<Prop> {
        any::<bool>().prop_map(|has| if has { Prop::RootMfa } else { Prop::NoRootMfa }).boxed()
    }

    fn settings() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    async fn arrange(world: &Prop, stage: &TestAccount) -> Option<String> {
        stage.plant(*world)
    }
}
