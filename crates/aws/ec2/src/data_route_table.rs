//! `data.aws_route_table`, `data.aws_route_tables`

use aws_sdk_ec2::types::Route as Found;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::data::{Conditions, Filter, only, visible};
use crate::route::Target;
use crate::{ec2, text};

/// A route table.
#[derive(DataSource)]
#[data(name = "aws_route_table", timeouts(read = "20m"), legacy)]
pub(crate) struct RouteTable {
    #[attr(optional)]
    id: Id,
    /// ARN of the table.
    arn: Computed<String>,
    /// What it is associated with.
    #[attr(nested)]
    associations: Computed<Vec<Association>>,
    /// Further conditions.
    filter: Set<Filter>,
    /// A gateway that the table is associated with.
    #[attr(keep_null)]
    gateway_id: OptComputed<String>,
    /// Account that owns the table.
    owner_id: Computed<String>,
    /// The table.
    route_table_id: OptComputed<String>,
    /// Its routes.
    #[attr(nested)]
    routes: Computed<Vec<Route>>,
    /// A subnet that the table is associated with.
    #[attr(keep_null)]
    subnet_id: OptComputed<String>,
    /// Tags of the table.
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: OptComputed<String>,
}

/// An association of a table.
#[derive(Block)]
pub(crate) struct Association {
    gateway_id: Computed<String>,
    main: Computed<bool>,
    route_table_association_id: Computed<String>,
    route_table_id: Computed<String>,
    subnet_id: Computed<String>,
}

/// A route: one destination, one target.
#[derive(Block)]
pub(crate) struct Route {
    carrier_gateway_id: Computed<String>,
    cidr_block: Computed<String>,
    core_network_arn: Computed<String>,
    destination_prefix_list_id: Computed<String>,
    egress_only_gateway_id: Computed<String>,
    gateway_id: Computed<String>,
    instance_id: Computed<String>,
    ipv6_cidr_block: Computed<String>,
    local_gateway_id: Computed<String>,
    nat_gateway_id: Computed<String>,
    network_interface_id: Computed<String>,
    transit_gateway_id: Computed<String>,
    vpc_endpoint_id: Computed<String>,
    vpc_peering_connection_id: Computed<String>,
}

/// Text as the public provider stores it in lists of objects: "" for none.
fn filled(value: Option<String>) -> Option<String> {
    Some(value.unwrap_or_default())
}

impl Route {
    fn seen(r: &Found) -> Self {
        let t = Target::of(r);
        Self {
            carrier_gateway_id: filled(t.carrier_gateway_id),
            cidr_block: filled(r.destination_cidr_block.clone()),
            core_network_arn: filled(t.core_network_arn),
            destination_prefix_list_id: filled(r.destination_prefix_list_id.clone()),
            egress_only_gateway_id: filled(t.egress_only_gateway_id),
            gateway_id: filled(t.gateway_id),
            instance_id: filled(r.instance_id.clone()),
            ipv6_cidr_block: filled(r.destination_ipv6_cidr_block.clone()),
            local_gateway_id: filled(t.local_gateway_id),
            nat_gateway_id: filled(t.nat_gateway_id),
            network_interface_id: filled(t.network_interface_id),
            transit_gateway_id: filled(t.transit_gateway_id),
            vpc_endpoint_id: filled(t.vpc_endpoint_id),
            vpc_peering_connection_id: filled(t.vpc_peering_connection_id),
        }
    }
}

#[async_trait]
impl DataSource for RouteTable {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Route Table";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("route-table-id", &query.route_table_id)
            .with("association.subnet-id", &query.subnet_id)
            .with("association.gateway-id", &query.gateway_id)
            .with("vpc-id", &query.vpc_id)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_route_tables().set_filters(conditions.list());
        let t = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        let (id, owner) = (t.route_table_id.clone().unwrap_or_default(), t.owner_id.clone().unwrap_or_default());
        let associations = t.associations().iter().map(|a| Association {
            gateway_id: filled(a.gateway_id.clone()),
            main: Some(a.main == Some(true)),
            route_table_association_id: filled(a.route_table_association_id.clone()),
            route_table_id: filled(a.route_table_id.clone()),
            subnet_id: filled(a.subnet_id.clone()),
        });
        // The route inside the VPC and those of gateway endpoints are not listed.
        let routes = t.routes().iter().filter(|r| {
            r.gateway_id() != Some("local")
                && (r.destination_prefix_list_id.is_none() || !r.gateway_id().is_some_and(|g| g.starts_with("vpce-")))
        });
        Ok(Self {
            arn: Some(cx.api.arn("ec2", &owner, &format!("route-table/{id}"))),
            associations: Some(associations.collect()),
            filter: query.filter,
            gateway_id: query.gateway_id,
            owner_id: Some(owner),
            route_table_id: Some(id.clone()),
            routes: Some(routes.map(Route::seen).collect()),
            subnet_id: query.subnet_id,
            tags: visible(t.tags.clone()),
            vpc_id: text(t.vpc_id.clone()),
            id,
        })
    }
}

/// Ids of route tables.
#[derive(DataSource)]
#[data(name = "aws_route_tables", timeouts(read = "20m"), legacy)]
pub(crate) struct RouteTables {
    #[attr(optional)]
    id: Id,
    /// Further conditions.
    filter: Set<Filter>,
    /// Ids of the tables found.
    ids: Computed<Vec<String>>,
    /// Tags that they must have.
    #[attr(keep_null)]
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: Option<String>,
}

#[async_trait]
impl DataSource for RouteTables {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Route Tables";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default().with("vpc-id", &query.vpc_id).tagged(&query.tags).and(&query.filter);
        let found = ec2(cx.api).describe_route_tables().set_filters(conditions.list()).into_paginator().items().send();
        let found = found.try_collect().await.api()?;
        let ids = Some(found.into_iter().filter_map(|t| t.route_table_id).collect());
        Ok(Self { id: cx.api.region().to_owned(), ids, ..query })
    }
}
