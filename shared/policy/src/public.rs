//! Verdicts on the callers that a resource admits.
//!
//! The question is always whether an arbitrary external caller can make a request that the policy admits. Sources: IAM
//! User Guide, "AWS JSON policy elements: Principal"; S3 User Guide, "The meaning of public"; KMS and STS accept no
//! unsigned requests, so there public means any AWS account.

use crate::{
    Answer,
    callers::Callers,
    condition::{self, Key, Reading, Requests, Shape},
    covered::{ASIDE, Statements},
    document::{Clause, Effect, Kind, Operator, Policy, Principal, PrincipalKind, SetOperator, Statement, Version},
    explain::{Clue, Finding},
    glob,
    ip::Block,
    json::Span,
    time, variable,
    work::{self, TooMuchWork},
    world::{World, worlds},
};

/// The verdicts on a resource policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Whether external callers are admitted.
    pub public: Answer,
    /// Whether S3 calls it public: an allow for everyone that no fixed value limits. Denies are not looked at.
    pub public_literal: Answer,
    /// The statements that admit external callers, by their place.
    pub public_statements: Vec<usize>,
    /// Statements whose verdict depends on an unknown condition key.
    pub unknown_statements: Vec<usize>,
    /// Statements that let an AWS service in on anybody's behalf.
    pub confused_deputy: Vec<usize>,
    /// Whether the analysis was completed. If not, the verdict on an allow that is not for known principals alone is
    /// unknown.
    pub finished: Result<(), TooMuchWork>,
}

impl Resource {
    /// The verdicts on a policy. If they take more work than [`work::allowance`] gives to a policy of that size, they
    /// are unknown.
    #[must_use]
    pub fn of(policy: &Policy<'_>) -> Self {
        let allowance = work::allowance(policy.span.end - policy.span.start);
        work::within(allowance, || Self::found(policy)).unwrap_or_else(|error| Self::unfinished(policy, error))
    }

    const NONE: Self = Self {
        public: Answer::No,
        public_literal: Answer::No,
        public_statements: Vec::new(),
        unknown_statements: Vec::new(),
        confused_deputy: Vec::new(),
        finished: Ok(()),
    };

    fn unfinished(policy: &Policy<'_>, error: TooMuchWork) -> Self {
        let is_service = |entry: &Principal<'_>| entry.kind == PrincipalKind::Service;
        let may_be_open = |statement: &&Statement<'_>| {
            let mut entries = statement.principals.iter().flat_map(|principals| &principals.entries);
            statement.effect == Effect::Allow && (Reader::who(statement) != Who::Known || entries.any(is_service))
        };
        let open = policy.statements.iter().filter(may_be_open);
        let unknown_statements: Vec<_> = open.map(|statement| statement.index).collect();
        let public = if unknown_statements.is_empty() { Answer::No } else { Answer::Unknown };
        Self { public, public_literal: public, unknown_statements, finished: Err(error), ..Self::NONE }
    }

    fn found(policy: &Policy<'_>) -> Self {
        let worlds = worlds(policy);
        let prepared = Statements::of(policy);
        let readers: Vec<_> = worlds.iter().map(|world| Reader::of(policy, world)).collect();
        let mut verdicts = Self::NONE;
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            if work::is_over() {
                break;
            }
            if readers.iter().any(|reader| reader.literally_open(statement)) {
                verdicts.public_literal = Answer::Yes;
            }
            let mut answers = readers.iter().map(|reader| reader.open(policy, &prepared, statement));
            match answers.try_fold(Answer::No, |worst, answer| match answer {
                Answer::Yes => Err(Answer::Yes),
                Answer::Unknown => Ok(Answer::Unknown),
                Answer::No => Ok(worst),
            }) {
                Err(_) => verdicts.public_statements.push(statement.index),
                Ok(Answer::Unknown) => verdicts.unknown_statements.push(statement.index),
                Ok(_) => {}
            }
            if readers.iter().all(|reader| reader.deputy(statement).is_some()) {
                verdicts.confused_deputy.push(statement.index);
            }
        }
        if !verdicts.public_statements.is_empty() {
            verdicts.public = Answer::Yes;
        } else if !verdicts.unknown_statements.is_empty() {
            verdicts.public = Answer::Unknown;
        }
        verdicts
    }

    /// Why: the principals that admit external callers, and the conditions that do not exclude them.
    #[must_use]
    pub fn findings(&self, policy: &Policy<'_>) -> Vec<Finding> {
        let world = World::of(policy);
        let reader = Reader::of(policy, &world);
        let who = match policy.kind {
            Kind::Key | Kind::Trust => "any AWS account is let in",
            Kind::Bucket | Kind::Resource | Kind::Identity => "anyone is let in",
        };
        let of = |indices: &[usize], verdict, says: &str| {
            let statements = policy.statements.iter().filter(|statement| indices.contains(&statement.index));
            let clues: Vec<_> = statements.flat_map(|statement| reader.clues(statement)).collect();
            (!clues.is_empty()).then(|| Finding::new(verdict, says, clues))
        };
        let unknown = match self.finished {
            Ok(()) => "whether a stranger is let in depends on a condition key that is not known",
            Err(TooMuchWork) => {
                "whether a stranger is let in takes more work to find out than Remedy spends on a policy"
            }
        };
        let deputy = "a service may act on behalf of any account";
        let clues_of_deputies = || {
            let statements =
                policy.statements.iter().filter(|statement| self.confused_deputy.contains(&statement.index));
            let missing = "aws:SourceAccount, aws:SourceArn or aws:SourceOrgID";
            statements
                .filter_map(|statement| reader.deputy(statement).map(|span| Clue::at(0, statement, span, missing)))
                .collect::<Vec<_>>()
        };
        let deputies =
            (!self.confused_deputy.is_empty()).then(|| Finding::new("confused-deputy", deputy, clues_of_deputies()));
        [
            of(&self.public_statements, "public", who),
            of(&self.unknown_statements, "public-unknown", unknown),
            self.literal(policy, reader),
            deputies,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// S3 says so of bucket policies; of all others, an allow that lets nobody in is no finding.
    fn literal(&self, policy: &Policy<'_>, reader: Reader<'_>) -> Option<Finding> {
        if policy.kind != Kind::Bucket || self.public_literal != Answer::Yes || self.public == Answer::Yes {
            return None;
        }
        let allows = policy.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        let clues = allows.filter(|allow| reader.literally_open(allow)).flat_map(|allow| reader.clues(allow)).collect();
        let says = "S3 calls this policy public: an allow for everyone without a fixed value";
        Some(Finding::new("public-literal", says, clues))
    }
}

#[derive(Debug, Clone, Copy)]
struct Reader<'w> {
    kind: Kind,
    version: Version,
    world: &'w World<'w>,
}

/// The external callers that a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Nobody outside.
    Known,
    /// Everybody.
    Everyone,
    /// Anyone for whom an identity provider for the public vouches.
    WebIdentity,
}

/// The effect of a condition on external callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effectiveness {
    KeepsOut,
    LetsIn,
    Unknown,
}

impl<'w> Reader<'w> {
    const fn of(policy: &Policy<'_>, world: &'w World<'w>) -> Self {
        Self { kind: policy.kind, version: policy.version, world }
    }

    /// Whether this statement admits an external caller.
    fn open(self, policy: &Policy<'_>, prepared: &Statements<'_>, allow: &Statement<'_>) -> Answer {
        if Self::who(allow) == Who::Known || self.grants_nothing(allow) {
            return Answer::No;
        }
        let answer = match self.conditions(allow, Reading::Meaning) {
            Effectiveness::KeepsOut => return Answer::No,
            Effectiveness::Unknown => Answer::Unknown,
            Effectiveness::LetsIn if self.world.needs_unknown(self.kind) => Answer::Unknown,
            Effectiveness::LetsIn => Answer::Yes,
        };
        match self.denied(policy, prepared, allow) {
            Answer::Yes => Answer::No,
            Answer::Unknown => Answer::Unknown,
            Answer::No => answer,
        }
    }

    fn literally_open(self, allow: &Statement<'_>) -> bool {
        Self::who(allow) != Who::Known && self.conditions(allow, Reading::Literal) != Effectiveness::KeepsOut
    }

    fn who(statement: &Statement<'_>) -> Who {
        let Some(principals) = &statement.principals else { return Who::Known };
        if principals.negated {
            // Everybody but these; only the star itself leaves nobody.
            let nobody = principals.entries.iter().any(is_everyone_by_name);
            return if nobody { Who::Known } else { Who::Everyone };
        }
        if principals.entries.iter().any(is_everyone) {
            Who::Everyone
        } else if principals.entries.iter().any(is_web_identity) {
            Who::WebIdentity
        } else {
            Who::Known
        }
    }

    fn grants_nothing(self, allow: &Statement<'_>) -> bool {
        let aside = |text: &str| ASIDE.contains(&text);
        let nothing = |element: &crate::document::Element<'_>| {
            element.negated && element.items.iter().any(|item| crate::catalogue::every_action(&item.text))
        };
        nothing(&allow.actions)
            || (self.kind == Kind::Trust
                && !allow.actions.negated
                && allow.actions.items.iter().all(|item| aside(&item.text)))
            || allow
                .resources
                .as_ref()
                .is_some_and(|element| element.negated && element.items.iter().any(|item| glob::everything(&item.text)))
    }

    /// The effect of all conditions of an allow on external callers.
    fn conditions(self, allow: &Statement<'_>, reading: Reading) -> Effectiveness {
        let mut unknown = false;
        let presence = Presence { clauses: &allow.clauses };
        let asked = |key: &str| self.world.has(key) == Some(true) || presence.required(key);
        if asked("aws:sourceip") && (asked("aws:sourcevpce") || asked("aws:sourcevpc")) {
            // A request through a VPC endpoint has no public address.
            return Effectiveness::KeepsOut;
        }
        for clause in &allow.clauses {
            match self.clause(clause, presence, reading) {
                Effectiveness::KeepsOut => return Effectiveness::KeepsOut,
                Effectiveness::Unknown => unknown = true,
                Effectiveness::LetsIn => {}
            }
        }
        if reading == Reading::Literal {
            // A value that S3 does not list as fixed limits nothing.
            return Effectiveness::LetsIn;
        }
        let mut addresses = allow.clauses.iter().filter(|clause| clause.key == "aws:sourceip").peekable();
        if addresses.peek().is_some() && !self.callers(allow, std::iter::empty()).is_public() {
            // An invalid range may be one in a notation that only AWS knows.
            let odd = |clause: &Clause<'_>| clause.operator == Operator::IpAddress && self.blocks(clause).is_none();
            return if addresses.any(odd) { Effectiveness::Unknown } else { Effectiveness::KeepsOut };
        }
        if unknown { Effectiveness::Unknown } else { Effectiveness::LetsIn }
    }

    fn clause(self, clause: &Clause<'_>, presence: Presence<'_, '_>, reading: Reading) -> Effectiveness {
        let key = Key::of(self.kind, &clause.key);
        // S3's definition knows no dates.
        let counts = |_: &bool| reading == Reading::Meaning || !time::is_about(clause);
        if let Some(holds) = self.world.settles(clause).filter(counts) {
            return if holds { Effectiveness::LetsIn } else { Effectiveness::KeepsOut };
        }
        let required = self.world.has(&clause.key) == Some(true) || presence.required(&clause.key);
        if clause.operator == Operator::Null || (clause.holds_without_key() && !required) {
            return Effectiveness::LetsIn;
        }
        if clause.negated {
            // No value is unlike everything.
            return if clause.expands() && clause.values.iter().any(|value| value.text == "*") {
                Effectiveness::KeepsOut
            } else if key == Key::Unknown {
                Effectiveness::Unknown
            } else {
                Effectiveness::LetsIn
            };
        }
        let keeps_out = match key {
            // No value is like any of none.
            _ if clause.values.is_empty() => true,
            Key::Fixed(shape) => clause.is_fixed(self.version, shape, reading),
            Key::IsService => {
                !clause.values.is_empty() && clause.values.iter().all(|value| value.text.eq_ignore_ascii_case("true"))
            }
            Key::Claim => clause.fixes_claim(self.version, reading),
            Key::Address if reading == Reading::Literal => {
                self.blocks(clause).is_some_and(|blocks| !blocks.iter().any(|block| block.is_broad()))
            }
            Key::Address | Key::Free => false,
            Key::Unknown => return Effectiveness::Unknown,
        };
        if keeps_out { Effectiveness::KeepsOut } else { Effectiveness::LetsIn }
    }

    /// The addresses of a clause on `aws:SourceIp`, if it compares addresses.
    fn blocks(self, clause: &Clause<'_>) -> Option<Vec<Block>> {
        match clause.operator {
            Operator::IpAddress => clause.values.iter().map(|value| Block::parse(&value.text)).collect(),
            Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike => {
                let exact = |text: &str| !text.contains('/') && !variable::has_variable(self.version, text);
                clause.values.iter().map(|value| Block::parse(&value.text).filter(|_| exact(&value.text))).collect()
            }
            _ => None,
        }
    }

    /// At most the addresses that have one of a clause's values: what is no range has none, and a range or a pattern in a
    /// string is taken for what it means.
    fn at_most(self, clause: &Clause<'_>) -> Option<Vec<Block>> {
        let values = || clause.values.iter().map(|value| &*value.text);
        match clause.operator {
            Operator::IpAddress => Some(values().filter_map(Block::parse).collect()),
            Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike => {
                let plain = |text: &&str| !variable::has_variable(self.version, text);
                values().map(|text| Some(text).filter(plain).and_then(Block::like)).collect()
            }
            _ => None,
        }
    }

    /// Whether denies exclude every external caller from all that the allow grants.
    fn denied(self, policy: &Policy<'_>, prepared: &Statements<'_>, allow: &Statement<'_>) -> Answer {
        work::count_all(policy.statements.len());
        let denies: Vec<_> = policy
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Deny && Self::denies_strangers(statement, allow))
            .collect();
        if denies.is_empty() {
            return Answer::No;
        }
        let presence = Presence { clauses: &allow.clauses };
        let mut complete: Vec<&Statement<'_>> = Vec::new();
        let mut unknown: Vec<&Statement<'_>> = Vec::new();
        for &deny in &denies {
            match self.unavoidable(deny, allow, presence) {
                Answer::Yes => complete.push(deny),
                Answer::Unknown => unknown.push(deny),
                Answer::No => {}
            }
        }
        if !complete.is_empty() && prepared.covered(allow, &complete) {
            return Answer::Yes;
        }
        let by_address: Vec<_> = denies.iter().copied().filter(|deny| on_address_alone(deny)).collect();
        if !by_address.is_empty() {
            let of_all = by_address.iter().copied().filter(|deny| prepared.covered(allow, &[deny]));
            if !self.callers(allow, of_all).is_public() {
                return Answer::Yes;
            }
        }
        if !unknown.is_empty() {
            complete.append(&mut unknown);
            if prepared.covered(allow, &complete) {
                return Answer::Unknown;
            }
        }
        Answer::No
    }

    /// The addresses that external callers can have under these denies on addresses.
    fn callers<'s>(self, allow: &Statement<'_>, denies: impl Iterator<Item = &'s Statement<'s>>) -> Callers {
        let mut from = Callers::new(self.world.has("aws:sourceip"));
        for clause in allow.clauses.iter().filter(|clause| clause.key == "aws:sourceip") {
            let blocks = if clause.negated { self.blocks(clause) } else { self.at_most(clause) };
            if let Some(blocks) = blocks {
                from.allow(clause, &blocks);
            }
        }
        for clause in denies.flat_map(|deny| &deny.clauses) {
            if let Some(blocks) = self.blocks(clause) {
                from.deny(clause, &blocks);
            }
        }
        from
    }

    /// Whether a deny is about the external callers that the allow is about.
    fn denies_strangers(deny: &Statement<'_>, allow: &Statement<'_>) -> bool {
        let Some(principals) = &deny.principals else { return false };
        if principals.negated {
            return !principals.entries.iter().any(lets_strangers_in);
        }
        if principals.entries.iter().any(is_everyone_by_name) {
            return true;
        }
        // Those for whom a provider vouches are denied by its name too.
        let named = |provider: &Principal<'_>| {
            work::count_all(principals.entries.len());
            principals.entries.iter().any(|entry| entry.kind == provider.kind && entry.text == provider.text)
        };
        let mut providers = allow.principals.iter().flat_map(|allowed| &allowed.entries).filter(|e| is_web_identity(e));
        Self::who(allow) == Who::WebIdentity && providers.all(named)
    }

    /// Whether every external caller that the allow admits meets the deny's conditions.
    fn unavoidable(self, deny: &Statement<'_>, allow: &Statement<'_>, presence: Presence<'_, '_>) -> Answer {
        let mut answer = Answer::Yes;
        for clause in &deny.clauses {
            match self.inescapable(clause, allow, presence) {
                Answer::No => return Answer::No,
                Answer::Unknown => answer = Answer::Unknown,
                Answer::Yes => {}
            }
        }
        answer
    }

    fn inescapable(self, clause: &Clause<'_>, allow: &Statement<'_>, presence: Presence<'_, '_>) -> Answer {
        if allow.clauses.iter().any(|held| implies(held, clause)) {
            return Answer::Yes;
        }
        if let Some(holds) = self.world.settles(clause) {
            return holds.into();
        }
        if condition::always(self.version, clause, Requests::All) {
            return Answer::Yes;
        }
        if clause.operator == Operator::Null {
            return Answer::No;
        }
        // Those who come without the key: do they meet the clause, or are they not admitted anyhow?
        let without_key = clause.holds_without_key()
            || self.world.has(&clause.key) == Some(true)
            || presence.required(&clause.key)
            || (self.signed() && clause.key == "aws:principalisawsservice");
        if !without_key {
            return Answer::No;
        }
        let fixed = |shape| clause.is_fixed(self.version, shape, Reading::Meaning);
        match Key::of(self.kind, &clause.key) {
            Key::Fixed(shape) => (clause.negated && fixed(shape)).into(),
            Key::IsService => {
                let says = |word: &str| clause.values.iter().all(|value| value.text.eq_ignore_ascii_case(word));
                (!clause.values.is_empty() && if clause.negated { says("true") } else { says("false") }).into()
            }
            Key::Address => {
                let blocks = self.blocks(clause);
                let narrow = |blocks: Vec<Block>| {
                    let mut rest = Callers::new(Some(true));
                    rest.deny(clause, &blocks);
                    !rest.is_public()
                };
                (clause.negated && blocks.is_some_and(narrow)).into()
            }
            Key::Claim => (clause.negated && clause.fixes_claim(self.version, Reading::Meaning)).into(),
            Key::Unknown => Answer::Unknown,
            Key::Free => Answer::No,
        }
    }

    /// Whether the service takes no request without a signature.
    const fn signed(self) -> bool {
        matches!(self.kind, Kind::Key | Kind::Trust)
    }

    /// A service that may be let in on behalf of anybody: where it stands. A role is given to a service by somebody of its
    /// own account alone (IAM User Guide, "Grant a user permissions to pass a role to an AWS service"), so trust policies
    /// have none.
    fn deputy(self, allow: &Statement<'_>) -> Option<Span> {
        const SOURCE: [&str; 6] = [
            "aws:sourceaccount",
            "aws:sourcearn",
            "aws:sourceorgid",
            "aws:sourceorgpaths",
            "aws:sourceowner",
            "kms:calleraccount",
        ];
        let principals = allow.principals.as_ref().filter(|principals| !principals.negated)?;
        let services = || principals.entries.iter().filter(|entry| entry.kind == PrincipalKind::Service);
        let service = services().next().filter(|_| self.kind != Kind::Trust)?;
        let presence = Presence { clauses: &allow.clauses };
        let bound = allow.clauses.iter().filter(|clause| SOURCE.contains(&&*clause.key));
        let keeps_out =
            |clause: &Clause<'_>| self.clause(clause, presence, Reading::Meaning) == Effectiveness::KeepsOut;
        let is_over = allow.clauses.iter().any(|clause| self.world.settles(clause) == Some(false));
        let one_context = |clause: &Clause<'_>| services().all(|service| self.is_own_context(clause, &service.text));
        let says_whose = allow.clauses.iter().any(one_context);
        let has_no_source = self.kind == Kind::Key && services().all(is_eventbridge) && is_for_data_alone(allow);
        (!is_over && !says_whose && !has_no_source && !bound.into_iter().any(keeps_out)).then_some(service.span)
    }

    /// Whether the service, and no caller, says in the encryption context whose resource it is about, and the clause fixes
    /// the account: `kms:EncryptionContext:aws:logs:arn` for `logs.us-east-1.amazonaws.com`.
    ///
    /// Source: CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS"; CloudTrail User Guide,
    /// "Configure AWS KMS key policies for CloudTrail"; EventBridge User Guide, "Encryption of event buses".
    fn is_own_context(self, clause: &Clause<'_>, service: &str) -> bool {
        let label = service.split('.').next().unwrap_or_default();
        let context = clause.key.strip_prefix("kms:encryptioncontext:aws:");
        let own = context.and_then(|context| context.split_once(':')).filter(|(name, _)| *name == label);
        own.is_some_and(|(_, what)| what.ends_with("arn"))
            && !clause.negated
            && !clause.holds_without_key()
            && clause.is_fixed(self.version, Shape::SourceArn, Reading::Meaning)
    }

    /// The principals of an open statement and the conditions that do not limit it.
    fn clues(self, statement: &Statement<'_>) -> Vec<Clue> {
        let Some(principals) = &statement.principals else { return Vec::new() };
        let missing = match self.kind {
            Kind::Trust => "the principals that may assume the role, or a condition on who they are",
            _ => {
                "the principals that need it, or a condition on a fixed account, organization, VPC endpoint or address"
            }
        };
        let mut clues = vec![Clue::at(0, statement, principals.span, missing)];
        let presence = Presence { clauses: &statement.clauses };
        for clause in &statement.clauses {
            let why = match Key::of(self.kind, &clause.key) {
                Key::Unknown => "a condition key that AWS documents",
                _ if clause.holds_without_key() && !presence.required(&clause.key) => {
                    "an operator that does not hold where the key is absent"
                }
                Key::Free => "a key that the caller does not choose",
                Key::Fixed(_) | Key::Claim => "values without wildcards or variables where they say who",
                Key::Address => "address ranges that are together no wider than a /8, or a /32 of IPv6",
                Key::IsService => "the value true",
            };
            clues.push(Clue::at(0, statement, clause.span, why));
        }
        clues
    }
}

/// EventBridge tells KMS no source where it publishes to an encrypted topic or queue: with a condition on one, events are
/// lost. The policy of the topic or the queue says whose rules may send.
///
/// Source: Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs", "Enable compatibility between event
/// sources from AWS services and encrypted topics".
fn is_eventbridge(service: &Principal<'_>) -> bool {
    service.text == "events.amazonaws.com"
}

/// Whether a grant on a key is for encrypting and decrypting by data keys, and nothing else.
fn is_for_data_alone(allow: &Statement<'_>) -> bool {
    const DATA: [&str; 3] = ["kms:decrypt", "kms:generatedatakey", "kms:generatedatakey*"];
    !allow.actions.negated && allow.actions.items.iter().all(|item| DATA.contains(&&*item.text))
}

/// Which keys a statement's conditions ask to be there.
#[derive(Debug, Clone, Copy)]
struct Presence<'s, 'a> {
    clauses: &'s [Clause<'a>],
}

impl Presence<'_, '_> {
    fn required(self, key: &str) -> bool {
        work::count_all(self.clauses.len());
        self.clauses
            .iter()
            .any(|clause| clause.key == key && clause.operator != Operator::Null && !clause.holds_without_key())
    }
}

fn on_address_alone(deny: &Statement<'_>) -> bool {
    matches!(deny.clauses.as_slice(), [only] if only.key == "aws:sourceip" && only.operator != Operator::Null)
}

/// Whether a request that meets `held` meets `asked` too: the same test, with no more values.
fn implies(held: &Clause<'_>, asked: &Clause<'_>) -> bool {
    let same = held.key == asked.key
        && held.set == asked.set
        && held.operator == asked.operator
        && held.negated == asked.negated
        && held.if_exists == asked.if_exists
        && held.operator != Operator::Null
        && held.set != SetOperator::ForAllValues;
    let (fewer, more) = if held.negated { (asked, held) } else { (held, asked) };
    work::count_all(if same { 1 + fewer.values.len() * more.values.len() } else { 1 });
    same && !work::is_over()
        && fewer.values.iter().all(|value| more.values.iter().any(|other| other.text == value.text))
}

/// The providers that vouch for anybody who signs up.
///
/// Source: IAM User Guide, "AWS STS condition keys: Available keys for AWS web identity federation".
fn is_web_identity(entry: &Principal<'_>) -> bool {
    const PROVIDERS: [&str; 4] =
        ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
    entry.kind == PrincipalKind::Federated
        && (PROVIDERS.contains(&&*entry.text) || entry.text.contains(":oidc-provider/"))
}

/// Whether this principal is, or vouches for, anybody.
pub(crate) fn lets_strangers_in(entry: &Principal<'_>) -> bool {
    is_everyone(entry) || is_web_identity(entry)
}

/// A principal that is anybody. A wildcard within a name is more than AWS takes, and is not read as harmless.
fn is_everyone(entry: &Principal<'_>) -> bool {
    match entry.kind {
        PrincipalKind::Aws if entry.text.contains(':') => entry.text.split(':').nth(4).is_none_or(glob::wild),
        _ => glob::wild(&entry.text),
    }
}

/// Whether a statement is about everybody for certain.
pub(crate) fn names_everyone(statement: &Statement<'_>) -> bool {
    let principals = statement.principals.as_ref().filter(|principals| !principals.negated);
    principals.is_some_and(|principals| principals.entries.iter().any(is_everyone_by_name))
}

/// A principal that is anybody for certain, as a deny must be.
fn is_everyone_by_name(entry: &Principal<'_>) -> bool {
    entry.kind == PrincipalKind::Aws && entry.text == "*"
}
