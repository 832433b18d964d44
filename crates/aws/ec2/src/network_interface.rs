//! `aws_network_interface`

use aws_sdk_ec2::types::{
    AttributeBooleanValue, InstanceIpv6Address, Ipv4PrefixSpecificationRequest, Ipv6PrefixSpecificationRequest,
    NetworkInterface as Found, NetworkInterfaceCreationType, PrivateIpAddressSpecification, ResourceType,
};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Tags, Token, Value,
    async_trait, checks,
};

use crate::{ec2, filter, tags, text};

/// A virtual network card in a subnet.
#[derive(Clone, Resource)]
#[resource(name = "aws_network_interface")]
pub(crate) struct NetworkInterface {
    id: Id,
    /// ARN of the interface.
    arn: Computed<String>,
    /// The instance it is in.
    #[attr(computed)]
    attachment: OptComputed<Set<Attachment>>,
    /// What the interface is for.
    description: Option<String>,
    /// Makes the first IPv6 address the primary one. Cannot be taken back.
    #[attr(keep_null)]
    enable_primary_ipv6: OptComputed<bool>,
    /// Kind of interface.
    #[attr(force_new, one_of("efa", "efa-only", "branch", "trunk"))]
    interface_type: OptComputed<String>,
    /// Number of IPv4 prefixes.
    #[attr(conflicts_with(ipv4_prefixes))]
    ipv4_prefix_count: OptComputed<i64>,
    /// IPv4 prefixes.
    #[attr(check = checks::ipv4_cidr, conflicts_with(ipv4_prefix_count))]
    ipv4_prefixes: OptComputed<Set<String>>,
    /// Number of IPv6 addresses.
    #[attr(conflicts_with(ipv6_address_list, ipv6_addresses), invalidates(ipv6_address_list, ipv6_addresses))]
    ipv6_address_count: OptComputed<i64>,
    /// IPv6 addresses in order; with `ipv6_address_list_enabled`.
    #[attr(conflicts_with(ipv6_address_count, ipv6_addresses))]
    ipv6_address_list: OptComputed<Vec<String>>,
    /// Whether `ipv6_address_list` says the addresses.
    #[attr(default = false, carry)]
    ipv6_address_list_enabled: Option<bool>,
    /// IPv6 addresses.
    #[attr(
        check = ipv6,
        conflicts_with(ipv6_address_count, ipv6_address_list),
        invalidates(ipv6_address_count, ipv6_address_list)
    )]
    ipv6_addresses: OptComputed<Set<String>>,
    /// Number of IPv6 prefixes.
    #[attr(conflicts_with(ipv6_prefixes))]
    ipv6_prefix_count: OptComputed<i64>,
    /// IPv6 prefixes.
    #[attr(check = checks::ipv6_cidr, conflicts_with(ipv6_prefix_count))]
    ipv6_prefixes: OptComputed<Set<String>>,
    /// Hardware address.
    mac_address: Computed<String>,
    /// The Outpost it is on.
    outpost_arn: Computed<String>,
    /// Account that owns the interface.
    owner_id: Computed<String>,
    /// Private name.
    private_dns_name: Computed<String>,
    /// Primary IPv4 address.
    private_ip: OptComputed<String>,
    /// IPv4 addresses in order, the primary one first; with `private_ip_list_enabled`.
    #[attr(conflicts_with(private_ips, private_ips_count))]
    private_ip_list: OptComputed<Vec<String>>,
    /// Whether `private_ip_list` says the addresses.
    #[attr(default = false, carry)]
    private_ip_list_enabled: Option<bool>,
    /// IPv4 addresses.
    #[attr(conflicts_with(private_ip_list))]
    private_ips: OptComputed<Set<String>>,
    /// Number of IPv4 addresses beside the primary one.
    #[attr(conflicts_with(private_ip_list), invalidates(private_ip_list, private_ips))]
    private_ips_count: OptComputed<i64>,
    /// Security groups.
    security_groups: OptComputed<Set<String>>,
    /// Only traffic from and to its own addresses.
    #[attr(default = true)]
    source_dest_check: bool,
    /// The subnet.
    #[attr(force_new)]
    subnet_id: String,
    /// Tags of the interface.
    tags: Tags,
}

/// The place of an interface in an instance.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Attachment {
    /// Id of the attachment.
    attachment_id: Computed<String>,
    /// Position.
    device_index: i64,
    /// The instance.
    instance: String,
}

fn ipv6(text: &str) -> Result<(), String> {
    text.parse::<std::net::Ipv6Addr>().map(drop).map_err(|_| "to be an IPv6 address".to_owned())
}

#[async_trait]
impl Resource for NetworkInterface {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Network Interface";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let listed = want.private_ip_list_enabled == Some(true);
        let addresses: Vec<String> =
            if listed { &want.private_ip_list } else { &want.private_ips }.clone().unwrap_or_default();
        let primary = want.private_ip.clone().filter(|p| !p.is_empty());
        let one = |(i, ip): (usize, &String)| {
            let first = primary.as_ref().map_or(i == 0, |p| p == ip);
            PrivateIpAddressSpecification::builder().private_ip_address(ip).primary(first).build()
        };
        let addresses: Vec<_> = addresses.iter().enumerate().map(one).collect();
        let alone = primary.clone().filter(|_| addresses.is_empty());
        let v6 =
            if want.ipv6_address_list_enabled == Some(true) { &want.ipv6_address_list } else { &want.ipv6_addresses };
        let v6: Vec<_> = v6.iter().flatten().map(|a| InstanceIpv6Address::builder().ipv6_address(a).build()).collect();
        let v4_prefixes: Vec<_> = want.ipv4_prefixes.iter().flatten().map(v4_prefix).collect();
        let v6_prefixes: Vec<_> = want.ipv6_prefixes.iter().flatten().map(v6_prefix).collect();
        let count = |n: Option<i64>| n.filter(|n| *n > 0).map(|n| n as i32);
        let made = ec2(cx.api)
            .create_network_interface()
            .client_token(cx.client_token(""))
            .subnet_id(&want.subnet_id)
            .set_description(want.description.clone())
            .set_groups(want.security_groups.clone().filter(|g| !g.is_empty()))
            .set_interface_type(want.interface_type.as_deref().map(NetworkInterfaceCreationType::from))
            .set_enable_primary_ipv6(want.enable_primary_ipv6)
            .set_private_ip_address(alone)
            .set_private_ip_addresses((!addresses.is_empty()).then_some(addresses.clone()))
            .set_secondary_private_ip_address_count(count(want.private_ips_count).filter(|_| addresses.is_empty()))
            .set_ipv6_addresses((!v6.is_empty()).then_some(v6.clone()))
            .set_ipv6_address_count(count(want.ipv6_address_count).filter(|_| v6.is_empty()))
            .set_ipv4_prefix_count(count(want.ipv4_prefix_count).filter(|_| v4_prefixes.is_empty()))
            .set_ipv4_prefixes((!v4_prefixes.is_empty()).then_some(v4_prefixes))
            .set_ipv6_prefix_count(count(want.ipv6_prefix_count).filter(|_| v6_prefixes.is_empty()))
            .set_ipv6_prefixes((!v6_prefixes.is_empty()).then_some(v6_prefixes))
            .set_tag_specifications(tags::on_create(ResourceType::NetworkInterface, &want.tags))
            .send()
            .await
            .api()?;
        let id = made.network_interface.and_then(|i| i.network_interface_id);
        Ok(Self { id: id.unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let there = cx
            .wait("the network interface to become available", Pace::QUICK, || async {
                let Some(found) = find(cx, &made.id).await? else { return Ok(Seen::Pending(String::new())) };
                match found.status() {
                    Some(s) if s.as_str() == "pending" => Ok(Seen::Pending("pending".into())),
                    _ => Ok(Seen::Ready(found)),
                }
            })
            .await?;
        // Several addresses may come with a wish for still more.
        let wanted = made.private_ips_count.unwrap_or_default();
        let now = there.private_ip_addresses().len().saturating_sub(1) as i64;
        if wanted > now && made.private_ip_list_enabled != Some(true) {
            made.assign_count(cx, (wanted - now) as i32).await?;
        }
        if !made.source_dest_check {
            made.set_source_dest_check(cx).await?;
        }
        for a in made.attachment.iter().flatten() {
            if there.attachment().is_none_or(|t| t.instance_id() != Some(&a.instance)) {
                attach(cx, &made.id, a).await?;
            }
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|k| k.id.clone());
        let found = ec2(cx.api).describe_network_interfaces().filters(filter("network-interface-id", ids));
        let found = found.into_paginator().items().send().try_collect().await.api()?;
        let objects = found.into_iter().filter_map(|i| {
            let id = i.network_interface_id.clone()?;
            Some((id, Self::seen(cx.api, i)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let id = &prior.id;
        let want = &Self { id: id.clone(), ..want.clone() };
        if changed.has(Self::ATTACHMENT) {
            detach(cx, id).await?;
            for a in want.attachment.iter().flatten() {
                attach(cx, id, a).await?;
            }
        }
        want.change_ipv4(cx, prior, changed).await?;
        want.change_ipv6(cx, prior, changed).await?;
        want.change_prefixes(cx, prior, changed).await?;
        let modify = || ec2(cx.api).modify_network_interface_attribute().network_interface_id(id);
        // The API takes one attribute a call.
        if changed.has(Self::SOURCE_DEST_CHECK) {
            want.set_source_dest_check(cx).await?;
        }
        if changed.has(Self::SECURITY_GROUPS) {
            modify().set_groups(want.security_groups.clone()).send().await.api()?;
        }
        if changed.has(Self::DESCRIPTION) {
            let value = want.description.clone().unwrap_or_default();
            let value = aws_sdk_ec2::types::AttributeValue::builder().value(value).build();
            modify().description(value).send().await.api()?;
        }
        if changed.has(Self::ENABLE_PRIMARY_IPV6) {
            modify().set_enable_primary_ipv6(want.enable_primary_ipv6).send().await.api()?;
        }
        if changed.tags() {
            tags::update(cx.api, id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        detach(cx, &prior.id).await?;
        cx.retry_on(&["InvalidParameterValue", "InvalidNetworkInterface.InUse"], cx.remaining(), || async {
            let call = ec2(cx.api).delete_network_interface().network_interface_id(&prior.id);
            call.send().await.api().map(drop)
        })
        .await?;
        cx.wait("the network interface to be gone", Pace::QUICK, || async {
            let left = find(cx, &prior.id).await?;
            Ok(if left.is_none() { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        // Without its switch the list says nothing.
        let listed = edit.planned(Self::IPV6_ADDRESS_LIST_ENABLED).as_bool() == Some(true);
        if !listed && edit.config(Self::IPV6_ADDRESS_LIST).as_items().is_some_and(|i| !i.is_empty()) {
            edit.set_unknown(Self::IPV6_ADDRESS_LIST);
        }
        if edit.changes(Self::ENABLE_PRIMARY_IPV6) && edit.prior(Self::ENABLE_PRIMARY_IPV6).as_bool() == Some(true) {
            edit.replace(Self::ENABLE_PRIMARY_IPV6);
        }
        // The primary address stays for life: an interface without it is another one.
        let primary = edit.prior(Self::PRIVATE_IP_LIST).as_items().and_then(<[Value]>::first).cloned();
        let listed = edit.planned(Self::PRIVATE_IP_LIST_ENABLED).as_bool() == Some(true);
        let Some(primary) = primary else { return };
        let (name, keeps): (_, fn(&[Value], &Value) -> bool) = if listed {
            (Self::PRIVATE_IP_LIST, |new, primary| new.first().is_none_or(|n| n.raw_equals(primary)))
        } else {
            (Self::PRIVATE_IPS, |new, primary| new.iter().any(|n| n.raw_equals(primary)))
        };
        if edit.changes(name) && !edit.planned(name).as_items().is_none_or(|new| keeps(new, &primary)) {
            edit.replace(name);
        }
        for (of, rest) in [
            (Self::PRIVATE_IPS, [Self::PRIVATE_IP_LIST, Self::PRIVATE_IPS_COUNT]),
            (Self::PRIVATE_IP_LIST, [Self::PRIVATE_IPS, Self::PRIVATE_IPS_COUNT]),
            (Self::IPV6_ADDRESS_LIST, [Self::IPV6_ADDRESSES, Self::IPV6_ADDRESS_COUNT]),
        ] {
            if of == Self::IPV6_ADDRESS_LIST && edit.planned(Self::IPV6_ADDRESS_LIST_ENABLED).as_bool() != Some(true) {
                continue;
            }
            if edit.changes(of) && !edit.config(of).is_null() {
                for name in rest {
                    if edit.config(name).is_null() {
                        edit.set_unknown(name);
                    }
                }
            }
        }
    }
}

fn v4_prefix(cidr: &String) -> Ipv4PrefixSpecificationRequest {
    Ipv4PrefixSpecificationRequest::builder().ipv4_prefix(cidr).build()
}

fn v6_prefix(cidr: &String) -> Ipv6PrefixSpecificationRequest {
    Ipv6PrefixSpecificationRequest::builder().ipv6_prefix(cidr).build()
}

async fn find(cx: &Cx<'_, Aws>, id: &str) -> Result<Option<Found>, Error> {
    let call = ec2(cx.api).describe_network_interfaces().filters(filter("network-interface-id", [id]));
    Ok(call.send().await.api()?.network_interfaces.unwrap_or_default().pop())
}

async fn attach(cx: &Cx<'_, Aws>, id: &str, a: &Attachment) -> Result<(), Error> {
    let call = ec2(cx.api).attach_network_interface().network_interface_id(id).instance_id(&a.instance);
    call.device_index(a.device_index as i32).send().await.api()?;
    cx.wait("the network interface to be attached", Pace::QUICK, || async {
        let state = find(cx, id).await?.and_then(|f| f.attachment).and_then(|a| a.status);
        Ok(match state.as_ref().map(|s| s.as_str()) {
            Some("attached") => Seen::Ready(()),
            state => Seen::Pending(state.unwrap_or_default().to_owned()),
        })
    })
    .await
}

/// Takes the interface out of its instance, if it is in one.
async fn detach(cx: &Cx<'_, Aws>, id: &str) -> Result<(), Error> {
    let there = find(cx, id).await?.ok_or_else(|| Error::not_found("the network interface is gone"))?;
    let Some(attachment) = there.attachment.and_then(|a| a.attachment_id) else { return Ok(()) };
    match ec2(cx.api).detach_network_interface().attachment_id(attachment).force(true).send().await.api() {
        Err(e) if e.is_not_found() => {}
        other => drop(other?),
    }
    cx.wait("the network interface to be detached", Pace::QUICK, || async {
        let state = find(cx, id).await?.and_then(|f| f.attachment).and_then(|a| a.status);
        Ok(match state.as_ref().map(|s| s.as_str()) {
            None | Some("detached") => Seen::Ready(()),
            Some(state) => Seen::Pending(state.to_owned()),
        })
    })
    .await
}

/// What of `a` is not in `b`.
fn without(a: Option<&Vec<String>>, b: Option<&Vec<String>>) -> Vec<String> {
    a.into_iter().flatten().filter(|x| !b.into_iter().flatten().any(|y| y == *x)).cloned().collect()
}

impl NetworkInterface {
    fn seen(aws: &Aws, i: Found) -> Self {
        let id = i.network_interface_id.clone().unwrap_or_default();
        let owner = i.owner_id.clone().unwrap_or_default();
        let mut addresses: Vec<_> = i.private_ip_addresses().to_vec();
        addresses.sort_by_key(|a| a.primary != Some(true));
        let addresses: Vec<String> = addresses.into_iter().filter_map(|a| a.private_ip_address).collect();
        let v6: Vec<String> = i.ipv6_addresses().iter().filter_map(|a| a.ipv6_address.clone()).collect();
        let v4_prefixes: Vec<String> = i.ipv4_prefixes().iter().filter_map(|p| p.ipv4_prefix.clone()).collect();
        let v6_prefixes: Vec<String> = i.ipv6_prefixes().iter().filter_map(|p| p.ipv6_prefix.clone()).collect();
        let attachment = i.attachment().filter(|a| a.instance_id().is_some()).map(|a| Attachment {
            attachment_id: a.attachment_id.clone(),
            device_index: a.device_index.unwrap_or_default().into(),
            instance: a.instance_id.clone().unwrap_or_default(),
        });
        Self {
            arn: Some(aws.arn("ec2", &owner, &format!("network-interface/{id}"))),
            attachment: Some(attachment.into_iter().collect()),
            description: text(i.description.clone()),
            enable_primary_ipv6: i.ipv6_addresses().first().and_then(|a| a.is_primary_ipv6).filter(|p| *p),
            interface_type: i.interface_type().map(|t| t.as_str().to_owned()),
            ipv4_prefix_count: Some(v4_prefixes.len() as i64),
            ipv4_prefixes: Some(v4_prefixes),
            ipv6_address_count: Some(v6.len() as i64),
            ipv6_address_list: Some(v6.clone()),
            ipv6_address_list_enabled: None,
            ipv6_addresses: Some(v6),
            ipv6_prefix_count: Some(v6_prefixes.len() as i64),
            ipv6_prefixes: Some(v6_prefixes),
            mac_address: i.mac_address.clone(),
            outpost_arn: text(i.outpost_arn.clone()),
            owner_id: Some(owner),
            private_dns_name: text(i.private_dns_name.clone()),
            private_ip: i.private_ip_address.clone(),
            private_ip_list: Some(addresses.clone()),
            private_ip_list_enabled: None,
            private_ips_count: Some(addresses.len().saturating_sub(1) as i64),
            private_ips: Some(addresses),
            security_groups: Some(i.groups().iter().filter_map(|g| g.group_id.clone()).collect()),
            source_dest_check: i.source_dest_check != Some(false),
            subnet_id: i.subnet_id.clone().unwrap_or_default(),
            tags: tags::read(i.tag_set.clone()),
            id,
        }
    }

    async fn set_source_dest_check(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let value = AttributeBooleanValue::builder().value(self.source_dest_check).build();
        let call = ec2(cx.api).modify_network_interface_attribute().network_interface_id(&self.id);
        call.source_dest_check(value).send().await.api().map(drop)
    }

    async fn assign_count(&self, cx: &Cx<'_, Aws>, count: i32) -> Result<(), Error> {
        let call = ec2(cx.api).assign_private_ip_addresses().network_interface_id(&self.id);
        call.secondary_private_ip_address_count(count).send().await.api().map(drop)
    }

    async fn change_ipv4(&self, cx: &Cx<'_, Aws>, prior: &Self, changed: &Changes) -> Result<(), Error> {
        let (client, id) = (ec2(cx.api), &self.id);
        let listed = self.private_ip_list_enabled == Some(true);
        let (name, now, want) = if listed {
            (Self::PRIVATE_IP_LIST, &prior.private_ip_list, &self.private_ip_list)
        } else {
            (Self::PRIVATE_IPS, &prior.private_ips, &self.private_ips)
        };
        let wanted = want.as_ref().filter(|w| !w.is_empty());
        if changed.has(name) && wanted.is_some() {
            let primary = prior.private_ip.as_deref();
            let gone: Vec<String> =
                without(now.as_ref(), wanted).into_iter().filter(|a| Some(a.as_str()) != primary).collect();
            if !gone.is_empty() {
                let call = client.unassign_private_ip_addresses().network_interface_id(id);
                call.set_private_ip_addresses(Some(gone)).send().await.api()?;
            }
            let new = without(wanted, now.as_ref());
            if !new.is_empty() {
                let call = client.assign_private_ip_addresses().network_interface_id(id);
                call.set_private_ip_addresses(Some(new)).send().await.api()?;
            }
        } else if changed.has(Self::PRIVATE_IPS_COUNT) && self.private_ips_count.is_some() {
            let there = find(cx, id).await?.map(|f| f.private_ip_addresses.unwrap_or_default()).unwrap_or_default();
            let secondary: Vec<String> =
                there.into_iter().filter(|a| a.primary != Some(true)).filter_map(|a| a.private_ip_address).collect();
            let want = self.private_ips_count.unwrap_or_default().max(0) as usize;
            if want > secondary.len() {
                self.assign_count(cx, (want - secondary.len()) as i32).await?;
            } else if want < secondary.len() {
                let call = client.unassign_private_ip_addresses().network_interface_id(id);
                call.set_private_ip_addresses(Some(secondary[want..].to_vec())).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn change_ipv6(&self, cx: &Cx<'_, Aws>, prior: &Self, changed: &Changes) -> Result<(), Error> {
        let (client, id) = (ec2(cx.api), &self.id);
        let listed = self.ipv6_address_list_enabled == Some(true);
        let (name, now, want) = if listed {
            (Self::IPV6_ADDRESS_LIST, &prior.ipv6_address_list, &self.ipv6_address_list)
        } else {
            (Self::IPV6_ADDRESSES, &prior.ipv6_addresses, &self.ipv6_addresses)
        };
        let (mut gone, mut new, mut count) = (Vec::new(), Vec::new(), 0);
        if changed.has(name) && want.is_some() {
            gone = without(now.as_ref(), want.as_ref());
            new = without(want.as_ref(), now.as_ref());
        } else if changed.has(Self::IPV6_ADDRESS_COUNT) {
            let there = now.clone().unwrap_or_default();
            let want = self.ipv6_address_count.unwrap_or_default().max(0) as usize;
            count = want.saturating_sub(there.len()) as i32;
            gone = there.into_iter().skip(want).collect();
        }
        if !gone.is_empty() {
            let call = client.unassign_ipv6_addresses().network_interface_id(id);
            call.set_ipv6_addresses(Some(gone)).send().await.api()?;
        }
        if !new.is_empty() || count > 0 {
            let call = client.assign_ipv6_addresses().network_interface_id(id);
            let call = call.set_ipv6_address_count((count > 0).then_some(count));
            call.set_ipv6_addresses((!new.is_empty()).then_some(new)).send().await.api()?;
        }
        Ok(())
    }

    async fn change_prefixes(&self, cx: &Cx<'_, Aws>, prior: &Self, changed: &Changes) -> Result<(), Error> {
        let (client, id) = (ec2(cx.api), &self.id);
        let plan =
            |by_list: bool, by_count: bool, now: &Option<Vec<String>>, want: &Option<Vec<String>>, n: Option<i64>| {
                let there = now.clone().unwrap_or_default();
                let n = n.unwrap_or_default().max(0) as usize;
                if by_list && want.is_some() {
                    (without(now.as_ref(), want.as_ref()), without(want.as_ref(), now.as_ref()), 0)
                } else if by_count {
                    let count = n.saturating_sub(there.len()) as i32;
                    (there.into_iter().skip(n).collect(), Vec::new(), count)
                } else {
                    (Vec::new(), Vec::new(), 0)
                }
            };
        let some = |v: Vec<String>| (!v.is_empty()).then_some(v);
        let (list, count) = (changed.has(Self::IPV4_PREFIXES), changed.has(Self::IPV4_PREFIX_COUNT));
        let (gone, new, count) = plan(list, count, &prior.ipv4_prefixes, &self.ipv4_prefixes, self.ipv4_prefix_count);
        if !gone.is_empty() {
            let call = client.unassign_private_ip_addresses().network_interface_id(id);
            call.set_ipv4_prefixes(Some(gone)).send().await.api()?;
        }
        if !new.is_empty() || count > 0 {
            let call = client.assign_private_ip_addresses().network_interface_id(id).set_ipv4_prefixes(some(new));
            call.set_ipv4_prefix_count((count > 0).then_some(count)).send().await.api()?;
        }
        let (list, count) = (changed.has(Self::IPV6_PREFIXES), changed.has(Self::IPV6_PREFIX_COUNT));
        let (gone, new, count) = plan(list, count, &prior.ipv6_prefixes, &self.ipv6_prefixes, self.ipv6_prefix_count);
        if !gone.is_empty() {
            let call = client.unassign_ipv6_addresses().network_interface_id(id);
            call.set_ipv6_prefixes(Some(gone)).send().await.api()?;
        }
        if !new.is_empty() || count > 0 {
            let call = client.assign_ipv6_addresses().network_interface_id(id).set_ipv6_prefixes(some(new));
            call.set_ipv6_prefix_count((count > 0).then_some(count)).send().await.api()?;
        }
        Ok(())
    }
}
