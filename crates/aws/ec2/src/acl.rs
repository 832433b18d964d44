//! What the types about network ACLs share: rules, and which subnet has which ACL.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{IcmpTypeCode, NetworkAcl, NetworkAclEntry, PortRange, RuleAction};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Cx, Error, Set, checks};

use crate::{ec2, filter, protocol, text};

/// The first number of the rules that AWS adds itself.
const OWN_RULES: i32 = 32767;

/// How long an association that is being replaced elsewhere may be in the way.
const MOVING: Duration = Duration::from_secs(5 * 60);

/// A rule inside its ACL.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AclRule {
    /// What happens to the traffic.
    #[attr(one_of("allow", "deny"), any_case)]
    action: String,
    /// IPv4 range that the rule is about.
    #[attr(check = checks::ipv4_cidr)]
    cidr_block: Option<String>,
    /// First port.
    #[attr(range(0..=65535))]
    from_port: i64,
    /// ICMP code, -1 for all.
    icmp_code: Option<i64>,
    /// ICMP type, -1 for all.
    icmp_type: Option<i64>,
    /// IPv6 range that the rule is about.
    #[attr(check = checks::ipv6_cidr)]
    ipv6_cidr_block: Option<String>,
    /// Protocol by name or number, -1 for all.
    #[attr(same = protocol::same, check = protocol::known)]
    protocol: String,
    /// Rules are looked at in the order of their numbers.
    #[attr(range(1..=32766))]
    rule_no: i64,
    /// Last port.
    #[attr(range(0..=65535))]
    to_port: i64,
}

/// A rule as the service knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) number: i32,
    pub(crate) egress: bool,
    pub(crate) action: String,
    /// As a number.
    pub(crate) protocol: String,
    pub(crate) from: i32,
    pub(crate) to: i32,
    pub(crate) cidr: Option<String>,
    pub(crate) ipv6_cidr: Option<String>,
    /// Not every answer tells them.
    pub(crate) icmp_type: Option<i32>,
    pub(crate) icmp_code: Option<i32>,
}

fn is_icmp(protocol: Option<&str>) -> bool {
    matches!(protocol.map(protocol::number).as_deref(), Some("1" | "58"))
}

/// Type or code of a rule, which only those for ICMP have.
pub(crate) fn of_icmp(protocol: &str, number: Option<i64>) -> Option<i32> {
    is_icmp(Some(protocol)).then(|| number.unwrap_or_default() as i32)
}

impl Entry {
    /// A rule that was configured inside its ACL.
    fn wanted(rule: &AclRule, egress: bool) -> Self {
        Self {
            number: rule.rule_no as i32,
            egress,
            action: rule.action.clone(),
            protocol: protocol::number(&rule.protocol),
            from: rule.from_port as i32,
            to: rule.to_port as i32,
            cidr: text(rule.cidr_block.clone()),
            ipv6_cidr: text(rule.ipv6_cidr_block.clone()),
            icmp_type: of_icmp(&rule.protocol, rule.icmp_type),
            icmp_code: of_icmp(&rule.protocol, rule.icmp_code),
        }
    }

    fn seen(entry: &NetworkAclEntry) -> Self {
        let ports = entry.port_range();
        let icmp = entry.icmp_type_code();
        Self {
            number: entry.rule_number.unwrap_or_default(),
            egress: entry.egress == Some(true),
            action: entry.rule_action().map(|a| a.as_str().to_owned()).unwrap_or_default(),
            protocol: protocol::number(entry.protocol().unwrap_or_default()),
            from: ports.and_then(|p| p.from).unwrap_or_default(),
            to: ports.and_then(|p| p.to).unwrap_or_default(),
            cidr: text(entry.cidr_block.clone()),
            ipv6_cidr: text(entry.ipv6_cidr_block.clone()),
            icmp_type: icmp.and_then(|i| i.r#type).filter(|_| is_icmp(entry.protocol())),
            icmp_code: icmp.and_then(|i| i.code).filter(|_| is_icmp(entry.protocol())),
        }
    }

    fn rule(self) -> AclRule {
        AclRule {
            action: self.action,
            cidr_block: self.cidr,
            from_port: self.from.into(),
            icmp_code: Some(self.icmp_code.unwrap_or_default().into()),
            icmp_type: Some(self.icmp_type.unwrap_or_default().into()),
            ipv6_cidr_block: self.ipv6_cidr,
            protocol: self.protocol,
            rule_no: self.number.into(),
            to_port: self.to.into(),
        }
    }

    fn ports(&self) -> PortRange {
        PortRange::builder().from(self.from).to(self.to).build()
    }

    fn icmp(&self) -> Option<IcmpTypeCode> {
        let is = matches!(self.protocol.as_str(), "1" | "58");
        is.then(|| {
            IcmpTypeCode::builder()
                .r#type(self.icmp_type.unwrap_or_default())
                .code(self.icmp_code.unwrap_or_default())
                .build()
        })
    }

    /// Adds the rule to an ACL.
    pub(crate) async fn create(&self, cx: &Cx<'_, Aws>, acl: &str) -> Result<(), Error> {
        ec2(cx.api)
            .create_network_acl_entry()
            .network_acl_id(acl)
            .rule_number(self.number)
            .egress(self.egress)
            .protocol(&self.protocol)
            .rule_action(RuleAction::from(self.action.as_str()))
            .port_range(self.ports())
            .set_cidr_block(self.cidr.clone())
            .set_ipv6_cidr_block(self.ipv6_cidr.clone())
            .set_icmp_type_code(self.icmp())
            .send()
            .await
            .api()
            .map(drop)
    }

    async fn replace(&self, cx: &Cx<'_, Aws>, acl: &str) -> Result<(), Error> {
        ec2(cx.api)
            .replace_network_acl_entry()
            .network_acl_id(acl)
            .rule_number(self.number)
            .egress(self.egress)
            .protocol(&self.protocol)
            .rule_action(RuleAction::from(self.action.as_str()))
            .port_range(self.ports())
            .set_cidr_block(self.cidr.clone())
            .set_ipv6_cidr_block(self.ipv6_cidr.clone())
            .set_icmp_type_code(self.icmp())
            .send()
            .await
            .api()
            .map(drop)
    }
}

/// Removes a rule.
pub(crate) async fn delete_entry(cx: &Cx<'_, Aws>, acl: &str, number: i32, egress: bool) -> Result<(), Error> {
    let call = ec2(cx.api).delete_network_acl_entry().network_acl_id(acl).rule_number(number).egress(egress);
    match call.send().await.api() {
        Err(e) if e.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}

/// The rules of an ACL but for AWS's own.
pub(crate) fn entries(acl: &NetworkAcl) -> impl Iterator<Item = Entry> + '_ {
    acl.entries().iter().map(Entry::seen).filter(|e| e.number < OWN_RULES)
}

/// The rules of one direction as attributes.
pub(crate) fn rules(acl: &NetworkAcl, egress: bool) -> Set<AclRule> {
    entries(acl).filter(|e| e.egress == egress).map(Entry::rule).collect()
}

/// The subnets that have this ACL.
pub(crate) fn subnets(acl: &NetworkAcl) -> Set<String> {
    acl.associations().iter().filter_map(|a| a.subnet_id.clone()).collect()
}

/// Makes the rules of one direction those that are wanted.
pub(crate) async fn change_rules(
    cx: &Cx<'_, Aws>,
    acl: &NetworkAcl,
    egress: bool,
    want: &[AclRule],
) -> Result<(), Error> {
    let id = acl.network_acl_id().unwrap_or_default();
    let now: BTreeMap<i32, Entry> = entries(acl).filter(|e| e.egress == egress).map(|e| (e.number, e)).collect();
    let want: BTreeMap<i32, Entry> = want.iter().map(|r| Entry::wanted(r, egress)).map(|e| (e.number, e)).collect();
    for number in now.keys().filter(|n| !want.contains_key(n)) {
        delete_entry(cx, id, *number, egress).await?;
    }
    for (number, entry) in &want {
        match now.get(number) {
            Some(there) if there == entry => {}
            Some(_) => entry.replace(cx, id).await?,
            None => entry.create(cx, id).await?,
        }
    }
    Ok(())
}

/// The ACL with this id.
pub(crate) async fn find(cx: &Cx<'_, Aws>, id: &str) -> Result<NetworkAcl, Error> {
    let found = ec2(cx.api).describe_network_acls().network_acl_ids(id).send().await.api()?;
    let found = found.network_acls.unwrap_or_default().pop();
    found.ok_or_else(|| Error::not_found(format!("the network ACL {id} is gone")))
}

/// The id of a VPC's own ACL.
pub(crate) async fn default_of(cx: &Cx<'_, Aws>, vpc: &str) -> Result<String, Error> {
    let call = ec2(cx.api).describe_network_acls().filters(filter("vpc-id", [vpc]));
    let found = call.filters(filter("default", ["true"])).send().await.api()?;
    let id = found.network_acls().first().and_then(|a| a.network_acl_id.clone());
    id.ok_or_else(|| Error::not_found(format!("the VPC {vpc} has no default network ACL")))
}

/// Gives a subnet another ACL and returns the id of the association.
pub(crate) async fn associate(cx: &Cx<'_, Aws>, acl: &str, subnet: &str) -> Result<String, Error> {
    // Each replacement gives the association another id: a concurrent one makes ours stale.
    cx.retry_on(&["InvalidAssociationID.NotFound"], MOVING, || async {
        let call = ec2(cx.api).describe_network_acls().filters(filter("association.subnet-id", [subnet]));
        let found = call.send().await.api()?;
        let mut all = found.network_acls().iter().flat_map(|a| a.associations());
        let Some(there) = all.find(|a| a.subnet_id() == Some(subnet)) else {
            return Err(Error::not_found(format!("no network ACL is associated with the subnet {subnet}")));
        };
        let id = there.network_acl_association_id().unwrap_or_default();
        if there.network_acl_id() == Some(acl) {
            return Ok(id.to_owned());
        }
        let made = ec2(cx.api).replace_network_acl_association().association_id(id).network_acl_id(acl);
        Ok(made.send().await.api()?.new_association_id.unwrap_or_default())
    })
    .await
}

/// Gives the subnets of an ACL back to the VPC's own.
pub(crate) async fn release(cx: &Cx<'_, Aws>, vpc: &str, subnets: &[String]) -> Result<(), Error> {
    if subnets.is_empty() {
        return Ok(());
    }
    let default = default_of(cx, vpc).await?;
    for subnet in subnets {
        match associate(cx, &default, subnet).await {
            // The subnet is gone.
            Err(e) if e.is_not_found() => {}
            other => drop(other?),
        }
    }
    Ok(())
}
