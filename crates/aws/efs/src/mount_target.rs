//! `aws_efs_mount_target`

use std::collections::BTreeSet;

use aws_sdk_efs::types::{LifeCycleState, MountTargetDescription};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Set, Token, async_trait, checks,
};

use crate::{dns_name, efs};

/// A file system's address in one subnet.
#[derive(Clone, Resource)]
#[resource(name = "aws_efs_mount_target", timeouts(create = "30m", delete = "10m"))]
pub(crate) struct MountTarget {
    id: Id,
    /// Zone by id.
    availability_zone_id: Computed<String>,
    /// Zone by name.
    availability_zone_name: Computed<String>,
    /// Host name of the file system.
    dns_name: Computed<String>,
    /// ARN of the file system.
    file_system_arn: Computed<String>,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
    /// Address.
    #[attr(force_new, check = checks::ipv4)]
    ip_address: OptComputed<String>,
    /// Host name of this mount target.
    mount_target_dns_name: Computed<String>,
    /// Network interface.
    network_interface_id: Computed<String>,
    /// Account that owns the mount target.
    owner_id: Computed<String>,
    /// Security groups; the VPC's default group when not set.
    security_groups: OptComputed<Set<String>>,
    /// The subnet.
    #[attr(force_new)]
    subnet_id: String,
}

#[async_trait]
impl Resource for MountTarget {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Mount Target";
    // A file system has at most one in a subnet.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = efs(cx.api)
            .create_mount_target()
            .file_system_id(&want.file_system_id)
            .subnet_id(&want.subnet_id)
            .set_ip_address(want.ip_address.clone())
            .set_security_groups(want.security_groups.clone().filter(|g| !g.is_empty()))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.mount_target_id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the mount target to become available", Pace::SLOW, || async {
            let found = match describe(cx.api, &made.id).await {
                Err(e) if e.is_not_found() => None,
                other => other?,
            };
            match found.map(|f| f.life_cycle_state) {
                Some(LifeCycleState::Available) => Ok(Seen::Ready(())),
                Some(LifeCycleState::Error) => Err(Error::other("the mount target's state is error")),
                other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // One call for the mount targets of a file system; after an import it is not known.
        let (alone, grouped): (Vec<&Self>, Vec<&Self>) = known.iter().partition(|k| k.file_system_id.is_empty());
        let systems: Vec<String> =
            grouped.iter().map(|k| k.file_system_id.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut found: Vec<MountTargetDescription> = each(&systems, |id| async move {
            let call = efs(cx.api).describe_mount_targets().file_system_id(id).into_paginator().items().send();
            call.try_collect().await.api().map(Some)
        })
        .await?
        .into_iter()
        .flatten()
        .flatten()
        .collect();
        let alone: Vec<String> = alone.iter().map(|k| k.id.clone()).collect();
        found.extend(each(&alone, |id| async move { describe(cx.api, &id).await }).await?.into_iter().flatten());
        found.retain(|f| !matches!(f.life_cycle_state, LifeCycleState::Deleted | LifeCycleState::Deleting));
        found.retain(|f| known.iter().any(|k| k.id == f.mount_target_id));
        let ids: Vec<String> = found.iter().map(|f| f.mount_target_id.clone()).collect();
        let groups = each(&ids, |id| async move {
            let call = efs(cx.api).describe_mount_target_security_groups().mount_target_id(id).send();
            Ok(Some(call.await.api()?.security_groups))
        })
        .await?;
        let objects = found.into_iter().zip(groups).filter_map(|(f, groups)| {
            let object = Self::from_answer(cx.api, f, groups?);
            Some((object.id.clone(), object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::SECURITY_GROUPS) {
            let call = efs(cx.api).modify_mount_target_security_groups().mount_target_id(&prior.id);
            call.set_security_groups(want.security_groups.clone()).send().await.api()?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        efs(cx.api).delete_mount_target().mount_target_id(&prior.id).send().await.api()?;
        cx.wait("the mount target to be gone", Pace::SLOW, || async {
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
        let call = efs(cx.api).describe_mount_targets().file_system_id(&want.file_system_id);
        let found = match call.into_paginator().items().send().try_collect().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        let ours = found.into_iter().find(|f| {
            f.subnet_id == want.subnet_id
                && !matches!(f.life_cycle_state, LifeCycleState::Deleted | LifeCycleState::Deleting)
                && (want.ip_address.is_none() || f.ip_address == want.ip_address)
        });
        Ok(ours.map(|f| Self { id: f.mount_target_id, ..want.clone() }))
    }
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<MountTargetDescription>, Error> {
    let found = efs(aws).describe_mount_targets().mount_target_id(id).send().await.api()?;
    Ok(found.mount_targets.unwrap_or_default().into_iter().next())
}

impl MountTarget {
    fn from_answer(aws: &Aws, f: MountTargetDescription, groups: Vec<String>) -> Self {
        let host = dns_name(aws, &f.file_system_id);
        let owner = f.owner_id.unwrap_or_default();
        Self {
            id: f.mount_target_id,
            availability_zone_id: f.availability_zone_id,
            dns_name: Some(host.clone()),
            file_system_arn: Some(aws.arn("elasticfilesystem", &owner, &format!("file-system/{}", f.file_system_id))),
            file_system_id: f.file_system_id,
            ip_address: f.ip_address,
            mount_target_dns_name: f.availability_zone_name.as_ref().map(|zone| format!("{zone}.{host}")),
            availability_zone_name: f.availability_zone_name,
            network_interface_id: f.network_interface_id,
            owner_id: Some(owner),
            security_groups: Some(groups),
            subnet_id: f.subnet_id,
        }
    }
}
