//! The resource ids of databases.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::Method;

use super::super::Front;
use super::super::call::Call;
use super::super::wire::{Ask, Reply};

/// The elements of databases, with the members that hold the ARN and the resource id.
const KINDS: [[&str; 3]; 2] =
    [["DBInstance", "DBInstanceArn", "DbiResourceId"], ["DBCluster", "DBClusterArn", "DbClusterResourceId"]];

/// AWS gives every database a resource id of its own, and looks databases up by it. moto gives all instances the same, and knows
/// no such filter for clusters.
pub(super) async fn corrected(front: &Front, call: &Call, ask: &Ask) -> Reply {
    let wanted = wanted(call);
    let all = format!("Action={}&Version=2014-10-31", call.operation);
    let whole = wanted.is_some().then(|| ask.instead(Method::POST, "/", all));
    let reply = front.forward(call, whole.as_ref().unwrap_or(ask)).await;
    if !reply.status.is_success() {
        return reply;
    }
    let text = KINDS.iter().fold(reply.text(), |text, kind| {
        each(&text, kind[0], |element| {
            let element = with_own_id(element, kind);
            let is_wanted = wanted.as_ref().is_none_or(|id| element.contains(&format!("<{}>{id}<", kind[2])));
            if is_wanted { element } else { String::new() }
        })
    });
    reply.with_body(text)
}

/// The resource id by which the call filters.
fn wanted(call: &Call) -> Option<String> {
    let name = call.parameter("Filters.Filter.1.Name")?;
    let is_id = ["dbi-resource-id", "db-cluster-resource-id"].contains(&name.as_str());
    call.parameter("Filters.Filter.1.Values.Value.1").filter(|_| is_id)
}

/// Changes every element of a name; elements of this name are not in each other.
pub(super) fn each(text: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(&open) {
        let Some((element, after)) = after.split_once(&close) else { break };
        let changed = change(element);
        out += before;
        if !changed.is_empty() {
            out += &format!("{open}{changed}{close}");
        }
        rest = after;
    }
    out + rest
}

/// The text of an element's first member of a name.
pub(super) fn member<'a>(element: &'a str, name: &str) -> &'a str {
    let rest = element.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once("</")).map(|(text, _)| text).unwrap_or_default()
}

/// Clusters have ids of their own already.
fn with_own_id(element: &str, [_, arn, id]: &[&str; 3]) -> String {
    if *id != "DbiResourceId" {
        return element.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    member(element, arn).hash(&mut hasher);
    let (old, new) = (member(element, id), format!("db-{:026X}", hasher.finish()));
    element.replace(&format!("<{id}>{old}<"), &format!("<{id}>{new}<"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instance_has_an_id_of_its_own() {
        let instance =
            |name: &str| format!("<DBInstanceArn>{name}</DBInstanceArn><DbiResourceId>db-SAME</DbiResourceId>");
        let [a, b] = ["a", "b"].map(|name| with_own_id(&instance(name), &KINDS[0]));
        assert_ne!(member(&a, "DbiResourceId"), member(&b, "DbiResourceId"));
        assert_eq!(a, with_own_id(&instance("a"), &KINDS[0]), "and keeps it");
    }

    #[test]
    fn elements_are_changed_or_left_out() {
        let list = "<L><E><N>1</N></E><E><N>2</N></E></L>";
        let change = |element: &str| if member(element, "N") == "2" { "<N>3</N>".to_owned() } else { String::new() };
        assert_eq!(each(list, "E", change), "<L><E><N>3</N></E></L>");
    }
}
