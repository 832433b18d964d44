//! `aws_db_instance`

use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};
use aws_sdk_rds::types::{DbInstance, Filter};
use sdt_aws_core::{Api, Aws, names, tags as operation_tags};
use sdt_provider::{
    Block, Changes, Class, Complaint, Computed, Cx, Error, Id, Name, OptComputed, Pace, Path, PlanEdit, Resource, Seen,
    Set, Tags, Token, Value, async_trait, checks as common, equal, invalid,
};

use crate::{checks, create, modify, rds, tags};

/// A database instance: a new one, a replica, or one restored from a snapshot, a point in time or files.
#[derive(Clone, Resource)]
#[resource(name = "aws_db_instance", version = 2, timeouts(create = "50m", delete = "1h", update = "80m"))]
pub(crate) struct Instance {
    /// The resource id (`db-…`), which stays when the instance is renamed.
    id: Id,
    /// Host name.
    address: Computed<String>,
    /// Storage in GiB.
    pub(crate) allocated_storage: OptComputed<i32>,
    /// Allows a new major version of the engine.
    #[attr(carry, keep_null)]
    pub(crate) allow_major_version_upgrade: Option<bool>,
    /// Makes changes at once, not in the next maintenance window.
    #[attr(default = false, carry)]
    pub(crate) apply_immediately: Option<bool>,
    /// ARN of the instance.
    arn: Computed<String>,
    /// Lets RDS install minor versions.
    #[attr(default = true)]
    pub(crate) auto_minor_version_upgrade: Option<bool>,
    /// Zone of the instance.
    #[attr(force_new)]
    pub(crate) availability_zone: OptComputed<String>,
    /// Days for which backups are kept; 0 makes none.
    #[attr(range(0..=35))]
    pub(crate) backup_retention_period: OptComputed<i32>,
    /// Where backups are kept.
    #[attr(force_new, one_of("outposts", "region"), conflicts_with(s3_import))]
    pub(crate) backup_target: OptComputed<String>,
    /// When backups are made: `02:00-03:00`.
    #[attr(check = checks::daily)]
    pub(crate) backup_window: OptComputed<String>,
    /// Changes by way of a copy that is then switched to; such changes are refused so far.
    #[attr(carry)]
    blue_green_update: Option<BlueGreenUpdate>,
    /// Certificate authority of the server certificate.
    pub(crate) ca_cert_identifier: OptComputed<String>,
    /// Character set of Oracle and SQL Server.
    #[attr(force_new, conflicts_with(s3_import))]
    pub(crate) character_set_name: OptComputed<String>,
    /// Gives snapshots the tags of the instance.
    #[attr(default = false)]
    pub(crate) copy_tags_to_snapshot: Option<bool>,
    /// Instance profile of RDS Custom.
    #[attr(force_new, check = checks::custom_profile)]
    pub(crate) custom_iam_instance_profile: Option<String>,
    /// Customer-owned addresses of Outposts.
    pub(crate) customer_owned_ip_enabled: Option<bool>,
    /// Mode of Database Insights.
    #[attr(one_of("standard", "advanced"))]
    pub(crate) database_insights_mode: OptComputed<String>,
    /// Name of the first database.
    #[attr(force_new, conflicts_with(replicate_source_db))]
    pub(crate) db_name: OptComputed<String>,
    /// Subnet group of the instance.
    pub(crate) db_subnet_group_name: OptComputed<String>,
    /// Puts the log on a volume of its own.
    #[attr(default = false)]
    pub(crate) dedicated_log_volume: Option<bool>,
    /// Deletes automated backups with the instance.
    #[attr(default = true, carry)]
    delete_automated_backups: Option<bool>,
    /// Refuses deletion.
    pub(crate) deletion_protection: Option<bool>,
    /// Directory to join.
    #[attr(conflicts_with(domain_auth_secret_arn, domain_dns_ips, domain_fqdn, domain_ou))]
    pub(crate) domain: Option<String>,
    /// Secret with the credentials for joining a self-managed directory.
    #[attr(check = common::arn, conflicts_with(domain, domain_iam_role_name))]
    pub(crate) domain_auth_secret_arn: Option<String>,
    /// Name servers of a self-managed directory.
    #[attr(keep_null, conflicts_with(domain, domain_iam_role_name), length(2..=2))]
    pub(crate) domain_dns_ips: Option<Vec<String>>,
    /// Name of a self-managed directory.
    #[attr(conflicts_with(domain, domain_iam_role_name))]
    pub(crate) domain_fqdn: OptComputed<String>,
    /// Role for joining the directory.
    #[attr(conflicts_with(domain_auth_secret_arn, domain_dns_ips, domain_fqdn, domain_ou))]
    pub(crate) domain_iam_role_name: Option<String>,
    /// Unit of a self-managed directory.
    #[attr(conflicts_with(domain, domain_iam_role_name))]
    pub(crate) domain_ou: Option<String>,
    /// Logs that go to CloudWatch.
    #[attr(one_of(
        "agent",
        "alert",
        "audit",
        "diag.log",
        "error",
        "general",
        "iam-db-auth-error",
        "listener",
        "notify.log",
        "oemagent",
        "postgresql",
        "slowquery",
        "trace",
        "upgrade"
    ))]
    pub(crate) enabled_cloudwatch_logs_exports: Option<Set<String>>,
    /// Host name and port.
    endpoint: Computed<String>,
    /// Database engine.
    #[attr(force_new, same = equal::ignore_case)]
    pub(crate) engine: OptComputed<String>,
    /// Support after the end of the engine's standard support.
    #[attr(one_of("open-source-rds-extended-support", "open-source-rds-extended-support-disabled"))]
    pub(crate) engine_lifecycle_support: OptComputed<String>,
    /// Version of the engine; the start of one follows minor versions.
    pub(crate) engine_version: OptComputed<String>,
    /// Version that runs.
    engine_version_actual: Computed<String>,
    /// Name of the snapshot that deletion makes.
    #[attr(carry, keep_null, check = checks::snapshot)]
    final_snapshot_identifier: Option<String>,
    /// Route 53 zone of the host name.
    hosted_zone_id: Computed<String>,
    /// Lets IAM identities log in.
    pub(crate) iam_database_authentication_enabled: Option<bool>,
    /// Name of the instance.
    #[attr(conflicts_with(identifier_prefix), check = checks::identifier)]
    pub(crate) identifier: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(conflicts_with(identifier), check = checks::prefix)]
    pub(crate) identifier_prefix: OptComputed<String>,
    /// Class of the instance.
    pub(crate) instance_class: String,
    /// Operations of the storage a second.
    pub(crate) iops: OptComputed<i32>,
    /// KMS key of the storage.
    #[attr(force_new, check = common::arn)]
    pub(crate) kms_key_id: OptComputed<String>,
    /// Newest moment that can be restored.
    #[attr(moving)]
    latest_restorable_time: Computed<String>,
    /// License of the engine.
    pub(crate) license_model: OptComputed<String>,
    /// Where SQL Server's availability group listens.
    listener_endpoint: Computed<Vec<Listener>>,
    /// When RDS may do maintenance: `sun:03:30-sun:04:30`.
    #[attr(check = checks::weekly, same = equal::ignore_case)]
    pub(crate) maintenance_window: OptComputed<String>,
    /// Keeps the administrator's password in Secrets Manager.
    #[attr(carry, keep_null, conflicts_with(password, password_wo))]
    pub(crate) manage_master_user_password: Option<bool>,
    /// That secret.
    master_user_secret: Computed<Vec<MasterSecret>>,
    /// KMS key of that secret.
    #[attr(carry, keep_null, length(1..=2048))]
    pub(crate) master_user_secret_kms_key_id: OptComputed<String>,
    /// Storage to which RDS may grow; 0 does not grow.
    pub(crate) max_allocated_storage: Option<i32>,
    /// Seconds between values of enhanced monitoring.
    #[attr(default = 0)]
    pub(crate) monitoring_interval: Option<i32>,
    /// Role of enhanced monitoring.
    #[attr(check = common::arn)]
    pub(crate) monitoring_role_arn: OptComputed<String>,
    /// Keeps a standby in another zone.
    pub(crate) multi_az: OptComputed<bool>,
    /// National character set of Oracle.
    #[attr(force_new)]
    pub(crate) nchar_character_set_name: OptComputed<String>,
    /// Kind of addresses.
    #[attr(one_of("DUAL", "IPV4"))]
    pub(crate) network_type: OptComputed<String>,
    /// Option group.
    pub(crate) option_group_name: OptComputed<String>,
    /// Parameter group.
    pub(crate) parameter_group_name: OptComputed<String>,
    /// Password of the administrator.
    #[attr(sensitive, carry, keep_null, conflicts_with(manage_master_user_password, password_wo))]
    pub(crate) password: Option<String>,
    /// Password of the administrator that no state holds.
    #[attr(
        sensitive,
        write_only,
        conflicts_with(manage_master_user_password, password),
        required_with(password_wo_version)
    )]
    pub(crate) password_wo: Option<String>,
    /// A change of this number sets `password_wo`.
    #[attr(carry, keep_null, required_with(password_wo))]
    pub(crate) password_wo_version: Option<i32>,
    /// Turns Performance Insights on.
    #[attr(default = false)]
    pub(crate) performance_insights_enabled: Option<bool>,
    /// KMS key of Performance Insights.
    #[attr(check = common::arn)]
    pub(crate) performance_insights_kms_key_id: OptComputed<String>,
    /// Days for which Performance Insights keeps data.
    pub(crate) performance_insights_retention_period: OptComputed<i32>,
    /// Port.
    pub(crate) port: OptComputed<i32>,
    /// Gives the instance a public address.
    #[attr(default = false)]
    pub(crate) publicly_accessible: Option<bool>,
    /// Whether an Oracle replica can be read.
    #[attr(one_of("open-read-only", "mounted"))]
    pub(crate) replica_mode: OptComputed<String>,
    /// Replicas of this instance.
    replicas: Computed<Vec<String>>,
    /// Instance to replicate: its identifier, or its ARN in another region.
    #[attr(same = same_source)]
    pub(crate) replicate_source_db: Option<String>,
    /// The resource id.
    resource_id: Computed<String>,
    /// Restores a moment of an instance.
    #[attr(force_new, carry, conflicts_with(replicate_source_db, s3_import, snapshot_identifier))]
    pub(crate) restore_to_point_in_time: Option<PointInTime>,
    /// Restores files of a backup in S3.
    #[attr(carry, conflicts_with(replicate_source_db, snapshot_identifier))]
    pub(crate) s3_import: Option<S3Import>,
    /// Deletes without a last snapshot.
    #[attr(default = false, carry)]
    skip_final_snapshot: Option<bool>,
    /// Snapshot to restore.
    #[attr(force_new, carry, keep_null)]
    pub(crate) snapshot_identifier: OptComputed<String>,
    /// State of the instance.
    status: Computed<String>,
    /// Encrypts the storage.
    #[attr(force_new)]
    pub(crate) storage_encrypted: Option<bool>,
    /// Throughput of gp3 storage in MiB/s.
    pub(crate) storage_throughput: OptComputed<i32>,
    /// Type of storage.
    pub(crate) storage_type: OptComputed<String>,
    /// Tags of the instance.
    pub(crate) tags: Tags,
    /// Time zone of SQL Server and Db2.
    #[attr(force_new, conflicts_with(s3_import))]
    pub(crate) timezone: OptComputed<String>,
    /// Upgrades the file system of a new replica's storage.
    #[attr(carry, keep_null)]
    pub(crate) upgrade_storage_config: Option<bool>,
    /// Name of the administrator.
    #[attr(force_new, conflicts_with(replicate_source_db))]
    pub(crate) username: OptComputed<String>,
    /// Security groups of the instance.
    pub(crate) vpc_security_group_ids: OptComputed<Set<String>>,
}

/// Changes by way of a copy.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct BlueGreenUpdate {
    /// Whether changes are made so.
    enabled: Option<bool>,
}

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Listener {
    /// Host name.
    address: Computed<String>,
    /// Its Route 53 zone.
    hosted_zone_id: Computed<String>,
    /// Port.
    port: Computed<i32>,
}

/// The administrator's secret.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MasterSecret {
    /// Its KMS key.
    kms_key_id: Computed<String>,
    /// Its ARN.
    secret_arn: Computed<String>,
    /// Its state.
    secret_status: Computed<String>,
}

/// A moment of an instance.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct PointInTime {
    /// The moment.
    #[attr(check = sdt_aws_core::checks::rfc3339, conflicts_with(use_latest_restorable_time))]
    pub(crate) restore_time: Option<String>,
    /// Automated backups of a deleted instance or of another region.
    pub(crate) source_db_instance_automated_backups_arn: Option<String>,
    /// The instance.
    pub(crate) source_db_instance_identifier: Option<String>,
    /// The instance, by resource id.
    pub(crate) source_dbi_resource_id: Option<String>,
    /// The newest moment there is.
    #[attr(conflicts_with(restore_time))]
    pub(crate) use_latest_restorable_time: Option<bool>,
}

/// A backup in S3.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct S3Import {
    /// Bucket of the files.
    #[attr(force_new)]
    pub(crate) bucket_name: String,
    /// Start of the files' names.
    #[attr(force_new)]
    pub(crate) bucket_prefix: Option<String>,
    /// Role that reads the files.
    #[attr(force_new)]
    pub(crate) ingestion_role: String,
    /// Engine the backup is of.
    #[attr(force_new)]
    pub(crate) source_engine: String,
    /// Version of that engine.
    #[attr(force_new)]
    pub(crate) source_engine_version: String,
}

/// RDS answers a source of the same region with its identifier, also when it was given by ARN.
fn same_source(a: &Value, b: &Value) -> bool {
    let name = |v: &Value| v.as_str().map(|s| s.rsplit(':').next().unwrap_or(s).to_owned());
    let arns = |v: &Value| v.as_str().is_some_and(|s| s.starts_with("arn:"));
    arns(a) != arns(b) && name(a).is_some_and(|n| !n.is_empty()) && name(a) == name(b)
}

#[async_trait]
impl Resource for Instance {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Instance";
    const TOKEN: Token = Token::Tag;
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let made = create::create(cx, &want, &name).await?;
        let resource = made.dbi_resource_id.unwrap_or_default();
        Ok(Self { id: resource.clone(), resource_id: Some(resource), identifier: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let found = available(cx, made, "to become available", false).await?;
        if made.is_new() {
            return Ok(());
        }
        // Copies start with the settings of what they were made from: the rest of the configuration comes now.
        modify::settle(cx, made, found).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found = Vec::new();
        let (by_id, by_name): (Vec<&Self>, Vec<&Self>) = known.iter().partition(|k| k.id.starts_with("db-"));
        for (filter, group) in [("dbi-resource-id", by_id), ("db-instance-id", by_name)] {
            if !group.is_empty() {
                let names = group.iter().map(|k| k.id.clone()).collect();
                found.extend(describe(cx.api, filter, names).await?);
            }
        }
        Ok(known.iter().map(|k| k.pick(&found).map(|i| k.seen(i))).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let name = prior.name();
        if changed.has(Self::REPLICATE_SOURCE_DB) {
            if want.replicate_source_db.is_some() {
                let why = "an instance that exists cannot become the replica of another; only promotion is possible";
                return Err(Error::new(Class::Invalid, "", why));
            }
            rds(cx.api)
                .promote_read_replica()
                .db_instance_identifier(name)
                .set_backup_retention_period(want.backup_retention_period)
                .set_preferred_backup_window(want.backup_window.clone())
                .send()
                .await
                .api()?;
            cx.wait("the replica to be promoted", Pace::SLOW, || async {
                let found = prior.find(cx.api).await?;
                let source = found.read_replica_source_db_instance_identifier().unwrap_or_default();
                Ok(if source.is_empty() { Seen::Ready(()) } else { Seen::Pending(source.to_owned()) })
            })
            .await?;
            available(cx, prior, "to be promoted", false).await?;
        }
        if want.blue_green_update.as_ref().is_some_and(|b| b.enabled == Some(true)) && changed.any(&BLUE_GREEN) {
            let why = "changes by way of a blue/green deployment are not supported; without blue_green_update the instance itself is \
                       changed, which may interrupt it";
            return Err(Error::new(Class::Invalid, "", why));
        }
        modify::apply(cx, prior, want, &|name| changed.has(name)).await?;
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let skip = prior.skip_final_snapshot == Some(true);
        if !skip && prior.final_snapshot_identifier.is_none() {
            let why = "final_snapshot_identifier is required when skip_final_snapshot is not true";
            return Err(Error::new(Class::Invalid, "", why));
        }
        let delete = || async {
            let call = rds(cx.api).delete_db_instance().db_instance_identifier(prior.name());
            let call = call.skip_final_snapshot(skip).set_delete_automated_backups(prior.delete_automated_backups);
            let snapshot = prior.final_snapshot_identifier.clone().filter(|_| !skip);
            call.set_final_db_snapshot_identifier(snapshot).send().await.api().map(drop)
        };
        // Protection that somebody switched on beside the configuration goes, when changes may be made at once.
        let unprotect = prior.deletion_protection != Some(true) && prior.apply_immediately == Some(true);
        let mut outcome = delete().await;
        if outcome.as_ref().is_err_and(|e| e.message.to_lowercase().contains("disable deletion pro")) && unprotect {
            let call = rds(cx.api).modify_db_instance().db_instance_identifier(prior.name());
            call.apply_immediately(true).deletion_protection(false).send().await.api()?;
            available(cx, prior, "to lose its protection", true).await?;
            outcome = delete().await;
        }
        match outcome {
            Err(e) if e.message.contains("already being deleted") => {}
            other => other?,
        }
        cx.wait("the database to be gone", Pace::SLOW, || async {
            match prior.find(cx.api).await {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(found) => Ok(Seen::Pending(found.db_instance_status.unwrap_or_default())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let found = describe(cx.api, "db-instance-id", vec![name.clone()]).await?.pop();
        let ours = found.filter(|i| operation_tags::operation(&tags::seen(i.tag_list.clone())) == Some(cx.token()));
        Ok(ours.map(|i| {
            let resource = i.dbi_resource_id.unwrap_or_default();
            Self { id: resource.clone(), resource_id: Some(resource), identifier: Some(name), ..want.clone() }
        }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let source = edit.planned(Self::REPLICATE_SOURCE_DB).as_str().unwrap_or_default().to_owned();
        if let Some([update]) = edit.config(Self::BLUE_GREEN_UPDATE).as_items()
            && update.get("enabled").and_then(Value::as_bool) == Some(true)
        {
            let engine = edit.planned(Self::ENGINE).as_str().unwrap_or_default().to_owned();
            if !["mariadb", "mysql", "postgres"].contains(&engine.as_str()) && !edit.config(Self::ENGINE).is_unknown() {
                let why = format!("blue_green_update.enabled cannot be set when engine is {engine:?}");
                edit.refuse(Self::BLUE_GREEN_UPDATE, why);
            } else if !source.is_empty() {
                edit.refuse(Self::BLUE_GREEN_UPDATE, "blue_green_update.enabled cannot be set for a replica");
            }
        }
        let group = edit.config(Self::DB_SUBNET_GROUP_NAME).as_str().is_some_and(|g| !g.is_empty());
        if group && !source.is_empty() && !source.starts_with("arn:") {
            let why = "replicate_source_db must be an ARN when db_subnet_group_name is set";
            edit.refuse(Self::REPLICATE_SOURCE_DB, why);
        }
        if edit.prior.is_none() {
            // A replica has the character set of its source.
            if !source.is_empty() {
                edit.disregard(Self::CHARACTER_SET_NAME);
            }
            return;
        }
        let number = |v: &Value| v.as_number().and_then(|n| n.as_i64()).unwrap_or_default();
        let (had, wanted) =
            (number(edit.prior(Self::ALLOCATED_STORAGE)), number(edit.planned(Self::ALLOCATED_STORAGE)));
        let limit = number(edit.planned(Self::MAX_ALLOCATED_STORAGE));
        // RDS has grown the storage by itself: it cannot shrink, and nobody asked for that.
        if had > wanted && limit > wanted {
            edit.set(Self::ALLOCATED_STORAGE, edit.prior(Self::ALLOCATED_STORAGE).clone());
        }
        // The character set stays for life.
        if edit.changes(Self::CHARACTER_SET_NAME) {
            edit.set(Self::CHARACTER_SET_NAME, edit.prior(Self::CHARACTER_SET_NAME).clone());
            edit.keep(Self::CHARACTER_SET_NAME);
        }
        // A limit equal to the storage is no growth, which RDS answers as no limit.
        if limit > 0 && limit == wanted && number(edit.prior(Self::MAX_ALLOCATED_STORAGE)) == 0 {
            edit.set(Self::MAX_ALLOCATED_STORAGE, edit.prior(Self::MAX_ALLOCATED_STORAGE).clone());
        }
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let mut out = Vec::new();
        let number = |name: Name| config.get(name.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        let mut wrong = |name: Name, detail: String| {
            out.push(invalid(Path::root().attr(name.0), "Invalid value for an argument", detail));
        };
        if let Some(n) = number(Self::MONITORING_INTERVAL).filter(|n| ![0, 1, 5, 10, 15, 30, 60].contains(n)) {
            let detail = format!("expected monitoring_interval to be one of [0 1 5 10 15 30 60], got {n}");
            wrong(Self::MONITORING_INTERVAL, detail);
        }
        let kept = |n: i64| n == 0 || n == 7 || n == 731 || n > 0 && n % 31 == 0 && n / 31 <= 23;
        if let Some(n) = number(Self::PERFORMANCE_INSIGHTS_RETENTION_PERIOD).filter(|n| !kept(*n)) {
            let detail = format!(
                "expected performance_insights_retention_period to be 7, 731 or a multiple of 31 up to 713, got {n}"
            );
            wrong(Self::PERFORMANCE_INSIGHTS_RETENTION_PERIOD, detail);
        }
        out
    }

    /// Deleting an imported instance makes no snapshot, since nothing says how it is to be called.
    fn import(_id: &str) -> Result<Vec<(Name, Value)>, String> {
        let yes = || Value::bool(true);
        Ok(vec![(Self::SKIP_FINAL_SNAPSHOT, yes()), (Self::DELETE_AUTOMATED_BACKUPS, yes())])
    }

    fn upgrade(version: u64, mut stored: serde_json::Value) -> serde_json::Value {
        if let Some(object) = stored.as_object_mut() {
            if version < 1 {
                object.insert("delete_automated_backups".into(), true.into());
            }
            // Version 2 made the resource id the id, and had renamed `name`.
            if let Some(name) = object.remove("name").filter(|_| !object.contains_key("db_name")) {
                object.insert("db_name".into(), name);
            }
            if let Some(id) = object.get("resource_id").filter(|id| id.is_string()).cloned() {
                object.insert("id".into(), id);
            }
        }
        stored
    }

    fn import_id(want: &Self) -> Option<String> {
        want.identifier.clone()
    }
}

impl Instance {
    /// Made from nothing, or from files: the creation takes every setting.
    pub(crate) fn is_new(&self) -> bool {
        self.replicate_source_db.is_none()
            && self.snapshot_identifier.is_none()
            && self.restore_to_point_in_time.is_none()
    }

    /// The identifier, by which the API takes instances.
    pub(crate) fn name(&self) -> &str {
        self.identifier.as_deref().filter(|n| !n.is_empty()).unwrap_or(&self.id)
    }

    /// The resource id, which survives renaming.
    pub(crate) fn key(&self) -> &str {
        &self.id
    }

    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.identifier
            .clone()
            .unwrap_or_else(|| cx.generated_name(self.identifier_prefix.as_deref().unwrap_or_default()))
    }

    /// The instance among those read.
    fn pick<'a>(&self, found: &'a [DbInstance]) -> Option<&'a DbInstance> {
        let by_name = |i: &&DbInstance| i.db_instance_identifier() == Some(self.name());
        let by_id = |i: &&DbInstance| i.dbi_resource_id() == Some(&self.id);
        found.iter().find(|i| by_id(i) && by_name(i)).or_else(|| found.iter().find(|i| by_id(i))).or_else(|| {
            let imported = !self.id.starts_with("db-");
            found.iter().find(by_name).filter(|_| imported)
        })
    }

    /// The instance as it is now.
    pub(crate) async fn find(&self, aws: &Aws) -> Result<DbInstance, Error> {
        let filter = if self.id.starts_with("db-") { "dbi-resource-id" } else { "db-instance-id" };
        let found = describe(aws, filter, vec![self.id.clone()]).await?;
        self.pick(&found).cloned().ok_or_else(|| Error::not_found(format!("there is no database {}", self.id)))
    }

    /// What RDS says, in the state's form.
    pub(crate) fn seen(&self, i: &DbInstance) -> Self {
        let text = |s: Option<&str>| s.map(str::to_owned);
        let address = i.endpoint().and_then(|e| e.address());
        let port = i.endpoint().and_then(|e| e.port()).or(i.db_instance_port());
        let name = i.db_instance_identifier().unwrap_or_default();
        let directory = i.domain_memberships().first();
        let source =
            i.read_replica_source_db_cluster_identifier().or_else(|| i.read_replica_source_db_instance_identifier());
        Self {
            id: i.dbi_resource_id().unwrap_or_default().to_owned(),
            address: text(address),
            allocated_storage: i.allocated_storage(),
            allow_major_version_upgrade: None,
            apply_immediately: None,
            arn: text(i.db_instance_arn()),
            auto_minor_version_upgrade: i.auto_minor_version_upgrade(),
            availability_zone: text(i.availability_zone()),
            backup_retention_period: i.backup_retention_period(),
            backup_target: text(i.backup_target()),
            backup_window: text(i.preferred_backup_window()),
            blue_green_update: None,
            ca_cert_identifier: text(i.ca_certificate_identifier()),
            character_set_name: text(i.character_set_name()),
            copy_tags_to_snapshot: i.copy_tags_to_snapshot(),
            custom_iam_instance_profile: text(i.custom_iam_instance_profile()),
            customer_owned_ip_enabled: i.customer_owned_ip_enabled(),
            database_insights_mode: i.database_insights_mode().map(|m| m.as_str().to_owned()),
            db_name: text(i.db_name()),
            db_subnet_group_name: text(i.db_subnet_group().and_then(|g| g.db_subnet_group_name())),
            dedicated_log_volume: i.dedicated_log_volume(),
            delete_automated_backups: None,
            deletion_protection: i.deletion_protection(),
            domain: text(directory.and_then(|d| d.domain())),
            domain_auth_secret_arn: text(directory.and_then(|d| d.auth_secret_arn())),
            domain_dns_ips: directory.map(|d| d.dns_ips().to_vec()).filter(|ips| !ips.is_empty()),
            domain_fqdn: text(directory.and_then(|d| d.fqdn())),
            domain_iam_role_name: text(directory.and_then(|d| d.iam_role_name())),
            domain_ou: text(directory.and_then(|d| d.ou())),
            enabled_cloudwatch_logs_exports: Some(i.enabled_cloudwatch_logs_exports().to_vec()),
            endpoint: address.zip(port).map(|(address, port)| format!("{address}:{port}")),
            engine: text(i.engine()),
            engine_lifecycle_support: text(i.engine_lifecycle_support()),
            engine_version: self.version_seen(i),
            engine_version_actual: text(i.engine_version()),
            final_snapshot_identifier: None,
            hosted_zone_id: text(i.endpoint().and_then(|e| e.hosted_zone_id())),
            iam_database_authentication_enabled: i.iam_database_authentication_enabled(),
            identifier: text(Some(name)),
            identifier_prefix: Some(names::prefix_of(name)),
            instance_class: i.db_instance_class().unwrap_or_default().to_owned(),
            iops: i.iops(),
            kms_key_id: text(i.kms_key_id()),
            // Whole seconds, as the public provider writes it.
            latest_restorable_time: i
                .latest_restorable_time()
                .and_then(|t| DateTime::from_secs(t.secs()).fmt(DateTimeFormat::DateTime).ok()),
            license_model: text(i.license_model()),
            listener_endpoint: Some(i.listener_endpoint().into_iter().map(Listener::seen).collect()),
            maintenance_window: text(i.preferred_maintenance_window()),
            manage_master_user_password: None,
            master_user_secret: Some(i.master_user_secret().into_iter().map(MasterSecret::seen).collect()),
            master_user_secret_kms_key_id: None,
            max_allocated_storage: i.max_allocated_storage(),
            monitoring_interval: i.monitoring_interval(),
            monitoring_role_arn: text(i.monitoring_role_arn()),
            multi_az: i.multi_az(),
            nchar_character_set_name: text(i.nchar_character_set_name()),
            network_type: text(i.network_type()),
            option_group_name: text(i.option_group_memberships().first().and_then(|g| g.option_group_name())),
            parameter_group_name: text(i.db_parameter_groups().first().and_then(|g| g.db_parameter_group_name())),
            password: None,
            password_wo: None,
            password_wo_version: None,
            performance_insights_enabled: i.performance_insights_enabled(),
            performance_insights_kms_key_id: text(i.performance_insights_kms_key_id()),
            performance_insights_retention_period: i.performance_insights_retention_period(),
            port,
            publicly_accessible: i.publicly_accessible(),
            replica_mode: i.replica_mode().map(|m| m.as_str().to_owned()),
            replicas: Some(i.read_replica_db_instance_identifiers().to_vec()),
            replicate_source_db: text(source),
            resource_id: text(i.dbi_resource_id()),
            restore_to_point_in_time: None,
            s3_import: None,
            skip_final_snapshot: None,
            snapshot_identifier: None,
            status: text(i.db_instance_status()),
            storage_encrypted: i.storage_encrypted(),
            storage_throughput: i.storage_throughput(),
            storage_type: text(i.storage_type()),
            tags: tags::seen(i.tag_list.clone()),
            timezone: text(i.timezone()),
            upgrade_storage_config: None,
            username: text(i.master_username()),
            vpc_security_group_ids: Some(
                i.vpc_security_groups().iter().filter_map(|g| text(g.vpc_security_group_id())).collect(),
            ),
        }
    }

    /// `15` stays `15` while 15.4 runs, and a version that is asked for already is no difference.
    fn version_seen(&self, i: &DbInstance) -> Option<String> {
        let known = self.engine_version.as_deref().unwrap_or_default();
        let runs = i.engine_version()?;
        let pending = i.pending_modified_values().and_then(|p| p.engine_version()).unwrap_or_default();
        let is = |version: &str| version == known || version.starts_with(&format!("{known}."));
        Some(if !known.is_empty() && (is(runs) || is(pending)) { known } else { runs }.to_owned())
    }
}

impl Listener {
    fn seen(e: &aws_sdk_rds::types::Endpoint) -> Self {
        Self {
            address: e.address().map(str::to_owned),
            hosted_zone_id: e.hosted_zone_id().map(str::to_owned),
            port: e.port(),
        }
    }
}

impl MasterSecret {
    fn seen(s: &aws_sdk_rds::types::MasterUserSecret) -> Self {
        Self {
            kms_key_id: s.kms_key_id().map(str::to_owned),
            secret_arn: s.secret_arn().map(str::to_owned),
            secret_status: s.secret_status().map(str::to_owned),
        }
    }
}

/// Instances by a filter: one that is gone is just not in the answer.
pub(crate) async fn describe(aws: &Aws, filter: &str, values: Vec<String>) -> Result<Vec<DbInstance>, Error> {
    let filter = Filter::builder().name(filter).set_values(Some(values)).build();
    let call = rds(aws).describe_db_instances().filters(filter).max_records(100);
    match call.into_paginator().items().send().try_collect().await.api() {
        Err(e) if e.is_not_found() => Ok(Vec::new()),
        found => found,
    }
}

/// What a blue/green deployment is for. It ends with another instance, of another id, in the place of this one, which an update cannot
/// answer with: refused, since the caller counts on no interruption.
const BLUE_GREEN: [Name; 7] = [
    Instance::ALLOCATED_STORAGE,
    Instance::ENGINE_VERSION,
    Instance::INSTANCE_CLASS,
    Instance::IOPS,
    Instance::PARAMETER_GROUP_NAME,
    Instance::STORAGE_THROUGHPUT,
    Instance::STORAGE_TYPE,
];

/// States that no waiting ends.
const BROKEN: [&str; 11] = [
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-create",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "deleting",
];

/// Waits until the instance can be used; `settled` also until nothing is left to be changed at once.
pub(crate) async fn available(cx: &Cx<'_, Aws>, of: &Instance, what: &str, settled: bool) -> Result<DbInstance, Error> {
    cx.wait(&format!("the database {what}"), Pace::SLOW, || async {
        let found = of.find(cx.api).await?;
        let status = found.db_instance_status().unwrap_or_default().to_owned();
        let left = settled && found.pending_modified_values().is_some_and(modify::is_pending);
        match status.as_str() {
            "available" | "storage-optimization" if !left => Ok(Seen::Ready(found)),
            "available" => Ok(Seen::Pending("changes are pending".into())),
            s if BROKEN.contains(&s) => Err(Error::other(format!("the database {} is {s}", of.name()))),
            _ => Ok(Seen::Pending(status)),
        }
    })
    .await
}
