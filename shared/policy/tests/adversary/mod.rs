//! Policies that are as hard to analyse as their size lets them be, and a search for worse ones.
//!
//! A policy is grown from a few genes, each a kind of statement with its share of the bytes. The same genes make a policy of
//! any size, so the growth of the work with the size can be measured. Every item differs from every other.

use std::fmt::Write as _;

use remedy_policy::{Holder, Identity, Kind, Policy, Resource, Upload, denies_uploads, edit, requires_tls, work};

/// A kind of statement, and how much of the policy is of that kind.
#[expect(clippy::struct_excessive_bools, reason = "each is an element of the grammar, by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gene {
    /// Its weight among the genes.
    pub(crate) share: usize,
    /// `Deny`, or else `Allow`.
    pub(crate) deny: bool,
    /// `NotAction`.
    pub(crate) not_action: bool,
    /// `NotResource`.
    pub(crate) not_resource: bool,
    /// Which list takes up the bytes.
    pub(crate) long: Long,
    /// The number of items in that list; none: as many as the share has room for, in one statement.
    pub(crate) items: Option<usize>,
    /// How patterns are written.
    pub(crate) style: usize,
    /// Whether a condition goes with it.
    pub(crate) conditional: bool,
}

/// The list of a statement that takes up the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Long {
    /// The actions.
    Actions,
    /// The resources.
    Resources,
    /// The values of a condition.
    Values,
    /// The keys of a condition.
    Keys,
    /// The addresses of a condition.
    Addresses,
    /// The principals.
    Principals,
}

const LONGS: [Long; 6] = [Long::Actions, Long::Resources, Long::Values, Long::Keys, Long::Addresses, Long::Principals];

impl Gene {
    /// A list of resources.
    pub(crate) const fn resources(share: usize, style: usize) -> Self {
        Self {
            share,
            deny: false,
            not_action: false,
            not_resource: false,
            long: Long::Resources,
            items: None,
            style,
            conditional: false,
        }
    }

    /// The same in a deny.
    pub(crate) const fn denied(self) -> Self {
        Self { deny: true, ..self }
    }

    /// The same about all but the resources.
    pub(crate) const fn but(self) -> Self {
        Self { not_resource: true, ..self }
    }

    /// The same in statements of so many items.
    pub(crate) const fn each(self, items: usize) -> Self {
        Self { items: Some(items), ..self }
    }

    /// The same with another list.
    pub(crate) const fn with(self, long: Long) -> Self {
        Self { long, ..self }
    }

    /// The same under a condition.
    pub(crate) const fn under(self) -> Self {
        Self { conditional: true, ..self }
    }
}

/// A name and the genes.
type Shape = (&'static str, Vec<Gene>);

/// The shapes that proved bad, by name.
pub(crate) fn shapes() -> Vec<Shape> {
    [of_patterns(), of_conditions()].concat()
}

fn of_patterns() -> Vec<Shape> {
    let resources = Gene::resources;
    vec![
        (
            "resources × exceptions × denies",
            vec![resources(3, 1), resources(3, 1).denied().but(), resources(3, 1).denied()],
        ),
        (
            "exceptions of many denies",
            vec![resources(2, 3), resources(4, 3).denied().but().each(6), resources(2, 3).denied().each(4)],
        ),
        ("exceptions of allows", vec![resources(5, 3).but(), resources(5, 3).each(3)]),
        ("all but × all but", vec![resources(4, 2).but().each(5), resources(4, 2).denied().but().each(5)]),
        (
            "stars in long patterns",
            vec![resources(3, 4).each(1), resources(3, 4).denied().but(), resources(3, 4).denied()],
        ),
        ("wild actions", vec![resources(1, 1).with(Long::Actions)]),
        (
            "wild actions in many statements",
            vec![resources(1, 2).with(Long::Actions).each(3), resources(1, 2).denied().each(1)],
        ),
        (
            "unknown actions",
            vec![resources(3, 3).with(Long::Actions), resources(3, 3).denied().with(Long::Actions).each(4)],
        ),
    ]
}

fn of_conditions() -> Vec<Shape> {
    let resources = Gene::resources;
    vec![
        (
            "values",
            vec![resources(3, 0).with(Long::Values).each(9), resources(3, 0).denied().with(Long::Values).each(9)],
        ),
        ("keys", vec![resources(2, 0).with(Long::Keys), resources(2, 1).denied().with(Long::Keys).each(7)]),
        (
            "addresses",
            vec![resources(3, 0).with(Long::Addresses).each(9), resources(3, 1).denied().with(Long::Addresses).each(2)],
        ),
        (
            "principals",
            vec![
                resources(3, 0).with(Long::Principals).each(9),
                resources(3, 1).denied().with(Long::Principals).each(9),
            ],
        ),
        (
            "many statements",
            vec![
                resources(2, 0).each(1),
                resources(2, 1).denied().each(1),
                resources(1, 2).denied().but().each(1).under(),
            ],
        ),
        (
            "a deny set for each allow",
            vec![
                resources(3, 1).each(3).under(),
                resources(3, 1).denied().but().each(5).under(),
                resources(3, 1).denied().each(3).under(),
            ],
        ),
    ]
}

/// A policy of at most so many bytes.
pub(crate) fn document(kind: Kind, genes: &[Gene], bytes: usize) -> String {
    let weights: usize = genes.iter().map(|gene| gene.share).sum();
    let mut statements = String::new();
    let mut number = 0;
    for gene in genes {
        let end = statements.len() + bytes.saturating_sub(60) * gene.share / weights.max(1);
        while statements.len() < end {
            let room = end - statements.len();
            let statement = statement(kind, gene, &mut number, room);
            if statement.len() + 1 > room {
                break;
            }
            let _infallible = write!(statements, "{}{statement}", if statements.is_empty() { "" } else { "," });
        }
    }
    if statements.is_empty() {
        statements = statement(kind, &Gene::resources(1, 0), &mut number, 200);
    }
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn statement(kind: Kind, gene: &Gene, number: &mut usize, room: usize) -> String {
    let service = kind.service().unwrap_or("s3");
    let (mut actions, mut resources) = (format!("\"{service}:*\""), "\"*\"".to_owned());
    let (mut principal, mut condition) = ("\"*\"".to_owned(), String::new());
    let mut list = |item: &dyn Fn(usize) -> String| listed(gene, number, room, item);
    match gene.long {
        Long::Actions => actions = list(&|n| format!("\"{}\"", action(gene.style, n))),
        Long::Resources => resources = list(&|n| format!("\"{}\"", resource(gene.style, n))),
        Long::Principals => {
            let entries = list(&|n| format!("\"arn:aws:iam::{n:012}:oidc-provider/{n}\""));
            principal = format!(r#"{{"Federated":[{entries}]}}"#);
        }
        Long::Values | Long::Keys | Long::Addresses => condition = clause(gene, &mut list),
    }
    if gene.conditional {
        *number += 1;
        condition = format!(r#""StringLikeIfExists":{{"aws:PrincipalTag/{}":"*"}}"#, *number % 40);
    }
    let effect = if gene.deny { "Deny" } else { "Allow" };
    let not = |negated: bool| if negated { "Not" } else { "" };
    let mut out = format!(r#"{{"Effect":"{effect}","{}Action":[{actions}]"#, not(gene.not_action));
    if kind != Kind::Trust {
        let _infallible = write!(out, r#","{}Resource":[{resources}]"#, not(gene.not_resource));
    }
    if kind != Kind::Identity {
        let _infallible = write!(out, r#","Principal":{principal}"#);
    }
    if !condition.is_empty() {
        let _infallible = write!(out, r#","Condition":{{{condition}}}"#);
    }
    out + "}"
}

/// Makes a list of items, told how one is written.
type List<'l> = dyn FnMut(&dyn Fn(usize) -> String) -> String + 'l;

fn clause(gene: &Gene, list: &mut List<'_>) -> String {
    match gene.long {
        Long::Values => {
            let operator = if gene.deny { "StringNotEquals" } else { "StringLike" };
            format!(r#""{operator}":{{"aws:Referer":[{}]}}"#, list(&|n| format!("\"x{}\"", n % 4_000)))
        }
        Long::Keys => {
            let operator = if gene.style == 0 { "StringLikeIfExists" } else { "StringNotLike" };
            format!(r#""{operator}":{{{}}}"#, list(&|n| format!(r#""aws:RequestTag/{n}":"a""#)))
        }
        _ => {
            let operator = if gene.style == 0 { "IpAddress" } else { "NotIpAddress" };
            let block = |n: usize| format!("\"{}.{}.{}.0/25\"", 11 + n % 200, n / 200 % 250, n % 250);
            format!(r#""{operator}":{{"aws:SourceIp":[{}]}}"#, list(&block))
        }
    }
}

/// As many items as the gene wants, or as there is room for beside the rest of the statement.
fn listed(gene: &Gene, number: &mut usize, room: usize, item: &dyn Fn(usize) -> String) -> String {
    const REST: usize = 170;
    let (mut out, mut items) = (String::new(), 0);
    while items < gene.items.unwrap_or(usize::MAX) {
        *number += 1;
        let item = item(*number);
        if items > 0 && out.len() + item.len() + REST > room {
            break;
        }
        let _infallible = write!(out, "{}{item}", if items > 0 { "," } else { "" });
        items += 1;
    }
    out
}

/// A few letters, others for each number: common ones, so that many begin to match.
fn letters(mut number: usize) -> String {
    let mut out = String::new();
    loop {
        out.push(char::from(b"etaoinsr"[number % 8]));
        number /= 8;
        if number == 0 {
            return out;
        }
    }
}

fn resource(style: usize, number: usize) -> String {
    match style {
        0 => format!("arn:aws:s3:::b/{number}"),
        1 => format!("arn:aws:s3:::b/*{number}*"),
        2 => format!("*:{}*", letters(number)),
        3 => format!("a:*{}*", letters(number)),
        _ => format!("a:{}{number}*", "*e".repeat(40)),
    }
}

fn action(style: usize, number: usize) -> String {
    match style {
        0 => format!("s3:get{}*", letters(number)),
        1 => {
            let letters: Vec<String> = letters(number + 64).chars().map(String::from).collect();
            format!("*:*{}*", letters.join("*"))
        }
        2 => format!("*:{}*", letters(number)),
        _ => format!("s3:zz{number}*"),
    }
}

/// The analyses of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The permissions of an identity policy.
    Identity,
    /// Whether a principal with the policy is an administrator.
    Admin,
    /// The callers that a resource policy admits.
    Public,
    /// The demands of a bucket policy.
    Demands,
    /// The edits that remove a fault.
    Edit,
}

/// The entries that accept a policy of this kind.
pub(crate) fn entries(kind: Kind) -> &'static [Entry] {
    match kind {
        Kind::Identity => &[Entry::Identity, Entry::Admin, Entry::Edit],
        Kind::Bucket => &[Entry::Public, Entry::Demands, Entry::Edit],
        Kind::Key | Kind::Trust | Kind::Resource => &[Entry::Public, Entry::Edit],
    }
}

/// The steps that an entry takes for a text, whatever the verdict.
pub(crate) fn steps(kind: Kind, entry: Entry, text: &str) -> u64 {
    let policy = Policy::parse(kind, text).expect("the adversary writes policies");
    let before = work::steps();
    ask(entry, &policy);
    work::steps() - before
}

/// Asks for the verdicts of an entry.
pub(crate) fn ask(entry: Entry, policy: &Policy<'_>) {
    match entry {
        Entry::Identity => drop(Identity::of(&Holder::of(policy))),
        Entry::Admin => _ = Identity::is_admin(&Holder::of(policy)),
        Entry::Public => drop(Resource::of(policy)),
        Entry::Demands => {
            let _answer = requires_tls(policy, "arn:aws:s3:::b");
            let _answer = denies_uploads(policy, "arn:aws:s3:::b", Upload::NamingNone);
        }
        Entry::Edit if policy.kind == Kind::Identity => drop(edit::remove_admin(policy)),
        Entry::Edit => drop(edit::remove_public(policy)),
    }
}

/// Xorshift: speed matters here, and repeatability.
#[derive(Debug)]
pub(crate) struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("a number") % sides.max(1)
    }

    fn gene(&mut self) -> Gene {
        Gene {
            share: 1 + self.roll(5),
            deny: self.roll(2) == 0,
            not_action: self.roll(6) == 0,
            not_resource: self.roll(2) == 0,
            long: if self.roll(2) == 0 { Long::Resources } else { LONGS[self.roll(LONGS.len())] },
            items: (self.roll(3) != 0).then(|| 1 + self.roll(12)),
            style: self.roll(5),
            conditional: self.roll(4) == 0,
        }
    }

    /// Genes that differ a little.
    pub(crate) fn mutated(&mut self, genes: &[Gene]) -> Vec<Gene> {
        let mut genes = genes.to_vec();
        match self.roll(4) {
            0 if genes.len() < 6 => genes.push(self.gene()),
            1 if genes.len() > 1 => _ = genes.remove(self.roll(genes.len())),
            2 => {
                let at = self.roll(genes.len());
                genes[at] = self.gene();
            }
            _ => {
                let at = self.roll(genes.len());
                let new = self.gene();
                let gene = &mut genes[at];
                match self.roll(5) {
                    0 => gene.share = new.share,
                    1 => gene.items = new.items,
                    2 => gene.style = new.style,
                    3 => gene.not_resource = !gene.not_resource,
                    _ => gene.conditional = !gene.conditional,
                }
            }
        }
        genes
    }
}

/// Climbs from some genes to others that take more steps, in so many tries.
pub(crate) fn climbed(
    dice: &mut Dice,
    kind: Kind,
    entry: Entry,
    genes: &[Gene],
    bytes: usize,
    tries: usize,
) -> (u64, Vec<Gene>) {
    let mut best = (steps(kind, entry, &document(kind, genes, bytes)), genes.to_vec());
    for _ in 0..tries {
        let genes = dice.mutated(&best.1);
        let found = steps(kind, entry, &document(kind, &genes, bytes));
        if found > best.0 {
            best = (found, genes);
        }
    }
    best
}
