//! `aws_appautoscaling_policy`

use aws_sdk_applicationautoscaling::types::{
    self as api, PolicyType, ScalableDimension, ScalingPolicy as Found, ServiceNamespace,
};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Changes, Computed, Cx, Error, Id, Name, Resource, Set, Token, Value, async_trait};

use crate::{appautoscaling, distinct, number, part, target_parts};

/// When and how a target is scaled.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_appautoscaling_policy")]
pub(crate) struct Policy {
    id: Id,
    /// ARNs of the alarms that the policy has made.
    alarm_arns: Computed<Vec<String>>,
    /// Its ARN.
    arn: Computed<String>,
    /// Its name.
    #[attr(force_new, length(0..=255))]
    name: String,
    /// Kind of policy.
    #[attr(default = "StepScaling")]
    policy_type: Option<String>,
    /// What is scaled: `service/<cluster>/<service>`.
    #[attr(force_new)]
    resource_id: String,
    /// Which of its numbers is scaled: `ecs:service:DesiredCount`.
    #[attr(force_new)]
    scalable_dimension: String,
    /// The service it belongs to: `ecs`.
    #[attr(force_new)]
    service_namespace: String,
    /// Scales by steps when an alarm goes off.
    step_scaling_policy_configuration: Option<StepScaling>,
    /// Keeps a metric near a value.
    target_tracking_scaling_policy_configuration: Option<Tracking>,
}

/// Scales by steps when an alarm goes off.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct StepScaling {
    /// What the adjustments are measured in.
    adjustment_type: Option<String>,
    /// Seconds between two adjustments.
    cooldown: Option<i32>,
    /// How the values of a period become one.
    metric_aggregation_type: Option<String>,
    /// Least adjustment in percent.
    min_adjustment_magnitude: Option<i32>,
    /// The steps.
    step_adjustment: Set<StepAdjustment>,
}

/// Keeps a metric near a value.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Tracking {
    /// A metric of one's own.
    #[attr(conflicts_with(predefined_metric_specification))]
    customized_metric_specification: Option<Customized>,
    /// Never scales in.
    #[attr(default = false)]
    disable_scale_in: Option<bool>,
    /// A metric of the service.
    #[attr(conflicts_with(customized_metric_specification))]
    predefined_metric_specification: Option<Predefined>,
    /// Seconds to wait after scaling in.
    scale_in_cooldown: Option<i32>,
    /// Seconds to wait after scaling out.
    scale_out_cooldown: Option<i32>,
    /// The value to keep.
    target_value: f64,
}

/// The steps.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct StepAdjustment {
    /// Where the step begins, from the threshold; open when not set.
    #[attr(default = "", check = number, same = same_number)]
    metric_interval_lower_bound: Option<String>,
    /// Where the step ends, from the threshold; open when not set.
    #[attr(default = "", check = number, same = same_number)]
    metric_interval_upper_bound: Option<String>,
    /// By how much to scale.
    scaling_adjustment: i32,
}

/// A metric of one's own.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Customized {
    /// What the metric is about.
    dimensions: Set<Dimension>,
    /// Name of the metric.
    metric_name: Option<String>,
    /// Metrics and expressions, of which one is the result.
    metrics: Set<MetricQuery>,
    /// Namespace of the metric.
    namespace: Option<String>,
    /// How values become one.
    #[attr(one_of("Average", "Minimum", "Maximum", "SampleCount", "Sum"))]
    statistic: Option<String>,
    /// Unit of the values.
    unit: Option<String>,
}

/// A metric of the service.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Predefined {
    /// The metric.
    predefined_metric_type: String,
    /// The target group, for requests a target.
    #[attr(length(0..=1023))]
    resource_label: Option<String>,
}

/// What the metric is about.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Dimension {
    /// Its name.
    name: String,
    /// The value.
    value: String,
}

/// Metrics and expressions, of which one is the result.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MetricQuery {
    /// Expression over the other metrics.
    #[attr(default = "", length(1..=2047))]
    expression: Option<String>,
    /// Its id.
    #[attr(length(1..=255))]
    id: String,
    /// Name that people see.
    #[attr(default = "", length(1..=2047))]
    label: Option<String>,
    /// A metric and how its values become one.
    metric_stat: Option<MetricStat>,
    /// Whether this one is the result.
    #[attr(default = true)]
    return_data: Option<bool>,
}

/// A metric and how its values become one.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MetricStat {
    /// The metric.
    metric: Metric,
    /// How values become one.
    #[attr(length(1..=100))]
    stat: String,
    /// Unit of the values.
    #[attr(default = "")]
    unit: Option<String>,
}

/// The metric.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Metric {
    /// What the metric is about.
    dimensions: Set<Dimension>,
    /// Name of the metric.
    metric_name: String,
    /// Namespace of the metric.
    namespace: String,
}

/// Numbers in text that mean the same: `0` and `0.0`.
fn same_number(a: &Value, b: &Value) -> bool {
    let parse = |v: &Value| v.as_str().and_then(|s| s.parse::<f64>().ok());
    matches!((parse(a), parse(b)), (Some(x), Some(y)) if x == y)
}

#[async_trait]
impl Resource for Policy {
    type Api = Aws;
    const HUMAN: &'static str = "Application Auto Scaling Policy";
    const TOKEN: Token = Token::Name;
    // DescribeScalingPolicies takes 50 names.
    const CHUNK: usize = 50;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let arn = want.put(cx).await?;
        Ok(Self { id: want.name.clone(), arn: Some(arn), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found: Vec<Found> = Vec::new();
        for namespace in distinct(known, |k| &k.service_namespace) {
            let names = known.iter().filter(|k| k.service_namespace == namespace).map(|k| k.name.clone()).collect();
            let call = appautoscaling(cx.api).describe_scaling_policies().set_policy_names(Some(names));
            let call = call.service_namespace(ServiceNamespace::from(namespace.as_str())).into_paginator().items();
            found.extend(call.send().try_collect().await.api()?);
        }
        let of = |k: &Self| {
            let found = found.iter().find(|f| {
                f.policy_name == k.name
                    && f.resource_id == k.resource_id
                    && f.service_namespace.as_str() == k.service_namespace
                    && f.scalable_dimension.as_str() == k.scalable_dimension
            })?;
            Some(Self::seen(found.clone()))
        };
        Ok(known.iter().map(of).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await.map(drop)
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let answer = appautoscaling(cx.api)
            .delete_scaling_policy()
            .policy_name(&prior.name)
            .service_namespace(ServiceNamespace::from(prior.service_namespace.as_str()))
            .resource_id(&prior.resource_id)
            .scalable_dimension(ScalableDimension::from(prior.scalable_dimension.as_str()))
            .send()
            .await
            .api();
        match answer {
            // Not every endpoint has the code for it.
            Err(e) if e.message.starts_with("No scaling policy found") => Ok(()),
            other => other.map(drop),
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.map(|f| Self { id: f.id, arn: f.arn, ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let form = "<service-namespace>/<resource-id>/<scalable-dimension>/<policy-name>";
        let (rest, name) = split_name(id).ok_or(form)?;
        let (namespace, resource, dimension) = target_parts(rest).ok_or(form)?;
        Ok(vec![
            (Self::ID, Value::string(name)),
            (Self::NAME, Value::string(name)),
            (Self::SERVICE_NAMESPACE, Value::string(namespace)),
            (Self::RESOURCE_ID, Value::string(resource)),
            (Self::SCALABLE_DIMENSION, Value::string(dimension)),
        ])
    }
}

/// Names may have slashes too; the dimension, with two colons, is what is easy to find.
fn split_name(id: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for piece in id.split('/') {
        at += piece.len();
        if piece.matches(':').count() == 2 && at < id.len() {
            return Some((&id[..at], &id[at + 1..])).filter(|(_, name)| !name.is_empty());
        }
        at += 1;
    }
    None
}

impl Policy {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<String, Error> {
        let steps = self.step_scaling_policy_configuration.as_ref().map(StepScaling::request).transpose()?;
        let tracking = self.target_tracking_scaling_policy_configuration.as_ref().map(Tracking::request).transpose()?;
        let call = appautoscaling(cx.api)
            .put_scaling_policy()
            .policy_name(&self.name)
            .policy_type(PolicyType::from(self.policy_type.as_deref().unwrap_or("StepScaling")))
            .service_namespace(ServiceNamespace::from(self.service_namespace.as_str()))
            .resource_id(&self.resource_id)
            .scalable_dimension(ScalableDimension::from(self.scalable_dimension.as_str()))
            .set_step_scaling_policy_configuration(steps)
            .set_target_tracking_scaling_policy_configuration(tracking);
        let call = &call;
        // The target just registered may not be visible yet; two policies of one target cannot change at once.
        let codes = ["ObjectNotFoundException", "FailedResourceAccessException", "ConcurrentUpdateException"];
        let limit = std::time::Duration::from_secs(120);
        let made = cx.retry_on(&codes, limit, || async move { call.clone().send().await.api() }).await?;
        Ok(made.policy_arn)
    }

    fn seen(f: Found) -> Self {
        Self {
            id: f.policy_name.clone(),
            alarm_arns: Some(f.alarms.into_iter().flatten().map(|a| a.alarm_arn).collect()),
            arn: Some(f.policy_arn),
            name: f.policy_name,
            policy_type: Some(f.policy_type.as_str().to_owned()),
            resource_id: f.resource_id,
            scalable_dimension: f.scalable_dimension.as_str().to_owned(),
            service_namespace: f.service_namespace.as_str().to_owned(),
            step_scaling_policy_configuration: f.step_scaling_policy_configuration.map(StepScaling::seen),
            target_tracking_scaling_policy_configuration: f
                .target_tracking_scaling_policy_configuration
                .map(Tracking::seen),
        }
    }
}

impl StepScaling {
    fn request(&self) -> Result<api::StepScalingPolicyConfiguration, Error> {
        let bound = |t: &Option<String>| t.as_deref().and_then(|t| t.parse::<f64>().ok());
        let mut steps = Vec::new();
        for s in &self.step_adjustment {
            let step = api::StepAdjustment::builder()
                .set_metric_interval_lower_bound(bound(&s.metric_interval_lower_bound))
                .set_metric_interval_upper_bound(bound(&s.metric_interval_upper_bound))
                .scaling_adjustment(s.scaling_adjustment);
            steps.push(part(step.build())?);
        }
        Ok(api::StepScalingPolicyConfiguration::builder()
            .set_adjustment_type(self.adjustment_type.as_deref().map(api::AdjustmentType::from))
            .set_cooldown(self.cooldown)
            .set_metric_aggregation_type(self.metric_aggregation_type.as_deref().map(api::MetricAggregationType::from))
            .set_min_adjustment_magnitude(self.min_adjustment_magnitude.filter(|n| *n > 0))
            .set_step_adjustments((!steps.is_empty()).then_some(steps))
            .build())
    }

    fn seen(f: api::StepScalingPolicyConfiguration) -> Self {
        let bound = |n: Option<f64>| Some(n.map(|n| n.to_string()).unwrap_or_default());
        Self {
            adjustment_type: f.adjustment_type.map(|t| t.as_str().to_owned()),
            cooldown: f.cooldown,
            metric_aggregation_type: f.metric_aggregation_type.map(|t| t.as_str().to_owned()),
            min_adjustment_magnitude: f.min_adjustment_magnitude,
            step_adjustment: f
                .step_adjustments
                .into_iter()
                .flatten()
                .map(|s| StepAdjustment {
                    metric_interval_lower_bound: bound(s.metric_interval_lower_bound),
                    metric_interval_upper_bound: bound(s.metric_interval_upper_bound),
                    scaling_adjustment: s.scaling_adjustment,
                })
                .collect(),
        }
    }
}

impl Tracking {
    fn request(&self) -> Result<api::TargetTrackingScalingPolicyConfiguration, Error> {
        let predefined = self.predefined_metric_specification.as_ref().map(|p| {
            let call = api::PredefinedMetricSpecification::builder();
            let call = call.predefined_metric_type(api::MetricType::from(p.predefined_metric_type.as_str()));
            part(call.set_resource_label(p.resource_label.clone()).build())
        });
        let call = api::TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(self.target_value)
            .set_predefined_metric_specification(predefined.transpose()?)
            .set_customized_metric_specification(
                self.customized_metric_specification.as_ref().map(Customized::request).transpose()?,
            )
            .set_scale_out_cooldown(self.scale_out_cooldown)
            .set_scale_in_cooldown(self.scale_in_cooldown)
            .set_disable_scale_in(self.disable_scale_in);
        part(call.build())
    }

    fn seen(f: api::TargetTrackingScalingPolicyConfiguration) -> Self {
        Self {
            customized_metric_specification: f.customized_metric_specification.map(Customized::seen),
            disable_scale_in: f.disable_scale_in,
            predefined_metric_specification: f.predefined_metric_specification.map(|p| Predefined {
                predefined_metric_type: p.predefined_metric_type.as_str().to_owned(),
                resource_label: p.resource_label,
            }),
            scale_in_cooldown: f.scale_in_cooldown,
            scale_out_cooldown: f.scale_out_cooldown,
            target_value: f.target_value,
        }
    }
}

impl Customized {
    fn request(&self) -> Result<api::CustomizedMetricSpecification, Error> {
        let mut call = api::CustomizedMetricSpecification::builder()
            .set_metric_name(self.metric_name.clone())
            .set_namespace(self.namespace.clone())
            .set_statistic(self.statistic.as_deref().map(api::MetricStatistic::from))
            .set_unit(self.unit.clone());
        for d in &self.dimensions {
            call = call.dimensions(part(api::MetricDimension::builder().name(&d.name).value(&d.value).build())?);
        }
        for m in &self.metrics {
            call = call.metrics(m.request()?);
        }
        Ok(call.build())
    }

    fn seen(f: api::CustomizedMetricSpecification) -> Self {
        Self {
            dimensions: f
                .dimensions
                .into_iter()
                .flatten()
                .map(|d| Dimension { name: d.name, value: d.value })
                .collect(),
            metric_name: f.metric_name,
            metrics: f.metrics.into_iter().flatten().map(MetricQuery::seen).collect(),
            namespace: f.namespace,
            statistic: f.statistic.map(|s| s.as_str().to_owned()),
            unit: f.unit,
        }
    }
}

impl MetricQuery {
    fn request(&self) -> Result<api::TargetTrackingMetricDataQuery, Error> {
        let mut call = api::TargetTrackingMetricDataQuery::builder()
            .id(&self.id)
            .set_expression(self.expression.clone())
            .set_label(self.label.clone())
            .set_return_data(self.return_data);
        if let Some(stat) = &self.metric_stat {
            let mut metric = api::TargetTrackingMetric::builder()
                .metric_name(&stat.metric.metric_name)
                .namespace(&stat.metric.namespace);
            for d in &stat.metric.dimensions {
                metric = metric.dimensions(part(
                    api::TargetTrackingMetricDimension::builder().name(&d.name).value(&d.value).build(),
                )?);
            }
            let stat = api::TargetTrackingMetricStat::builder()
                .stat(&stat.stat)
                .set_unit(stat.unit.clone())
                .metric(metric.build());
            call = call.metric_stat(part(stat.build())?);
        }
        part(call.build())
    }

    fn seen(f: api::TargetTrackingMetricDataQuery) -> Self {
        Self {
            expression: f.expression,
            id: f.id,
            label: f.label,
            metric_stat: f.metric_stat.map(|s| MetricStat {
                metric: s
                    .metric
                    .map(|m| Metric {
                        dimensions: m
                            .dimensions
                            .into_iter()
                            .flatten()
                            .map(|d| Dimension { name: d.name, value: d.value })
                            .collect(),
                        metric_name: m.metric_name.unwrap_or_default(),
                        namespace: m.namespace.unwrap_or_default(),
                    })
                    .unwrap_or(Metric { dimensions: Vec::new(), metric_name: String::new(), namespace: String::new() }),
                stat: s.stat,
                unit: s.unit,
            }),
            return_data: f.return_data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_ids() {
        let check = |id: &str, want: Option<(&str, &str)>| assert_eq!(split_name(id), want, "{id}");
        let target = "ecs/service/c/s/ecs:service:DesiredCount";
        check("ecs/service/c/s/ecs:service:DesiredCount/cpu", Some((target, "cpu")));
        check("ecs/service/c/s/ecs:service:DesiredCount/cpu/70", Some((target, "cpu/70")));
        check(target, None);
    }
}
