//! Databases that take no sign-in by IAM, instances and clusters alike.

use std::marker::PhantomData;

use remedy_aws::Reading as _;
use remedy_engine::prelude::*;
use remedy_rds::{Databases, Others, Reschedule, Scheduled, Single, Timed};

use crate::attribute::judged;

/// The codes of both controls.
pub(crate) const DEVIATES: &[&str] = &["iam-sign-in"];
pub(crate) const REASONS: &[&str] =
    &["engine", "needs-memory", "not-offered", "others-pending", "passwords-stay", "state", "unsupported"];
pub(crate) const OFFERS: Call = Call::same("rds:DescribeOrderableDBInstanceOptions");

/// A kind of database that may take sign-in by IAM.
pub trait SignsIn: Single<Client = Databases> {
    /// The control of this kind.
    const CONTROL: Control;

    /// Whether it takes sign-in by IAM, and whether it will.
    fn read(described: &Self::Described) -> Scheduled<IamSignIn>;

    /// Whether anything else is pending.
    fn others(described: &Self::Described) -> Others;

    /// Its engine version and machines.
    fn runs_on(described: &Self::Described) -> RunsOn<'_>;

    /// Why it is not for this control, if it is not.
    fn obstacle(described: &Self::Described) -> Option<&'static str>;

    /// The member of the call that changes it.
    fn set(change: Self::Change, sign_in: IamSignIn) -> Self::Change;
}

/// The facts that affect whether sign-in by IAM is possible, and its cost.
#[derive(Debug, Clone, Copy)]
pub struct RunsOn<'a> {
    /// The version of the engine.
    pub version: &'a str,
    /// The class of its machines; none where each member has its own.
    pub class: Option<&'a str>,
    /// Whether it is in a domain of Active Directory.
    pub directory: Directory,
}

/// Whether a database is in a domain of Active Directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// It is: people sign in by Kerberos.
    Kerberos,
    /// It is not.
    None,
}

/// Whether a database takes sign-in by IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IamSignIn(pub bool);

impl Timed for IamSignIn {
    const NAME: &'static str = "sign-in by IAM";

    /// A principal that signs in by IAM has no other way when it ends.
    fn harm(&self) -> Harm {
        if self.0 { Harm::None } else { Harm::Disruptive }
    }
}

/// The control of databases of this kind that take no sign-in by IAM.
#[derive(Debug)]
pub struct PasswordOnly<D>(PhantomData<D>);

/// Facts that affect the decision.
#[derive(Debug, Clone)]
pub struct Facts<T> {
    /// The description of the database.
    pub described: T,
    /// Whether its version and class can do it; unknown, until it matters.
    pub support: Support,
}

/// Whether RDS offers sign-in by IAM for a version of an engine on a class of machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Offered,
    /// It does not.
    Missing,
    /// It offers the version on this class no longer, and says nothing of it.
    Unknown,
}

impl<D: SignsIn> Remediation for PasswordOnly<D> {
    const CONTROL: Control = D::CONTROL;
    type On = D;
    type Facts = Facts<D::Described>;
    type Setting = Scheduled<IamSignIn>;
    type Step = Reschedule<D, IamSignIn>;

    async fn observe(client: &Databases, target: &Target) -> Result<Observed<Self::Facts, Self::Setting>, Fault> {
        Ok(match remedy_rds::observe::<D, _>(client, target, D::read).await? {
            Observed::Present { facts: described, setting } => {
                Observed::Present { facts: Facts { described, support: Support::Unknown }, setting }
            }
            Observed::Absent => Observed::Absent,
            Observed::Settling => Observed::Settling,
        })
    }

    async fn consult(
        client: &Databases,
        _: &Target,
        facts: Self::Facts,
        setting: &Self::Setting,
        _: &Parameters,
    ) -> Result<Self::Facts, Fault> {
        let summary = D::summary(&facts.described);
        let is_ours = remedy_rds::foreign(summary.engine).is_none() && D::obstacle(&facts.described).is_none();
        if !is_ours || setting.now.0 || setting.finally().0 {
            return Ok(facts);
        }
        let support = support(client, summary.engine, D::runs_on(&facts.described)).await?;
        Ok(Facts { support, ..facts })
    }

    fn judge(facts: &Self::Facts, setting: &Self::Setting, _: &Context<'_>) -> Verdict<Self::Setting> {
        let (described, summary) = (&facts.described, D::summary(&facts.described));
        judged(summary, || match (D::obstacle(described), facts.support) {
            (Some(obstacle), _) => Verdict::OutOfScope(Reason::new("unsupported", obstacle)),
            _ if setting.now.0 => Verdict::Compliant,
            _ if setting.finally().0 => {
                let when = summary.in_window();
                Verdict::Contained(vec![Violation::new(
                    "iam-sign-in",
                    format!("sign-in by IAM is off, and will be on {when}"),
                )])
            }
            (None, Support::Missing) => {
                Verdict::OutOfScope(Reason::new("unsupported", "this version of the engine takes no sign-in by IAM"))
            }
            (None, Support::Unknown) => Verdict::NeedsHuman {
                violations: off(),
                reason: Reason::new(
                    "not-offered",
                    "RDS offers this version on this class of machines no longer, and does not say whether it takes \
                     sign-in by IAM",
                ),
            },
            (None, Support::Offered) => Verdict::Drifted(Drift {
                violations: off(),
                desired: setting.towards(IamSignIn(true), D::others(described)),
                consent: Consent::ask("needs-memory", price(D::runs_on(described))),
                note: Some(Reason::new(
                    "passwords-stay",
                    "passwords go on working: take them from those who sign in by IAM",
                )),
            }),
        })
    }

    /// To change it back at once would carry out what others have scheduled.
    async fn hindrance(
        client: &Databases,
        target: &Target,
        from: &Self::Setting,
        to: &Self::Setting,
    ) -> Result<Option<Reason>, Fault> {
        if from.now == to.now {
            return Ok(None);
        }
        let described = D::describe(client, target).await?;
        let is_pending = described.is_some_and(|described| D::others(&described) == Others::Pending);
        let why = "other changes are pending, and would be carried out with it; wait for their window";
        Ok(is_pending.then(|| Reason::new("others-pending", why)))
    }

    async fn perform(writer: &Writer<Databases>, target: &Target, step: &Self::Step) -> Result<(), Fault> {
        D::send(D::set(D::change(writer.client(), target, step.apply), step.value)).await
    }
}

fn off() -> Vec<Violation> {
    vec![Violation::new("iam-sign-in", "sign-in by IAM is off: whoever has a password can sign in")]
}

/// The price of sign-in by IAM, in words for the person who decides.
fn price(on: RunsOn<'_>) -> String {
    let burstable = on.class.is_some_and(|class| class.starts_with("db.t"));
    let memory = if burstable { ", which this small class may not have" } else { "" };
    let kerberos = if on.directory == Directory::Kerberos { "; sign-in by Kerberos goes on" } else { "" };
    format!(
        "passwords go on working; sign-in by IAM needs TLS and 300 to 1,000 MiB of memory{memory}, and takes about 200 new \
         connections a second{kerberos}"
    )
}

/// Asks RDS, for there is no table of it that stays right.
async fn support(client: &Databases, engine: &str, on: RunsOn<'_>) -> Result<Support, Fault> {
    let request = client.describe_orderable_db_instance_options().engine(engine).engine_version(on.version);
    let request = request.set_db_instance_class(on.class.map(str::to_owned)).max_records(100);
    let answer = OFFERS.answer(request.send().await)?;
    let offers = answer.orderable_db_instance_options();
    let mut supports = offers.iter().map(|offer| offer.supports_iam_database_authentication() == Some(true));
    Ok(if offers.is_empty() {
        Support::Unknown
    } else if supports.any(|supports| supports) {
        Support::Offered
    } else {
        Support::Missing
    })
}
