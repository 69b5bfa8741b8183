//! Settings, element by element.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Lawful;

/// A setting's elements by name; a setting that is a single element has the name `setting`.
pub(super) type Elements = BTreeMap<String, Value>;

/// The elements of a setting. Those of an absent one are those it stands for.
pub(super) fn elements<C: Lawful>(setting: &C::Setting) -> Elements {
    let whole = match (C::told(setting), C::blank()) {
        (Value::Null, Some(blank)) => C::told(&blank),
        (whole, _) => whole,
    };
    match (whole, C::blank()) {
        (Value::Object(members), Some(_)) => members.into_iter().collect(),
        (whole, _) => BTreeMap::from([("setting".to_owned(), whole)]),
    }
}

/// The setting of these elements.
pub(super) fn setting<C: Lawful>(elements: Elements) -> C::Setting {
    let whole = match C::blank() {
        Some(_) => Value::Object(elements.into_iter().collect()),
        None => elements.into_values().next().unwrap_or(Value::Null),
    };
    serde_json::from_value(whole).expect("a setting reads back")
}

/// `base`, but some of its elements, bit by bit of `mask`, are those of `other`.
pub(super) fn crossed<C: Lawful>(base: &C::Setting, other: &C::Setting, mask: u16) -> C::Setting {
    let (mut crossed, other) = (elements::<C>(base), elements::<C>(other));
    for (bit, (name, element)) in other.into_iter().enumerate() {
        if mask & (1 << (bit % 16)) != 0 || C::blank().is_none() {
            crossed.insert(name, element);
        }
    }
    setting::<C>(crossed)
}

/// What taking `ours` back to `wanted` makes of `now`, element by element; nothing where somebody else changed the same.
pub(super) fn merged<C: Lawful>(ours: &C::Setting, wanted: &C::Setting, now: &C::Setting) -> Option<Elements> {
    let [ours, wanted, now] = [ours, wanted, now].map(elements::<C>);
    let merge = |name: &String| {
        let merged = C::merged(name, [&ours[name], &wanted[name], &now[name]]);
        merged.map(|element| (name.clone(), element))
    };
    ours.keys().map(merge).collect()
}

/// The same for one element that is changed as a whole.
#[must_use]
pub fn merged_whole([ours, wanted, now]: [&Value; 3]) -> Option<Value> {
    let merged = if ours == wanted || now == wanted { Some(now) } else { (now == ours).then_some(wanted) };
    merged.cloned()
}
