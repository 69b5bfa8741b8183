//! AWS Config invokes a custom rule, and waits for `PutEvaluations`.
//! <https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html>
//!
//! The event and the rule's parameters are JSON texts inside the JSON, so each is looked over on its own.

use serde::Deserialize;

use super::item::{Item, Notification, Subject};
use super::refusal::{Refusal, RefusalKind};
use super::shape::{Account, ControlId, Region, ResultToken, RuleName, Timestamp, object};
use super::{Cause, Cursor, Idle, ReplyTo, Scope, Selector, Trigger, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    invoking_event: String,
    rule_parameters: Option<String>,
    result_token: ResultToken,
    /// Absent in some invocations, which `aws_lambda_events` does not expect.
    event_left_scope: Option<bool>,
    account_id: Account,
    config_rule_name: RuleName,
    config_rule_arn: Option<String>,
}

/// The rule's parameters; AWS Config allows strings only. Others than ours are for people to read.
#[derive(Deserialize)]
struct Parameters {
    control: Option<ControlId>,
}

/// Reads the invocation.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let invocation: Invocation = object("event", text)?;
    let notification: Notification = embedded("invokingEvent", &invocation.invoking_event)?;
    let subject = notification.subject().map_err(|refusal| refusal.within("invokingEvent"))?;
    let control = invocation.control()?;
    match subject {
        Subject::Item(item) => invocation.one(item, control),
        Subject::Everything { account, at } => invocation.all(account.as_ref(), at, control),
    }
}

fn embedded<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, Refusal> {
    text::inner(text).map_err(|refusal| refusal.within(place))?;
    object(place, text)
}

impl Invocation {
    /// The control that the rule is for, if its parameters say so.
    fn control(&self) -> Result<Option<Selector>, Refusal> {
        let Some(parameters) = &self.rule_parameters else {
            return Ok(None);
        };
        let parameters: Parameters = embedded("ruleParameters", parameters)?;
        Ok(parameters.control.map(|control| Selector::Controls(vec![control.into()])))
    }

    fn one(self, item: Item, control: Option<Selector>) -> Result<Trigger, Refusal> {
        self.own(Some(&item.aws_account_id))?;
        let resource = (item.resource_type.as_ref().to_owned(), item.resource_id.as_ref().to_owned());
        let (at, region) = (item.configuration_item_capture_time.clone(), item.aws_region.clone());
        let scope = match (self.event_left_scope, item.scope()) {
            (Some(true), _) => Scope::Nothing(Idle::LeftScope),
            (_, Scope::One(hint)) => Scope::One(super::Hint { selector: control.unwrap_or(hint.selector), ..hint }),
            (_, gone) => gone,
        };
        Ok(self.trigger(scope, region, at, Some(resource)))
    }

    fn all(self, account: Option<&Account>, at: Timestamp, control: Option<Selector>) -> Result<Trigger, Refusal> {
        self.own(account)?;
        let scope = Scope::All { selector: control.unwrap_or(Selector::Any), at: Cursor::BEGINNING };
        Ok(self.trigger(scope, None, at, None))
    }

    fn trigger(
        self,
        scope: Scope,
        region: Option<Region>,
        at: Timestamp,
        resource: Option<(String, String)>,
    ) -> Trigger {
        let home = self.home();
        let region = match (region, home) {
            (Some(region), Some(home)) => Some(region.or(&home)),
            (Some(region), None) => Some(region).filter(|region| region.as_ref() != "global"),
            (None, home) => home,
        };
        let reply_to = ReplyTo {
            result_token: self.result_token.into(),
            rule_name: self.config_rule_name.into(),
            ordering_timestamp: at.into(),
            resource,
        };
        Trigger { reply_to: Some(reply_to), ..Trigger::new(Cause::ConfigRule, scope, Some(self.account_id), region) }
    }

    /// Refuses an invocation whose event or rule is of another account.
    fn own(&self, account: Option<&Account>) -> Result<(), Refusal> {
        let of_rule = self.arn().and_then(|mut parts| parts.nth(4));
        if account.is_none_or(|account| *account == self.account_id)
            && of_rule.is_none_or(|account| account == self.account_id.as_ref())
        {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::ForeignAccount,
            "the invoking event or the rule names another account than the invocation",
        ))
    }

    /// The region the rule lives in: `arn:aws:config:<region>:<account>:config-rule/…`.
    fn home(&self) -> Option<Region> {
        let region = self.arn()?.nth(3)?;
        Region::try_from(region.to_owned()).ok()
    }

    fn arn(&self) -> Option<std::str::Split<'_, char>> {
        self.config_rule_arn.as_ref().map(|arn| arn.split(':'))
    }
}
