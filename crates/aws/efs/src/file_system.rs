//! `aws_efs_file_system`

use aws_sdk_efs::types::{
    FileSystemDescription, LifeCycleState, LifecyclePolicy as ApiPolicy, PerformanceMode,
    ReplicationOverwriteProtection, ThroughputMode, TransitionToArchiveRules, TransitionToIaRules,
    TransitionToPrimaryStorageClassRules,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Tags, Token, async_trait, checks,
};

use crate::{dns_name, efs, tags};

/// A file system for NFS.
#[derive(Clone, Resource)]
#[resource(name = "aws_efs_file_system")]
pub(crate) struct FileSystem {
    id: Id,
    /// ARN of the file system.
    arn: Computed<String>,
    /// Zone by id, of a file system in one zone.
    availability_zone_id: Computed<String>,
    /// Zone of a file system in one zone.
    #[attr(force_new, length(1..))]
    availability_zone_name: OptComputed<String>,
    /// Unique text by which a creation is recognised.
    #[attr(force_new, length(0..=64))]
    creation_token: OptComputed<String>,
    /// Host name.
    dns_name: Computed<String>,
    /// Encrypts the data.
    #[attr(force_new)]
    encrypted: OptComputed<bool>,
    /// KMS key of the encryption.
    #[attr(force_new, check = checks::arn)]
    kms_key_id: OptComputed<String>,
    /// When files move to another storage class, one rule a block.
    #[attr(max = 3)]
    lifecycle_policy: Vec<LifecyclePolicy>,
    /// Value of the tag `Name`.
    name: Computed<String>,
    /// Number of mount targets.
    number_of_mount_targets: Computed<i64>,
    /// Account that owns the file system.
    owner_id: Computed<String>,
    /// Performance mode.
    #[attr(force_new, one_of("generalPurpose", "maxIO"))]
    performance_mode: OptComputed<String>,
    /// Protection against overwriting by replication.
    protection: OptComputed<Protection>,
    /// Throughput in MiB a second, in mode `provisioned`.
    provisioned_throughput_in_mibps: Option<f64>,
    /// Metered size.
    size_in_bytes: Computed<Vec<Size>>,
    /// Tags of the file system.
    tags: Tags,
    /// Throughput mode.
    #[attr(default = "bursting", one_of("bursting", "provisioned", "elastic"))]
    throughput_mode: String,
}

/// When files move to another storage class.
#[derive(Clone, Block, PartialEq, Eq)]
pub(crate) struct LifecyclePolicy {
    /// Days until files move to Archive.
    #[attr(one_of(
        "AFTER_1_DAY",
        "AFTER_7_DAYS",
        "AFTER_14_DAYS",
        "AFTER_30_DAYS",
        "AFTER_60_DAYS",
        "AFTER_90_DAYS",
        "AFTER_180_DAYS",
        "AFTER_270_DAYS",
        "AFTER_365_DAYS"
    ))]
    transition_to_archive: Option<String>,
    /// Days until files move to Infrequent Access.
    #[attr(one_of(
        "AFTER_7_DAYS",
        "AFTER_14_DAYS",
        "AFTER_30_DAYS",
        "AFTER_60_DAYS",
        "AFTER_90_DAYS",
        "AFTER_1_DAY",
        "AFTER_180_DAYS",
        "AFTER_270_DAYS",
        "AFTER_365_DAYS"
    ))]
    transition_to_ia: Option<String>,
    /// When files move back.
    #[attr(one_of("AFTER_1_ACCESS"))]
    transition_to_primary_storage_class: Option<String>,
}

/// Protection against overwriting by replication.
#[derive(Clone, Block)]
pub(crate) struct Protection {
    /// Whether the file system may become the destination of a replication.
    #[attr(one_of("ENABLED", "DISABLED"))]
    replication_overwrite: OptComputed<String>,
}

/// Metered size.
#[derive(Clone, Block)]
pub(crate) struct Size {
    /// In all.
    value: Computed<i64>,
    /// In Infrequent Access.
    value_in_ia: Computed<i64>,
    /// In Standard.
    value_in_standard: Computed<i64>,
}

#[async_trait]
impl Resource for FileSystem {
    type Api = Aws;
    const HUMAN: &'static str = "EFS File System";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let token = want.token(cx);
        let made = efs(cx.api)
            .create_file_system()
            .creation_token(&token)
            .set_availability_zone_name(want.availability_zone_name.clone())
            .set_encrypted(want.encrypted)
            .set_kms_key_id(want.kms_key_id.clone())
            .set_performance_mode(want.performance_mode.as_deref().map(PerformanceMode::from))
            .throughput_mode(ThroughputMode::from(want.throughput_mode.as_str()))
            .set_provisioned_throughput_in_mibps(want.provisioned_throughput_in_mibps.filter(|n| *n > 0.0))
            .set_tags(tags::list(want.tags.clone())?)
            .send()
            .await
            .api()?;
        Ok(Self { id: made.file_system_id, arn: made.file_system_arn, creation_token: Some(token), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.wait_available(cx).await?;
        if !made.lifecycle_policy.is_empty() {
            made.put_lifecycle(cx).await?;
        }
        if made.protection.is_some() { made.put_protection(cx).await } else { Ok(()) }
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let client = efs(cx.api);
        // One call lists all file systems of the region; one or two are asked for by id.
        let found = if known.len() > 2 {
            let all: Vec<_> =
                client.describe_file_systems().into_paginator().items().send().try_collect().await.api()?;
            let all = all.into_iter().map(|f| (f.file_system_id.clone(), f));
            in_order(known, |k| &k.id, all)
        } else {
            each(known, |k| async move { describe(cx.api, &k.id).await }).await?
        };
        let pairs: Vec<_> = known.iter().cloned().zip(found).collect();
        each(&pairs, |(k, found)| async move {
            let gone = |f: &FileSystemDescription| {
                matches!(f.life_cycle_state, LifeCycleState::Deleted | LifeCycleState::Deleting)
            };
            let Some(found) = found.filter(|f| !gone(f)) else { return Ok(None) };
            // Rules have no bulk read.
            let rules = efs(cx.api).describe_lifecycle_configuration().file_system_id(&k.id).send().await.api()?;
            Ok(Some(Self::from_answer(cx.api, found, rules.lifecycle_policies.unwrap_or_default(), &k)))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        if changed.any(&[Self::THROUGHPUT_MODE, Self::PROVISIONED_THROUGHPUT_IN_MIBPS]) {
            let provisioned = want.provisioned_throughput_in_mibps.filter(|_| want.throughput_mode == "provisioned");
            efs(cx.api)
                .update_file_system()
                .file_system_id(&prior.id)
                .throughput_mode(ThroughputMode::from(want.throughput_mode.as_str()))
                .set_provisioned_throughput_in_mibps(provisioned)
                .send()
                .await
                .api()?;
            want.wait_available(cx).await?;
        }
        if changed.has(Self::PROTECTION) {
            want.put_protection(cx).await?;
        }
        if changed.has(Self::LIFECYCLE_POLICY) {
            want.put_lifecycle(cx).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Mount targets that were just deleted count for a moment.
        cx.retry_on(&["FileSystemInUse"], std::time::Duration::from_secs(120), || async {
            efs(cx.api).delete_file_system().file_system_id(&prior.id).send().await.api()
        })
        .await?;
        cx.wait("the file system to be gone", Pace::QUICK, || async {
            match describe(cx.api, &prior.id).await {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(None) => Ok(Seen::Ready(())),
                Ok(Some(f)) if f.life_cycle_state == LifeCycleState::Deleted => Ok(Seen::Ready(())),
                Ok(Some(f)) => Ok(Seen::Pending(f.life_cycle_state.as_str().to_owned())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let token = want.token(cx);
        let found = efs(cx.api).describe_file_systems().creation_token(&token).send().await.api()?;
        let found = found.file_systems.unwrap_or_default().into_iter().next();
        // A creation token of the configuration may be that of an older file system: the tag tells.
        let ours = found.filter(|f| sdt_aws_core::tags::operation(&tags::read(f.tags.clone())) == Some(cx.token()));
        Ok(ours.map(|f| Self {
            id: f.file_system_id,
            arn: f.file_system_arn,
            creation_token: Some(token),
            ..want.clone()
        }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<FileSystemDescription>, Error> {
    let found = efs(aws).describe_file_systems().file_system_id(id).send().await.api()?;
    Ok(found.file_systems.unwrap_or_default().into_iter().next())
}

impl FileSystem {
    fn token(&self, cx: &Cx<'_, Aws>) -> String {
        self.creation_token.clone().unwrap_or_else(|| cx.generated_name(""))
    }

    async fn wait_available(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the file system to become available", Pace::QUICK, || async {
            let found = match describe(cx.api, &self.id).await {
                Err(e) if e.is_not_found() => None,
                other => other?,
            };
            match found.map(|f| f.life_cycle_state) {
                Some(LifeCycleState::Available) => Ok(Seen::Ready(())),
                Some(LifeCycleState::Error) => Err(Error::other("the file system's state is error")),
                other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    async fn put_lifecycle(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let rules = self.lifecycle_policy.iter().map(LifecyclePolicy::request).collect();
        let call = efs(cx.api).put_lifecycle_configuration().file_system_id(&self.id);
        call.set_lifecycle_policies(Some(rules)).send().await.api().map(drop)
    }

    async fn put_protection(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let Some(mode) = self.protection.as_ref().and_then(|p| p.replication_overwrite.as_deref()) else {
            return Ok(());
        };
        let call = efs(cx.api).update_file_system_protection().file_system_id(&self.id);
        let mode = ReplicationOverwriteProtection::from(mode);
        call.replication_overwrite_protection(mode).send().await.api().map(drop)
    }

    fn from_answer(aws: &Aws, f: FileSystemDescription, rules: Vec<ApiPolicy>, known: &Self) -> Self {
        let mut rules: Vec<LifecyclePolicy> = rules.into_iter().map(LifecyclePolicy::from_answer).collect();
        // The same rules in another order are the same rules.
        let place = |r: &LifecyclePolicy| known.lifecycle_policy.iter().position(|k| k == r).unwrap_or(usize::MAX);
        rules.sort_by_key(place);
        Self {
            arn: f.file_system_arn,
            availability_zone_id: f.availability_zone_id,
            availability_zone_name: f.availability_zone_name,
            creation_token: Some(f.creation_token),
            dns_name: Some(dns_name(aws, &f.file_system_id)),
            encrypted: Some(f.encrypted == Some(true)),
            kms_key_id: f.kms_key_id,
            lifecycle_policy: rules,
            name: f.name,
            number_of_mount_targets: Some(f.number_of_mount_targets.into()),
            owner_id: Some(f.owner_id),
            performance_mode: Some(f.performance_mode.as_str().to_owned()),
            protection: f
                .file_system_protection
                .and_then(|p| p.replication_overwrite_protection)
                .map(|p| Protection { replication_overwrite: Some(p.as_str().to_owned()) }),
            provisioned_throughput_in_mibps: f.provisioned_throughput_in_mibps,
            size_in_bytes: f.size_in_bytes.map(|s| {
                vec![Size {
                    value: Some(s.value),
                    value_in_ia: Some(s.value_in_ia.unwrap_or_default()),
                    value_in_standard: Some(s.value_in_standard.unwrap_or_default()),
                }]
            }),
            tags: tags::read(f.tags),
            throughput_mode: f.throughput_mode.map_or_else(|| "bursting".to_owned(), |m| m.as_str().to_owned()),
            id: f.file_system_id,
        }
    }
}

impl LifecyclePolicy {
    fn request(&self) -> ApiPolicy {
        let back = self.transition_to_primary_storage_class.as_deref();
        ApiPolicy::builder()
            .set_transition_to_archive(self.transition_to_archive.as_deref().map(TransitionToArchiveRules::from))
            .set_transition_to_ia(self.transition_to_ia.as_deref().map(TransitionToIaRules::from))
            .set_transition_to_primary_storage_class(back.map(TransitionToPrimaryStorageClassRules::from))
            .build()
    }

    fn from_answer(p: ApiPolicy) -> Self {
        Self {
            transition_to_archive: p.transition_to_archive.map(|r| r.as_str().to_owned()),
            transition_to_ia: p.transition_to_ia.map(|r| r.as_str().to_owned()),
            transition_to_primary_storage_class: p.transition_to_primary_storage_class.map(|r| r.as_str().to_owned()),
        }
    }
}
