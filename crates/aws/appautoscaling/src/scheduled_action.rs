//! `aws_appautoscaling_scheduled_action`

use aws_sdk_applicationautoscaling::primitives::{DateTime, DateTimeFormat};
use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction as ApiAction, ScheduledAction as Found, ServiceNamespace,
};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Changes, Computed, Cx, Error, Id, Resource, Token, async_trait};

use crate::{appautoscaling, distinct, whole_number};

/// New limits for a target, at certain times.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_appautoscaling_scheduled_action")]
pub(crate) struct ScheduledAction {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// When it ends.
    #[attr(check = sdt_aws_core::checks::rfc3339, keep_null)]
    end_time: Option<String>,
    /// Its name.
    #[attr(force_new)]
    name: String,
    /// What is scaled: `service/<cluster>/<service>`.
    #[attr(force_new)]
    resource_id: String,
    /// Which of its numbers is scaled: `ecs:service:DesiredCount`.
    #[attr(force_new)]
    scalable_dimension: String,
    /// The new limits.
    scalable_target_action: ScalableTargetAction,
    /// When it happens: `at(…)`, `rate(…)` or `cron(…)`.
    schedule: String,
    /// The service it belongs to: `ecs`.
    #[attr(force_new)]
    service_namespace: String,
    /// When it begins.
    #[attr(check = sdt_aws_core::checks::rfc3339, keep_null)]
    start_time: Option<String>,
    /// Time zone of the schedule.
    #[attr(default = "UTC")]
    timezone: Option<String>,
}

/// The new limits.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ScalableTargetAction {
    /// Most that scaling may reach.
    #[attr(check = whole_number, at_least_one_of(max_capacity, min_capacity))]
    max_capacity: Option<String>,
    /// Least that scaling may reach.
    #[attr(check = whole_number, at_least_one_of(max_capacity, min_capacity))]
    min_capacity: Option<String>,
}

#[async_trait]
impl Resource for ScheduledAction {
    type Api = Aws;
    const HUMAN: &'static str = "Application Auto Scaling Scheduled Action";
    const TOKEN: Token = Token::Name;
    // DescribeScheduledActions takes 50 names.
    const CHUNK: usize = 50;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.put(cx).await?;
        let id = format!("{}-{}-{}", want.name, want.service_namespace, want.resource_id);
        Ok(Self { id, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found: Vec<Found> = Vec::new();
        for namespace in distinct(known, |k| &k.service_namespace) {
            let names = known.iter().filter(|k| k.service_namespace == namespace).map(|k| k.name.clone()).collect();
            let call = appautoscaling(cx.api).describe_scheduled_actions().set_scheduled_action_names(Some(names));
            let call = call.service_namespace(ServiceNamespace::from(namespace.as_str())).into_paginator().items();
            found.extend(call.send().try_collect().await.api()?);
        }
        let of = |k: &Self| {
            let found = found.iter().find(|f| {
                f.scheduled_action_name == k.name
                    && f.resource_id == k.resource_id
                    && f.service_namespace.as_str() == k.service_namespace
                    && f.scalable_dimension.as_ref().is_none_or(|d| d.as_str() == k.scalable_dimension)
            })?;
            Some(Self::seen(found.clone(), k))
        };
        Ok(known.iter().map(of).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        appautoscaling(cx.api)
            .delete_scheduled_action()
            .service_namespace(ServiceNamespace::from(prior.service_namespace.as_str()))
            .scheduled_action_name(&prior.name)
            .resource_id(&prior.resource_id)
            .scalable_dimension(ScalableDimension::from(prior.scalable_dimension.as_str()))
            .send()
            .await
            .api()
            .map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        let ours = found.filter(|f| f.schedule == want.schedule);
        Ok(ours.map(|f| Self { id: f.id, arn: f.arn, ..want.clone() }))
    }

    fn import(_id: &str) -> Result<Vec<(sdt_provider::Name, sdt_provider::Value)>, String> {
        Err("nothing: scheduled actions cannot be imported".into())
    }
}

impl ScheduledAction {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let time = |t: &Option<String>| {
            t.as_deref().and_then(|t| DateTime::from_str(t, DateTimeFormat::DateTimeWithOffset).ok())
        };
        let limit = |t: &Option<String>| t.as_deref().and_then(|t| t.parse().ok());
        let call = appautoscaling(cx.api)
            .put_scheduled_action()
            .service_namespace(ServiceNamespace::from(self.service_namespace.as_str()))
            .scheduled_action_name(&self.name)
            .resource_id(&self.resource_id)
            .scalable_dimension(ScalableDimension::from(self.scalable_dimension.as_str()))
            .schedule(&self.schedule)
            .set_timezone(self.timezone.clone())
            .set_start_time(time(&self.start_time))
            .set_end_time(time(&self.end_time))
            .scalable_target_action(
                ApiAction::builder()
                    .set_min_capacity(limit(&self.scalable_target_action.min_capacity))
                    .set_max_capacity(limit(&self.scalable_target_action.max_capacity))
                    .build(),
            );
        let call = &call;
        // The target just registered may not be visible yet.
        let limit = std::time::Duration::from_secs(30);
        cx.retry_on(&["ObjectNotFoundException"], limit, || async move { call.clone().send().await.api().map(drop) })
            .await
    }

    fn seen(f: Found, known: &Self) -> Self {
        let time = |t: Option<DateTime>| t.and_then(|t| t.fmt(DateTimeFormat::DateTime).ok());
        Self {
            id: format!("{}-{}-{}", f.scheduled_action_name, f.service_namespace.as_str(), f.resource_id),
            arn: Some(f.scheduled_action_arn),
            end_time: time(f.end_time),
            name: f.scheduled_action_name,
            resource_id: f.resource_id,
            scalable_dimension: known.scalable_dimension.clone(),
            scalable_target_action: ScalableTargetAction {
                max_capacity: f.scalable_target_action.as_ref().and_then(|a| a.max_capacity).map(|n| n.to_string()),
                min_capacity: f.scalable_target_action.as_ref().and_then(|a| a.min_capacity).map(|n| n.to_string()),
            },
            schedule: f.schedule,
            service_namespace: f.service_namespace.as_str().to_owned(),
            start_time: time(f.start_time),
            timezone: f.timezone.or_else(|| Some("UTC".into())),
        }
    }
}
