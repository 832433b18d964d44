//! Data source `aws_lb`

use sdt_aws_core::{Api, Aws};
use sdt_provider::checks;
use sdt_provider::{
    Block, Computed, Cx, DataSource, Described, Error, FromValue, Id, Map, OptComputed, Resource, Set, ToValue, Value,
    async_trait, fit_as_read,
};

use crate::load_balancer::LoadBalancer;
use crate::{elbv2, tags};

/// A load balancer that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_lb", timeouts(read = "10m"), legacy)]
pub(crate) struct LoadBalancerData {
    #[attr(optional)]
    id: Id,
    /// Access logs.
    access_logs: Computed<Vec<AccessLog>>,
    /// Its ARN.
    #[attr(check = checks::arn)]
    arn: OptComputed<String>,
    /// Arn suffix.
    arn_suffix: Computed<String>,
    /// Client keep alive.
    #[attr(keep_null)]
    client_keep_alive: Computed<i32>,
    /// Connection logs.
    connection_logs: Computed<Vec<ConnectionLog>>,
    /// Customer owned ipv4 pool.
    customer_owned_ipv4_pool: Computed<String>,
    /// Desync mitigation mode.
    #[attr(keep_null)]
    desync_mitigation_mode: Computed<String>,
    /// Dns name.
    dns_name: Computed<String>,
    /// Dns record client routing policy.
    #[attr(keep_null)]
    dns_record_client_routing_policy: Computed<String>,
    /// Drop invalid header fields.
    #[attr(keep_null)]
    drop_invalid_header_fields: Computed<bool>,
    /// Enable cross zone load balancing.
    enable_cross_zone_load_balancing: Computed<bool>,
    /// Enable deletion protection.
    enable_deletion_protection: Computed<bool>,
    /// Enable http2.
    #[attr(keep_null)]
    enable_http2: Computed<bool>,
    /// Enable tls version and cipher suite headers.
    #[attr(keep_null)]
    enable_tls_version_and_cipher_suite_headers: Computed<bool>,
    /// Enable waf fail open.
    #[attr(keep_null)]
    enable_waf_fail_open: Computed<bool>,
    /// Enable xff client port.
    #[attr(keep_null)]
    enable_xff_client_port: Computed<bool>,
    /// Enable zonal shift.
    enable_zonal_shift: Computed<bool>,
    /// Enforce security group inbound rules on private link traffic.
    enforce_security_group_inbound_rules_on_private_link_traffic: Computed<String>,
    /// Idle timeout.
    #[attr(keep_null)]
    idle_timeout: Computed<i32>,
    /// Internal.
    internal: Computed<bool>,
    /// Ip address type.
    ip_address_type: Computed<String>,
    /// Ipam pools.
    ipam_pools: Computed<Vec<IpamPool>>,
    /// Load balancer type.
    load_balancer_type: Computed<String>,
    /// Its name.
    name: OptComputed<String>,
    /// Preserve host header.
    #[attr(keep_null)]
    preserve_host_header: Computed<bool>,
    /// Security groups.
    security_groups: Computed<Set<String>>,
    /// Subnet mapping.
    subnet_mapping: Computed<Set<SubnetMapping>>,
    /// Subnets.
    subnets: Computed<Set<String>>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: Computed<String>,
    /// Xff header processing mode.
    #[attr(keep_null)]
    xff_header_processing_mode: Computed<String>,
    /// Zone id.
    zone_id: Computed<String>,
}

/// Access logs.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AccessLog {
    /// The bucket.
    bucket: Computed<String>,
    /// Whether it is in use.
    enabled: Computed<bool>,
    /// Start of their names.
    prefix: Computed<String>,
}

/// Connection logs.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ConnectionLog {
    /// The bucket.
    bucket: Computed<String>,
    /// Whether it is in use.
    enabled: Computed<bool>,
    /// Start of their names.
    prefix: Computed<String>,
}

/// Ipam pools.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct IpamPool {
    /// Ipv4 ipam pool id.
    ipv4_ipam_pool_id: Computed<String>,
}

/// Subnet mapping.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct SubnetMapping {
    /// Allocation id.
    allocation_id: Computed<String>,
    /// Ipv6 address.
    ipv6_address: Computed<String>,
    /// Outpost id.
    outpost_id: Computed<String>,
    /// Private ipv4 address.
    private_ipv4_address: Computed<String>,
    /// Subnet id.
    subnet_id: Computed<String>,
}

#[async_trait]
impl DataSource for LoadBalancerData {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Load Balancer";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = elbv2(cx.api).describe_load_balancers();
        let call = match (&query.arn, &query.name) {
            (Some(arn), _) => call.load_balancer_arns(arn),
            (None, Some(name)) => call.names(name),
            _ => call,
        };
        let all: Vec<_> = call.into_paginator().items().send().try_collect().await.api()?;
        let arns: Vec<String> = all.into_iter().filter_map(|l| l.load_balancer_arn).collect();
        let arn = tags::only_with(cx.api, arns, &query.tags.unwrap_or_default(), "load balancer").await?;
        let known = LoadBalancer::from_value(&Value::object([("id", Value::string(&arn))]))?;
        let found = LoadBalancer::read_many(cx, &[known]).await?.pop().flatten();
        let Some(found) = found else { return Err(Error::not_found(format!("there is no load balancer {arn}"))) };
        let tags = Some(found.tags.clone());
        Ok(Self { tags, ..Self::from_value(&fit_as_read(LoadBalancer::META, &found.to_value()))? })
    }
}
