//! `aws_eip`

use std::collections::HashMap;

use aws_sdk_ec2::types::{AddressAttributeName, DomainType, ResourceType};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OPERATION_TAG, OptComputed, Resource, Tags, Token, async_trait};

use crate::{ec2, filter, tags, text};

/// A public IPv4 address that stays.
#[derive(Clone, Resource)]
#[resource(name = "aws_eip", timeouts(delete = "3m", read = "15m", update = "5m"))]
pub(crate) struct Eip {
    id: Id,
    /// A certain address of one's own pool.
    #[attr(force_new, carry)]
    address: Option<String>,
    /// Id of the allocation, the same as `id`.
    allocation_id: Computed<String>,
    /// ARN of the address.
    arn: Computed<String>,
    /// Private address to associate with, when the interface has several.
    #[attr(carry)]
    associate_with_private_ip: Option<String>,
    /// Id of the association with an instance or interface.
    association_id: Computed<String>,
    /// Address of the carrier network.
    carrier_ip: Computed<String>,
    /// Address of the Outpost's pool.
    customer_owned_ip: Computed<String>,
    /// Pool of an Outpost.
    customer_owned_ipv4_pool: Option<String>,
    /// `vpc`
    #[attr(force_new, one_of("vpc", "standard"), conflicts_with(vpc))]
    domain: OptComputed<String>,
    /// Instance to associate with.
    instance: OptComputed<String>,
    /// Pool to allocate from.
    #[attr(force_new, carry)]
    ipam_pool_id: OptComputed<String>,
    /// Group of zones that the address is announced from.
    #[attr(force_new)]
    network_border_group: OptComputed<String>,
    /// Network interface to associate with.
    network_interface: OptComputed<String>,
    /// Name of the private address.
    #[attr(keep_null)]
    private_dns: Computed<String>,
    /// Private address it is associated with.
    private_ip: Computed<String>,
    /// Reverse name.
    ptr_record: Computed<String>,
    /// Name of the public address.
    public_dns: Computed<String>,
    /// The address.
    public_ip: Computed<String>,
    /// Pool that the address comes from.
    #[attr(force_new)]
    public_ipv4_pool: OptComputed<String>,
    /// Tags of the address.
    tags: Tags,
    /// Whether the address is for VPCs.
    #[attr(force_new, conflicts_with(domain), deprecated = "Use domain = \"vpc\" instead.")]
    vpc: OptComputed<bool>,
}

#[async_trait]
impl Resource for Eip {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 EIP";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .allocate_address()
            .domain(DomainType::from(want.domain.as_deref().unwrap_or("vpc")))
            .set_address(want.address.clone())
            .set_customer_owned_ipv4_pool(want.customer_owned_ipv4_pool.clone())
            .set_ipam_pool_id(want.ipam_pool_id.clone())
            .set_network_border_group(want.network_border_group.clone())
            .set_public_ipv4_pool(want.public_ipv4_pool.clone())
            .set_tag_specifications(tags::on_create(ResourceType::ElasticIp, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.allocation_id.unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        if made.instance.is_some() || made.network_interface.is_some() { made.associate(cx).await } else { Ok(()) }
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids: Vec<String> = known.iter().map(|e| e.id.clone()).collect();
        let found = ec2(cx.api).describe_addresses().filters(filter("allocation-id", ids)).send().await.api()?;
        let found = found.addresses.unwrap_or_default();
        if found.is_empty() {
            return Ok(known.iter().map(|_| None).collect());
        }
        let account = cx.api.account().await?;
        let ids = found.iter().filter_map(|a| a.allocation_id.clone()).collect();
        let names = ec2(cx.api).describe_addresses_attribute().set_allocation_ids(Some(ids));
        let names = names.attribute(AddressAttributeName::DomainName).into_paginator().items().send();
        let mut names: HashMap<String, String> = names
            .try_collect()
            .await
            .api()?
            .into_iter()
            .filter_map(|a| Some((a.allocation_id?, a.ptr_record?)))
            .collect();
        let objects = found.into_iter().filter_map(|a| {
            let id = a.allocation_id?;
            let domain = a.domain.map(|d| d.as_str().to_owned());
            let private_ip = text(a.private_ip_address);
            let object = Self {
                address: None,
                allocation_id: Some(id.clone()),
                arn: Some(cx.api.arn("ec2", &account, &format!("elastic-ip/{id}"))),
                associate_with_private_ip: None,
                association_id: a.association_id,
                carrier_ip: a.carrier_ip,
                customer_owned_ip: a.customer_owned_ip,
                customer_owned_ipv4_pool: a.customer_owned_ipv4_pool,
                vpc: Some(domain.as_deref() == Some("vpc")),
                domain,
                instance: a.instance_id,
                ipam_pool_id: None,
                network_border_group: a.network_border_group,
                network_interface: a.network_interface_id,
                private_dns: private_ip.as_ref().map(|ip| private_name(cx.api.region(), ip)),
                private_ip,
                ptr_record: names.remove(&id),
                public_dns: a.public_ip.as_ref().map(|ip| public_name(cx.api, ip)),
                public_ip: a.public_ip,
                public_ipv4_pool: a.public_ipv4_pool,
                tags: tags::read(a.tags),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        if changed.any(&[Self::INSTANCE, Self::NETWORK_INTERFACE, Self::ASSOCIATE_WITH_PRIVATE_IP]) {
            disassociate(cx, prior).await?;
            if want.instance.is_some() || want.network_interface.is_some() {
                want.associate(cx).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Only an association that this object made is its own to end: a NAT gateway's ends with the gateway.
        if prior.instance.is_some() || prior.network_interface.is_some() {
            disassociate(cx, prior).await?;
        }
        let group = prior.network_border_group.clone();
        cx.retry_on(&["InvalidIPAddress.InUse"], cx.remaining(), || async {
            let call = ec2(cx.api).release_address().allocation_id(&prior.id).set_network_border_group(group.clone());
            call.send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        // DescribeTags is late for addresses.
        let token = filter(&format!("tag:{OPERATION_TAG}"), [cx.token()]);
        let found = ec2(cx.api).describe_addresses().filters(token).send().await.api()?;
        let id = found.addresses().first().and_then(|a| a.allocation_id.clone());
        Ok(id.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

impl Eip {
    async fn associate(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        // The address may not be visible yet, the instance not running yet.
        let codes = ["InvalidAllocationID.NotFound", "InvalidInstanceID"];
        cx.retry_on(&codes, cx.remaining(), || async {
            ec2(cx.api)
                .associate_address()
                .allocation_id(&self.id)
                .set_instance_id(self.instance.clone())
                .set_network_interface_id(self.network_interface.clone())
                .set_private_ip_address(self.associate_with_private_ip.clone())
                .send()
                .await
                .api()
                .map(drop)
        })
        .await
    }
}

async fn disassociate(cx: &Cx<'_, Aws>, prior: &Eip) -> Result<(), Error> {
    let Some(id) = &prior.association_id else { return Ok(()) };
    match ec2(cx.api).disassociate_address().association_id(id).send().await.api() {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}

/// `ec2-203-0-113-25.eu-west-1.compute.amazonaws.com`
fn public_name(aws: &Aws, ip: &str) -> String {
    let zone = if aws.region() == "us-east-1" { "compute-1".to_owned() } else { format!("{}.compute", aws.region()) };
    format!("ec2-{}.{zone}.{}", ip.replace('.', "-"), aws.dns_suffix())
}

/// `ip-10-0-0-1.eu-west-1.compute.internal`
fn private_name(region: &str, ip: &str) -> String {
    let zone = if region == "us-east-1" { "ec2".to_owned() } else { format!("{region}.compute") };
    format!("ip-{}.{zone}.internal", ip.replace('.', "-"))
}
