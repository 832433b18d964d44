//! Changing a database instance in place.

use std::time::Instant;

use aws_sdk_rds::types::{
    CloudwatchLogsExportConfiguration, DatabaseInsightsMode, DbInstance, PendingModifiedValues, ReplicaMode,
};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Cx, Declared, Error, Name, Pace, Seen, ToValue, Value, is_zero, same};

use crate::create::{role_invisible, yes};
use crate::instance::{Instance, available};
use crate::rds;

type Call = aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;

/// Each changed attribute by its setter.
macro_rules! put {
    ($call:ident, $any:ident, $changed:ident; $($name:ident => $setter:ident($value:expr),)*) => {
        $(if $changed(Instance::$name) {
            $call = $call.$setter($value);
            $any = true;
        })*
    };
}

/// Makes the changes, if any, and waits until they are done.
pub(crate) async fn apply(
    cx: &Cx<'_, Aws>,
    prior: &Instance,
    want: &Instance,
    changed: &(dyn Fn(Name) -> bool + Sync),
) -> Result<(), Error> {
    let Some(call) = request(rds(cx.api).modify_db_instance(), prior, want, changed) else { return Ok(()) };
    let call = call.db_instance_identifier(prior.name()).apply_immediately(yes(want.apply_immediately));
    let roles_end = Instant::now() + std::time::Duration::from_secs(120);
    cx.wait("the database to take the change", Pace::QUICK, || async {
        match call.clone().send().await.api() {
            Err(e) if role_invisible(&e) && Instant::now() < roles_end => Ok(Seen::Pending(e.message)),
            // Something is going on already: a backup, an earlier change.
            Err(e) if e.has_code(&["InvalidDBInstanceState"]) => Ok(Seen::Pending(e.message)),
            other => other.map(|_| Seen::Ready(())),
        }
    })
    .await?;
    // A rename moves the name, not the resource id; without an id the new name is the one to look for.
    let renamed = changed(Instance::IDENTIFIER) && !prior.key().starts_with("db-");
    let of = if renamed { want } else { prior };
    available(cx, of, "to be changed", yes(want.apply_immediately)).await.map(drop)
}

/// Gives a copy what the configuration says and its creation could not take. May run again.
pub(crate) async fn settle(cx: &Cx<'_, Aws>, made: &Instance, found: DbInstance) -> Result<(), Error> {
    let (now, want) = (made.seen(&found).to_value(), made.to_value());
    let null = Value::NULL;
    let differs = |name: Name| {
        let Some(field) = Instance::DECL.field(name.0) else { return false };
        let (a, b) = (now.get(name.0).unwrap_or(&null), want.get(name.0).unwrap_or(&null));
        match name {
            // Never read: given anew.
            Instance::PASSWORD => !b.is_null(),
            Instance::PASSWORD_WO_VERSION => made.password_wo.is_some(),
            Instance::MANAGE_MASTER_USER_PASSWORD | Instance::MASTER_USER_SECRET_KMS_KEY_ID => false,
            // What comes here has zeros where nothing is configured.
            _ => !is_zero(b) && !same(field, a, b, true),
        }
    };
    let prior = made.seen(&found);
    let mut at_once = made.clone();
    at_once.apply_immediately = Some(true);
    apply(cx, &prior, &at_once, &differs).await?;
    if made.parameter_group_name.is_some() {
        let now = available(cx, made, "to take its parameters", false).await?;
        if now.db_parameter_groups().iter().any(|g| g.parameter_apply_status() == Some("pending-reboot")) {
            rds(cx.api).reboot_db_instance().db_instance_identifier(made.name()).send().await.api()?;
            available(cx, made, "to restart", false).await?;
        }
    }
    Ok(())
}

/// The change as a request, `None` when nothing of it is RDS's.
fn request(call: Call, prior: &Instance, w: &Instance, changed: &(dyn Fn(Name) -> bool + Sync)) -> Option<Call> {
    let mut call = call;
    let mut any = false;
    put!(call, any, changed;
        AUTO_MINOR_VERSION_UPGRADE => auto_minor_version_upgrade(yes(w.auto_minor_version_upgrade)),
        BACKUP_RETENTION_PERIOD => set_backup_retention_period(w.backup_retention_period),
        BACKUP_WINDOW => set_preferred_backup_window(w.backup_window.clone()),
        CA_CERT_IDENTIFIER => set_ca_certificate_identifier(w.ca_cert_identifier.clone()),
        COPY_TAGS_TO_SNAPSHOT => copy_tags_to_snapshot(yes(w.copy_tags_to_snapshot)),
        CUSTOMER_OWNED_IP_ENABLED => enable_customer_owned_ip(yes(w.customer_owned_ip_enabled)),
        DB_SUBNET_GROUP_NAME => set_db_subnet_group_name(w.db_subnet_group_name.clone()),
        DEDICATED_LOG_VOLUME => dedicated_log_volume(yes(w.dedicated_log_volume)),
        DELETION_PROTECTION => deletion_protection(yes(w.deletion_protection)),
        ENGINE_LIFECYCLE_SUPPORT => set_engine_lifecycle_support(w.engine_lifecycle_support.clone()),
        IAM_DATABASE_AUTHENTICATION_ENABLED =>
            enable_iam_database_authentication(yes(w.iam_database_authentication_enabled)),
        INSTANCE_CLASS => db_instance_class(&w.instance_class),
        LICENSE_MODEL => set_license_model(w.license_model.clone()),
        MAINTENANCE_WINDOW => set_preferred_maintenance_window(w.maintenance_window.clone()),
        MULTI_AZ => set_multi_az(w.multi_az),
        NETWORK_TYPE => set_network_type(w.network_type.clone()),
        OPTION_GROUP_NAME => set_option_group_name(w.option_group_name.clone()),
        PARAMETER_GROUP_NAME => set_db_parameter_group_name(w.parameter_group_name.clone()),
        PORT => set_db_port_number(w.port),
        PUBLICLY_ACCESSIBLE => publicly_accessible(yes(w.publicly_accessible)),
        REPLICA_MODE => set_replica_mode(w.replica_mode.as_deref().map(ReplicaMode::from)),
        VPC_SECURITY_GROUP_IDS => set_vpc_security_group_ids(w.vpc_security_group_ids.clone()),
    );
    let change = |names: &[Name]| names.iter().any(|n| changed(*n));
    if change(&[Instance::IDENTIFIER, Instance::IDENTIFIER_PREFIX])
        && let Some(name) = w.identifier.as_ref().filter(|n| *n != prior.name())
    {
        call = call.new_db_instance_identifier(name);
        any = true;
    }
    if changed(Instance::ENGINE_VERSION) {
        call = call.set_engine_version(w.engine_version.clone());
        call = call.set_allow_major_version_upgrade(w.allow_major_version_upgrade);
        any = true;
    }
    let storage = [Instance::ALLOCATED_STORAGE, Instance::IOPS, Instance::STORAGE_THROUGHPUT, Instance::STORAGE_TYPE];
    if change(&storage) {
        let positive = |n: Option<i32>| n.filter(|n| *n > 0);
        // Speed and size go together, except that a gp3 volume below RDS's threshold refuses any speed.
        let fast = change(&[Instance::IOPS, Instance::STORAGE_THROUGHPUT]);
        let size = changed(Instance::ALLOCATED_STORAGE) || fast || changed(Instance::STORAGE_TYPE) && w.takes_speed();
        call = call.set_allocated_storage(w.allocated_storage.filter(|_| size));
        let speed = fast || changed(Instance::STORAGE_TYPE) && w.takes_speed();
        call = call.set_iops(positive(w.iops).filter(|_| speed));
        call = call.set_storage_throughput(positive(w.storage_throughput).filter(|_| speed));
        call = call.set_storage_type(w.storage_type.clone().filter(|_| changed(Instance::STORAGE_TYPE)));
        any = true;
    }
    if changed(Instance::MAX_ALLOCATED_STORAGE) {
        // As much as there is switches growth off.
        let limit = w.max_allocated_storage.filter(|n| *n > 0).or(w.allocated_storage);
        call = call.set_max_allocated_storage(limit);
        any = true;
    }
    if change(&[Instance::MONITORING_INTERVAL, Instance::MONITORING_ROLE_ARN]) {
        call = call.monitoring_interval(w.monitoring_interval.unwrap_or_default());
        let role = w.monitoring_role_arn.clone().filter(|_| w.monitoring_interval.unwrap_or_default() > 0);
        call = call.set_monitoring_role_arn(role);
        any = true;
    }
    let insights = [
        Instance::DATABASE_INSIGHTS_MODE,
        Instance::PERFORMANCE_INSIGHTS_ENABLED,
        Instance::PERFORMANCE_INSIGHTS_KMS_KEY_ID,
        Instance::PERFORMANCE_INSIGHTS_RETENTION_PERIOD,
    ];
    if change(&insights) {
        let on = yes(w.performance_insights_enabled);
        let kept = w.performance_insights_retention_period.filter(|n| on && *n > 0);
        call = call
            .set_database_insights_mode(w.database_insights_mode.as_deref().map(DatabaseInsightsMode::from))
            .enable_performance_insights(on)
            .set_performance_insights_kms_key_id(w.performance_insights_kms_key_id.clone().filter(|_| on))
            .set_performance_insights_retention_period(kept);
        any = true;
    }
    let directory = [
        Instance::DOMAIN,
        Instance::DOMAIN_AUTH_SECRET_ARN,
        Instance::DOMAIN_DNS_IPS,
        Instance::DOMAIN_FQDN,
        Instance::DOMAIN_IAM_ROLE_NAME,
        Instance::DOMAIN_OU,
    ];
    if change(&directory) {
        call = if w.domain.is_none() && w.domain_fqdn.is_none() {
            call.disable_domain(true)
        } else {
            call.set_domain(w.domain.clone())
                .set_domain_auth_secret_arn(w.domain_auth_secret_arn.clone())
                .set_domain_dns_ips(w.domain_dns_ips.clone().filter(|ips| !ips.is_empty()))
                .set_domain_fqdn(w.domain_fqdn.clone())
                .set_domain_iam_role_name(w.domain_iam_role_name.clone())
                .set_domain_ou(w.domain_ou.clone())
        };
        any = true;
    }
    if changed(Instance::ENABLED_CLOUDWATCH_LOGS_EXPORTS) {
        let of = |i: &Instance| i.enabled_cloudwatch_logs_exports.clone().unwrap_or_default();
        let (had, wanted) = (of(prior), of(w));
        let logs = CloudwatchLogsExportConfiguration::builder()
            .set_enable_log_types(Some(wanted.iter().filter(|l| !had.contains(l)).cloned().collect()))
            .set_disable_log_types(Some(had.iter().filter(|l| !wanted.contains(l)).cloned().collect()));
        call = call.cloudwatch_logs_export_configuration(logs.build());
        any = true;
    }
    if change(&[Instance::MANAGE_MASTER_USER_PASSWORD, Instance::MASTER_USER_SECRET_KMS_KEY_ID]) {
        call = call.manage_master_user_password(yes(w.manage_master_user_password));
        call = call.set_master_user_secret_kms_key_id(w.master_user_secret_kms_key_id.clone());
        any = true;
    }
    // A password that leaves the configuration stays on the instance.
    let password = match () {
        () if changed(Instance::PASSWORD) && w.password.is_some() => w.password.clone(),
        () if changed(Instance::PASSWORD_WO_VERSION) => w.password_wo.clone(),
        () => None,
    };
    if let Some(password) = password {
        call = call.master_user_password(password);
        any = true;
    }
    any.then_some(call)
}

impl Instance {
    /// Below these sizes a gp3 volume has its fixed speed.
    fn takes_speed(&self) -> bool {
        if self.storage_type.as_deref() != Some("gp3") {
            return true;
        }
        let size = self.allocated_storage.unwrap_or_default();
        match self.engine.as_deref().unwrap_or_default() {
            "mariadb" | "mysql" | "postgres" | "db2-ae" | "db2-se" => size >= 400,
            e if e.starts_with("oracle") => size >= 200,
            _ => true,
        }
    }
}

/// Tells whether RDS has still something to change.
pub(crate) fn is_pending(p: &PendingModifiedValues) -> bool {
    *p != PendingModifiedValues::builder().build()
        && *p != PendingModifiedValues::builder().set_processor_features(Some(Vec::new())).build()
}
