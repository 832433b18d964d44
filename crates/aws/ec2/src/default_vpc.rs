//! `aws_default_vpc`

use std::collections::BTreeSet;

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OptComputed, Resource, Tags, Token, async_trait};

use crate::vpc::Vpc;
use crate::{ec2, filter};

/// The VPC that a region comes with, taken over; made when it is gone. A destroy only forgets it, unless `force_destroy` is set.
#[derive(Clone, Resource)]
#[resource(name = "aws_default_vpc", version = 1)]
pub(crate) struct DefaultVpc {
    id: Id,
    /// ARN of the VPC.
    arn: Computed<String>,
    /// Asks for an IPv6 range of Amazon's.
    #[attr(conflicts_with(ipv6_ipam_pool_id))]
    assign_generated_ipv6_cidr_block: Option<bool>,
    /// IPv4 range.
    cidr_block: Computed<String>,
    /// Network ACL of subnets without their own.
    default_network_acl_id: Computed<String>,
    /// Route table of subnets without their own, as it was at creation.
    default_route_table_id: Computed<String>,
    /// Security group of interfaces without their own.
    default_security_group_id: Computed<String>,
    /// DHCP options in use.
    dhcp_options_id: Computed<String>,
    /// Gives instances with a public address a public name.
    #[attr(default = true)]
    enable_dns_hostnames: bool,
    /// Resolves names in the VPC.
    #[attr(default = true)]
    enable_dns_support: bool,
    /// Publishes address usage metrics.
    enable_network_address_usage_metrics: OptComputed<bool>,
    /// Whether the VPC was there already.
    existing_default_vpc: Computed<bool>,
    /// Deletes the VPC when the resource is destroyed.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// Whether instances run on hardware of their own.
    instance_tenancy: Computed<String>,
    /// Id of the IPv6 range's association.
    ipv6_association_id: Computed<String>,
    /// IPv6 range.
    #[attr(conflicts_with(assign_generated_ipv6_cidr_block, ipv6_netmask_length), required_with(ipv6_ipam_pool_id), check = sdt_provider::checks::ipv6_cidr)]
    ipv6_cidr_block: OptComputed<String>,
    /// Group of zones that the IPv6 range is announced from.
    #[attr(required_with(assign_generated_ipv6_cidr_block))]
    ipv6_cidr_block_network_border_group: OptComputed<String>,
    /// Address pool that the IPv6 range comes from.
    #[attr(conflicts_with(assign_generated_ipv6_cidr_block))]
    ipv6_ipam_pool_id: Option<String>,
    /// Size of the IPv6 range taken from the pool.
    #[attr(carry, range(44..=60), conflicts_with(ipv6_cidr_block), required_with(ipv6_ipam_pool_id))]
    ipv6_netmask_length: Option<i64>,
    /// The main route table now.
    main_route_table_id: Computed<String>,
    /// Account that owns the VPC.
    owner_id: Computed<String>,
    /// Tags of the VPC.
    tags: Tags,
}

#[async_trait]
impl Resource for DefaultVpc {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Default VPC";
    // There is at most one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        if let Some(id) = find(cx).await? {
            return Ok(Self { id, existing_default_vpc: Some(true), ..want });
        }
        let made = ec2(cx.api).create_default_vpc().send().await.api()?;
        let id = made.vpc.and_then(|v| v.vpc_id).unwrap_or_default();
        Ok(Self { id, existing_default_vpc: Some(false), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let want = made.vpc();
        let Some(prior) = Vpc::read_many(cx, std::slice::from_ref(&want)).await?.pop().flatten() else {
            return Err(Error::not_found("the default VPC is gone"));
        };
        let metrics = want.enable_network_address_usage_metrics;
        let generated = want.assign_generated_ipv6_cidr_block == Some(true);
        let pool = want.ipv6_ipam_pool_id.is_some() && want.ipv6_ipam_pool_id != prior.ipv6_ipam_pool_id;
        let changes = [
            (Vpc::ENABLE_DNS_HOSTNAMES, want.enable_dns_hostnames != prior.enable_dns_hostnames),
            (Vpc::ENABLE_DNS_SUPPORT, want.enable_dns_support != prior.enable_dns_support),
            (
                Vpc::ENABLE_NETWORK_ADDRESS_USAGE_METRICS,
                metrics.is_some() && metrics != prior.enable_network_address_usage_metrics,
            ),
            (Vpc::ASSIGN_GENERATED_IPV6_CIDR_BLOCK, generated && prior.assign_generated_ipv6_cidr_block != Some(true)),
            (Vpc::IPV6_IPAM_POOL_ID, pool),
        ];
        let mut changed: BTreeSet<&'static str> = changes.into_iter().filter(|(_, c)| *c).map(|(n, _)| n.0).collect();
        if want.tags != prior.tags {
            changed.insert("tags");
        }
        Vpc::update(cx, &prior, &want, &Changes(changed)).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let vpcs: Vec<Vpc> = known.iter().map(Self::vpc).collect();
        let found = Vpc::read_many(cx, &vpcs).await?;
        Ok(known.iter().zip(found).map(|(k, v)| v.map(|v| k.seen(v))).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        Vpc::update(cx, &prior.vpc(), &want.vpc(), changed).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.force_destroy == Some(true) { Vpc::delete(cx, &prior.vpc()).await } else { Ok(()) }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(find(cx).await?.map(|id| Self { id, existing_default_vpc: Some(true), ..want.clone() }))
    }
}

/// The default VPC of the region.
pub(crate) async fn find(cx: &Cx<'_, Aws>) -> Result<Option<String>, Error> {
    let found = ec2(cx.api).describe_vpcs().filters(filter("is-default", ["true"])).send().await.api()?;
    Ok(found.vpcs().first().and_then(|v| v.vpc_id.clone()))
}

impl DefaultVpc {
    /// As a VPC like any other.
    fn vpc(&self) -> Vpc {
        let k = self.clone();
        Vpc {
            id: k.id,
            arn: k.arn,
            assign_generated_ipv6_cidr_block: k.assign_generated_ipv6_cidr_block,
            cidr_block: k.cidr_block,
            default_network_acl_id: k.default_network_acl_id,
            default_route_table_id: k.default_route_table_id,
            default_security_group_id: k.default_security_group_id,
            dhcp_options_id: k.dhcp_options_id,
            enable_dns_hostnames: Some(k.enable_dns_hostnames),
            enable_dns_support: k.enable_dns_support,
            enable_network_address_usage_metrics: k.enable_network_address_usage_metrics,
            instance_tenancy: k.instance_tenancy.unwrap_or_default(),
            ipv4_ipam_pool_id: None,
            ipv4_netmask_length: None,
            ipv6_association_id: k.ipv6_association_id,
            ipv6_cidr_block: k.ipv6_cidr_block,
            ipv6_cidr_block_network_border_group: k.ipv6_cidr_block_network_border_group,
            ipv6_ipam_pool_id: k.ipv6_ipam_pool_id,
            ipv6_netmask_length: k.ipv6_netmask_length,
            main_route_table_id: k.main_route_table_id,
            owner_id: k.owner_id,
            tags: k.tags,
        }
    }

    /// This object with what the service says of the VPC.
    fn seen(&self, v: Vpc) -> Self {
        Self {
            id: v.id,
            arn: v.arn,
            assign_generated_ipv6_cidr_block: v.assign_generated_ipv6_cidr_block,
            cidr_block: v.cidr_block,
            default_network_acl_id: v.default_network_acl_id,
            default_route_table_id: v.default_route_table_id,
            default_security_group_id: v.default_security_group_id,
            dhcp_options_id: v.dhcp_options_id,
            enable_dns_hostnames: v.enable_dns_hostnames == Some(true),
            enable_dns_support: v.enable_dns_support,
            enable_network_address_usage_metrics: v.enable_network_address_usage_metrics,
            existing_default_vpc: self.existing_default_vpc,
            force_destroy: None,
            instance_tenancy: Some(v.instance_tenancy),
            ipv6_association_id: v.ipv6_association_id,
            ipv6_cidr_block: v.ipv6_cidr_block,
            ipv6_cidr_block_network_border_group: v.ipv6_cidr_block_network_border_group,
            ipv6_ipam_pool_id: v.ipv6_ipam_pool_id,
            ipv6_netmask_length: v.ipv6_netmask_length,
            main_route_table_id: v.main_route_table_id,
            owner_id: v.owner_id,
            tags: v.tags,
        }
    }
}
