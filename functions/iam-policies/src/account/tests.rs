use remedy_domain::{
    AccountId, Control, ControlId, Identities, Mode, PlanId, Region, ResourceKind, Target, Timestamp,
    ask::ApprovalStatus,
    guard::{self, Age, Purpose, Ruling, Snapshot, WriteAccess},
    settings::Protected,
    verdict::Consent,
};
use remedy_policy::work;
use remedy_testkit::depth::Depth;
use remedy_testkit::laws::proptest::{
    self,
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    sample::Index,
};

use super::*;

const ID: &str = "111122223333";
const LONG_AGO: Timestamp = Timestamp::MIN;
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const POWER: &str = "arn:aws:iam::111122223333:policy/power";
const IAM_FULL: &str = "arn:aws:iam::111122223333:policy/iam-full";
const NO_IAM: &str = "arn:aws:iam::111122223333:policy/no-iam";
const EVERYTHING: &str = "arn:aws:iam::111122223333:policy/everything";

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
        kind: PrincipalKind::User,
        name: name.to_owned(),
        held,
        groups: BTreeSet::new(),
        boundary: None,
        trust: None,
        access,
        since: Some(LONG_AGO),
    };
    (arn("user", name), principal)
}

fn role(name: &str, attached: &[&str], trust: String) -> (String, Principal) {
    let (_, user) = user(name, attached, Access::None);
    (arn("role", name), Principal { kind: PrincipalKind::Role, trust: Some(trust), ..user })
}

fn account(principals: impl IntoIterator<Item = (String, Principal)>) -> Account {
    let all_but_iam = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}"#;
    let iam = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    let no_iam = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}"#;
    let policies = [(POWER, all_but_iam), (IAM_FULL, iam), (NO_IAM, no_iam), (EVERYTHING, ADMINISTRATOR)];
    Account {
        id: ID.to_owned(),
        principals: principals.into_iter().collect(),
        groups: BTreeMap::new(),
        policies: policies.map(|(arn, text)| (arn.to_owned(), text.to_owned())).into(),
        known: Known::default(),
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
    assert_eq!(account.undecided(&[]), [arn("user", "not-asked")]);
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
    assert_eq!(chain(Access::Unknown).undecided(&[]), [arn("user", "ann")]);
}

/// A document that is as hard to analyse as 6 KB can be: it lists wildcards over all actions.
fn hard(number: usize) -> String {
    let letter = |n: usize| char::from(b"etaoinsrhldcu"[n % 13]);
    let wild = |n: usize| format!(r#""*:*{}*{}*{}*""#, letter(n), letter(n / 13), letter(n / 169 + number));
    let items: Vec<_> = (0..400).map(wild).collect();
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{}],"Resource":"*"}}]}}"#,
        items.join(",")
    )
}

/// The account with more users, each of whom has another choice of ten hard policies and is an administrator besides.
fn poisoned(account: &Account, users: usize) -> Account {
    let mut poisoned = account.clone();
    poisoned.known = Known::default();
    let name = |number: usize| format!("arn:aws:iam::{ID}:policy/hard-{number}");
    for number in 0..users + 9 {
        poisoned.policies.insert(name(number), hard(number));
    }
    for number in 0..users {
        let mut attached: Vec<_> = (number..number + 9).map(name).collect();
        attached.push(ADMIN.to_owned());
        let attached: Vec<_> = attached.iter().map(String::as_str).collect();
        poisoned.principals.extend([user(&format!("mallory-{number}"), &attached, Access::Possible)]);
    }
    poisoned
}

#[test]
fn principals_whose_policies_take_too_much_work_change_nothing_for_others() {
    let plain = account([
        user("ann", &[ADMIN], Access::Possible),
        user("bob", &[POWER, IAM_FULL], Access::Possible),
        user("cleo", &[ADMIN], Access::Possible),
    ]);
    let poisoned = poisoned(&plain, 40);
    let before = work::steps();
    assert_eq!(names(&poisoned), ["ann", "bob", "cleo"], "those of whom nothing is known are none to count on");
    let [plain, poisoned] = [&plain, &poisoned].map(|account| {
        let after = account.with_attached(PrincipalKind::User, "ann", &BTreeSet::new());
        account.impact(&after, account.members(PrincipalKind::User, "ann"))
    });
    assert_eq!(poisoned, plain);
    let steps = work::steps() - before;
    assert!(steps < 6 * work::MOST, "all of them together have one allowance: {steps}");
}

#[test]
fn who_may_be_an_administrator_and_may_not_be_one_afterwards_is_lost() {
    let account = poisoned(&account([user("ann", &[ADMIN], Access::Possible)]), 1);
    let after = account.with_attached(PrincipalKind::User, "mallory-0", &BTreeSet::new());
    assert_eq!(account.impact(&after, vec![]).administrators_lost, 1, "it has nothing afterwards");
    let mut fewer = account.principals[&arn("user", "mallory-0")].held.attached.clone();
    fewer.remove(ADMIN);
    let after = account.with_attached(PrincipalKind::User, "mallory-0", &fewer);
    assert_eq!(account.impact(&after, vec![]).administrators_lost, 1, "nobody knows what it has afterwards");
    assert_eq!(account.impact(&account.clone(), vec![]).administrators_lost, 0, "nothing is taken from it");
}

#[test]
fn the_same_policies_are_analysed_once_in_a_run() {
    let account =
        account([user("ann", &[POWER, IAM_FULL], Access::Possible), user("bob", &[IAM_FULL, POWER], Access::Possible)]);
    let before = work::steps();
    assert_eq!(names(&account), ["ann", "bob"]);
    let first = work::steps() - before;
    let after = account.with_attached(PrincipalKind::User, "ann", &BTreeSet::new());
    assert_eq!(names(&after), ["bob"], "and by whoever has them");
    let again = work::steps() - before - first;
    assert!(again * 20 < first, "{first}, then {again}");
}

const ANY: Control = Control {
    id: ControlId("iam-admin-attached"),
    identities: Identities::Touched,
    ..Control::of(ResourceKind::PLAIN)
};

/// Whether the guard lets a plan with this impact be carried out, everything else being in its favour.
fn goes(impact: &Impact, protected: &Protected) -> bool {
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
        protected,
        own: &[],
        holds: &[],
        exemptions: &[],
        manager: None,
        recent_repairs: 0,
        flap_limit: 3,
        age: Age::Fresh,
        standing: &ApprovalStatus::Unasked,
        means: WriteAccess::WriteRole,
        now: Timestamp::UNIX_EPOCH,
    });
    matches!(ruling, Ruling::Go(_))
}

/// Users with all kinds of policies, denies, boundaries and ways to sign in, groups, and roles with all kinds of trust.
fn accounts() -> impl Strategy<Value = Account> {
    let access = prop_oneof![3 => Just(Access::Possible), 1 => Just(Access::None), 1 => Just(Access::Unknown)];
    let policies = || {
        let allowing = proptest::sample::subsequence(vec![ADMIN, POWER, IAM_FULL, EVERYTHING], 0..=3);
        let denying = prop_oneof![6 => Just(None), 1 => Just(Some(NO_IAM))];
        (allowing, denying).prop_map(|(allowing, denying)| allowing.into_iter().chain(denying).collect::<Vec<_>>())
    };
    let boundary =
        prop_oneof![5 => Just(None), 1 => Just(Some(ADMIN)), 1 => Just(Some(POWER)), 1 => Just(Some(EVERYTHING))];
    let users = vec((policies(), access, any::<bool>(), boundary), 1..6);
    let roles = vec((policies(), 0_usize..4), 0..3);
    (users, roles, policies()).prop_map(|(users, roles, of_group)| {
        let everybody = users.iter().enumerate().map(|(number, (policies, access, _, boundary))| {
            let (arn, known) = user(&format!("user-{number}"), policies, *access);
            (arn, Principal { boundary: boundary.map(str::to_owned), ..known })
        });
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
        for (number, _) in users.iter().enumerate().filter(|(_, (_, _, in_group, _))| *in_group) {
            let member = account.principals.get_mut(&arn("user", &format!("user-{number}"))).unwrap();
            member.groups.insert("group".to_owned());
        }
        account
    })
}

/// A repair of identities.
#[derive(Clone, Debug)]
enum Change {
    /// A user, a role or the group loses everything that is attached to it.
    Take(Index),
    /// A managed policy permits little from now on.
    Narrow(&'static str),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let narrowed = prop_oneof![Just(POWER), Just(IAM_FULL), Just(EVERYTHING)];
    vec(prop_oneof![3 => any::<Index>().prop_map(Change::Take), 1 => narrowed.prop_map(Change::Narrow)], 1..8)
}

impl Change {
    /// The account after it, and the principals that it concerns.
    fn made(&self, account: &Account) -> (Account, Vec<String>) {
        match self {
            Self::Take(index) => {
                let of = |principal: &Principal| (principal.kind, principal.name.clone());
                let mut holders: Vec<_> = account.principals.values().map(of).collect();
                holders.push((PrincipalKind::Group, "group".to_owned()));
                let (kind, name) = index.get(&holders);
                (account.with_attached(*kind, name, &BTreeSet::new()), account.members(*kind, name))
            }
            Self::Narrow(policy) => {
                let mut after = account.clone();
                let little =
                    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;
                after.policies.insert((*policy).to_owned(), little.to_owned());
                (after, account.holders(policy))
            }
        }
    }
}

/// The documents of a principal, as text.
fn documents_of(account: &Account, arn: &str) -> Vec<Option<String>> {
    account.documents(&account.principals[arn]).map(|text| text.map(str::to_owned)).collect()
}

/// Cases: two thousand, at the full depth twenty thousand. `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = u32::try_from(Depth::asked().of(2_000, 20_000)).expect("a small number");
    ProptestConfig::default().cases.max(asked)
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// One after the other loses everything, or a policy that many have is narrowed, as far as the guard permits. In
    /// every case, at least two of the administrators that counted at the beginning stay, and protected principals keep
    /// everything.
    #[test]
    fn whatever_is_taken_away_two_administrators_stay(begin in accounts(), changes in changes()) {
        let protected = Protected { principals: vec!["user-1".to_owned(), "role-0".to_owned()], ..Protected::default() };
        let spared: Vec<_> =
            begin.principals.keys().filter(|arn| arn.ends_with("/user-1") || arn.ends_with("/role-0")).collect();
        let mut account = begin.clone();
        let was = begin.administrators().len();
        for change in changes {
            let (after, affected) = change.made(&account);
            if !goes(&account.impact(&after, affected), &protected) {
                continue;
            }
            account = after;
            let is = account.administrators().len();
            proptest::prop_assert!(is >= was.min(2), "{was} were, {is} are after {change:?}: {account:?}");
            for arn in &spared {
                let (had, has) = (documents_of(&begin, arn), documents_of(&account, arn));
                proptest::prop_assert_eq!(had, has, "{} is protected; {:?}", arn, change);
            }
        }
    }
}
