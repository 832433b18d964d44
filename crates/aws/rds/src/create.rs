//! The five ways to make a database instance.

use std::time::{Duration, Instant};

use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};
use aws_sdk_rds::types::{DatabaseInsightsMode, DbInstance, ReplicaMode};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Class, Cx, Error, Pace, Seen};

use crate::instance::Instance;
use crate::{rds, tags};

/// How long a role just made may be invisible to RDS.
const ROLES_VISIBLE_WITHIN: Duration = Duration::from_secs(120);

/// What every one of the calls takes.
macro_rules! common {
    ($call:expr, $w:expr) => {
        $call
            .db_instance_class(&$w.instance_class)
            .set_allocated_storage(some($w.allocated_storage))
            .set_auto_minor_version_upgrade($w.auto_minor_version_upgrade)
            .set_availability_zone($w.availability_zone.clone())
            .set_ca_certificate_identifier($w.ca_cert_identifier.clone())
            .copy_tags_to_snapshot(yes($w.copy_tags_to_snapshot))
            .set_db_subnet_group_name($w.db_subnet_group_name.clone())
            .set_dedicated_log_volume(on($w.dedicated_log_volume))
            .deletion_protection(yes($w.deletion_protection))
            .set_enable_cloudwatch_logs_exports(list($w.enabled_cloudwatch_logs_exports.as_ref()))
            .set_enable_iam_database_authentication(on($w.iam_database_authentication_enabled))
            .set_iops(some($w.iops))
            .set_multi_az($w.multi_az)
            .set_network_type($w.network_type.clone())
            .set_option_group_name($w.option_group_name.clone())
            .set_port(some($w.port))
            .publicly_accessible(yes($w.publicly_accessible))
            .set_storage_throughput(some($w.storage_throughput))
            .set_storage_type($w.storage_type.clone())
            .set_tags(tags::list(&$w.tags))
            .set_vpc_security_group_ids(list($w.vpc_security_group_ids.as_ref()))
    };
}

/// Directories and Outposts: all but imports from S3.
macro_rules! surroundings {
    ($call:expr, $w:expr) => {
        $call
            .set_backup_target($w.backup_target.clone())
            .set_custom_iam_instance_profile($w.custom_iam_instance_profile.clone())
            .set_domain($w.domain.clone())
            .set_domain_auth_secret_arn($w.domain_auth_secret_arn.clone())
            .set_domain_dns_ips(list($w.domain_dns_ips.as_ref()))
            .set_domain_fqdn($w.domain_fqdn.clone())
            .set_domain_iam_role_name($w.domain_iam_role_name.clone())
            .set_domain_ou($w.domain_ou.clone())
            .set_enable_customer_owned_ip(on($w.customer_owned_ip_enabled))
    };
}

/// Monitoring: all but restores.
macro_rules! monitoring {
    ($call:expr, $w:expr) => {
        $call
            .set_database_insights_mode($w.database_insights_mode.as_deref().map(DatabaseInsightsMode::from))
            .set_enable_performance_insights(on($w.performance_insights_enabled))
            .set_monitoring_interval(some($w.monitoring_interval))
            .set_monitoring_role_arn($w.monitoring_role_arn.clone())
            .set_performance_insights_kms_key_id($w.performance_insights_kms_key_id.clone())
            .set_performance_insights_retention_period(some($w.performance_insights_retention_period))
            .set_max_allocated_storage(some($w.max_allocated_storage))
    };
}

/// What belongs to the source of a replica: all but replicas.
macro_rules! own {
    ($call:expr, $w:expr) => {
        $call
            .set_backup_retention_period($w.backup_retention_period)
            .set_db_name($w.db_name.clone())
            .set_db_parameter_group_name($w.parameter_group_name.clone())
            .set_engine_lifecycle_support($w.engine_lifecycle_support.clone())
            .set_license_model($w.license_model.clone())
            .set_manage_master_user_password(on($w.manage_master_user_password))
            .set_master_user_secret_kms_key_id($w.master_user_secret_kms_key_id.clone())
            .set_preferred_backup_window($w.backup_window.clone())
    };
}

/// Makes the instance; it is not available yet.
pub(crate) async fn create(cx: &Cx<'_, Aws>, want: &Instance, name: &str) -> Result<DbInstance, Error> {
    let roles_end = Instant::now() + ROLES_VISIBLE_WITHIN;
    let made = cx
        .wait("RDS to see the role", Pace::QUICK, || async {
            match send(cx.api, want, name).await {
                Err(e) if role_invisible(&e) && Instant::now() < roles_end => Ok(Seen::Pending(e.message)),
                other => other.map(Seen::Ready),
            }
        })
        .await?;
    made.ok_or_else(|| Error::other("RDS answered without an instance"))
}

/// A role just made is refused at first.
pub(crate) fn role_invisible(e: &Error) -> bool {
    let about = ["ENHANCED_MONITORING", "IAM role ARN value is invalid or does not include the required permissions"];
    e.code == "InvalidParameterValue" && about.iter().any(|m| e.message.contains(m))
}

async fn send(aws: &Aws, want: &Instance, name: &str) -> Result<Option<DbInstance>, Error> {
    let client = rds(aws);
    let w = want;
    // The engines where a restore does not rename the database.
    let fixed_name = matches!(w.engine.as_deref(), Some("mysql" | "postgres" | "mariadb"));
    if let Some(source) = &w.replicate_source_db {
        let call = client.create_db_instance_read_replica().db_instance_identifier(name);
        let call = monitoring!(surroundings!(common!(call, w), w), w)
            .source_db_instance_identifier(source)
            .set_kms_key_id(w.kms_key_id.clone())
            .set_replica_mode(w.replica_mode.as_deref().map(ReplicaMode::from))
            .set_upgrade_storage_config(on(w.upgrade_storage_config));
        // Elsewhere a replica takes the group of its source, and another one later.
        let far = source.starts_with("arn:") && source.split(':').nth(3) != Some(aws.region());
        let call = if far { call.set_db_parameter_group_name(w.parameter_group_name.clone()) } else { call };
        return Ok(call.send().await.api()?.db_instance);
    }
    if let Some(snapshot) = &w.snapshot_identifier {
        let call = client.restore_db_instance_from_db_snapshot().db_instance_identifier(name);
        let call = own!(surroundings!(common!(call, w), w), w);
        let call = if fixed_name { call.set_db_name(None) } else { call };
        let call = call.db_snapshot_identifier(snapshot).set_engine(w.engine.clone());
        return Ok(call.send().await.api()?.db_instance);
    }
    if let Some(moment) = &w.restore_to_point_in_time {
        let time = moment.restore_time.as_deref().map(|t| DateTime::from_str(t, DateTimeFormat::DateTimeWithOffset));
        let time = time.transpose().map_err(|e| Error::new(Class::Invalid, "", e.to_string()))?;
        let call = client.restore_db_instance_to_point_in_time().target_db_instance_identifier(name);
        let call = own!(surroundings!(common!(call, w), w), w);
        let call = if fixed_name { call.set_db_name(None) } else { call };
        let call = call
            .set_engine(w.engine.clone())
            .set_max_allocated_storage(some(w.max_allocated_storage))
            .set_restore_time(time)
            .set_source_db_instance_automated_backups_arn(moment.source_db_instance_automated_backups_arn.clone())
            .set_source_db_instance_identifier(moment.source_db_instance_identifier.clone())
            .set_source_dbi_resource_id(moment.source_dbi_resource_id.clone())
            .set_use_latest_restorable_time(on(moment.use_latest_restorable_time));
        return Ok(call.send().await.api()?.db_instance);
    }
    let password = w.password.clone().or_else(|| w.password_wo.clone());
    // Without the attribute the public provider makes no backups, where RDS would keep them for a day.
    let backups = w.backup_retention_period.unwrap_or_default();
    if let Some(import) = &w.s3_import {
        let call = client.restore_db_instance_from_s3().db_instance_identifier(name);
        let call = own!(monitoring!(common!(call, w), w), w)
            .backup_retention_period(backups)
            .set_engine(w.engine.clone())
            .set_engine_version(w.engine_version.clone())
            .set_kms_key_id(w.kms_key_id.clone())
            .set_master_username(w.username.clone())
            .set_master_user_password(password)
            .set_preferred_maintenance_window(w.maintenance_window.clone())
            .s3_bucket_name(&import.bucket_name)
            .set_s3_prefix(import.bucket_prefix.clone())
            .s3_ingestion_role_arn(&import.ingestion_role)
            .source_engine(&import.source_engine)
            .source_engine_version(&import.source_engine_version)
            .storage_encrypted(yes(w.storage_encrypted));
        return Ok(call.send().await.api()?.db_instance);
    }
    let call = client.create_db_instance().db_instance_identifier(name);
    let call = own!(monitoring!(surroundings!(common!(call, w), w), w), w)
        .backup_retention_period(backups)
        .set_character_set_name(w.character_set_name.clone())
        .set_engine(w.engine.clone())
        .set_engine_version(w.engine_version.clone())
        .set_kms_key_id(w.kms_key_id.clone())
        .set_master_username(w.username.clone())
        .set_master_user_password(password)
        .set_nchar_character_set_name(w.nchar_character_set_name.clone())
        .set_preferred_maintenance_window(w.maintenance_window.clone())
        .storage_encrypted(yes(w.storage_encrypted))
        .set_timezone(w.timezone.clone());
    Ok(call.send().await.api()?.db_instance)
}

/// Not set counts as false.
pub(crate) fn yes(flag: Option<bool>) -> bool {
    flag == Some(true)
}

/// Only true is sent.
fn on(flag: Option<bool>) -> Option<bool> {
    flag.filter(|f| *f)
}

/// 0 counts as not set.
fn some(number: Option<i32>) -> Option<i32> {
    number.filter(|n| *n != 0)
}

/// An empty list counts as not set.
fn list(items: Option<&Vec<String>>) -> Option<Vec<String>> {
    items.filter(|i| !i.is_empty()).cloned()
}
