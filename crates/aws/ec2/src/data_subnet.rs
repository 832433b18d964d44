//! `data.aws_subnet`, `data.aws_subnets`

use aws_sdk_ec2::types::SubnetCidrBlockStateCode;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::data::{Conditions, Filter, only, visible};
use crate::ec2;

/// A subnet.
#[derive(DataSource)]
#[data(name = "aws_subnet", timeouts(read = "20m"), legacy)]
pub(crate) struct Subnet {
    #[attr(optional)]
    id: Id,
    /// ARN of the subnet.
    arn: Computed<String>,
    /// Gives new interfaces an IPv6 address.
    assign_ipv6_address_on_creation: Computed<bool>,
    /// Zone by name.
    availability_zone: OptComputed<String>,
    /// Zone by id.
    availability_zone_id: OptComputed<String>,
    /// IPv4 addresses that are free.
    available_ip_address_count: Computed<i64>,
    /// IPv4 range.
    cidr_block: OptComputed<String>,
    /// Pool of addresses of an Outpost.
    customer_owned_ipv4_pool: Computed<String>,
    /// Whether it is its zone's default subnet.
    default_for_az: OptComputed<bool>,
    /// Answers name queries with IPv6 addresses for IPv4-only destinations.
    enable_dns64: Computed<bool>,
    /// Device position of local network interfaces.
    enable_lni_at_device_index: Computed<i64>,
    /// Gives resource names an A record.
    enable_resource_name_dns_a_record_on_launch: Computed<bool>,
    /// Gives resource names an AAAA record.
    enable_resource_name_dns_aaaa_record_on_launch: Computed<bool>,
    /// Further conditions.
    filter: Set<Filter>,
    /// IPv6 range.
    ipv6_cidr_block: OptComputed<String>,
    /// Id of the IPv6 range's association.
    ipv6_cidr_block_association_id: Computed<String>,
    /// A subnet without IPv4.
    ipv6_native: Computed<bool>,
    /// Gives new interfaces an address of the Outpost's pool.
    map_customer_owned_ip_on_launch: Computed<bool>,
    /// Gives new interfaces a public IPv4 address.
    map_public_ip_on_launch: Computed<bool>,
    /// The Outpost the subnet is on.
    outpost_arn: Computed<String>,
    /// Account that owns the subnet.
    owner_id: Computed<String>,
    /// Form of instances' host names.
    private_dns_hostname_type_on_launch: Computed<String>,
    /// State of the subnet.
    state: OptComputed<String>,
    /// Tags of the subnet.
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: OptComputed<String>,
}

#[async_trait]
impl DataSource for Subnet {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Subnet";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("subnet-id", &Some(&query.id))
            .with("availabilityZone", &query.availability_zone)
            .with("availabilityZoneId", &query.availability_zone_id)
            .with("cidrBlock", &query.cidr_block)
            .with("defaultForAz", &query.default_for_az.filter(|on| *on))
            .with("ipv6-cidr-block-association.ipv6-cidr-block", &query.ipv6_cidr_block)
            .with("state", &query.state)
            .with("vpc-id", &query.vpc_id)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_subnets().set_filters(conditions.list());
        let s = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        let ipv6 = s
            .ipv6_cidr_block_association_set()
            .iter()
            .find(|a| a.ipv6_cidr_block_state().and_then(|s| s.state()) == Some(&SubnetCidrBlockStateCode::Associated));
        let names = s.private_dns_name_options_on_launch();
        Ok(Self {
            arn: s.subnet_arn.clone(),
            assign_ipv6_address_on_creation: s.assign_ipv6_address_on_creation,
            availability_zone: s.availability_zone.clone(),
            availability_zone_id: s.availability_zone_id.clone(),
            available_ip_address_count: s.available_ip_address_count.map(i64::from),
            cidr_block: s.cidr_block.clone(),
            customer_owned_ipv4_pool: s.customer_owned_ipv4_pool.clone(),
            default_for_az: s.default_for_az,
            enable_dns64: s.enable_dns64,
            enable_lni_at_device_index: s.enable_lni_at_device_index.map(i64::from),
            enable_resource_name_dns_a_record_on_launch: names.and_then(|n| n.enable_resource_name_dns_a_record),
            enable_resource_name_dns_aaaa_record_on_launch: names.and_then(|n| n.enable_resource_name_dns_aaaa_record),
            filter: query.filter,
            ipv6_cidr_block: ipv6.and_then(|a| a.ipv6_cidr_block.clone()),
            ipv6_cidr_block_association_id: ipv6.and_then(|a| a.association_id.clone()),
            ipv6_native: s.ipv6_native,
            map_customer_owned_ip_on_launch: s.map_customer_owned_ip_on_launch,
            map_public_ip_on_launch: s.map_public_ip_on_launch,
            outpost_arn: s.outpost_arn.clone(),
            owner_id: s.owner_id.clone(),
            private_dns_hostname_type_on_launch: names.and_then(|n| n.hostname_type()).map(|t| t.as_str().to_owned()),
            state: s.state().map(|s| s.as_str().to_owned()),
            tags: visible(s.tags.clone()),
            vpc_id: s.vpc_id.clone(),
            id: s.subnet_id.unwrap_or_default(),
        })
    }
}

/// Ids of subnets.
#[derive(DataSource)]
#[data(name = "aws_subnets", timeouts(read = "20m"), legacy)]
pub(crate) struct Subnets {
    #[attr(optional)]
    id: Id,
    /// Further conditions.
    filter: Set<Filter>,
    /// Ids of the subnets found.
    ids: Computed<Vec<String>>,
    /// Tags that they must have.
    #[attr(keep_null)]
    tags: OptComputed<Map<String>>,
}

#[async_trait]
impl DataSource for Subnets {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Subnets";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default().tagged(&query.tags).and(&query.filter).list();
        let found = ec2(cx.api).describe_subnets().set_filters(conditions).into_paginator().items().send();
        let found = found.try_collect().await.api()?;
        let ids = Some(found.into_iter().filter_map(|s| s.subnet_id).collect());
        Ok(Self { id: cx.api.region().to_owned(), ids, ..query })
    }
}
