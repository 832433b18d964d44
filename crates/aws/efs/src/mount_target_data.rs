//! Data source `aws_efs_mount_target`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, OptComputed, Set, async_trait};

use crate::{dns_name, efs};

/// A mount target that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_efs_mount_target")]
pub(crate) struct MountTargetData {
    #[attr(optional)]
    id: Id,
    /// Access point id.
    access_point_id: Option<String>,
    /// Availability zone id.
    availability_zone_id: Computed<String>,
    /// Zone of a copy in one zone.
    availability_zone_name: Computed<String>,
    /// Dns name.
    dns_name: Computed<String>,
    /// ARN of the file system.
    file_system_arn: Computed<String>,
    /// The file system.
    file_system_id: OptComputed<String>,
    /// Ip address.
    ip_address: Computed<String>,
    /// Mount target dns name.
    mount_target_dns_name: Computed<String>,
    /// Mount target id.
    mount_target_id: OptComputed<String>,
    /// Network interface id.
    network_interface_id: Computed<String>,
    /// Account that owns it.
    owner_id: Computed<String>,
    /// Security groups.
    security_groups: Computed<Set<String>>,
    /// Subnet id.
    subnet_id: Computed<String>,
}

#[async_trait]
impl DataSource for MountTargetData {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Mount Target";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let client = efs(cx.api);
        let call = client.describe_mount_targets().set_access_point_id(query.access_point_id.clone());
        let call =
            call.set_file_system_id(query.file_system_id.clone()).set_mount_target_id(query.mount_target_id.clone());
        let mut found = call.send().await.api()?.mount_targets.unwrap_or_default().into_iter();
        let t = match (found.next(), found.next()) {
            (Some(target), None) => target,
            (None, _) => return Err(Error::not_found("no mount target fits")),
            _ => return Err(Error::other("several mount targets fit; say which by mount_target_id")),
        };
        let groups =
            client.describe_mount_target_security_groups().mount_target_id(&t.mount_target_id).send().await.api()?;
        let host = dns_name(cx.api, &t.file_system_id);
        let account = t.owner_id.clone().unwrap_or_default();
        Ok(Self {
            id: t.mount_target_id.clone(),
            access_point_id: query.access_point_id,
            availability_zone_id: t.availability_zone_id,
            mount_target_dns_name: t.availability_zone_name.as_ref().map(|zone| format!("{zone}.{host}")),
            availability_zone_name: t.availability_zone_name,
            dns_name: Some(host),
            file_system_arn: Some(cx.api.arn(
                "elasticfilesystem",
                &account,
                &format!("file-system/{}", t.file_system_id),
            )),
            file_system_id: Some(t.file_system_id),
            ip_address: t.ip_address,
            mount_target_id: Some(t.mount_target_id),
            network_interface_id: t.network_interface_id,
            owner_id: t.owner_id,
            security_groups: Some(groups.security_groups),
            subnet_id: Some(t.subnet_id),
        })
    }
}
