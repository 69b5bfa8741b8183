//! Lists of IAM, in pages: one answer may hold several lists, which share the size of the page.

use super::{
    super::answer::{Answer, page},
    Call, Cloud,
};

/// An item: what it is sorted by, the list it belongs to, its XML.
pub(super) type Item = (String, (&'static str, String));

/// The page of `items` that the call asks for, under `head`. Every list is there, with items or without.
pub(super) fn answer(cloud: &Cloud, call: &Call, head: &str, lists: &[&str], mut items: Vec<Item>) -> Answer {
    items.sort();
    let asked = call.form.get("MaxItems").and_then(|asked| asked.parse().ok());
    let size = cloud.page_size(asked, 100);
    let (some, next) = page(&items, call.form.get("Marker").map(String::as_str), size);
    let of_list = |list: &str| -> String {
        let members = some.iter().filter(|(_, (of, _))| *of == list).map(|(_, (_, xml))| xml);
        members.map(|xml| format!("<member>{xml}</member>")).collect()
    };
    let lists: String = lists.iter().map(|list| format!("<{list}>{}</{list}>", of_list(list))).collect();
    let marker = next.as_ref().map_or(String::new(), |next| format!("<Marker>{next}</Marker>"));
    let is_more = next.is_some();
    Answer::query(&call.operation, &format!("{head}{lists}<IsTruncated>{is_more}</IsTruncated>{marker}"))
}

/// Whether the call asks for things of this path.
pub(super) fn is_under(call: &Call, path: &str) -> bool {
    call.form.get("PathPrefix").is_none_or(|prefix| path.starts_with(prefix.as_str()))
}
