//! `aws_vpc_endpoint`

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, IpAddressType, NetworkInterface, ResourceType,
    SubnetConfiguration as SubnetRequest, VpcEndpoint as Found, VpcEndpointType,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Json, OptComputed, Pace, Resource, Seen, Set, Tags, Token, async_trait,
    checks, equal,
};

use crate::{ec2, filter, tags, text};

/// A private way from a VPC to a service of AWS or of a third party.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_endpoint", timeouts(create = "10m", delete = "10m", update = "10m"))]
pub(crate) struct VpcEndpoint {
    id: Id,
    /// ARN of the endpoint.
    arn: Computed<String>,
    /// Accepts the connection on the side of the service, when that is in the same account.
    #[attr(carry)]
    auto_accept: Option<bool>,
    /// Address ranges of the service, for gateways.
    cidr_blocks: Computed<Vec<String>>,
    /// Names of the endpoint.
    #[attr(nested)]
    dns_entry: Computed<Vec<DnsEntry>>,
    /// How names are resolved.
    #[attr(computed)]
    dns_options: OptComputed<DnsOptions>,
    /// Families of its addresses.
    #[attr(one_of("ipv4", "dualstack", "ipv6"))]
    ip_address_type: OptComputed<String>,
    /// Its interfaces.
    network_interface_ids: Computed<Set<String>>,
    /// Account that owns the endpoint.
    owner_id: Computed<String>,
    /// Who may do what through it; everything by everybody when not set.
    #[attr(same = equal::policy, check = checks::json)]
    policy: OptComputed<Json>,
    /// Prefix list of the service, for gateways.
    #[attr(keep_null)]
    prefix_list_id: Computed<String>,
    /// Gives the service's public name the endpoint's addresses inside the VPC.
    private_dns_enabled: OptComputed<bool>,
    /// Whether a service manages the endpoint.
    requester_managed: Computed<bool>,
    /// The resource configuration it leads to.
    #[attr(force_new, check = checks::arn, conflicts_with(service_name, service_network_arn))]
    resource_configuration_arn: Option<String>,
    /// Route tables that lead to it, for gateways.
    route_table_ids: OptComputed<Set<String>>,
    /// Security groups of its interfaces.
    security_group_ids: OptComputed<Set<String>>,
    /// The service: `com.amazonaws.eu-west-1.s3`.
    #[attr(force_new, conflicts_with(resource_configuration_arn, service_network_arn))]
    service_name: Option<String>,
    /// The service network it leads to.
    #[attr(force_new, check = checks::arn, conflicts_with(resource_configuration_arn, service_name))]
    service_network_arn: Option<String>,
    /// Region of the service, when that is another.
    #[attr(force_new)]
    service_region: OptComputed<String>,
    /// State of the endpoint.
    state: Computed<String>,
    /// Addresses of its interfaces.
    #[attr(computed)]
    subnet_configuration: OptComputed<Set<SubnetConfiguration>>,
    /// Subnets of its interfaces.
    subnet_ids: OptComputed<Set<String>>,
    /// Tags of the endpoint.
    tags: Tags,
    /// How it works.
    #[attr(
        force_new,
        default = "Gateway",
        one_of("Interface", "Gateway", "GatewayLoadBalancer", "Resource", "ServiceNetwork")
    )]
    vpc_endpoint_type: String,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

/// A name of an endpoint.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DnsEntry {
    dns_name: Computed<String>,
    hosted_zone_id: Computed<String>,
}

/// How names are resolved.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DnsOptions {
    /// Kinds of records.
    #[attr(one_of("ipv4", "dualstack", "ipv6", "service-defined"))]
    dns_record_ip_type: OptComputed<String>,
    /// Private names only for the inbound resolver.
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

/// Addresses in a subnet.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct SubnetConfiguration {
    /// IPv4 address.
    ipv4: Option<String>,
    /// IPv6 address.
    ipv6: Option<String>,
    /// The subnet.
    subnet_id: Option<String>,
}

#[async_trait]
impl Resource for VpcEndpoint {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC Endpoint";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let some = |v: &Option<Set<String>>| v.clone().filter(|v| !v.is_empty());
        let made = ec2(cx.api)
            .create_vpc_endpoint()
            .client_token(cx.client_token(""))
            .vpc_id(&want.vpc_id)
            .vpc_endpoint_type(VpcEndpointType::from(want.vpc_endpoint_type.as_str()))
            .set_service_name(want.service_name.clone())
            .set_service_region(want.service_region.clone())
            .set_service_network_arn(want.service_network_arn.clone())
            .set_resource_configuration_arn(want.resource_configuration_arn.clone())
            .set_policy_document(want.policy.clone())
            // Unless it is said, the service would switch it on.
            .private_dns_enabled(want.private_dns_enabled == Some(true))
            .set_ip_address_type(want.ip_address_type.as_deref().map(IpAddressType::from))
            .set_dns_options(want.dns_options.as_ref().map(DnsOptions::request))
            .set_route_table_ids(some(&want.route_table_ids))
            .set_security_group_ids(some(&want.security_group_ids))
            .set_subnet_ids(some(&want.subnet_ids))
            .set_subnet_configurations(want.subnet_requests())
            .set_tag_specifications(tags::on_create(ResourceType::VpcEndpoint, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.vpc_endpoint.and_then(|e| e.vpc_endpoint_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let state = settled(cx, &made.id).await?;
        if made.auto_accept == Some(true) && state == PENDING_ACCEPTANCE {
            made.accept(cx).await?;
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = find(cx, known.iter().map(|k| k.id.clone())).await?;
        let (prefixes, interfaces) = tokio::try_join!(prefix_lists(cx, &found), interfaces(cx, &found))?;
        let objects = found.into_iter().filter_map(|e| {
            let id = e.vpc_endpoint_id.clone()?;
            let known = known.iter().find(|k| k.id == id)?;
            Some((id, known.seen(cx.api, e, &prefixes, &interfaces)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::AUTO_ACCEPT)
            && want.auto_accept == Some(true)
            && prior.state.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(PENDING_ACCEPTANCE))
        {
            Self { id: prior.id.clone(), ..want.clone() }.accept(cx).await?;
        }
        let settings = [
            Self::DNS_OPTIONS,
            Self::IP_ADDRESS_TYPE,
            Self::POLICY,
            Self::PRIVATE_DNS_ENABLED,
            Self::ROUTE_TABLE_IDS,
            Self::SECURITY_GROUP_IDS,
            Self::SUBNET_CONFIGURATION,
            Self::SUBNET_IDS,
        ];
        if changed.any(&settings) {
            let mut call = ec2(cx.api).modify_vpc_endpoint().vpc_endpoint_id(&prior.id);
            if changed.has(Self::POLICY) {
                call = match want.policy.as_ref().filter(|p| !p.is_empty()) {
                    Some(policy) => call.policy_document(policy),
                    None => call.reset_policy(true),
                };
            }
            if changed.has(Self::DNS_OPTIONS) {
                call = call.set_dns_options(want.dns_options.as_ref().map(DnsOptions::request));
            }
            if changed.has(Self::IP_ADDRESS_TYPE) {
                call = call.set_ip_address_type(want.ip_address_type.as_deref().map(IpAddressType::from));
            }
            if changed.has(Self::PRIVATE_DNS_ENABLED) {
                call = call.private_dns_enabled(want.private_dns_enabled == Some(true));
            }
            if changed.has(Self::SUBNET_CONFIGURATION) {
                call = call.set_subnet_configurations(want.subnet_requests());
            }
            let (new, gone) = difference(&prior.route_table_ids, &want.route_table_ids);
            call = call.set_add_route_table_ids(new).set_remove_route_table_ids(gone);
            let (new, gone) = difference(&prior.security_group_ids, &want.security_group_ids);
            call = call.set_add_security_group_ids(new).set_remove_security_group_ids(gone);
            let (new, gone) = difference(&prior.subnet_ids, &want.subnet_ids);
            call = call.set_add_subnet_ids(new).set_remove_subnet_ids(gone);
            call.send().await.api()?;
            settled(cx, &prior.id).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let answer = ec2(cx.api).delete_vpc_endpoints().vpc_endpoint_ids(&prior.id).send().await.api()?;
        if let Some(e) = answer.unsuccessful().first().and_then(|u| u.error()) {
            let code = e.code().unwrap_or_default();
            return Err(Error::new(sdt_aws_core::classify(code), code, e.message().unwrap_or_default()));
        }
        cx.wait("the endpoint to be gone", Pace::SLOW, || async {
            let state = find(cx, [prior.id.clone()]).await?.pop().and_then(|e| e.state);
            Ok(match state {
                None => Seen::Ready(()),
                Some(s) if s.as_str().eq_ignore_ascii_case("deleted") => Seen::Ready(()),
                Some(s) => Seen::Pending(s.as_str().to_owned()),
            })
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

const PENDING_ACCEPTANCE: &str = "pendingAcceptance";

/// Endpoints by id, without those that are gone.
pub(crate) async fn find(cx: &Cx<'_, Aws>, ids: impl IntoIterator<Item = String> + Send) -> Result<Vec<Found>, Error> {
    let ids: BTreeSet<String> = ids.into_iter().collect();
    // In a refresh, endpoints and what belongs to them are asked for together.
    let mut all = cx.together_by("aws_vpc_endpoint", "id");
    all.extend(cx.together_by("aws_vpc_endpoint_route_table_association", "vpc_endpoint_id"));
    all.extend(cx.together_by("aws_vpc_endpoint_subnet_association", "vpc_endpoint_id"));
    let mut found = if ids.is_subset(&all) && all.len() <= 200 {
        cx.shared("ec2:DescribeVpcEndpoints", list(cx.api, all)).await?.to_vec()
    } else {
        list(cx.api, ids.clone()).await?
    };
    let gone = |e: &Found| e.state.as_ref().is_some_and(|s| s.as_str().eq_ignore_ascii_case("deleted"));
    found.retain(|e| e.vpc_endpoint_id().is_some_and(|id| ids.contains(id)) && !gone(e));
    Ok(found)
}

/// Endpoints by id, all in one call: stores that resemble EC2 know no filter by id.
async fn list(aws: &Aws, ids: BTreeSet<String>) -> Result<Vec<Found>, Error> {
    let ids: Vec<String> = ids.into_iter().collect();
    let found = ec2(aws).describe_vpc_endpoints().set_vpc_endpoint_ids(Some(ids.clone()));
    match found.into_paginator().items().send().try_collect().await.api() {
        // One that is gone fails the whole call.
        Err(e) if e.is_not_found() => {
            let one = |id: String| async move {
                let found = ec2(aws).describe_vpc_endpoints().vpc_endpoint_ids(id).send().await.api()?;
                Ok(found.vpc_endpoints.unwrap_or_default().pop())
            };
            Ok(each(&ids, one).await?.into_iter().flatten().collect())
        }
        other => other,
    }
}

/// Waits until the endpoint can be used, or waits for somebody else; returns its state.
pub(crate) async fn settled(cx: &Cx<'_, Aws>, id: &str) -> Result<String, Error> {
    cx.wait("the endpoint to become available", Pace::SLOW, || async {
        let Some(found) = find(cx, [id.to_owned()]).await?.pop() else { return Ok(Seen::Pending(String::new())) };
        let state = found.state.as_ref().map(|s| s.as_str().to_owned()).unwrap_or_default();
        match state.to_ascii_lowercase().as_str() {
            "available" => Ok(Seen::Ready(state)),
            "pendingacceptance" => Ok(Seen::Ready(PENDING_ACCEPTANCE.to_owned())),
            "failed" | "rejected" | "expired" => {
                let why = found.last_error().and_then(|e| e.message()).or(found.failure_reason()).unwrap_or_default();
                Err(Error::other(format!("the endpoint is {state}: {why}")))
            }
            _ => Ok(Seen::Pending(state)),
        }
    })
    .await
}

/// What is new and what is gone, `None` for nothing.
fn difference(prior: &Option<Set<String>>, want: &Option<Set<String>>) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let without = |a: &Option<Set<String>>, b: &Option<Set<String>>| {
        let of: Vec<String> = a.iter().flatten().filter(|x| !b.iter().flatten().any(|y| y == *x)).cloned().collect();
        (!of.is_empty()).then_some(of)
    };
    (without(want, prior), without(prior, want))
}

/// Prefix lists of the gateways' services: id and ranges by name.
async fn prefix_lists(cx: &Cx<'_, Aws>, found: &[Found]) -> Result<BTreeMap<String, (String, Vec<String>)>, Error> {
    let gateways = found.iter().filter(|e| e.vpc_endpoint_type() == Some(&VpcEndpointType::Gateway));
    let names: BTreeSet<String> = gateways.filter_map(|e| e.service_name.clone()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let lists = ec2(cx.api).describe_prefix_lists().filters(filter("prefix-list-name", names));
    let lists = lists.into_paginator().items().send().try_collect().await.api()?;
    let one = |l: aws_sdk_ec2::types::PrefixList| {
        Some((l.prefix_list_name?, (l.prefix_list_id?, l.cidrs.unwrap_or_default())))
    };
    Ok(lists.into_iter().filter_map(one).collect())
}

/// The interfaces of endpoints by id.
async fn interfaces(cx: &Cx<'_, Aws>, found: &[Found]) -> Result<BTreeMap<String, NetworkInterface>, Error> {
    let ids: Vec<String> = found.iter().flat_map(|e| e.network_interface_ids().to_vec()).collect();
    let mut out = BTreeMap::new();
    // A filter takes 200 values.
    for ids in ids.chunks(200) {
        let call = ec2(cx.api).describe_network_interfaces().filters(filter("network-interface-id", ids));
        let all = call.into_paginator().items().send().try_collect().await.api()?;
        out.extend(all.into_iter().filter_map(|i| Some((i.network_interface_id.clone()?, i))));
    }
    Ok(out)
}

impl DnsOptions {
    fn request(&self) -> DnsOptionsSpecification {
        DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(self.dns_record_ip_type.as_deref().map(DnsRecordIpType::from))
            .set_private_dns_only_for_inbound_resolver_endpoint(self.private_dns_only_for_inbound_resolver_endpoint)
            .build()
    }
}

impl VpcEndpoint {
    fn subnet_requests(&self) -> Option<Vec<SubnetRequest>> {
        let one = |s: &SubnetConfiguration| {
            SubnetRequest::builder()
                .set_subnet_id(text(s.subnet_id.clone()))
                .set_ipv4(text(s.ipv4.clone()))
                .set_ipv6(text(s.ipv6.clone()))
                .build()
        };
        let all: Vec<SubnetRequest> = self.subnet_configuration.iter().flatten().map(one).collect();
        (!all.is_empty()).then_some(all)
    }

    /// Accepts the connection on the side of the service.
    async fn accept(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let name = self.service_name.clone().unwrap_or_default();
        let call = ec2(cx.api).describe_vpc_endpoint_service_configurations();
        let found = call.filters(filter("service-name", [&name])).send().await.api()?;
        let service = found.service_configurations().first().and_then(|s| s.service_id.clone());
        let service = service.ok_or_else(|| Error::not_found(format!("the account has no endpoint service {name}")))?;
        let call = ec2(cx.api).accept_vpc_endpoint_connections().service_id(service).vpc_endpoint_ids(&self.id);
        call.send().await.api()?;
        cx.wait("the connection to be accepted", Pace::SLOW, || async {
            let state = settled(cx, &self.id).await?;
            Ok(if state == PENDING_ACCEPTANCE { Seen::Pending(state) } else { Seen::Ready(()) })
        })
        .await
    }

    /// This object with what the service says.
    fn seen(
        &self,
        aws: &Aws,
        e: Found,
        prefixes: &BTreeMap<String, (String, Vec<String>)>,
        interfaces: &BTreeMap<String, NetworkInterface>,
    ) -> Self {
        let id = e.vpc_endpoint_id.clone().unwrap_or_default();
        let owner = e.owner_id.clone().unwrap_or_default();
        let prefix = e.service_name.as_ref().and_then(|n| prefixes.get(n));
        let own = e.network_interface_ids().iter().filter_map(|i| interfaces.get(i));
        let configurations = own.map(|i| SubnetConfiguration {
            ipv4: i.private_ip_address.clone(),
            ipv6: i.ipv6_addresses().first().and_then(|a| a.ipv6_address.clone()),
            subnet_id: i.subnet_id.clone(),
        });
        let entries = e.dns_entries().iter();
        let entries =
            entries.map(|d| DnsEntry { dns_name: d.dns_name.clone(), hosted_zone_id: d.hosted_zone_id.clone() });
        Self {
            arn: Some(aws.arn("ec2", &owner, &format!("vpc-endpoint/{id}"))),
            auto_accept: None,
            cidr_blocks: Some(prefix.map(|p| p.1.clone()).unwrap_or_default()),
            dns_entry: Some(entries.collect()),
            dns_options: e.dns_options().map(|o| DnsOptions {
                dns_record_ip_type: o.dns_record_ip_type().map(|t| t.as_str().to_owned()),
                private_dns_only_for_inbound_resolver_endpoint: o.private_dns_only_for_inbound_resolver_endpoint(),
            }),
            ip_address_type: e.ip_address_type().map(|t| t.as_str().to_owned()),
            network_interface_ids: Some(e.network_interface_ids().to_vec()),
            owner_id: Some(owner),
            policy: e.policy_document.clone(),
            prefix_list_id: prefix.map(|p| p.0.clone()),
            private_dns_enabled: e.private_dns_enabled,
            requester_managed: e.requester_managed,
            resource_configuration_arn: text(e.resource_configuration_arn.clone()),
            route_table_ids: Some(e.route_table_ids().to_vec()),
            security_group_ids: Some(e.groups().iter().filter_map(|g| g.group_id.clone()).collect()),
            service_name: text(e.service_name.clone()),
            service_network_arn: text(e.service_network_arn.clone()),
            // Older answers do not say it: then it is the endpoint's own.
            service_region: text(e.service_region.clone()).or_else(|| self.service_region.clone()),
            state: e.state().map(|s| s.as_str().to_owned()),
            subnet_configuration: Some(configurations.collect()),
            subnet_ids: Some(e.subnet_ids().to_vec()),
            tags: tags::read(e.tags.clone()),
            vpc_endpoint_type: e.vpc_endpoint_type().map_or_else(|| "Gateway".into(), |t| t.as_str().to_owned()),
            vpc_id: e.vpc_id.clone().unwrap_or_default(),
            id,
        }
    }
}
