//! `data.aws_internet_gateway`, `data.aws_nat_gateway`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::data::{Conditions, Filter, only, visible};
use crate::ec2;

/// The door between a VPC and the internet.
#[derive(DataSource)]
#[data(name = "aws_internet_gateway", timeouts(read = "20m"), legacy)]
pub(crate) struct InternetGateway {
    #[attr(optional)]
    id: Id,
    /// ARN of the gateway.
    arn: Computed<String>,
    /// What it is attached to.
    #[attr(nested)]
    attachments: Computed<Vec<Attachment>>,
    /// Further conditions.
    filter: Set<Filter>,
    /// The gateway.
    internet_gateway_id: OptComputed<String>,
    /// Account that owns the gateway.
    owner_id: Computed<String>,
    /// Tags of the gateway.
    tags: OptComputed<Map<String>>,
}

/// An attachment to a VPC.
#[derive(Block)]
pub(crate) struct Attachment {
    state: Computed<String>,
    vpc_id: Computed<String>,
}

#[async_trait]
impl DataSource for InternetGateway {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Internet Gateway";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("internet-gateway-id", &query.internet_gateway_id)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_internet_gateways().set_filters(conditions.list());
        let g = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        let id = g.internet_gateway_id.clone().unwrap_or_default();
        let owner = g.owner_id.clone().unwrap_or_default();
        let attachments = g
            .attachments()
            .iter()
            .map(|a| Attachment { state: a.state().map(|s| s.as_str().to_owned()), vpc_id: a.vpc_id.clone() });
        Ok(Self {
            arn: Some(cx.api.arn("ec2", &owner, &format!("internet-gateway/{id}"))),
            attachments: Some(attachments.collect()),
            filter: query.filter,
            internet_gateway_id: Some(id.clone()),
            owner_id: Some(owner),
            tags: visible(g.tags.clone()),
            id,
        })
    }
}

/// A NAT gateway.
#[derive(DataSource)]
#[data(name = "aws_nat_gateway", timeouts(read = "20m"), legacy)]
pub(crate) struct NatGateway {
    #[attr(optional, computed)]
    id: Id,
    /// Allocation of its address.
    allocation_id: Computed<String>,
    /// Association of its address.
    association_id: Computed<String>,
    /// `public` or `private`.
    connectivity_type: Computed<String>,
    /// Further conditions.
    filter: Set<Filter>,
    /// Its interface.
    network_interface_id: Computed<String>,
    /// Private address.
    private_ip: Computed<String>,
    /// Public address.
    public_ip: Computed<String>,
    /// Allocations of further addresses.
    secondary_allocation_ids: Computed<Vec<String>>,
    /// Number of further private addresses.
    secondary_private_ip_address_count: Computed<i64>,
    /// Further private addresses.
    secondary_private_ip_addresses: Computed<Vec<String>>,
    /// State of the gateway.
    state: OptComputed<String>,
    /// The subnet.
    subnet_id: OptComputed<String>,
    /// Tags of the gateway.
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: OptComputed<String>,
}

#[async_trait]
impl DataSource for NatGateway {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 NAT Gateway";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("nat-gateway-id", &Some(&query.id))
            .with("vpc-id", &query.vpc_id)
            .with("state", &query.state)
            .with("subnet-id", &query.subnet_id)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_nat_gateways().set_filter(conditions.list());
        let g = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        // Older answers do not say which address is the primary one: then it is the first.
        let all = g.nat_gateway_addresses();
        let at = all.iter().position(|a| a.is_primary == Some(true)).unwrap_or_default();
        let primary = all.get(at);
        let rest: Vec<_> = all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, a)| a).collect();
        let private: Vec<String> = rest.iter().filter_map(|a| a.private_ip.clone()).collect();
        Ok(Self {
            allocation_id: primary.and_then(|a| a.allocation_id.clone()),
            association_id: primary.and_then(|a| a.association_id.clone()),
            connectivity_type: g.connectivity_type().map(|t| t.as_str().to_owned()),
            filter: query.filter,
            network_interface_id: primary.and_then(|a| a.network_interface_id.clone()),
            private_ip: primary.and_then(|a| a.private_ip.clone()),
            public_ip: primary.and_then(|a| a.public_ip.clone()),
            secondary_allocation_ids: Some(rest.iter().filter_map(|a| a.allocation_id.clone()).collect()),
            secondary_private_ip_address_count: Some(private.len() as i64),
            secondary_private_ip_addresses: Some(private),
            state: g.state().map(|s| s.as_str().to_owned()),
            subnet_id: g.subnet_id.clone(),
            tags: visible(g.tags.clone()),
            vpc_id: g.vpc_id.clone(),
            id: g.nat_gateway_id.unwrap_or_default(),
        })
    }
}
