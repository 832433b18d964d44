//! `aws_route`

use aws_sdk_ec2::types::Route as Found;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Name, OptComputed, Pace, Resource, Seen, Token, Value, async_trait, checks,
};

use crate::route_table::find;
use crate::{ec2, shared, text};

/// One route of a route table: one destination, one target.
#[derive(Clone, Resource)]
#[resource(name = "aws_route", timeouts(create = "5m", delete = "5m", update = "2m"))]
pub(crate) struct Route {
    id: Id,
    /// Carrier gateway.
    #[attr(exactly_one_of(
        carrier_gateway_id,
        core_network_arn,
        egress_only_gateway_id,
        gateway_id,
        local_gateway_id,
        nat_gateway_id,
        network_interface_id,
        transit_gateway_id,
        vpc_endpoint_id,
        vpc_peering_connection_id
    ))]
    carrier_gateway_id: Option<String>,
    /// Core network.
    core_network_arn: Option<String>,
    /// Destination as IPv4 range.
    #[attr(
        force_new,
        check = checks::cidr,
        exactly_one_of(destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id)
    )]
    destination_cidr_block: Option<String>,
    /// Destination as IPv6 range.
    #[attr(force_new, check = checks::ipv6_cidr)]
    destination_ipv6_cidr_block: Option<String>,
    /// Destination as prefix list.
    #[attr(force_new)]
    destination_prefix_list_id: Option<String>,
    /// Egress-only internet gateway.
    #[attr(conflicts_with(destination_cidr_block))]
    egress_only_gateway_id: Option<String>,
    /// Internet gateway or virtual private gateway, or `local`.
    gateway_id: Option<String>,
    /// Instance behind the target.
    instance_id: Computed<String>,
    /// Account of that instance.
    instance_owner_id: Computed<String>,
    /// Local gateway of an Outpost.
    local_gateway_id: Option<String>,
    /// NAT gateway.
    nat_gateway_id: Option<String>,
    /// Network interface.
    network_interface_id: OptComputed<String>,
    /// What made the route.
    origin: Computed<String>,
    /// The table.
    #[attr(force_new)]
    route_table_id: String,
    /// `active` or `blackhole`.
    state: Computed<String>,
    /// Transit gateway.
    transit_gateway_id: Option<String>,
    /// Gateway load balancer endpoint.
    vpc_endpoint_id: Option<String>,
    /// VPC peering connection.
    vpc_peering_connection_id: Option<String>,
}

/// Where a route leads; one of them is set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Target {
    pub(crate) carrier_gateway_id: Option<String>,
    pub(crate) core_network_arn: Option<String>,
    pub(crate) egress_only_gateway_id: Option<String>,
    pub(crate) gateway_id: Option<String>,
    pub(crate) local_gateway_id: Option<String>,
    pub(crate) nat_gateway_id: Option<String>,
    pub(crate) network_interface_id: Option<String>,
    pub(crate) transit_gateway_id: Option<String>,
    pub(crate) vpc_endpoint_id: Option<String>,
    pub(crate) vpc_peering_connection_id: Option<String>,
}

impl Target {
    /// The target of a route that is there.
    pub(crate) fn of(r: &Found) -> Self {
        let gateway = text(r.gateway_id.clone());
        let endpoint = gateway.clone().filter(|g| g.starts_with("vpce-"));
        Self {
            carrier_gateway_id: text(r.carrier_gateway_id.clone()),
            core_network_arn: text(r.core_network_arn.clone()),
            egress_only_gateway_id: text(r.egress_only_internet_gateway_id.clone()),
            gateway_id: gateway.filter(|_| endpoint.is_none()),
            local_gateway_id: text(r.local_gateway_id.clone()),
            nat_gateway_id: text(r.nat_gateway_id.clone()),
            network_interface_id: text(r.network_interface_id.clone()),
            transit_gateway_id: text(r.transit_gateway_id.clone()),
            vpc_endpoint_id: endpoint,
            vpc_peering_connection_id: text(r.vpc_peering_connection_id.clone()),
        }
    }
}

#[async_trait]
impl Resource for Route {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Route";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        // The VPC's own route cannot be made, only led elsewhere.
        match find_route(cx.api, &want).await? {
            Some(there) if there.gateway_id() == Some("local") => {
                replace(cx, &want.route_table_id, want.destination(), &want.target()).await?;
            }
            _ => create(cx, &want.route_table_id, want.destination(), &want.target()).await?,
        }
        Ok(Self { id: id(&want.route_table_id, want.destination()), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let tables = shared::route_tables(cx, known.iter().map(|r| r.route_table_id.clone())).await?;
        Ok(known
            .iter()
            .map(|k| {
                let table = tables.iter().find(|t| t.route_table_id() == Some(&k.route_table_id))?;
                let r = table.routes().iter().find(|r| is_for(r, k.destination()))?;
                let t = Target::of(r);
                Some(Self {
                    id: id(&k.route_table_id, k.destination()),
                    carrier_gateway_id: t.carrier_gateway_id,
                    core_network_arn: t.core_network_arn,
                    destination_cidr_block: text(r.destination_cidr_block.clone()),
                    destination_ipv6_cidr_block: text(r.destination_ipv6_cidr_block.clone()),
                    destination_prefix_list_id: text(r.destination_prefix_list_id.clone()),
                    egress_only_gateway_id: t.egress_only_gateway_id,
                    gateway_id: t.gateway_id,
                    instance_id: r.instance_id.clone(),
                    instance_owner_id: r.instance_owner_id.clone(),
                    local_gateway_id: t.local_gateway_id,
                    nat_gateway_id: t.nat_gateway_id,
                    network_interface_id: t.network_interface_id,
                    origin: r.origin.as_ref().map(|o| o.as_str().to_owned()),
                    route_table_id: k.route_table_id.clone(),
                    state: r.state.as_ref().map(|s| s.as_str().to_owned()),
                    transit_gateway_id: t.transit_gateway_id,
                    vpc_endpoint_id: t.vpc_endpoint_id,
                    vpc_peering_connection_id: t.vpc_peering_connection_id,
                })
            })
            .collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        let target = want.new_target(prior);
        replace(cx, &prior.route_table_id, prior.destination(), &target).await?;
        cx.wait("the route to change", Pace::QUICK, || async {
            let done = find_route(cx.api, prior).await?.is_some_and(|r| {
                let there = Target::of(&r);
                // A route to an instance's interface shows both.
                there == target
                    || target.network_interface_id.is_some()
                        && there.network_interface_id == target.network_interface_id
            });
            Ok(if done { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        delete(cx.api, &prior.route_table_id, prior.destination()).await?;
        cx.wait("the route to be deleted", Pace::QUICK, || async {
            Ok(if find_route(cx.api, prior).await?.is_none() { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = find_route(cx.api, want).await?;
        // Only a route with our target is the one that was to be made.
        let ours = found.filter(|r| Target::of(r) == want.target());
        Ok(ours.map(|_| Self { id: id(&want.route_table_id, want.destination()), ..want.clone() }))
    }

    fn import_id(want: &Self) -> Option<String> {
        Some(format!("{}_{}", want.route_table_id, want.destination()))
    }

    fn import(text: &str) -> Result<Vec<(Name, Value)>, String> {
        let form = || "ROUTETABLEID_DESTINATION (rtb-1_10.0.0.0/16)".to_owned();
        let (table, destination) = text.split_once('_').ok_or_else(form)?;
        if table.is_empty() || destination.is_empty() {
            return Err(form());
        }
        let kind = match destination {
            d if d.starts_with("pl-") => Self::DESTINATION_PREFIX_LIST_ID,
            d if d.contains(':') => Self::DESTINATION_IPV6_CIDR_BLOCK,
            _ => Self::DESTINATION_CIDR_BLOCK,
        };
        Ok(vec![
            (Self::ID, Value::string(id(table, destination))),
            (Self::ROUTE_TABLE_ID, Value::string(table)),
            (kind, Value::string(destination)),
        ])
    }
}

impl Route {
    fn destination(&self) -> &str {
        let options =
            [&self.destination_cidr_block, &self.destination_ipv6_cidr_block, &self.destination_prefix_list_id];
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

    /// The wanted target; the interface of the old one, which the plan carried along as computed, is not it.
    fn new_target(&self, prior: &Self) -> Target {
        let mut target = self.target();
        let other = Target { network_interface_id: None, ..target.clone() } != Target::default();
        if other && self.network_interface_id == prior.network_interface_id {
            target.network_interface_id = None;
        }
        target
    }
}

/// `r-rtb-11080289494`: the table and a checksum of the destination, as in states of the public provider.
fn id(table: &str, destination: &str) -> String {
    format!("r-{table}{}", crc32(destination.as_bytes()))
}

/// CRC-32 (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}

fn is_for(r: &Found, destination: &str) -> bool {
    let all = [r.destination_cidr_block(), r.destination_ipv6_cidr_block(), r.destination_prefix_list_id()];
    !destination.is_empty() && all.contains(&Some(destination))
}

async fn find_route(aws: &Aws, want: &Route) -> Result<Option<Found>, Error> {
    let tables = find(aws, [want.route_table_id.clone()]).await?;
    Ok(tables.into_iter().flat_map(|t| t.routes.unwrap_or_default()).find(|r| is_for(r, want.destination())))
}

/// A destination by the parameter it is given in.
struct Destination {
    v4: Option<String>,
    v6: Option<String>,
    prefixes: Option<String>,
}

impl Destination {
    fn of(destination: &str) -> Self {
        let text = Some(destination.to_owned());
        match destination {
            d if d.starts_with("pl-") => Self { v4: None, v6: None, prefixes: text },
            d if d.contains(':') => Self { v4: None, v6: text, prefixes: None },
            _ => Self { v4: text, v6: None, prefixes: None },
        }
    }
}

/// Errors of targets that were just made.
const NOT_YET: [&str; 3] =
    ["InvalidParameterException", "InvalidTransitGatewayID.NotFound", "InvalidNatGatewayID.NotFound"];

/// Makes a route.
pub(crate) async fn create(cx: &Cx<'_, Aws>, table: &str, destination: &str, t: &Target) -> Result<(), Error> {
    cx.retry_on(&NOT_YET, std::time::Duration::from_secs(120), || async {
        let d = Destination::of(destination);
        ec2(cx.api)
            .create_route()
            .route_table_id(table)
            .set_destination_cidr_block(d.v4)
            .set_destination_ipv6_cidr_block(d.v6)
            .set_destination_prefix_list_id(d.prefixes)
            .set_carrier_gateway_id(t.carrier_gateway_id.clone())
            .set_core_network_arn(t.core_network_arn.clone())
            .set_egress_only_internet_gateway_id(t.egress_only_gateway_id.clone())
            .set_gateway_id(t.gateway_id.clone())
            .set_local_gateway_id(t.local_gateway_id.clone())
            .set_nat_gateway_id(t.nat_gateway_id.clone())
            .set_network_interface_id(t.network_interface_id.clone())
            .set_transit_gateway_id(t.transit_gateway_id.clone())
            .set_vpc_endpoint_id(t.vpc_endpoint_id.clone())
            .set_vpc_peering_connection_id(t.vpc_peering_connection_id.clone())
            .send()
            .await
            .api()
            .map(drop)
    })
    .await
}

/// Leads a route elsewhere.
pub(crate) async fn replace(cx: &Cx<'_, Aws>, table: &str, destination: &str, t: &Target) -> Result<(), Error> {
    cx.retry_on(&NOT_YET, std::time::Duration::from_secs(120), || async {
        let d = Destination::of(destination);
        let local = t.gateway_id.as_deref() == Some("local");
        ec2(cx.api)
            .replace_route()
            .route_table_id(table)
            .set_destination_cidr_block(d.v4)
            .set_destination_ipv6_cidr_block(d.v6)
            .set_destination_prefix_list_id(d.prefixes)
            .set_local_target(local.then_some(true))
            .set_carrier_gateway_id(t.carrier_gateway_id.clone())
            .set_core_network_arn(t.core_network_arn.clone())
            .set_egress_only_internet_gateway_id(t.egress_only_gateway_id.clone())
            .set_gateway_id(t.gateway_id.clone().filter(|_| !local))
            .set_local_gateway_id(t.local_gateway_id.clone())
            .set_nat_gateway_id(t.nat_gateway_id.clone())
            .set_network_interface_id(t.network_interface_id.clone())
            .set_transit_gateway_id(t.transit_gateway_id.clone())
            .set_vpc_endpoint_id(t.vpc_endpoint_id.clone())
            .set_vpc_peering_connection_id(t.vpc_peering_connection_id.clone())
            .send()
            .await
            .api()
            .map(drop)
    })
    .await
}

/// Removes a route.
pub(crate) async fn delete(aws: &Aws, table: &str, destination: &str) -> Result<(), Error> {
    let d = Destination::of(destination);
    ec2(aws)
        .delete_route()
        .route_table_id(table)
        .set_destination_cidr_block(d.v4)
        .set_destination_ipv6_cidr_block(d.v6)
        .set_destination_prefix_list_id(d.prefixes)
        .send()
        .await
        .api()
        .map(drop)
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_those_of_existing_states() {
        assert_eq!(super::id("rtb-dbe25e77049246bdf", "0.0.0.0/0"), "r-rtb-dbe25e77049246bdf1080289494");
    }
}
