//! `aws_lb_listener_rule`

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, Rule as Found, RuleCondition, RulePriorityPair,
    SourceIpConditionConfig,
};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Block, Changes, Complaint, Computed, Cx, Error, Id, OptComputed, Path, PlanEdit, Resource, Set, Tags, Token, Value,
    async_trait, checks, invalid,
};

use crate::action::{self, Action};
use crate::{elbv2, tags};

/// What a listener does with certain requests.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_lb_listener_rule")]
pub(crate) struct ListenerRule {
    id: Id,
    /// What is done with a request.
    #[attr(min = 1)]
    action: Vec<Action>,
    /// Its ARN.
    arn: Computed<String>,
    /// Which requests it is for.
    #[attr(min = 1)]
    condition: Set<Condition>,
    /// ARN of the listener.
    #[attr(force_new, check = checks::arn)]
    listener_arn: String,
    /// Place among the listener's rules.
    priority: OptComputed<i32>,
    /// Tags of the object.
    tags: Tags,
}

/// Which requests it is for.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Condition {
    /// By host name.
    host_header: Option<Values>,
    /// By a header.
    http_header: Option<HttpHeader>,
    /// By method.
    http_request_method: Option<Values>,
    /// By path.
    path_pattern: Option<Paths>,
    /// By query.
    query_string: Set<QueryString>,
    /// By the client's address.
    source_ip: Option<Sources>,
}

/// By host name.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Values {
    /// Patterns; one must match.
    values: Set<String>,
}

/// By the path.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Paths {
    /// Patterns; one must match.
    #[attr(check = pattern)]
    values: Set<String>,
}

/// By the client's address.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Sources {
    /// Ranges; one must have the address.
    #[attr(check = checks::cidr)]
    values: Set<String>,
}

/// A pattern of a path.
fn pattern(text: &str) -> Result<(), String> {
    if (1..=128).contains(&text.chars().count()) { Ok(()) } else { Err("to have 1 to 128 characters".into()) }
}

/// By a header.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct HttpHeader {
    /// Name of the header.
    http_header_name: String,
    /// Patterns; one must match.
    values: Set<String>,
}

/// By query.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct QueryString {
    /// The key.
    #[attr(default = "")]
    key: Option<String>,
    /// The value.
    value: String,
}

/// The priority of a listener's default rule, which is none of ours.
const DEFAULT: &str = "default";

/// Most that a priority can be.
const LAST: i32 = 50_000;

#[async_trait]
impl Resource for ListenerRule {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Listener Rule";
    const TOKEN: Token = Token::Tag;
    // DescribeTags takes 20 ARNs.
    const CHUNK: usize = tags::BATCH;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let (asked, limit) = (want.priority.filter(|p| *p > 0), std::time::Duration::from_secs(300));
        // Without a priority the next free one is taken; somebody else may have just taken it.
        let codes: &[&str] = if asked.is_some() { &[] } else { &["PriorityInUse"] };
        let made = cx
            .retry_on(codes, limit, || async {
                let priority = match asked {
                    Some(priority) => priority,
                    None => next_priority(cx.api, &want.listener_arn).await?,
                };
                elbv2(cx.api)
                    .create_rule()
                    .listener_arn(&want.listener_arn)
                    .priority(priority)
                    .set_actions(Some(Action::requests(&want.action)))
                    .set_conditions(Some(want.condition.iter().flat_map(Condition::requests).collect()))
                    .set_tags(tags::list(want.tags.clone()))
                    .send()
                    .await
                    .api()
            })
            .await?;
        let arn = made.rules.unwrap_or_default().into_iter().next().and_then(|r| r.rule_arn);
        Ok(Self { id: arn.clone().unwrap_or_default(), arn, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let arns: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = elbv2(cx.api).describe_rules().set_rule_arns(Some(arns.clone())).send();
        let (found, tagged) = tokio::join!(found, tags::together(cx, &arns));
        let mut tagged = tagged?;
        let objects = found.api()?.rules.unwrap_or_default().into_iter().filter_map(|r| {
            let arn = r.rule_arn.clone()?;
            let known = known.iter().find(|k| k.id == arn)?;
            Some((arn.clone(), known.seen(r, tagged.remove(&arn).unwrap_or_default())))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if let Some(priority) = want.priority.filter(|_| changed.has(Self::PRIORITY)) {
            let pair = RulePriorityPair::builder().rule_arn(&prior.id).priority(priority).build();
            elbv2(cx.api).set_rule_priorities().rule_priorities(pair).send().await.api()?;
        }
        if changed.any(&[Self::ACTION, Self::CONDITION]) {
            let mut call = elbv2(cx.api).modify_rule().rule_arn(&prior.id);
            if changed.has(Self::ACTION) {
                call = call.set_actions(Some(Action::requests(&want.action)));
            }
            if changed.has(Self::CONDITION) {
                call = call.set_conditions(Some(want.condition.iter().flat_map(Condition::requests).collect()));
            }
            call.send().await.api()?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        elbv2(cx.api).delete_rule().rule_arn(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = match rules(cx.api, &want.listener_arn).await {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        for arn in found.into_iter().filter(|r| r.is_default != Some(true)).filter_map(|r| r.rule_arn) {
            if tags::ours(cx.api, &arn, cx.token()).await? {
                return Ok(Some(Self { id: arn.clone(), arn: Some(arn), ..want.clone() }));
            }
        }
        Ok(None)
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    /// A rule of another listener is another rule; its priority is planned anew unless configured.
    fn customize(edit: &mut PlanEdit<'_>) {
        action::customize(edit, Self::ACTION);
        if edit.changes(Self::LISTENER_ARN) && edit.config(Self::PRIORITY).is_null() {
            edit.set_unknown(Self::PRIORITY);
        }
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let mut out = Vec::new();
        let priority = config.get(Self::PRIORITY.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        if priority.is_some_and(|p| !(1..=99_999).contains(&p)) {
            let detail = "expected priority to be in the range 1-99999".to_owned();
            out.push(invalid(Path::root().attr(Self::PRIORITY.0), "Invalid value for an argument", detail));
        }
        let conditions = config.get(Self::CONDITION.0).and_then(Value::as_items).unwrap_or_default();
        for condition in conditions.iter().filter(|c| !c.is_unknown()) {
            let members = || condition.as_members().into_iter().flatten();
            let kinds = members().filter(|(_, v)| v.as_items().is_some_and(|i| !i.is_empty())).count();
            // Dynamic blocks may turn out to be none.
            if kinds > 1 || kinds == 0 && !members().any(|(_, v)| v.is_unknown()) {
                let detail = format!("expected each condition to have one kind of test, got {kinds}");
                out.push(invalid(Path::root().attr(Self::CONDITION.0), "Invalid combination of arguments", detail));
            }
        }
        out
    }
}

async fn rules(aws: &Aws, listener: &str) -> Result<Vec<Found>, Error> {
    let mut out = Vec::new();
    let mut marker = None;
    loop {
        let answer = elbv2(aws).describe_rules().listener_arn(listener).set_marker(marker).send().await.api()?;
        out.extend(answer.rules.unwrap_or_default());
        marker = answer.next_marker;
        if marker.is_none() {
            return Ok(out);
        }
    }
}

async fn next_priority(aws: &Aws, listener: &str) -> Result<i32, Error> {
    let taken = rules(aws, listener).await?;
    let highest = taken.into_iter().filter_map(|r| r.priority?.parse::<i32>().ok()).max().unwrap_or_default();
    if highest < LAST { Ok(highest + 1) } else { Err(Error::other("the listener has no free priority left")) }
}

impl ListenerRule {
    fn seen(&self, r: Found, tags: Tags) -> Self {
        let arn = r.rule_arn.unwrap_or_default();
        let priority = r.priority.filter(|p| p != DEFAULT).and_then(|p| p.parse().ok());
        Self {
            action: Action::from_answers(r.actions.unwrap_or_default(), &self.action),
            condition: r.conditions.unwrap_or_default().into_iter().filter_map(Condition::seen).collect(),
            listener_arn: listener_of(&arn),
            priority,
            tags,
            id: arn.clone(),
            arn: Some(arn),
        }
    }
}

/// The listener's ARN is inside the rule's: `…:listener-rule/app/name/id/listener/rule`.
fn listener_of(rule: &str) -> String {
    let start = rule.rsplit_once('/').map_or(rule, |(start, _)| start);
    start.replacen(":listener-rule/", ":listener/", 1)
}

impl Condition {
    /// Each kind of test is a condition of its own for the API.
    fn requests(&self) -> Vec<RuleCondition> {
        let mut out = Vec::new();
        let of = |field: &str| RuleCondition::builder().field(field);
        if let Some(c) = &self.host_header {
            let config = HostHeaderConditionConfig::builder().set_values(Some(c.values.clone())).build();
            out.push(of("host-header").host_header_config(config).build());
        }
        if let Some(c) = &self.http_header {
            let config = HttpHeaderConditionConfig::builder().http_header_name(&c.http_header_name);
            out.push(of("http-header").http_header_config(config.set_values(Some(c.values.clone())).build()).build());
        }
        if let Some(c) = &self.http_request_method {
            let config = HttpRequestMethodConditionConfig::builder().set_values(Some(c.values.clone())).build();
            out.push(of("http-request-method").http_request_method_config(config).build());
        }
        if let Some(c) = &self.path_pattern {
            let config = PathPatternConditionConfig::builder().set_values(Some(c.values.clone())).build();
            out.push(of("path-pattern").path_pattern_config(config).build());
        }
        if !self.query_string.is_empty() {
            let pair =
                |q: &QueryString| QueryStringKeyValuePair::builder().set_key(q.key.clone()).value(&q.value).build();
            let config = QueryStringConditionConfig::builder();
            let config = config.set_values(Some(self.query_string.iter().map(pair).collect())).build();
            out.push(of("query-string").query_string_config(config).build());
        }
        if let Some(c) = &self.source_ip {
            let config = SourceIpConditionConfig::builder().set_values(Some(c.values.clone())).build();
            out.push(of("source-ip").source_ip_config(config).build());
        }
        out
    }

    fn seen(c: RuleCondition) -> Option<Self> {
        let mut out = Self {
            host_header: None,
            http_header: None,
            http_request_method: None,
            path_pattern: None,
            query_string: Vec::new(),
            source_ip: None,
        };
        // Older answers have the values beside the field, newer ones in the kind's own part.
        let plain = c.values.unwrap_or_default();
        let or_plain = |values: Option<Vec<String>>| values.filter(|v| !v.is_empty()).unwrap_or_else(|| plain.clone());
        match c.field.as_deref()? {
            "host-header" => {
                out.host_header = Some(Values { values: or_plain(c.host_header_config.and_then(|h| h.values)) });
            }
            "http-header" => {
                let config = c.http_header_config?;
                out.http_header = Some(HttpHeader {
                    http_header_name: config.http_header_name.unwrap_or_default(),
                    values: config.values.unwrap_or_default(),
                });
            }
            "http-request-method" => {
                let values = or_plain(c.http_request_method_config.and_then(|h| h.values));
                out.http_request_method = Some(Values { values });
            }
            "path-pattern" => {
                out.path_pattern = Some(Paths { values: or_plain(c.path_pattern_config.and_then(|p| p.values)) });
            }
            "query-string" => {
                let pairs = c.query_string_config.and_then(|q| q.values).unwrap_or_default();
                let pair = |q: QueryStringKeyValuePair| QueryString { key: q.key, value: q.value.unwrap_or_default() };
                out.query_string = pairs.into_iter().map(pair).collect();
            }
            "source-ip" => {
                out.source_ip = Some(Sources { values: or_plain(c.source_ip_config.and_then(|s| s.values)) });
            }
            _ => return None,
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::listener_of;

    #[test]
    fn listeners_of_rules() {
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/a/1/2/3";
        assert_eq!(listener_of(rule), "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/a/1/2");
    }
}
