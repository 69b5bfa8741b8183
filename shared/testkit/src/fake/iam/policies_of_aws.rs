//! The managed policies of AWS that the fake knows.

use super::{Managed, policies::Version};

/// Name, unique id, number of the default version, document. `ReadOnlyAccess` is shortened.
const KNOWN: [(&str, &str, u32, &str); 3] = [
    (
        "AdministratorAccess",
        "ANPAIWMBCKSKIEE64ZLYK",
        1,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "PowerUserAccess",
        "ANPAJYRXTHIB4FOVS3ZXS",
        6,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}"#,
    ),
    (
        "ReadOnlyAccess",
        "ANPAILL3HVNFSB6DCOWYQ",
        150,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"ReadOnlyActionsGroup1","Effect":"Allow","Action":["cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*","ec2:Describe*","iam:Generate*","iam:Get*","iam:List*","kms:Describe*","kms:List*","s3:Get*","s3:List*"],"Resource":"*"}]}"#,
    ),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Managed> {
    KNOWN.into_iter().map(|(name, id, number, document)| {
        let since = "2015-02-06T18:39:46Z".parse().expect("a date of this form");
        let version = Version { document: document.to_owned(), since };
        Managed {
            name: name.to_owned(),
            id: id.to_owned(),
            arn: format!("arn:aws:iam::aws:policy/{name}"),
            path: "/".to_owned(),
            description: String::new(),
            since,
            updated: since,
            default: number,
            last: number,
            versions: [(number, version)].into(),
            tags: super::Tags::new(),
        }
    })
}
