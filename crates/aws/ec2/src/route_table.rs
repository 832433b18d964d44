//! `aws_route_table`

use aws_sdk_ec2::types::{ResourceType, Route as Found, RouteOrigin, RouteTable as FoundTable};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Set, Tags, Token, async_trait, checks,
};

use crate::route::Target;
use crate::{ec2, filter, shared, tags, text};

/// A set of routes for subnets and gateways. Routes may be given inline or as `aws_route`, but not both ways for one table.
#[derive(Clone, Resource)]
#[resource(name = "aws_route_table", timeouts(create = "5m", delete = "5m", update = "2m"))]
pub(crate) struct RouteTable {
    id: Id,
    /// ARN of the table.
    arn: Computed<String>,
    /// Account that owns the table.
    owner_id: Computed<String>,
    /// Virtual gateways whose routes are taken over.
    propagating_vgws: OptComputed<Set<String>>,
    /// Routes.
    #[attr(nested)]
    route: OptComputed<Set<InlineRoute>>,
    /// Tags of the table.
    tags: Tags,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

/// A route inside its table: one destination, one target.
#[derive(Clone, Debug, Default, PartialEq, Block)]
pub(crate) struct InlineRoute {
    pub(crate) carrier_gateway_id: Option<String>,
    #[attr(check = checks::ipv4_cidr)]
    pub(crate) cidr_block: Option<String>,
    pub(crate) core_network_arn: Option<String>,
    pub(crate) destination_prefix_list_id: Option<String>,
    pub(crate) egress_only_gateway_id: Option<String>,
    pub(crate) gateway_id: Option<String>,
    #[attr(check = checks::ipv6_cidr)]
    pub(crate) ipv6_cidr_block: Option<String>,
    pub(crate) local_gateway_id: Option<String>,
    pub(crate) nat_gateway_id: Option<String>,
    pub(crate) network_interface_id: Option<String>,
    pub(crate) transit_gateway_id: Option<String>,
    pub(crate) vpc_endpoint_id: Option<String>,
    pub(crate) vpc_peering_connection_id: Option<String>,
}

#[async_trait]
impl Resource for RouteTable {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Route Table";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_route_table()
            .vpc_id(&want.vpc_id)
            .set_tag_specifications(tags::on_create(ResourceType::RouteTable, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.route_table.and_then(|t| t.route_table_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let table = cx
            .wait("the route table to exist", Pace::QUICK, || async {
                let found = find(cx.api, [made.id.clone()]).await?.into_iter().next();
                Ok(found.map_or_else(|| Seen::Pending(String::new()), Seen::Ready))
            })
            .await?;
        let there = inline(&table, made.route.as_ref());
        change_routes(cx, &made.id, &there, made.route.as_deref().unwrap_or_default()).await?;
        change_gateways(cx.api, &made.id, &gateways(&table), made.propagating_vgws.as_deref().unwrap_or_default()).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = shared::route_tables(cx, known.iter().map(|t| t.id.clone())).await?;
        let objects = found.into_iter().filter_map(|t| {
            let id = t.route_table_id.clone()?;
            let prior = known.iter().find(|k| k.id == id)?;
            let owner = t.owner_id.clone().unwrap_or_default();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("route-table/{id}"))),
                owner_id: Some(owner),
                propagating_vgws: Some(gateways(&t)),
                route: Some(inline(&t, prior.route.as_ref())),
                vpc_id: t.vpc_id.unwrap_or_default(),
                tags: tags::read(t.tags),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let id = &prior.id;
        if changed.any(&[Self::ROUTE, Self::PROPAGATING_VGWS]) {
            let table = find(cx.api, [id.clone()]).await?.pop().ok_or_else(|| Error::not_found("the table is gone"))?;
            if changed.has(Self::PROPAGATING_VGWS) {
                let want = want.propagating_vgws.as_deref().unwrap_or_default();
                change_gateways(cx.api, id, &gateways(&table), want).await?;
            }
            if changed.has(Self::ROUTE) {
                let there = inline(&table, want.route.as_ref());
                change_routes(cx, id, &there, want.route.as_deref().unwrap_or_default()).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Associations that are not resources of their own would keep the table.
        if let Some(table) = find(cx.api, [prior.id.clone()]).await?.pop() {
            for a in table.associations().iter().filter(|a| a.main != Some(true)) {
                let Some(id) = &a.route_table_association_id else { continue };
                match ec2(cx.api).disassociate_route_table().association_id(id).send().await.api() {
                    Err(e) if !e.is_not_found() => return Err(e),
                    _ => {}
                }
            }
        }
        cx.retry_on(&["DependencyViolation"], cx.remaining(), || async {
            ec2(cx.api).delete_route_table().route_table_id(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

/// Route tables by id.
pub(crate) async fn find(aws: &Aws, ids: impl IntoIterator<Item = String>) -> Result<Vec<FoundTable>, Error> {
    let found = ec2(aws).describe_route_tables().filters(filter("route-table-id", ids));
    found.into_paginator().items().send().try_collect().await.api()
}

pub(crate) fn gateways(table: &FoundTable) -> Set<String> {
    table.propagating_vgws().iter().filter_map(|g| g.gateway_id.clone()).collect()
}

/// The table's own routes: neither propagated ones nor those of gateway endpoints, and the VPC's local one only when `known` has it.
pub(crate) fn inline(table: &FoundTable, known: Option<&Set<InlineRoute>>) -> Set<InlineRoute> {
    let own = |r: &&Found| {
        let endpoint = r.destination_prefix_list_id.is_some() && r.gateway_id().is_some_and(|g| g.starts_with("vpce-"));
        r.origin != Some(RouteOrigin::EnableVgwRoutePropagation) && !endpoint
    };
    let routes = table.routes().iter().filter(own).map(|r| {
        let t = Target::of(r);
        InlineRoute {
            cidr_block: text(r.destination_cidr_block.clone()),
            ipv6_cidr_block: text(r.destination_ipv6_cidr_block.clone()),
            destination_prefix_list_id: text(r.destination_prefix_list_id.clone()),
            carrier_gateway_id: t.carrier_gateway_id,
            core_network_arn: t.core_network_arn,
            egress_only_gateway_id: t.egress_only_gateway_id,
            gateway_id: t.gateway_id,
            local_gateway_id: t.local_gateway_id,
            nat_gateway_id: t.nat_gateway_id,
            network_interface_id: t.network_interface_id,
            transit_gateway_id: t.transit_gateway_id,
            vpc_endpoint_id: t.vpc_endpoint_id,
            vpc_peering_connection_id: t.vpc_peering_connection_id,
        }
    });
    let local = |r: &InlineRoute| r.gateway_id.as_deref() == Some("local");
    routes
        .filter(|r| !local(r) || known.is_some_and(|k| k.iter().any(|k| k.destination() == r.destination())))
        .collect()
}

impl InlineRoute {
    fn destination(&self) -> &str {
        let options = [&self.cidr_block, &self.ipv6_cidr_block, &self.destination_prefix_list_id];
        options.into_iter().flatten().next().map(String::as_str).unwrap_or_default()
    }

    fn target(&self) -> Target {
        Target {
            carrier_gateway_id: self.carrier_gateway_id.clone(),
            core_network_arn: self.core_network_arn.clone(),
            egress_only_gateway_id: self.egress_only_gateway_id.clone(),
            gateway_id: self.gateway_id.clone(),
            local_gateway_id: self.local_gateway_id.clone(),
            nat_gateway_id: self.nat_gateway_id.clone(),
            network_interface_id: self.network_interface_id.clone(),
            transit_gateway_id: self.transit_gateway_id.clone(),
            vpc_endpoint_id: self.vpc_endpoint_id.clone(),
            vpc_peering_connection_id: self.vpc_peering_connection_id.clone(),
        }
    }
}

pub(crate) async fn change_routes(
    cx: &Cx<'_, Aws>,
    table: &str,
    now: &[InlineRoute],
    want: &[InlineRoute],
) -> Result<(), Error> {
    for gone in now.iter().filter(|n| !want.iter().any(|w| w.destination() == n.destination())) {
        if gone.gateway_id.as_deref() != Some("local") {
            crate::route::delete(cx.api, table, gone.destination()).await?;
        }
    }
    for route in want {
        match now.iter().find(|n| n.destination() == route.destination()) {
            Some(there) if there.target() == route.target() => {}
            Some(_) => crate::route::replace(cx, table, route.destination(), &route.target()).await?,
            None => crate::route::create(cx, table, route.destination(), &route.target()).await?,
        }
    }
    Ok(())
}

pub(crate) async fn change_gateways(aws: &Aws, table: &str, now: &[String], want: &[String]) -> Result<(), Error> {
    for gone in now.iter().filter(|g| !want.contains(g)) {
        ec2(aws).disable_vgw_route_propagation().route_table_id(table).gateway_id(gone).send().await.api()?;
    }
    for new in want.iter().filter(|g| !now.contains(g)) {
        ec2(aws).enable_vgw_route_propagation().route_table_id(table).gateway_id(new).send().await.api()?;
    }
    Ok(())
}
