//! Volumes of task definitions.

use aws_sdk_ecs::types::{
    DockerVolumeConfiguration, EfsAuthorizationConfig, EfsAuthorizationConfigIam, EfsTransitEncryption,
    EfsVolumeConfiguration, FSxWindowsFileServerAuthorizationConfig, FSxWindowsFileServerVolumeConfiguration,
    HostVolumeProperties, Scope, Volume as Found,
};
use sdt_provider::{Block, Error, Map, OptComputed, checks};

use crate::{part, text};

/// A volume that containers mount.
#[derive(Clone, Block)]
pub(crate) struct Volume {
    /// Leaves the configuration to the service that launches the task.
    #[attr(force_new)]
    configure_at_launch: OptComputed<bool>,
    /// A volume that Docker manages.
    docker_volume_configuration: Option<Docker>,
    /// An EFS file system.
    efs_volume_configuration: Option<Efs>,
    /// An FSx for Windows file system.
    fsx_windows_file_server_volume_configuration: Option<Fsx>,
    /// Path on the host.
    #[attr(force_new, default = "")]
    host_path: Option<String>,
    /// Name, to which mount points refer.
    #[attr(force_new)]
    name: String,
}

/// A volume that Docker manages.
#[derive(Clone, Block)]
pub(crate) struct Docker {
    /// Makes the volume when it is not there.
    #[attr(default = false)]
    autoprovision: Option<bool>,
    /// Volume driver.
    #[attr(force_new)]
    driver: OptComputed<String>,
    /// Options of the driver.
    driver_opts: Option<Map<String>>,
    /// Labels.
    labels: Option<Map<String>>,
    /// Lives as long as the task, or longer.
    #[attr(one_of("task", "shared"))]
    scope: OptComputed<String>,
}

/// An EFS file system.
#[derive(Clone, Block)]
pub(crate) struct Efs {
    /// Access point and permissions.
    authorization_config: Option<EfsAuthorization>,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
    /// Folder of the file system.
    #[attr(force_new, default = "/")]
    root_directory: Option<String>,
    /// Encrypts on the way.
    #[attr(force_new, default = "", one_of("ENABLED", "DISABLED"))]
    transit_encryption: Option<String>,
    /// Port on the host for encrypted data.
    #[attr(force_new, default = 0, range(0..=65535))]
    transit_encryption_port: Option<i32>,
}

/// Access point and permissions.
#[derive(Clone, Block)]
pub(crate) struct EfsAuthorization {
    /// Access point.
    #[attr(force_new, default = "")]
    access_point_id: Option<String>,
    /// Uses the task's role.
    #[attr(force_new, default = "", one_of("ENABLED", "DISABLED"))]
    iam: Option<String>,
}

/// An FSx for Windows file system.
#[derive(Clone, Block)]
pub(crate) struct Fsx {
    /// Credentials.
    authorization_config: FsxAuthorization,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
    /// Folder of the file system.
    #[attr(force_new)]
    root_directory: String,
}

/// Credentials for an FSx file system.
#[derive(Clone, Block)]
pub(crate) struct FsxAuthorization {
    /// ARN of a secret or parameter.
    #[attr(force_new, check = checks::arn)]
    credentials_parameter: String,
    /// Active Directory domain.
    #[attr(force_new)]
    domain: String,
}

impl Volume {
    pub(crate) fn request(&self) -> Result<Found, Error> {
        let mut volume = Found::builder().name(&self.name);
        if let Some(at_launch) = self.configure_at_launch {
            volume = volume.configured_at_launch(at_launch);
        }
        if let Some(path) = &self.host_path {
            volume = volume.host(HostVolumeProperties::builder().source_path(path).build());
        }
        if let Some(d) = &self.docker_volume_configuration {
            // Docker's own words for "not set" differ by scope: what is not set is not sent.
            let docker = DockerVolumeConfiguration::builder()
                .set_scope(d.scope.as_deref().map(Scope::from))
                .set_autoprovision(d.autoprovision.filter(|on| *on))
                .set_driver(d.driver.clone())
                .set_driver_opts(d.driver_opts.clone().filter(|m| !m.is_empty()).map(|m| m.into_iter().collect()))
                .set_labels(d.labels.clone().filter(|m| !m.is_empty()).map(|m| m.into_iter().collect()));
            volume = volume.docker_volume_configuration(docker.build());
        }
        if let Some(e) = &self.efs_volume_configuration {
            let authorization = e.authorization_config.as_ref().map(|a| {
                EfsAuthorizationConfig::builder()
                    .set_access_point_id(a.access_point_id.clone())
                    .set_iam(a.iam.as_deref().map(EfsAuthorizationConfigIam::from))
                    .build()
            });
            let efs = EfsVolumeConfiguration::builder()
                .file_system_id(&e.file_system_id)
                .set_root_directory(e.root_directory.clone())
                .set_transit_encryption(e.transit_encryption.as_deref().map(EfsTransitEncryption::from))
                .set_transit_encryption_port(e.transit_encryption_port.filter(|p| *p != 0))
                .set_authorization_config(authorization);
            volume = volume.efs_volume_configuration(part(efs.build())?);
        }
        if let Some(f) = &self.fsx_windows_file_server_volume_configuration {
            let authorization = FSxWindowsFileServerAuthorizationConfig::builder()
                .credentials_parameter(&f.authorization_config.credentials_parameter)
                .domain(&f.authorization_config.domain);
            let fsx = FSxWindowsFileServerVolumeConfiguration::builder()
                .file_system_id(&f.file_system_id)
                .root_directory(&f.root_directory)
                .authorization_config(part(authorization.build())?);
            volume = volume.fsx_windows_file_server_volume_configuration(part(fsx.build())?);
        }
        Ok(volume.build())
    }

    pub(crate) fn from_answer(v: Found) -> Self {
        Self {
            configure_at_launch: Some(v.configured_at_launch == Some(true)),
            docker_volume_configuration: v.docker_volume_configuration.map(|d| Docker {
                autoprovision: Some(d.autoprovision == Some(true)),
                driver: d.driver,
                driver_opts: d.driver_opts.map(|m| m.into_iter().collect()),
                labels: d.labels.map(|m| m.into_iter().collect()),
                scope: d.scope.map(|s| s.as_str().to_owned()),
            }),
            efs_volume_configuration: v.efs_volume_configuration.map(|e| Efs {
                authorization_config: e.authorization_config.map(|a| EfsAuthorization {
                    access_point_id: text(a.access_point_id),
                    iam: a.iam.map(|i| i.as_str().to_owned()),
                }),
                file_system_id: e.file_system_id,
                root_directory: e.root_directory,
                transit_encryption: e.transit_encryption.map(|t| t.as_str().to_owned()),
                transit_encryption_port: e.transit_encryption_port,
            }),
            fsx_windows_file_server_volume_configuration: v.fsx_windows_file_server_volume_configuration.map(|f| {
                let (parameter, domain) =
                    f.authorization_config.map(|a| (a.credentials_parameter, a.domain)).unwrap_or_default();
                Fsx {
                    authorization_config: FsxAuthorization { credentials_parameter: parameter, domain },
                    file_system_id: f.file_system_id,
                    root_directory: f.root_directory,
                }
            }),
            host_path: v.host.and_then(|h| text(h.source_path)),
            name: v.name.unwrap_or_default(),
        }
    }
}
