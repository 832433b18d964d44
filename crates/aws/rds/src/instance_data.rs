//! Data source `aws_db_instance`

use aws_sdk_rds::types::DbInstance;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Block, Computed, Cx, DataSource, Described, Error, FromValue, Id, Map, OptComputed, ToValue, Value, async_trait,
    fit_as_read,
};

use crate::instance::Instance;
use crate::{rds, tags};

/// A database instance that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_db_instance", legacy)]
pub(crate) struct InstanceData {
    #[attr(optional)]
    id: Id,
    /// Address.
    address: Computed<String>,
    /// Allocated storage.
    allocated_storage: Computed<i32>,
    /// Auto minor version upgrade.
    auto_minor_version_upgrade: Computed<bool>,
    /// The zone.
    availability_zone: Computed<String>,
    /// Backup retention period.
    backup_retention_period: Computed<i32>,
    /// Ca cert identifier.
    ca_cert_identifier: Computed<String>,
    /// Database insights mode.
    database_insights_mode: Computed<String>,
    /// Db cluster identifier.
    db_cluster_identifier: Computed<String>,
    /// ARN of the db instance.
    db_instance_arn: Computed<String>,
    /// Db instance class.
    db_instance_class: Computed<String>,
    /// Db instance identifier.
    db_instance_identifier: OptComputed<String>,
    /// Db instance port.
    db_instance_port: Computed<i32>,
    /// Db name.
    db_name: Computed<String>,
    /// Db parameter groups.
    db_parameter_groups: Computed<Vec<String>>,
    /// Db subnet group.
    db_subnet_group: Computed<String>,
    /// Enabled cloudwatch logs exports.
    enabled_cloudwatch_logs_exports: Computed<Vec<String>>,
    /// Where messages go.
    endpoint: Computed<String>,
    /// Database engine.
    engine: Computed<String>,
    /// Version of the engine.
    engine_version: Computed<String>,
    /// Hosted zone id.
    hosted_zone_id: Computed<String>,
    /// Iops.
    iops: Computed<i32>,
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// License model.
    license_model: Computed<String>,
    /// Master user secret.
    #[attr(keep_null)]
    master_user_secret: Computed<Vec<MasterUserSecret>>,
    /// Master username.
    master_username: Computed<String>,
    /// Max allocated storage.
    max_allocated_storage: Computed<i32>,
    /// Monitoring interval.
    monitoring_interval: Computed<i32>,
    /// ARN of the monitoring role.
    monitoring_role_arn: Computed<String>,
    /// Multi az.
    multi_az: Computed<bool>,
    /// Network type.
    network_type: Computed<String>,
    /// Option group memberships.
    option_group_memberships: Computed<Vec<String>>,
    /// The port.
    port: Computed<i32>,
    /// Preferred backup window.
    preferred_backup_window: Computed<String>,
    /// Preferred maintenance window.
    preferred_maintenance_window: Computed<String>,
    /// Publicly accessible.
    publicly_accessible: Computed<bool>,
    /// Replicate source db.
    replicate_source_db: Computed<String>,
    /// What is scaled: `service/<cluster>/<service>`.
    resource_id: Computed<String>,
    /// Storage encrypted.
    storage_encrypted: Computed<bool>,
    /// Storage throughput.
    storage_throughput: Computed<i32>,
    /// Storage type.
    storage_type: Computed<String>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// Time zone of the schedule.
    timezone: Computed<String>,
    /// Vpc security groups.
    vpc_security_groups: Computed<Vec<String>>,
}

/// Master user secret.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MasterUserSecret {
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// ARN of the secret.
    secret_arn: Computed<String>,
    /// Secret status.
    secret_status: Computed<String>,
}

#[async_trait]
impl DataSource for InstanceData {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Instance";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = rds(cx.api).describe_db_instances().set_db_instance_identifier(query.db_instance_identifier.clone());
        let all: Vec<DbInstance> = call.into_paginator().items().send().try_collect().await.api()?;
        let wanted = query.tags.unwrap_or_default();
        let mut found = all.into_iter().filter(|i| {
            let own = tags::seen(i.tag_list.clone());
            wanted.iter().all(|(k, v)| own.get(k) == Some(v))
        });
        let i = match (found.next(), found.next()) {
            (Some(instance), None) => instance,
            (None, _) => return Err(Error::not_found("no instance fits")),
            _ => return Err(Error::other("several instances fit; say which by db_instance_identifier")),
        };
        // What the instance and its resource type say alike, then what only this data source says.
        let known =
            Instance::from_value(&Value::object([("id", Value::string(i.dbi_resource_id().unwrap_or_default()))]))?;
        let mut same = Self::from_value(&fit_as_read(Instance::META, &known.seen(&i).to_value()))?;
        same.master_user_secret = same.master_user_secret.filter(|secrets| !secrets.is_empty());
        Ok(Self {
            id: i.db_instance_identifier.clone().unwrap_or_default(),
            db_cluster_identifier: Some(i.db_cluster_identifier.unwrap_or_default()),
            db_instance_arn: i.db_instance_arn,
            db_instance_class: i.db_instance_class,
            db_instance_identifier: i.db_instance_identifier,
            db_instance_port: Some(i.db_instance_port.unwrap_or_default()),
            db_parameter_groups: Some(
                i.db_parameter_groups.into_iter().flatten().filter_map(|g| g.db_parameter_group_name).collect(),
            ),
            db_subnet_group: Some(i.db_subnet_group.and_then(|g| g.db_subnet_group_name).unwrap_or_default()),
            master_username: i.master_username,
            option_group_memberships: Some(
                i.option_group_memberships.into_iter().flatten().filter_map(|g| g.option_group_name).collect(),
            ),
            preferred_backup_window: i.preferred_backup_window,
            preferred_maintenance_window: i.preferred_maintenance_window,
            tags: Some(tags::seen(i.tag_list)),
            vpc_security_groups: Some(
                i.vpc_security_groups.into_iter().flatten().filter_map(|g| g.vpc_security_group_id).collect(),
            ),
            ..same
        })
    }
}
