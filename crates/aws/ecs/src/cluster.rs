//! `aws_ecs_cluster`

use std::sync::Arc;

use aws_sdk_ecs::types::{
    Cluster as Found, ClusterConfiguration, ClusterField, ClusterServiceConnectDefaultsRequest, ClusterSetting,
    ClusterSettingName, ExecuteCommandConfiguration, ExecuteCommandLogConfiguration, ExecuteCommandLogging,
    ManagedStorageConfiguration,
};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Pace, Resource, Seen, Set, Tags, Token, Value,
    async_trait, checks,
};

use crate::{ecs, part, patiently, tags, text};

/// A group of services and tasks.
#[derive(Clone, Resource)]
#[resource(name = "aws_ecs_cluster")]
pub(crate) struct Cluster {
    id: Id,
    /// ARN of the cluster.
    arn: Computed<String>,
    /// Command execution and storage keys.
    configuration: Option<Configuration>,
    /// Name of the cluster.
    #[attr(force_new, length(1..=255), check = sdt_aws_core::checks::word)]
    name: String,
    /// Namespace that services use for Service Connect when they name none.
    service_connect_defaults: Option<ServiceConnectDefaults>,
    /// Settings of the cluster.
    setting: OptComputed<Set<Setting>>,
    /// Tags of the cluster.
    tags: Tags,
}

/// Command execution and storage keys.
#[derive(Clone, Block)]
pub(crate) struct Configuration {
    /// How commands in containers are executed.
    execute_command_configuration: Option<ExecuteCommand>,
    /// Keys of storage that ECS manages.
    managed_storage_configuration: Option<ManagedStorage>,
}

/// How commands in containers are executed.
#[derive(Clone, Block)]
pub(crate) struct ExecuteCommand {
    /// KMS key that encrypts the session.
    kms_key_id: Option<String>,
    /// Where the output goes, with `logging = "OVERRIDE"`.
    log_configuration: Option<ExecuteCommandLog>,
    /// Which log configuration counts.
    #[attr(default = "DEFAULT", one_of("NONE", "DEFAULT", "OVERRIDE"))]
    logging: String,
}

/// Where the output of commands goes.
#[derive(Clone, Block)]
pub(crate) struct ExecuteCommandLog {
    /// Encrypts the log group's data.
    cloud_watch_encryption_enabled: Option<bool>,
    /// Log group.
    cloud_watch_log_group_name: Option<String>,
    /// Encrypts the objects in the bucket.
    s3_bucket_encryption_enabled: Option<bool>,
    /// Bucket.
    s3_bucket_name: Option<String>,
    /// Folder in the bucket.
    s3_key_prefix: Option<String>,
}

/// Keys of storage that ECS manages.
#[derive(Clone, Block)]
pub(crate) struct ManagedStorage {
    /// KMS key of Fargate's ephemeral storage.
    fargate_ephemeral_storage_kms_key_id: Option<String>,
    /// KMS key of managed volumes.
    kms_key_id: Option<String>,
}

/// Namespace for Service Connect.
#[derive(Clone, Block)]
pub(crate) struct ServiceConnectDefaults {
    /// ARN of the namespace.
    #[attr(check = checks::arn)]
    namespace: String,
}

/// One setting of the cluster.
#[derive(Clone, Block)]
pub(crate) struct Setting {
    /// Name of the setting.
    #[attr(one_of("containerInsights"))]
    name: String,
    /// Its value.
    value: String,
}

/// Why a creation or update passes later: the service-linked role of a new account.
const PASSING: &[&str] = &["Unable to assume the service linked role"];

#[async_trait]
impl Resource for Cluster {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Cluster";
    // CreateCluster gives the cluster of that name that is there.
    const TOKEN: Token = Token::Name;
    // DescribeClusters takes 100.
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let defaults = want.service_connect_defaults.as_ref().map(ServiceConnectDefaults::request).transpose()?;
        let made = patiently(cx, "ECS's service-linked role", PASSING, || async {
            ecs(cx.api)
                .create_cluster()
                .cluster_name(&want.name)
                .set_configuration(want.configuration.as_ref().map(Configuration::request))
                .set_service_connect_defaults(defaults.clone())
                .set_settings(want.setting.as_deref().filter(|s| !s.is_empty()).map(Setting::requests))
                .set_tags(tags::on_create(&want.tags))
                .send()
                .await
                .api()
        })
        .await?;
        let arn = made.cluster.and_then(|c| c.cluster_arn);
        Ok(Self { id: arn.clone().unwrap_or_default(), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.wait_active(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found = together(cx).await?.to_vec();
        if found.is_empty() {
            found = describe(cx.api, known.iter().map(|k| k.id.clone()).collect()).await?;
        }
        // After an import the id is the name.
        let key = |k: &Self| if k.id.starts_with("arn:") { k.id.clone() } else { k.name.clone() };
        let keys: Vec<String> = known.iter().map(key).collect();
        let objects = found.into_iter().filter(|c| c.status.as_deref() != Some("INACTIVE")).flat_map(|c| {
            let object = Self::from_answer(c);
            [(object.id.clone(), object.clone()), (object.name.clone(), object)]
        });
        Ok(in_order(&keys, |k| k, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::CONFIGURATION, Self::SERVICE_CONNECT_DEFAULTS, Self::SETTING]) {
            let mut call = ecs(cx.api).update_cluster().cluster(&prior.id);
            if changed.has(Self::SETTING) {
                call = call.set_settings(want.setting.as_deref().map(Setting::requests));
            }
            if changed.has(Self::CONFIGURATION) {
                let none = || ClusterConfiguration::builder().build();
                call = call.configuration(want.configuration.as_ref().map_or_else(none, Configuration::request));
            }
            if changed.has(Self::SERVICE_CONNECT_DEFAULTS) {
                // An empty namespace removes the default.
                let none = ServiceConnectDefaults { namespace: String::new() };
                let defaults = want.service_connect_defaults.as_ref().unwrap_or(&none);
                call = call.service_connect_defaults(defaults.request()?);
            }
            let call = &call;
            patiently(cx, "ECS's service-linked role", PASSING, || async { call.clone().send().await.api() }).await?;
            prior.wait_active(cx).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Services and instances that were just deleted stay for a moment.
        let codes = [
            "ClusterContainsContainerInstancesException",
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "UpdateInProgressException",
        ];
        let limit = std::time::Duration::from_secs(600);
        cx.retry_on(&codes, limit, || async { ecs(cx.api).delete_cluster().cluster(&prior.id).send().await.api() })
            .await?;
        cx.wait("the cluster to be gone", Pace::QUICK, || async {
            let found = describe(cx.api, vec![prior.id.clone()]).await?;
            Ok(match found.into_iter().next().and_then(|c| c.status) {
                Some(status) if status != "INACTIVE" => Seen::Pending(status),
                _ => Seen::Ready(()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = describe(cx.api, vec![want.name.clone()]).await?.into_iter().next();
        let found = found.filter(|c| c.status.as_deref() != Some("INACTIVE"));
        Ok(found.map(|c| Self { id: c.cluster_arn.clone().unwrap_or_default(), arn: c.cluster_arn, ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let name = id.rsplit('/').next().unwrap_or(id);
        Ok(vec![(Self::NAME, Value::string(name))])
    }

    fn import_id(want: &Self) -> Option<String> {
        Some(want.name.clone())
    }
}

/// The clusters of a refresh, asked for once for all types about them.
pub(crate) async fn together(cx: &Cx<'_, Aws>) -> Result<Arc<Vec<Found>>, Error> {
    let ids: Vec<String> = cx.together_by("aws_ecs_cluster", "id").into_iter().collect();
    // A call takes a hundred.
    if ids.is_empty() || ids.len() > 100 {
        return Ok(Arc::default());
    }
    cx.shared("ecs:DescribeClusters", describe(cx.api, ids)).await
}

async fn describe(aws: &Aws, ids: Vec<String>) -> Result<Vec<Found>, Error> {
    let call = ecs(aws).describe_clusters().set_clusters(Some(ids));
    let call = call.include(ClusterField::Configurations).include(ClusterField::Settings).include(ClusterField::Tags);
    Ok(call.send().await.api()?.clusters.unwrap_or_default())
}

impl Cluster {
    fn from_answer(c: Found) -> Self {
        let setting =
            c.settings.unwrap_or_default().into_iter().filter_map(|s| {
                Some(Setting { name: s.name?.as_str().to_owned(), value: s.value.unwrap_or_default() })
            });
        Self {
            id: c.cluster_arn.clone().unwrap_or_default(),
            arn: c.cluster_arn,
            configuration: c.configuration.and_then(Configuration::from_answer),
            name: c.cluster_name.unwrap_or_default(),
            service_connect_defaults: c
                .service_connect_defaults
                .and_then(|d| text(d.namespace))
                .map(|namespace| ServiceConnectDefaults { namespace }),
            setting: Some(setting.collect()),
            tags: tags::read(c.tags),
        }
    }

    async fn wait_active(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the cluster to become active", Pace::QUICK, || async {
            let found = describe(cx.api, vec![self.id.clone()]).await?.into_iter().next();
            let Some(found) = found else { return Ok(Seen::Pending(String::new())) };
            match (found.status.as_deref(), found.attachments_status.as_deref()) {
                (Some("FAILED"), _) => Err(Error::other("the cluster's state is FAILED")),
                (_, Some("UPDATE_FAILED")) => Err(Error::other("the cluster's attachments state is UPDATE_FAILED")),
                (_, Some("UPDATE_IN_PROGRESS")) => Ok(Seen::Pending("UPDATE_IN_PROGRESS".into())),
                (Some("ACTIVE"), _) => Ok(Seen::Ready(())),
                (other, _) => Ok(Seen::Pending(other.unwrap_or_default().to_owned())),
            }
        })
        .await
    }
}

impl Configuration {
    fn request(&self) -> ClusterConfiguration {
        let commands = self.execute_command_configuration.as_ref().map(|e| {
            let log = e.log_configuration.as_ref().map(|l| {
                ExecuteCommandLogConfiguration::builder()
                    .cloud_watch_encryption_enabled(l.cloud_watch_encryption_enabled == Some(true))
                    .set_cloud_watch_log_group_name(l.cloud_watch_log_group_name.clone())
                    .s3_encryption_enabled(l.s3_bucket_encryption_enabled == Some(true))
                    .set_s3_bucket_name(l.s3_bucket_name.clone())
                    .set_s3_key_prefix(l.s3_key_prefix.clone())
                    .build()
            });
            ExecuteCommandConfiguration::builder()
                .set_kms_key_id(e.kms_key_id.clone())
                .set_log_configuration(log)
                .logging(ExecuteCommandLogging::from(e.logging.as_str()))
                .build()
        });
        let storage = self.managed_storage_configuration.as_ref().map(|s| {
            ManagedStorageConfiguration::builder()
                .set_fargate_ephemeral_storage_kms_key_id(s.fargate_ephemeral_storage_kms_key_id.clone())
                .set_kms_key_id(s.kms_key_id.clone())
                .build()
        });
        ClusterConfiguration::builder()
            .set_execute_command_configuration(commands)
            .set_managed_storage_configuration(storage)
            .build()
    }

    fn from_answer(c: ClusterConfiguration) -> Option<Self> {
        let commands = c.execute_command_configuration.map(|e| ExecuteCommand {
            kms_key_id: e.kms_key_id,
            log_configuration: e.log_configuration.map(|l| ExecuteCommandLog {
                cloud_watch_encryption_enabled: Some(l.cloud_watch_encryption_enabled),
                cloud_watch_log_group_name: l.cloud_watch_log_group_name,
                s3_bucket_encryption_enabled: Some(l.s3_encryption_enabled),
                s3_bucket_name: l.s3_bucket_name,
                s3_key_prefix: l.s3_key_prefix,
            }),
            logging: e.logging.map_or_else(|| "DEFAULT".to_owned(), |l| l.as_str().to_owned()),
        });
        let storage = c.managed_storage_configuration.map(|s| ManagedStorage {
            fargate_ephemeral_storage_kms_key_id: s.fargate_ephemeral_storage_kms_key_id,
            kms_key_id: s.kms_key_id,
        });
        (commands.is_some() || storage.is_some())
            .then_some(Self { execute_command_configuration: commands, managed_storage_configuration: storage })
    }
}

impl ServiceConnectDefaults {
    fn request(&self) -> Result<ClusterServiceConnectDefaultsRequest, Error> {
        part(ClusterServiceConnectDefaultsRequest::builder().namespace(&self.namespace).build())
    }
}

impl Setting {
    fn requests(all: &[Self]) -> Vec<ClusterSetting> {
        let one = |s: &Self| {
            ClusterSetting::builder().name(ClusterSettingName::from(s.name.as_str())).value(&s.value).build()
        };
        all.iter().map(one).collect()
    }
}
