use super::*;
use crate::{
    control::{Control, ControlId, Scope, StopsDestruction},
    ids::Region,
};

const CONTROL: Control = Control {
    id: ControlId("s3-bucket-public"),
    title: "",
    hipaa: &[],
    config_rules: &[],
    resource_types: &["AWS::S3::Bucket"],
    scope: Scope::Regional,
    api_events: &[],
    reads: &[],
    writes: &[],
    elements: &[],
    stops_destruction: StopsDestruction::No,
};
const RESCUE: Control = Control { stops_destruction: StopsDestruction::Yes, ..CONTROL };

struct Case {
    control: &'static Control,
    target: Target,
    plan: PlanId,
    consent: Consent,
    impact: Option<Impact>,
    protected: Protected,
    own: Vec<String>,
    exemption: Option<Exemption>,
    mode: Mode,
    means: Means,
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
            exemption: None,
            mode: Mode::Enforce,
            means: Means::WriteRole,
            purpose: Purpose::Repair,
        }
    }

    fn exempt(mut self, from: i64, until: i64) -> Self {
        self.exemption = Some(Exemption {
            format: 1,
            control: "s3-bucket-public".into(),
            account: self.target.account.clone(),
            resource: "phi".into(),
            reason: "contract".into(),
            since: Timestamp::from_second(from).unwrap(),
            until: Timestamp::from_second(until).unwrap(),
        });
        self
    }

    /// The check that objected and the outcome, or none for a permit.
    fn ruling(&self) -> Option<(&'static str, Outcome)> {
        let snapshot = Snapshot {
            control: self.control,
            target: &self.target,
            plan: &self.plan,
            purpose: self.purpose,
            consent: &self.consent,
            impact: self.impact.as_ref(),
            mode: self.mode,
            protected: &self.protected,
            own: &self.own,
            exemption: self.exemption.as_ref(),
            means: self.means,
            now: Timestamp::from_second(1_000).unwrap(),
        };
        match rule(&snapshot) {
            Ruling::Go(permit) => {
                assert_eq!(permit.plan(), &self.plan);
                None
            }
            Ruling::Stop(objection) => Some((objection.check, objection.outcome)),
        }
    }
}

fn asking() -> Consent {
    Consent::Ask("it serves a website".into())
}

#[test]
fn an_enforced_harmless_plan_goes() {
    assert_eq!(Case::enforced().ruling(), None);
}

#[test]
fn protected_comes_before_everything() {
    for mode in [Mode::Observe, Mode::Approve, Mode::Enforce] {
        let protected = Protected { principals: vec![], resources: vec!["ph?".into()] };
        let case = Case { protected, mode, ..Case::enforced().exempt(0, 2_000) };
        assert_eq!(case.ruling(), Some(("protected", Outcome::Blocked)));
    }
}

#[test]
fn own_and_reserved_things_are_protected_without_settings() {
    let own = Case { own: vec!["phi".into()], ..Case::enforced() };
    assert_eq!(own.ruling(), Some(("protected", Outcome::Blocked)));
    let own_by_arn = Case { own: vec!["arn:aws:s3:::phi".into()], ..Case::enforced() };
    assert_eq!(own_by_arn.ruling(), Some(("protected", Outcome::Blocked)));
    for id in ["AWSServiceRoleForConfig", "AWSReservedSSO_Admin_0123456789abcdef"] {
        let mut case = Case::enforced();
        case.target.id = id.into();
        assert_eq!(case.ruling(), Some(("protected", Outcome::Blocked)), "{id}");
    }
}

#[test]
fn an_exemption_holds_repairs_back_until_it_expires() {
    assert_eq!(Case::enforced().exempt(0, 1_001).ruling(), Some(("exemption", Outcome::Exempt)));
    assert_eq!(Case::enforced().exempt(0, 1_000).ruling(), None, "expired is enforced");
    let undo = Case { purpose: Purpose::Revert, ..Case::enforced().exempt(0, 2_000) };
    assert_eq!(undo.ruling(), None, "the undo itself goes");
}

#[test]
fn who_is_asked_and_when() {
    type Row = (Mode, Consent, &'static Control, Purpose, Option<(&'static str, Outcome)>);
    let waits = Some(("approval", Outcome::AwaitingApproval));
    let planned = Some(("mode", Outcome::Planned));
    let rows: [Row; 9] = [
        (Mode::Observe, Consent::Auto, &CONTROL, Purpose::Repair, planned),
        (Mode::Observe, asking(), &CONTROL, Purpose::Repair, planned),
        (Mode::Observe, Consent::Auto, &CONTROL, Purpose::Revert, planned),
        (Mode::Approve, Consent::Auto, &CONTROL, Purpose::Repair, waits),
        (Mode::Approve, Consent::Auto, &RESCUE, Purpose::Repair, waits),
        (Mode::Enforce, asking(), &CONTROL, Purpose::Repair, waits),
        (Mode::Enforce, asking(), &RESCUE, Purpose::Repair, None),
        (Mode::Enforce, asking(), &CONTROL, Purpose::Revert, None),
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
    let case = Case { means: Means::None, ..Case::enforced() };
    assert_eq!(case.ruling(), Some(("means", Outcome::Blocked)));
    let observing = Case { means: Means::None, mode: Mode::Observe, ..Case::enforced() };
    assert_eq!(observing.ruling(), Some(("mode", Outcome::Planned)), "in observe a plan is a plan");
}

fn impact(affected: &[&str], lost: usize, left: usize) -> Impact {
    let affected = affected.iter().map(|arn| (*arn).to_owned()).collect();
    Impact { affected, administrators_lost: lost, administrators_left: left }
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
    let protected = || Protected { principals: vec!["break-glass-*".into()], resources: vec![] };
    let own = || vec!["RemedyWrite".to_owned()];
    let arn = |name: &str| format!("arn:aws:iam::111122223333:{name}");
    for (name, expected) in [
        ("root", blocked),
        ("user/ops/break-glass-1", blocked),
        ("role/RemedyWrite", blocked),
        ("role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", blocked),
        ("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef", blocked),
        ("user/ann", None),
        ("role/NotAWSServiceRole", None),
    ] {
        let impact = Some(impact(&[&arn("user/bob"), &arn(name)], 0, 9));
        let case = Case { impact, protected: protected(), own: own(), ..Case::enforced() };
        assert_eq!(case.ruling(), expected, "{name}");
    }
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
