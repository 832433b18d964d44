//! `aws_subnet`

use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder;
use aws_sdk_ec2::types::{AttributeBooleanValue, HostnameType, ResourceType, SubnetCidrBlockStateCode};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Changes, Complaint, Computed, Cx, Error, Id, Name, OptComputed, Pace, Path, Resource, Seen, Tags, Token, Value,
    async_trait, checks, invalid,
};

use crate::holders::{self, Held};
use crate::{ec2, filter, tags, text};

/// A range of a VPC's addresses in one availability zone.
#[derive(Clone, Resource)]
#[resource(name = "aws_subnet", version = 1, timeouts(create = "10m", delete = "20m"))]
pub(crate) struct Subnet {
    pub(crate) id: Id,
    /// ARN of the subnet.
    pub(crate) arn: Computed<String>,
    /// Gives new interfaces an IPv6 address.
    #[attr(default = false)]
    pub(crate) assign_ipv6_address_on_creation: bool,
    /// Zone by name.
    #[attr(force_new, conflicts_with(availability_zone_id))]
    pub(crate) availability_zone: OptComputed<String>,
    /// Zone by id, which is the same in every account.
    #[attr(force_new, conflicts_with(availability_zone))]
    pub(crate) availability_zone_id: OptComputed<String>,
    /// IPv4 range.
    #[attr(force_new, check = checks::cidr)]
    pub(crate) cidr_block: Option<String>,
    /// Pool of addresses of an Outpost.
    #[attr(required_with(map_customer_owned_ip_on_launch, outpost_arn))]
    pub(crate) customer_owned_ipv4_pool: Option<String>,
    /// Answers name queries with IPv6 addresses for IPv4-only destinations.
    #[attr(default = false)]
    pub(crate) enable_dns64: bool,
    /// Device position of local network interfaces.
    pub(crate) enable_lni_at_device_index: Option<i64>,
    /// Gives resource names an A record.
    #[attr(default = false)]
    pub(crate) enable_resource_name_dns_a_record_on_launch: bool,
    /// Gives resource names an AAAA record.
    #[attr(default = false)]
    pub(crate) enable_resource_name_dns_aaaa_record_on_launch: bool,
    /// IPv6 range, of size /64.
    #[attr(check = checks::ipv6_cidr)]
    pub(crate) ipv6_cidr_block: Option<String>,
    /// Id of the IPv6 range's association.
    pub(crate) ipv6_cidr_block_association_id: Computed<String>,
    /// A subnet without IPv4.
    #[attr(force_new, default = false)]
    pub(crate) ipv6_native: bool,
    /// Gives new interfaces an address of the Outpost's pool.
    #[attr(required_with(customer_owned_ipv4_pool, outpost_arn))]
    pub(crate) map_customer_owned_ip_on_launch: Option<bool>,
    /// Gives new interfaces a public IPv4 address.
    #[attr(default = false)]
    pub(crate) map_public_ip_on_launch: bool,
    /// The Outpost the subnet is on.
    #[attr(force_new, check = checks::arn)]
    pub(crate) outpost_arn: Option<String>,
    /// Account that owns the subnet.
    pub(crate) owner_id: Computed<String>,
    /// Form of instances' host names.
    #[attr(one_of("ip-name", "resource-name"))]
    pub(crate) private_dns_hostname_type_on_launch: OptComputed<String>,
    /// Tags of the subnet.
    pub(crate) tags: Tags,
    /// The VPC.
    #[attr(force_new)]
    pub(crate) vpc_id: String,
}

#[async_trait]
impl Resource for Subnet {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Subnet";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_subnet()
            .vpc_id(&want.vpc_id)
            .set_availability_zone(want.availability_zone.clone())
            .set_availability_zone_id(want.availability_zone_id.clone())
            .set_cidr_block(want.cidr_block.clone())
            .set_ipv6_cidr_block(want.ipv6_cidr_block.clone())
            .set_ipv6_native(want.ipv6_native.then_some(true))
            .set_outpost_arn(want.outpost_arn.clone())
            .set_tag_specifications(tags::on_create(ResourceType::Subnet, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.subnet.and_then(|s| s.subnet_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let what = "the subnet to become available";
        let found = made.wait(cx, what, |s| s.state.as_ref().is_some_and(|s| s.as_str() == "available")).await?;
        let public = found.map_public_ip_on_launch == Some(true);
        // What differs from the service's own defaults, one attribute a call.
        let wanted = [
            (Self::ASSIGN_IPV6_ADDRESS_ON_CREATION, made.assign_ipv6_address_on_creation),
            (Self::CUSTOMER_OWNED_IPV4_POOL, made.customer_owned_ipv4_pool.is_some()),
            (Self::ENABLE_DNS64, made.enable_dns64),
            (Self::ENABLE_LNI_AT_DEVICE_INDEX, made.enable_lni_at_device_index.is_some_and(|n| n > 0)),
            (Self::ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH, made.enable_resource_name_dns_a_record_on_launch),
            (Self::ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH, made.enable_resource_name_dns_aaaa_record_on_launch),
            (Self::MAP_PUBLIC_IP_ON_LAUNCH, made.map_public_ip_on_launch != public),
            (Self::PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH, made.private_dns_hostname_type_on_launch.is_some()),
        ];
        made.modify(cx, &wanted.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect::<Vec<_>>()).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|s| s.id.clone());
        let found = ec2(cx.api).describe_subnets().filters(filter("subnet-id", ids)).into_paginator().items().send();
        let objects = found.try_collect().await.api()?.into_iter().filter_map(|s| {
            let id = s.subnet_id?;
            let ipv6 = s.ipv6_cidr_block_association_set.unwrap_or_default().into_iter().find(|a| {
                a.ipv6_cidr_block_state().and_then(|s| s.state()) == Some(&SubnetCidrBlockStateCode::Associated)
            });
            let (association, range) = ipv6.map(|a| (a.association_id, a.ipv6_cidr_block)).unwrap_or_default();
            let names = s.private_dns_name_options_on_launch;
            let object = Self {
                arn: s.subnet_arn,
                assign_ipv6_address_on_creation: s.assign_ipv6_address_on_creation.unwrap_or_default(),
                availability_zone: s.availability_zone,
                availability_zone_id: s.availability_zone_id,
                cidr_block: text(s.cidr_block),
                customer_owned_ipv4_pool: text(s.customer_owned_ipv4_pool),
                enable_dns64: s.enable_dns64.unwrap_or_default(),
                enable_lni_at_device_index: s.enable_lni_at_device_index.map(i64::from),
                enable_resource_name_dns_a_record_on_launch: names
                    .as_ref()
                    .and_then(|n| n.enable_resource_name_dns_a_record)
                    .unwrap_or_default(),
                enable_resource_name_dns_aaaa_record_on_launch: names
                    .as_ref()
                    .and_then(|n| n.enable_resource_name_dns_aaaa_record)
                    .unwrap_or_default(),
                ipv6_cidr_block: range,
                ipv6_cidr_block_association_id: association,
                ipv6_native: s.ipv6_native.unwrap_or_default(),
                map_customer_owned_ip_on_launch: s.map_customer_owned_ip_on_launch,
                map_public_ip_on_launch: s.map_public_ip_on_launch.unwrap_or_default(),
                outpost_arn: text(s.outpost_arn),
                owner_id: s.owner_id,
                private_dns_hostname_type_on_launch: names.and_then(|n| n.hostname_type).map(|t| t.as_str().to_owned()),
                tags: tags::read(s.tags),
                vpc_id: s.vpc_id.unwrap_or_default(),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        let assigns = changed.has(Self::ASSIGN_IPV6_ADDRESS_ON_CREATION);
        // Addresses are only given from a range that is there: switch off before it goes, on after it came.
        if assigns && !want.assign_ipv6_address_on_creation {
            want.modify(cx, &[Self::ASSIGN_IPV6_ADDRESS_ON_CREATION]).await?;
        }
        if changed.has(Self::IPV6_CIDR_BLOCK) {
            want.change_ipv6(cx, prior).await?;
        }
        let attributes = [
            Self::CUSTOMER_OWNED_IPV4_POOL,
            Self::ENABLE_DNS64,
            Self::ENABLE_LNI_AT_DEVICE_INDEX,
            Self::ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH,
            Self::ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH,
            Self::MAP_PUBLIC_IP_ON_LAUNCH,
            Self::PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH,
        ];
        want.modify(cx, &attributes.into_iter().filter(|a| changed.has(*a)).collect::<Vec<_>>()).await?;
        if assigns && want.assign_ipv6_address_on_creation {
            want.modify(cx, &[Self::ASSIGN_IPV6_ADDRESS_ON_CREATION]).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &want.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Interfaces of what was just deleted in it may take a while to go.
        let delete = || async { ec2(cx.api).delete_subnet().subnet_id(&prior.id).send().await.api().map(drop) };
        let codes = ["DependencyViolation"];
        holders::released(cx, Held::Subnet(&prior.id), &codes, cx.remaining(), delete).await
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let index = config.get(Self::ENABLE_LNI_AT_DEVICE_INDEX.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        if index != Some(0) {
            return Vec::new();
        }
        let path = Path::root().attr(Self::ENABLE_LNI_AT_DEVICE_INDEX.0);
        let detail = "expected enable_lni_at_device_index not to be 0: that is the primary interface".to_owned();
        vec![invalid(path, "Invalid value for an argument", detail)]
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

impl Subnet {
    /// Waits until the subnet is as `wanted`.
    async fn wait(
        &self,
        cx: &Cx<'_, Aws>,
        what: &str,
        wanted: impl Fn(&aws_sdk_ec2::types::Subnet) -> bool + Send + Sync,
    ) -> Result<aws_sdk_ec2::types::Subnet, Error> {
        let wanted = &wanted;
        cx.wait(what, Pace::QUICK, || async move {
            let found = ec2(cx.api).describe_subnets().filters(filter("subnet-id", [&self.id])).send().await.api()?;
            let found = found.subnets.unwrap_or_default().into_iter().next().filter(wanted);
            Ok(found.map_or_else(|| Seen::Pending(String::new()), Seen::Ready))
        })
        .await
    }

    /// Sets attributes to what this object says: the API takes one a call.
    async fn modify(&self, cx: &Cx<'_, Aws>, names: &[Name]) -> Result<(), Error> {
        let flag = |on: bool| AttributeBooleanValue::builder().value(on).build();
        for name in names {
            let call: ModifySubnetAttributeFluentBuilder = ec2(cx.api).modify_subnet_attribute().subnet_id(&self.id);
            let call = match *name {
                Self::ASSIGN_IPV6_ADDRESS_ON_CREATION => {
                    call.assign_ipv6_address_on_creation(flag(self.assign_ipv6_address_on_creation))
                }
                Self::CUSTOMER_OWNED_IPV4_POOL => call
                    .set_customer_owned_ipv4_pool(self.customer_owned_ipv4_pool.clone())
                    .map_customer_owned_ip_on_launch(flag(self.map_customer_owned_ip_on_launch == Some(true))),
                Self::ENABLE_DNS64 => call.enable_dns64(flag(self.enable_dns64)),
                Self::ENABLE_LNI_AT_DEVICE_INDEX => match self.enable_lni_at_device_index {
                    Some(n) if n > 0 => call.enable_lni_at_device_index(n as i32),
                    _ => call.disable_lni_at_device_index(flag(true)),
                },
                Self::ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH => call.enable_resource_name_dns_a_record_on_launch(
                    flag(self.enable_resource_name_dns_a_record_on_launch),
                ),
                Self::ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH => call
                    .enable_resource_name_dns_aaaa_record_on_launch(flag(
                        self.enable_resource_name_dns_aaaa_record_on_launch,
                    )),
                Self::MAP_PUBLIC_IP_ON_LAUNCH => call.map_public_ip_on_launch(flag(self.map_public_ip_on_launch)),
                Self::PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH => call.set_private_dns_hostname_type_on_launch(
                    self.private_dns_hostname_type_on_launch.as_deref().map(HostnameType::from),
                ),
                _ => continue,
            };
            call.send().await.api()?;
            if *name == Self::MAP_PUBLIC_IP_ON_LAUNCH {
                let on = self.map_public_ip_on_launch;
                self.wait(cx, "map_public_ip_on_launch", move |s| s.map_public_ip_on_launch == Some(on)).await?;
            }
        }
        Ok(())
    }

    async fn change_ipv6(&self, cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if let Some(id) = &prior.ipv6_cidr_block_association_id {
            ec2(cx.api).disassociate_subnet_cidr_block().association_id(id).send().await.api()?;
        }
        let Some(range) = &self.ipv6_cidr_block else { return Ok(()) };
        ec2(cx.api).associate_subnet_cidr_block().subnet_id(&self.id).ipv6_cidr_block(range).send().await.api()?;
        self.wait(cx, "the IPv6 range to be associated", |s| {
            s.ipv6_cidr_block_association_set().iter().any(|a| {
                a.ipv6_cidr_block() == Some(range)
                    && a.ipv6_cidr_block_state().and_then(|s| s.state()) == Some(&SubnetCidrBlockStateCode::Associated)
            })
        })
        .await
        .map(drop)
    }
}
