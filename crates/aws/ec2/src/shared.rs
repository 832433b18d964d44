//! What several types look into: one call for all of them in a refresh.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_ec2::types::{NetworkAcl, RouteTable, SecurityGroup};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Cx, Error};

use crate::{ec2, filter, route_table, security_group};

/// A filter takes 200 values.
const VALUES: usize = 200;

/// The networks that a refresh is about. None outside a refresh, or when there are more than a filter takes.
fn networks(cx: &Cx<'_, Aws>) -> Option<BTreeSet<String>> {
    let mut networks = cx.together_by("aws_vpc", "id");
    networks.extend(cx.together_by("aws_default_vpc", "id"));
    let parts = ["route_table", "subnet", "security_group", "network_acl"];
    for kind in parts.into_iter().flat_map(|p| [format!("aws_{p}"), format!("aws_default_{p}")]) {
        networks.extend(cx.together_by(&kind, "vpc_id"));
    }
    (!networks.is_empty() && networks.len() <= VALUES).then_some(networks)
}

/// Defines two functions: all objects of a kind in the networks of a refresh (`None` outside), and objects by id, from those as far as
/// they are among them.
macro_rules! of_networks {
    ($(#[$doc:meta])* $all:ident, $by_id:ident, $item:ty, $call:ident, $id:ident, $find:path) => {
        $(#[$doc])*
        pub(crate) async fn $all(cx: &Cx<'_, Aws>) -> Result<Option<Arc<Vec<$item>>>, Error> {
            let Some(networks) = networks(cx) else { return Ok(None) };
            let list = async {
                let found = ec2(cx.api).$call().filters(filter("vpc-id", networks));
                found.into_paginator().items().send().try_collect().await.api()
            };
            cx.shared(concat!("ec2:", stringify!($call)), list).await.map(Some)
        }

        /// Those with these ids.
        pub(crate) async fn $by_id(
            cx: &Cx<'_, Aws>,
            ids: impl IntoIterator<Item = String> + Send,
        ) -> Result<Vec<$item>, Error> {
            let ids: BTreeSet<String> = ids.into_iter().collect();
            let all = $all(cx).await?.unwrap_or_default();
            let mut found: Vec<$item> = all.iter().filter(|i| i.$id().is_some_and(|id| ids.contains(id))).cloned().collect();
            let seen: BTreeSet<&str> = all.iter().filter_map(|i| i.$id()).collect();
            let missing: Vec<String> = ids.iter().filter(|id| !seen.contains(id.as_str())).cloned().collect();
            if !missing.is_empty() {
                found.extend($find(cx.api, missing).await?);
            }
            Ok(found)
        }
    };
}

of_networks!(
    /// Route tables, with their routes and associations.
    all_route_tables, route_tables, RouteTable, describe_route_tables, route_table_id, route_table::find
);
of_networks!(
    /// Security groups, with their rules.
    all_security_groups, security_groups, SecurityGroup, describe_security_groups, group_id, security_group::find
);
of_networks!(
    /// Network ACLs, with their rules and associations.
    all_network_acls, network_acls, NetworkAcl, describe_network_acls, network_acl_id, find_network_acls
);

async fn find_network_acls(aws: &Aws, ids: Vec<String>) -> Result<Vec<NetworkAcl>, Error> {
    let found = ec2(aws).describe_network_acls().set_network_acl_ids(Some(ids.clone()));
    match found.into_paginator().items().send().try_collect().await.api() {
        // One that is gone fails the whole call.
        Err(e) if e.is_not_found() => {
            let one = |id: String| async move {
                let found = ec2(aws).describe_network_acls().network_acl_ids(id).send().await.api()?;
                Ok(found.network_acls.unwrap_or_default().pop())
            };
            Ok(each(&ids, one).await?.into_iter().flatten().collect())
        }
        other => other,
    }
}
