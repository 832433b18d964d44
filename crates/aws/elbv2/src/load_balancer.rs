//! `aws_lb`

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, IpamPools as ApiPools, LoadBalancer as Found, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum, MinimumLoadBalancerCapacity, RemoveIpamPoolEnum,
    SubnetMapping as ApiMapping,
};
use sdt_aws_core::{Api, Aws, each, in_order, names};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Tags, Token,
    Value, async_trait, checks, with,
};
use sdt_value::Type;

use crate::{arn_suffix, elbv2, tags, text};

/// An application, network or gateway load balancer.
#[derive(Clone, Resource)]
#[resource(name = "aws_lb", timeouts(create = "10m", update = "10m", delete = "10m"))]
pub(crate) struct LoadBalancer {
    id: Id,
    /// Where requests are logged.
    access_logs: Option<Logs>,
    /// ARN of the load balancer.
    arn: Computed<String>,
    /// The part of the ARN that CloudWatch uses.
    arn_suffix: Computed<String>,
    /// Seconds for which a client's connection is kept.
    #[attr(default = 3600, keep_null)]
    client_keep_alive: Option<i64>,
    /// Where connections are logged.
    connection_logs: Option<Logs>,
    /// Pool of addresses of an Outpost.
    #[attr(force_new)]
    customer_owned_ipv4_pool: Option<String>,
    /// What is done with requests that may be an attack.
    #[attr(default = "defensive", keep_null, one_of("monitor", "defensive", "strictest"))]
    desync_mitigation_mode: Option<String>,
    /// Host name.
    dns_name: Computed<String>,
    /// How names are answered, of network load balancers.
    #[attr(
        keep_null,
        one_of("availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone")
    )]
    dns_record_client_routing_policy: Option<String>,
    /// Drops headers with invalid names.
    #[attr(default = false, keep_null)]
    drop_invalid_header_fields: Option<bool>,
    /// Spreads over the targets of all zones, of network and gateway load balancers.
    #[attr(keep_null)]
    enable_cross_zone_load_balancing: Option<bool>,
    /// Refuses deletion.
    #[attr(default = false)]
    enable_deletion_protection: Option<bool>,
    /// Takes HTTP/2.
    #[attr(default = true, keep_null)]
    enable_http2: Option<bool>,
    /// Adds headers with TLS version and cipher suite.
    #[attr(default = false, keep_null)]
    enable_tls_version_and_cipher_suite_headers: Option<bool>,
    /// Forwards requests when WAF does not answer.
    #[attr(default = false, keep_null)]
    enable_waf_fail_open: Option<bool>,
    /// Keeps the client's port in X-Forwarded-For.
    #[attr(default = false, keep_null)]
    enable_xff_client_port: Option<bool>,
    /// Takes part in zonal shift.
    #[attr(default = false, keep_null)]
    enable_zonal_shift: Option<bool>,
    /// Applies the rules to traffic through PrivateLink.
    #[attr(one_of("on", "off"))]
    enforce_security_group_inbound_rules_on_private_link_traffic: OptComputed<String>,
    /// Seconds until an idle connection is closed.
    #[attr(default = 60, keep_null)]
    idle_timeout: Option<i64>,
    /// Has private addresses only.
    #[attr(force_new)]
    internal: OptComputed<bool>,
    /// Kinds of addresses.
    #[attr(one_of("ipv4", "dualstack", "dualstack-without-public-ipv4"))]
    ip_address_type: OptComputed<String>,
    /// Pools of public addresses.
    ipam_pools: Option<IpamPools>,
    /// Kind of load balancer.
    #[attr(force_new, default = "application", one_of("application", "network", "gateway"))]
    load_balancer_type: String,
    /// Capacity that is always there.
    minimum_load_balancer_capacity: Option<Capacity>,
    /// Name of the load balancer.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=32), check = load_balancer_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=6), check = load_balancer_prefix)]
    name_prefix: OptComputed<String>,
    /// Leaves the Host header as it is.
    #[attr(default = false, keep_null)]
    preserve_host_header: Option<bool>,
    /// Security groups.
    security_groups: OptComputed<Set<String>>,
    /// Subnets with addresses.
    #[attr(exactly_one_of(subnet_mapping, subnets))]
    subnet_mapping: OptComputed<Set<SubnetMapping>>,
    /// Subnets.
    #[attr(exactly_one_of(subnet_mapping, subnets), invalidates(subnet_mapping))]
    subnets: OptComputed<Set<String>>,
    /// Tags of the load balancer.
    pub(crate) tags: Tags,
    /// The VPC.
    vpc_id: Computed<String>,
    /// What is done with X-Forwarded-For.
    #[attr(default = "append", keep_null, one_of("append", "preserve", "remove"))]
    xff_header_processing_mode: Option<String>,
    /// Hosted zone of the host name.
    zone_id: Computed<String>,
}

/// Where logs go.
#[derive(Clone, Block)]
pub(crate) struct Logs {
    /// Bucket.
    bucket: String,
    /// Writes the log.
    #[attr(default = false)]
    enabled: Option<bool>,
    /// Folder in the bucket.
    prefix: Option<String>,
}

/// Pools of public addresses.
#[derive(Clone, Block)]
pub(crate) struct IpamPools {
    /// Pool of IPv4 addresses.
    ipv4_ipam_pool_id: String,
}

/// Capacity that is always there.
#[derive(Clone, Block)]
pub(crate) struct Capacity {
    /// Capacity units.
    capacity_units: i32,
}

/// A subnet with the addresses in it.
#[derive(Clone, Block)]
pub(crate) struct SubnetMapping {
    /// Elastic IP.
    #[attr(default = "")]
    allocation_id: Option<String>,
    /// IPv6 address.
    #[attr(default = "", check = ipv6)]
    ipv6_address: Option<String>,
    /// The Outpost.
    outpost_id: Computed<String>,
    /// Private IPv4 address.
    #[attr(default = "", check = ipv4)]
    private_ipv4_address: Option<String>,
    /// The subnet.
    subnet_id: String,
}

fn ipv4(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { checks::ipv4(text) }
}

fn ipv6(text: &str) -> Result<(), String> {
    let fine = text.is_empty() || text.parse::<std::net::Ipv6Addr>().is_ok();
    if fine { Ok(()) } else { Err("to be an IPv6 address".into()) }
}

const ALL: &[&str] = &["application", "network", "gateway"];
const APPLICATION: &[&str] = &["application"];
const NETWORK: &[&str] = &["network"];

/// Attributes that the API keeps as text by key, and the kinds of load balancer that have them.
const ATTRIBUTES: &[(Name, &str, &[&str])] = &[
    (LoadBalancer::CLIENT_KEEP_ALIVE, "client_keep_alive.seconds", APPLICATION),
    (LoadBalancer::DESYNC_MITIGATION_MODE, "routing.http.desync_mitigation_mode", APPLICATION),
    (LoadBalancer::DNS_RECORD_CLIENT_ROUTING_POLICY, "dns_record.client_routing_policy", NETWORK),
    (LoadBalancer::DROP_INVALID_HEADER_FIELDS, "routing.http.drop_invalid_header_fields.enabled", APPLICATION),
    (LoadBalancer::ENABLE_CROSS_ZONE_LOAD_BALANCING, "load_balancing.cross_zone.enabled", &["network", "gateway"]),
    (LoadBalancer::ENABLE_DELETION_PROTECTION, "deletion_protection.enabled", ALL),
    (LoadBalancer::ENABLE_HTTP2, "routing.http2.enabled", APPLICATION),
    (
        LoadBalancer::ENABLE_TLS_VERSION_AND_CIPHER_SUITE_HEADERS,
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        APPLICATION,
    ),
    (LoadBalancer::ENABLE_WAF_FAIL_OPEN, "waf.fail_open.enabled", APPLICATION),
    (LoadBalancer::ENABLE_XFF_CLIENT_PORT, "routing.http.xff_client_port.enabled", APPLICATION),
    (LoadBalancer::ENABLE_ZONAL_SHIFT, "zonal_shift.config.enabled", &["application", "network"]),
    (LoadBalancer::IDLE_TIMEOUT, "idle_timeout.timeout_seconds", APPLICATION),
    (LoadBalancer::PRESERVE_HOST_HEADER, "routing.http.preserve_host_header.enabled", APPLICATION),
    (LoadBalancer::XFF_HEADER_PROCESSING_MODE, "routing.http.xff_header_processing.mode", APPLICATION),
];

/// Names of load balancers; an empty one is none.
fn load_balancer_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    load_balancer_prefix(text)?;
    if text.ends_with('-') { Err("not to end with a hyphen".into()) } else { Ok(()) }
}

/// The start of such a name.
fn load_balancer_prefix(text: &str) -> Result<(), String> {
    crate::target_group::target_group_prefix(text)?;
    if text.starts_with("internal-") { Err("not to begin with internal-".into()) } else { Ok(()) }
}

#[async_trait]
impl Resource for LoadBalancer {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Load Balancer";
    const TOKEN: Token = Token::Tag;
    // DescribeLoadBalancers and DescribeTags take 20 ARNs.
    const CHUNK: usize = tags::BATCH;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let mut call = elbv2(cx.api)
            .create_load_balancer()
            .name(&name)
            .r#type(LoadBalancerTypeEnum::from(want.load_balancer_type.as_str()))
            .set_scheme(want.internal.filter(|on| *on).map(|_| LoadBalancerSchemeEnum::Internal))
            .set_security_groups(want.security_groups.clone().filter(|g| !g.is_empty()))
            .set_ip_address_type(want.ip_address_type.as_deref().map(IpAddressType::from))
            .set_customer_owned_ipv4_pool(want.customer_owned_ipv4_pool.clone())
            .set_ipam_pools(want.ipam_pools.as_ref().map(IpamPools::request))
            .set_tags(tags::list(want.tags.clone()));
        call = match &want.subnet_mapping {
            Some(mappings) if !mappings.is_empty() => {
                call.set_subnet_mappings(Some(mappings.iter().map(SubnetMapping::request).collect()))
            }
            _ => call.set_subnets(want.subnets.clone()),
        };
        let made = call.send().await.api()?.load_balancers.unwrap_or_default().into_iter().next();
        let arn = made.and_then(|l| l.load_balancer_arn);
        Ok(Self { id: arn.clone().unwrap_or_default(), arn, name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.wait_active(cx).await?;
        // What is not the service's own default.
        let plain = |name: Name| {
            let field = <Self as sdt_provider::Declared>::DECL.field(name.0);
            let default = field.and_then(|f| f.default).map(|lit| lit.value());
            let value = made.attribute(name);
            let free = match name {
                Self::DNS_RECORD_CLIENT_ROUTING_POLICY => Some("any_availability_zone".to_owned()),
                Self::ENABLE_CROSS_ZONE_LOAD_BALANCING => Some("false".to_owned()),
                _ => default.and_then(|d| printed(&d)),
            };
            value.is_none() || value == free
        };
        let mut set: Vec<LoadBalancerAttribute> =
            made.own().filter(|(n, _)| !plain(*n)).map(|(n, k)| made.pair(n, k)).collect();
        if let Some(logs) = made.access_logs.as_ref().filter(|l| l.enabled == Some(true)) {
            set.extend(logs.requests("access_logs"));
        }
        if let Some(logs) = made.connection_logs.as_ref().filter(|l| l.enabled == Some(true)) {
            set.extend(logs.requests("connection_logs"));
        }
        made.put(cx, set).await?;
        if made.enforce_security_group_inbound_rules_on_private_link_traffic.is_some() {
            made.set_security_groups(cx).await?;
        }
        if made.minimum_load_balancer_capacity.is_some() {
            made.put_capacity(cx).await?;
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let arns: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = elbv2(cx.api).describe_load_balancers().set_load_balancer_arns(Some(arns.clone()));
        let found = found.send().await.api()?.load_balancers.unwrap_or_default();
        let mut tagged = tags::together(cx, &arns).await?;
        // Attributes and capacity have no bulk read.
        let attributes = each(&arns, |arn| async move { read_attributes(cx.api, &arn).await.map(Some) }).await?;
        let mut attributes: BTreeMap<String, _> = arns.iter().cloned().zip(attributes).collect();
        let objects = found.into_iter().filter_map(|l| {
            let arn = l.load_balancer_arn.clone()?;
            let known = known.iter().find(|k| k.id == arn)?;
            let (attributes, capacity) = attributes.remove(&arn)??;
            let tags = tagged.remove(&arn).unwrap_or_default();
            Some((arn, Self::from_answer(l, &attributes, capacity, tags, known)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        let client = elbv2(cx.api);
        let mut set: Vec<LoadBalancerAttribute> = want
            .own()
            .filter(|(name, _)| changed.has(*name) && want.attribute(*name).is_some())
            .map(|(name, key)| want.pair(name, key))
            .collect();
        let off = Logs { bucket: String::new(), enabled: Some(false), prefix: None };
        if changed.has(Self::ACCESS_LOGS) {
            set.extend(want.access_logs.as_ref().unwrap_or(&off).requests("access_logs"));
        }
        if changed.has(Self::CONNECTION_LOGS) {
            set.extend(want.connection_logs.as_ref().unwrap_or(&off).requests("connection_logs"));
        }
        want.put(cx, set).await?;
        if changed.any(&[Self::SECURITY_GROUPS, Self::ENFORCE_SECURITY_GROUP_INBOUND_RULES_ON_PRIVATE_LINK_TRAFFIC]) {
            want.set_security_groups(cx).await?;
        }
        if changed.any(&[Self::SUBNETS, Self::SUBNET_MAPPING]) {
            let call = client.set_subnets().load_balancer_arn(&prior.id);
            let mapped = changed.has(Self::SUBNET_MAPPING) && !changed.has(Self::SUBNETS);
            let call = match want.subnet_mapping.as_deref().filter(|m| mapped && !m.is_empty()) {
                Some(mappings) => call.set_subnet_mappings(Some(mappings.iter().map(SubnetMapping::request).collect())),
                None => call.set_subnets(want.subnets.clone()),
            };
            call.send().await.api()?;
        }
        if changed.has(Self::IP_ADDRESS_TYPE) {
            let call = client.set_ip_address_type().load_balancer_arn(&prior.id);
            call.set_ip_address_type(want.ip_address_type.as_deref().map(IpAddressType::from)).send().await.api()?;
        }
        if changed.has(Self::IPAM_POOLS) {
            let call = client.modify_ip_pools().load_balancer_arn(&prior.id);
            let call = match &want.ipam_pools {
                Some(pools) => call.ipam_pools(pools.request()),
                None => call.remove_ipam_pools(RemoveIpamPoolEnum::Ipv4),
            };
            call.send().await.api()?;
        }
        if changed.has(Self::MINIMUM_LOAD_BALANCER_CAPACITY) {
            want.put_capacity(cx).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        if changed.0.iter().any(|name| *name != "tags") {
            want.wait_active(cx).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        elbv2(cx.api).delete_load_balancer().load_balancer_arn(&prior.id).send().await.api()?;
        cx.wait("the load balancer to be gone", Pace::SLOW, || async {
            match elbv2(cx.api).describe_load_balancers().load_balancer_arns(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(found) if found.load_balancers().is_empty() => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending(String::new())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let found = match elbv2(cx.api).describe_load_balancers().names(&name).send().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?.load_balancers.unwrap_or_default().into_iter().next(),
        };
        let Some(arn) = found.and_then(|l| l.load_balancer_arn) else { return Ok(None) };
        let ours = tags::ours(cx.api, &arn, cx.token()).await?;
        Ok(ours.then(|| Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let Some(kind) = edit.planned(Self::LOAD_BALANCER_TYPE).as_str().map(str::to_owned) else { return };
        // What this kind does not have is not planned.
        for (name, _, kinds) in ATTRIBUTES {
            if !kinds.contains(&kind.as_str()) && (edit.prior.is_some() || !edit.config(*name).is_unknown()) {
                let ty = edit.meta.decl.field(name.0).map(sdt_provider::Field::ty);
                let value = match edit.prior {
                    Some(_) => edit.prior(*name).clone(),
                    None => ty.map_or(Value::NULL, Value::null),
                };
                edit.set(*name, value);
            }
        }
        if kind != "application" && edit.config(Self::ENABLE_CROSS_ZONE_LOAD_BALANCING).is_null() {
            edit.set(Self::ENABLE_CROSS_ZONE_LOAD_BALANCING, Value::FALSE);
        }
        if kind == "network" && edit.config(Self::DNS_RECORD_CLIENT_ROUTING_POLICY).is_null() {
            edit.set(Self::DNS_RECORD_CLIENT_ROUTING_POLICY, Value::string("any_availability_zone"));
        }
        if kind != "network"
            && !edit.config(Self::ENFORCE_SECURITY_GROUP_INBOUND_RULES_ON_PRIVATE_LINK_TRAFFIC).is_null()
        {
            edit.disregard(Self::ENFORCE_SECURITY_GROUP_INBOUND_RULES_ON_PRIVATE_LINK_TRAFFIC);
        }
        for name in [Self::ACCESS_LOGS, Self::CONNECTION_LOGS] {
            plan_logs(edit, name);
        }
        if edit.prior.is_none() {
            return;
        }
        // Subnets and mappings tell the same in two ways: when one changes, the other follows.
        let unset = |v: &Value| v.as_items().is_none_or(<[Value]>::is_empty) && !v.is_unknown();
        let other = edit.changes(Self::SUBNETS) || edit.config(Self::SUBNETS).is_unknown();
        if other && unset(edit.config(Self::SUBNET_MAPPING)) {
            edit.set_unknown(Self::SUBNET_MAPPING);
        } else if edit.changes(Self::SUBNET_MAPPING)
            && !edit.changes(Self::SUBNETS)
            && edit.config(Self::SUBNETS).is_null()
        {
            edit.set_unknown(Self::SUBNETS);
        }
        if kind == "network" {
            network_replaces(edit);
        }
    }
}

/// A network load balancer takes further subnets in place, but loses none; and it has security groups from the start or never.
fn network_replaces(edit: &mut PlanEdit<'_>) {
    type Lb = LoadBalancer;
    for name in [Lb::SUBNET_MAPPING, Lb::SUBNETS] {
        let configured = edit.config(name).as_items().is_some_and(|i| !i.is_empty());
        if !configured || !edit.changes(name) || !edit.planned(name).is_wholly_known() && name == Lb::SUBNETS {
            continue;
        }
        let subnet = |v: &Value| v.get("subnet_id").unwrap_or(v).clone();
        let before: Vec<Value> = edit.prior(name).as_items().unwrap_or_default().iter().map(subnet).collect();
        let after: Vec<Value> = edit.planned(name).as_items().unwrap_or_default().iter().map(subnet).collect();
        let lost = before.iter().any(|b| !after.iter().any(|a| a.raw_equals(b)));
        if lost || after.len() <= before.len() {
            edit.replace(name);
        }
    }
    let empty = |v: &Value| v.as_items().is_none_or(<[Value]>::is_empty);
    let (before, after) = (edit.prior(Lb::SECURITY_GROUPS), edit.planned(Lb::SECURITY_GROUPS));
    if !after.is_unknown() && edit.changes(Lb::SECURITY_GROUPS) && empty(before) != empty(after) {
        edit.replace(Lb::SECURITY_GROUPS);
    }
}

/// A value as the API's text.
fn printed(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.as_bool().map(|b| b.to_string()))
        .or_else(|| value.as_number().and_then(|n| n.as_i64()).map(|n| n.to_string()))
}

type Attributes = BTreeMap<String, String>;

async fn read_attributes(aws: &Aws, arn: &str) -> Result<(Attributes, Option<i32>), Error> {
    let found = elbv2(aws).describe_load_balancer_attributes().load_balancer_arn(arn).send().await.api()?;
    let pairs = found.attributes.unwrap_or_default().into_iter();
    let attributes = pairs.filter_map(|a| Some((a.key?, a.value.unwrap_or_default()))).collect();
    let capacity = elbv2(aws).describe_capacity_reservation().load_balancer_arn(arn).send().await.api()?;
    Ok((attributes, capacity.minimum_load_balancer_capacity.and_then(|c| c.capacity_units)))
}

impl LoadBalancer {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or("tf-lb-")))
    }

    /// The attributes that this kind has.
    fn own(&self) -> impl Iterator<Item = (Name, &'static str)> {
        let of_kind = |kinds: &&[&str]| kinds.contains(&self.load_balancer_type.as_str());
        ATTRIBUTES.iter().filter(move |(_, _, kinds)| of_kind(kinds)).map(|(name, key, _)| (*name, *key))
    }

    fn attribute(&self, name: Name) -> Option<String> {
        use sdt_provider::ToValue;
        printed(self.to_value().get(name.0)?)
    }

    fn pair(&self, name: Name, key: &str) -> LoadBalancerAttribute {
        LoadBalancerAttribute::builder().key(key).value(self.attribute(name).unwrap_or_default()).build()
    }

    async fn put(&self, cx: &Cx<'_, Aws>, set: Vec<LoadBalancerAttribute>) -> Result<(), Error> {
        if set.is_empty() {
            return Ok(());
        }
        // A bucket policy that was just made may not be visible yet.
        let call =
            elbv2(cx.api).modify_load_balancer_attributes().load_balancer_arn(&self.id).set_attributes(Some(set));
        let (call, end) = (&call, std::time::Instant::now() + std::time::Duration::from_secs(60));
        cx.wait("the load balancer's attributes to be accepted", Pace::QUICK, || async move {
            match call.clone().send().await.api() {
                Err(e) if e.message.contains("Access Denied") && std::time::Instant::now() < end => {
                    Ok(Seen::Pending(e.to_string()))
                }
                other => other.map(|_| Seen::Ready(())),
            }
        })
        .await
    }

    async fn put_capacity(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let call = elbv2(cx.api).modify_capacity_reservation().load_balancer_arn(&self.id);
        let call = match &self.minimum_load_balancer_capacity {
            Some(c) => {
                let capacity = MinimumLoadBalancerCapacity::builder().capacity_units(c.capacity_units).build();
                call.minimum_load_balancer_capacity(capacity)
            }
            None => call.reset_capacity_reservation(true),
        };
        call.send().await.api().map(drop)
    }

    async fn set_security_groups(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        use aws_sdk_elasticloadbalancingv2::types::EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum as Enforce;
        let enforce = self.enforce_security_group_inbound_rules_on_private_link_traffic.as_deref().map(Enforce::from);
        elbv2(cx.api)
            .set_security_groups()
            .load_balancer_arn(&self.id)
            .set_security_groups(Some(self.security_groups.clone().unwrap_or_default()))
            .set_enforce_security_group_inbound_rules_on_private_link_traffic(enforce)
            .send()
            .await
            .api()
            .map(drop)
    }

    async fn wait_active(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the load balancer to become active", Pace::SLOW, || async {
            let found = match elbv2(cx.api).describe_load_balancers().load_balancer_arns(&self.id).send().await.api() {
                Err(e) if e.is_not_found() => None,
                other => other?.load_balancers.unwrap_or_default().into_iter().next(),
            };
            let state = found.and_then(|l| l.state);
            match state.as_ref().and_then(|s| s.code.as_ref()) {
                Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => Ok(Seen::Ready(())),
                Some(LoadBalancerStateEnum::Failed) => {
                    let why = state.and_then(|s| s.reason).unwrap_or_default();
                    Err(Error::other(format!("the load balancer's state is failed: {why}")))
                }
                other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    fn from_answer(l: Found, attributes: &Attributes, capacity: Option<i32>, tags: Tags, known: &Self) -> Self {
        let kind = l.r#type.map_or_else(|| "application".to_owned(), |t| t.as_str().to_owned());
        let get = |name: Name| {
            let (_, key, _) = ATTRIBUTES.iter().find(|(n, _, _)| *n == name)?;
            attributes.get(*key).cloned().or_else(|| known.attribute(name)).or_else(|| {
                let own = ATTRIBUTES.iter().any(|(n, _, kinds)| *n == name && kinds.contains(&kind.as_str()));
                let default = <Self as sdt_provider::Declared>::DECL.field(name.0).and_then(|f| f.default);
                default.filter(|_| own).and_then(|lit| printed(&lit.value()))
            })
        };
        let flag = |name: Name| get(name).map(|v| v == "true");
        let whole = |name: Name| get(name).and_then(|v| v.parse().ok());
        let arn = l.load_balancer_arn.unwrap_or_default();
        let zones = l.availability_zones.unwrap_or_default();
        let name = l.load_balancer_name.unwrap_or_default();
        Self {
            access_logs: Logs::from_answer(attributes, "access_logs", known.access_logs.as_ref()),
            arn_suffix: Some(arn_suffix(&arn, "loadbalancer/")),
            client_keep_alive: whole(Self::CLIENT_KEEP_ALIVE),
            connection_logs: Logs::from_answer(attributes, "connection_logs", known.connection_logs.as_ref())
                .filter(|_| kind == "application"),
            customer_owned_ipv4_pool: l.customer_owned_ipv4_pool,
            desync_mitigation_mode: get(Self::DESYNC_MITIGATION_MODE),
            dns_name: l.dns_name,
            dns_record_client_routing_policy: get(Self::DNS_RECORD_CLIENT_ROUTING_POLICY),
            drop_invalid_header_fields: flag(Self::DROP_INVALID_HEADER_FIELDS),
            enable_cross_zone_load_balancing: flag(Self::ENABLE_CROSS_ZONE_LOAD_BALANCING),
            enable_deletion_protection: flag(Self::ENABLE_DELETION_PROTECTION),
            enable_http2: flag(Self::ENABLE_HTTP2),
            enable_tls_version_and_cipher_suite_headers: flag(Self::ENABLE_TLS_VERSION_AND_CIPHER_SUITE_HEADERS),
            enable_waf_fail_open: flag(Self::ENABLE_WAF_FAIL_OPEN),
            enable_xff_client_port: flag(Self::ENABLE_XFF_CLIENT_PORT),
            enable_zonal_shift: flag(Self::ENABLE_ZONAL_SHIFT),
            enforce_security_group_inbound_rules_on_private_link_traffic: text(
                l.enforce_security_group_inbound_rules_on_private_link_traffic,
            ),
            idle_timeout: whole(Self::IDLE_TIMEOUT),
            internal: Some(l.scheme == Some(LoadBalancerSchemeEnum::Internal)),
            ip_address_type: l.ip_address_type.map(|t| t.as_str().to_owned()),
            ipam_pools: l.ipam_pools.and_then(|p| p.ipv4_ipam_pool_id).map(|id| IpamPools { ipv4_ipam_pool_id: id }),
            minimum_load_balancer_capacity: capacity
                .filter(|units| *units > 0)
                .map(|capacity_units| Capacity { capacity_units }),
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            preserve_host_header: flag(Self::PRESERVE_HOST_HEADER),
            security_groups: Some(l.security_groups.unwrap_or_default()),
            subnets: Some(zones.iter().filter_map(|z| z.subnet_id.clone()).collect()),
            subnet_mapping: Some(zones.into_iter().map(SubnetMapping::from_answer).collect()),
            tags,
            vpc_id: l.vpc_id,
            xff_header_processing_mode: get(Self::XFF_HEADER_PROCESSING_MODE),
            zone_id: l.canonical_hosted_zone_id,
            load_balancer_type: kind,
            id: arn.clone(),
            arn: Some(arn),
        }
    }
}

/// Of logs that are off, bucket and prefix stay as they were; logs without a block are turned off.
fn plan_logs(edit: &mut PlanEdit<'_>, name: Name) {
    let first = |v: &Value| v.as_items().and_then(<[Value]>::first).filter(|i| !i.is_unknown()).cloned();
    let (prior, planned) = (first(edit.prior(name)), first(edit.planned(name)));
    let logs = match (&prior, planned) {
        (Some(prior), None) if !edit.planned(name).is_unknown() => with(prior, [("enabled", Value::FALSE)]),
        (_, Some(planned)) if planned.get("enabled").is_some_and(|e| e.raw_equals(&Value::FALSE)) => {
            let before = |key: &'static str, none: Value| {
                let kept = prior.as_ref().and_then(|p| p.get(key)).cloned().unwrap_or(none);
                (key, kept)
            };
            let prefix = planned.get("prefix").filter(|p| p.is_unknown() || p.as_str() == Some("")).cloned();
            let prefix = prefix.unwrap_or_else(|| Value::null(Type::String));
            with(&planned, [before("bucket", Value::string("")), before("prefix", prefix)])
        }
        _ => return,
    };
    edit.set(name, Value::list(logs.ty(), vec![logs]));
}

impl Logs {
    fn requests(&self, which: &str) -> Vec<LoadBalancerAttribute> {
        let pair = |key: &str, value: &str| {
            LoadBalancerAttribute::builder().key(format!("{which}.s3.{key}")).value(value).build()
        };
        if self.enabled != Some(true) {
            return vec![pair("enabled", "false")];
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        vec![pair("enabled", "true"), pair("bucket", &self.bucket), pair("prefix", prefix)]
    }

    fn from_answer(attributes: &Attributes, which: &str, known: Option<&Self>) -> Option<Self> {
        let get = |key: &str| attributes.get(&format!("{which}.s3.{key}"));
        let enabled = get("enabled").is_some_and(|v| v == "true");
        // A log that is off is not sent: what the configuration says of it stays.
        if let Some(known) = known.filter(|k| !enabled && k.enabled != Some(true)) {
            return Some(known.clone());
        }
        Some(Self {
            bucket: get("bucket").cloned().unwrap_or_default(),
            enabled: Some(enabled),
            prefix: text(get("prefix").cloned()),
        })
    }
}

impl IpamPools {
    fn request(&self) -> ApiPools {
        ApiPools::builder().ipv4_ipam_pool_id(&self.ipv4_ipam_pool_id).build()
    }
}

impl SubnetMapping {
    fn request(&self) -> ApiMapping {
        ApiMapping::builder()
            .subnet_id(&self.subnet_id)
            .set_allocation_id(self.allocation_id.clone())
            .set_ipv6_address(self.ipv6_address.clone())
            .set_private_ipv4_address(self.private_ipv4_address.clone())
            .build()
    }

    fn from_answer(z: aws_sdk_elasticloadbalancingv2::types::AvailabilityZone) -> Self {
        let address = z.load_balancer_addresses.and_then(|a| a.into_iter().next());
        let (allocation, private, ipv6) =
            address.map(|a| (a.allocation_id, a.private_ipv4_address, a.ipv6_address)).unwrap_or_default();
        Self {
            allocation_id: text(allocation),
            ipv6_address: text(ipv6),
            outpost_id: z.outpost_id,
            private_ipv4_address: text(private),
            subnet_id: z.subnet_id.unwrap_or_default(),
        }
    }
}
