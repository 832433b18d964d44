//! `aws_security_group_rule`

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::types::{IpPermission, SecurityGroupRule as Made};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Name, OptComputed, PlanEdit, Resource, Token, Value, async_trait, checks,
};

use crate::security_group::{Atom, Peer, atoms, permissions, protocol};
use crate::{ec2, shared};

/// Rules of a security group for one direction and range of ports. `aws_vpc_security_group_ingress_rule` and its sibling have ids and
/// tags; prefer them.
#[derive(Clone, Resource)]
#[resource(name = "aws_security_group_rule", version = 2, timeouts(create = "5m"))]
pub(crate) struct SecurityGroupRule {
    id: Id,
    /// IPv4 ranges.
    #[attr(
        force_new,
        check = checks::cidr,
        conflicts_with(self, source_security_group_id),
        at_least_one_of(cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id)
    )]
    cidr_blocks: Option<Vec<String>>,
    /// What the rule is for.
    #[attr(length(0..=255), keep_null, check = crate::security_group::rule_description)]
    description: Option<String>,
    /// First port, or ICMP type.
    #[attr(force_new)]
    from_port: i64,
    /// IPv6 ranges.
    #[attr(
        force_new,
        check = checks::ipv6_cidr,
        conflicts_with(self, source_security_group_id),
        at_least_one_of(cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id)
    )]
    ipv6_cidr_blocks: Option<Vec<String>>,
    /// Prefix lists.
    #[attr(
        force_new,
        check = given,
        at_least_one_of(cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id)
    )]
    prefix_list_ids: Option<Vec<String>>,
    /// Protocol by name or number, -1 for all.
    #[attr(force_new, form = protocol, same = same_protocol)]
    protocol: String,
    /// The group.
    #[attr(force_new)]
    security_group_id: String,
    /// Id of the rule, when it is a single one.
    security_group_rule_id: Computed<String>,
    /// Whether the group itself is the other side.
    #[attr(
        name = "self",
        force_new,
        default = false,
        conflicts_with(cidr_blocks, ipv6_cidr_blocks, source_security_group_id),
        at_least_one_of(cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id)
    )]
    own: Option<bool>,
    /// The group on the other side, with its account when that is another: `account/group`.
    #[attr(
        force_new,
        keep_null,
        conflicts_with(cidr_blocks, ipv6_cidr_blocks, self),
        at_least_one_of(cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id)
    )]
    source_security_group_id: OptComputed<String>,
    /// Last port, or ICMP code.
    #[attr(force_new)]
    to_port: i64,
    /// Direction.
    #[attr(force_new, one_of("egress", "ingress"))]
    r#type: String,
}

/// Ids say something.
fn given(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("not to be empty".into()) } else { Ok(()) }
}

fn same_protocol(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if protocol(a) == protocol(b))
}

#[async_trait]
impl Resource for SecurityGroupRule {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Security Group Rule";
    // A group has a rule once.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let all = want.permissions();
        let group = &want.security_group_id;
        let limit = Duration::from_secs(5 * 60);
        // The group may have been made just now.
        let made = cx
            .retry_on(&["InvalidGroup.NotFound"], limit, || async {
                let all = Some(all.clone());
                Ok(if want.ingress() {
                    let call = ec2(cx.api).authorize_security_group_ingress().group_id(group).set_ip_permissions(all);
                    call.send().await.api()?.security_group_rules
                } else {
                    let call = ec2(cx.api).authorize_security_group_egress().group_id(group).set_ip_permissions(all);
                    call.send().await.api()?.security_group_rules
                })
            })
            .await?;
        let only = <[Made; 1]>::try_from(made.unwrap_or_default()).ok().map(|[rule]| rule);
        // With several ranges there are several rules.
        let single = want.atoms().len() == 1;
        let security_group_rule_id = only.filter(|_| single).and_then(|rule| rule.security_group_rule_id);
        Ok(Self { id: want.hash(), security_group_rule_id, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let groups = shared::security_groups(cx, known.iter().map(|k| k.security_group_id.clone())).await?;
        let read = |k: &Self| {
            let group = groups.iter().find(|g| g.group_id() == Some(&k.security_group_id))?;
            let there = if k.ingress() { group.ip_permissions() } else { group.ip_permissions_egress() };
            let there = atoms(there, &k.security_group_id);
            // Which rule it is does not depend on its description.
            let of = |a: &Atom| {
                there.iter().find(|t| t.peer == a.peer && t.protocol == a.protocol && t.from == a.from && t.to == a.to)
            };
            let mine: Vec<&Atom> = k.atoms().iter().map(of).collect::<Option<_>>()?;
            let description = mine.first().map(|a| a.description.clone())?;
            // The id has the protocol as it was written, which only the creation knows.
            let id = if k.id.starts_with("sgrule-") { k.id.clone() } else { k.hash() };
            Some(Self { id, description: Some(description).filter(|d| !d.is_empty()), ..k.clone() })
        };
        Ok(known.iter().map(read).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if !changed.has(Self::DESCRIPTION) {
            return Ok(());
        }
        let (group, all) = (&prior.security_group_id, Some(want.permissions()));
        if want.ingress() {
            let call = ec2(cx.api).update_security_group_rule_descriptions_ingress().group_id(group);
            call.set_ip_permissions(all).send().await.api().map(drop)
        } else {
            let call = ec2(cx.api).update_security_group_rule_descriptions_egress().group_id(group);
            call.set_ip_permissions(all).send().await.api().map(drop)
        }
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let (group, all) = (&prior.security_group_id, Some(prior.permissions()));
        if prior.ingress() {
            let call = ec2(cx.api).revoke_security_group_ingress().group_id(group).set_ip_permissions(all);
            call.send().await.api().map(drop)
        } else {
            let call = ec2(cx.api).revoke_security_group_egress().group_id(group).set_ip_permissions(all);
            call.send().await.api().map(drop)
        }
    }

    /// A rule about every protocol is about every port, whatever is written.
    fn customize(edit: &mut PlanEdit<'_>) {
        if edit.prior.is_some() && edit.planned(Self::PROTOCOL).as_str() == Some("-1") {
            for name in [Self::FROM_PORT, Self::TO_PORT] {
                edit.set(name, edit.prior(name).clone());
                edit.keep(name);
            }
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.map(|f| Self { id: f.id, ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let form = || "SECURITYGROUPID_TYPE_PROTOCOL_FROMPORT_TOPORT_SOURCE[_SOURCE]*".to_owned();
        let parts: Vec<&str> = id.split('_').collect();
        let [group, direction, protocol, from, to, sources @ ..] = parts.as_slice() else { return Err(form()) };
        if !group.starts_with("sg-") || !["ingress", "egress"].contains(direction) || sources.is_empty() {
            return Err(form());
        }
        let port = |p: &str| if p == "all" { Ok(0_i64) } else { p.parse().map_err(|_| form()) };
        let mut out = vec![
            (Self::SECURITY_GROUP_ID, Value::string(*group)),
            (Self::TYPE, Value::string(*direction)),
            (Self::PROTOCOL, Value::string(*protocol)),
            (Self::FROM_PORT, Value::number(port(from)?)),
            (Self::TO_PORT, Value::number(port(to)?)),
        ];
        let list = |of: Vec<&str>| Value::list(sdt_provider::Ty::Str.ty(), of.into_iter().map(Value::string).collect());
        let (mut v4, mut v6, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources.iter().copied() {
            match source {
                "self" => out.push((Self::SELF, Value::bool(true))),
                s if s.starts_with("pl-") => prefixes.push(s),
                s if s.contains(':') => v6.push(s),
                s if s.contains('.') => v4.push(s),
                s => out.push((Self::SOURCE_SECURITY_GROUP_ID, Value::string(s))),
            }
        }
        for (name, of) in [(Self::CIDR_BLOCKS, v4), (Self::IPV6_CIDR_BLOCKS, v6), (Self::PREFIX_LIST_IDS, prefixes)] {
            if !of.is_empty() {
                out.push((name, list(of)));
            }
        }
        Ok(out)
    }
}

impl SecurityGroupRule {
    fn ingress(&self) -> bool {
        self.r#type == "ingress"
    }

    fn atoms(&self) -> BTreeSet<Atom> {
        let group = self.source_security_group_id.clone().filter(|g| !g.is_empty());
        let own = (self.own == Some(true)).then(|| self.security_group_id.clone());
        let peers = self.cidr_blocks.iter().flatten().cloned().map(Peer::V4);
        let peers = peers.chain(self.ipv6_cidr_blocks.iter().flatten().cloned().map(Peer::V6));
        let peers = peers.chain(self.prefix_list_ids.iter().flatten().cloned().map(Peer::Prefixes));
        let peers = peers.chain(group.into_iter().chain(own).map(Peer::Group));
        let protocol = protocol(&self.protocol);
        let (from, to) = if protocol == "-1" { (0, 0) } else { (self.from_port, self.to_port) };
        let description = self.description.clone().unwrap_or_default();
        peers
            .map(|peer| Atom { protocol: protocol.clone(), from, to, peer, description: description.clone() })
            .collect()
    }

    fn permissions(&self) -> Vec<IpPermission> {
        permissions(self.atoms())
    }

    /// Rules had no ids once; the public provider makes this one up.
    fn hash(&self) -> String {
        let mut text = format!("{}-", self.security_group_id);
        for port in [self.from_port, self.to_port] {
            if port > 0 {
                text.push_str(&format!("{port}-"));
            }
        }
        text.push_str(&format!("{}-{}-", protocol(&self.protocol), self.r#type));
        for list in [&self.cidr_blocks, &self.ipv6_cidr_blocks, &self.prefix_list_ids] {
            let mut sorted: Vec<&String> = list.iter().flatten().collect();
            sorted.sort();
            sorted.into_iter().for_each(|v| text.push_str(&format!("{v}-")));
        }
        let group = self.source_security_group_id.clone().filter(|g| !g.is_empty());
        let own = (self.own == Some(true)).then(|| self.security_group_id.clone());
        for id in group.into_iter().chain(own) {
            // Group id, then an empty group name.
            text.push_str(&format!("{}--", id.rsplit('/').next().unwrap_or_default()));
        }
        format!("sgrule-{}", crc32fast::hash(text.as_bytes()))
    }
}
