//! `aws_rds_cluster`

use std::collections::BTreeSet;

use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};
use aws_sdk_rds::types::{
    CloudwatchLogsExportConfiguration, ClusterScalabilityType, DatabaseInsightsMode, DbCluster, Filter,
    ScalingConfiguration as ApiScaling, ServerlessV2ScalingConfiguration as ApiServerless,
};
use sdt_aws_core::{Api, Aws, in_order, names};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Tags, Token,
    Value, async_trait, checks as common, equal, is_zero,
};

use crate::{checks, rds, tags};

/// A cluster of databases: Aurora, or MySQL and PostgreSQL over three zones.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_rds_cluster", version = 1, timeouts(create = "2h", delete = "2h", update = "2h"))]
pub(crate) struct Cluster {
    id: Id,
    /// Allocated storage.
    allocated_storage: OptComputed<i32>,
    /// Allows a new major version of the engine.
    #[attr(carry, keep_null)]
    allow_major_version_upgrade: Option<bool>,
    /// Makes changes at once, not in the next maintenance window.
    #[attr(carry)]
    apply_immediately: OptComputed<bool>,
    /// Its ARN.
    arn: Computed<String>,
    /// Zones of the storage.
    #[attr(force_new)]
    availability_zones: OptComputed<Set<String>>,
    /// Seconds that can be wound back; 0 for none.
    #[attr(range(0..=259200))]
    backtrack_window: Option<i32>,
    /// Days for which backups are kept.
    #[attr(range(..=35))]
    backup_retention_period: OptComputed<i32>,
    /// Ca certificate identifier.
    #[attr(keep_null)]
    ca_certificate_identifier: OptComputed<String>,
    /// Ca certificate valid till.
    #[attr(keep_null)]
    ca_certificate_valid_till: Computed<String>,
    /// Name of the cluster.
    #[attr(force_new, conflicts_with(cluster_identifier_prefix), check = checks::identifier)]
    cluster_identifier: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(cluster_identifier), check = checks::prefix)]
    cluster_identifier_prefix: OptComputed<String>,
    /// Cluster members.
    cluster_members: OptComputed<Set<String>>,
    /// Cluster resource id.
    cluster_resource_id: Computed<String>,
    /// Cluster scalability type.
    #[attr(force_new, one_of("standard", "limitless"))]
    cluster_scalability_type: OptComputed<String>,
    /// Copy tags to snapshot.
    #[attr(default = false)]
    copy_tags_to_snapshot: Option<bool>,
    /// Database insights mode.
    #[attr(one_of("standard", "advanced"))]
    database_insights_mode: OptComputed<String>,
    /// Database name.
    #[attr(force_new)]
    database_name: OptComputed<String>,
    /// Db cluster instance class.
    db_cluster_instance_class: Option<String>,
    /// Db cluster parameter group name.
    db_cluster_parameter_group_name: OptComputed<String>,
    /// Db instance parameter group name.
    #[attr(carry, keep_null)]
    db_instance_parameter_group_name: Option<String>,
    /// Db subnet group name.
    #[attr(force_new)]
    db_subnet_group_name: OptComputed<String>,
    /// Db system id.
    #[attr(force_new)]
    db_system_id: OptComputed<String>,
    /// Delete automated backups.
    #[attr(default = true, carry)]
    delete_automated_backups: Option<bool>,
    /// Refuses deletion.
    deletion_protection: Option<bool>,
    /// Domain.
    domain: Option<String>,
    /// Domain IAM role name.
    domain_iam_role_name: Option<String>,
    /// Enable global write forwarding.
    #[attr(default = false, carry)]
    enable_global_write_forwarding: Option<bool>,
    /// Enable http endpoint.
    #[attr(default = false)]
    enable_http_endpoint: Option<bool>,
    /// Enable local write forwarding.
    #[attr(default = false)]
    enable_local_write_forwarding: Option<bool>,
    /// Enabled cloudwatch logs exports.
    #[attr(one_of(
        "audit",
        "error",
        "general",
        "iam-db-auth-error",
        "instance",
        "postgresql",
        "slowquery",
        "upgrade"
    ))]
    enabled_cloudwatch_logs_exports: Option<Set<String>>,
    /// Where to connect.
    endpoint: Computed<String>,
    /// Database engine.
    #[attr(force_new, one_of("aurora-mysql", "aurora-postgresql", "mysql", "postgres"))]
    engine: String,
    /// Engine lifecycle support.
    #[attr(one_of("open-source-rds-extended-support", "open-source-rds-extended-support-disabled"))]
    engine_lifecycle_support: OptComputed<String>,
    /// How the cluster scales.
    #[attr(
        force_new,
        default = "provisioned",
        one_of("", "global", "multimaster", "parallelquery", "provisioned", "serverless")
    )]
    engine_mode: Option<String>,
    /// Version of the engine.
    engine_version: OptComputed<String>,
    /// Version that runs.
    engine_version_actual: Computed<String>,
    /// Name of the snapshot that deletion makes.
    #[attr(carry, keep_null, check = checks::cluster_snapshot)]
    final_snapshot_identifier: Option<String>,
    /// Global cluster identifier.
    global_cluster_identifier: Option<String>,
    /// Hosted zone id.
    hosted_zone_id: Computed<String>,
    /// IAM database authentication enabled.
    iam_database_authentication_enabled: Option<bool>,
    /// Roles that the cluster can take.
    iam_roles: OptComputed<Set<String>>,
    /// Iops.
    iops: Option<i32>,
    /// The KMS key.
    #[attr(force_new, check = common::arn)]
    kms_key_id: OptComputed<String>,
    /// Manage master user password.
    #[attr(conflicts_with(master_password, master_password_wo), carry, keep_null)]
    manage_master_user_password: Option<bool>,
    /// Password of the administrator.
    #[attr(sensitive, conflicts_with(manage_master_user_password, master_password_wo), carry, keep_null)]
    master_password: Option<String>,
    /// Password of the administrator that no state holds.
    #[attr(
        sensitive,
        write_only,
        conflicts_with(manage_master_user_password, master_password),
        required_with(master_password_wo_version)
    )]
    master_password_wo: Option<String>,
    /// To be raised when `master_password_wo` is to be set again.
    #[attr(required_with(master_password_wo), carry, keep_null)]
    master_password_wo_version: Option<i32>,
    /// Master user secret.
    master_user_secret: Computed<Vec<MasterSecret>>,
    /// Master user secret KMS key id.
    #[attr(length(1..=2048), keep_null)]
    master_user_secret_kms_key_id: OptComputed<String>,
    /// Name of the administrator.
    #[attr(force_new)]
    master_username: OptComputed<String>,
    /// Monitoring interval.
    monitoring_interval: OptComputed<i32>,
    /// ARN of the monitoring role.
    #[attr(check = common::arn)]
    monitoring_role_arn: OptComputed<String>,
    /// Network type.
    #[attr(one_of("DUAL", "IPV4"))]
    network_type: OptComputed<String>,
    /// Performance insights enabled.
    performance_insights_enabled: Option<bool>,
    /// Performance insights KMS key id.
    #[attr(check = common::arn)]
    performance_insights_kms_key_id: OptComputed<String>,
    /// Performance insights retention period.
    performance_insights_retention_period: OptComputed<i32>,
    /// The port.
    port: OptComputed<i32>,
    /// When backups are made.
    #[attr(check = checks::daily)]
    preferred_backup_window: OptComputed<String>,
    /// When AWS may do maintenance.
    #[attr(check = checks::weekly, same = equal::ignore_case)]
    preferred_maintenance_window: OptComputed<String>,
    /// Host name for readers.
    reader_endpoint: Computed<String>,
    /// Replication source identifier.
    replication_source_identifier: Option<String>,
    /// Restore to point in time.
    #[attr(force_new, carry, conflicts_with(s3_import, snapshot_identifier))]
    restore_to_point_in_time: Option<PointInTime>,
    /// S3 import.
    #[attr(carry, conflicts_with(restore_to_point_in_time, snapshot_identifier))]
    s3_import: Option<S3Import>,
    /// Scaling configuration.
    #[attr(lasting)]
    scaling_configuration: Option<Scaling>,
    /// Serverlessv2 scaling configuration.
    serverlessv2_scaling_configuration: OptComputed<Serverless>,
    /// Deletes without a last snapshot.
    #[attr(default = false, carry)]
    skip_final_snapshot: Option<bool>,
    /// Snapshot identifier.
    #[attr(force_new, conflicts_with(global_cluster_identifier), carry, keep_null)]
    snapshot_identifier: Option<String>,
    /// Source region.
    #[attr(force_new, carry, keep_null)]
    source_region: Option<String>,
    /// Encrypts the storage.
    #[attr(force_new)]
    storage_encrypted: OptComputed<bool>,
    /// Storage type.
    storage_type: OptComputed<String>,
    /// Tags of the object.
    tags: Tags,
    /// Security groups.
    vpc_security_group_ids: OptComputed<Set<String>>,
}

/// Master user secret.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MasterSecret {
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// ARN of the secret.
    secret_arn: Computed<String>,
    /// Secret status.
    secret_status: Computed<String>,
}

/// Restore to point in time.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct PointInTime {
    /// Restore to time.
    #[attr(
        force_new,
        check = sdt_aws_core::checks::rfc3339,
        exactly_one_of(restore_to_time, use_latest_restorable_time)
    )]
    restore_to_time: Option<String>,
    /// Restore type.
    #[attr(force_new, one_of("copy-on-write", "full-copy"))]
    restore_type: Option<String>,
    /// Source cluster identifier.
    #[attr(
        force_new,
        check = common::arn,
        exactly_one_of(source_cluster_identifier, source_cluster_resource_id)
    )]
    source_cluster_identifier: Option<String>,
    /// Source cluster resource id.
    #[attr(force_new, exactly_one_of(source_cluster_identifier, source_cluster_resource_id))]
    source_cluster_resource_id: Option<String>,
    /// Use latest restorable time.
    #[attr(force_new, exactly_one_of(restore_to_time, use_latest_restorable_time))]
    use_latest_restorable_time: Option<bool>,
}

/// S3 import.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct S3Import {
    /// Bucket name.
    #[attr(force_new)]
    bucket_name: String,
    /// Bucket prefix.
    #[attr(force_new)]
    bucket_prefix: Option<String>,
    /// Ingestion role.
    #[attr(force_new)]
    ingestion_role: String,
    /// Source engine.
    #[attr(force_new)]
    source_engine: String,
    /// Source engine version.
    #[attr(force_new)]
    source_engine_version: String,
}

/// Scaling configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Scaling {
    /// Auto pause.
    #[attr(default = true)]
    auto_pause: Option<bool>,
    /// Most that scaling may reach.
    #[attr(default = 16)]
    max_capacity: Option<i32>,
    /// Least that scaling may reach.
    #[attr(default = 1)]
    min_capacity: Option<i32>,
    /// Seconds before timeout.
    #[attr(default = 300, range(60..=600))]
    seconds_before_timeout: Option<i32>,
    /// Seconds until auto pause.
    #[attr(default = 300, range(300..=86400))]
    seconds_until_auto_pause: Option<i32>,
    /// Timeout action.
    #[attr(default = "RollbackCapacityChange", one_of("ForceApplyCapacityChange", "RollbackCapacityChange"))]
    timeout_action: Option<String>,
}

/// Serverlessv2 scaling configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Serverless {
    /// Most that scaling may reach.
    #[attr(range(1..=256))]
    max_capacity: f64,
    /// Least that scaling may reach.
    #[attr(range(0..=256))]
    min_capacity: f64,
    /// Seconds until auto pause.
    #[attr(range(300..=86400))]
    seconds_until_auto_pause: OptComputed<i32>,
}

/// Most clusters that a filter takes.
const BATCH: usize = 100;

/// Sets what every way of making a cluster takes.
macro_rules! common {
    ($call:expr, $w:expr, $name:expr) => {
        $call
            .db_cluster_identifier($name)
            .set_backtrack_window($w.backtrack_window.filter(|n| *n > 0).map(i64::from))
            .copy_tags_to_snapshot($w.copy_tags_to_snapshot == Some(true))
            .set_db_cluster_parameter_group_name($w.db_cluster_parameter_group_name.clone())
            .set_db_subnet_group_name($w.db_subnet_group_name.clone())
            .deletion_protection($w.deletion_protection == Some(true))
            .set_domain($w.domain.clone())
            .set_domain_iam_role_name($w.domain_iam_role_name.clone())
            .set_enable_cloudwatch_logs_exports(some(&$w.enabled_cloudwatch_logs_exports))
            .set_enable_iam_database_authentication($w.iam_database_authentication_enabled)
            .set_engine_lifecycle_support($w.engine_lifecycle_support.clone())
            .set_kms_key_id($w.kms_key_id.clone())
            .set_network_type($w.network_type.clone())
            .set_port($w.port.filter(|p| *p > 0))
            .set_serverless_v2_scaling_configuration(
                $w.serverlessv2_scaling_configuration.as_ref().map(Serverless::request),
            )
            .set_storage_type($w.storage_type.clone())
            .set_tags(tags::list(&$w.tags))
            .set_vpc_security_group_ids(some(&$w.vpc_security_group_ids))
    };
}

/// Sets what all but a restore from files takes too.
macro_rules! sized {
    ($call:expr, $w:expr) => {
        $call
            .set_db_cluster_instance_class($w.db_cluster_instance_class.clone())
            .set_engine_mode($w.engine_mode.clone())
            .set_iops($w.iops.filter(|n| *n > 0))
            .set_scaling_configuration($w.scaling_configuration.as_ref().map(Scaling::request))
    };
}

fn some(values: &Option<Vec<String>>) -> Option<Vec<String>> {
    values.clone().filter(|v| !v.is_empty())
}

#[async_trait]
impl Resource for Cluster {
    type Api = Aws;
    const HUMAN: &'static str = "RDS Cluster";
    const TOKEN: Token = Token::Tag;
    const CHUNK: usize = BATCH;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let limit = std::time::Duration::from_secs(120);
        // A role that the request names may not be visible to RDS yet.
        let made = cx
            .retry_on(&["InvalidParameterValue"], limit, || async {
                match want.make(cx, &name).await {
                    Err(e) if e.has_code(&["InvalidParameterValue"]) && !e.message.contains("IAM role") => {
                        Err(Error { code: String::new(), message: format!("{}: {}", e.code, e.message), ..e })
                    }
                    other => other,
                }
            })
            .await?;
        Ok(Self { id: name.clone(), arn: made.and_then(|c| c.db_cluster_arn), cluster_identifier: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let found = made.available(cx, "the cluster to become available").await?;
        if made.is_copy() {
            // What a copy cannot be given at its creation.
            let call = rds(cx.api).modify_db_cluster().db_cluster_identifier(&made.id).apply_immediately(true);
            let call = call
                .set_backup_retention_period(made.backup_retention_period.filter(|d| *d > 1))
                .set_preferred_backup_window(made.preferred_backup_window.clone())
                .set_preferred_maintenance_window(made.preferred_maintenance_window.clone())
                .set_manage_master_user_password(made.manage_master_user_password)
                .set_master_user_secret_kms_key_id(made.master_user_secret_kms_key_id.clone())
                .set_master_user_password(made.secret());
            call.send().await.api()?;
            made.available(cx, "the cluster to take its settings").await?;
        }
        let there: BTreeSet<String> = found.associated_roles.into_iter().flatten().filter_map(|r| r.role_arn).collect();
        for role in made.iam_roles.iter().flatten().filter(|r| !there.contains(*r)) {
            rds(cx.api).add_role_to_db_cluster().db_cluster_identifier(&made.id).role_arn(role).send().await.api()?;
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = describe(cx.api, known.iter().map(|k| k.id.clone()).collect()).await?;
        let objects = found.into_iter().filter_map(|c| {
            let id = c.db_cluster_identifier.clone()?;
            let known = known.iter().find(|k| k.id == id)?;
            Some((id, known.seen(c)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        if changed.has(Self::REPLICATION_SOURCE_IDENTIFIER) && want.replication_source_identifier.is_none() {
            rds(cx.api).promote_read_replica_db_cluster().db_cluster_identifier(&prior.id).send().await.api()?;
            want.available(cx, "the cluster to stand alone").await?;
        }
        if changed.has(Self::GLOBAL_CLUSTER_IDENTIFIER) {
            if let (Some(global), Some(arn)) = (&prior.global_cluster_identifier, &prior.arn)
                && want.global_cluster_identifier.is_none()
            {
                let call = rds(cx.api).remove_from_global_cluster().global_cluster_identifier(global);
                call.db_cluster_identifier(arn).send().await.api()?;
            } else {
                return Err(Error::other("a cluster that exists cannot be added to a global cluster"));
            }
        }
        let own = [Self::IAM_ROLES, Self::REPLICATION_SOURCE_IDENTIFIER, Self::GLOBAL_CLUSTER_IDENTIFIER];
        let kept = [
            Self::APPLY_IMMEDIATELY,
            Self::SKIP_FINAL_SNAPSHOT,
            Self::FINAL_SNAPSHOT_IDENTIFIER,
            Self::DELETE_AUTOMATED_BACKUPS,
            Self::ALLOW_MAJOR_VERSION_UPGRADE,
            Self::MASTER_PASSWORD_WO,
        ];
        let ours = |name: &&&str| **name != "tags" && !own.iter().chain(&kept).any(|n| n.0 == **name);
        if changed.0.iter().any(|name| ours(&name)) {
            want.modify(cx, prior, changed).await?;
        }
        if changed.has(Self::IAM_ROLES) {
            let (old, new) = (prior.iam_roles.clone().unwrap_or_default(), want.iam_roles.clone().unwrap_or_default());
            for role in new.iter().filter(|r| !old.contains(r)) {
                rds(cx.api)
                    .add_role_to_db_cluster()
                    .db_cluster_identifier(&prior.id)
                    .role_arn(role)
                    .send()
                    .await
                    .api()?;
            }
            for role in old.iter().filter(|r| !new.contains(r)) {
                let call = rds(cx.api).remove_role_from_db_cluster().db_cluster_identifier(&prior.id);
                call.role_arn(role).send().await.api()?;
            }
        }
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let skip = prior.skip_final_snapshot == Some(true);
        let snapshot = prior.final_snapshot_identifier.clone().filter(|_| !skip);
        if !skip && snapshot.is_none() {
            let why = "final_snapshot_identifier is required unless skip_final_snapshot is true";
            return Err(Error::new(sdt_provider::Class::Invalid, "", why));
        }
        let call = rds(cx.api).delete_db_cluster().db_cluster_identifier(&prior.id).skip_final_snapshot(skip);
        let call = call.set_final_db_snapshot_identifier(snapshot);
        let call = &call.set_delete_automated_backups(prior.delete_automated_backups);
        // Instances that are just going still hold their cluster.
        let codes = ["InvalidDBClusterStateFault"];
        cx.retry_on(&codes, cx.remaining(), || async move {
            match call.clone().send().await.api() {
                Err(e) if e.has_code(&["InvalidDBClusterStateFault"]) && e.message.contains("deletion protection") => {
                    Err(Error { code: String::new(), ..e })
                }
                other => other.map(drop),
            }
        })
        .await?;
        cx.wait("the cluster to be gone", Pace::SLOW, || async {
            let found = describe(cx.api, vec![prior.id.clone()]).await?.into_iter().next();
            Ok(found.map_or(Seen::Ready(()), |c| Seen::Pending(c.status.unwrap_or_default())))
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let found = describe(cx.api, vec![name.clone()]).await?.into_iter().next();
        let ours = found.filter(|c| tags::ours(&tags::seen(c.tag_list.clone()), cx.token()));
        Ok(ours.map(|c| Self {
            id: name.clone(),
            arn: c.db_cluster_arn,
            cluster_identifier: Some(name),
            ..want.clone()
        }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_named(aws, "cluster", ids).await
    }

    /// A cluster that was restored stays when its source goes away.
    fn customize(edit: &mut PlanEdit<'_>) {
        // What AWS says of scaling stays when nothing is configured; a new cluster has none.
        let name = Self::SERVERLESSV2_SCALING_CONFIGURATION;
        if edit.prior.is_none() && edit.config(name).as_items().is_some_and(<[Value]>::is_empty) {
            edit.set(name, Value::list(Serverless::object(), Vec::new()));
        }
        if edit.prior.is_some() && is_zero(edit.config(Self::SNAPSHOT_IDENTIFIER)) {
            edit.keep(Self::SNAPSHOT_IDENTIFIER);
            let prior = edit.prior(Self::SNAPSHOT_IDENTIFIER).clone();
            edit.set(Self::SNAPSHOT_IDENTIFIER, prior);
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![
            (Self::CLUSTER_IDENTIFIER, Value::string(id)),
            (Self::SKIP_FINAL_SNAPSHOT, Value::TRUE),
            (Self::DELETE_AUTOMATED_BACKUPS, Value::TRUE),
        ])
    }
}

pub(crate) async fn describe(aws: &Aws, ids: Vec<String>) -> Result<Vec<DbCluster>, Error> {
    if let [id] = &ids[..] {
        return match rds(aws).describe_db_clusters().db_cluster_identifier(id).send().await.api() {
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            other => Ok(other?.db_clusters.unwrap_or_default()),
        };
    }
    let filter = Filter::builder().name("db-cluster-id").set_values(Some(ids)).build();
    let pages = rds(aws).describe_db_clusters().filters(filter).max_records(100).into_paginator().items();
    pages.send().try_collect().await.api()
}

/// The version as it is known, while it is the start of the one that runs: `16` follows minor versions.
pub(crate) fn version(known: Option<&String>, actual: Option<&String>) -> Option<String> {
    let follows = |k: &&String| actual.is_some_and(|a| a == *k || a.starts_with(&format!("{k}.")));
    known.filter(follows).or(actual).cloned()
}

impl Cluster {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let generated = || match self.cluster_identifier_prefix.as_deref() {
            Some(prefix) => cx.generated_name(prefix),
            None => cx.generated_name("tf-"),
        };
        self.cluster_identifier.clone().unwrap_or_else(generated).to_lowercase()
    }

    fn is_copy(&self) -> bool {
        self.snapshot_identifier.is_some() || self.restore_to_point_in_time.is_some()
    }

    fn secret(&self) -> Option<String> {
        self.master_password_wo.clone().or_else(|| self.master_password.clone())
    }

    async fn make(&self, cx: &Cx<'_, Aws>, name: &str) -> Result<Option<DbCluster>, Error> {
        let w = self;
        if let Some(snapshot) = &w.snapshot_identifier {
            let call = sized!(common!(rds(cx.api).restore_db_cluster_from_snapshot(), w, name), w);
            let call =
                call.snapshot_identifier(snapshot).engine(&w.engine).set_engine_version(w.engine_version.clone());
            let call =
                call.set_availability_zones(some(&w.availability_zones)).set_database_name(w.database_name.clone());
            return Ok(call.send().await.api()?.db_cluster);
        }
        if let Some(p) = &w.restore_to_point_in_time {
            let moment = p.restore_to_time.as_deref();
            let moment = moment.and_then(|t| DateTime::from_str(t, DateTimeFormat::DateTimeWithOffset).ok());
            let call = sized!(common!(rds(cx.api).restore_db_cluster_to_point_in_time(), w, name), w);
            let call = call
                .set_source_db_cluster_identifier(p.source_cluster_identifier.clone())
                .set_source_db_cluster_resource_id(p.source_cluster_resource_id.clone())
                .set_restore_to_time(moment)
                .set_restore_type(p.restore_type.clone())
                .set_use_latest_restorable_time(p.use_latest_restorable_time);
            return Ok(call.send().await.api()?.db_cluster);
        }
        if let Some(s) = &w.s3_import {
            let call = common!(rds(cx.api).restore_db_cluster_from_s3(), w, name)
                .engine(&w.engine)
                .set_engine_version(w.engine_version.clone())
                .set_availability_zones(some(&w.availability_zones))
                .set_backup_retention_period(w.backup_retention_period)
                .set_database_name(w.database_name.clone())
                .set_master_username(w.master_username.clone())
                .set_master_user_password(w.secret())
                .set_manage_master_user_password(w.manage_master_user_password)
                .set_master_user_secret_kms_key_id(w.master_user_secret_kms_key_id.clone())
                .set_preferred_backup_window(w.preferred_backup_window.clone())
                .set_preferred_maintenance_window(w.preferred_maintenance_window.clone())
                .set_storage_encrypted(w.storage_encrypted)
                .s3_bucket_name(&s.bucket_name)
                .set_s3_prefix(s.bucket_prefix.clone())
                .s3_ingestion_role_arn(&s.ingestion_role)
                .source_engine(&s.source_engine)
                .source_engine_version(&s.source_engine_version);
            return Ok(call.send().await.api()?.db_cluster);
        }
        let call = sized!(common!(rds(cx.api).create_db_cluster(), w, name), w)
            .engine(&w.engine)
            .set_engine_version(w.engine_version.clone())
            .set_allocated_storage(w.allocated_storage.filter(|n| *n > 0))
            .set_availability_zones(some(&w.availability_zones))
            .set_backup_retention_period(w.backup_retention_period)
            .set_ca_certificate_identifier(w.ca_certificate_identifier.clone())
            .set_cluster_scalability_type(w.cluster_scalability_type.as_deref().map(ClusterScalabilityType::from))
            .set_database_insights_mode(w.database_insights_mode.as_deref().map(DatabaseInsightsMode::from))
            .set_database_name(w.database_name.clone())
            .set_db_system_id(w.db_system_id.clone())
            .set_enable_global_write_forwarding(w.enable_global_write_forwarding.filter(|b| *b))
            .set_enable_http_endpoint(w.enable_http_endpoint.filter(|b| *b))
            .set_enable_local_write_forwarding(w.enable_local_write_forwarding.filter(|b| *b))
            .set_enable_performance_insights(w.performance_insights_enabled)
            .set_performance_insights_kms_key_id(w.performance_insights_kms_key_id.clone())
            .set_performance_insights_retention_period(w.performance_insights_retention_period.filter(|n| *n > 0))
            .set_global_cluster_identifier(w.global_cluster_identifier.clone())
            .set_manage_master_user_password(w.manage_master_user_password)
            .set_master_user_secret_kms_key_id(w.master_user_secret_kms_key_id.clone())
            .set_master_username(w.master_username.clone())
            .set_master_user_password(w.secret())
            .set_monitoring_interval(w.monitoring_interval.filter(|n| *n > 0))
            .set_monitoring_role_arn(w.monitoring_role_arn.clone())
            .set_preferred_backup_window(w.preferred_backup_window.clone())
            .set_preferred_maintenance_window(w.preferred_maintenance_window.clone())
            .set_replication_source_identifier(w.replication_source_identifier.clone())
            .set_storage_encrypted(w.storage_encrypted);
        Ok(call.send().await.api()?.db_cluster)
    }

    async fn modify(&self, cx: &Cx<'_, Aws>, prior: &Self, changed: &Changes) -> Result<(), Error> {
        let w = self;
        let mut call = rds(cx.api).modify_db_cluster().db_cluster_identifier(&w.id);
        call = call.apply_immediately(w.apply_immediately == Some(true));
        macro_rules! put {
            ($($name:ident => $setter:ident($value:expr);)*) => {
                $(if changed.has(Self::$name) {
                    call = call.$setter($value);
                })*
            };
        }
        put! {
            ALLOCATED_STORAGE => set_allocated_storage(w.allocated_storage);
            BACKTRACK_WINDOW => set_backtrack_window(w.backtrack_window.map(i64::from));
            BACKUP_RETENTION_PERIOD => set_backup_retention_period(w.backup_retention_period);
            CA_CERTIFICATE_IDENTIFIER => set_ca_certificate_identifier(w.ca_certificate_identifier.clone());
            COPY_TAGS_TO_SNAPSHOT => copy_tags_to_snapshot(w.copy_tags_to_snapshot == Some(true));
            DATABASE_INSIGHTS_MODE => set_database_insights_mode(w.database_insights_mode.as_deref().map(DatabaseInsightsMode::from));
            DB_CLUSTER_INSTANCE_CLASS => set_db_cluster_instance_class(w.db_cluster_instance_class.clone());
            DB_CLUSTER_PARAMETER_GROUP_NAME => set_db_cluster_parameter_group_name(w.db_cluster_parameter_group_name.clone());
            DB_INSTANCE_PARAMETER_GROUP_NAME => set_db_instance_parameter_group_name(w.db_instance_parameter_group_name.clone());
            DELETION_PROTECTION => deletion_protection(w.deletion_protection == Some(true));
            DOMAIN => set_domain(w.domain.clone());
            DOMAIN_IAM_ROLE_NAME => set_domain_iam_role_name(w.domain_iam_role_name.clone());
            ENABLE_GLOBAL_WRITE_FORWARDING => enable_global_write_forwarding(w.enable_global_write_forwarding == Some(true));
            ENABLE_HTTP_ENDPOINT => enable_http_endpoint(w.enable_http_endpoint == Some(true));
            ENABLE_LOCAL_WRITE_FORWARDING => enable_local_write_forwarding(w.enable_local_write_forwarding == Some(true));
            ENGINE_LIFECYCLE_SUPPORT => set_engine_lifecycle_support(w.engine_lifecycle_support.clone());
            IAM_DATABASE_AUTHENTICATION_ENABLED =>
                enable_iam_database_authentication(w.iam_database_authentication_enabled == Some(true));
            IOPS => set_iops(w.iops);
            MANAGE_MASTER_USER_PASSWORD => manage_master_user_password(w.manage_master_user_password == Some(true));
            MASTER_USER_SECRET_KMS_KEY_ID => set_master_user_secret_kms_key_id(w.master_user_secret_kms_key_id.clone());
            MONITORING_INTERVAL => monitoring_interval(w.monitoring_interval.unwrap_or_default());
            MONITORING_ROLE_ARN => set_monitoring_role_arn(w.monitoring_role_arn.clone());
            NETWORK_TYPE => set_network_type(w.network_type.clone());
            PERFORMANCE_INSIGHTS_ENABLED => enable_performance_insights(w.performance_insights_enabled == Some(true));
            PERFORMANCE_INSIGHTS_KMS_KEY_ID => set_performance_insights_kms_key_id(w.performance_insights_kms_key_id.clone());
            PERFORMANCE_INSIGHTS_RETENTION_PERIOD =>
                set_performance_insights_retention_period(w.performance_insights_retention_period);
            PORT => set_port(w.port);
            PREFERRED_BACKUP_WINDOW => set_preferred_backup_window(w.preferred_backup_window.clone());
            PREFERRED_MAINTENANCE_WINDOW => set_preferred_maintenance_window(w.preferred_maintenance_window.clone());
            SCALING_CONFIGURATION => set_scaling_configuration(w.scaling_configuration.as_ref().map(Scaling::request));
            SERVERLESSV2_SCALING_CONFIGURATION => set_serverless_v2_scaling_configuration(
                w.serverlessv2_scaling_configuration.as_ref().map(Serverless::request)
            );
            STORAGE_TYPE => set_storage_type(w.storage_type.clone());
            VPC_SECURITY_GROUP_IDS => set_vpc_security_group_ids(w.vpc_security_group_ids.clone());
        }
        if changed.any(&[Self::MASTER_PASSWORD, Self::MASTER_PASSWORD_WO_VERSION]) {
            call = call.set_master_user_password(w.secret());
        }
        if changed.has(Self::ENGINE_VERSION) {
            call = call.set_engine_version(w.engine_version.clone());
            call = call.allow_major_version_upgrade(w.allow_major_version_upgrade == Some(true));
            call = call.set_db_instance_parameter_group_name(w.db_instance_parameter_group_name.clone());
        }
        if changed.has(Self::ENABLED_CLOUDWATCH_LOGS_EXPORTS) {
            let all = |c: &Self| c.enabled_cloudwatch_logs_exports.clone().unwrap_or_default();
            let (old, new) = (all(prior), all(w));
            let only = |a: &[String], b: &[String]| a.iter().filter(|t| !b.contains(t)).cloned().collect::<Vec<_>>();
            let logs = CloudwatchLogsExportConfiguration::builder()
                .set_enable_log_types(Some(only(&new, &old)))
                .set_disable_log_types(Some(only(&old, &new)))
                .build();
            call = call.cloudwatch_logs_export_configuration(logs);
        }
        let call = &call;
        // Something is going on already: a backup, an earlier change.
        let codes = ["InvalidDBClusterStateFault"];
        let limit = std::time::Duration::from_secs(300);
        cx.retry_on(&codes, limit, || async move { call.clone().send().await.api().map(drop) }).await?;
        w.available(cx, "the cluster to be changed").await.map(drop)
    }

    async fn available(&self, cx: &Cx<'_, Aws>, what: &str) -> Result<DbCluster, Error> {
        cx.wait(what, Pace::SLOW, || async {
            let found = describe(cx.api, vec![self.id.clone()]).await?.into_iter().next();
            let Some(found) = found else { return Ok(Seen::Pending(String::new())) };
            match found.status.as_deref() {
                Some("available") => Ok(Seen::Ready(found)),
                Some(bad)
                    if bad.contains("failed") || bad.starts_with("incompatible") || bad.starts_with("inaccessible") =>
                {
                    Err(Error::other(format!("the cluster's state is {bad}")))
                }
                other => Ok(Seen::Pending(other.unwrap_or_default().to_owned())),
            }
        })
        .await
    }

    fn seen(&self, c: DbCluster) -> Self {
        let domain = c.domain_memberships.into_iter().flatten().next();
        let (domain, domain_role) = domain.map(|d| (d.domain, d.iam_role_name)).unwrap_or_default();
        let certificate = c.certificate_details;
        let name = c.db_cluster_identifier.unwrap_or_default();
        Self {
            id: name.clone(),
            allocated_storage: c.allocated_storage,
            allow_major_version_upgrade: None,
            apply_immediately: None,
            arn: c.db_cluster_arn,
            availability_zones: c.availability_zones,
            backtrack_window: c.backtrack_window.map(|n| n as i32),
            backup_retention_period: c.backup_retention_period,
            ca_certificate_identifier: certificate.as_ref().and_then(|d| d.ca_identifier.clone()),
            ca_certificate_valid_till: certificate
                .and_then(|d| d.valid_till)
                .and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            cluster_identifier_prefix: Some(names::prefix_of(&name)),
            cluster_identifier: Some(name),
            cluster_members: Some(
                c.db_cluster_members.into_iter().flatten().filter_map(|m| m.db_instance_identifier).collect(),
            ),
            cluster_resource_id: c.db_cluster_resource_id,
            cluster_scalability_type: c.cluster_scalability_type.map(|t| t.as_str().to_owned()),
            copy_tags_to_snapshot: Some(c.copy_tags_to_snapshot == Some(true)),
            database_insights_mode: c.database_insights_mode.map(|m| m.as_str().to_owned()),
            database_name: c.database_name,
            db_cluster_instance_class: c.db_cluster_instance_class,
            db_cluster_parameter_group_name: c.db_cluster_parameter_group,
            db_instance_parameter_group_name: None,
            db_subnet_group_name: c.db_subnet_group,
            db_system_id: c.db_system_id,
            delete_automated_backups: None,
            deletion_protection: Some(c.deletion_protection == Some(true)),
            domain,
            domain_iam_role_name: domain_role,
            enable_global_write_forwarding: None,
            enable_http_endpoint: Some(c.http_endpoint_enabled == Some(true)),
            enable_local_write_forwarding: c.local_write_forwarding_status.map(|s| s.as_str().starts_with("enabl")),
            enabled_cloudwatch_logs_exports: Some(c.enabled_cloudwatch_logs_exports.unwrap_or_default()),
            endpoint: c.endpoint,
            engine: c.engine.unwrap_or_default(),
            engine_lifecycle_support: c.engine_lifecycle_support,
            engine_mode: c.engine_mode.or_else(|| Some("provisioned".into())),
            engine_version: version(self.engine_version.as_ref(), c.engine_version.as_ref()),
            engine_version_actual: c.engine_version,
            final_snapshot_identifier: None,
            global_cluster_identifier: c.global_cluster_identifier,
            hosted_zone_id: c.hosted_zone_id,
            iam_database_authentication_enabled: Some(c.iam_database_authentication_enabled == Some(true)),
            iam_roles: Some(c.associated_roles.into_iter().flatten().filter_map(|r| r.role_arn).collect()),
            iops: c.iops,
            kms_key_id: c.kms_key_id,
            manage_master_user_password: None,
            master_password: None,
            master_password_wo: None,
            master_password_wo_version: None,
            master_user_secret_kms_key_id: c.master_user_secret.as_ref().and_then(|s| s.kms_key_id.clone()),
            master_user_secret: Some(
                c.master_user_secret
                    .into_iter()
                    .map(|s| MasterSecret {
                        kms_key_id: s.kms_key_id,
                        secret_arn: s.secret_arn,
                        secret_status: s.secret_status,
                    })
                    .collect(),
            ),
            master_username: c.master_username,
            monitoring_interval: c.monitoring_interval,
            monitoring_role_arn: c.monitoring_role_arn,
            network_type: c.network_type,
            performance_insights_enabled: Some(c.performance_insights_enabled == Some(true)),
            performance_insights_kms_key_id: c.performance_insights_kms_key_id,
            performance_insights_retention_period: c.performance_insights_retention_period,
            port: c.port,
            preferred_backup_window: c.preferred_backup_window,
            preferred_maintenance_window: c.preferred_maintenance_window,
            reader_endpoint: c.reader_endpoint,
            replication_source_identifier: c.replication_source_identifier,
            restore_to_point_in_time: self.restore_to_point_in_time.clone(),
            s3_import: self.s3_import.clone(),
            scaling_configuration: c.scaling_configuration_info.map(|s| Scaling {
                auto_pause: s.auto_pause,
                max_capacity: s.max_capacity,
                min_capacity: s.min_capacity,
                seconds_before_timeout: s.seconds_before_timeout,
                seconds_until_auto_pause: s.seconds_until_auto_pause,
                timeout_action: s.timeout_action,
            }),
            serverlessv2_scaling_configuration: c.serverless_v2_scaling_configuration.map(|s| Serverless {
                max_capacity: s.max_capacity.unwrap_or_default(),
                min_capacity: s.min_capacity.unwrap_or_default(),
                seconds_until_auto_pause: s.seconds_until_auto_pause,
            }),
            skip_final_snapshot: None,
            snapshot_identifier: None,
            source_region: None,
            storage_encrypted: Some(c.storage_encrypted == Some(true)),
            // What AWS does not say is Aurora's usual storage.
            storage_type: Some(c.storage_type.unwrap_or_default()),
            tags: tags::seen(c.tag_list),
            vpc_security_group_ids: Some(
                c.vpc_security_groups.into_iter().flatten().filter_map(|g| g.vpc_security_group_id).collect(),
            ),
        }
    }
}

impl Scaling {
    fn request(&self) -> ApiScaling {
        ApiScaling::builder()
            .set_auto_pause(self.auto_pause)
            .set_max_capacity(self.max_capacity)
            .set_min_capacity(self.min_capacity)
            .set_seconds_before_timeout(self.seconds_before_timeout.filter(|n| *n > 0))
            .set_seconds_until_auto_pause(self.seconds_until_auto_pause)
            .set_timeout_action(self.timeout_action.clone())
            .build()
    }
}

impl Serverless {
    fn object() -> sdt_value::Type {
        <Self as sdt_provider::Declared>::DECL.object_type()
    }

    fn request(&self) -> ApiServerless {
        ApiServerless::builder()
            .max_capacity(self.max_capacity)
            .min_capacity(self.min_capacity)
            .set_seconds_until_auto_pause(self.seconds_until_auto_pause.filter(|n| *n > 0))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_that_follow() {
        let check = |known: Option<&str>, actual: &str, want: &str| {
            let known = known.map(str::to_owned);
            assert_eq!(version(known.as_ref(), Some(&actual.to_owned())).as_deref(), Some(want));
        };
        check(Some("16"), "16.4", "16");
        check(Some("16.4"), "16.4", "16.4");
        check(Some("1"), "16.4", "16.4");
        check(None, "16.4", "16.4");
    }
}
