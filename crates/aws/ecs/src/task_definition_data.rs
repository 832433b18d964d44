//! Data source `aws_ecs_task_definition`

use sdt_aws_core::Aws;
use sdt_provider::{
    Block, Computed, Cx, DataSource, Described, Error, FromValue, Id, Map, Set, ToValue, async_trait, fit_as_read,
};

use crate::task_definition::{TaskDefinition, described};

/// A task definition that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_ecs_task_definition", legacy)]
pub(crate) struct TaskDefinitionData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Arn without revision.
    arn_without_revision: Computed<String>,
    /// Container definitions.
    container_definitions: Computed<String>,
    /// Cpu.
    cpu: Computed<String>,
    /// Enable fault injection.
    enable_fault_injection: Computed<bool>,
    /// Ephemeral storage.
    ephemeral_storage: Computed<Vec<EphemeralStorage>>,
    /// ARN of the execution role.
    execution_role_arn: Computed<String>,
    /// Family that the group is for.
    family: Computed<String>,
    /// Inference accelerator.
    inference_accelerator: Computed<Vec<InferenceAccelerator>>,
    /// Ipc mode.
    ipc_mode: Computed<String>,
    /// Memory.
    memory: Computed<String>,
    /// Network mode.
    network_mode: Computed<String>,
    /// Pid mode.
    pid_mode: Computed<String>,
    /// Placement constraints.
    placement_constraints: Computed<Set<PlacementConstraint>>,
    /// Proxy configuration.
    proxy_configuration: Computed<Vec<ProxyConfiguration>>,
    /// Requires compatibilities.
    requires_compatibilities: Computed<Set<String>>,
    /// Revision.
    revision: Computed<i32>,
    /// Runtime platform.
    runtime_platform: Computed<Vec<RuntimePlatform>>,
    /// Its state.
    status: Computed<String>,
    /// Task definition.
    task_definition: String,
    /// ARN of the task role.
    task_role_arn: Computed<String>,
    /// Volume.
    volume: Computed<Set<Volume>>,
}

/// Ephemeral storage.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct EphemeralStorage {
    /// Size in gib.
    size_in_gib: Computed<i32>,
}

/// Inference accelerator.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct InferenceAccelerator {
    /// Device name.
    device_name: Computed<String>,
    /// Device type.
    device_type: Computed<String>,
}

/// Placement constraints.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct PlacementConstraint {
    /// Expression over the other metrics.
    expression: Computed<String>,
    /// Its kind.
    r#type: Computed<String>,
}

/// Proxy configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ProxyConfiguration {
    /// Container name.
    container_name: Computed<String>,
    /// Properties.
    properties: Computed<Map<String>>,
    /// Its kind.
    r#type: Computed<String>,
}

/// Runtime platform.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct RuntimePlatform {
    /// Cpu architecture.
    cpu_architecture: Computed<String>,
    /// Operating system family.
    operating_system_family: Computed<String>,
}

/// Volume.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Volume {
    /// Configure at launch.
    configure_at_launch: Computed<bool>,
    /// Docker volume configuration.
    docker_volume_configuration: Computed<Vec<DockerVolumeConfiguration>>,
    /// Efs volume configuration.
    efs_volume_configuration: Computed<Vec<EfsVolumeConfiguration>>,
    /// Fsx windows file server volume configuration.
    fsx_windows_file_server_volume_configuration: Computed<Vec<FsxWindowsFileServerVolumeConfiguration>>,
    /// Host path.
    host_path: Computed<String>,
    /// Its name.
    name: Computed<String>,
}

/// Docker volume configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DockerVolumeConfiguration {
    /// Autoprovision.
    autoprovision: Computed<bool>,
    /// Driver.
    driver: Computed<String>,
    /// Driver opts.
    driver_opts: Computed<Map<String>>,
    /// Labels.
    labels: Computed<Map<String>>,
    /// Scope.
    scope: Computed<String>,
}

/// Efs volume configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct EfsVolumeConfiguration {
    /// Authorization config.
    authorization_config: Computed<Vec<AuthorizationConfig>>,
    /// The file system.
    file_system_id: Computed<String>,
    /// Root directory.
    root_directory: Computed<String>,
    /// Transit encryption.
    transit_encryption: Computed<String>,
    /// Transit encryption port.
    transit_encryption_port: Computed<i32>,
}

/// Fsx windows file server volume configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct FsxWindowsFileServerVolumeConfiguration {
    /// Authorization config.
    authorization_config: Computed<Vec<DomainAuthorization>>,
    /// The file system.
    file_system_id: Computed<String>,
    /// Root directory.
    root_directory: Computed<String>,
}

/// With which credentials of which directory.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DomainAuthorization {
    /// Secret or parameter with the credentials.
    credentials_parameter: Computed<String>,
    /// The directory.
    domain: Computed<String>,
}

/// Authorization config.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AuthorizationConfig {
    /// Access point id.
    access_point_id: Computed<String>,
    /// Iam.
    iam: Computed<String>,
}

#[async_trait]
impl DataSource for TaskDefinitionData {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Task Definition";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let Some((found, status)) = described(cx.api, &query.task_definition).await? else {
            return Err(Error::not_found(format!("there is no task definition {}", query.task_definition)));
        };
        let full = Self::from_value(&fit_as_read(TaskDefinition::META, &found.to_value()))?;
        Ok(Self { id: full.arn.clone().unwrap_or_default(), status, task_definition: query.task_definition, ..full })
    }
}
