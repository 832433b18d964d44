//! `aws_lb_target_group`

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Found, TargetGroupAttribute, TargetGroupIpAddressTypeEnum, TargetTypeEnum,
};
use sdt_aws_core::{Api, Aws, each, in_order, names};
use sdt_provider::{
    Block, Changes, Complaint, Computed, Cx, Error, Id, Name, OptComputed, Path, PlanEdit, Resource, Set, Tags, Token,
    Value, async_trait, invalid,
};

use crate::{arn_suffix, elbv2, tags, text};

/// Targets that a load balancer sends requests to.
#[derive(Clone, Resource)]
#[resource(name = "aws_lb_target_group")]
pub(crate) struct TargetGroup {
    id: Id,
    /// ARN of the target group.
    arn: Computed<String>,
    /// The part of the ARN that CloudWatch uses.
    arn_suffix: Computed<String>,
    /// Ends connections when the deregistration delay is over.
    #[attr(keep_null)]
    connection_termination: OptComputed<bool>,
    /// Seconds for which a target that leaves still answers.
    #[attr(default = "300", check = seconds)]
    deregistration_delay: Option<String>,
    /// How targets are checked.
    health_check: OptComputed<HealthCheck>,
    /// Kind of the targets' addresses.
    #[attr(force_new, one_of("ipv4", "ipv6"))]
    ip_address_type: OptComputed<String>,
    /// Gives a Lambda function headers as lists.
    #[attr(default = false)]
    lambda_multi_value_headers_enabled: Option<bool>,
    /// Load balancers that use the target group.
    load_balancer_arns: Computed<Set<String>>,
    /// How requests are distributed.
    #[attr(keep_null, one_of("round_robin", "least_outstanding_requests", "weighted_random"))]
    load_balancing_algorithm_type: OptComputed<String>,
    /// Avoids targets that behave differently.
    #[attr(keep_null, one_of("on", "off"))]
    load_balancing_anomaly_mitigation: OptComputed<String>,
    /// Spreads over the targets of all zones.
    #[attr(keep_null, one_of("true", "false", "use_load_balancer_configuration"))]
    load_balancing_cross_zone_enabled: OptComputed<String>,
    /// Name of the target group.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=32), check = target_group_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=6), check = target_group_prefix)]
    name_prefix: OptComputed<String>,
    /// Port of the targets.
    #[attr(force_new, keep_null, range(1..=65535))]
    port: Option<i32>,
    /// Keeps the client's address.
    #[attr(keep_null, check = flag_text)]
    preserve_client_ip: OptComputed<String>,
    /// Protocol to the targets.
    #[attr(force_new, keep_null, one_of("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"))]
    protocol: Option<String>,
    /// Version of HTTP to the targets.
    #[attr(force_new, keep_null, one_of("GRPC", "HTTP1", "HTTP2"), same = sdt_provider::equal::ignore_case, any_case, form = crate::listener::upper)]
    protocol_version: OptComputed<String>,
    /// Sends the proxy protocol's header.
    #[attr(default = false)]
    proxy_protocol_v2: Option<bool>,
    /// Seconds in which a new target gets more and more requests; 0 for none.
    #[attr(default = 0)]
    slow_start: Option<i64>,
    /// Sends a client to the same target again.
    stickiness: OptComputed<Stickiness>,
    /// Tags of the target group.
    pub(crate) tags: Tags,
    /// What becomes of flows whose target fails, of gateway load balancers.
    target_failover: OptComputed<Vec<Failover>>,
    /// How many targets must be healthy.
    target_group_health: OptComputed<GroupHealth>,
    /// What becomes of connections to unhealthy targets, of network load balancers.
    target_health_state: OptComputed<Vec<HealthState>>,
    /// Kind of targets.
    #[attr(force_new, default = "instance", one_of("instance", "ip", "lambda", "alb"))]
    target_type: String,
    /// The VPC.
    #[attr(force_new, keep_null)]
    vpc_id: Option<String>,
}

/// How targets are checked.
#[derive(Clone, Block)]
pub(crate) struct HealthCheck {
    /// Checks the targets.
    #[attr(default = true)]
    enabled: bool,
    /// Checks until a target counts as healthy.
    #[attr(default = 3, range(2..=10))]
    healthy_threshold: Option<i32>,
    /// Seconds between checks.
    #[attr(default = 30, range(5..=300))]
    interval: Option<i32>,
    /// Codes of a good answer.
    matcher: OptComputed<String>,
    /// Path.
    #[attr(length(1..=1024), check = absolute)]
    path: OptComputed<String>,
    /// Port, or `traffic-port`.
    #[attr(default = "traffic-port", check = check_port)]
    port: Option<String>,
    /// Protocol.
    #[attr(
        default = "HTTP",
        one_of("HTTP", "HTTPS", "TCP"),
        any_case,
        form = crate::listener::upper,
        same = sdt_provider::equal::ignore_case
    )]
    protocol: Option<String>,
    /// Seconds until a check fails.
    #[attr(range(2..=120))]
    timeout: OptComputed<i32>,
    /// Checks until a target counts as unhealthy.
    #[attr(default = 3, range(2..=10))]
    unhealthy_threshold: Option<i32>,
}

/// Sends a client to the same target again.
#[derive(Clone, Block)]
pub(crate) struct Stickiness {
    /// Seconds for which a cookie counts.
    #[attr(default = 86400, range(0..=604_800))]
    cookie_duration: Option<i64>,
    /// Name of the application's cookie.
    cookie_name: Option<String>,
    /// Is in use.
    #[attr(default = true)]
    enabled: bool,
    /// Kind of stickiness.
    #[attr(one_of("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"))]
    r#type: String,
}

/// What becomes of flows whose target fails.
#[derive(Clone, Block)]
pub(crate) struct Failover {
    /// When the target is deregistered.
    #[attr(required, keep_null, one_of("rebalance", "no_rebalance"))]
    on_deregistration: Option<String>,
    /// When the target is unhealthy.
    #[attr(required, keep_null, one_of("rebalance", "no_rebalance"))]
    on_unhealthy: Option<String>,
}

/// How many targets must be healthy.
#[derive(Clone, Block)]
pub(crate) struct GroupHealth {
    /// Before names point elsewhere.
    dns_failover: Option<DnsFailover>,
    /// Before requests go to unhealthy targets too.
    unhealthy_state_routing: Option<Routing>,
}

/// Before names point elsewhere.
#[derive(Clone, Block)]
pub(crate) struct DnsFailover {
    /// Number, or `off`.
    #[attr(default = "off", keep_null, check = count_or_off)]
    minimum_healthy_targets_count: Option<String>,
    /// Percentage, or `off`.
    #[attr(default = "off", keep_null, check = percent_or_off)]
    minimum_healthy_targets_percentage: Option<String>,
}

/// Before requests go to unhealthy targets too.
#[derive(Clone, Block)]
pub(crate) struct Routing {
    /// Number.
    #[attr(default = 1, keep_null)]
    minimum_healthy_targets_count: Option<i64>,
    /// Percentage, or `off`.
    #[attr(default = "off", keep_null, check = percent_or_off)]
    minimum_healthy_targets_percentage: Option<String>,
}

/// What becomes of connections to unhealthy targets.
#[derive(Clone, Block)]
pub(crate) struct HealthState {
    /// Ends them.
    #[attr(required, keep_null)]
    enable_unhealthy_connection_termination: Option<bool>,
    /// Seconds until they end.
    #[attr(default = 0, keep_null, range(0..=360_000))]
    unhealthy_draining_interval: Option<i64>,
}

fn seconds(text: &str) -> Result<(), String> {
    match text.parse::<i64>() {
        Ok(n) if (0..=3600).contains(&n) => Ok(()),
        _ if text.is_empty() => Ok(()),
        _ => Err("to be a number of seconds from 0 to 3600".into()),
    }
}

fn flag_text(text: &str) -> Result<(), String> {
    if matches!(text, "" | "true" | "false") { Ok(()) } else { Err("to be true or false".into()) }
}

fn check_port(text: &str) -> Result<(), String> {
    if text == "traffic-port" || text.parse::<u16>().is_ok_and(|p| p > 0) {
        Ok(())
    } else {
        Err("to be a port from 1 to 65535, or traffic-port".into())
    }
}

/// Attributes that the API keeps as text by key.
const ATTRIBUTES: &[(Name, &str)] = &[
    (TargetGroup::CONNECTION_TERMINATION, "deregistration_delay.connection_termination.enabled"),
    (TargetGroup::DEREGISTRATION_DELAY, "deregistration_delay.timeout_seconds"),
    (TargetGroup::LAMBDA_MULTI_VALUE_HEADERS_ENABLED, "lambda.multi_value_headers.enabled"),
    (TargetGroup::LOAD_BALANCING_ALGORITHM_TYPE, "load_balancing.algorithm.type"),
    (TargetGroup::LOAD_BALANCING_ANOMALY_MITIGATION, "load_balancing.algorithm.anomaly_mitigation"),
    (TargetGroup::LOAD_BALANCING_CROSS_ZONE_ENABLED, "load_balancing.cross_zone.enabled"),
    (TargetGroup::PRESERVE_CLIENT_IP, "preserve_client_ip.enabled"),
    (TargetGroup::PROXY_PROTOCOL_V2, "proxy_protocol_v2.enabled"),
    (TargetGroup::SLOW_START, "slow_start.duration_seconds"),
];

const DNS: &str = "target_group_health.dns_failover.minimum_healthy_targets";
const ROUTING: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets";

/// Names of target groups.
fn target_group_name(text: &str) -> Result<(), String> {
    target_group_prefix(text)?;
    if text.ends_with('-') { Err("not to end with a hyphen".into()) } else { Ok(()) }
}

/// The start of such a name.
pub(crate) fn target_group_prefix(text: &str) -> Result<(), String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Err("to have only letters, digits and hyphens".into())
    } else if text.starts_with('-') {
        Err("not to begin with a hyphen".into())
    } else {
        Ok(())
    }
}

fn absolute(text: &str) -> Result<(), String> {
    if text.starts_with('/') { Ok(()) } else { Err("to begin with /".into()) }
}

fn count_or_off(text: &str) -> Result<(), String> {
    if text == "off" || text.parse::<i64>().is_ok() { Ok(()) } else { Err("to be a whole number or off".into()) }
}

fn percent_or_off(text: &str) -> Result<(), String> {
    let fits = text == "off" || text.parse::<i64>().is_ok_and(|n| (1..=100).contains(&n));
    if fits { Ok(()) } else { Err("to be a percentage of 1 to 100 or off".into()) }
}

#[async_trait]
impl Resource for TargetGroup {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Target Group";
    const TOKEN: Token = Token::Tag;
    // DescribeTargetGroups and DescribeTags take 20 ARNs.
    const CHUNK: usize = tags::BATCH;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let mut call = elbv2(cx.api)
            .create_target_group()
            .name(&name)
            .target_type(TargetTypeEnum::from(want.target_type.as_str()))
            .set_ip_address_type(want.ip_address_type.as_deref().map(TargetGroupIpAddressTypeEnum::from))
            .set_tags(tags::list(want.tags.clone()));
        if want.target_type != "lambda" {
            let version = want.protocol_version.clone().filter(|_| want.is_http());
            call = call
                .set_port(want.port)
                .set_protocol(want.protocol.as_deref().map(ProtocolEnum::from))
                .set_protocol_version(version)
                .set_vpc_id(want.vpc_id.clone());
        }
        if let Some(h) = &want.health_check {
            call = call
                .health_check_enabled(h.enabled)
                .set_health_check_interval_seconds(h.interval)
                .set_healthy_threshold_count(h.healthy_threshold)
                .set_unhealthy_threshold_count(h.unhealthy_threshold)
                .set_health_check_timeout_seconds(h.timeout.filter(|t| *t != 0));
            if !h.is_tcp() {
                call = call.set_health_check_path(h.path.clone()).set_matcher(want.matcher());
            }
            if want.target_type != "lambda" {
                call = call
                    .set_health_check_port(h.port.clone())
                    .set_health_check_protocol(h.protocol.as_deref().map(|p| ProtocolEnum::from(&*p.to_uppercase())));
            }
        }
        let made = call.send().await.api()?.target_groups.unwrap_or_default().into_iter().next();
        let arn = made.and_then(|g| g.target_group_arn);
        Ok(Self { id: arn.clone().unwrap_or_default(), arn, name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        // What is not the service's own default.
        let mut set: Vec<_> = ATTRIBUTES
            .iter()
            .filter_map(|(name, key)| Some((*key, made.attribute(*name)?)))
            .filter(|(key, value)| match *key {
                "deregistration_delay.timeout_seconds" => value != "300",
                "slow_start.duration_seconds" => value != "0",
                "lambda.multi_value_headers.enabled"
                | "proxy_protocol_v2.enabled"
                | "deregistration_delay.connection_termination.enabled" => value == "true",
                _ => true,
            })
            .map(|(key, value)| pair(key, value))
            .collect();
        set.extend(made.stickiness.as_ref().map(|s| s.requests(true)).unwrap_or_default());
        set.extend(made.failover());
        set.extend(made.health());
        set.extend(made.health_state());
        made.put(cx, set).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let arns: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = elbv2(cx.api).describe_target_groups().set_target_group_arns(Some(arns.clone()));
        let found = found.send().await.api()?.target_groups.unwrap_or_default();
        let mut tagged = tags::together(cx, &arns).await?;
        // Attributes have no bulk read.
        let attributes = each(&arns, |arn| async move {
            let call = elbv2(cx.api).describe_target_group_attributes().target_group_arn(arn);
            let pairs = call.send().await.api()?.attributes.unwrap_or_default().into_iter();
            let map: BTreeMap<String, String> =
                pairs.filter_map(|a| Some((a.key?, a.value.unwrap_or_default()))).collect();
            Ok(Some(map))
        })
        .await?;
        let mut attributes: BTreeMap<String, _> = arns.iter().cloned().zip(attributes).collect();
        let objects = found.into_iter().filter_map(|g| {
            let arn = g.target_group_arn.clone()?;
            let attributes = attributes.remove(&arn)??;
            let tags = tagged.remove(&arn).unwrap_or_default();
            Some((arn, Self::from_answer(g, &attributes, tags)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        if changed.has(Self::HEALTH_CHECK)
            && let Some(h) = &want.health_check
        {
            let mut call = elbv2(cx.api)
                .modify_target_group()
                .target_group_arn(&prior.id)
                .health_check_enabled(h.enabled)
                .set_health_check_interval_seconds(h.interval)
                .set_healthy_threshold_count(h.healthy_threshold)
                .set_unhealthy_threshold_count(h.unhealthy_threshold)
                .set_health_check_timeout_seconds(h.timeout.filter(|t| *t != 0));
            if !h.is_tcp() {
                call = call.set_health_check_path(h.path.clone()).set_matcher(want.matcher());
            }
            if want.target_type != "lambda" {
                call = call
                    .set_health_check_port(h.port.clone())
                    .set_health_check_protocol(h.protocol.as_deref().map(|p| ProtocolEnum::from(&*p.to_uppercase())));
            }
            call.send().await.api()?;
        }
        let mut set: Vec<_> = ATTRIBUTES
            .iter()
            .filter(|(name, _)| changed.has(*name))
            .filter_map(|(name, key)| Some(pair(key, want.attribute(*name)?)))
            .collect();
        if changed.has(Self::STICKINESS) {
            set.extend(want.stickiness.as_ref().map(|s| s.requests(true)).unwrap_or_default());
        }
        if changed.has(Self::TARGET_FAILOVER) {
            set.extend(want.failover());
        }
        if changed.has(Self::TARGET_GROUP_HEALTH) {
            set.extend(want.health());
        }
        if changed.has(Self::TARGET_HEALTH_STATE) {
            set.extend(want.health_state());
        }
        want.put(cx, set).await?;
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // A listener that was just deleted holds on to it for a moment.
        cx.retry_on(&["ResourceInUse"], std::time::Duration::from_secs(120), || async {
            elbv2(cx.api).delete_target_group().target_group_arn(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let found = match elbv2(cx.api).describe_target_groups().names(&name).send().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?.target_groups.unwrap_or_default().into_iter().next(),
        };
        let Some(arn) = found.and_then(|g| g.target_group_arn) else { return Ok(None) };
        let ours = tags::ours(cx.api, &arn, cx.token()).await?;
        Ok(ours.then(|| Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        // A Lambda function has no port, protocol or network.
        if edit.planned(Self::TARGET_TYPE).as_str() != Some("lambda") {
            return;
        }
        if edit.prior.is_some() {
            [Self::PORT, Self::PROTOCOL, Self::VPC_ID].into_iter().for_each(|name| edit.disregard(name));
        }
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let kind = config.get(Self::TARGET_TYPE.0).filter(|v| !v.is_null());
        let kind = match kind {
            Some(k) if k.is_unknown() => return Vec::new(),
            Some(k) => k.as_str().unwrap_or_default().to_owned(),
            None => "instance".to_owned(),
        };
        let mut out = Vec::new();
        if kind != "lambda" {
            for name in [Self::PORT, Self::PROTOCOL, Self::VPC_ID] {
                if config.get(name.0).is_none_or(Value::is_null) {
                    let detail =
                        format!("Attribute \"{}\" must be specified when \"target_type\" is \"{kind}\".", name.0);
                    out.push(invalid(Path::root().attr(name.0), "Missing required argument", detail));
                }
            }
        }
        let start = config.get(Self::SLOW_START.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        if let Some(n) = start
            && n != 0
            && !(30..=900).contains(&n)
        {
            let detail = format!("expected slow_start to be 0 or in the range (30 - 900), got {n}");
            out.push(invalid(Path::root().attr(Self::SLOW_START.0), "Invalid value for an argument", detail));
        }
        out
    }
}

fn pair(key: &str, value: impl Into<String>) -> TargetGroupAttribute {
    TargetGroupAttribute::builder().key(key).value(value).build()
}

impl TargetGroup {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or("tf-")))
    }

    fn is_http(&self) -> bool {
        matches!(self.protocol.as_deref(), Some("HTTP" | "HTTPS"))
    }

    fn matcher(&self) -> Option<Matcher> {
        let codes = self.health_check.as_ref()?.matcher.clone()?;
        let grpc = self.protocol_version.as_deref().is_some_and(|v| v.eq_ignore_ascii_case("GRPC"));
        let matcher = Matcher::builder();
        Some(if grpc { matcher.grpc_code(codes) } else { matcher.http_code(codes) }.build())
    }

    fn attribute(&self, name: Name) -> Option<String> {
        let flag = |b: Option<bool>| b.map(|b| b.to_string());
        match name {
            Self::CONNECTION_TERMINATION => flag(self.connection_termination),
            Self::DEREGISTRATION_DELAY => self.deregistration_delay.clone(),
            Self::LAMBDA_MULTI_VALUE_HEADERS_ENABLED => flag(self.lambda_multi_value_headers_enabled),
            Self::LOAD_BALANCING_ALGORITHM_TYPE => self.load_balancing_algorithm_type.clone(),
            Self::LOAD_BALANCING_ANOMALY_MITIGATION => self.load_balancing_anomaly_mitigation.clone(),
            Self::LOAD_BALANCING_CROSS_ZONE_ENABLED => self.load_balancing_cross_zone_enabled.clone(),
            Self::PRESERVE_CLIENT_IP => self.preserve_client_ip.clone(),
            Self::PROXY_PROTOCOL_V2 => flag(self.proxy_protocol_v2),
            Self::SLOW_START => self.slow_start.map(|n| n.to_string()),
            _ => None,
        }
    }

    async fn put(&self, cx: &Cx<'_, Aws>, set: Vec<TargetGroupAttribute>) -> Result<(), Error> {
        if set.is_empty() {
            return Ok(());
        }
        let call = elbv2(cx.api).modify_target_group_attributes().target_group_arn(&self.id);
        call.set_attributes(Some(set)).send().await.api().map(drop)
    }

    fn failover(&self) -> Vec<TargetGroupAttribute> {
        let pairs = |f: &Failover| {
            [
                f.on_deregistration.clone().map(|v| pair("target_failover.on_deregistration", v)),
                f.on_unhealthy.clone().map(|v| pair("target_failover.on_unhealthy", v)),
            ]
        };
        self.target_failover.iter().flatten().flat_map(pairs).flatten().collect()
    }

    fn health(&self) -> Vec<TargetGroupAttribute> {
        let Some(health) = &self.target_group_health else { return Vec::new() };
        let mut out = Vec::new();
        if let Some(d) = &health.dns_failover {
            out.extend(d.minimum_healthy_targets_count.clone().map(|v| pair(&format!("{DNS}.count"), v)));
            out.extend(d.minimum_healthy_targets_percentage.clone().map(|v| pair(&format!("{DNS}.percentage"), v)));
        }
        if let Some(r) = &health.unhealthy_state_routing {
            let count = r.minimum_healthy_targets_count.map(|n| n.to_string());
            out.extend(count.map(|v| pair(&format!("{ROUTING}.count"), v)));
            out.extend(r.minimum_healthy_targets_percentage.clone().map(|v| pair(&format!("{ROUTING}.percentage"), v)));
        }
        out
    }

    fn health_state(&self) -> Vec<TargetGroupAttribute> {
        let mut out = Vec::new();
        for s in self.target_health_state.iter().flatten() {
            let Some(on) = s.enable_unhealthy_connection_termination else { continue };
            out.push(pair("target_health_state.unhealthy.connection_termination.enabled", on.to_string()));
            // The interval counts only for connections that are kept at first.
            if let Some(n) = s.unhealthy_draining_interval.filter(|_| !on) {
                out.push(pair("target_health_state.unhealthy.draining_interval_seconds", n.to_string()));
            }
        }
        out
    }

    fn from_answer(g: Found, attributes: &BTreeMap<String, String>, tags: Tags) -> Self {
        let get = |key: &str| attributes.get(key).cloned();
        let flag = |key: &str| attributes.get(key).map(|v| v == "true");
        let whole = |key: &str| attributes.get(key).and_then(|v| v.parse::<i64>().ok());
        let arn = g.target_group_arn.unwrap_or_default();
        let name = g.target_group_name.unwrap_or_default();
        let lambda = g.target_type == Some(TargetTypeEnum::Lambda);
        // Functions and load balancers as targets have no say in how they are chosen.
        let chosen = !lambda && g.target_type != Some(TargetTypeEnum::Alb);
        Self {
            arn_suffix: Some(arn_suffix(&arn, "")),
            connection_termination: flag("deregistration_delay.connection_termination.enabled"),
            deregistration_delay: get("deregistration_delay.timeout_seconds").or_else(|| Some("300".into())),
            health_check: Some(HealthCheck {
                enabled: g.health_check_enabled.unwrap_or(true),
                healthy_threshold: g.healthy_threshold_count,
                interval: g.health_check_interval_seconds,
                matcher: g.matcher.and_then(|m| text(m.http_code).or(m.grpc_code)),
                path: text(g.health_check_path),
                port: g.health_check_port,
                protocol: g.health_check_protocol.map(|p| p.as_str().to_owned()),
                timeout: g.health_check_timeout_seconds,
                unhealthy_threshold: g.unhealthy_threshold_count,
            }),
            ip_address_type: g.ip_address_type.map(|t| t.as_str().to_owned()),
            lambda_multi_value_headers_enabled: flag("lambda.multi_value_headers.enabled"),
            load_balancer_arns: Some(g.load_balancer_arns.unwrap_or_default()),
            load_balancing_algorithm_type: get("load_balancing.algorithm.type").filter(|_| chosen),
            load_balancing_anomaly_mitigation: get("load_balancing.algorithm.anomaly_mitigation").filter(|_| chosen),
            load_balancing_cross_zone_enabled: get("load_balancing.cross_zone.enabled").filter(|_| chosen),
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            port: g.port.filter(|_| !lambda),
            preserve_client_ip: get("preserve_client_ip.enabled").filter(|_| chosen),
            protocol: g.protocol.map(|p| p.as_str().to_owned()).filter(|_| !lambda),
            protocol_version: text(g.protocol_version),
            proxy_protocol_v2: flag("proxy_protocol_v2.enabled"),
            slow_start: Some(whole("slow_start.duration_seconds").unwrap_or_default()),
            stickiness: Some(Stickiness::from_answer(attributes)),
            tags,
            target_failover: Some(vec![Failover {
                on_deregistration: get("target_failover.on_deregistration"),
                on_unhealthy: get("target_failover.on_unhealthy"),
            }]),
            target_group_health: Some(GroupHealth {
                dns_failover: Some(DnsFailover {
                    minimum_healthy_targets_count: get(&format!("{DNS}.count")),
                    minimum_healthy_targets_percentage: get(&format!("{DNS}.percentage")),
                }),
                unhealthy_state_routing: Some(Routing {
                    minimum_healthy_targets_count: whole(&format!("{ROUTING}.count")),
                    minimum_healthy_targets_percentage: get(&format!("{ROUTING}.percentage")),
                }),
            }),
            target_health_state: Some(vec![HealthState {
                enable_unhealthy_connection_termination: flag(
                    "target_health_state.unhealthy.connection_termination.enabled",
                ),
                unhealthy_draining_interval: whole("target_health_state.unhealthy.draining_interval_seconds"),
            }]),
            target_type: g.target_type.map_or_else(|| "instance".to_owned(), |t| t.as_str().to_owned()),
            vpc_id: g.vpc_id.filter(|_| !lambda),
            id: arn.clone(),
            arn: Some(arn),
        }
    }
}

impl HealthCheck {
    fn is_tcp(&self) -> bool {
        self.protocol.as_deref().is_some_and(|p| p.eq_ignore_ascii_case("TCP"))
    }
}

impl Stickiness {
    fn requests(&self, with_type: bool) -> Vec<TargetGroupAttribute> {
        let mut out = vec![pair("stickiness.enabled", self.enabled.to_string())];
        if !with_type || self.r#type.is_empty() {
            return out;
        }
        out.push(pair("stickiness.type", &self.r#type));
        let duration = self.cookie_duration.filter(|n| *n > 0).map(|n| n.to_string());
        match self.r#type.as_str() {
            "lb_cookie" => out.extend(duration.map(|d| pair("stickiness.lb_cookie.duration_seconds", d))),
            "app_cookie" => {
                out.extend(duration.map(|d| pair("stickiness.app_cookie.duration_seconds", d)));
                out.extend(self.cookie_name.clone().map(|n| pair("stickiness.app_cookie.cookie_name", n)));
            }
            _ => {}
        }
        out
    }

    fn from_answer(attributes: &BTreeMap<String, String>) -> Self {
        let get = |key: &str| attributes.get(key).cloned();
        let kind = get("stickiness.type").unwrap_or_default();
        // Both kinds of cookie have a duration; the kind in use tells which counts.
        let key = if kind == "app_cookie" { "app_cookie" } else { "lb_cookie" };
        Self {
            cookie_duration: get(&format!("stickiness.{key}.duration_seconds")).and_then(|v| v.parse().ok()),
            cookie_name: get("stickiness.app_cookie.cookie_name").filter(|_| kind == "app_cookie"),
            enabled: get("stickiness.enabled").as_deref() == Some("true"),
            r#type: kind,
        }
    }
}
