//! `aws_appautoscaling_target`

use std::collections::HashMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget as Found, ServiceNamespace, SuspendedState as ApiSuspended,
};
use sdt_aws_core::{Api, Aws, tagging, tags};
use sdt_provider::{
    Block, Changes, Computed, Cx, Described, Error, Id, Name, OptComputed, Resource, Tags, Token, Value, async_trait,
};

use crate::{appautoscaling, distinct, target_parts};

/// Something that may be scaled, and between which limits.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_appautoscaling_target")]
pub(crate) struct Target {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Most that scaling may reach.
    max_capacity: i32,
    /// Least that scaling may reach.
    min_capacity: i32,
    /// What is scaled: `service/<cluster>/<service>`.
    #[attr(force_new)]
    resource_id: String,
    /// ARN of the role.
    role_arn: OptComputed<String>,
    /// Which of its numbers is scaled: `ecs:service:DesiredCount`.
    #[attr(force_new)]
    scalable_dimension: String,
    /// The service it belongs to: `ecs`.
    #[attr(force_new)]
    service_namespace: String,
    /// Which kinds of scaling are suspended.
    suspended_state: OptComputed<SuspendedState>,
    /// Tags of the object.
    tags: Tags,
}

/// Which kinds of scaling are suspended.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct SuspendedState {
    /// No scaling in by policies.
    #[attr(default = false)]
    dynamic_scaling_in_suspended: Option<bool>,
    /// No scaling out by policies.
    #[attr(default = false)]
    dynamic_scaling_out_suspended: Option<bool>,
    /// No scaling by schedule.
    #[attr(default = false)]
    scheduled_scaling_suspended: Option<bool>,
}

#[async_trait]
impl Resource for Target {
    type Api = Aws;
    const HUMAN: &'static str = "Application Auto Scaling Target";
    // Registering again changes what is there: namespace, resource and dimension are its key.
    const TOKEN: Token = Token::Name;
    // DescribeScalableTargets takes 50 resource ids.
    const CHUNK: usize = 50;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let tags = (!want.tags.is_empty()).then(|| want.tags.clone().into_iter().collect::<HashMap<_, _>>());
        let arn = want.register(cx, tags).await?;
        Ok(Self { id: want.resource_id.clone(), arn, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found: Vec<Found> = Vec::new();
        for namespace in distinct(known, |k| &k.service_namespace) {
            let ids =
                known.iter().filter(|k| k.service_namespace == namespace).map(|k| k.resource_id.clone()).collect();
            let call = appautoscaling(cx.api).describe_scalable_targets().set_resource_ids(Some(ids));
            let call = call.service_namespace(ServiceNamespace::from(namespace.as_str())).into_paginator().items();
            found.extend(call.send().try_collect().await.api()?);
        }
        let of = |k: &Self| {
            found.iter().find(|f| {
                f.resource_id == k.resource_id
                    && f.service_namespace.as_str() == k.service_namespace
                    && f.scalable_dimension.as_str() == k.scalable_dimension
            })
        };
        let wanted: Vec<Option<Found>> = known.iter().map(|k| of(k).cloned()).collect();
        let prior = |k: &Self, f: &Found| (f.scalable_target_arn.clone().unwrap_or_default(), k.tags.clone());
        let arns: Vec<_> = known.iter().zip(&wanted).filter_map(|(k, f)| Some(prior(k, f.as_ref()?))).collect();
        let tags = tagging::confirmed(cx, Self::META.name, &arns, |arn| async move {
            let answer = appautoscaling(cx.api).list_tags_for_resource().resource_arn(arn).send().await.api()?;
            Ok(answer.tags.unwrap_or_default().into_iter().collect())
        });
        let mut tags: HashMap<String, Tags> =
            arns.iter().map(|(arn, _)| arn.clone()).zip(tags.await?).filter_map(|(arn, t)| Some((arn, t?))).collect();
        let one = |f: Option<Found>| {
            let f = f?;
            let tags = tags.remove(f.scalable_target_arn.as_deref().unwrap_or_default())?;
            Some(Self::seen(f, tags))
        };
        Ok(wanted.into_iter().map(one).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::MAX_CAPACITY, Self::MIN_CAPACITY, Self::ROLE_ARN, Self::SUSPENDED_STATE]) {
            want.register(cx, None).await?;
        }
        if changed.tags() {
            let arn = prior.arn.as_deref().unwrap_or_default();
            let change = tags::change(&prior.tags, &want.tags);
            let client = appautoscaling(cx.api);
            if !change.remove.is_empty() {
                client.untag_resource().resource_arn(arn).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if !change.set.is_empty() {
                let set = change.set.into_iter().collect();
                client.tag_resource().resource_arn(arn).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let answer = appautoscaling(cx.api)
            .deregister_scalable_target()
            .service_namespace(ServiceNamespace::from(prior.service_namespace.as_str()))
            .resource_id(&prior.resource_id)
            .scalable_dimension(ScalableDimension::from(prior.scalable_dimension.as_str()))
            .send()
            .await
            .api();
        match answer {
            // Not every endpoint has the code for it.
            Err(e) if e.message.starts_with("No scalable target found") => Ok(()),
            other => other.map(drop),
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        let ours = found.filter(|f| (f.min_capacity, f.max_capacity) == (want.min_capacity, want.max_capacity));
        Ok(ours.map(|f| Self { id: f.id, arn: f.arn, ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let (namespace, resource, dimension) =
            target_parts(id).ok_or("<service-namespace>/<resource-id>/<scalable-dimension>")?;
        Ok(vec![
            (Self::ID, Value::string(&resource)),
            (Self::SERVICE_NAMESPACE, Value::string(namespace)),
            (Self::RESOURCE_ID, Value::string(resource)),
            (Self::SCALABLE_DIMENSION, Value::string(dimension)),
        ])
    }
}

impl Target {
    async fn register(&self, cx: &Cx<'_, Aws>, tags: Option<HashMap<String, String>>) -> Result<Option<String>, Error> {
        let call = appautoscaling(cx.api)
            .register_scalable_target()
            .service_namespace(ServiceNamespace::from(self.service_namespace.as_str()))
            .resource_id(&self.resource_id)
            .scalable_dimension(ScalableDimension::from(self.scalable_dimension.as_str()))
            .min_capacity(self.min_capacity)
            .max_capacity(self.max_capacity)
            .set_role_arn(self.role_arn.clone())
            .set_suspended_state(self.suspended_state.as_ref().map(SuspendedState::request))
            .set_tags(tags);
        let call = &call;
        // A role, table or service just made may not be visible yet.
        let codes = ["ObjectNotFoundException"];
        let limit = std::time::Duration::from_secs(30);
        let made = cx.retry_on(&codes, limit, || async move { call.clone().send().await.api() }).await?;
        Ok(made.scalable_target_arn)
    }

    fn seen(f: Found, tags: Tags) -> Self {
        Self {
            id: f.resource_id.clone(),
            arn: f.scalable_target_arn,
            max_capacity: f.max_capacity,
            min_capacity: f.min_capacity,
            resource_id: f.resource_id,
            role_arn: Some(f.role_arn),
            scalable_dimension: f.scalable_dimension.as_str().to_owned(),
            service_namespace: f.service_namespace.as_str().to_owned(),
            suspended_state: f.suspended_state.map(|s| SuspendedState {
                dynamic_scaling_in_suspended: s.dynamic_scaling_in_suspended,
                dynamic_scaling_out_suspended: s.dynamic_scaling_out_suspended,
                scheduled_scaling_suspended: s.scheduled_scaling_suspended,
            }),
            tags,
        }
    }
}

impl SuspendedState {
    fn request(&self) -> ApiSuspended {
        ApiSuspended::builder()
            .set_dynamic_scaling_in_suspended(self.dynamic_scaling_in_suspended)
            .set_dynamic_scaling_out_suspended(self.dynamic_scaling_out_suspended)
            .set_scheduled_scaling_suspended(self.scheduled_scaling_suspended)
            .build()
    }
}
