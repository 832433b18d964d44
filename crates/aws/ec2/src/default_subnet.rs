//! `aws_default_subnet`

use std::collections::BTreeSet;

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OptComputed, Resource, Tags, Token, async_trait, checks};

use crate::subnet::Subnet;
use crate::{ec2, filter};

/// The default VPC's own subnet of an availability zone, taken over; made when it is gone. A destroy only forgets it, unless
/// `force_destroy` is set.
#[derive(Clone, Resource)]
#[resource(name = "aws_default_subnet", version = 1, timeouts(create = "10m", delete = "20m"))]
pub(crate) struct DefaultSubnet {
    id: Id,
    /// ARN of the subnet.
    arn: Computed<String>,
    /// Gives new interfaces an IPv6 address.
    #[attr(default = false)]
    assign_ipv6_address_on_creation: bool,
    /// Zone by name.
    #[attr(force_new)]
    availability_zone: String,
    /// Zone by id.
    availability_zone_id: Computed<String>,
    /// IPv4 range.
    cidr_block: Computed<String>,
    /// Pool of addresses of an Outpost.
    #[attr(required_with(map_customer_owned_ip_on_launch))]
    customer_owned_ipv4_pool: Option<String>,
    /// Answers name queries with IPv6 addresses for IPv4-only destinations.
    #[attr(default = false)]
    enable_dns64: bool,
    /// Device position of local network interfaces.
    enable_lni_at_device_index: Computed<i64>,
    /// Gives resource names an A record.
    #[attr(default = false)]
    enable_resource_name_dns_a_record_on_launch: bool,
    /// Gives resource names an AAAA record.
    #[attr(default = false)]
    enable_resource_name_dns_aaaa_record_on_launch: bool,
    /// Whether the subnet was there already.
    existing_default_subnet: Computed<bool>,
    /// Deletes the subnet when the resource is destroyed.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// IPv6 range, of size /64.
    #[attr(check = checks::ipv6_cidr)]
    ipv6_cidr_block: OptComputed<String>,
    /// Id of the IPv6 range's association.
    ipv6_cidr_block_association_id: Computed<String>,
    /// A subnet without IPv4.
    #[attr(force_new, default = false)]
    ipv6_native: bool,
    /// Gives new interfaces an address of the Outpost's pool.
    #[attr(required_with(customer_owned_ipv4_pool, outpost_arn))]
    map_customer_owned_ip_on_launch: Option<bool>,
    /// Gives new interfaces a public IPv4 address.
    #[attr(default = true)]
    map_public_ip_on_launch: bool,
    /// The Outpost the subnet is on.
    outpost_arn: Computed<String>,
    /// Account that owns the subnet.
    owner_id: Computed<String>,
    /// Form of instances' host names.
    #[attr(one_of("ip-name", "resource-name"))]
    private_dns_hostname_type_on_launch: OptComputed<String>,
    /// Tags of the subnet.
    tags: Tags,
    /// The VPC.
    vpc_id: Computed<String>,
}

#[async_trait]
impl Resource for DefaultSubnet {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Default Subnet";
    // A zone has at most one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        if let Some(id) = find(cx, &want.availability_zone).await? {
            return Ok(Self { id, existing_default_subnet: Some(true), ..want });
        }
        let call = ec2(cx.api).create_default_subnet().availability_zone(&want.availability_zone);
        let made = call.set_ipv6_native(want.ipv6_native.then_some(true)).send().await.api()?;
        let id = made.subnet.and_then(|s| s.subnet_id).unwrap_or_default();
        Ok(Self { id, existing_default_subnet: Some(false), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let want = made.subnet();
        let Some(prior) = Subnet::read_many(cx, std::slice::from_ref(&want)).await?.pop().flatten() else {
            return Err(Error::not_found("the default subnet is gone"));
        };
        let set = |want: &Option<String>, prior: &Option<String>| want.is_some() && want != prior;
        let names = (
            want.enable_resource_name_dns_a_record_on_launch != prior.enable_resource_name_dns_a_record_on_launch,
            want.enable_resource_name_dns_aaaa_record_on_launch != prior.enable_resource_name_dns_aaaa_record_on_launch,
        );
        let changes = [
            (
                Subnet::ASSIGN_IPV6_ADDRESS_ON_CREATION,
                want.assign_ipv6_address_on_creation != prior.assign_ipv6_address_on_creation,
            ),
            (Subnet::CUSTOMER_OWNED_IPV4_POOL, set(&want.customer_owned_ipv4_pool, &prior.customer_owned_ipv4_pool)),
            (Subnet::ENABLE_DNS64, want.enable_dns64 != prior.enable_dns64),
            (Subnet::ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH, names.0),
            (Subnet::ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH, names.1),
            (Subnet::IPV6_CIDR_BLOCK, set(&want.ipv6_cidr_block, &prior.ipv6_cidr_block)),
            (Subnet::MAP_PUBLIC_IP_ON_LAUNCH, want.map_public_ip_on_launch != prior.map_public_ip_on_launch),
            (
                Subnet::PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH,
                set(&want.private_dns_hostname_type_on_launch, &prior.private_dns_hostname_type_on_launch),
            ),
        ];
        let mut changed: BTreeSet<&'static str> = changes.into_iter().filter(|(_, c)| *c).map(|(n, _)| n.0).collect();
        if want.tags != prior.tags {
            changed.insert("tags");
        }
        Subnet::update(cx, &prior, &want, &Changes(changed)).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let subnets: Vec<Subnet> = known.iter().map(Self::subnet).collect();
        let found = Subnet::read_many(cx, &subnets).await?;
        Ok(known.iter().zip(found).map(|(k, s)| s.map(|s| k.seen(s))).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        Subnet::update(cx, &prior.subnet(), &want.subnet(), changed).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.force_destroy == Some(true) { Subnet::delete(cx, &prior.subnet()).await } else { Ok(()) }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = find(cx, &want.availability_zone).await?;
        Ok(found.map(|id| Self { id, existing_default_subnet: Some(true), ..want.clone() }))
    }
}

async fn find(cx: &Cx<'_, Aws>, zone: &str) -> Result<Option<String>, Error> {
    let call = ec2(cx.api).describe_subnets().filters(filter("default-for-az", ["true"]));
    let found = call.filters(filter("availability-zone", [zone])).send().await.api()?;
    Ok(found.subnets().first().and_then(|s| s.subnet_id.clone()))
}

impl DefaultSubnet {
    /// As a subnet like any other.
    fn subnet(&self) -> Subnet {
        let k = self.clone();
        Subnet {
            id: k.id,
            arn: k.arn,
            assign_ipv6_address_on_creation: k.assign_ipv6_address_on_creation,
            availability_zone: Some(k.availability_zone),
            availability_zone_id: k.availability_zone_id,
            cidr_block: k.cidr_block,
            customer_owned_ipv4_pool: k.customer_owned_ipv4_pool,
            enable_dns64: k.enable_dns64,
            enable_lni_at_device_index: k.enable_lni_at_device_index,
            enable_resource_name_dns_a_record_on_launch: k.enable_resource_name_dns_a_record_on_launch,
            enable_resource_name_dns_aaaa_record_on_launch: k.enable_resource_name_dns_aaaa_record_on_launch,
            ipv6_cidr_block: k.ipv6_cidr_block,
            ipv6_cidr_block_association_id: k.ipv6_cidr_block_association_id,
            ipv6_native: k.ipv6_native,
            map_customer_owned_ip_on_launch: k.map_customer_owned_ip_on_launch,
            map_public_ip_on_launch: k.map_public_ip_on_launch,
            outpost_arn: k.outpost_arn,
            owner_id: k.owner_id,
            private_dns_hostname_type_on_launch: k.private_dns_hostname_type_on_launch,
            tags: k.tags,
            vpc_id: k.vpc_id.unwrap_or_default(),
        }
    }

    /// This object with what the service says of the subnet.
    fn seen(&self, s: Subnet) -> Self {
        Self {
            id: s.id,
            arn: s.arn,
            assign_ipv6_address_on_creation: s.assign_ipv6_address_on_creation,
            availability_zone: s.availability_zone.unwrap_or_default(),
            availability_zone_id: s.availability_zone_id,
            cidr_block: s.cidr_block,
            customer_owned_ipv4_pool: s.customer_owned_ipv4_pool,
            enable_dns64: s.enable_dns64,
            enable_lni_at_device_index: s.enable_lni_at_device_index,
            enable_resource_name_dns_a_record_on_launch: s.enable_resource_name_dns_a_record_on_launch,
            enable_resource_name_dns_aaaa_record_on_launch: s.enable_resource_name_dns_aaaa_record_on_launch,
            existing_default_subnet: self.existing_default_subnet,
            force_destroy: None,
            ipv6_cidr_block: s.ipv6_cidr_block,
            ipv6_cidr_block_association_id: s.ipv6_cidr_block_association_id,
            ipv6_native: s.ipv6_native,
            map_customer_owned_ip_on_launch: s.map_customer_owned_ip_on_launch,
            map_public_ip_on_launch: s.map_public_ip_on_launch,
            outpost_arn: s.outpost_arn,
            owner_id: s.owner_id,
            private_dns_hostname_type_on_launch: s.private_dns_hostname_type_on_launch,
            tags: s.tags,
            vpc_id: Some(s.vpc_id),
        }
    }
}
