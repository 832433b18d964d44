//! Data source `aws_ecs_service`

use aws_sdk_ecs::types::ServiceField;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, OptComputed, async_trait};

use crate::{ecs, tags};

/// A service that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_ecs_service")]
pub(crate) struct ServiceData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Availability zone rebalancing.
    availability_zone_rebalancing: Computed<String>,
    /// ARN of the cluster.
    cluster_arn: String,
    /// Desired count.
    desired_count: Computed<i32>,
    /// Launch type.
    launch_type: Computed<String>,
    /// Scheduling strategy.
    scheduling_strategy: Computed<String>,
    /// Service name.
    service_name: String,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// Task definition.
    task_definition: Computed<String>,
}

#[async_trait]
impl DataSource for ServiceData {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Service";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = ecs(cx.api).describe_services().cluster(&query.cluster_arn).services(&query.service_name);
        let Some(s) =
            call.include(ServiceField::Tags).send().await.api()?.services.unwrap_or_default().into_iter().next()
        else {
            return Err(Error::not_found(format!("there is no service {}", query.service_name)));
        };
        let text = |t: Option<&str>| t.map(str::to_owned);
        Ok(Self {
            id: s.service_arn.clone().unwrap_or_default(),
            arn: s.service_arn,
            availability_zone_rebalancing: text(s.availability_zone_rebalancing.as_ref().map(|z| z.as_str())),
            cluster_arn: s.cluster_arn.unwrap_or_default(),
            desired_count: Some(s.desired_count),
            launch_type: Some(text(s.launch_type.as_ref().map(|l| l.as_str())).unwrap_or_default()),
            scheduling_strategy: text(s.scheduling_strategy.as_ref().map(|l| l.as_str())),
            service_name: s.service_name.unwrap_or_default(),
            tags: Some(tags::read(s.tags)),
            task_definition: s.task_definition,
        })
    }
}
