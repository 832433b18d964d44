//! Data source `aws_efs_file_system`

use aws_sdk_efs::types::LifecyclePolicy as ApiPolicy;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, async_trait};

use crate::{dns_name, efs, tags};

/// A file system that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_efs_file_system")]
pub(crate) struct FileSystemData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Availability zone id.
    availability_zone_id: Computed<String>,
    /// Zone of a copy in one zone.
    availability_zone_name: Computed<String>,
    /// Creation token.
    #[attr(length(0..=64))]
    creation_token: OptComputed<String>,
    /// Dns name.
    dns_name: Computed<String>,
    /// Encrypted.
    encrypted: Computed<bool>,
    /// The file system.
    file_system_id: OptComputed<String>,
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// Lifecycle policy.
    lifecycle_policy: Computed<Vec<LifecyclePolicy>>,
    /// Its name.
    name: Computed<String>,
    /// Performance mode.
    performance_mode: Computed<String>,
    /// Protection.
    protection: Computed<Vec<Protection>>,
    /// Provisioned throughput in mibps.
    provisioned_throughput_in_mibps: Computed<f64>,
    /// Size in bytes.
    #[attr(moving)]
    size_in_bytes: Computed<i64>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// Throughput mode.
    throughput_mode: Computed<String>,
}

/// Lifecycle policy.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct LifecyclePolicy {
    /// Transition to archive.
    transition_to_archive: Computed<String>,
    /// Transition to ia.
    transition_to_ia: Computed<String>,
    /// Transition to primary storage class.
    transition_to_primary_storage_class: Computed<String>,
}

/// Protection.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Protection {
    /// Replication overwrite.
    replication_overwrite: Computed<String>,
}

#[async_trait]
impl DataSource for FileSystemData {
    type Api = Aws;
    const HUMAN: &'static str = "EFS File System";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let client = efs(cx.api);
        let call = client.describe_file_systems().set_creation_token(query.creation_token.clone());
        let call = call.set_file_system_id(query.file_system_id.clone());
        let all: Vec<_> = call.into_paginator().items().send().try_collect().await.api()?;
        let wanted = query.tags.unwrap_or_default();
        let fits = |f: &aws_sdk_efs::types::FileSystemDescription| {
            wanted.iter().all(|(k, v)| f.tags.iter().any(|t| t.key == *k && t.value == *v))
        };
        let mut found = all.into_iter().filter(fits);
        let f = match (found.next(), found.next()) {
            (Some(system), None) => system,
            (None, _) => return Err(Error::not_found("no file system fits")),
            _ => return Err(Error::other("several file systems fit; say which by file_system_id")),
        };
        let policies =
            client.describe_lifecycle_configuration().file_system_id(&f.file_system_id).send().await.api()?;
        // Each rule comes in a part of its own; here they are one.
        let all: Vec<ApiPolicy> = policies.lifecycle_policies.unwrap_or_default();
        let one = |get: fn(&ApiPolicy) -> Option<String>| Some(all.iter().find_map(get).unwrap_or_default());
        let policy = LifecyclePolicy {
            transition_to_archive: one(|p| p.transition_to_archive.as_ref().map(|t| t.as_str().to_owned())),
            transition_to_ia: one(|p| p.transition_to_ia.as_ref().map(|t| t.as_str().to_owned())),
            transition_to_primary_storage_class: one(|p| {
                p.transition_to_primary_storage_class.as_ref().map(|t| t.as_str().to_owned())
            }),
        };
        let protection = f.file_system_protection.and_then(|p| p.replication_overwrite_protection);
        Ok(Self {
            id: f.file_system_id.clone(),
            arn: f.file_system_arn,
            availability_zone_id: Some(f.availability_zone_id.unwrap_or_default()),
            availability_zone_name: Some(f.availability_zone_name.unwrap_or_default()),
            creation_token: Some(f.creation_token),
            dns_name: Some(dns_name(cx.api, &f.file_system_id)),
            encrypted: f.encrypted,
            file_system_id: Some(f.file_system_id),
            kms_key_id: Some(f.kms_key_id.unwrap_or_default()),
            lifecycle_policy: Some(if all.is_empty() { Vec::new() } else { vec![policy] }),
            name: f.name,
            performance_mode: Some(f.performance_mode.as_str().to_owned()),
            protection: Some(
                protection
                    .into_iter()
                    .map(|p| Protection { replication_overwrite: Some(p.as_str().to_owned()) })
                    .collect(),
            ),
            provisioned_throughput_in_mibps: Some(f.provisioned_throughput_in_mibps.unwrap_or_default()),
            size_in_bytes: f.size_in_bytes.map(|s| s.value),
            tags: Some(tags::read(f.tags)),
            throughput_mode: f.throughput_mode.map(|m| m.as_str().to_owned()),
        })
    }
}
