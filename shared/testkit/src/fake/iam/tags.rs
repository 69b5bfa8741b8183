//! The tags of users, roles and policies. Groups have none.

use super::{
    Account, Answered, Call, Cloud, Refusal, Tags, done,
    pages::{self, Item},
    policies,
    principals::{self, Kind},
};

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "TagUser" | "TagRole" | "TagPolicy" => tag(cloud.account(account), call),
        "ListUserTags" | "ListRoleTags" | "ListPolicyTags" => list(cloud, call, account),
        _ => return None,
    })
}

fn tag(account: &mut Account, call: &Call) -> Answered {
    let member = |number: usize, part: &str| call.form.get(&format!("Tags.member.{number}.{part}")).cloned();
    let given = (1..).map_while(|number| Some((member(number, "Key")?, member(number, "Value")?)));
    tags_of(account, call)?.extend(given);
    done(call)
}

fn list(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let xml = |(key, value): (&String, &String)| format!("<Key>{key}</Key><Value>{value}</Value>");
    let item = |tag: (&String, &String)| -> Item { (tag.0.clone(), ("Tags", xml(tag))) };
    let items = tags_of(cloud.account(account), call)?.iter().map(item).collect();
    Ok(pages::answer(cloud, call, "", &["Tags"], items))
}

fn tags_of<'a>(account: &'a mut Account, call: &Call) -> Result<&'a mut Tags, Refusal> {
    match Kind::of(&call.operation) {
        Some(kind) => principals::of(account, kind, &kind.name(call)).map(|principal| &mut principal.tags),
        None => policies::own(account, call).map(|policy| &mut policy.tags),
    }
}
