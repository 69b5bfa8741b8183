//! A test for every rule that the analyser follows, and for what other programs get wrong about it.

use crate::{
    Answer, Holder, Identity, Kind, Policy, Resource,
    document::{Problem, Version, decoded},
};

fn statement(kind: Kind, members: &str) -> String {
    match kind {
        Kind::Identity => format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{members}}}]}}"#),
        _ => format!(r#"{{"Version":"2012-10-17","Statement":[{members}]}}"#),
    }
}

fn identity(text: &str) -> Identity {
    let policy = Policy::parse(Kind::Identity, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Identity::of(&Holder::of(&policy)).unwrap()
}

/// The verdicts on one allowing statement.
fn allow(members: &str) -> Identity {
    identity(&statement(Kind::Identity, members))
}

/// The verdicts on several statements.
fn statements(list: &[&str]) -> Identity {
    identity(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, list.join(",")))
}

fn resource(kind: Kind, list: &[&str]) -> (Answer, Answer) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, list.join(","));
    let policy = Policy::parse(kind, &text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let found = Resource::of(&policy);
    (found.public, found.public_literal)
}

const OPEN: (Answer, Answer) = (Answer::Yes, Answer::Yes);
const SHUT: (Answer, Answer) = (Answer::No, Answer::No);
/// Not open to external callers, and yet public as S3 defines it.
const LITERAL: (Answer, Answer) = (Answer::No, Answer::Yes);

/// A bucket's statement for everyone, under this condition.
fn under(condition: &str) -> (Answer, Answer) {
    let text = format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{condition}}}"#
    );
    resource(Kind::Bucket, &[&text])
}

const EVERYONE: &str = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#;

/// Everyone, and a deny of all under this condition.
fn but(condition: &str) -> Answer {
    let deny = format!(
        r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{condition}}}"#
    );
    resource(Kind::Bucket, &[EVERYONE, &deny]).0
}

fn problem(kind: Kind, text: &str) -> (String, usize, Problem) {
    let error = Policy::parse(kind, text).unwrap_err();
    (error.path, error.at, error.problem)
}

fn names(found: &Identity) -> Vec<&'static str> {
    found.privilege_escalation.iter().map(|method| method.name).collect()
}

#[test]
fn p1_duplicate_keys_escapes_and_characters() {
    let twice =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert_eq!(problem(Kind::Identity, twice), ("$.Statement.Effect".to_owned(), 53, Problem::DuplicateKey));
    let spelled_twice = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5","AWS:principalorgid":"o-z9y8x7w6v5"}}}}"#;
    assert_eq!(problem(Kind::Bucket, spelled_twice).2, Problem::DuplicateKey);
    let escaped = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"\u002a","Resource":"\u002A"}}"#;
    assert!(identity(escaped).admin && identity(escaped).admin_literal);
    let wide =
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"\u{ff0a}\",\"Resource\":\"*\"}}";
    assert_eq!(problem(Kind::Identity, wide).2, Problem::ForbiddenCharacter);
    let encoded = decoded("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D").unwrap();
    assert!(identity(&encoded).admin);
    assert_eq!(problem(Kind::Identity, "\u{7f}{").2, Problem::NotJson("a value"));
}

#[test]
fn p2_scalars_lists_and_single_statements_are_the_same() {
    for text in [
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","*"],"Resource":["arn:aws:s3:::b","*"]}]}"#,
    ] {
        assert!(identity(text).admin && identity(text).admin_literal, "{text}");
    }
    assert_eq!(under(r#"{"NumericEquals":{"aws:PrincipalAccount":111122223333}}"#), SHUT);
    assert_eq!(under(r#"{"Bool":{"aws:SecureTransport":true}}"#), OPEN);
    assert_eq!(under(r#"{"StringEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}}"#), SHUT);
}

#[test]
fn p3_effects_keep_their_case_and_condition_keys_do_not() {
    let small = r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#;
    assert_eq!(problem(Kind::Identity, small).2, Problem::Expected("\"Allow\" or \"Deny\""));
    assert_eq!(under(r#"{"StringEquals":{"AWS:principalorgid":"o-a1b2c3d4e5"}}"#), SHUT);
    assert_eq!(under(r#"{"stringequals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#), SHUT);
}

#[test]
fn p4_elements_exclude_each_other() {
    let of = |members: &str| statement(Kind::Identity, members);
    for (members, expected) in [
        (r#""Action":"*","NotAction":"*","Resource":"*""#, Problem::Prohibited("a second of Action and NotAction")),
        (
            r#""Action":"*","Resource":"*","NotResource":"*""#,
            Problem::Prohibited("a second of Resource and NotResource"),
        ),
        (r#""Resource":"*""#, Problem::Missing("Action or NotAction")),
        (r#""Action":"*""#, Problem::Missing("Resource or NotResource")),
        (r#""Action":"*","Resource":"*","Principal":"*""#, Problem::Prohibited("a principal")),
        (r#""Action":"*","Resource":"*","Colour":"*""#, Problem::UnknownElement),
        (r#""Action":"GetObject","Resource":"*""#, Problem::Expected("\"service:action\" or \"*\"")),
        (r#""Action":[],"Resource":"*""#, Problem::Expected("at least one value")),
        (r#""Action":"s3:*","Resource":"bucket""#, Problem::Expected("an ARN or \"*\"")),
    ] {
        assert_eq!(problem(Kind::Identity, &of(members)).2, expected, "{members}");
    }
    let trust = r#"{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    assert_eq!(problem(Kind::Trust, trust).2, Problem::Prohibited("NotPrincipal"));
    let with_resource = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}"#;
    assert_eq!(problem(Kind::Trust, with_resource).2, Problem::Prohibited("a resource"));
    let nobody = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    assert_eq!(problem(Kind::Bucket, nobody).2, Problem::Missing("Principal"));
}

#[test]
fn p5_variables_are_unbounded_since_2012_and_text_before() {
    assert_eq!(under(r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/x"}}"#), OPEN);
    assert_eq!(under(r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/${aws:username}"}}"#), SHUT);
    assert_eq!(under(r#"{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}"#), OPEN);
    let old = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Condition":{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}}}"#;
    let policy = Policy::parse(Kind::Bucket, old).unwrap();
    assert_eq!(policy.version, Version::V2008);
    assert_eq!(Resource::of(&policy).public, Answer::No);
    assert!(!allow(r#""Action":"*","Resource":"${aws:username}""#).admin);
}

#[test]
fn p6_what_is_too_big_or_too_deep_is_an_error() {
    let deep = format!(r#"{{"Statement":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(problem(Kind::Identity, &deep).2, Problem::TooDeep);
    let long = " ".repeat(crate::document::LONGEST + 1);
    assert_eq!(problem(Kind::Identity, &long).2, Problem::TooLong(crate::document::LONGEST));
    let long = " ".repeat(crate::document::LONGEST_OF_RESOURCE + 1);
    assert_eq!(problem(Kind::Bucket, &long).2, Problem::TooLong(crate::document::LONGEST_OF_RESOURCE));
    assert_eq!(problem(Kind::Identity, r#"{"Statement":[]}"#).2, Problem::Expected("at least one statement"));
}

#[test]
fn p7_documents_come_percent_encoded() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = text.bytes().map(encode).collect();
    for document in [encoded.clone(), encoded.replace("%7B", "%7b"), format!("%0A%20{encoded}"), format!(" {encoded}")]
    {
        assert!(identity(&decoded(&document).unwrap()).admin, "{document}");
    }
    assert_eq!(decoded(&encoded).unwrap(), text);
    assert_eq!(decoded(text).unwrap(), text);
    assert_eq!(decoded("%7B%22%FF%22").unwrap_err().problem, Problem::NotUtf8);
    // A star of another alphabet stays one.
    let wide = decoded("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%EF%BC%8A%22%2C%22Resource%22%3A%22*%22%7D%7D").unwrap();
    assert_eq!(problem(Kind::Identity, &wide).2, Problem::ForbiddenCharacter);
}

#[test]
fn p7_a_document_prints_as_it_was_parsed() {
    let text = " {\"Statement\" : {\"Effect\":\"Allow\",\"Action\":[\"s3:\\u0047etObject\"], \"Resource\":\"*\",\"Condition\":{\"NumericLessThan\":{\"s3:max-keys\":1e1}}}} ";
    assert_eq!(Policy::parse(Kind::Identity, text).unwrap().print(), text.trim());
}

#[test]
fn m2_case_and_spellings_of_everything() {
    for action in ["*", "**", "*:*", "?*:*"] {
        let found = allow(&format!(r#""Action":"{action}","Resource":"*""#));
        assert!(found.admin, "{action}");
        assert_eq!(found.admin_literal, action == "*");
    }
    assert_eq!(allow(r#""Action":"S3:*","Resource":"*""#).full_service_access, ["s3"]);
    assert_eq!(names(&allow(r#""Action":"IAM:createaccessKEY","Resource":"*""#)), ["CreateAccessKey"]);
    assert_eq!(names(&allow(r#""Action":"iam:CreateAccess?ey","Resource":"*""#)), ["CreateAccessKey"]);
    assert_eq!(names(&allow(r#""Action":"iam:[C]reateAccessKey","Resource":"*""#)), [""; 0]);
}

#[test]
fn m3_arns_compare_by_part_and_equality_expands_nothing() {
    assert_eq!(under(r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#), SHUT);
    assert_eq!(under(r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#), OPEN);
    assert_eq!(under(r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::11112222333?:role/x"}}"#), OPEN);
    // Nobody is in the organization `*`. S3 asks for values without wildcards, whatever the operator.
    assert_eq!(under(r#"{"StringEquals":{"aws:PrincipalOrgID":"*"}}"#), LITERAL);
    assert_eq!(under(r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#), OPEN);
    // The path of a foreign role may spell an account.
    assert_eq!(under(r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:111122223333:role/x"}}"#), OPEN);
}

#[test]
fn i1_config_counts_stars_and_reads_no_condition() {
    let conditional =
        allow(r#""Action":["*"],"Resource":["*"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#);
    assert!(conditional.admin_literal && !conditional.admin && conditional.admin_under_condition);
    let found = statements(&[
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ]);
    assert!(found.admin_literal && !found.admin);
    assert!(!allow(r#""Action":"*:*","Resource":"*""#).admin_literal);
}

#[test]
fn i2_allows_unite_and_only_unconditional_denies_take_away() {
    let split = [
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}"#,
    ];
    assert!(statements(&split).admin && !statements(&split).admin_literal);
    // Each NotAction is a complement by itself: what one leaves out, the other has.
    let complements = [
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}"#,
    ];
    assert!(statements(&complements).admin);
    let halves = [
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::phi/*"}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::phi*"}"#,
    ];
    assert!(statements(&halves).admin);
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let with = |deny: &str| statements(&[all, deny]);
    assert!(with(r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#).admin);
    let scoped = with(r#"{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::111122223333:role/audit"}"#);
    assert!(!scoped.admin && scoped.near_admin && names(&scoped).len() == 21);
    assert_eq!(
        names(&with(r#"{"Effect":"Deny","Action":"iam:*","Resource":"*"}"#)),
        ["EditExistingLambdaFunctionWithRole", "UpdateExistingGlueDevEndpoint"]
    );
    assert!(with(r#"{"Effect":"Deny","Action":"no-such:Action","Resource":"*"}"#).admin);
    // A deny under a condition takes nothing, even where the condition always holds.
    assert!(
        with(
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLikeIfExists":{"aws:username":"*"}}}"#
        )
        .admin
    );
    let elsewhere = with(r#"{"Effect":"Deny","Action":"*","Resource":"*?"}"#);
    assert!(!elsewhere.admin && elsewhere.privilege_escalation.is_empty());
}

#[test]
fn i3_all_but_a_little_is_nearly_admin() {
    for members in [
        r#""Action":"*","NotResource":"arn:aws:s3:::phi/*""#,
        r#""Action":"*","Resource":"arn:*:*:*:*:*""#,
        r#""NotAction":"iam:*","Resource":"*""#,
        // All of one partition is all of an account that is in it, and nothing of another one.
        r#""Action":"*","Resource":"arn:aws:*""#,
        r#""Action":"*","Resource":"arn:aws-us-gov:*""#,
        r#""Action":"*","Resource":"arn:aws-cn:*""#,
        r#""Action":"*","NotResource":"arn:aws-cn:*""#,
    ] {
        let found = allow(members);
        assert!(found.near_admin && !found.admin && !found.admin_literal, "{members}");
    }
    assert!(!allow(r#""Action":"*","NotResource":"*""#).near_admin);
    assert!(!allow(r#""Action":"*","NotResource":["arn:aws:*","arn:aws-cn:*","arn:aws-us-gov:*"]"#).near_admin);
    assert!(!allow(r#""Action":"s3:*","Resource":"*""#).near_admin);
}

#[test]
fn i4_a_condition_makes_another_verdict_unless_it_always_holds() {
    let with = |condition: &str| allow(&format!(r#""Action":"*","Resource":"*","Condition":{condition}"#));
    assert!(!with(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#).admin);
    for always in [
        "{}",
        r#"{"StringEquals":{}}"#,
        r#"{"StringLikeIfExists":{"aws:username":"*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"*"}}"#,
    ] {
        assert!(with(always).admin, "{always}");
    }
    assert!(!with(r#"{"StringLike":{"aws:username":"*"}}"#).admin);
}

#[test]
fn i5_full_service_is_every_action_on_every_resource() {
    assert_eq!(allow(r#""Action":["sqs:*","s3:Get*"],"Resource":"*""#).full_service_access, ["sqs"]);
    assert!(allow(r#""Action":"s3:*","Resource":"arn:aws:s3:::b/*""#).full_service_access.is_empty());
    assert_eq!(
        allow(r#""Action":["sts:A*","sts:D*","sts:G*","sts:S*","sts:T*"],"Resource":"*""#).full_service_access,
        ["sts"]
    );
    assert_eq!(allow(r#""Action":"not-yet-known:*","Resource":"*""#).full_service_access, ["not-yet-known"]);
    let denied = statements(&[
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}"#,
    ]);
    assert!(denied.full_service_access.is_empty());
}

#[test]
fn i5_a_service_that_nobody_knows_is_full_until_all_of_it_is_denied() {
    let with = |deny: &str| {
        let deny = format!(r#"{{"Effect":"Deny",{deny}}}"#);
        statements(&[r#"{"Effect":"Allow","Action":"not-yet-known:*","Resource":"*"}"#, &deny]).full_service_access
    };
    for some in [
        r#""Action":"not-yet-known:Delete*","Resource":"*""#,
        r#""Action":"*:*Role*","Resource":"*""#,
        r#""NotAction":"not-yet-known:*","Resource":"*""#,
        r#""Action":"*","NotResource":"*""#,
        r#""Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#,
    ] {
        assert_eq!(with(some), ["not-yet-known"], "{some}");
    }
    for all in [
        r#""Action":"not-yet-known:*","Resource":"*""#,
        r#""Action":"*","Resource":"arn:aws:s3:::b""#,
        r#""NotAction":"iam:*","Resource":"*""#,
        r#""NotAction":"not-yet-known:Get*","Resource":"*""#,
    ] {
        assert!(with(all).is_empty(), "{all}");
    }
}

#[test]
fn i6_the_actions_of_a_way_may_be_spread() {
    let spread = [
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/x"}"#,
        r#"{"Effect":"Allow","Action":"ec2:Run*","Resource":"*"}"#,
    ];
    assert_eq!(names(&statements(&spread)), ["CreateEC2WithExistingIP"]);
    let one = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}"#;
    let two = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"cloudformation:CreateStack","Resource":"*"}}"#;
    let (one, two) = (Policy::parse(Kind::Identity, one).unwrap(), Policy::parse(Kind::Identity, two).unwrap());
    let holder = Holder { policies: vec![&one, &two], ..Holder::default() };
    assert_eq!(names(&Identity::of(&holder).unwrap()), ["PassExistingRoleToCloudFormation"]);
    let gone = statements(&[
        r#"{"Effect":"Allow","Action":"iam:CreateAccessKey","Resource":"arn:aws:iam::111122223333:user/dev/*"}"#,
        r#"{"Effect":"Deny","Action":"iam:Create*","Resource":"arn:aws:iam::111122223333:user/*"}"#,
    ]);
    assert!(gone.privilege_escalation.is_empty());
    let left = statements(&[
        r#"{"Effect":"Allow","Action":"iam:CreateAccessKey","Resource":["arn:aws:iam::111122223333:user/a","arn:aws:iam::111122223333:user/b"]}"#,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::111122223333:user/a"}"#,
    ]);
    assert_eq!(names(&left), ["CreateAccessKey"]);
}

#[test]
fn i7_boundaries_and_service_control_policies_intersect() {
    let parse = |action: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#)
    };
    let (all, s3) = (parse("*"), parse("s3:*"));
    let (all, s3) = (Policy::parse(Kind::Identity, &all).unwrap(), Policy::parse(Kind::Identity, &s3).unwrap());
    let bounded = Identity::of(&Holder { policies: vec![&all], boundary: Some(&s3), ..Holder::default() }).unwrap();
    assert_eq!((bounded.admin, bounded.full_service_access), (false, vec!["s3".to_owned()]));
    let levels =
        Holder { policies: vec![&all], service_control: vec![vec![&all], vec![&s3, &s3]], ..Holder::default() };
    assert!(Identity::of(&levels).unwrap().privilege_escalation.is_empty());
}

#[test]
fn r1_wildcard_principals() {
    let of = |principal: &str| {
        resource(
            Kind::Bucket,
            &[&format!(r#"{{"Effect":"Allow",{principal},"Action":"s3:*","Resource":"arn:aws:s3:::b"}}"#)],
        )
        .0
    };
    for open in [
        r#""Principal":"*""#,
        r#""Principal":{"AWS":"*"}"#,
        r#""Principal":{"AWS":["arn:aws:iam::111122223333:root","*"]}"#,
        r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"}"#,
        r#""NotPrincipal":{"AWS":"arn:aws:iam::*:root"}"#,
        r#""NotPrincipal":{"Service":"*"}"#,
        r#""Principal":{"Service":"*"}"#,
        r#""Principal":{"Federated":"www.amazon.com"}"#,
        r#""Principal":{"AWS":"arn:aws:iam::*:root"}"#,
    ] {
        assert_eq!(of(open), Answer::Yes, "{open}");
    }
    for shut in [
        r#""NotPrincipal":"*""#,
        r#""Principal":{"AWS":"111122223333"}"#,
        r#""Principal":{"AWS":["arn:aws:iam::111122223333:role/x"]}"#,
        r#""Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#,
        r#""Principal":{"Service":"cloudtrail.amazonaws.com"}"#,
        r#""Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"}"#,
    ] {
        assert_eq!(of(shut), Answer::No, "{shut}");
    }
    let github = |condition: &str| {
        let text = format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}},"Action":"sts:AssumeRoleWithWebIdentity"{condition}}}"#
        );
        resource(Kind::Trust, &[&text]).0
    };
    let claim = |operator: &str, name: &str, value: &str| {
        format!(r#","Condition":{{"{operator}":{{"token.actions.githubusercontent.com:{name}":"{value}"}}}}"#)
    };
    assert_eq!(github(""), Answer::Yes);
    assert_eq!(github(&claim("StringEquals", "aud", "sts.amazonaws.com")), Answer::Yes);
    assert_eq!(github(&claim("StringEquals", "ref", "refs/heads/main")), Answer::Yes);
    assert_eq!(github(&claim("StringEquals", "repository_owner", "clinic")), Answer::No);
    assert_eq!(github(&claim("StringLike", "sub", "repo:*")), Answer::Yes);
    assert_eq!(github(&claim("StringLike", "sub", "repo:clinic*")), Answer::Yes);
    assert_eq!(github(&claim("StringLike", "sub", "repo:clinic/*")), Answer::No);
    assert_eq!(github(&claim("StringEquals", "sub", "repo:clinic/app:ref:refs/heads/main")), Answer::No);
    let cluster = |subject: &str| {
        let text = format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringLike":{{"oidc.eks.eu-west-1.amazonaws.com/id/AB:sub":"{subject}"}}}}}}"#
        );
        resource(Kind::Trust, &[&text]).0
    };
    assert_eq!(cluster("system:serviceaccount:*:*"), Answer::Yes);
    assert_eq!(cluster("system:serviceaccount:clinic:*"), Answer::No);
}

#[test]
fn r1_a_claim_whose_value_the_caller_chooses_names_nobody() {
    let trust = |provider: &str, claim: &str, value: &str| {
        let text = format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"{claim}":"{value}"}}}}}}"#
        );
        resource(Kind::Trust, &[&text]).0
    };
    let google = |claim: &str| trust("accounts.google.com", &format!("accounts.google.com:{claim}"), "1122");
    for (claim, public) in [("oaud", Answer::Yes), ("amr", Answer::Yes), ("aud", Answer::No), ("sub", Answer::No)] {
        assert_eq!(google(claim), public, "{claim}");
    }
    let own = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    for (issuer, claim, public) in [
        ("gitlab.com", "aud", Answer::Yes),
        ("gitlab.com", "namespace_path", Answer::No),
        ("agent.buildkite.com", "aud", Answer::Yes),
        ("agent.buildkite.com", "organization_slug", Answer::No),
        ("api.pulumi.com/oidc", "aud", Answer::No),
        ("api.pulumi.com/oidc", "iss", Answer::Yes),
        ("idp.clinic.example", "aud", Answer::No),
    ] {
        assert_eq!(trust(&own(issuer), &format!("{issuer}:{claim}"), "x"), public, "{issuer} {claim}");
    }
}

#[test]
fn r1_a_role_that_trusts_services_of_its_own_account_is_no_confused_deputy() {
    let trust = |principal: &str| {
        let text = format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}}}"#);
        let found = Resource::of(&Policy::parse(Kind::Trust, &text).unwrap());
        (found.public, found.confused_deputy.len())
    };
    for service in ["ec2", "lambda", "states", "vpc-flow-logs"] {
        assert_eq!(trust(&format!(r#"{{"Service":"{service}.amazonaws.com"}}"#)), (Answer::No, 0), "{service}");
    }
    assert_eq!(trust(r#"{"Service":"lambda.amazonaws.com","AWS":"*"}"#), (Answer::Yes, 0));
}

/// At noon of 1 June 2026.
fn then(kind: Kind, text: &str) -> Resource {
    let now: jiff::Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
    Resource::of(&Policy::parse(kind, text).unwrap().as_of(now))
}

/// S3 defines what a public bucket policy is, and of no other policy.
#[test]
fn r3_an_allow_that_lets_nobody_in_is_a_finding_of_bucket_policies_alone() {
    let cases = [
        (Kind::Bucket, r#""Resource":"arn:aws:s3:::b/*","Action":"s3:GetObject""#, 1),
        (Kind::Resource, r#""Resource":"arn:aws:sqs:us-east-1:111122223333:q","Action":"sqs:SendMessage""#, 0),
        (Kind::Key, r#""Resource":"*","Action":"kms:Decrypt""#, 0),
        (Kind::Trust, r#""Action":"sts:AssumeRole""#, 0),
    ];
    for (kind, members, findings) in cases {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"*"}},{members},"Condition":{{"DateLessThan":{{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}}}}}}"#
        );
        let now: jiff::Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let policy = Policy::parse(kind, &text).unwrap().as_of(now);
        let found = Resource::of(&policy);
        assert_eq!((found.public, found.findings(&policy).len()), (Answer::No, findings), "{kind:?}");
    }
}

#[test]
fn r3_a_condition_on_a_date_that_is_over_lets_nobody_in() {
    let bucket = |condition: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{condition}}}}}"#
        );
        let found = then(Kind::Bucket, &text);
        assert_eq!(found.public_literal, Answer::Yes, "S3's definition knows no dates: {condition}");
        found.public
    };
    for over in [
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-05-31"}}"#,
        r#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-06-01T11:59:59Z"}}"#,
        r#"{"DateEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
        r#"{"NumericLessThan":{"aws:EpochTime":"1700000000"}}"#,
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"},"DateLessThan":{"aws:CurrentTime":"2026-02-01"}}"#,
        r#"{"DateLessThanIfExists":{"aws:CurrentTime":["2026-05-31","2024-01-01"]}}"#,
        r#"{"DateLessThan":{"aws:TokenIssueTime":"2026-05-30T00:00:00Z"}}"#,
    ] {
        assert_eq!(bucket(over), Answer::No, "{over}");
    }
    for open in [
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-06-02"}}"#,
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2027-01-01"}}"#,
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"}}"#,
        r#"{"DateNotEquals":{"aws:CurrentTime":"2026-01-01"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":["2026-05-31","2027-01-01"]}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"soon"}}"#,
        r#"{"DateLessThan":{"aws:RequestTag/until":"2026-05-31"}}"#,
        r#"{"DateLessThan":{"aws:TokenIssueTime":"2026-06-01T00:00:00Z"}}"#,
        r#"{"DateLessThanIfExists":{"aws:TokenIssueTime":"2026-05-30T00:00:00Z"}}"#,
    ] {
        assert_eq!(bucket(open), Answer::Yes, "{open}");
    }
}

#[test]
fn r3_a_deny_keeps_out_from_the_date_that_has_begun_and_not_until_one() {
    let bucket = |condition: &str| {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}},{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{condition}}}]}}"#
        );
        then(Kind::Bucket, &text).public
    };
    assert_eq!(bucket(r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-05-31"}}"#), Answer::No);
    assert_eq!(bucket(r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-07-01"}}"#), Answer::Yes, "until then");
    assert_eq!(bucket(r#"{"DateLessThan":{"aws:CurrentTime":"2026-07-01"}}"#), Answer::Yes, "afterwards");
    assert_eq!(bucket(r#"{"DateLessThan":{"aws:CurrentTime":"2026-05-01"}}"#), Answer::Yes, "it is over");
}

#[test]
fn r3_an_administrator_whose_time_is_over_is_none_and_one_whose_time_has_begun_is_one() {
    let identity = |condition: &str| {
        let text =
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#);
        let now: jiff::Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let policy = Policy::parse(Kind::Identity, &text).unwrap().as_of(now);
        let found = Identity::of(&Holder::of(&policy)).unwrap();
        (found.admin, found.admin_under_condition, !found.privilege_escalation.is_empty())
    };
    assert_eq!(identity(r#"{"DateLessThan":{"aws:CurrentTime":"2026-05-31"}}"#), (false, false, false));
    assert_eq!(identity(r#"{"DateLessThan":{"aws:CurrentTime":"2026-07-01"}}"#), (false, true, false));
    assert_eq!(identity(r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-05-31"}}"#), (true, false, true));
    assert_eq!(identity(r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-07-01"}}"#), (false, true, false));
}

#[test]
fn i6_an_action_is_granted_on_resources_of_its_kind_alone() {
    let ways = |action: &str, resource: &str| {
        let text = format!(r#"{{"Statement":{{"Effect":"Allow","Action":{action},"Resource":{resource}}}}}"#);
        let policy = Policy::parse(Kind::Identity, &text).unwrap();
        let found = Identity::of(&Holder::of(&policy)).unwrap();
        let all = found.privilege_escalation.iter().chain(&found.later_escalation);
        all.map(|method| method.name).collect::<Vec<_>>()
    };
    for none in
        [r#""arn:aws:s3:::b/*""#, r#"["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#, r#""arn:aws:dynamodb:*:*:table/x""#]
    {
        assert_eq!(ways(r#""*""#, none), [""; 0], "{none}");
    }
    assert_eq!(
        ways(r#""*""#, r#""arn:aws:lambda:*:*:function:f""#),
        ["EditExistingLambdaFunctionWithRole", "UpdateFunctionConfigurationLayer"]
    );
    assert_eq!(
        ways(r#""iam:*""#, r#""arn:aws:iam::111122223333:group/*""#),
        ["AttachGroupPolicy", "PutGroupPolicy", "AddUserToGroup"]
    );
    assert!(ways(r#""iam:*""#, r#""arn:*:iam::*:*/x""#).contains(&"AttachRolePolicy"));
    assert!(
        ways(r#"["iam:PassRole","lambda:*"]"#, r#"["arn:aws:iam::1:role/r","arn:aws:lambda:*:*:function:*"]"#)
            .contains(&"PassExistingRoleToNewLambdaThenInvoke")
    );
    assert!(ways(r#""*""#, r#""arn:aws:*""#).contains(&"CreateAccessKey"), "every resource of the partition");
}

#[test]
fn r1_a_claim_is_of_an_identity_provider_and_no_tag_with_a_dot() {
    for free in ["s3:ExistingObjectTag/a.b:c", "aws:ResourceTag/x.y:z", "aws:PrincipalTag/x.y:z"] {
        assert_eq!(under(&format!(r#"{{"StringEquals":{{"{free}":"no"}}}}"#)), OPEN, "{free}");
    }
    let key = r#"{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:a.b:c":"no"}}}"#;
    assert_eq!(resource(Kind::Key, &[key]), OPEN);
}

#[test]
fn r2_keys_and_values() {
    assert_eq!(
        under(r#"{"StringLike":{"aws:Referer":"*"},"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#),
        SHUT
    );
    assert_eq!(under(r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5","aws:SourceVpce":"vpce-1"}}"#), SHUT);
    assert_eq!(under(r#"{"StringLike":{"aws:SourceVpce":["vpce-1","*"]}}"#), OPEN);
    assert_eq!(under(r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#), OPEN);
}

#[test]
fn r2_no_value_is_like_any_of_none() {
    for shut in [
        r#"{"StringEquals":{"aws:PrincipalOrgID":[]}}"#,
        r#"{"StringEquals":{"aws:Referer":[]}}"#,
        r#"{"ForAnyValue:StringLike":{"aws:NotYetKnown":[]}}"#,
        r#"{"Bool":{"aws:SecureTransport":[]}}"#,
        r#"{"IpAddress":{"aws:SourceIp":[]}}"#,
        r#"{"Null":{"aws:PrincipalOrgID":[]}}"#,
    ] {
        assert_eq!(under(shut), SHUT, "{shut}");
        assert_eq!(but(shut), Answer::Yes, "{shut}");
    }
    for open in [
        r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":[]}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":[]}}"#,
        r#"{"StringNotEquals":{"aws:PrincipalOrgID":[]}}"#,
        r#"{"NotIpAddress":{"aws:SourceIp":[]}}"#,
        r#"{"StringEquals":{}}"#,
    ] {
        assert_eq!(under(open), OPEN, "{open}");
    }
}

#[test]
fn r3_absent_keys() {
    assert_eq!(under(r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#), OPEN);
    assert_eq!(under(r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#), OPEN);
    assert_eq!(under(r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}"#), SHUT);
    assert_eq!(
        under(
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Null":{"aws:PrincipalOrgID":"false"}}"#
        ),
        SHUT
    );
    assert_eq!(
        under(r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Null":{"aws:PrincipalOrgID":false}}"#),
        SHUT
    );
    assert_eq!(under(r#"{"Null":{"aws:PrincipalOrgID":"false"}}"#), OPEN);
    assert_eq!(
        under(r#"{"Null":{"aws:PrincipalOrgID":"true"},"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#),
        SHUT
    );
}

#[test]
fn r3_a_key_is_there_for_every_clause_or_for_none() {
    let both = |allow: &str, deny: &str| {
        let allow = EVERYONE.replace(r#""Action""#, &format!(r#""Condition":{allow},"Action""#));
        let deny = format!(r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{deny}}}"#);
        resource(Kind::Bucket, &[&allow, &deny]).0
    };
    let without_or_ours = r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#;
    for denies_without in [
        r#"{"Null":{"aws:PrincipalOrgID":"true"}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-z9y8x7w6v5"}}"#,
        r#"{"StringLikeIfExists":{"aws:PrincipalOrgID":"o-z*"}}"#,
    ] {
        assert_eq!(both(without_or_ours, denies_without), Answer::No, "{denies_without}");
    }
    assert_eq!(both(without_or_ours, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-z9y8x7w6v5"}}"#), Answer::Yes);
    assert_eq!(both(without_or_ours, r#"{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}"#), Answer::Yes);
}

#[test]
fn r3_null_with_a_qualifier_always_or_never_holds() {
    let guarded = |null: &str| {
        under(&format!(
            r#"{{"ForAllValues:StringEquals":{{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}},"{null}":{{"aws:PrincipalOrgID":"false"}}}}"#
        ))
    };
    assert_eq!(guarded("Null"), SHUT);
    assert_eq!(guarded("ForAllValues:Null"), OPEN);
    assert_eq!(guarded("ForAnyValue:Null"), SHUT);
    assert_eq!(but(r#"{"ForAllValues:Null":{"aws:Referer":"true"}}"#), Answer::No);
    assert_eq!(but(r#"{"ForAnyValue:Null":{"aws:Referer":"false"}}"#), Answer::Yes);
    // A value that is neither true nor false settles nothing.
    assert_eq!(under(r#"{"Null":{"aws:Referer":"yes"}}"#), OPEN);
    assert_eq!(but(r#"{"Null":{"aws:Referer":"yes"}}"#), Answer::Yes);
    let members = r#""Action":"*","Resource":"*","Condition":{"ForAllValues:Null":{"aws:TokenIssueTime":"true"}}"#;
    assert!(allow(members).admin);
}

#[test]
fn r4_fixed_keys_restrict() {
    for (operator, key, value) in [
        ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
        ("StringEquals", "aws:PrincipalAccount", "111122223333"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/*"),
        ("StringEquals", "aws:SourceVpc", "vpc-1"),
        ("StringEquals", "aws:SourceVpce", "vpce-1"),
        ("ArnEquals", "aws:SourceVpcArn", "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"),
        ("StringEquals", "aws:VpceAccount", "111122223333"),
        ("StringEquals", "aws:VpceOrgID", "o-a1b2c3d4e5"),
        ("StringLike", "aws:VpceOrgPaths", "o-a1b2c3d4e5/*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::source"),
        ("StringEquals", "aws:SourceAccount", "111122223333"),
        ("StringEquals", "aws:SourceOwner", "111122223333"),
        ("StringEquals", "aws:SourceOrgID", "o-a1b2c3d4e5"),
        ("StringLike", "aws:userid", "AROAEXAMPLEID:*"),
        ("StringEquals", "s3:DataAccessPointAccount", "111122223333"),
        ("StringLike", "s3:DataAccessPointArn", "arn:aws:s3:eu-west-1:111122223333:accesspoint/*"),
        ("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-west-1:111122223333:key/1"),
        ("StringEquals", "kms:CallerAccount", "111122223333"),
    ] {
        assert_eq!(under(&format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#)).0, Answer::No, "{key}");
    }
    for (operator, key, value) in [
        ("StringLike", "aws:PrincipalAccount", "*"),
        ("StringLike", "aws:PrincipalAccount", "1111222?3333"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-*/r-ab12/*"),
        ("StringLike", "aws:userid", "*:session"),
        ("StringLike", "s3:DataAccessPointArn", "arn:aws:s3:*:*:accesspoint/*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
        ("StringEquals", "aws:userid", "anonymous"),
    ] {
        assert_eq!(under(&format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#)), OPEN, "{key} {value}");
    }
}

#[test]
fn r5_what_the_caller_chooses_restricts_nothing() {
    for key in [
        "aws:Referer",
        "aws:UserAgent",
        "aws:SecureTransport",
        "aws:MultiFactorAuthPresent",
        "aws:username",
        "aws:PrincipalTag/team",
        "aws:PrincipalType",
        "aws:CalledVia",
        "aws:VpcSourceIp",
        "s3:prefix",
        "s3:x-amz-acl",
        "s3:ExistingObjectTag/phi",
        "aws:RequestTag/a",
        "aws:RequestedRegion",
        "kms:ViaService",
        "kms:EncryptionContext:aws:s3:arn",
        "aws:ResourceOrgID",
        "aws:ResourceAccount",
        "sts:ExternalId",
    ] {
        assert_eq!(under(&format!(r#"{{"StringEquals":{{"{key}":"value"}}}}"#)), OPEN, "{key}");
    }
}

#[test]
fn r6_address_ranges_count_together() {
    let of = |values: &str| under(&format!(r#"{{"IpAddress":{{"aws:SourceIp":{values}}}}}"#));
    assert_eq!(of(r#""0.0.0.0/0""#), OPEN);
    assert_eq!(of(r#"["0.0.0.0/1","128.0.0.0/1"]"#), OPEN);
    assert_eq!(of(r#"["203.0.113.0/24","0.0.0.0/7"]"#), OPEN);
    assert_eq!(of(r#""::/0""#), OPEN);
    assert_eq!(of(r#""2001::/16""#), OPEN);
    assert_eq!(of(r#""203.0.113.7""#), SHUT);
    assert_eq!(of(r#""10.0.0.0/8""#), SHUT);
    assert_eq!(of(r#"["11.0.0.0/8","12.0.0.0/8"]"#).0, Answer::Yes);
    assert_eq!(of(r#"["11.0.0.0/8","12.0.0.0/8"]"#).1, Answer::No);
    assert_eq!(under(r#"{"IpAddressIfExists":{"aws:SourceIp":"203.0.113.0/24"}}"#), OPEN);
    assert_eq!(under(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#), OPEN);
    assert_eq!(
        under(
            r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"},"NotIpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}"#
        )
        .0,
        Answer::No
    );
    // Wider than a /8, though only a /8 of it is not private.
    assert_eq!(of(r#""10.0.0.0/7""#), OPEN);
    assert_eq!(but(r#"{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/7"}}"#), Answer::Yes);
    assert_eq!(under(r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#), SHUT);
}

#[test]
fn r6_what_is_no_range_makes_no_broad_one_narrow() {
    let of = |operator: &str, values: &str| under(&format!(r#"{{"{operator}":{{"aws:SourceIp":{values}}}}}"#)).0;
    assert_eq!(of("IpAddress", r#"["0.0.0.0/0","junk"]"#), Answer::Yes);
    assert_eq!(of("IpAddress", r#"["203.0.113.0/24","junk"]"#), Answer::Unknown);
    assert_eq!(of("IpAddress", r#""junk""#), Answer::Unknown);
    // In a string: nobody has the range for an address, and a pattern is a range.
    assert_eq!(of("StringEquals", r#""203.0.113.0/24""#), Answer::No);
    assert_eq!(of("StringLike", r#""203.0.113.*""#), Answer::No);
    assert_eq!(of("StringLike", r#""203.*""#), Answer::No);
    assert_eq!(of("StringLike", r#""*""#), Answer::Yes);
    assert_eq!(of("StringLike", r#""2*""#), Answer::Yes);
    assert_eq!(of("StringNotLike", r#""203.0.113.*""#), Answer::Yes);
    // And no such string denies anybody.
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}}"#;
    let ranged =
        EVERYONE.replace(r#""Action""#, r#""Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/0"]}},"Action""#);
    assert_eq!(resource(Kind::Bucket, &[&ranged, deny]).0, Answer::Yes);
}

#[test]
fn r7_denies_that_cannot_be_avoided_narrow() {
    for narrowing in [
        r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#,
        r#"{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#,
        r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
        r#"{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#,
    ] {
        assert_eq!(but(narrowing), Answer::No, "{narrowing}");
    }
    for avoidable in [
        r#"{"Null":{"aws:PrincipalOrgID":"true"}}"#,
        r#"{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#"{"StringNotEquals":{"aws:Referer":"https://clinic.example/"}}"#,
        r#"{"StringNotLike":{"aws:PrincipalOrgID":"o-*"}}"#,
        r#"{"ForAnyValue:StringNotLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}"#,
        r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Bool":{"aws:SecureTransport":"false"}}"#,
        r#"{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
        r#"{"Bool":{"aws:PrincipalIsAWSService":"false"}}"#,
    ] {
        assert_eq!(but(avoidable), Answer::Yes, "{avoidable}");
    }
    let deny = |members: &str| resource(Kind::Bucket, &[EVERYONE, &format!(r#"{{"Effect":"Deny",{members}}}"#)]).0;
    assert_eq!(deny(r#""Principal":"*","Action":"s3:*","Resource":"*""#), Answer::No);
    assert_eq!(deny(r#""Principal":"*","Action":"s3:PutObject","Resource":"*""#), Answer::Yes);
    assert_eq!(deny(r#""Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b""#), Answer::Yes);
    assert_eq!(
        deny(r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:*","Resource":"*""#),
        Answer::Yes
    );
    assert_eq!(
        deny(r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:*","Resource":"*""#),
        Answer::No
    );
    assert_eq!(deny(r#""Principal":"*","NotAction":"s3:PutObject","Resource":"arn:aws:s3:::b/*""#), Answer::No);
    assert_eq!(deny(r#""Principal":"*","NotAction":"s3:Get*","Resource":"arn:aws:s3:::b/*""#), Answer::Yes);
}

#[test]
fn r7_denies_of_those_for_whom_a_provider_vouches() {
    const GITHUB: &str = r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]"#;
    let but = |deny: &str| {
        let allow = format!(r#"{{"Effect":"Allow",{GITHUB}}}"#);
        resource(Kind::Trust, &[&allow, &format!(r#"{{"Effect":"Deny",{deny}}}"#)]).0
    };
    let unless = |operator: &str, claim: &str, value: &str| {
        format!(r#""Condition":{{"{operator}":{{"token.actions.githubusercontent.com:{claim}":"{value}"}}}}"#)
    };
    let narrow = unless("StringNotLike", "sub", "repo:clinic/*");
    assert_eq!(but(&format!(r"{GITHUB},{narrow}")), Answer::No);
    assert_eq!(but(&format!(r#""Principal":"*","Action":"sts:*",{narrow}"#)), Answer::No);
    // A session that cannot start is not tagged either.
    assert_eq!(but(&format!(r#""Principal":"*","Action":"sts:AssumeRoleWithWebIdentity",{narrow}"#)), Answer::No);
    let wide = unless("StringNotLike", "sub", "repo:*");
    let audience = unless("StringNotEquals", "aud", "sts.amazonaws.com");
    let some = unless("StringLike", "sub", "repo:clinic/*");
    for avoidable in [wide, audience, some] {
        assert_eq!(but(&format!(r"{GITHUB},{avoidable}")), Answer::Yes, "{avoidable}");
    }
    let another = r#""Principal":{"Federated":"accounts.google.com"},"Action":"sts:*""#;
    assert_eq!(but(another), Answer::Yes);
}

#[test]
fn r8_an_unknown_key_is_neither_yes_nor_no() {
    assert_eq!(under(r#"{"StringEquals":{"aws:NotYetKnown":"x"}}"#), (Answer::Unknown, Answer::Yes));
    assert_eq!(under(r#"{"StringEquals":{"aws:NotYetKnown":"x","aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#), SHUT);
    assert_eq!(under(r#"{"StringEqualsIfExists":{"aws:NotYetKnown":"x"}}"#), OPEN);
    // It is as unknown whether an external caller has the key as what its value is.
    assert_eq!(under(r#"{"ForAnyValue:StringNotEquals":{"aws:NotYetKnown":"x"}}"#).0, Answer::Unknown);
    assert_eq!(under(r#"{"Null":{"aws:NotYetKnown":"false"}}"#).0, Answer::Unknown);
    assert_eq!(under(r#"{"Null":{"aws:NotYetKnown":"true"}}"#).0, Answer::Yes);
    assert_eq!(but(r#"{"Null":{"aws:NotYetKnown":"true"}}"#), Answer::Unknown);
    assert_eq!(but(r#"{"Null":{"aws:NotYetKnown":"false"}}"#), Answer::Yes);
    assert_eq!(but(r#"{"ForAllValues:StringEquals":{"aws:NotYetKnown":"x"}}"#), Answer::Unknown);
    assert_eq!(but(r#"{"StringEquals":{"aws:NotYetKnown":"x"}}"#), Answer::Yes);
}

#[test]
fn r9_a_service_without_a_source_is_another_finding() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]}"#;
    let found = Resource::of(&Policy::parse(Kind::Bucket, text).unwrap());
    assert_eq!((found.public, found.confused_deputy), (Answer::No, vec![0]));
    let bound =
        text.replace(r#""Action""#, r#""Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}},"Action""#);
    assert!(Resource::of(&Policy::parse(Kind::Bucket, &bound).unwrap()).confused_deputy.is_empty());
}

#[test]
fn r9_eventbridge_tells_the_key_of_an_encrypted_topic_no_source() {
    let deputies = |kind: Kind, service: &str, action: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Service":{service}}},"Action":{action},"Resource":"*"}}}}"#
        );
        Resource::of(&Policy::parse(kind, &text).unwrap()).confused_deputy.len()
    };
    let (events, data) = (r#""events.amazonaws.com""#, r#"["kms:Decrypt","kms:GenerateDataKey*"]"#);
    assert_eq!(deputies(Kind::Key, events, data), 0);
    assert_eq!(deputies(Kind::Key, events, r#""kms:*""#), 1, "more than it needs");
    assert_eq!(deputies(Kind::Key, events, r#"["kms:Decrypt","kms:CreateGrant"]"#), 1);
    assert_eq!(deputies(Kind::Key, r#""cloudwatch.amazonaws.com""#, data), 1, "it tells its source");
    assert_eq!(deputies(Kind::Key, r#"["events.amazonaws.com","sns.amazonaws.com"]"#, data), 1);
    assert_eq!(deputies(Kind::Bucket, events, r#""s3:PutObject""#), 1, "of keys alone");
}

#[test]
fn r8_what_comes_through_an_endpoint_has_no_public_address() {
    let found = |deny: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[
                {{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{{"IpAddress":{{"aws:SourceIp":"0.0.0.0/0"}}}}}},
                {{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{deny}}}]}}"#
        );
        Resource::of(&Policy::parse(Kind::Bucket, &text).unwrap()).public
    };
    // Without the key it holds, and with the key there is no address that could be let in.
    assert_eq!(found(r#"{"ForAllValues:StringLike":{"aws:SourceVpce":"vpce-ours"}}"#), Answer::No);
    assert_eq!(found(r#"{"StringNotEquals":{"aws:SourceVpce":"vpce-ours"}}"#), Answer::No);
    assert_eq!(found(r#"{"StringLike":{"aws:SourceVpce":"vpce-ours"}}"#), Answer::Yes);
}

#[test]
fn r9_cloudwatch_logs_says_in_the_encryption_context_whose_log_group_it_is() {
    let deputies = |service: &str, condition: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":{service}}},"Action":"kms:*","Resource":"*","Condition":{condition}}}]}}"#
        );
        Resource::of(&Policy::parse(Kind::Key, &text).unwrap()).confused_deputy.len()
    };
    let logs = r#""logs.us-east-1.amazonaws.com""#;
    let group =
        |operator: &str, arn: &str| format!(r#"{{"{operator}":{{"kms:EncryptionContext:aws:logs:arn":"{arn}"}}}}"#);
    let own = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/remedy-*";
    assert_eq!(deputies(logs, &group("ArnLike", own)), 0);
    assert_eq!(deputies(logs, &group("ArnEquals", own)), 0);
    assert_eq!(deputies(logs, &group("ArnLike", "arn:aws:logs:us-east-1:*:log-group:/aws/lambda/remedy-*")), 1);
    assert_eq!(deputies(logs, &group("ArnLikeIfExists", own)), 1, "it may be missing");
    assert_eq!(deputies(logs, &group("ArnNotLike", own)), 1);
    assert_eq!(deputies(logs, r#"{"StringEquals":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::b"}}"#), 1);
    // Elsewhere the caller chooses the context.
    assert_eq!(deputies(r#""s3.amazonaws.com""#, &group("ArnLike", own)), 1);
    assert_eq!(deputies(&format!("[{logs}, \"s3.amazonaws.com\"]"), &group("ArnLike", own)), 1);
    let context = |key: &str, arn: &str| format!(r#"{{"StringLike":{{"kms:EncryptionContext:{key}":"{arn}"}}}}"#);
    let trail = r#""cloudtrail.amazonaws.com""#;
    let of_trail = |account: &str| context("aws:cloudtrail:arn", &format!("arn:aws:cloudtrail:*:{account}:trail/*"));
    assert_eq!(deputies(trail, &of_trail("111122223333")), 0);
    assert_eq!(deputies(trail, &of_trail("*")), 1, "anybody's trail");
    assert_eq!(deputies(logs, &of_trail("111122223333")), 1, "another service's context");
    let bus = context("aws:events:event-bus:arn", "arn:aws:events:us-east-1:111122223333:event-bus/x");
    assert_eq!(deputies(r#""events.amazonaws.com""#, &bus), 0);
    assert_eq!(
        deputies(trail, &context("cloudtrail:arn", "arn:aws:cloudtrail:*:111122223333:trail/*")),
        1,
        "not AWS's"
    );
}

#[test]
fn r10_keys_and_roles_are_public_to_every_account() {
    assert_eq!(
        resource(Kind::Key, &[r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}"#]).0,
        Answer::Yes
    );
    assert_eq!(resource(Kind::Key, &[r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}"#]).0, Answer::No);
    assert_eq!(
        resource(Kind::Trust, &[r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#]).0,
        Answer::Yes
    );
    assert_eq!(
        resource(Kind::Trust, &[r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:TagSession"}"#]).0,
        Answer::No
    );
}

#[test]
fn r11_an_access_point_does_not_limit_itself() {
    let text = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}}}"#;
    assert_eq!(resource(Kind::Resource, &[text]).0, Answer::Yes);
    assert_eq!(resource(Kind::Bucket, &[text]).0, Answer::No);
}

#[test]
fn r12_a_grant_to_all_or_to_authenticated_users_is_public() {
    use crate::acl::Public;
    let of = |group: &str| Public::of_group(&format!("http://acs.amazonaws.com/groups/{group}"));
    assert_eq!(of("global/AllUsers"), Some(Public::Everyone));
    assert_eq!(of("global/AuthenticatedUsers"), Some(Public::EveryAccount), "anybody can have an account");
    assert_eq!(of("global/allusers/"), Some(Public::Everyone));
    assert_eq!(of("s3/LogDelivery"), None, "the service that writes access logs is no stranger");
    assert_eq!(Public::of_group(""), None);
}

#[test]
fn every_verdict_names_its_place() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Ok","Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Sid":"Root","Effect":"Allow","Action":["s3:*","*"],"Resource":"*"}]}"#;
    let policy = Policy::parse(Kind::Identity, text).unwrap();
    let holder = Holder::of(&policy);
    let findings = Identity::of(&holder).unwrap().findings(&holder);
    let admin = findings.iter().find(|finding| finding.verdict == "admin").unwrap();
    assert!(admin.clues.iter().any(|clue| clue.statement == 1 && clue.sid.as_deref() == Some("Root")));
    let bucket = format!(r#"{{"Version":"2012-10-17","Statement":[{EVERYONE}]}}"#);
    let policy = Policy::parse(Kind::Bucket, &bucket).unwrap();
    let findings = Resource::of(&policy).findings(&policy);
    assert_eq!(findings[0].clues[0].span.of(&bucket), r#""*""#);
}
