//! Pages of the list of buckets.

use http::Method;

use super::super::Front;
use super::super::call::Call;
use super::super::wire::{Ask, Reply, pairs};

/// AWS lists buckets in the order of their names, `max-buckets` at a time, and gives a `ContinuationToken` where others follow.
/// moto cuts the list off, and gives none. Its whole list is asked for here, and cut into pages.
pub(super) async fn page(front: &Front, call: &Call, ask: &Ask) -> Reply {
    let asked = pairs(&call.query);
    let of = |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(most) = of("max-buckets").and_then(|most| most.parse().ok()) else {
        return front.forward(call, ask).await;
    };
    let kept = call.query.split('&').filter(|pair| !is_about_pages(pair)).collect::<Vec<_>>().join("&");
    let whole = front.forward(call, &ask.instead(Method::GET, &format!("/?{kept}"), "")).await;
    if !whole.status.is_success() {
        return whole;
    }
    let body = cut(&whole.text(), of("continuation-token"), most);
    whole.with_body(body)
}

fn is_about_pages(pair: &str) -> bool {
    ["max-buckets", "continuation-token"].contains(&pair.split('=').next().unwrap_or_default())
}

/// The page behind the bucket that the token names, and where the next begins.
fn cut(list: &str, token: Option<&str>, most: usize) -> String {
    let (Some((head, rest)), Some(end)) = (list.split_once("<Buckets>"), list.find("</Buckets>")) else {
        return list.to_owned();
    };
    let tail = &list[end + "</Buckets>".len()..];
    let mut buckets: Vec<_> = rest.split("<Bucket>").skip(1).filter_map(named).collect();
    buckets.sort_unstable();
    let mut behind = buckets.iter().filter(|(name, _)| token.is_none_or(|token| *name > token));
    let page: Vec<_> = behind.by_ref().take(most).collect();
    let next = behind.next().and(page.last()).map(|(name, _)| format!("<ContinuationToken>{name}</ContinuationToken>"));
    let members: String = page.iter().map(|(_, bucket)| format!("<Bucket>{bucket}</Bucket>")).collect();
    format!("{head}<Buckets>{members}</Buckets>{}{tail}", next.unwrap_or_default())
}

/// A bucket of the list, by its name.
fn named(rest: &str) -> Option<(&str, &str)> {
    let (bucket, _) = rest.split_once("</Bucket>")?;
    let (_, name) = bucket.split_once("<Name>")?;
    Some((name.split_once("</Name>")?.0, bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_is_on_one_page_in_the_order_of_names() {
        let buckets = |names: &[&str]| {
            let buckets: String = names.iter().map(|name| format!("<Bucket><Name>{name}</Name></Bucket>")).collect();
            format!("<R><Owner/><Buckets>{buckets}</Buckets>")
        };
        let whole = format!("{}</R>", buckets(&["c", "a", "d", "b", "e"]));
        let with = |token: &str| format!("<ContinuationToken>{token}</ContinuationToken></R>");
        assert_eq!(cut(&whole, None, 2), buckets(&["a", "b"]) + &with("b"));
        assert_eq!(cut(&whole, Some("b"), 2), buckets(&["c", "d"]) + &with("d"));
        assert_eq!(cut(&whole, Some("d"), 2), buckets(&["e"]) + "</R>");
        assert_eq!(cut(&whole, Some("e"), 2), buckets(&[]) + "</R>");
        assert_eq!(cut(&whole, None, 5), buckets(&["a", "b", "c", "d", "e"]) + "</R>");
    }
}
