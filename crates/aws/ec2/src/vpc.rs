//! `aws_vpc`

use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Tenancy, VpcAttributeName, VpcCidrBlockStateCode, VpcTenancy,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, OptComputed, Pace, PlanEdit, Resource, Seen, Tags, Token, async_trait, checks,
};

use crate::holders::{self, Held};
use crate::{ec2, filter, shared, tags, text};

/// A virtual network.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc", version = 1)]
pub(crate) struct Vpc {
    pub(crate) id: Id,
    /// ARN of the VPC.
    pub(crate) arn: Computed<String>,
    /// Asks for an IPv6 range of Amazon's.
    #[attr(conflicts_with(ipv6_ipam_pool_id), invalidates(ipv6_association_id, ipv6_cidr_block))]
    pub(crate) assign_generated_ipv6_cidr_block: Option<bool>,
    /// IPv4 range, unless it comes from an address pool.
    #[attr(force_new, check = checks::cidr, conflicts_with(ipv4_netmask_length))]
    pub(crate) cidr_block: OptComputed<String>,
    /// Network ACL of subnets without their own.
    pub(crate) default_network_acl_id: Computed<String>,
    /// Route table of subnets without their own, as it was at creation.
    pub(crate) default_route_table_id: Computed<String>,
    /// Security group of interfaces without their own.
    pub(crate) default_security_group_id: Computed<String>,
    /// DHCP options in use.
    pub(crate) dhcp_options_id: Computed<String>,
    /// Gives instances with a public address a public name.
    pub(crate) enable_dns_hostnames: OptComputed<bool>,
    /// Resolves names in the VPC.
    #[attr(default = true)]
    pub(crate) enable_dns_support: bool,
    /// Publishes address usage metrics.
    pub(crate) enable_network_address_usage_metrics: OptComputed<bool>,
    /// Whether instances run on hardware of their own. Only the way back to `default` is possible in place.
    #[attr(default = "default", one_of("default", "dedicated"))]
    pub(crate) instance_tenancy: String,
    /// Address pool that the IPv4 range comes from.
    #[attr(force_new, carry)]
    pub(crate) ipv4_ipam_pool_id: Option<String>,
    /// Size of the range taken from the pool.
    #[attr(force_new, carry, conflicts_with(cidr_block), required_with(ipv4_ipam_pool_id), range(0..=32))]
    pub(crate) ipv4_netmask_length: Option<i64>,
    /// Id of the IPv6 range's association.
    pub(crate) ipv6_association_id: Computed<String>,
    /// IPv6 range.
    #[attr(
        conflicts_with(assign_generated_ipv6_cidr_block, ipv6_netmask_length),
        required_with(ipv6_ipam_pool_id),
        check = checks::ipv6_cidr
    )]
    pub(crate) ipv6_cidr_block: OptComputed<String>,
    /// Group of zones that the IPv6 range is announced from.
    #[attr(required_with(assign_generated_ipv6_cidr_block))]
    pub(crate) ipv6_cidr_block_network_border_group: OptComputed<String>,
    /// Address pool that the IPv6 range comes from.
    #[attr(conflicts_with(assign_generated_ipv6_cidr_block))]
    pub(crate) ipv6_ipam_pool_id: Option<String>,
    /// Size of the IPv6 range taken from the pool.
    #[attr(carry, range(44..=60), conflicts_with(ipv6_cidr_block), required_with(ipv6_ipam_pool_id))]
    pub(crate) ipv6_netmask_length: Option<i64>,
    /// The main route table now.
    pub(crate) main_route_table_id: Computed<String>,
    /// Account that owns the VPC.
    pub(crate) owner_id: Computed<String>,
    /// Tags of the VPC.
    pub(crate) tags: Tags,
}

/// The address pool that stands for Amazon's own IPv6 ranges.
const AMAZON_POOL: &str = "Amazon";

#[async_trait]
impl Resource for Vpc {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_vpc()
            .set_cidr_block(want.cidr_block.clone())
            .set_amazon_provided_ipv6_cidr_block(want.assign_generated_ipv6_cidr_block)
            .instance_tenancy(Tenancy::from(want.instance_tenancy.as_str()))
            .set_ipv4_ipam_pool_id(want.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(want.ipv4_netmask_length.map(|n| n as i32))
            .set_ipv6_ipam_pool_id(want.ipv6_ipam_pool_id.clone())
            .set_ipv6_cidr_block(want.ipv6_cidr_block.clone())
            .set_ipv6_netmask_length(want.ipv6_netmask_length.filter(|n| *n > 0).map(|n| n as i32))
            .set_ipv6_cidr_block_network_border_group(want.ipv6_cidr_block_network_border_group.clone())
            .set_tag_specifications(tags::on_create(ResourceType::Vpc, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.vpc.and_then(|v| v.vpc_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the VPC to become available", Pace::QUICK, || async {
            let found = ec2(cx.api).describe_vpcs().filters(filter("vpc-id", [&made.id])).send().await.api()?;
            Ok(match found.vpcs().first().and_then(|v| v.state.as_ref()) {
                Some(s) if s.as_str() == "available" => Seen::Ready(()),
                state => Seen::Pending(state.map(|s| s.as_str().to_owned()).unwrap_or_default()),
            })
        })
        .await?;
        if made.assign_generated_ipv6_cidr_block == Some(true) || made.ipv6_ipam_pool_id.is_some() {
            made.wait_for_ipv6(cx).await?;
        }
        // The service's own defaults need no call. Host names need name resolution, so that comes first.
        if !made.enable_dns_support {
            made.set(cx, VpcAttributeName::EnableDnsSupport, false).await?;
        }
        if made.enable_dns_hostnames == Some(true) {
            made.set(cx, VpcAttributeName::EnableDnsHostnames, true).await?;
        }
        if made.enable_network_address_usage_metrics == Some(true) {
            made.set(cx, VpcAttributeName::EnableNetworkAddressUsageMetrics, true).await?;
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids: Vec<String> = known.iter().map(|v| v.id.clone()).collect();
        let client = ec2(cx.api);
        let vpcs = client.describe_vpcs().filters(filter("vpc-id", ids.clone())).into_paginator().items().send();
        let vpcs = vpcs.try_collect().await.api()?;
        if vpcs.is_empty() {
            return Ok(known.iter().map(|_| None).collect());
        }
        let tables = shared::all_route_tables(cx).await?;
        let tables = match tables {
            Some(all) => all.to_vec(),
            None => {
                let main = client.describe_route_tables().filters(filter("vpc-id", ids.clone()));
                let main = main.filters(filter("association.main", ["true"])).into_paginator().items().send();
                main.try_collect().await.api()?
            }
        };
        let main_tables: Vec<_> =
            tables.iter().filter(|t| t.associations().iter().any(|a| a.main() == Some(true))).collect();
        // Which group and ACL a VPC was made with never changes: asked for once.
        let fresh = |id: &Option<String>| id.as_deref().is_none_or(str::is_empty);
        let mut groups = Vec::new();
        if known.iter().any(|k| fresh(&k.default_security_group_id)) {
            let call = client.describe_security_groups().filters(filter("vpc-id", ids.clone()));
            let call = call.filters(filter("group-name", ["default"])).into_paginator().items().send();
            groups = call.try_collect().await.api()?;
        }
        let mut acls = Vec::new();
        if known.iter().any(|k| fresh(&k.default_network_acl_id)) {
            let call = client.describe_network_acls().filters(filter("vpc-id", ids));
            let call = call.filters(filter("default", ["true"])).into_paginator().items().send();
            acls = call.try_collect().await.api()?;
        }
        // Three attributes have no bulk read.
        let found: Vec<String> = vpcs.iter().filter_map(|v| v.vpc_id.clone()).collect();
        let flags = each(&found, |id| async move { flags(cx.api, &id).await.map(Some) }).await?;
        let objects = vpcs.into_iter().zip(flags).filter_map(|(vpc, flags)| {
            let id = vpc.vpc_id.clone()?;
            let [support, hostnames, metrics] = flags?;
            let prior = known.iter().find(|k| k.id == id)?;
            let of = |vpc: Option<&str>| vpc == Some(id.as_str());
            let ipv6 = prior.ipv6_of(vpc.ipv6_cidr_block_association_set());
            let owner = vpc.owner_id.unwrap_or_default();
            let main = main_tables.iter().find(|t| of(t.vpc_id())).and_then(|t| t.route_table_id.clone());
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("vpc/{id}"))),
                assign_generated_ipv6_cidr_block: Some(ipv6.pool.as_deref() == Some(AMAZON_POOL)),
                cidr_block: text(vpc.cidr_block),
                default_network_acl_id: prior
                    .default_network_acl_id
                    .clone()
                    .filter(|i| !i.is_empty())
                    .or_else(|| acls.iter().find(|a| of(a.vpc_id())).and_then(|a| a.network_acl_id.clone())),
                default_route_table_id: prior.default_route_table_id.clone().or_else(|| main.clone()),
                default_security_group_id: prior
                    .default_security_group_id
                    .clone()
                    .filter(|i| !i.is_empty())
                    .or_else(|| groups.iter().find(|g| of(g.vpc_id())).and_then(|g| g.group_id.clone())),
                dhcp_options_id: text(vpc.dhcp_options_id),
                enable_dns_hostnames: Some(hostnames),
                enable_dns_support: support,
                enable_network_address_usage_metrics: Some(metrics),
                instance_tenancy: vpc.instance_tenancy.map(|t| t.as_str().to_owned()).unwrap_or_default(),
                ipv4_ipam_pool_id: None,
                ipv4_netmask_length: None,
                ipv6_netmask_length: ipv6.id.is_none().then_some(0),
                ipv6_association_id: ipv6.id,
                ipv6_cidr_block: ipv6.cidr,
                ipv6_cidr_block_network_border_group: ipv6.border,
                ipv6_ipam_pool_id: ipv6.pool.filter(|p| p != AMAZON_POOL),
                main_route_table_id: main,
                owner_id: Some(owner),
                tags: tags::read(vpc.tags),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let id = &prior.id;
        let want = &Self { id: id.clone(), ..want.clone() };
        if changed.has(Self::ENABLE_DNS_SUPPORT) && want.enable_dns_support {
            want.set(cx, VpcAttributeName::EnableDnsSupport, true).await?;
        }
        if changed.has(Self::ENABLE_DNS_HOSTNAMES) {
            want.set(cx, VpcAttributeName::EnableDnsHostnames, want.enable_dns_hostnames == Some(true)).await?;
        }
        if changed.has(Self::ENABLE_DNS_SUPPORT) && !want.enable_dns_support {
            want.set(cx, VpcAttributeName::EnableDnsSupport, false).await?;
        }
        if changed.has(Self::ENABLE_NETWORK_ADDRESS_USAGE_METRICS) {
            let on = want.enable_network_address_usage_metrics == Some(true);
            want.set(cx, VpcAttributeName::EnableNetworkAddressUsageMetrics, on).await?;
        }
        if changed.has(Self::INSTANCE_TENANCY) {
            let call = ec2(cx.api).modify_vpc_tenancy().vpc_id(id).instance_tenancy(VpcTenancy::Default);
            call.send().await.api()?;
        }
        let ipv6 = [
            Self::ASSIGN_GENERATED_IPV6_CIDR_BLOCK,
            Self::IPV6_CIDR_BLOCK,
            Self::IPV6_CIDR_BLOCK_NETWORK_BORDER_GROUP,
            Self::IPV6_IPAM_POOL_ID,
            Self::IPV6_NETMASK_LENGTH,
        ];
        if changed.any(&ipv6) {
            want.change_ipv6(cx, prior).await?;
        }
        if changed.tags() {
            tags::update(cx.api, id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Interfaces of what was just deleted in it may take a while to go.
        let codes = ["DependencyViolation"];
        let limit = std::time::Duration::from_secs(5 * 60);
        let delete = || async { ec2(cx.api).delete_vpc().vpc_id(&prior.id).send().await.api().map(drop) };
        holders::released(cx, Held::Vpc(&prior.id), &codes, limit, delete).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        if edit.changes(Self::INSTANCE_TENANCY) && edit.planned(Self::INSTANCE_TENANCY).as_str() != Some("default") {
            edit.replace(Self::INSTANCE_TENANCY);
        }
    }
}

/// `enableDnsSupport`, `enableDnsHostnames`, `enableNetworkAddressUsageMetrics`.
pub(crate) async fn flags(aws: &Aws, id: &str) -> Result<[bool; 3], Error> {
    let names = [
        VpcAttributeName::EnableDnsSupport,
        VpcAttributeName::EnableDnsHostnames,
        VpcAttributeName::EnableNetworkAddressUsageMetrics,
    ];
    let mut out = [false; 3];
    let call = |name| ec2(aws).describe_vpc_attribute().vpc_id(id).attribute(name).send();
    let answers = each(&names, |name| async move { call(name).await.api().map(Some) }).await?;
    for (flag, answer) in out.iter_mut().zip(answers) {
        let answer = answer.ok_or_else(|| Error::not_found(format!("the VPC {id} is gone")))?;
        let value =
            answer.enable_dns_support.or(answer.enable_dns_hostnames).or(answer.enable_network_address_usage_metrics);
        *flag = value.and_then(|v| v.value).unwrap_or_default();
    }
    Ok(out)
}

/// The IPv6 range of a VPC.
#[derive(Default)]
struct Ipv6 {
    id: Option<String>,
    cidr: Option<String>,
    border: Option<String>,
    pool: Option<String>,
}

impl Vpc {
    /// The range this object knows, else the first that is associated.
    fn ipv6_of(&self, all: &[aws_sdk_ec2::types::VpcIpv6CidrBlockAssociation]) -> Ipv6 {
        let mut live = all
            .iter()
            .filter(|a| a.ipv6_cidr_block_state().and_then(|s| s.state()) == Some(&VpcCidrBlockStateCode::Associated));
        let known = live.clone().find(|a| a.association_id == self.ipv6_association_id && a.association_id.is_some());
        known.or_else(|| live.next()).map_or_else(Ipv6::default, |a| Ipv6 {
            id: a.association_id.clone(),
            cidr: a.ipv6_cidr_block.clone(),
            border: text(a.network_border_group.clone()),
            // moto names no pool for Amazon's own ranges.
            pool: Some(text(a.ipv6_pool.clone()).unwrap_or_else(|| AMAZON_POOL.to_owned())),
        })
    }

    async fn set(&self, cx: &Cx<'_, Aws>, name: VpcAttributeName, on: bool) -> Result<(), Error> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let call = ec2(cx.api).modify_vpc_attribute().vpc_id(&self.id);
        let call = match name {
            VpcAttributeName::EnableDnsSupport => call.enable_dns_support(value),
            VpcAttributeName::EnableDnsHostnames => call.enable_dns_hostnames(value),
            _ => call.enable_network_address_usage_metrics(value),
        };
        call.send().await.api()?;
        // The change shows with a delay.
        cx.wait(name.as_str(), Pace::QUICK, || async {
            let [support, hostnames, metrics] = flags(cx.api, &self.id).await?;
            let now = match name {
                VpcAttributeName::EnableDnsSupport => support,
                VpcAttributeName::EnableDnsHostnames => hostnames,
                _ => metrics,
            };
            Ok(if now == on { Seen::Ready(()) } else { Seen::Pending(now.to_string()) })
        })
        .await
    }

    async fn wait_for_ipv6(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the IPv6 range to be associated", Pace::QUICK, || async {
            let found = ec2(cx.api).describe_vpcs().filters(filter("vpc-id", [&self.id])).send().await.api()?;
            let ipv6 =
                self.ipv6_of(found.vpcs().first().map(|v| v.ipv6_cidr_block_association_set()).unwrap_or_default());
            Ok(if ipv6.id.is_some() { Seen::Ready(()) } else { Seen::Pending("associating".into()) })
        })
        .await
    }

    async fn change_ipv6(&self, cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if let Some(id) = &prior.ipv6_association_id {
            ec2(cx.api).disassociate_vpc_cidr_block().association_id(id).send().await.api()?;
        }
        let generated = self.assign_generated_ipv6_cidr_block == Some(true);
        if !generated && self.ipv6_ipam_pool_id.is_none() {
            return Ok(());
        }
        ec2(cx.api)
            .associate_vpc_cidr_block()
            .vpc_id(&self.id)
            .set_amazon_provided_ipv6_cidr_block(generated.then_some(true))
            .set_ipv6_cidr_block(self.ipv6_cidr_block.clone().filter(|_| !generated))
            .set_ipv6_cidr_block_network_border_group(self.ipv6_cidr_block_network_border_group.clone())
            .set_ipv6_ipam_pool_id(self.ipv6_ipam_pool_id.clone())
            .set_ipv6_netmask_length(self.ipv6_netmask_length.filter(|n| *n > 0).map(|n| n as i32))
            .send()
            .await
            .api()?;
        Self { ipv6_association_id: None, ..self.clone() }.wait_for_ipv6(cx).await
    }
}
