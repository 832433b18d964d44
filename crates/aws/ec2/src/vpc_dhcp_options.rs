//! `aws_vpc_dhcp_options`

use aws_sdk_ec2::types::{DhcpConfiguration, NewDhcpConfiguration, ResourceType};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Resource, Tags, Token, async_trait};

use crate::{ec2, filter, tags};

/// What instances of a VPC hear by DHCP.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_dhcp_options")]
pub(crate) struct VpcDhcpOptions {
    id: Id,
    /// ARN of the options.
    arn: Computed<String>,
    /// Domain that names are completed with.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    domain_name: Option<String>,
    /// Name servers, or `AmazonProvidedDNS`.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    domain_name_servers: Option<Vec<String>>,
    /// Seconds after which an IPv6 lease is renewed.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    ipv6_address_preferred_lease_time: Option<String>,
    /// NetBIOS name servers.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    netbios_name_servers: Option<Vec<String>>,
    /// NetBIOS node type.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    netbios_node_type: Option<String>,
    /// Time servers.
    #[attr(
        force_new,
        at_least_one_of(
            domain_name,
            domain_name_servers,
            ipv6_address_preferred_lease_time,
            netbios_name_servers,
            netbios_node_type,
            ntp_servers
        )
    )]
    ntp_servers: Option<Vec<String>>,
    /// Account that owns the options.
    owner_id: Computed<String>,
    /// Tags of the options.
    tags: Tags,
}

#[async_trait]
impl Resource for VpcDhcpOptions {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 DHCP Options Set";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let one = |v: &Option<String>| v.clone().into_iter().collect::<Vec<_>>();
        let all = |v: &Option<Vec<String>>| v.clone().unwrap_or_default();
        let options = [
            ("domain-name", one(&want.domain_name)),
            ("domain-name-servers", all(&want.domain_name_servers)),
            ("ipv6-address-preferred-lease-time", one(&want.ipv6_address_preferred_lease_time)),
            ("netbios-name-servers", all(&want.netbios_name_servers)),
            ("netbios-node-type", one(&want.netbios_node_type)),
            ("ntp-servers", all(&want.ntp_servers)),
        ];
        let options = options.into_iter().filter(|(_, values)| !values.is_empty());
        let options = options.map(|(k, v)| NewDhcpConfiguration::builder().key(k).set_values(Some(v)).build());
        let made = ec2(cx.api)
            .create_dhcp_options()
            .set_dhcp_configurations(Some(options.collect()))
            .set_tag_specifications(tags::on_create(ResourceType::DhcpOptions, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.dhcp_options.and_then(|o| o.dhcp_options_id).unwrap_or_default(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|k| k.id.clone());
        let found = ec2(cx.api).describe_dhcp_options().filters(filter("dhcp-options-id", ids));
        let found = found.into_paginator().items().send().try_collect().await.api()?;
        let objects = found.into_iter().filter_map(|o| {
            let id = o.dhcp_options_id.clone()?;
            let owner = o.owner_id.clone().unwrap_or_default();
            let values = |key: &str| {
                let of = |c: &&DhcpConfiguration| c.key() == Some(key);
                let found = o.dhcp_configurations().iter().find(of)?;
                Some(found.values().iter().filter_map(|v| v.value.clone()).collect::<Vec<String>>())
            };
            let first = |key: &str| values(key).and_then(|v| v.into_iter().next());
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("dhcp-options/{id}"))),
                domain_name: first("domain-name"),
                domain_name_servers: values("domain-name-servers"),
                ipv6_address_preferred_lease_time: first("ipv6-address-preferred-lease-time"),
                netbios_name_servers: values("netbios-name-servers"),
                netbios_node_type: first("netbios-node-type"),
                ntp_servers: values("ntp-servers"),
                owner_id: Some(owner),
                tags: tags::read(o.tags.clone()),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Networks that have these options get none, or they would keep them.
        let users = ec2(cx.api).describe_vpcs().filters(filter("dhcp-options-id", [&prior.id])).send().await.api()?;
        for vpc in users.vpcs().iter().filter_map(|v| v.vpc_id()) {
            let call = ec2(cx.api).associate_dhcp_options().dhcp_options_id("default").vpc_id(vpc);
            match call.send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        cx.retry_on(&["DependencyViolation"], cx.remaining(), || async {
            ec2(cx.api).delete_dhcp_options().dhcp_options_id(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}
