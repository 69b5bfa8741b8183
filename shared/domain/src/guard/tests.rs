use super::*;
use crate::{
    actor::Actor,
    ask::{Answer, Decision},
    control::{Control, ControlId, Identities, ResourceKind, Stops},
    hold::{HoldScope, Switch},
    ids::{AccountId, Region},
    verdict::Administrator,
};

const CONTROL: Control = Control {
    id: ControlId("s3-bucket-without-tls"),
    ..Control::of(ResourceKind { types: &["AWS::S3::Bucket"], ..ResourceKind::PLAIN })
};
const IDENTITY: Control = Control { identities: Identities::Touched, ..CONTROL };
const CLOSING: Control = Control { stops: Stops::Exposure, ..CONTROL };
const RESCUE: Control = Control { stops: Stops::Destruction, ..CONTROL };

struct Case {
    control: &'static Control,
    target: Target,
    plan: PlanId,
    consent: Consent,
    impact: Option<Impact>,
    protected: Protected,
    own: Vec<String>,
    holds: Vec<Hold>,
    exemptions: Vec<Exemption>,
    manager: Option<Manager>,
    recent_repairs: usize,
    age: Age,
    standing: ApprovalStatus,
    mode: Mode,
    means: WriteAccess,
    purpose: Purpose,
}

impl Case {
    fn enforced() -> Self {
        let account = AccountId::parse("111122223333").unwrap();
        Self {
            control: &CONTROL,
            target: Target {
                account,
                region: Region::parse("us-east-1").unwrap(),
                resource_type: "AWS::S3::Bucket".into(),
                id: "phi".into(),
                unique_id: None,
                arn: Some("arn:aws:s3:::phi".into()),
            },
            plan: PlanId::parse("a".repeat(64)).unwrap(),
            consent: Consent::Auto,
            impact: None,
            protected: Protected::default(),
            own: vec![],
            holds: vec![],
            exemptions: vec![],
            manager: None,
            recent_repairs: 0,
            age: Age::Fresh,
            standing: ApprovalStatus::Unasked,
            mode: Mode::Enforce,
            means: WriteAccess::WriteRole,
            purpose: Purpose::Repair,
        }
    }

    fn exempt(mut self, from: i64, until: i64) -> Self {
        self.exemptions.push(Exemption {
            format: 2,
            control: "s3-bucket-without-tls".into(),
            account: self.target.account.clone(),
            resource: "phi".into(),
            reason: "contract".into(),
            since: Timestamp::from_second(from).unwrap(),
            until: Timestamp::from_second(until).unwrap(),
            owner: Some("billing".into()),
            ticket: Some("CHG-7".into()),
            alternative: Some("a fence".into()),
            requested_by: Some(person("ann")),
            approved_by: Some(person("bob")),
            renewals: 0,
        });
        self
    }

    fn held(mut self, scope: HoldScope, switch: Switch) -> Self {
        let at = Timestamp::from_second(900).unwrap();
        let (scope, switch, reason) = (scope.into(), switch.into(), "something is wrong".into());
        self.holds.push(Hold { format: 1, scope, switch, reason, by: Some(person("ann")), at });
        self
    }

    fn decided(mut self, answer: Answer) -> Self {
        let at = Timestamp::from_second(900).unwrap();
        let decision = Decision { format: 1, answer: answer.into(), by: person("ann"), reason: None, at };
        self.standing = match answer {
            Answer::Approved => ApprovalStatus::Approved(decision),
            Answer::Rejected => ApprovalStatus::Rejected(decision),
        };
        self
    }

    /// The check that objected and the outcome, or none for a permit.
    fn ruling(&self) -> Option<(&'static str, Outcome)> {
        match rule(&self.snapshot()) {
            Ruling::Go(permit) => {
                assert_eq!(permit.plan(), &self.plan);
                None
            }
            Ruling::Stop(objection) => {
                assert!(
                    !objection.why.text.is_empty() && !objection.why.code().is_empty() && !objection.change.is_empty(),
                    "{objection:?}"
                );
                Some((objection.check, objection.outcome))
            }
        }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            control: self.control,
            target: &self.target,
            plan: &self.plan,
            purpose: self.purpose,
            consent: &self.consent,
            impact: self.impact.as_ref(),
            mode: self.mode,
            protected: &self.protected,
            own: &self.own,
            holds: &self.holds,
            exemptions: &self.exemptions,
            manager: self.manager.as_ref(),
            recent_repairs: self.recent_repairs,
            flap_limit: 3,
            age: self.age,
            standing: &self.standing,
            means: self.means,
            now: Timestamp::from_second(1_000).unwrap(),
        }
    }
}

fn imaging() -> Manager {
    Manager::Stack { name: "imaging".into(), id: None }
}

fn person(id: &str) -> Actor {
    let account = AccountId::parse("111122223333").unwrap();
    Actor { account, id: id.into(), arn: format!("arn:aws:iam::111122223333:user/{id}") }
}

fn asking() -> Consent {
    Consent::ask("website", "it serves a website")
}

#[test]
fn an_enforced_harmless_plan_goes() {
    assert_eq!(Case::enforced().ruling(), None);
}

#[test]
fn protected_comes_before_everything() {
    for mode in [Mode::Observe, Mode::Approve, Mode::Enforce] {
        let protected = Protected { resources: vec!["arn:aws:s3:::ph?".into()], ..Protected::default() };
        let case = Case { protected, mode, ..Case::enforced().exempt(0, 2_000) };
        assert_eq!(case.ruling(), Some(("protected", Outcome::Blocked)));
    }
}

/// A target of this type and ARN, called by the last part of the ARN.
fn called(resource_type: &str, arn: &str) -> Case {
    let mut case = Case::enforced();
    case.target.resource_type = resource_type.into();
    case.target.id = name_of(arn).into();
    case.target.arn = Some(arn.into());
    case
}

fn name_of(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap()
}

/// An ARN of IAM in the account of all cases.
fn iam(resource: &str) -> String {
    format!("arn:aws:iam::111122223333:{resource}")
}

/// Remedy's own ARNs in these tests.
fn remedy() -> Vec<String> {
    [
        "arn:aws:s3:::remedy-state",
        "arn:aws:sqs:us-east-1:111122223333:remedy-queue",
        "arn:aws:iam::{account}:role/remedy-kms-keys-write",
        "arn:aws:cloudformation:us-east-1:111122223333:stack/remedy/5a7f",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn own_and_reserved_things_are_protected_without_settings() {
    let protected = Some(("protected", Outcome::Blocked));
    let bucket = called("AWS::S3::Bucket", "arn:aws:s3:::remedy-state");
    assert_eq!(Case { own: remedy(), ..bucket }.ruling(), protected);
    for role in [
        "role/remedy-kms-keys-write",
        "role/ops/remedy-kms-keys-write",
        "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
        "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
    ] {
        let case = Case { own: remedy(), ..called("AWS::IAM::Role", &iam(role)) };
        assert_eq!(case.ruling(), protected, "{role}");
    }
}

#[test]
fn roles_that_only_their_name_tells_from_others_are_spared_and_somebody_is_paged() {
    let case = called("AWS::IAM::Role", &iam("role/stacksets-exec-0123456789abcdef0123456789abcdef"));
    let Ruling::Stop(objection) = rule(&case.snapshot()) else { panic!("it is spared") };
    assert_eq!((objection.check, objection.alarm()), (BY_NAME, Alarm::Page));
    assert!(objection.why.text.contains("protected by name: look"), "{}", objection.why.text);
    assert!(is_spared_by_choice(&case.snapshot()), "and it comes again");
}

/// Names of AWS's, Remedy's or the settings' resources, on resources that anybody may make.
#[test]
fn no_name_spares_what_anybody_may_make() {
    let names = [
        "AWSServiceRoleForMe",
        "AWSServiceRole-mallory",
        "AWSReservedSSO_Admin_0123456789abcdef",
        "stacksets-exec-0123456789abcdef0123456789abcdef",
        "stacksets-exec-bob",
        "remedy",
        "remedy-state",
        "remedy-queue",
        "remedy-backdoor",
        "remedy-kms-keys-write",
        "RemedyDenyWithoutMfa",
        "break-glass-1",
        "deploy-mallory",
        "root",
    ];
    let protected = || Protected {
        principals: vec![iam("role/deploy/*")],
        break_glass: vec![iam("user/break-glass")],
        ..Protected::default()
    };
    let all = |name: &str| {
        vec![
            ("AWS::S3::Bucket", format!("arn:aws:s3:::phi-{name}")),
            ("AWS::S3::Bucket", format!("arn:aws:s3:::{name}x")),
            ("AWS::IAM::Policy", iam(&format!("policy/{name}"))),
            ("AWS::IAM::Policy", iam(&format!("policy/aws-service-role/{name}"))),
            ("AWS::IAM::Group", iam(&format!("group/{name}"))),
            ("AWS::IAM::User", iam(&format!("user/{name}"))),
            ("AWS::IAM::User", iam(&format!("user/aws-service-role/{name}"))),
            ("AWS::IAM::Role", iam(&format!("role/x/{name}-x"))),
            ("AWS::KMS::Key", format!("arn:aws:kms:us-east-1:111122223333:key/{name}")),
        ]
    };
    for name in names {
        for (resource_type, arn) in all(name) {
            let stack = Some(Manager::Stack { name: name.to_owned(), id: Some(format!("arn:x:stack/{name}/1")) });
            for (manager, expected) in [(None, None), (stack, Some("ownership"))] {
                let case = Case { own: remedy(), protected: protected(), manager, ..called(resource_type, &arn) };
                assert_eq!(case.ruling().map(|(check, _)| check), expected, "{arn}");
                let impact = Some(impact(&[&iam(&format!("user/{name}"))], 0, 9));
                let taken = Case { own: remedy(), protected: protected(), impact, ..Case::enforced() };
                assert_eq!(taken.ruling(), None, "{name} keeps nothing");
            }
        }
    }
}

#[test]
fn what_the_settings_protect_says_by_which_pattern_and_comes_again() {
    let pattern = "arn:aws:s3:::vendor-*";
    let protected = Protected { resources: vec![pattern.into()], ..Protected::default() };
    let case = Case { protected, ..called("AWS::S3::Bucket", "arn:aws:s3:::vendor-1") };
    let Ruling::Stop(objection) = rule(&case.snapshot()) else { panic!("it is spared") };
    assert_eq!((objection.check, objection.alarm()), ("protected", Alarm::Alarm));
    assert!(objection.why.text.contains(pattern), "{}", objection.why.text);
    assert!(is_spared_by_choice(&case.snapshot()));
    assert!(!is_spared_by_choice(&Case { own: vec!["arn:aws:s3:::phi".into()], ..Case::enforced() }.snapshot()));
}

#[test]
fn an_exemption_holds_repairs_back_until_it_expires() {
    assert_eq!(Case::enforced().exempt(0, 1_001).ruling(), Some(("exemption", Outcome::Exempt)));
    assert_eq!(Case::enforced().exempt(0, 1_000).ruling(), None, "expired is enforced");
    let undo = Case { purpose: Purpose::Revert, ..Case::enforced().exempt(0, 2_000) }.decided(Answer::Approved);
    assert_eq!(undo.ruling(), None, "the undo itself goes");
    let expired_one_of_two = Case::enforced().exempt(0, 900).exempt(0, 1_001);
    assert_eq!(expired_one_of_two.ruling(), Some(("exemption", Outcome::Exempt)));
}

#[test]
fn who_is_asked_and_when() {
    type Row = (Mode, Consent, &'static Control, Purpose, Option<(&'static str, Outcome)>);
    let waits = Some(("approval", Outcome::AwaitingApproval));
    let planned = Some(("mode", Outcome::Planned));
    let rows: [Row; 10] = [
        (Mode::Observe, Consent::Auto, &CONTROL, Purpose::Repair, planned),
        (Mode::Observe, asking(), &CONTROL, Purpose::Repair, planned),
        (Mode::Observe, Consent::Auto, &CONTROL, Purpose::Revert, planned),
        (Mode::Approve, Consent::Auto, &CONTROL, Purpose::Repair, waits),
        (Mode::Approve, Consent::Auto, &RESCUE, Purpose::Repair, waits),
        (Mode::Enforce, asking(), &CONTROL, Purpose::Repair, waits),
        (Mode::Enforce, asking(), &RESCUE, Purpose::Repair, None),
        (Mode::Enforce, asking(), &CONTROL, Purpose::Revert, waits),
        (Mode::Approve, Consent::Auto, &RESCUE, Purpose::Revert, waits),
        (Mode::Enforce, Consent::Auto, &CONTROL, Purpose::Repair, None),
    ];
    for (mode, consent, control, purpose, expected) in rows {
        let name = format!("{mode:?} {consent:?} {purpose:?}");
        let case = Case { control, consent, mode, purpose, ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{name}");
    }
}

#[test]
fn without_a_write_role_nothing_goes() {
    let case = Case { means: WriteAccess::None, ..Case::enforced() };
    assert_eq!(case.ruling(), Some(("means", Outcome::Blocked)));
    let observing = Case { means: WriteAccess::None, mode: Mode::Observe, ..Case::enforced() };
    assert_eq!(observing.ruling(), Some(("mode", Outcome::Planned)), "in observe a plan is a plan");
}

fn impact(affected: &[&str], lost: usize, left: usize) -> Impact {
    let affected = affected.iter().map(|arn| (*arn).to_owned()).collect();
    let administrator = |number| administrator(&format!("admin-{number}"), Some(Timestamp::MIN));
    Impact { affected, administrators_lost: lost, administrators_left: (0..left).map(administrator).collect() }
}

fn administrator(name: &str, since: Option<Timestamp>) -> Administrator {
    Administrator { arn: format!("arn:aws:iam::111122223333:user/ops/{name}"), since }
}

#[test]
fn administrators_of_the_last_week_are_not_counted_unless_they_are_named_as_break_glass() {
    let (now, old) = (1_000, 1_000 - 7 * 24 * 3_600);
    let new = old + 1;
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    let blocked = Some(("lockout", Outcome::Blocked));
    for (left, expected) in [
        (vec![("ann", at(old)), ("bob", at(old))], None),
        (vec![("ann", at(old)), ("bob", at(new))], blocked),
        (vec![("sham-1", at(now)), ("sham-2", at(now)), ("sham-3", at(now))], blocked),
        (vec![("ann", at(old)), ("of-an-unknown-day", None)], blocked),
        (vec![("ann", at(old)), ("break-glass-1", at(now))], None),
    ] {
        let name = format!("{left:?}");
        let left = left.into_iter().map(|(name, since)| administrator(name, since)).collect();
        let impact = Impact { administrators_left: left, ..impact(&["arn:aws:iam::111122223333:user/cleo"], 1, 0) };
        let protected = Protected { break_glass: vec!["break-glass-*".into()], ..Protected::default() };
        let case = Case { impact: Some(impact), protected, ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{name}");
    }
}

#[test]
fn an_objection_says_who_why_and_what_would_change_it() {
    let said = |case: &Case| match rule(&case.snapshot()) {
        Ruling::Stop(objection) => (objection.why.to_string(), objection.change),
        Ruling::Go(_) => panic!("it goes"),
    };
    let of = |affected: &[&str], left: Vec<Administrator>| {
        let impact = Impact { administrators_left: left, ..impact(affected, 1, 0) };
        said(&Case { impact: Some(impact), ..Case::enforced() })
    };
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    let left =
        vec![administrator("ann", Some(Timestamp::MIN)), administrator("bob", at(999)), administrator("cleo", at(999))];
    let (why, change) = of(&["arn:aws:iam::111122223333:user/dan"], left);
    assert!(why.starts_with("1 effective administrators would be left, and at least 2 stay"), "{why}");
    assert!(why.contains("2 more came within a week"), "{why}");
    assert!(change.contains("break-glass"), "{change}");
    let (why, change) = of(&["arn:aws:iam::111122223333:user/x/dan", "arn:aws:iam::111122223333:root"], vec![]);
    assert!(why.starts_with("it would take permissions from `root`"), "the name without its path: {why}");
    assert!(why.contains("others may do the same until somebody looks: 1"), "{why}");
    assert!(change.contains("take that principal off"), "{change}");
}

#[test]
fn two_administrators_stay() {
    let blocked = Some(("lockout", Outcome::Blocked));
    let rows = [(0, 0, None), (0, 1, None), (1, 2, None), (1, 1, blocked), (3, 0, blocked), (1, 5, None)];
    for (lost, left, expected) in rows {
        let case =
            Case { impact: Some(impact(&["arn:aws:iam::111122223333:user/ann"], lost, left)), ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{lost} lost, {left} left");
    }
}

#[test]
fn nothing_is_taken_from_those_who_are_spared() {
    let blocked = Some(("lockout", Outcome::Blocked));
    let protected = || Protected { principals: vec![iam("user/ops/*")], ..Protected::default() };
    let own = || vec![iam("role/RemedyWrite")];
    for (name, expected) in [
        ("root", blocked),
        ("user/ops/break-glass-1", blocked),
        ("role/RemedyWrite", blocked),
        ("role/path/RemedyWrite", blocked),
        ("user/RemedyWrite", None),
        ("role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", blocked),
        ("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef", blocked),
        ("user/ann", None),
        ("role/stacksets-exec-0123456789abcdef", blocked),
        ("user/stacksets-exec-0123456789abcdef", None),
        ("role/NotAWSServiceRole", None),
        ("role/AWSServiceRoleForConfig", None),
        ("user/root", None),
    ] {
        let impact = Some(impact(&[&iam("user/bob"), &iam(name)], 0, 9));
        let case = Case { impact, protected: protected(), own: own(), ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{name}");
    }
    let elsewhere = Some(impact(&["arn:aws:iam::444455556666:root"], 0, 9));
    assert_eq!(Case { impact: elsewhere, ..Case::enforced() }.ruling(), None, "the root of another account");
}

#[test]
fn no_mode_and_no_undo_gets_past_a_lockout() {
    for (mode, purpose) in
        [(Mode::Observe, Purpose::Repair), (Mode::Approve, Purpose::Repair), (Mode::Enforce, Purpose::Revert)]
    {
        let case = Case { impact: Some(impact(&[], 1, 1)), mode, purpose, ..Case::enforced() };
        assert_eq!(case.ruling(), Some(("lockout", Outcome::Blocked)), "{mode:?} {purpose:?}");
    }
}

#[test]
fn a_hold_stops_everything_it_names_and_comes_first() {
    let blocked = Some(("hold", Outcome::Blocked));
    let here = AccountId::parse("111122223333").unwrap();
    let elsewhere = AccountId::parse("444455556666").unwrap();
    for (scope, switch, expected) in [
        (HoldScope::All, Switch::Held, blocked),
        (HoldScope::Account(here.clone()), Switch::Held, blocked),
        (HoldScope::Control("s3-bucket-without-tls".into()), Switch::Held, blocked),
        (HoldScope::Account(elsewhere), Switch::Held, None),
        (HoldScope::Control("kms-key-pending-deletion".into()), Switch::Held, None),
        (HoldScope::All, Switch::Released, None),
        (HoldScope::Account(here), Switch::Released, None),
    ] {
        assert_eq!(Case::enforced().held(scope.clone(), switch).ruling(), expected, "{scope:?} {switch:?}");
    }
    for purpose in [Purpose::Repair, Purpose::Revert] {
        for control in [&CONTROL, &RESCUE, &IDENTITY] {
            let own = vec!["arn:aws:s3:::phi".into()];
            let case = Case { control, own, purpose, ..Case::enforced() }.decided(Answer::Approved);
            assert_eq!(case.held(HoldScope::All, Switch::Held).ruling(), blocked);
        }
    }
}

#[test]
fn an_approval_lets_what_waits_go_and_nothing_else() {
    let stack = || Some(imaging());
    let approved = |case: Case| case.decided(Answer::Approved).ruling();
    assert_eq!(approved(Case { consent: asking(), ..Case::enforced() }), None);
    assert_eq!(approved(Case { mode: Mode::Approve, ..Case::enforced() }), None);
    assert_eq!(approved(Case { purpose: Purpose::Revert, ..Case::enforced() }), None);
    assert_eq!(approved(Case { manager: stack(), ..Case::enforced() }), None);
    assert_eq!(approved(Case { age: Age::Backlog, ..Case::enforced() }), None);
    let protected = Case { own: vec!["arn:aws:s3:::phi".into()], ..Case::enforced() };
    assert_eq!(approved(protected), Some(("protected", Outcome::Blocked)));
    let lockout = Case { impact: Some(impact(&[], 1, 1)), ..Case::enforced() };
    assert_eq!(approved(lockout), Some(("lockout", Outcome::Blocked)));
    assert_eq!(approved(Case::enforced().exempt(0, 2_000)), Some(("exemption", Outcome::Exempt)));
    assert_eq!(approved(Case { recent_repairs: 3, ..Case::enforced() }), Some((FLAP, Outcome::Blocked)));
    assert_eq!(approved(Case { mode: Mode::Observe, ..Case::enforced() }), Some(("mode", Outcome::Planned)));
    assert_eq!(approved(Case { control: &IDENTITY, ..Case::enforced() }), Some(("break-glass", Outcome::Blocked)));
    assert_eq!(approved(Case { means: WriteAccess::None, ..Case::enforced() }), Some(("means", Outcome::Blocked)));
}

#[test]
fn a_refusal_stands_as_long_as_the_ask() {
    let rejected = |case: Case| case.decided(Answer::Rejected).ruling();
    let blocked = Some(("approval", Outcome::Blocked));
    assert_eq!(rejected(Case { consent: asking(), ..Case::enforced() }), blocked);
    assert_eq!(rejected(Case { mode: Mode::Approve, ..Case::enforced() }), blocked);
    assert_eq!(rejected(Case { age: Age::Backlog, ..Case::enforced() }), blocked);
    assert_eq!(rejected(Case { mode: Mode::Observe, ..Case::enforced() }), Some(("mode", Outcome::Planned)));
}

#[test]
fn what_is_managed_elsewhere_waits_and_says_where() {
    for (manager, place) in [
        (imaging(), "stack `imaging`"),
        (Manager::ServiceCatalog, "Service Catalog"),
        (Manager::Tag("terraform".into()), "tag `terraform`"),
    ] {
        let case = |mode, control| Case { mode, control, manager: Some(manager.clone()), ..Case::enforced() };
        let Ruling::Stop(objection) = rule(&case(Mode::Enforce, &CONTROL).snapshot()) else { panic!("it waits") };
        assert_eq!((objection.check, objection.outcome), ("ownership", Outcome::AwaitingApproval));
        assert!(objection.why.text.contains(place), "{}", objection.why.text);
        assert_eq!(case(Mode::Approve, &CONTROL).ruling(), Some(("ownership", Outcome::AwaitingApproval)));
        assert_eq!(case(Mode::Observe, &CONTROL).ruling(), Some(("mode", Outcome::Planned)));
        assert_eq!(case(Mode::Enforce, &RESCUE).ruling(), None, "stopping destruction does not wait");
    }
}

#[test]
fn remedys_roles_are_its_own_in_every_account() {
    let ruling = |named: &str| {
        let mut case = Case { own: remedy(), ..called("AWS::IAM::Role", named) };
        case.target.account = AccountId::parse("444455556666").unwrap();
        case.ruling()
    };
    let own = "arn:aws:iam::444455556666:role/remedy-kms-keys-write";
    assert_eq!(ruling(own), Some(("protected", Outcome::Blocked)));
    for other in ["user/remedy-kms-keys-write", "role/remedial", "role/remedy-kms-keys-write-2", "role/remedy-x"] {
        assert_eq!(ruling(&format!("arn:aws:iam::444455556666:{other}")), None, "{other}");
    }
}

#[test]
fn what_remedys_own_stack_made_is_never_touched() {
    let made_by = |id: &str| {
        let manager = Some(Manager::Stack { name: "remedy".into(), id: Some(id.to_owned()) });
        Case { own: remedy(), manager, ..Case::enforced() }.ruling()
    };
    let own = "arn:aws:cloudformation:us-east-1:111122223333:stack/remedy/5a7f";
    assert_eq!(made_by(own), Some(("protected", Outcome::Blocked)));
    let same_name = "arn:aws:cloudformation:eu-west-1:111122223333:stack/remedy/6b80";
    assert_eq!(made_by(same_name), Some(("ownership", Outcome::AwaitingApproval)), "another stack of that name");
}

#[test]
fn the_limit_of_repairs_a_day_holds_for_repairs_alone() {
    for (recent_repairs, mode, purpose, expected) in [
        (2, Mode::Enforce, Purpose::Repair, None),
        (3, Mode::Enforce, Purpose::Repair, Some((FLAP, Outcome::Blocked))),
        (9, Mode::Approve, Purpose::Repair, Some((FLAP, Outcome::Blocked))),
        (9, Mode::Observe, Purpose::Repair, Some(("mode", Outcome::Planned))),
        (9, Mode::Enforce, Purpose::Revert, Some(("approval", Outcome::AwaitingApproval))),
    ] {
        let case = Case { recent_repairs, mode, purpose, ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{recent_repairs} {mode:?} {purpose:?}");
    }
    let flapping = Case { recent_repairs: 3, ..Case::enforced() };
    let Ruling::Stop(objection) = rule(&flapping.snapshot()) else { panic!("it stops") };
    assert_eq!(objection.alarm(), Alarm::Page);
}

#[test]
fn where_to_stop_would_leave_data_open_or_let_it_be_destroyed_repairs_go_on_and_somebody_is_paged() {
    for control in [&RESCUE, &CLOSING] {
        let again = Case { control, recent_repairs: 9, ..Case::enforced() };
        assert_eq!(again.ruling(), None);
        assert!(caution(&again.snapshot()).is_some_and(|why| why.text.contains("9 times")));
        assert_eq!(caution(&Case { control, recent_repairs: 2, ..Case::enforced() }.snapshot()), None);
        assert_eq!(caution(&Case { mode: Mode::Observe, ..again }.snapshot()), None);
    }
    assert_eq!(caution(&Case { recent_repairs: 9, ..Case::enforced() }.snapshot()), None, "what is stopped says so");
}

#[test]
fn the_backlog_waits_and_a_wave_does_not() {
    let waits = Some(("backlog", Outcome::AwaitingApproval));
    for (age, mode, control, expected) in [
        (Age::Backlog, Mode::Enforce, &CONTROL, waits),
        (Age::Backlog, Mode::Approve, &CONTROL, waits),
        (Age::Backlog, Mode::Observe, &CONTROL, Some(("mode", Outcome::Planned))),
        (Age::Backlog, Mode::Enforce, &RESCUE, None),
        (Age::Wave, Mode::Enforce, &CONTROL, None),
        (Age::Wave, Mode::Approve, &CONTROL, Some(("approval", Outcome::AwaitingApproval))),
    ] {
        assert_eq!(Case { control, age, mode, ..Case::enforced() }.ruling(), expected, "{age:?} {mode:?}");
    }
}

#[test]
fn without_a_break_glass_principal_no_identity_is_touched() {
    let blocked = Some(("break-glass", Outcome::Blocked));
    let protected = || Protected { break_glass: vec![iam("user/break-glass-1")], ..Protected::default() };
    let identity = || Case { control: &IDENTITY, ..Case::enforced() };
    assert_eq!(identity().ruling(), blocked);
    assert_eq!(Case { protected: protected(), ..identity() }.ruling(), None);
    assert_eq!(Case { mode: Mode::Observe, ..identity() }.ruling(), Some(("mode", Outcome::Planned)));
    let listed_otherwise = Protected { principals: vec![iam("user/break-glass-1")], ..Protected::default() };
    assert_eq!(Case { protected: listed_otherwise, ..identity() }.ruling(), blocked);
    let user = called("AWS::IAM::User", &iam("user/break-glass-1"));
    let spared = Case { protected: protected(), control: &IDENTITY, ..user };
    assert_eq!(spared.ruling(), Some(("protected", Outcome::Blocked)), "and it is protected itself");
}

#[test]
fn the_forecast_says_what_enforcing_would_bring() {
    let forecast = |case: Case| forecast(&Case { mode: Mode::Observe, means: WriteAccess::None, ..case }.snapshot());
    assert_eq!(forecast(Case::enforced()), Forecast::Write);
    assert_eq!(forecast(Case { consent: asking(), ..Case::enforced() }), Forecast::Approval);
    assert_eq!(forecast(Case { age: Age::Backlog, ..Case::enforced() }), Forecast::Approval);
    assert_eq!(forecast(Case::enforced().exempt(0, 2_000)), Forecast::Withheld);
    assert_eq!(forecast(Case { control: &IDENTITY, ..Case::enforced() }), Forecast::Withheld);
}

/// Every combination of the checks' inputs: the ruling is always that of the first check, in the order of the design,
/// that has an objection; the test states it a second time and in another way.
#[test]
fn the_first_objection_in_the_order_of_the_design_decides() {
    let bits = 1 << 11;
    let mut seen = std::collections::BTreeSet::new();
    for case in 0..bits {
        let on = |bit: u32| case >> bit & 1 == 1;
        let mode = match case & 3 {
            0 => Mode::Observe,
            1 => Mode::Approve,
            _ => Mode::Enforce,
        };
        let mut one = Case {
            mode,
            own: if on(2) { vec!["arn:aws:s3:::phi".into()] } else { vec![] },
            impact: on(3).then(|| impact(&[], 1, 1)),
            manager: on(4).then(imaging),
            recent_repairs: if on(5) { 3 } else { 0 },
            age: if on(6) { Age::Backlog } else { Age::Fresh },
            consent: if on(7) { asking() } else { Consent::Auto },
            control: if on(8) { &IDENTITY } else { &CONTROL },
            means: if on(9) { WriteAccess::None } else { WriteAccess::WriteRole },
            ..Case::enforced()
        };
        if on(10) {
            one = one.exempt(0, 2_000);
        }
        let acts = mode != Mode::Observe;
        let expected = [
            (on(2), "protected"),
            (on(3), "lockout"),
            (on(10), "exemption"),
            (on(4) && acts, "ownership"),
            (on(5) && acts, "flap"),
            (on(6) && acts, "backlog"),
            (mode == Mode::Approve || on(7) && acts, "approval"),
            (!acts, "mode"),
            (on(8), "break-glass"),
            (on(9), "means"),
        ];
        let expected = expected.into_iter().find(|(objects, _)| *objects).map(|(_, check)| check);
        assert_eq!(one.ruling().map(|(check, _)| check), expected, "{case:b}");
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 11, "every check decides somewhere, and so does none");
}
