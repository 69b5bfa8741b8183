//! The worlds of this function's control, and the laws in all of them.

use remedy_domain::{Parameters, settings::FirstExpiry};
use remedy_testkit::laws::{
    Law, Lawful, TestAccount, Touch,
    proptest::{
        option,
        prelude::{BoxedStrategy, Just, Strategy, any},
        prop_oneof,
    },
};

use remedy_iam::Iam;

use crate::{PasswordPolicy, PasswordPolicyWeak};

type Setting = Option<PasswordPolicy>;

remedy_testkit::laws!(password_policy_weak: PasswordPolicyWeak);

/// An account: its policy, and what the organisation asks for.
#[derive(Debug, Clone)]
pub struct Account {
    policy: Setting,
    asked: Parameters,
}

fn policies() -> impl Strategy<Value = PasswordPolicy> {
    let flags = any::<(bool, bool, bool, bool, bool, bool)>();
    // What is asked for, and what is next to it, is hit often; strong policies are half of all.
    let length = prop_oneof![2 => 6_u32..=128, 1 => 13_u32..=15];
    let age = option::of(prop_oneof![2 => 1_u32..=1095, 1 => 89_u32..=91]);
    let reuse = option::of(prop_oneof![1 => 1_u32..=24, 1 => Just(24_u32)]);
    (flags, length, age, reuse).prop_map(|(flags, minimum_length, max_age_days, reuse_prevention)| PasswordPolicy {
        minimum_length,
        symbols: flags.0,
        numbers: flags.1,
        uppercase: flags.2,
        lowercase: flags.3,
        users_may_change: flags.4,
        max_age_days,
        reuse_prevention,
        hard_expiry: flags.5,
    })
}

fn settings() -> BoxedStrategy<Setting> {
    let strong = policies().prop_map(|policy| policy.strengthened(&Parameters::default()));
    prop_oneof![1 => Just(None), 3 => policies().prop_map(Some), 2 => strong.prop_map(Some)].boxed()
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let asks = prop_oneof![Just(FirstExpiry::Auto), Just(FirstExpiry::Ask)];
    let length = prop_oneof![Just(14_u32), 14_u32..=128];
    let age = prop_oneof![Just(90_u32), 1_u32..=90];
    (asks, length, age).prop_map(|(password_first_expiry, password_minimum_length, password_max_age_days)| Parameters {
        password_first_expiry,
        password_minimum_length,
        password_max_age_days,
        ..Parameters::default()
    })
}

impl Lawful for PasswordPolicyWeak {
    type World = Account;
    const MOOT: &'static [Law] = &[Law::TellsTags];
    const TOUCHES: &'static [Touch] = &[
        Touch::of(
            "password-policy",
            &[
                "minimum_length",
                "symbols",
                "numbers",
                "uppercase",
                "lowercase",
                "max_age_days",
                "users_may_change",
                "reuse_prevention",
            ],
            &["/password-policy"],
        ),
        Touch::of("minimum-length", &["minimum_length"], &["/password-policy"]),
        Touch::of("symbols", &["symbols"], &["/password-policy"]),
        Touch::of("numbers", &["numbers"], &["/password-policy"]),
        Touch::of("uppercase", &["uppercase"], &["/password-policy"]),
        Touch::of("lowercase", &["lowercase"], &["/password-policy"]),
        Touch::of("max-age", &["max_age_days", "users_may_change"], &["/password-policy"]),
        Touch::of("reuse-prevention", &["reuse_prevention"], &["/password-policy"]),
    ];

    fn worlds() -> BoxedStrategy<Account> {
        (settings(), parameters()).prop_map(|(policy, asked)| Account { policy, asked }).boxed()
    }

    fn settings() -> BoxedStrategy<Setting> {
        settings()
    }

    fn parameters(world: &Account) -> Parameters {
        world.asked.clone()
    }

    async fn arrange(world: &Account, stage: &TestAccount) -> Option<String> {
        let client = stage.client::<Iam>().client;
        match &world.policy {
            Some(policy) => update(&client, policy).await,
            None => drop(client.delete_account_password_policy().send().await),
        }
        Some(stage.account.to_string())
    }

    fn blank() -> Option<Setting> {
        Some(Some(PasswordPolicy::RESET))
    }
}

/// Elements that are as AWS resets them are left out.
async fn update(client: &aws_sdk_iam::Client, policy: &PasswordPolicy) {
    let number = |n: u32| i32::try_from(n).unwrap();
    let said = |on: bool| on.then_some(true);
    let request = client
        .update_account_password_policy()
        .minimum_password_length(number(policy.minimum_length))
        .set_require_symbols(said(policy.symbols))
        .set_require_numbers(said(policy.numbers))
        .set_require_uppercase_characters(said(policy.uppercase))
        .set_require_lowercase_characters(said(policy.lowercase))
        .set_allow_users_to_change_password(said(policy.users_may_change))
        .set_max_password_age(policy.max_age_days.map(number))
        .set_password_reuse_prevention(policy.reuse_prevention.map(number))
        .set_hard_expiry(said(policy.hard_expiry));
    request.send().await.unwrap();
}
