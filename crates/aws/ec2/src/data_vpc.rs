//! `data.aws_vpc`, `data.aws_vpcs`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::data::{Conditions, Filter, only, visible};
use crate::vpc::flags;
use crate::{ec2, filter, text};

/// A VPC.
#[derive(DataSource)]
#[data(name = "aws_vpc", timeouts(read = "20m"), legacy)]
pub(crate) struct Vpc {
    #[attr(optional)]
    id: Id,
    /// ARN of the VPC.
    arn: Computed<String>,
    /// IPv4 range.
    cidr_block: OptComputed<String>,
    /// All its IPv4 ranges.
    #[attr(nested)]
    cidr_block_associations: Computed<Vec<CidrBlock>>,
    /// Whether it is the default VPC of the region.
    default: OptComputed<bool>,
    /// DHCP options in use.
    dhcp_options_id: OptComputed<String>,
    /// Gives instances with a public address a public name.
    enable_dns_hostnames: Computed<bool>,
    /// Resolves names in the VPC.
    enable_dns_support: Computed<bool>,
    /// Publishes address usage metrics.
    enable_network_address_usage_metrics: Computed<bool>,
    /// Further conditions.
    filter: Set<Filter>,
    /// Whether instances run on hardware of their own.
    instance_tenancy: Computed<String>,
    /// Id of the IPv6 range's association.
    ipv6_association_id: Computed<String>,
    /// IPv6 range.
    ipv6_cidr_block: Computed<String>,
    /// The main route table now.
    main_route_table_id: Computed<String>,
    /// Account that owns the VPC.
    owner_id: Computed<String>,
    /// State that the VPC must have.
    #[attr(keep_null)]
    state: OptComputed<String>,
    /// Tags of the VPC.
    tags: OptComputed<Map<String>>,
}

/// A range of a VPC.
#[derive(Block)]
pub(crate) struct CidrBlock {
    association_id: Computed<String>,
    cidr_block: Computed<String>,
    state: Computed<String>,
}

#[async_trait]
impl DataSource for Vpc {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("vpc-id", &Some(&query.id))
            .with("cidr", &query.cidr_block)
            .with("dhcp-options-id", &query.dhcp_options_id)
            // Not the default one is what most are: only asked for when it is to be it.
            .with("isDefault", &query.default.filter(|on| *on))
            .with("state", &query.state)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_vpcs().set_filters(conditions.list());
        let v = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        let id = v.vpc_id.clone().unwrap_or_default();
        let main = ec2(cx.api).describe_route_tables().filters(filter("association.main", ["true"]));
        let main = main.filters(filter("vpc-id", [&id])).send();
        let ([support, hostnames, metrics], main) = {
            let (flags, main) = tokio::join!(flags(cx.api, &id), main);
            (flags?, main.api()?)
        };
        let owner = v.owner_id.clone().unwrap_or_default();
        let ranges = v.cidr_block_association_set().iter().map(|a| CidrBlock {
            association_id: a.association_id.clone(),
            cidr_block: a.cidr_block.clone(),
            state: a.cidr_block_state().and_then(|s| s.state()).map(|s| s.as_str().to_owned()),
        });
        let ipv6 = v.ipv6_cidr_block_association_set().first();
        Ok(Self {
            arn: Some(cx.api.arn("ec2", &owner, &format!("vpc/{id}"))),
            cidr_block: v.cidr_block.clone(),
            cidr_block_associations: Some(ranges.collect()),
            default: v.is_default,
            dhcp_options_id: text(v.dhcp_options_id.clone()),
            enable_dns_hostnames: Some(hostnames),
            enable_dns_support: Some(support),
            enable_network_address_usage_metrics: Some(metrics),
            filter: query.filter,
            instance_tenancy: v.instance_tenancy().map(|t| t.as_str().to_owned()),
            ipv6_association_id: ipv6.and_then(|a| a.association_id.clone()),
            ipv6_cidr_block: ipv6.and_then(|a| a.ipv6_cidr_block.clone()),
            main_route_table_id: main.route_tables().first().and_then(|t| t.route_table_id.clone()),
            owner_id: Some(owner),
            state: query.state,
            tags: visible(v.tags.clone()),
            id,
        })
    }
}

/// Ids of VPCs.
#[derive(DataSource)]
#[data(name = "aws_vpcs", timeouts(read = "20m"), legacy)]
pub(crate) struct Vpcs {
    #[attr(optional)]
    id: Id,
    /// Further conditions.
    filter: Set<Filter>,
    /// Ids of the VPCs found.
    ids: Computed<Vec<String>>,
    /// Tags that they must have.
    #[attr(keep_null)]
    tags: OptComputed<Map<String>>,
}

#[async_trait]
impl DataSource for Vpcs {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPCs";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default().tagged(&query.tags).and(&query.filter).list();
        let found = ec2(cx.api).describe_vpcs().set_filters(conditions).into_paginator().items().send();
        let found = found.try_collect().await.api()?;
        let ids = Some(found.into_iter().filter_map(|v| v.vpc_id).collect());
        Ok(Self { id: cx.api.region().to_owned(), ids, ..query })
    }
}
