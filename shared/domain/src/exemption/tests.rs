use super::*;
use crate::ids::Region;

fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn person(id: &str) -> Actor {
    Actor { account: account(), id: id.into(), arn: format!("arn:aws:iam::111122223333:user/{id}") }
}

fn bucket(id: &str) -> Target {
    Target {
        account: account(),
        region: Region::parse("us-east-1").unwrap(),
        resource_type: "AWS::S3::Bucket".into(),
        id: id.into(),
        unique_id: None,
        arn: Some(format!("arn:aws:s3:::{id}")),
    }
}

fn terms() -> Terms {
    Terms {
        control: "s3-bucket-public".into(),
        account: account(),
        resource: "brochures-*".into(),
        owner: "web team".into(),
        reason: "the brochures are public on purpose".into(),
        ticket: "CHG-7".into(),
        alternative: "a scan for PHI before each upload".into(),
        days: 30,
    }
}

fn at(days: i64) -> Timestamp {
    Timestamp::from_second(days * 86_400).unwrap()
}

fn granted() -> Exemption {
    Exemption::granted(&terms(), (&person("ann"), &person("bob")), at(0), None)
}

#[test]
fn terms_say_everything_and_not_too_much() {
    type Change = fn(&mut Terms);
    assert_eq!(terms().check(), Ok(()));
    let rows: [(Change, BadTerms); 10] = [
        (|terms| terms.control.clear(), BadTerms::Empty("control")),
        (|terms| terms.resource.clear(), BadTerms::Empty("resource")),
        (|terms| terms.owner = " ".into(), BadTerms::Empty("owner")),
        (|terms| terms.reason = "\t".into(), BadTerms::Empty("reason")),
        (|terms| terms.ticket.clear(), BadTerms::Empty("ticket")),
        (|terms| terms.alternative.clear(), BadTerms::Empty("alternative")),
        (|terms| terms.reason = "x".repeat(1025), BadTerms::Long("reason")),
        (|terms| terms.days = 0, BadTerms::Days(0)),
        (|terms| terms.days = 91, BadTerms::Days(91)),
        (|terms| terms.resource = "**?".into(), BadTerms::Everything),
    ];
    for (change, expected) in rows {
        let mut terms = terms();
        change(&mut terms);
        assert_eq!(terms.check(), Err(expected));
    }
}

#[test]
fn a_pattern_names_resources_and_never_a_kind_of_them() {
    let check = |resource: &str| Terms { resource: resource.to_owned(), ..terms() }.check();
    for everything in [
        "*",
        "?*",
        "**?",
        "*:*",
        "*/*",
        "AWS::*",
        "AWS::S3::Bucket",
        "AWS::S3::Bucket/*",
        "AWS::S3*/*",
        "arn:*",
        "arn:aws:*",
        "arn:aws:s3:::*",
        "arn:aws:iam::111122223333:*",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::111122223333:user/o*",
        "arn:aws:iam::111122223333:instance-profile/*",
        "arn:aws:kms:us-east-1:111122223333:key/????????-*",
        "phi-*",
        "p*hi-images",
        "????????",
        "*-images",
        "arn:aws:s3:::phi-*",
        "AWS::S3::Bucket/",
        "arn:aws:s3:::",
    ] {
        assert_eq!(check(everything), Err(BadTerms::Everything), "{everything}");
    }
    for named in [
        "bob",
        "phi",
        "brochures-*",
        "phi-images-?",
        "arn:aws:s3:::brochures-*",
        "arn:aws:iam::111122223333:user/ops/bob",
        "arn:*:iam::*:user/brochures-*",
        "AWS::S3::Bucket/brochures-*",
        "AWS::::Account/111122223333",
        "111122223333",
        "arn:aws:kms:us-east-1:111122223333:key/0f0f0f0f-*",
    ] {
        assert_eq!(check(named), Ok(()), "{named}");
    }
}

#[test]
fn it_holds_for_what_it_names_and_as_long_as_it_lasts() {
    let exemption = granted();
    let holds = |control, id, day| exemption.holds(control, &bucket(id), at(day));
    assert!(holds("s3-bucket-public", "brochures-2026", 0));
    assert!(holds("s3-bucket-public", "brochures-2026", 29));
    assert!(!holds("s3-bucket-public", "brochures-2026", 30), "expired is enforced");
    assert!(!holds("s3-bucket-public", "brochures-2026", -1), "not yet");
    assert!(!holds("s3-bucket-public", "phi", 1));
    assert!(!holds("s3-bucket-without-tls", "brochures-2026", 1));
    let mut elsewhere = bucket("brochures-2026");
    elsewhere.account = AccountId::parse("444455556666").unwrap();
    assert!(!exemption.holds("s3-bucket-public", &elsewhere, at(1)));
}

#[test]
fn it_holds_for_a_control_that_was_renamed_since_and_is_renewed_under_the_same_name() {
    let terms = |control: &str| Terms { control: control.to_owned(), ..terms() };
    let [old, new] = ["s3-bucket-plaintext", "s3-bucket-without-tls"];
    let (ann, bob) = (person("ann"), person("bob"));
    let stored = Exemption { control: old.to_owned(), ..granted() };
    assert!(stored.holds(new, &bucket("brochures-2026"), at(1)));
    assert!(!stored.holds("s3-bucket-public", &bucket("brochures-2026"), at(1)));
    assert!(terms(old).cover(new, &bucket("brochures-2026")));
    let renewed = Exemption::granted(&terms(new), (&ann, &bob), at(2), Some(&stored));
    assert_eq!((renewed.control.as_str(), renewed.renewals, renewed.id()), (old, 1, stored.id()));
    assert_eq!([renewed.current().control, terms(old).current().control, terms(new).filed().control], [new, new, old]);
    let left = format!("{{\"account\": \"{}\"", stored.account);
    let exactly = name(old, &stored.account, "brochures-2026");
    assert!(may_cover(new, &exactly, left.as_bytes(), &bucket("brochures-2026")), "damaged");
}

#[test]
fn it_holds_although_the_clock_of_who_granted_it_was_ahead() {
    let (exemption, target) = (granted(), bucket("brochures-2026"));
    for (minutes, holds) in [(9, true), (10, true), (11, false)] {
        let now = at(0) - SignedDuration::from_mins(minutes);
        assert_eq!(exemption.holds("s3-bucket-public", &target, now), holds, "{minutes} minutes before");
    }
}

#[test]
fn two_people_or_none_at_all() {
    let alone = Exemption::granted(&terms(), (&person("ann"), &person("ann")), at(0), None);
    let target = bucket("brochures-2026");
    assert!(!alone.holds("s3-bucket-public", &target, at(1)), "whoever asks does not agree to it");
    let nameless = Exemption { requested_by: None, approved_by: None, ..granted() };
    assert!(!nameless.holds("s3-bucket-public", &target, at(1)));
    let half = Exemption { requested_by: None, format: 1, ..granted() };
    assert!(!half.holds("s3-bucket-public", &target, at(1)));
    let long = Exemption { until: at(91), ..granted() };
    assert!(!long.holds("s3-bucket-public", &target, at(1)), "nothing lasts longer than 90 days");
}

#[test]
fn one_of_format_1_still_holds() {
    let json = r#"{"format":1,"control":"s3-bucket-public","account":"111122223333","resource":"brochures-1",
        "reason":"plan 0f was taken back on request","since":"1970-01-01T00:00:00Z","until":"1970-04-01T00:00:00Z"}"#;
    let old: Exemption = serde_json::from_str(json).unwrap();
    assert!(old.holds("s3-bucket-public", &bucket("brochures-1"), at(89)));
    assert!(!old.holds("s3-bucket-public", &bucket("brochures-2"), at(1)));
}

#[test]
fn who_asks_again_renews_and_that_is_counted() {
    let first = granted();
    let second = Exemption::granted(&terms(), (&person("ann"), &person("bob")), at(29), Some(&first));
    assert_eq!((first.renewals, second.renewals), (0, 1));
    assert_eq!(first.id(), second.id());
    let other = Terms { resource: "brochures-2".into(), ..terms() };
    assert_ne!(Exemption::granted(&other, (&person("ann"), &person("bob")), at(0), None).id(), first.id());
}

#[test]
fn people_are_reminded_twice() {
    let due = |day| granted().reminder_due(at(day));
    assert_eq!(due(15), None);
    assert_eq!(due(16), Some(14));
    assert_eq!(due(26), Some(14));
    assert_eq!(due(27), Some(3));
    assert_eq!(due(29), Some(3));
}

#[test]
fn that_one_has_ended_is_told_for_a_while() {
    let due = |day| granted().reminder_due(at(day));
    assert_eq!((due(30), due(44), due(45)), (Some(0), Some(0), None));
}

#[test]
fn an_undo_shortens_no_exemption_that_stands() {
    let until = |other: Option<&Exemption>, day| {
        let undo = Exemption::granted(&terms(), (&person("ann"), &person("bob")), at(day), None);
        undo.no_shorter_than(other).until
    };
    let long = Exemption { until: at(90), ..granted() };
    assert_eq!(until(None, 10), at(40));
    assert_eq!(until(Some(&long), 10), at(90));
    assert_eq!(until(Some(&granted()), 10), at(40), "the other ends sooner");
    assert_eq!(until(Some(&long), 90), at(120), "the other has ended");
    let endless = Exemption { until: at(900), ..granted() };
    assert_eq!(until(Some(&endless), 10), at(100), "nothing lasts longer than 90 days");
    let nameless = Exemption { requested_by: None, approved_by: None, ..long };
    assert_eq!(until(Some(&nameless), 10), at(40), "the other holds nothing");
}

#[test]
fn a_damaged_entry_may_be_about_what_it_is_named_after_and_about_what_is_left_of_it() {
    let of = |resource: &str| Exemption { resource: resource.into(), ..granted() };
    let half = |exemption: &Exemption| {
        let whole = canonical::to_bytes(exemption).unwrap();
        whole[..whole.len() / 2].to_vec()
    };
    let may =
        |exemption: &Exemption, left: &[u8]| may_cover("s3-bucket-public", &exemption.id(), left, &bucket("scans"));
    for resource in ["scans", "arn:aws:s3:::scans", "AWS::S3::Bucket/scans"] {
        assert!(may(&of(resource), &half(&of(resource))), "{resource}");
    }
    for resource in ["brochures", "arn:aws:s3:::brochures", "scan"] {
        assert!(!may(&of(resource), &half(&of(resource))), "{resource}");
    }
    let without_end = |resource: &str| {
        let mut left = serde_json::to_value(of(resource)).unwrap();
        left["until"] = serde_json::json!({"never": true});
        assert!(serde_json::from_value::<Exemption>(left.clone()).is_err());
        canonical::to_bytes(&left).unwrap()
    };
    assert!(may(&of("sc*"), &without_end("sc*")), "a pattern that is left to read");
    assert!(!may(&of("br*"), &without_end("br*")));
}

#[test]
fn a_later_form_is_read_as_far_as_it_is_known() {
    let mut later = serde_json::to_value(granted()).unwrap();
    later["format"] = serde_json::json!(FORMAT + 7);
    later["approved_by"]["mail"] = serde_json::json!("bob@example.org");
    let later: Exemption = serde_json::from_value(later).unwrap();
    assert!(later.holds("s3-bucket-public", &bucket("brochures-2026"), at(1)));
}
