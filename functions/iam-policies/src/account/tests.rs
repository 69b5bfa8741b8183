use remedy_domain::{
    AccountId, Control, ControlId, Identities, Mode, PlanId, Region, Scope, StopsDestruction, Target, Timestamp,
    ask::Standing,
    guard::{self, Age, Means, Purpose, Ruling, Snapshot},
    settings::Protected,
    verdict::Consent,
};
use remedy_testkit::laws::proptest::{
    self,
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    sample::Index,
};

use super::*;

const ID: &str = "111122223333";
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const POWER: &str = "arn:aws:iam::111122223333:policy/power";
const IAM_FULL: &str = "arn:aws:iam::111122223333:policy/iam-full";

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{ID}:{kind}/{name}")
}

fn trust(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"{condition}}}]}}"#
    )
}

fn user(name: &str, attached: &[&str], access: Access) -> (String, Principal) {
    let held = Held { inline: vec![], attached: attached.iter().map(|arn| (*arn).to_owned()).collect() };
    let principal = Principal {
        kind: Kind::User,
        name: name.to_owned(),
        held,
        groups: BTreeSet::new(),
        boundary: None,
        trust: None,
        access,
    };
    (arn("user", name), principal)
}

fn role(name: &str, attached: &[&str], trust: String) -> (String, Principal) {
    let (_, user) = user(name, attached, Access::None);
    (arn("role", name), Principal { kind: Kind::Role, trust: Some(trust), ..user })
}

fn account(principals: impl IntoIterator<Item = (String, Principal)>) -> Account {
    let all_but_iam = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}"#;
    let iam = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    let policies = [(POWER, all_but_iam), (IAM_FULL, iam)];
    Account {
        id: ID.to_owned(),
        principals: principals.into_iter().collect(),
        groups: BTreeMap::new(),
        policies: policies.map(|(arn, text)| (arn.to_owned(), text.to_owned())).into(),
    }
}

fn names(account: &Account) -> Vec<String> {
    account.administrators().iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect()
}

#[test]
fn all_policies_together_count_and_somebody_must_be_able_to_sign_in() {
    let mut account = account([
        user("by-one", &[ADMIN], Access::Possible),
        user("by-two", &[POWER, IAM_FULL], Access::Possible),
        user("half", &[POWER], Access::Possible),
        user("no-sign-in", &[ADMIN], Access::None),
        user("not-asked", &[ADMIN], Access::Unknown),
    ]);
    assert_eq!(names(&account), ["by-one", "by-two"]);
    assert_eq!(account.undecided(&[]), BTreeSet::from([arn("user", "not-asked")]));
    let bounded = account.principals.get_mut(&arn("user", "by-one")).unwrap();
    bounded.boundary = Some(POWER.to_owned());
    assert_eq!(names(&account), ["by-two"], "a boundary holds");
    account.groups.insert("iam".to_owned(), Held { attached: BTreeSet::from([IAM_FULL.to_owned()]), inline: vec![] });
    account.principals.get_mut(&arn("user", "half")).unwrap().groups.insert("iam".to_owned());
    assert_eq!(names(&account), ["by-two", "half"], "so does a group give");
}

#[test]
fn a_policy_that_nobody_read_may_forbid_everything() {
    let unread = "arn:aws:iam::aws:policy/AWSDenyAll";
    let mut account = account([user("ann", &[ADMIN, unread], Access::Possible)]);
    assert_eq!(account.unread(), BTreeSet::from([unread.to_owned()]));
    assert_eq!(names(&account), [""; 0]);
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    account.policies.insert(unread.to_owned(), deny.to_owned());
    assert_eq!(names(&account), [""; 0], "and it does");
    account.policies.insert(unread.to_owned(), deny.replace("Deny", "Allow"));
    assert_eq!(names(&account), ["ann"]);
}

#[test]
fn a_role_counts_where_somebody_can_assume_it() {
    let own = format!(r#"{{"AWS":"arn:aws:iam::{ID}:root"}}"#);
    let by_ann = format!(r#"{{"AWS":"arn:aws:iam::{ID}:user/ann"}}"#);
    let with_mfa = r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    let from_office = r#","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#;
    let cases = [
        ("by name", trust(&by_ann, ""), true),
        ("by name with MFA", trust(&by_ann, with_mfa), true),
        ("from a place that is not known", trust(&by_ann, from_office), false),
        ("by the account, and ann may assume nothing", trust(&own, ""), false),
        ("by a service", trust(r#"{"Service":"ec2.amazonaws.com"}"#, ""), false),
        ("by another account", trust(r#"{"AWS":"arn:aws:iam::444455556666:root"}"#, ""), true),
        ("by an identity provider", trust(r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/x"}"#, ""), true),
        ("by itself alone", trust(&format!(r#"{{"AWS":"{}"}}"#, arn("role", "boss")), ""), false),
    ];
    for (case, trust, counts) in cases {
        let account = account([user("ann", &[], Access::Possible), role("boss", &[ADMIN], trust)]);
        assert_eq!(!account.administrators().is_empty(), counts, "{case}");
    }
    let mut closed = account([user("ann", &[], Access::Possible), role("boss", &[ADMIN], trust(&by_ann, ""))]);
    let text = closed.principals[&arn("role", "boss")].trust.clone().unwrap();
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole*"},{"#;
    closed.principals.get_mut(&arn("role", "boss")).unwrap().trust = Some(text.replacen("[{", &format!("[{deny}"), 1));
    assert!(closed.administrators().is_empty(), "a deny closes it");
}

#[test]
fn a_chain_of_roles_counts_as_far_as_somebody_stands_at_its_start() {
    let by = |kind: &str, name: &str| trust(&format!(r#"{{"AWS":"{}"}}"#, arn(kind, name)), "");
    let chain = |access| {
        account([
            user("ann", &[], access),
            role("first", &[], by("user", "ann")),
            role("boss", &[ADMIN], by("role", "first")),
            role("circle", &[ADMIN], by("role", "circle-2")),
            role("circle-2", &[], by("role", "circle")),
        ])
    };
    assert_eq!(names(&chain(Access::Possible)), ["boss"]);
    assert_eq!(names(&chain(Access::None)), [""; 0]);
    assert_eq!(chain(Access::Unknown).undecided(&[]), BTreeSet::from([arn("user", "ann")]));
}

const ANY: Control = Control {
    id: ControlId("iam-admin-attached"),
    title: "",
    hipaa: &[],
    config_rules: &[],
    resource_types: &[],
    scope: Scope::Global,
    api_events: &[],
    reads: &[],
    writes: &[],
    elements: &[],
    stops_destruction: StopsDestruction::No,
    identities: Identities::Touched,
};

/// Whether the guard lets a plan with this impact be carried out, everything else being in its favour.
fn goes(impact: &Impact) -> bool {
    let target = Target {
        account: AccountId::parse(ID).unwrap(),
        region: Region::global(),
        resource_type: String::new(),
        id: "x".to_owned(),
        unique_id: None,
        arn: None,
    };
    let ruling = guard::rule(&Snapshot {
        control: &ANY,
        target: &target,
        plan: &PlanId::parse("0".repeat(64)).unwrap(),
        purpose: Purpose::Repair,
        consent: &Consent::Auto,
        impact: Some(impact),
        mode: Mode::Enforce,
        protected: &Protected::default(),
        own: &[],
        holds: &[],
        exemptions: &[],
        manager: None,
        recent_repairs: 0,
        flap_limit: 3,
        age: Age::Fresh,
        standing: &Standing::Unasked,
        means: Means::WriteRole,
        now: Timestamp::UNIX_EPOCH,
    });
    matches!(ruling, Ruling::Go(_))
}

/// Users with all kinds of policies and ways to sign in, groups, and roles with all kinds of trust.
fn accounts() -> impl Strategy<Value = Account> {
    let access = prop_oneof![3 => Just(Access::Possible), 1 => Just(Access::None), 1 => Just(Access::Unknown)];
    let policies = || proptest::sample::subsequence(vec![ADMIN, POWER, IAM_FULL], 0..=3);
    let users = vec((policies(), access, any::<bool>()), 1..5);
    let roles = vec((policies(), 0_usize..4), 0..3);
    (users, roles, policies()).prop_map(|(users, roles, of_group)| {
        let everybody = users
            .iter()
            .enumerate()
            .map(|(number, (policies, access, _))| user(&format!("user-{number}"), policies, *access));
        let trusts = [
            trust(r#"{"Service":"ec2.amazonaws.com"}"#, ""),
            trust(r#"{"AWS":"arn:aws:iam::111122223333:user/user-0"}"#, ""),
            trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, ""),
            trust(r#"{"AWS":"arn:aws:iam::111122223333:role/role-0"}"#, ""),
        ];
        let roles = roles
            .into_iter()
            .enumerate()
            .map(|(number, (policies, who))| role(&format!("role-{number}"), &policies, trusts[who].clone()));
        let mut account = account(everybody.chain(roles));
        let attached = of_group.iter().map(|arn| (*arn).to_owned()).collect();
        account.groups.insert("group".to_owned(), Held { inline: vec![], attached });
        for (number, _) in users.iter().enumerate().filter(|(_, (.., in_group))| *in_group) {
            let member = account.principals.get_mut(&arn("user", &format!("user-{number}"))).unwrap();
            member.groups.insert("group".to_owned());
        }
        account
    })
}

proptest::proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// One principal or group after the other loses everything, as far as the guard lets it. However it goes, whoever
    /// could be counted on at the beginning is not taken below two.
    #[test]
    fn whatever_is_taken_away_two_administrators_stay(begin in accounts(), order in vec(any::<Index>(), 1..8)) {
        let mut account = begin.clone();
        let mut holders: Vec<(Kind, String)> =
            begin.principals.values().map(|principal| (principal.kind, principal.name.clone())).collect();
        holders.push((Kind::Group, "group".to_owned()));
        let was = begin.administrators().len();
        for index in order {
            let (kind, name) = index.get(&holders);
            let after = account.with_attached(*kind, name, &BTreeSet::new());
            let impact = account.impact(&after, account.members(*kind, name));
            if !goes(&impact) {
                continue;
            }
            account = after;
            let is = account.administrators().len();
            proptest::prop_assert!(is >= was.min(2), "{was} were, {is} are: {account:?}");
        }
    }
}
