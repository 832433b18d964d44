//! `aws_default_route_table`

use aws_sdk_ec2::types::RouteTable as Found;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Resource, Set, Tags, Token, Value, async_trait, checks,
};

use crate::route_table::{InlineRoute, change_gateways, change_routes, find, gateways, inline};
use crate::{ec2, filter, shared, tags};

/// The route table that a VPC is made with, taken over: its routes become those given here. It cannot be deleted; a destroy only
/// forgets it.
#[derive(Clone, Resource)]
#[resource(name = "aws_default_route_table", timeouts(create = "2m", update = "2m"))]
pub(crate) struct DefaultRouteTable {
    id: Id,
    /// ARN of the table.
    arn: Computed<String>,
    /// The table.
    #[attr(force_new)]
    default_route_table_id: String,
    /// Account that owns the table.
    owner_id: Computed<String>,
    /// Virtual gateways whose routes are taken over.
    propagating_vgws: Option<Set<String>>,
    /// Routes.
    #[attr(nested)]
    route: OptComputed<Set<DefaultRoute>>,
    /// Tags of the table.
    tags: Tags,
    /// The VPC.
    vpc_id: Computed<String>,
}

/// A route: one destination, one target.
#[derive(Clone, Debug, Default, PartialEq, Block)]
pub(crate) struct DefaultRoute {
    #[attr(check = checks::ipv4_cidr)]
    cidr_block: Option<String>,
    core_network_arn: Option<String>,
    destination_prefix_list_id: Option<String>,
    egress_only_gateway_id: Option<String>,
    gateway_id: Option<String>,
    instance_id: Option<String>,
    #[attr(check = checks::ipv6_cidr)]
    ipv6_cidr_block: Option<String>,
    nat_gateway_id: Option<String>,
    network_interface_id: Option<String>,
    transit_gateway_id: Option<String>,
    vpc_endpoint_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
}

impl DefaultRoute {
    fn inline(&self) -> InlineRoute {
        let k = self.clone();
        InlineRoute {
            carrier_gateway_id: None,
            cidr_block: k.cidr_block,
            core_network_arn: k.core_network_arn,
            destination_prefix_list_id: k.destination_prefix_list_id,
            egress_only_gateway_id: k.egress_only_gateway_id,
            gateway_id: k.gateway_id,
            ipv6_cidr_block: k.ipv6_cidr_block,
            local_gateway_id: None,
            nat_gateway_id: k.nat_gateway_id,
            network_interface_id: k.network_interface_id,
            transit_gateway_id: k.transit_gateway_id,
            vpc_endpoint_id: k.vpc_endpoint_id,
            vpc_peering_connection_id: k.vpc_peering_connection_id,
        }
    }

    fn seen(r: InlineRoute) -> Self {
        Self {
            cidr_block: r.cidr_block,
            core_network_arn: r.core_network_arn,
            destination_prefix_list_id: r.destination_prefix_list_id,
            egress_only_gateway_id: r.egress_only_gateway_id,
            gateway_id: r.gateway_id,
            instance_id: None,
            ipv6_cidr_block: r.ipv6_cidr_block,
            nat_gateway_id: r.nat_gateway_id,
            network_interface_id: r.network_interface_id,
            transit_gateway_id: r.transit_gateway_id,
            vpc_endpoint_id: r.vpc_endpoint_id,
            vpc_peering_connection_id: r.vpc_peering_connection_id,
        }
    }
}

#[async_trait]
impl Resource for DefaultRouteTable {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Default Route Table";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let id = want.default_route_table_id.clone();
        if find(cx.api, [id.clone()]).await?.is_empty() {
            return Err(Error::not_found(format!("there is no route table {id}")));
        }
        Ok(Self { id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let gone = || Error::not_found("the route table is gone");
        let there = find(cx.api, [made.id.clone()]).await?.pop().ok_or_else(gone)?;
        made.apply(cx, &there).await?;
        tags::update(cx.api, &made.id, &tags::read(there.tags), &made.tags).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let (vpcs, tables): (Vec<&Self>, Vec<&Self>) = known.iter().partition(|k| k.id.starts_with("vpc-"));
        let mut found = shared::route_tables(cx, tables.iter().map(|k| k.id.clone())).await?;
        if !vpcs.is_empty() {
            // After an import the id is the VPC's.
            let call = ec2(cx.api).describe_route_tables().filters(filter("association.main", ["true"]));
            let call = call.filters(filter("vpc-id", vpcs.iter().map(|k| k.id.clone())));
            found.extend(call.into_paginator().items().send().try_collect().await.api()?);
        }
        let of = |k: &Self| {
            let table = found.iter().find(|t| [t.route_table_id(), t.vpc_id()].contains(&Some(k.id.as_str())))?;
            let id = table.route_table_id.clone()?;
            let owner = table.owner_id.clone().unwrap_or_default();
            let wanted: Option<Set<InlineRoute>> =
                k.route.as_ref().map(|r| r.iter().map(DefaultRoute::inline).collect());
            Some(Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("route-table/{id}"))),
                default_route_table_id: id.clone(),
                owner_id: Some(owner),
                propagating_vgws: Some(gateways(table)),
                route: Some(inline(table, wanted.as_ref()).into_iter().map(DefaultRoute::seen).collect()),
                tags: tags::read(table.tags.clone()),
                vpc_id: table.vpc_id.clone(),
                id,
            })
        };
        Ok(known.iter().map(of).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::ROUTE, Self::PROPAGATING_VGWS]) {
            let gone = || Error::not_found("the route table is gone");
            let there = find(cx.api, [prior.id.clone()]).await?.pop().ok_or_else(gone)?;
            Self { id: prior.id.clone(), ..want.clone() }.apply(cx, &there).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(_cx: &Cx<'_, Aws>, _prior: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(_cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(Some(Self { id: want.default_route_table_id.clone(), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        if id.starts_with("vpc-") { Ok(Vec::new()) } else { Err("vpc-id".to_owned()) }
    }
}

impl DefaultRouteTable {
    /// Makes routes and gateways those that are wanted.
    async fn apply(&self, cx: &Cx<'_, Aws>, there: &Found) -> Result<(), Error> {
        let wanted: Set<InlineRoute> = self.route.iter().flatten().map(DefaultRoute::inline).collect();
        let now = inline(there, Some(&wanted));
        change_routes(cx, &self.id, &now, &wanted).await?;
        change_gateways(cx.api, &self.id, &gateways(there), self.propagating_vgws.as_deref().unwrap_or_default()).await
    }
}
