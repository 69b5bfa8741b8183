//! Who is in which group.

use super::{
    Answer, Answered, Call, Cloud, Refusal, done, no_such,
    pages::{self, Item},
    principals::{self, Kind},
    text, user,
};

/// The most groups that a user may be in.
const MOST: usize = 10;

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Option<Answered> {
    Some(match call.operation.as_str() {
        "AddUserToGroup" => add(cloud, call, account),
        "RemoveUserFromGroup" => remove(cloud, call, account),
        "GetGroup" => get(cloud, call, account),
        "ListGroupsForUser" => of_user(cloud, call, account),
        _ => return None,
    })
}

fn add(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let (place, group) = (cloud.account(account), text(call, "GroupName"));
    principals::of(place, Kind::Group, &group)?;
    let groups = &mut user(place, call)?.groups;
    if groups.len() >= MOST && !groups.contains(&group) {
        return Err(Refusal::new(409, "LimitExceeded", format!("Cannot exceed quota for GroupsPerUser: {MOST}")));
    }
    groups.insert(group);
    done(call)
}

fn remove(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let (place, group) = (cloud.account(account), text(call, "GroupName"));
    principals::of(place, Kind::Group, &group)?;
    let user = user(place, call)?;
    if !user.groups.remove(&group) {
        return Err(no_such(&format!("User {} not in group {group}", text(call, "UserName"))));
    }
    done(call)
}

fn get(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let (place, name) = (cloud.account(account), text(call, "GroupName"));
    let group = principals::of(place, Kind::Group, &name)?.xml(Kind::Group, &name);
    let members = place.users.iter().filter(|(_, user)| user.groups.contains(&name));
    let item = |who: &String, xml: String| -> Item { (who.clone(), ("Users", xml)) };
    let items = members.map(|(who, user)| item(who, user.principal.xml(Kind::User, who))).collect();
    Ok(pages::answer(cloud, call, &format!("<Group>{group}</Group>"), &["Users"], items))
}

fn of_user(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let place = cloud.account(account);
    let names = user(place, call)?.groups.clone();
    let groups = names.iter().filter_map(|name| Some((name, place.groups.get(name)?)));
    let items = groups.map(|(name, group)| (name.clone(), ("Groups", group.xml(Kind::Group, name)))).collect();
    Ok::<Answer, Refusal>(pages::answer(cloud, call, "", &["Groups"], items))
}
