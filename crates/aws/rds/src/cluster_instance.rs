//! `aws_rds_cluster_instance`

use std::collections::HashMap;

use aws_sdk_rds::types::{DbCluster, DbInstance, Filter};
use sdt_aws_core::{Api, Aws, in_order, names};
use sdt_provider::{
    Changes, Complaint, Computed, Cx, Error, Id, Name, OptComputed, Pace, Path, Resource, Seen, Tags, Token, Value,
    async_trait, checks as common, equal, invalid,
};

use crate::{checks, cluster, rds, tags};

/// An instance of a database cluster.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_rds_cluster_instance", timeouts(create = "90m", delete = "90m", update = "90m"))]
pub(crate) struct ClusterInstance {
    id: Id,
    /// Makes changes at once, not in the next maintenance window.
    #[attr(carry)]
    apply_immediately: OptComputed<bool>,
    /// Its ARN.
    arn: Computed<String>,
    /// Auto minor version upgrade.
    #[attr(default = true)]
    auto_minor_version_upgrade: Option<bool>,
    /// The zone.
    #[attr(force_new)]
    availability_zone: OptComputed<String>,
    /// Ca cert identifier.
    ca_cert_identifier: OptComputed<String>,
    /// Name of the cluster.
    #[attr(force_new)]
    cluster_identifier: String,
    /// Copy tags to snapshot.
    #[attr(default = false)]
    copy_tags_to_snapshot: Option<bool>,
    /// Custom IAM instance profile.
    #[attr(force_new, check = checks::custom_profile)]
    custom_iam_instance_profile: Option<String>,
    /// Db parameter group name.
    db_parameter_group_name: OptComputed<String>,
    /// Db subnet group name.
    #[attr(force_new)]
    db_subnet_group_name: OptComputed<String>,
    /// Dbi resource id.
    dbi_resource_id: Computed<String>,
    /// Where to connect.
    endpoint: Computed<String>,
    /// Database engine.
    #[attr(force_new, one_of("aurora-mysql", "aurora-postgresql", "mysql", "postgres"))]
    engine: String,
    /// Version of the engine.
    engine_version: OptComputed<String>,
    /// Version that runs.
    engine_version_actual: Computed<String>,
    /// Deletes what is inside, too.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// Identifier.
    #[attr(force_new, conflicts_with(identifier_prefix), check = checks::identifier)]
    identifier: OptComputed<String>,
    /// Identifier prefix.
    #[attr(force_new, conflicts_with(identifier), check = checks::prefix)]
    identifier_prefix: OptComputed<String>,
    /// Instance class.
    instance_class: String,
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// Monitoring interval.
    #[attr(default = 0)]
    monitoring_interval: Option<i32>,
    /// ARN of the monitoring role.
    monitoring_role_arn: OptComputed<String>,
    /// Network type.
    network_type: Computed<String>,
    /// Performance insights enabled.
    performance_insights_enabled: OptComputed<bool>,
    /// Performance insights KMS key id.
    #[attr(check = common::arn)]
    performance_insights_kms_key_id: OptComputed<String>,
    /// Performance insights retention period.
    #[attr(range(7..=731))]
    performance_insights_retention_period: OptComputed<i32>,
    /// The port.
    port: Computed<i32>,
    /// When backups are made.
    #[attr(check = checks::daily)]
    preferred_backup_window: OptComputed<String>,
    /// When AWS may do maintenance.
    #[attr(check = checks::weekly, same = equal::ignore_case)]
    preferred_maintenance_window: OptComputed<String>,
    /// Promotion tier.
    #[attr(default = 0)]
    promotion_tier: Option<i32>,
    /// Publicly accessible.
    publicly_accessible: OptComputed<bool>,
    /// Encrypts the storage.
    storage_encrypted: Computed<bool>,
    /// Tags of the object.
    tags: Tags,
    /// Writer.
    writer: Computed<bool>,
}

#[async_trait]
impl Resource for ClusterInstance {
    type Api = Aws;
    const HUMAN: &'static str = "RDS Cluster Instance";
    const TOKEN: Token = Token::Tag;
    // A filter takes 100 values.
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let call = rds(cx.api)
            .create_db_instance()
            .db_instance_identifier(&name)
            .db_cluster_identifier(&want.cluster_identifier)
            .db_instance_class(&want.instance_class)
            .engine(&want.engine)
            .set_engine_version(want.engine_version.clone())
            .auto_minor_version_upgrade(want.auto_minor_version_upgrade != Some(false))
            .copy_tags_to_snapshot(want.copy_tags_to_snapshot == Some(true))
            .publicly_accessible(want.publicly_accessible == Some(true))
            .set_promotion_tier(want.promotion_tier)
            .set_availability_zone(want.availability_zone.clone())
            .set_ca_certificate_identifier(want.ca_cert_identifier.clone())
            .set_custom_iam_instance_profile(want.custom_iam_instance_profile.clone())
            .set_db_parameter_group_name(want.db_parameter_group_name.clone())
            .set_db_subnet_group_name(want.db_subnet_group_name.clone())
            .set_monitoring_interval(want.monitoring_interval.filter(|n| *n > 0))
            .set_monitoring_role_arn(want.monitoring_role_arn.clone())
            .set_enable_performance_insights(want.performance_insights_enabled)
            .set_performance_insights_kms_key_id(want.performance_insights_kms_key_id.clone())
            .set_performance_insights_retention_period(want.performance_insights_retention_period.filter(|n| *n > 0))
            .set_preferred_backup_window(want.preferred_backup_window.clone())
            .set_preferred_maintenance_window(want.preferred_maintenance_window.clone())
            .set_tags(tags::list(&want.tags));
        let call = &call;
        let limit = std::time::Duration::from_secs(120);
        // A monitoring role that was just made may not be visible to RDS yet.
        let made = cx
            .retry_on(&["InvalidParameterValue"], limit, || async move {
                match call.clone().send().await.api() {
                    Err(e) if e.has_code(&["InvalidParameterValue"]) && !e.message.contains("IAM role") => {
                        Err(Error { code: String::new(), message: format!("{}: {}", e.code, e.message), ..e })
                    }
                    other => other,
                }
            })
            .await?;
        let arn = made.db_instance.and_then(|i| i.db_instance_arn);
        Ok(Self { id: name.clone(), identifier: Some(name), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        available(cx, &made.id, "the instance to become available").await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = describe(cx.api, known.iter().map(|k| k.id.clone()).collect()).await?;
        // Which instance writes is a fact of the cluster.
        let mut clusters: Vec<String> = found.iter().filter_map(|i| i.db_cluster_identifier.clone()).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let clusters = if clusters.is_empty() { Vec::new() } else { cluster::describe(cx.api, clusters).await? };
        let clusters: HashMap<String, DbCluster> =
            clusters.into_iter().filter_map(|c| Some((c.db_cluster_identifier.clone()?, c))).collect();
        let objects = found.into_iter().filter_map(|i| {
            let id = i.db_instance_identifier.clone()?;
            let known = known.iter().find(|k| k.id == id)?;
            let members = clusters.get(i.db_cluster_identifier.as_deref()?)?.db_cluster_members();
            let writer =
                members.iter().any(|m| m.db_instance_identifier() == Some(&id) && m.is_cluster_writer == Some(true));
            Some((id, known.seen(i, writer)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let mut call = rds(cx.api).modify_db_instance().db_instance_identifier(&prior.id);
        call = call.apply_immediately(want.apply_immediately == Some(true));
        let mut any = false;
        macro_rules! put {
            ($($name:ident => $setter:ident($value:expr);)*) => {
                $(if changed.has(Self::$name) {
                    call = call.$setter($value);
                    any = true;
                })*
            };
        }
        put! {
            AUTO_MINOR_VERSION_UPGRADE => auto_minor_version_upgrade(want.auto_minor_version_upgrade != Some(false));
            CA_CERT_IDENTIFIER => set_ca_certificate_identifier(want.ca_cert_identifier.clone());
            COPY_TAGS_TO_SNAPSHOT => copy_tags_to_snapshot(want.copy_tags_to_snapshot == Some(true));
            DB_PARAMETER_GROUP_NAME => set_db_parameter_group_name(want.db_parameter_group_name.clone());
            INSTANCE_CLASS => db_instance_class(&want.instance_class);
            MONITORING_INTERVAL => monitoring_interval(want.monitoring_interval.unwrap_or_default());
            MONITORING_ROLE_ARN => set_monitoring_role_arn(want.monitoring_role_arn.clone());
            PERFORMANCE_INSIGHTS_ENABLED => set_enable_performance_insights(want.performance_insights_enabled);
            PERFORMANCE_INSIGHTS_KMS_KEY_ID => set_performance_insights_kms_key_id(want.performance_insights_kms_key_id.clone());
            PERFORMANCE_INSIGHTS_RETENTION_PERIOD =>
                set_performance_insights_retention_period(want.performance_insights_retention_period);
            PREFERRED_BACKUP_WINDOW => set_preferred_backup_window(want.preferred_backup_window.clone());
            PREFERRED_MAINTENANCE_WINDOW => set_preferred_maintenance_window(want.preferred_maintenance_window.clone());
            PROMOTION_TIER => set_promotion_tier(want.promotion_tier);
            PUBLICLY_ACCESSIBLE => publicly_accessible(want.publicly_accessible == Some(true));
        }
        if any {
            let call = &call;
            // Something is going on already: a backup, an earlier change.
            let limit = std::time::Duration::from_secs(300);
            cx.retry_on(
                &["InvalidDBInstanceState"],
                limit,
                || async move { call.clone().send().await.api().map(drop) },
            )
            .await?;
            available(cx, &prior.id, "the instance to be changed").await?;
        }
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // The cluster keeps the data: an instance has nothing to save.
        let call = rds(cx.api).delete_db_instance().db_instance_identifier(&prior.id).skip_final_snapshot(true);
        let call = &call;
        let codes = ["InvalidDBInstanceState", "InvalidDBClusterStateFault"];
        let answer = cx.retry_on(&codes, cx.remaining(), || async move {
            match call.clone().send().await.api() {
                Err(e) if e.message.contains("already being deleted") => Ok(()),
                other => other.map(drop),
            }
        });
        answer.await?;
        cx.wait("the instance to be gone", Pace::SLOW, || async {
            let found = describe(cx.api, vec![prior.id.clone()]).await?.into_iter().next();
            Ok(found.map_or(Seen::Ready(()), |i| Seen::Pending(i.db_instance_status.unwrap_or_default())))
        })
        .await
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let name = Self::PERFORMANCE_INSIGHTS_RETENTION_PERIOD.0;
        let days = config.get(name).and_then(Value::as_number).and_then(|n| n.as_i64());
        match days {
            // What is out of range is said already.
            Some(days) if (7..=731).contains(&days) && days != 7 && days != 731 => {
                let detail = format!("expected {name} to be one of [7, 731], got {days}");
                vec![invalid(Path::root().attr(name), "Invalid value for an argument", detail)]
            }
            _ => Vec::new(),
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let found = describe(cx.api, vec![name.clone()]).await?.into_iter().next();
        let ours = found.filter(|i| tags::ours(&tags::seen(i.tag_list.clone()), cx.token()));
        Ok(ours.map(|i| Self { id: name.clone(), identifier: Some(name), arn: i.db_instance_arn, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_named(aws, "db", ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::IDENTIFIER, Value::string(id))])
    }
}

async fn describe(aws: &Aws, ids: Vec<String>) -> Result<Vec<DbInstance>, Error> {
    if let [id] = &ids[..] {
        return match rds(aws).describe_db_instances().db_instance_identifier(id).send().await.api() {
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            other => Ok(other?.db_instances.unwrap_or_default()),
        };
    }
    let filter = Filter::builder().name("db-instance-id").set_values(Some(ids)).build();
    let pages = rds(aws).describe_db_instances().filters(filter).max_records(100).into_paginator().items();
    pages.send().try_collect().await.api()
}

async fn available(cx: &Cx<'_, Aws>, id: &str, what: &str) -> Result<(), Error> {
    cx.wait(what, Pace::SLOW, || async {
        let found = describe(cx.api, vec![id.to_owned()]).await?.into_iter().next();
        match found.and_then(|i| i.db_instance_status).as_deref() {
            Some("available" | "storage-optimization") => Ok(Seen::Ready(())),
            Some(bad)
                if bad.contains("failed") || bad.starts_with("incompatible") || bad.starts_with("inaccessible") =>
            {
                Err(Error::other(format!("the instance's state is {bad}")))
            }
            other => Ok(Seen::Pending(other.unwrap_or_default().to_owned())),
        }
    })
    .await
}

impl ClusterInstance {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let generated = || match self.identifier_prefix.as_deref() {
            Some(prefix) => cx.generated_name(prefix),
            None => cx.generated_name("tf-"),
        };
        self.identifier.clone().unwrap_or_else(generated).to_lowercase()
    }

    fn seen(&self, i: DbInstance, writer: bool) -> Self {
        let name = i.db_instance_identifier.unwrap_or_default();
        let endpoint = i.endpoint;
        Self {
            id: name.clone(),
            apply_immediately: None,
            arn: i.db_instance_arn,
            auto_minor_version_upgrade: i.auto_minor_version_upgrade,
            availability_zone: i.availability_zone,
            ca_cert_identifier: i.ca_certificate_identifier,
            cluster_identifier: i.db_cluster_identifier.unwrap_or_default(),
            copy_tags_to_snapshot: Some(i.copy_tags_to_snapshot == Some(true)),
            custom_iam_instance_profile: i.custom_iam_instance_profile,
            db_parameter_group_name: i
                .db_parameter_groups
                .into_iter()
                .flatten()
                .next()
                .and_then(|g| g.db_parameter_group_name),
            db_subnet_group_name: i.db_subnet_group.and_then(|g| g.db_subnet_group_name),
            dbi_resource_id: i.dbi_resource_id,
            endpoint: endpoint.as_ref().and_then(|e| e.address.clone()),
            engine: i.engine.unwrap_or_default(),
            engine_version: cluster::version(self.engine_version.as_ref(), i.engine_version.as_ref()),
            engine_version_actual: i.engine_version,
            force_destroy: None,
            identifier_prefix: Some(names::prefix_of(&name)),
            identifier: Some(name),
            instance_class: i.db_instance_class.unwrap_or_default(),
            kms_key_id: i.kms_key_id,
            monitoring_interval: Some(i.monitoring_interval.unwrap_or_default()),
            monitoring_role_arn: i.monitoring_role_arn,
            network_type: i.network_type,
            performance_insights_enabled: Some(i.performance_insights_enabled == Some(true)),
            performance_insights_kms_key_id: i.performance_insights_kms_key_id,
            performance_insights_retention_period: i.performance_insights_retention_period,
            port: endpoint.and_then(|e| e.port),
            preferred_backup_window: i.preferred_backup_window,
            preferred_maintenance_window: i.preferred_maintenance_window,
            promotion_tier: Some(i.promotion_tier.unwrap_or_default()),
            publicly_accessible: Some(i.publicly_accessible == Some(true)),
            storage_encrypted: Some(i.storage_encrypted == Some(true)),
            tags: tags::seen(i.tag_list),
            writer: Some(writer),
        }
    }
}
