//! ECS: clusters, task definitions and services.

mod cluster;
mod cluster_capacity_providers;
mod cluster_data;
mod container;
mod service;
mod service_data;
mod service_parts;
mod tags;
mod task_definition;
mod task_definition_data;
mod volume;

use sdt_aws_core::Aws;
use sdt_provider::{Cx, Error, Pace, Seen, Service, data_source, resource};

sdt_aws_core::client!(ecs, "ecs", aws_sdk_ecs);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<cluster_capacity_providers::ClusterCapacityProviders>(),
        resource::<cluster::Cluster>(),
        resource::<service::EcsService>(),
        resource::<task_definition::TaskDefinition>(),
    ],
    data: &[
        data_source::<task_definition_data::TaskDefinitionData>(),
        data_source::<service_data::ServiceData>(),
        data_source::<cluster_data::ClusterData>(),
    ],
    ephemeral: &[],
};

/// A string with "" as absent.
fn text(value: Option<String>) -> Option<String> {
    value.filter(|s| !s.is_empty())
}

/// What an SDK builder that misses a required part says.
fn part<T>(built: Result<T, aws_smithy_types::error::operation::BuildError>) -> Result<T, Error> {
    built.map_err(|e| Error::new(sdt_provider::Class::Invalid, "", e.to_string()))
}

/// Repeats a call while its error passes by itself: ECS has one code for everything, so the message decides.
async fn patiently<T, F, Fut>(cx: &Cx<'_, Aws>, what: &str, passing: &[&str], call: F) -> Result<T, Error>
where
    T: Send,
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<T, Error>> + Send,
{
    let call = &call;
    // Roles and service-linked roles are visible everywhere after a minute or two.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(180).min(cx.remaining());
    cx.wait(what, Pace::QUICK, || async move {
        match call().await {
            Ok(value) => Ok(Seen::Ready(value)),
            Err(e)
                if passing.iter().any(|p| e.message.contains(p) || e.code == *p) && std::time::Instant::now() < end =>
            {
                Ok(Seen::Pending(e.to_string()))
            }
            Err(e) => Err(e),
        }
    })
    .await
}
