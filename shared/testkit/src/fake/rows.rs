//! Carrying out the rows of a service.

use remedy_domain::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answered, Refusal, page},
    call::Call,
    kind::{Kind, Member, Waits, Window},
    request::Request,
    service::{Catalogue, Does, List, Row, Tagging},
    state::Cloud,
    store::{Address, Attributes},
};

type Output = Result<Value, Refusal>;

/// Returns the answer to a call, from its row. Panics if no row has the operation: a gap fails the test loudly.
pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    let (service, input) = (call.service, call.service.dialect.input(call));
    let row = service.row(&call.operation).unwrap_or_else(|| panic!("the fake does not know `{}`", call.full_name()));
    let request = Request { cloud, input: &input, account, region: &call.region, now, about: None };
    Ok(service.dialect.answer(row.operation, &row.carry_out(request)?))
}

impl Row {
    /// The member that names the resource of a request.
    pub(super) fn named_by(&self) -> Option<&'static str> {
        match (self.does, self.kind) {
            (Does::Tag(tags) | Does::Untag(tags) | Does::ListTags(tags), _) => Some(tags.named_by),
            (_, kind) => kind.map(|kind| kind.named_by),
        }
    }

    fn carry_out(&self, mut request: Request<'_>) -> Output {
        request.about = self.find(&request)?;
        self.rules.iter().try_for_each(|rule| rule(&request))?;
        match (self.does, self.kind) {
            (Does::Create, Some(kind)) => create(&mut request, kind),
            (Does::Modify, Some(kind)) => modify(&mut request, kind),
            (Does::Delete, Some(kind)) => Ok(delete(&mut request, kind)),
            (Does::List(list), Some(kind)) => all(&request, kind, list),
            (Does::Items(list), _) => paged(&request, list, items(request.attribute(list.shown))),
            (Does::Catalogue(catalogue), _) => paged(&request, catalogue.list, entries(&request, catalogue)),
            (Does::Tag(tagging), _) => Ok(tag(&mut request, tagging)),
            (Does::Untag(tagging), _) => Ok(untag(&mut request, tagging)),
            (Does::ListTags(tagging), _) => Ok(json!({tagging.attribute: request.attribute(tagging.attribute)})),
            (Does::Call(does), _) => does(&mut request),
            (Does::Create | Does::Modify | Does::Delete | Does::List(_), None) => {
                unreachable!("`{}` is made with a kind", self.operation)
            }
        }
    }

    /// The resource that a request is about; one that it names must be there.
    fn find(&self, request: &Request<'_>) -> Result<Option<Address>, Refusal> {
        if let Does::Create | Does::List(_) | Does::Catalogue(_) = self.does {
            return Ok(None);
        }
        let name = self.named_by().map(|member| request.text(member)).unwrap_or_default();
        let kinds = match (self.does, &self.kind) {
            (Does::Tag(tags) | Does::Untag(tags) | Does::ListTags(tags), _) => tags.kinds,
            (_, Some(kind)) => std::slice::from_ref(kind),
            (_, None) => return Ok(None),
        };
        let is_of = |kind: &&&Kind| !name.starts_with("arn:") || request.id_of(kind, name).is_some();
        let kind = kinds.iter().find(is_of).or(kinds.first()).expect("a row about resources has a kind");
        request.find(kind, name).map(Some).ok_or_else(|| kind.missing.into())
    }
}

fn create(request: &mut Request<'_>, kind: &Kind) -> Output {
    let mut fresh = (kind.fresh)(request)?;
    for (member, wanted) in wanted(request, kind, &fresh)? {
        fresh.insert(member.shown.to_owned(), wanted);
    }
    let id = fresh.entry(kind.id).or_insert_with(|| request.input[kind.named_by].clone());
    let id = id.as_str().unwrap_or_default().to_owned();
    let at = Address::of(kind, request.account, request.region, &id);
    if request.cloud.store.get(&at).is_some() {
        return Err(kind.exists.into());
    }
    request.cloud.store.put(at, fresh.clone());
    Ok(shown(kind, fresh))
}

/// The attributes that a request sets, with their new values.
fn wanted(request: &Request<'_>, kind: &Kind, now: &Attributes) -> Result<Vec<(&'static Member, Value)>, Refusal> {
    let asked = kind.members.iter().filter_map(|member| Some((member, request.input.get(member.asked)?)));
    let made = |(member, asked): (&'static Member, &Value)| {
        let made = (member.made)(now.get(member.shown).unwrap_or(&Value::Null), asked)?;
        Ok((member, made))
    };
    asked.map(made).collect()
}

fn modify(request: &mut Request<'_>, kind: &Kind) -> Output {
    let mut now = request.subject().clone();
    let wanted = wanted(request, kind, &now)?;
    let window = kind.window.filter(|window| !is_true(&request.input[window.at_once]));
    for (member, wanted) in wanted {
        match window.filter(|_| waits(member, now.get(member.shown), &wanted)) {
            Some(window) => schedule(&mut now, window, member, wanted),
            None => {
                kind.window.map(|window| pending(&mut now, window).remove(member.shown));
                now.insert(member.shown.to_owned(), wanted);
            }
        }
    }
    if let (Some(window), None) = (kind.window, window) {
        pass(&mut now, window);
    }
    request.subject().clone_from(&now);
    Ok(shown(kind, now))
}

fn is_true(flag: &Value) -> bool {
    *flag == Value::Bool(true) || flag.as_str() == Some("true")
}

fn waits(member: &Member, now: Option<&Value>, wanted: &Value) -> bool {
    match member.waits {
        Waits::Never => false,
        Waits::Always => true,
        Waits::If(waits) => waits(now.unwrap_or(&Value::Null), wanted),
    }
}

/// A value waits for the window. Where it holds already, nothing waits any more.
fn schedule(now: &mut Attributes, window: Window, member: &Member, wanted: Value) {
    let holds = now.get(member.shown) == Some(&wanted);
    let pending = pending(now, window);
    if holds {
        pending.remove(member.shown);
    } else {
        pending.insert(member.shown.to_owned(), wanted);
    }
}

fn pending(now: &mut Attributes, window: Window) -> &mut Map<String, Value> {
    let pending = now.entry(window.pending).or_insert_with(|| json!({}));
    pending.as_object_mut().expect("what waits is an object")
}

/// The window is there: what waits for it is carried out.
pub(super) fn pass(now: &mut Attributes, window: Window) {
    let due = std::mem::take(pending(now, window));
    now.extend(due);
}

fn delete(request: &mut Request<'_>, kind: &Kind) -> Value {
    let gone = request.about.as_ref().and_then(|at| request.cloud.store.take(at));
    shown(kind, gone.unwrap_or_default())
}

fn shown(kind: &Kind, attributes: Attributes) -> Value {
    if kind.shown_as.is_empty() { json!({}) } else { json!({kind.shown_as: attributes}) }
}

/// The resources that a request names, or all; of these, those that its filters leave.
fn all(request: &Request<'_>, kind: &Kind, list: List) -> Output {
    let names = request.names(kind.named_by);
    let ids = names.iter().map(|name| request.find(kind, name).map(|at| at.id)).collect::<Option<Vec<_>>>();
    let ids = ids.ok_or(kind.missing)?;
    let here = Address::of(kind, request.account, request.region, "");
    let mut found = Vec::new();
    for (id, attributes) in request.cloud.store.beside(&here) {
        if (ids.is_empty() || ids.iter().any(|named| named == id)) && passes(request, list, attributes)? {
            found.push((id.to_owned(), Value::Object(attributes.clone())));
        }
    }
    paged(request, list, found)
}

/// Whether the filters of a request leave a resource.
fn passes(request: &Request<'_>, list: List, attributes: &Attributes) -> Result<bool, Refusal> {
    let filters = request.input.get("Filters").or_else(|| request.input.get("Filter"));
    for filter in filters.and_then(Value::as_array).into_iter().flatten() {
        let name = filter["Name"].as_str().unwrap_or_default();
        let known = list.filters.iter().find(|(known, _)| *known == name);
        let (_, path) = known
            .ok_or_else(|| Refusal::new(400, "InvalidParameterValue", format!("Unrecognized filter name: {name}")))?;
        let wanted = filter.get("Values").or_else(|| filter.get("Value")).and_then(Value::as_array);
        let root = Value::Object(attributes.clone());
        if !at(&root, path).any(|value| wanted.into_iter().flatten().any(|wanted| *wanted == *value)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The values at the end of a path with dots, through lists.
fn at<'v>(value: &'v Value, path: &str) -> Box<dyn Iterator<Item = &'v Value> + 'v> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest.to_owned())));
    let found = match &value[name] {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    };
    match rest {
        None => Box::new(found.into_iter()),
        Some(rest) => Box::new(found.into_iter().flat_map(move |value| at(value, &rest))),
    }
}

/// One page of a list.
fn paged(request: &Request<'_>, list: List, found: Vec<(String, Value)>) -> Output {
    let asked = match &request.input[list.pages.size] {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|asked| usize::try_from(asked).ok()),
    };
    let size = request.cloud.page_size(asked, list.pages.usual);
    let (some, next) = page(&found, request.input[list.pages.from].as_str(), size);
    let some: Vec<_> = some.iter().map(|(_, value)| value.clone()).collect();
    let mut answer = json!({list.shown: some});
    if let Some(next) = next {
        answer[list.pages.next] = next.into();
    }
    Ok(answer)
}

/// The items of a list in their order.
fn items(list: &Value) -> Vec<(String, Value)> {
    let items = list.as_array().into_iter().flatten().enumerate();
    items.map(|(place, item)| (format!("{place:08}"), item.clone())).collect()
}

fn entries(request: &Request<'_>, catalogue: Catalogue) -> Vec<(String, Value)> {
    let is_picked = |entry: &Value| {
        catalogue.picked_by.iter().all(|name| request.input.get(name).is_none_or(|wanted| *wanted == entry[name]))
    };
    items(&(catalogue.entries)().into_iter().filter(is_picked).collect())
}

fn tag(request: &mut Request<'_>, tagging: Tagging) -> Value {
    let given = request.input[tagging.tags].as_array().cloned().unwrap_or_default();
    let keys: Vec<_> = given.iter().map(|tag| tag[tagging.names[0]].clone()).collect();
    let mut tags = without(request.attribute(tagging.attribute), tagging, &keys);
    tags.extend(given);
    tags.sort_by_key(|tag| tag[tagging.names[0]].to_string());
    request.set(tagging.attribute, tags.into());
    json!({})
}

fn untag(request: &mut Request<'_>, tagging: Tagging) -> Value {
    let keys = request.input[tagging.keys].as_array().cloned().unwrap_or_default();
    let tags = without(request.attribute(tagging.attribute), tagging, &keys);
    request.set(tagging.attribute, tags.into());
    json!({})
}

fn without(tags: &Value, tagging: Tagging, keys: &[Value]) -> Vec<Value> {
    let others = tags.as_array().into_iter().flatten().filter(|tag| !keys.contains(&tag[tagging.names[0]]));
    others.cloned().collect()
}
