//! Data source `aws_lb_target_group`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Block, Computed, Cx, DataSource, Described, Error, FromValue, Id, Map, OptComputed, Resource, Set, ToValue, Value,
    async_trait, fit_as_read,
};

use crate::target_group::TargetGroup;
use crate::{elbv2, tags};

/// A target group that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_lb_target_group", timeouts(read = "10m"), legacy)]
pub(crate) struct TargetGroupData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: OptComputed<String>,
    /// Arn suffix.
    arn_suffix: Computed<String>,
    /// Connection termination.
    #[attr(keep_null)]
    connection_termination: Computed<bool>,
    /// Deregistration delay.
    #[attr(keep_null)]
    deregistration_delay: Computed<String>,
    /// Health check.
    health_check: Computed<Vec<HealthCheck>>,
    /// Lambda multi value headers enabled.
    #[attr(keep_null)]
    lambda_multi_value_headers_enabled: Computed<bool>,
    /// Load balancer ARNs.
    load_balancer_arns: Computed<Set<String>>,
    /// Load balancing algorithm type.
    #[attr(keep_null)]
    load_balancing_algorithm_type: Computed<String>,
    /// Load balancing anomaly mitigation.
    #[attr(keep_null)]
    load_balancing_anomaly_mitigation: OptComputed<String>,
    /// Load balancing cross zone enabled.
    #[attr(keep_null)]
    load_balancing_cross_zone_enabled: Computed<String>,
    /// Its name.
    name: OptComputed<String>,
    /// The port.
    port: Computed<i32>,
    /// Preserve client ip.
    #[attr(keep_null)]
    preserve_client_ip: Computed<String>,
    /// How messages are delivered.
    protocol: Computed<String>,
    /// Protocol version.
    #[attr(keep_null)]
    protocol_version: Computed<String>,
    /// Proxy protocol v2.
    #[attr(keep_null)]
    proxy_protocol_v2: Computed<bool>,
    /// Slow start.
    slow_start: Computed<i32>,
    /// Stickiness.
    stickiness: Computed<Vec<Stickine>>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// Target type.
    target_type: Computed<String>,
    /// The VPC.
    vpc_id: Computed<String>,
}

/// Health check.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct HealthCheck {
    /// Whether it is in use.
    enabled: Computed<bool>,
    /// Healthy threshold.
    healthy_threshold: Computed<i32>,
    /// Interval.
    interval: Computed<i32>,
    /// Matcher.
    matcher: Computed<String>,
    /// Its path.
    path: Computed<String>,
    /// The port.
    port: Computed<String>,
    /// How messages are delivered.
    protocol: Computed<String>,
    /// Timeout.
    timeout: Computed<i32>,
    /// Unhealthy threshold.
    unhealthy_threshold: Computed<i32>,
}

/// Stickiness.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Stickine {
    /// Cookie duration.
    cookie_duration: Computed<i32>,
    /// Cookie name.
    cookie_name: Computed<String>,
    /// Whether it is in use.
    enabled: Computed<bool>,
    /// Its kind.
    r#type: Computed<String>,
}

#[async_trait]
impl DataSource for TargetGroupData {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Target Group";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = elbv2(cx.api).describe_target_groups();
        let call = match (&query.arn, &query.name) {
            (Some(arn), _) => call.target_group_arns(arn),
            (None, Some(name)) => call.names(name),
            _ => call,
        };
        let all: Vec<_> = call.into_paginator().items().send().try_collect().await.api()?;
        let arns: Vec<String> = all.into_iter().filter_map(|g| g.target_group_arn).collect();
        let arn = tags::only_with(cx.api, arns, &query.tags.unwrap_or_default(), "target group").await?;
        let known = TargetGroup::from_value(&Value::object([("id", Value::string(&arn))]))?;
        let found = TargetGroup::read_many(cx, &[known]).await?.pop().flatten();
        let Some(found) = found else { return Err(Error::not_found(format!("there is no target group {arn}"))) };
        let tags = Some(found.tags.clone());
        Ok(Self { tags, ..Self::from_value(&fit_as_read(TargetGroup::META, &found.to_value()))? })
    }
}
