//! Policies that are part of a principal.

use super::{
    Account, Answer, Answered, Call, Cloud, Refusal, attachments, document, done, encoded, no_such, pages,
    principals::{self, Kind},
    text,
};

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Option<Answered> {
    let kind = Kind::of(&call.operation)?;
    let noun = kind.noun();
    Some(match call.operation.as_str() {
        action if action == format!("Put{noun}Policy") => put(cloud.account(account), call, kind),
        action if action == format!("Get{noun}Policy") => get(cloud.account(account), call, kind),
        action if action == format!("Delete{noun}Policy") => delete(cloud.account(account), call, kind),
        action if action == format!("List{noun}Policies") => list(cloud, call, account, kind),
        _ => return None,
    })
}

fn put(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    let (name, document) = (text(call, "PolicyName"), text(call, "PolicyDocument"));
    let inline = &mut attachments::changeable(account, call, kind)?.inline;
    document::check_permissions(&document)?;
    let others = inline.iter().filter(|(other, _)| **other != name);
    let size: usize = others.map(|(_, other)| document::size(other)).sum();
    if size + document::size(&document) > kind.room() {
        let (room, noun, who) = (kind.room(), kind.noun().to_lowercase(), kind.name(call));
        let message = format!("Maximum policy size of {room} bytes exceeded for {noun} {who}");
        return Err(Refusal::new(409, "LimitExceeded", message));
    }
    inline.insert(name, document);
    done(call)
}

fn missing(kind: Kind, name: &str) -> Refusal {
    no_such(&format!("The {} policy with name {name} cannot be found.", kind.noun().to_lowercase()))
}

fn get(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    let (who, name, noun) = (kind.name(call), text(call, "PolicyName"), kind.noun());
    let document = principals::of(account, kind, &who)?.inline.get(&name).ok_or_else(|| missing(kind, &name))?;
    let policy = xml(&name, document);
    Ok(Answer::query(&call.operation, &format!("<{noun}Name>{who}</{noun}Name>{policy}")))
}

fn delete(account: &mut Account, call: &Call, kind: Kind) -> Answered {
    let name = text(call, "PolicyName");
    let removed = attachments::changeable(account, call, kind)?.inline.remove(&name);
    removed.ok_or_else(|| missing(kind, &name)).and_then(|_| done(call))
}

fn list(cloud: &mut Cloud, call: &Call, account: &str, kind: Kind) -> Answered {
    let principal = principals::of(cloud.account(account), kind, &kind.name(call))?;
    let items = principal.inline.keys().map(|name| (name.clone(), ("PolicyNames", name.clone()))).collect();
    Ok(pages::answer(cloud, call, "", &["PolicyNames"], items))
}

/// A policy with its document.
pub(super) fn xml(name: &str, document: &str) -> String {
    format!("<PolicyName>{name}</PolicyName><PolicyDocument>{}</PolicyDocument>", encoded(document))
}
