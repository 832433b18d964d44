//! Data source `aws_ecs_cluster`

use aws_sdk_ecs::types::ClusterField;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::{ecs, tags};

/// A cluster that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_ecs_cluster")]
pub(crate) struct ClusterData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Name of the cluster.
    cluster_name: String,
    /// Pending tasks count.
    pending_tasks_count: Computed<i32>,
    /// Registered container instances count.
    registered_container_instances_count: Computed<i32>,
    /// Running tasks count.
    running_tasks_count: Computed<i32>,
    /// Service connect defaults.
    service_connect_defaults: Computed<Vec<ConnectDefaults>>,
    /// Setting.
    setting: Computed<Set<Setting>>,
    /// Its state.
    status: Computed<String>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
}

/// Service connect defaults.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ConnectDefaults {
    /// Namespace of the metric.
    namespace: Computed<String>,
}

/// Setting.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Setting {
    /// Its name.
    name: Computed<String>,
    /// The value.
    value: Computed<String>,
}

#[async_trait]
impl DataSource for ClusterData {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Cluster";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = ecs(cx.api).describe_clusters().clusters(&query.cluster_name);
        let call =
            call.include(ClusterField::Configurations).include(ClusterField::Settings).include(ClusterField::Tags);
        let Some(c) = call.send().await.api()?.clusters.unwrap_or_default().into_iter().next() else {
            return Err(Error::not_found(format!("there is no cluster {}", query.cluster_name)));
        };
        let setting = |s: aws_sdk_ecs::types::ClusterSetting| Setting {
            name: s.name.map(|n| n.as_str().to_owned()),
            value: s.value,
        };
        let defaults = c.service_connect_defaults.map(|d| ConnectDefaults { namespace: d.namespace });
        Ok(Self {
            id: c.cluster_arn.clone().unwrap_or_default(),
            arn: c.cluster_arn,
            cluster_name: c.cluster_name.unwrap_or_default(),
            pending_tasks_count: Some(c.pending_tasks_count),
            registered_container_instances_count: Some(c.registered_container_instances_count),
            running_tasks_count: Some(c.running_tasks_count),
            service_connect_defaults: Some(defaults.into_iter().collect()),
            setting: Some(c.settings.into_iter().flatten().map(setting).collect()),
            status: c.status,
            tags: Some(tags::read(c.tags)),
        })
    }
}
