//! `aws_db_snapshot`

use aws_sdk_rds::types::{DbSnapshot, Filter};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Name, Pace, Resource, Seen, Set, Tags, Token, Value, async_trait,
};

use crate::{rds, tags};

/// A copy of a database at one moment.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_db_snapshot", timeouts(create = "20m"))]
pub(crate) struct Snapshot {
    id: Id,
    /// Allocated storage.
    allocated_storage: Computed<i32>,
    /// The zone.
    availability_zone: Computed<String>,
    /// Db instance identifier.
    #[attr(force_new)]
    db_instance_identifier: String,
    /// ARN of the db snapshot.
    db_snapshot_arn: Computed<String>,
    /// Db snapshot identifier.
    #[attr(force_new)]
    db_snapshot_identifier: String,
    /// Encrypted.
    encrypted: Computed<bool>,
    /// Database engine.
    engine: Computed<String>,
    /// Version of the engine.
    engine_version: Computed<String>,
    /// Iops.
    iops: Computed<i32>,
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// License model.
    license_model: Computed<String>,
    /// Option group name.
    option_group_name: Computed<String>,
    /// The port.
    port: Computed<i32>,
    /// Shared accounts.
    shared_accounts: Option<Set<String>>,
    /// Snapshot type.
    snapshot_type: Computed<String>,
    /// Source db snapshot identifier.
    source_db_snapshot_identifier: Computed<String>,
    /// Source region.
    source_region: Computed<String>,
    /// Its state.
    status: Computed<String>,
    /// Storage type.
    storage_type: Computed<String>,
    /// Tags of the object.
    tags: Tags,
    /// The VPC.
    vpc_id: Computed<String>,
}

#[async_trait]
impl Resource for Snapshot {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Snapshot";
    const TOKEN: Token = Token::Tag;
    // A filter takes 100 values.
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let call = rds(cx.api).create_db_snapshot().db_snapshot_identifier(&want.db_snapshot_identifier);
        let call = &call.db_instance_identifier(&want.db_instance_identifier).set_tags(tags::list(&want.tags));
        // A database that was just changed takes no snapshot for a moment.
        let codes = ["InvalidDBInstanceState"];
        let made = cx.retry_on(&codes, cx.remaining(), || async move { call.clone().send().await.api() }).await?;
        let arn = made.db_snapshot.and_then(|s| s.db_snapshot_arn);
        Ok(Self { id: want.db_snapshot_identifier.clone(), db_snapshot_arn: arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the snapshot to become available", Pace::SLOW, || async {
            let found = describe(cx.api, vec![made.id.clone()]).await?.into_iter().next();
            match found.and_then(|s| s.status).as_deref() {
                Some("available") => Ok(Seen::Ready(())),
                Some("failed") => Err(Error::other("the snapshot's state is failed")),
                other => Ok(Seen::Pending(other.unwrap_or_default().to_owned())),
            }
        })
        .await?;
        share(cx.api, &made.id, &[], made.shared_accounts.as_deref().unwrap_or_default()).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = describe(cx.api, known.iter().map(|k| k.id.clone()).collect()).await?;
        // Who may use a snapshot has no bulk read.
        let objects = each(&found, |s| async move {
            let id = s.db_snapshot_identifier().unwrap_or_default();
            let answer = rds(cx.api).describe_db_snapshot_attributes().db_snapshot_identifier(id).send().await.api()?;
            let all = answer.db_snapshot_attributes_result.and_then(|r| r.db_snapshot_attributes).unwrap_or_default();
            let restore = all.into_iter().find(|a| a.attribute_name.as_deref() == Some("restore"));
            let accounts = restore.and_then(|a| a.attribute_values).unwrap_or_default();
            Ok(Some((id.to_owned(), Self::seen(s.clone(), accounts))))
        });
        Ok(in_order(known, |k| &k.id, objects.await?.into_iter().flatten()))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::SHARED_ACCOUNTS) {
            let (old, new) = (&prior.shared_accounts, &want.shared_accounts);
            share(cx.api, &prior.id, old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default()).await?;
        }
        if changed.tags() {
            tags::change(cx.api, prior.db_snapshot_arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        rds(cx.api).delete_db_snapshot().db_snapshot_identifier(&prior.id).send().await.api()?;
        cx.wait("the snapshot to be gone", Pace::QUICK, || async {
            let found = describe(cx.api, vec![prior.id.clone()]).await?.into_iter().next();
            Ok(match found.and_then(|s| s.status) {
                Some(status) if status != "deleted" => Seen::Pending(status),
                _ => Seen::Ready(()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.db_snapshot_identifier.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let ours = found.filter(|f| tags::ours(&f.tags, cx.token()));
        Ok(ours.map(|f| Self { db_snapshot_arn: f.db_snapshot_arn, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_named(aws, "snapshot", ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::DB_SNAPSHOT_IDENTIFIER, Value::string(id))])
    }
}

async fn describe(aws: &Aws, ids: Vec<String>) -> Result<Vec<DbSnapshot>, Error> {
    if let [id] = &ids[..] {
        return match rds(aws).describe_db_snapshots().db_snapshot_identifier(id).send().await.api() {
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            other => Ok(other?.db_snapshots.unwrap_or_default()),
        };
    }
    let filter = Filter::builder().name("db-snapshot-id").set_values(Some(ids)).build();
    let pages = rds(aws).describe_db_snapshots().filters(filter).max_records(100).into_paginator().items();
    pages.send().try_collect().await.api()
}

async fn share(aws: &Aws, id: &str, old: &[String], new: &[String]) -> Result<(), Error> {
    let add: Vec<String> = new.iter().filter(|a| !old.contains(a)).cloned().collect();
    let remove: Vec<String> = old.iter().filter(|a| !new.contains(a)).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let call = rds(aws).modify_db_snapshot_attribute().db_snapshot_identifier(id).attribute_name("restore");
    let call = call.set_values_to_add((!add.is_empty()).then_some(add));
    call.set_values_to_remove((!remove.is_empty()).then_some(remove)).send().await.api().map(drop)
}

impl Snapshot {
    fn seen(s: DbSnapshot, accounts: Vec<String>) -> Self {
        let id = s.db_snapshot_identifier.unwrap_or_default();
        Self {
            id: id.clone(),
            allocated_storage: s.allocated_storage,
            availability_zone: s.availability_zone,
            db_instance_identifier: s.db_instance_identifier.unwrap_or_default(),
            db_snapshot_arn: s.db_snapshot_arn,
            db_snapshot_identifier: id,
            encrypted: s.encrypted,
            engine: s.engine,
            engine_version: s.engine_version,
            iops: s.iops,
            kms_key_id: s.kms_key_id,
            license_model: s.license_model,
            option_group_name: s.option_group_name,
            port: s.port,
            shared_accounts: Some(accounts),
            snapshot_type: s.snapshot_type,
            source_db_snapshot_identifier: s.source_db_snapshot_identifier,
            source_region: s.source_region,
            status: s.status,
            storage_type: s.storage_type,
            tags: tags::seen(s.tag_list),
            vpc_id: s.vpc_id,
        }
    }
}
