//! `aws_dynamodb_table`

use aws_sdk_dynamodb::types::{
    BillingMode, KeySchemaElement, KeyType, ProvisionedThroughput, ReplicaStatus, ScalarAttributeType, TableClass,
    TableDescription, TableStatus,
};
use sdt_aws_core::{Api, Aws, each, tags};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OPERATION_TAG, OptComputed, Pace, PlanEdit, Resource, Seen, Set,
    Tags, Token, Value, async_trait, checks, is_zero,
};

use crate::dynamodb;
use crate::indexes::{GlobalIndex, LocalIndex, OnDemand};
use crate::rules;
use crate::settings::{self, Encryption, ImportTable, Recovery, Ttl};

/// A table with its indexes.
#[derive(Clone, Resource)]
#[resource(name = "aws_dynamodb_table", version = 1, timeouts(create = "30m", delete = "10m", update = "1h"))]
pub(crate) struct Table {
    id: Id,
    /// ARN of the table.
    arn: Computed<String>,
    /// Attributes that are keys of the table or of an index.
    #[attr(same = same_names)]
    pub(crate) attribute: Set<Attribute>,
    /// How capacity is paid for.
    #[attr(default = "PROVISIONED", one_of("PROVISIONED", "PAY_PER_REQUEST"))]
    pub(crate) billing_mode: Option<String>,
    /// Refuses deletion.
    deletion_protection_enabled: Option<bool>,
    /// Indexes with keys of their own.
    pub(crate) global_secondary_index: Set<GlobalIndex>,
    /// Partition key.
    #[attr(force_new)]
    pub(crate) hash_key: OptComputed<String>,
    /// Makes the table from files in S3.
    #[attr(carry, conflicts_with(restore_source_name, restore_source_table_arn))]
    pub(crate) import_table: Option<ImportTable>,
    /// Indexes with the table's partition key.
    #[attr(force_new, same = same_names)]
    local_secondary_index: Set<LocalIndex>,
    /// Name of the table.
    #[attr(force_new)]
    pub(crate) name: String,
    /// Limits of a table that is paid for by request.
    on_demand_throughput: Option<OnDemand>,
    /// Backups to any second of the last days.
    point_in_time_recovery: OptComputed<Recovery>,
    /// Sort key.
    #[attr(force_new, keep_null)]
    pub(crate) range_key: Option<String>,
    /// Read units a second.
    #[attr(conflicts_with(on_demand_throughput))]
    pub(crate) read_capacity: OptComputed<i64>,
    /// Copies in other regions.
    replica: Set<Replica>,
    /// Moment to restore from.
    #[attr(force_new, carry, keep_null, check = sdt_aws_core::checks::rfc3339)]
    pub(crate) restore_date_time: Option<String>,
    /// Table to restore from.
    #[attr(carry, keep_null, conflicts_with(import_table, restore_source_table_arn))]
    pub(crate) restore_source_name: Option<String>,
    /// Table to restore from, by ARN.
    #[attr(carry, keep_null, check = checks::arn, conflicts_with(import_table, restore_source_name))]
    pub(crate) restore_source_table_arn: Option<String>,
    /// Restores the newest backup.
    #[attr(force_new, carry, keep_null)]
    pub(crate) restore_to_latest_time: Option<bool>,
    /// Encryption with a KMS key in place of DynamoDB's own.
    pub(crate) server_side_encryption: OptComputed<Encryption>,
    /// ARN of the stream.
    stream_arn: Computed<String>,
    /// Whether changes go into a stream.
    #[attr(invalidates(stream_arn))]
    pub(crate) stream_enabled: Option<bool>,
    /// Label of the stream.
    stream_label: Computed<String>,
    /// What of a changed item goes into the stream.
    #[attr(one_of("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", ""), invalidates(stream_arn))]
    pub(crate) stream_view_type: OptComputed<String>,
    /// Storage class.
    #[attr(one_of("STANDARD", "STANDARD_INFREQUENT_ACCESS"), same = same_class)]
    table_class: Option<String>,
    /// Tags of the table.
    tags: Tags,
    /// Deletes items whose time is over.
    ttl: OptComputed<Ttl>,
    /// Write units a second.
    #[attr(conflicts_with(on_demand_throughput))]
    pub(crate) write_capacity: OptComputed<i64>,
}

/// A key attribute.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Attribute {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    #[attr(one_of("S", "N", "B"))]
    pub(crate) r#type: String,
}

/// A copy in another region.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Replica {
    /// ARN of the copy.
    arn: Computed<String>,
    /// KMS key there.
    #[attr(check = checks::arn)]
    kms_key_arn: OptComputed<String>,
    /// Backups of the copy.
    #[attr(default = false, carry)]
    point_in_time_recovery: Option<bool>,
    /// Gives the copy the table's tags.
    #[attr(default = false, carry)]
    propagate_tags: Option<bool>,
    /// The region.
    region_name: String,
    /// ARN of the copy's stream.
    stream_arn: Computed<String>,
    /// Label of the copy's stream.
    stream_label: Computed<String>,
}

/// Sets of objects with the same names: of attributes and of indexes that stay for life, only the names count.
fn same_names(a: &Value, b: &Value) -> bool {
    let names = |v: &Value| -> Option<std::collections::BTreeSet<String>> {
        v.as_items()?.iter().map(|item| item.get("name")?.as_str().map(str::to_owned)).collect()
    };
    names(a).is_some_and(|a| Some(a) == names(b))
}

/// No class is the standard class.
fn same_class(a: &Value, b: &Value) -> bool {
    let class = |v: &Value| v.as_str().filter(|s| !s.is_empty()).unwrap_or("STANDARD").to_owned();
    !a.is_unknown() && !b.is_unknown() && class(a) == class(b)
}

#[async_trait]
impl Resource for Table {
    type Api = Aws;
    const HUMAN: &'static str = "DynamoDB Table";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let client = dynamodb(cx.api);
        if want.restores() {
            settings::restore(&client, &want).await?;
        } else if let Some(import) = &want.import_table {
            settings::import(&client, import, &want, cx.client_token("")).await?;
        } else {
            client
                .create_table()
                .table_name(&want.name)
                .set_attribute_definitions(Some(want.definitions()?))
                .set_key_schema(Some(want.keys()?))
                .set_billing_mode(want.billing_mode.as_deref().map(BillingMode::from))
                .set_provisioned_throughput(want.throughput()?)
                .set_on_demand_throughput(want.on_demand_throughput.as_ref().map(OnDemand::request))
                .set_global_secondary_indexes(want.global_indexes()?)
                .set_local_secondary_indexes(want.local_indexes()?)
                .set_sse_specification(want.server_side_encryption.as_ref().map(Encryption::request))
                .set_stream_specification(settings::stream(&want)?)
                .set_table_class(want.table_class.as_deref().map(TableClass::from))
                .set_deletion_protection_enabled(want.deletion_protection_enabled)
                .set_tags(settings::tag_list(want.tags.clone())?)
                .send()
                .await
                .api()?;
        }
        Ok(Self { id: want.name.clone(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let table = active(cx, &made.name).await?;
        if made.restores() || made.import_table.is_some() {
            let arn = table.table_arn.unwrap_or_default();
            settings::change_tags(cx.api, &arn, &Tags::new(), &made.tags).await?;
        }
        if let Some(ttl) = made.ttl.as_ref().filter(|t| t.enabled == Some(true)) {
            ttl.put(cx, &made.name).await?;
        }
        if let Some(recovery) = made.point_in_time_recovery.as_ref().filter(|r| r.enabled) {
            recovery.put(cx, &made.name).await?;
        }
        made.change_replicas(cx, &[]).await
    }

    // Tables have no bulk read: four calls each, a few tables at a time.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let answer = dynamodb(cx.api).describe_table().table_name(&k.id).send().await.api()?;
            let Some(table) = answer.table.filter(|t| t.table_status() != Some(&TableStatus::Deleting)) else {
                return Ok(None);
            };
            let arn = table.table_arn.clone().unwrap_or_default();
            let (tags, ttl, recovery) = tokio::join!(
                settings::read_tags(cx.api, &arn),
                Ttl::read(cx.api, &k.id),
                Recovery::read(cx.api, &k.id),
            );
            Ok(Some(Self { tags: tags?, ttl: Some(ttl?), point_in_time_recovery: Some(recovery?), ..k.seen(table) }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        let client = dynamodb(cx.api);
        let name = &prior.id;
        let table = || client.update_table().table_name(name);
        let capacity = [Self::BILLING_MODE, Self::READ_CAPACITY, Self::WRITE_CAPACITY, Self::ON_DEMAND_THROUGHPUT];
        if changed.any(&capacity) {
            let mut call = table()
                .set_billing_mode(want.billing_mode.as_deref().map(BillingMode::from))
                .set_provisioned_throughput(want.throughput()?)
                .set_on_demand_throughput(want.on_demand_throughput.as_ref().map(OnDemand::request));
            if changed.has(Self::BILLING_MODE) && want.provisioned() {
                // Indexes that stay need capacity in the same call.
                call = call.set_global_secondary_index_updates(want.index_capacities(prior)?);
            }
            call.send().await.api()?;
            active(cx, name).await?;
        }
        if changed.any(&[Self::STREAM_ENABLED, Self::STREAM_VIEW_TYPE]) {
            settings::change_stream(cx, prior, want).await?;
        }
        if changed.has(Self::TABLE_CLASS) {
            let class = want.table_class.as_deref().unwrap_or("STANDARD");
            table().table_class(TableClass::from(class)).send().await.api()?;
            active(cx, name).await?;
        }
        if changed.has(Self::DELETION_PROTECTION_ENABLED) {
            let on = want.deletion_protection_enabled == Some(true);
            table().deletion_protection_enabled(on).send().await.api()?;
            active(cx, name).await?;
        }
        if changed.has(Self::SERVER_SIDE_ENCRYPTION)
            && let Some(encryption) = &want.server_side_encryption
        {
            table().sse_specification(encryption.request()).send().await.api()?;
            active(cx, name).await?;
        }
        if changed.any(&[Self::GLOBAL_SECONDARY_INDEX, Self::ATTRIBUTE]) {
            // The service takes one index a call.
            for step in want.index_changes(prior, changed.has(Self::BILLING_MODE))? {
                table()
                    .set_attribute_definitions(Some(want.definitions()?))
                    .global_secondary_index_updates(step)
                    .send()
                    .await
                    .api()?;
                active(cx, name).await?;
            }
        }
        if let (true, Some(ttl)) = (changed.has(Self::TTL), &want.ttl) {
            // A change of the attribute is only possible by way of none.
            if let Some(old) =
                prior.ttl.as_ref().filter(|t| t.enabled == Some(true) && t.attribute_name != ttl.attribute_name)
            {
                Ttl { enabled: Some(false), ..old.clone() }.put(cx, name).await?;
            }
            ttl.put(cx, name).await?;
        }
        if let (true, Some(recovery)) = (changed.has(Self::POINT_IN_TIME_RECOVERY), &want.point_in_time_recovery) {
            recovery.put(cx, name).await?;
        }
        if changed.has(Self::REPLICA) {
            want.change_replicas(cx, &prior.replica).await?;
        }
        if changed.tags() {
            settings::change_tags(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if !prior.replica.is_empty() {
            Self { replica: Vec::new(), ..prior.clone() }.change_replicas(cx, &prior.replica).await?;
        }
        // A table that is being changed is "in use" for a while.
        let codes = ["ResourceInUseException", "LimitExceededException"];
        cx.retry_on(&codes, cx.remaining(), || async {
            dynamodb(cx.api).delete_table().table_name(&prior.id).send().await.api().map(drop)
        })
        .await?;
        cx.wait("the table to be gone", Pace::QUICK, || async {
            match dynamodb(cx.api).describe_table().table_name(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending("deleting".into())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let table = match dynamodb(cx.api).describe_table().table_name(&want.name).send().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            answer => answer?.table,
        };
        let Some(table) = table else { return Ok(None) };
        let tags = settings::read_tags(cx.api, table.table_arn().unwrap_or_default()).await?;
        // Restores and imports take no tags: there what the table was made from has to do.
        let restored = want.restores() && table.restore_summary().is_some();
        let ours = tags::operation(&tags) == Some(cx.token()) || restored || want.import_table.is_some();
        Ok(ours.then(|| Self { id: want.name.clone(), ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let table = match dynamodb(aws).describe_table().table_name(id).send().await.api() {
                Err(e) if e.is_not_found() => continue,
                answer => answer?.table,
            };
            let arn = table.and_then(|t| t.table_arn).unwrap_or_default();
            dynamodb(aws).untag_resource().resource_arn(arn).tag_keys(OPERATION_TAG).send().await.api()?;
        }
        Ok(())
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        rules::check(edit);
        // The usual class is not said.
        if edit.prior.is_none() && edit.planned(Self::TABLE_CLASS).as_str() == Some("STANDARD") {
            edit.set(Self::TABLE_CLASS, Value::null(sdt_value::Type::String));
        }
        // Nor is the attribute of an expiry that is off, where there was none.
        let before = edit.prior(Self::TTL).as_items().and_then(|t| t.first()?.get("attribute_name").cloned());
        let before = before.unwrap_or_else(|| Value::null(sdt_value::Type::String));
        if let Some([ttl]) = edit.planned(Self::TTL).as_items()
            && ttl.get("enabled").and_then(Value::as_bool) == Some(false)
            && !ttl.get("attribute_name").is_some_and(Value::is_unknown)
            && is_zero(&before)
        {
            let off = sdt_provider::with(ttl, [("attribute_name", before)]);
            edit.set(Self::TTL, Value::list(off.ty(), vec![off]));
        }
        // What a table was made from matters only while it is named.
        for source in [Self::RESTORE_SOURCE_NAME, Self::RESTORE_SOURCE_TABLE_ARN] {
            if edit.changes(source) && edit.has(source) {
                edit.replace(source);
            }
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }

    fn import_id(want: &Self) -> Option<String> {
        Some(want.name.clone())
    }
}

impl Table {
    pub(crate) fn provisioned(&self) -> bool {
        self.billing_mode.as_deref() != Some("PAY_PER_REQUEST")
    }

    fn restores(&self) -> bool {
        self.restore_source_name.is_some() || self.restore_source_table_arn.is_some()
    }

    pub(crate) fn definitions(&self) -> Result<Vec<aws_sdk_dynamodb::types::AttributeDefinition>, Error> {
        let one = |a: &Attribute| {
            let kind = ScalarAttributeType::from(a.r#type.as_str());
            aws_sdk_dynamodb::types::AttributeDefinition::builder().attribute_name(&a.name).attribute_type(kind).build()
        };
        self.attribute.iter().map(one).collect::<Result<_, _>>().map_err(build)
    }

    pub(crate) fn keys(&self) -> Result<Vec<KeySchemaElement>, Error> {
        key_schema(self.hash_key.as_deref().unwrap_or_default(), self.range_key.as_deref())
    }

    pub(crate) fn throughput(&self) -> Result<Option<ProvisionedThroughput>, Error> {
        if self.provisioned() { capacity(self.read_capacity, self.write_capacity).map(Some) } else { Ok(None) }
    }

    fn local_indexes(&self) -> Result<Option<Vec<aws_sdk_dynamodb::types::LocalSecondaryIndex>>, Error> {
        let hash = self.hash_key.as_deref().unwrap_or_default();
        let all = self.local_secondary_index.iter().map(|i| i.request(hash)).collect::<Result<Vec<_>, _>>()?;
        Ok((!all.is_empty()).then_some(all))
    }

    /// The object by what DescribeTable says.
    fn seen(&self, table: TableDescription) -> Self {
        let key = |schema: &[KeySchemaElement], kind: KeyType| {
            schema.iter().find(|k| *k.key_type() == kind).map(|k| k.attribute_name().to_owned())
        };
        let mode = table.billing_mode_summary().and_then(|b| b.billing_mode()).map_or("PROVISIONED", |m| m.as_str());
        let throughput = table.provisioned_throughput();
        let stream = table.stream_specification();
        let streaming = stream.is_some_and(|s| s.stream_enabled());
        let definitions = table.attribute_definitions().iter();
        let replicas = table.replicas().iter().filter(|r| r.replica_status() != Some(&ReplicaStatus::Deleting));
        Self {
            attribute: definitions
                .map(|a| Attribute {
                    name: a.attribute_name().to_owned(),
                    r#type: a.attribute_type().as_str().to_owned(),
                })
                .collect(),
            billing_mode: Some(mode.to_owned()),
            deletion_protection_enabled: Some(table.deletion_protection_enabled() == Some(true)),
            global_secondary_index: table.global_secondary_indexes().iter().map(GlobalIndex::seen).collect(),
            hash_key: key(table.key_schema(), KeyType::Hash),
            import_table: None,
            local_secondary_index: table.local_secondary_indexes().iter().map(LocalIndex::seen).collect(),
            on_demand_throughput: table.on_demand_throughput().map(OnDemand::seen),
            point_in_time_recovery: None,
            range_key: key(table.key_schema(), KeyType::Range),
            read_capacity: throughput.and_then(|t| t.read_capacity_units()),
            write_capacity: throughput.and_then(|t| t.write_capacity_units()),
            replica: replicas.map(Replica::seen).collect(),
            restore_date_time: None,
            restore_source_name: None,
            restore_source_table_arn: None,
            restore_to_latest_time: None,
            server_side_encryption: table.sse_description().and_then(Encryption::seen),
            stream_enabled: Some(streaming),
            stream_view_type: stream.and_then(|s| s.stream_view_type()).map(|v| v.as_str().to_owned()),
            table_class: Some(
                table.table_class_summary().and_then(|c| c.table_class()).map_or("STANDARD", |c| c.as_str()).to_owned(),
            ),
            tags: Tags::new(),
            ttl: None,
            arn: table.table_arn,
            stream_arn: table.latest_stream_arn,
            stream_label: table.latest_stream_label,
            name: table.table_name.unwrap_or_default(),
            id: self.id.clone(),
        }
    }

    async fn change_replicas(&self, cx: &Cx<'_, Aws>, prior: &[Replica]) -> Result<(), Error> {
        let same = |a: &Replica, b: &Replica| {
            a.region_name == b.region_name && (a.kms_key_arn.is_none() || a.kms_key_arn == b.kms_key_arn)
        };
        let gone = prior.iter().filter(|p| !self.replica.iter().any(|w| same(w, p))).map(Replica::delete);
        let new = self.replica.iter().filter(|w| !prior.iter().any(|p| same(w, p))).map(Replica::create);
        for step in gone.chain(new) {
            dynamodb(cx.api).update_table().table_name(&self.name).replica_updates(step?).send().await.api()?;
            active(cx, &self.name).await?;
        }
        Ok(())
    }
}

impl Replica {
    fn seen(r: &aws_sdk_dynamodb::types::ReplicaDescription) -> Self {
        Self {
            arn: r.replica_arn().map(str::to_owned),
            kms_key_arn: r.kms_master_key_id().map(str::to_owned),
            point_in_time_recovery: None,
            propagate_tags: None,
            region_name: r.region_name().unwrap_or_default().to_owned(),
            stream_arn: None,
            stream_label: None,
        }
    }

    fn create(&self) -> Result<aws_sdk_dynamodb::types::ReplicationGroupUpdate, Error> {
        use aws_sdk_dynamodb::types::{CreateReplicationGroupMemberAction as Action, ReplicationGroupUpdate as Update};
        let action = Action::builder().region_name(&self.region_name).set_kms_master_key_id(self.kms_key_arn.clone());
        Ok(Update::builder().create(action.build().map_err(build)?).build())
    }

    fn delete(&self) -> Result<aws_sdk_dynamodb::types::ReplicationGroupUpdate, Error> {
        use aws_sdk_dynamodb::types::{DeleteReplicationGroupMemberAction as Action, ReplicationGroupUpdate as Update};
        let action = Action::builder().region_name(&self.region_name).build().map_err(build)?;
        Ok(Update::builder().delete(action).build())
    }
}

/// Partition and sort key as a key schema.
pub(crate) fn key_schema(hash: &str, range: Option<&str>) -> Result<Vec<KeySchemaElement>, Error> {
    let hash = Some((hash, KeyType::Hash)).into_iter();
    let range = range.filter(|r| !r.is_empty()).map(|r| (r, KeyType::Range));
    let one = |(name, kind): (&str, KeyType)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    hash.chain(range).map(one).collect::<Result<_, _>>().map_err(build)
}

/// Read and write units; at least one each.
pub(crate) fn capacity(read: Option<i64>, write: Option<i64>) -> Result<ProvisionedThroughput, Error> {
    let at_least_one = |n: Option<i64>| n.unwrap_or_default().max(1);
    let units = ProvisionedThroughput::builder().read_capacity_units(at_least_one(read));
    units.write_capacity_units(at_least_one(write)).build().map_err(build)
}

/// A request that lacks a required member: the configuration is not complete.
pub(crate) fn build(e: impl std::fmt::Display) -> Error {
    Error::new(sdt_provider::Class::Invalid, "", e.to_string())
}

/// Waits until table, indexes and replicas are active.
pub(crate) async fn active(cx: &Cx<'_, Aws>, name: &str) -> Result<TableDescription, Error> {
    cx.wait("the table to become active", Pace::QUICK, || async {
        let answer = dynamodb(cx.api).describe_table().table_name(name).send().await.api()?;
        let Some(table) = answer.table else { return Ok(Seen::Pending(String::new())) };
        let status = table.table_status().map(|s| s.as_str().to_owned()).unwrap_or_default();
        let indexes =
            table.global_secondary_indexes().iter().all(|i| i.index_status().is_none_or(|s| s.as_str() == "ACTIVE"));
        let replicas = table.replicas().iter().all(|r| r.replica_status().is_none_or(|s| s.as_str() == "ACTIVE"));
        Ok(match status.as_str() {
            "ACTIVE" if indexes && replicas => Seen::Ready(table),
            "ACTIVE" => Seen::Pending("indexes or replicas are not active yet".into()),
            _ => Seen::Pending(status),
        })
    })
    .await
}
