//! `aws_security_group`

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, UserIdGroupPair};
use sdt_aws_core::{Api, Aws, in_order, names};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Set, Tags, Token, async_trait, checks,
};

use crate::holders::{self, Held};
use crate::{ec2, filter, shared, tags, text};

/// A stateful firewall for network interfaces, with its rules inline. Rules may also be resources of their own
/// (`aws_vpc_security_group_ingress_rule`), but not both ways for one group.
#[derive(Clone, Resource)]
#[resource(name = "aws_security_group", version = 1, timeouts(create = "10m", delete = "15m"))]
pub(crate) struct SecurityGroup {
    pub(crate) id: Id,
    /// ARN of the group.
    pub(crate) arn: Computed<String>,
    /// What the group is for. Cannot be changed.
    #[attr(force_new, default = "Managed by Terraform", length(0..=255))]
    pub(crate) description: String,
    /// Rules for traffic that leaves.
    #[attr(nested)]
    pub(crate) egress: OptComputed<Set<Rule>>,
    /// Rules for traffic that comes in.
    #[attr(nested)]
    pub(crate) ingress: OptComputed<Set<Rule>>,
    /// Name of the group, unique in the VPC.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=255))]
    pub(crate) name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=229))]
    pub(crate) name_prefix: OptComputed<String>,
    /// Account that owns the group.
    pub(crate) owner_id: Computed<String>,
    /// Removes all rules before the group is deleted, for groups that refer to each other.
    #[attr(default = false, carry)]
    pub(crate) revoke_rules_on_delete: Option<bool>,
    /// Tags of the group.
    pub(crate) tags: Tags,
    /// The VPC, the default one when not set.
    #[attr(force_new)]
    pub(crate) vpc_id: OptComputed<String>,
}

/// One inline rule.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    #[attr(check = checks::ipv4_cidr)]
    pub(crate) cidr_blocks: Option<Vec<String>>,
    #[attr(length(0..=255), check = rule_description)]
    pub(crate) description: Option<String>,
    pub(crate) from_port: Option<i64>,
    #[attr(check = checks::ipv6_cidr)]
    pub(crate) ipv6_cidr_blocks: Option<Vec<String>>,
    pub(crate) prefix_list_ids: Option<Vec<String>>,
    #[attr(form = protocol)]
    pub(crate) protocol: Option<String>,
    pub(crate) security_groups: Option<Set<String>>,
    #[attr(name = "self", default = false)]
    pub(crate) own: Option<bool>,
    pub(crate) to_port: Option<i64>,
}

/// What EC2 takes as the description of a rule.
///
/// # Errors
/// What the value must be.
pub(crate) fn rule_description(text: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_ .:/()#,@[]+=&;{}!$*-".contains(&b);
    let what = "letters, digits, blanks and _.:/()#,@[]+=&;{}!$*-";
    if text.bytes().all(fits) { Ok(()) } else { Err(format!("to have only {what}")) }
}

#[async_trait]
impl Resource for SecurityGroup {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Security Group";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = match (&want.name, &want.name_prefix) {
            (Some(name), _) => name.clone(),
            (None, prefix) => cx.generated_name(prefix.as_deref().unwrap_or_default()),
        };
        let made = ec2(cx.api)
            .create_security_group()
            .group_name(&name)
            .description(&want.description)
            .set_vpc_id(want.vpc_id.clone())
            .set_tag_specifications(tags::on_create(ResourceType::SecurityGroup, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.group_id.unwrap_or_default(), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let group = cx
            .wait("the security group to exist", Pace::QUICK, || async {
                let found = find(cx.api, [made.id.clone()]).await?.into_iter().next();
                Ok(found.map_or_else(|| Seen::Pending(String::new()), Seen::Ready))
            })
            .await?;
        // A new group lets everything out: that rule stays only when the configuration has it.
        let (ingress, egress) = (group.ip_permissions(), group.ip_permissions_egress());
        change_rules(cx.api, &made.id, false, &atoms(egress, &made.id), &wanted(made.egress.as_ref(), &made.id))
            .await?;
        change_rules(cx.api, &made.id, true, &atoms(ingress, &made.id), &wanted(made.ingress.as_ref(), &made.id)).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let groups = shared::security_groups(cx, known.iter().map(|g| g.id.clone())).await?;
        let objects = groups.into_iter().filter_map(|g| {
            let id = g.group_id.clone()?;
            let prior = known.iter().find(|k| k.id == id)?;
            let owner = g.owner_id.clone().unwrap_or_default();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("security-group/{id}"))),
                egress: Some(rules(atoms(g.ip_permissions_egress(), &id), prior.egress.as_ref(), &id)),
                ingress: Some(rules(atoms(g.ip_permissions(), &id), prior.ingress.as_ref(), &id)),
                name_prefix: Some(names::prefix_of(g.group_name().unwrap_or_default())),
                description: g.description.unwrap_or_default(),
                name: g.group_name,
                owner_id: Some(owner),
                revoke_rules_on_delete: None,
                tags: tags::read(g.tags),
                vpc_id: text(g.vpc_id),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let id = &prior.id;
        for (name, ingress, want) in [(Self::INGRESS, true, &want.ingress), (Self::EGRESS, false, &want.egress)] {
            if changed.has(name) {
                let group =
                    find(cx.api, [id.clone()]).await?.pop().ok_or_else(|| Error::not_found("the group is gone"))?;
                let now = if ingress { group.ip_permissions() } else { group.ip_permissions_egress() };
                change_rules(cx.api, id, ingress, &atoms(now, id), &wanted(want.as_ref(), id)).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.revoke_rules_on_delete == Some(true)
            && let Some(group) = find(cx.api, [prior.id.clone()]).await?.pop()
        {
            let none = BTreeSet::new();
            change_rules(cx.api, &prior.id, true, &atoms(group.ip_permissions(), &prior.id), &none).await?;
            change_rules(cx.api, &prior.id, false, &atoms(group.ip_permissions_egress(), &prior.id), &none).await?;
        }
        // Interfaces of what was just deleted may take a while to go.
        let delete = || async { ec2(cx.api).delete_security_group().group_id(&prior.id).send().await.api().map(drop) };
        let codes = ["DependencyViolation", "InvalidGroup.InUse"];
        holders::released(cx, Held::Group(&prior.id), &codes, cx.remaining(), delete).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

/// Groups by id.
pub(crate) async fn find(
    aws: &Aws,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<aws_sdk_ec2::types::SecurityGroup>, Error> {
    ec2(aws)
        .describe_security_groups()
        .filters(filter("group-id", ids))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .api()
}

/// The smallest unit of a rule: one source or destination for one range of ports. AWS groups them at will, configurations too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Atom {
    pub(crate) protocol: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) peer: Peer,
    pub(crate) description: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    V4(String),
    V6(String),
    Prefixes(String),
    Group(String),
}

/// Protocols by name where EC2 uses the name; ports count only for those that have some.
pub(crate) fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".into(),
        "6" => "tcp".into(),
        "17" => "udp".into(),
        "1" => "icmp".into(),
        "58" => "icmpv6".into(),
        other => other.into(),
    }
}

/// The atoms of what AWS has. A group of another account shows as `account/group`.
pub(crate) fn atoms(permissions: &[IpPermission], own: &str) -> BTreeSet<Atom> {
    let mut out = BTreeSet::new();
    for p in permissions {
        let protocol = protocol(p.ip_protocol().unwrap_or_default());
        let from = if protocol == "-1" { 0 } else { p.from_port.unwrap_or(0).into() };
        let to = if protocol == "-1" { 0 } else { p.to_port.unwrap_or(0).into() };
        let mut add = |peer: Peer, description: Option<&str>| {
            let description = description.unwrap_or_default().to_owned();
            out.insert(Atom { protocol: protocol.clone(), from, to, peer, description });
        };
        for r in p.ip_ranges() {
            add(Peer::V4(r.cidr_ip().unwrap_or_default().into()), r.description());
        }
        for r in p.ipv6_ranges() {
            add(Peer::V6(r.cidr_ipv6().unwrap_or_default().into()), r.description());
        }
        for r in p.prefix_list_ids() {
            add(Peer::Prefixes(r.prefix_list_id().unwrap_or_default().into()), r.description());
        }
        for g in p.user_id_group_pairs() {
            let group = g.group_id().or(g.group_name()).unwrap_or_default();
            let foreign = g.peering_status().is_some_and(|s| !s.is_empty()) && group != own;
            let name = match g.user_id() {
                Some(account) if foreign => format!("{account}/{group}"),
                _ => group.to_owned(),
            };
            add(Peer::Group(name), g.description());
        }
    }
    out
}

/// The atoms of one configured rule.
fn rule_atoms<'r>(rule: &'r Rule, own: &'r str) -> impl Iterator<Item = Atom> + 'r {
    let peers = rule.cidr_blocks.iter().flatten().cloned().map(Peer::V4);
    let peers = peers.chain(rule.ipv6_cidr_blocks.iter().flatten().cloned().map(Peer::V6));
    let peers = peers.chain(rule.prefix_list_ids.iter().flatten().cloned().map(Peer::Prefixes));
    let peers = peers.chain(rule.security_groups.iter().flatten().cloned().map(Peer::Group));
    let peers = peers.chain((rule.own == Some(true)).then(|| Peer::Group(own.to_owned())));
    let protocol = protocol(rule.protocol.as_deref().unwrap_or_default());
    let port = move |p: Option<i64>, protocol: &str| if protocol == "-1" { 0 } else { p.unwrap_or(0) };
    let (from, to) = (port(rule.from_port, &protocol), port(rule.to_port, &protocol));
    let description = rule.description.clone().unwrap_or_default();
    peers.map(move |peer| Atom { protocol: protocol.clone(), from, to, peer, description: description.clone() })
}

fn wanted(rules: Option<&Set<Rule>>, own: &str) -> BTreeSet<Atom> {
    rules.into_iter().flatten().flat_map(|r| rule_atoms(r, own)).collect()
}

/// The rules for state: those known stay as they are while all their atoms are there; the rest is grouped by ports and description.
fn rules(mut there: BTreeSet<Atom>, known: Option<&Set<Rule>>, own: &str) -> Set<Rule> {
    let mut out: Set<Rule> = Vec::new();
    for rule in known.into_iter().flatten() {
        let parts: Vec<Atom> = rule_atoms(rule, own).collect();
        if !parts.is_empty() && parts.iter().all(|a| there.contains(a)) {
            there.retain(|a| !parts.contains(a));
            out.push(rule.clone());
        }
    }
    let kept = out.len();
    for atom in there {
        let fits = |r: &Rule| {
            r.protocol.as_deref() == Some(atom.protocol.as_str())
                && (r.from_port, r.to_port) == (Some(atom.from), Some(atom.to))
                && r.description.as_deref() == Some(atom.description.as_str())
        };
        let at = out.iter().skip(kept).position(fits).map_or(out.len(), |i| kept + i);
        if at == out.len() {
            out.push(Rule {
                cidr_blocks: Some(Vec::new()),
                description: Some(atom.description.clone()),
                from_port: Some(atom.from),
                ipv6_cidr_blocks: Some(Vec::new()),
                prefix_list_ids: Some(Vec::new()),
                protocol: Some(atom.protocol.clone()),
                security_groups: Some(Vec::new()),
                own: Some(false),
                to_port: Some(atom.to),
            });
        }
        let rule = &mut out[at];
        match atom.peer {
            Peer::V4(x) => rule.cidr_blocks.get_or_insert_default().push(x),
            Peer::V6(x) => rule.ipv6_cidr_blocks.get_or_insert_default().push(x),
            Peer::Prefixes(x) => rule.prefix_list_ids.get_or_insert_default().push(x),
            Peer::Group(x) if x == own => rule.own = Some(true),
            Peer::Group(x) => rule.security_groups.get_or_insert_default().push(x),
        }
    }
    out
}

pub(crate) fn permissions(atoms: impl IntoIterator<Item = Atom>) -> Vec<IpPermission> {
    atoms
        .into_iter()
        .map(|a| {
            let text = (!a.description.is_empty()).then_some(a.description);
            let p = IpPermission::builder().ip_protocol(&a.protocol);
            let p = if a.protocol == "-1" { p } else { p.from_port(a.from as i32).to_port(a.to as i32) };
            match a.peer {
                Peer::V4(x) => p.ip_ranges(IpRange::builder().cidr_ip(x).set_description(text).build()),
                Peer::V6(x) => p.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(x).set_description(text).build()),
                Peer::Prefixes(x) => {
                    p.prefix_list_ids(PrefixListId::builder().prefix_list_id(x).set_description(text).build())
                }
                Peer::Group(x) => {
                    let (account, group) = match x.split_once('/') {
                        Some((account, group)) => (Some(account.to_owned()), group.to_owned()),
                        None => (None, x),
                    };
                    let pair = UserIdGroupPair::builder().group_id(group).set_user_id(account).set_description(text);
                    p.user_id_group_pairs(pair.build())
                }
            }
            .build()
        })
        .collect()
}

/// Revokes what is there and not wanted, then allows what is wanted and not there.
async fn change_rules(
    aws: &Aws,
    id: &str,
    ingress: bool,
    now: &BTreeSet<Atom>,
    want: &BTreeSet<Atom>,
) -> Result<(), Error> {
    let gone: Vec<Atom> = now.difference(want).cloned().collect();
    if !gone.is_empty() {
        let gone = Some(permissions(gone));
        if ingress {
            ec2(aws).revoke_security_group_ingress().group_id(id).set_ip_permissions(gone).send().await.api()?;
        } else {
            ec2(aws).revoke_security_group_egress().group_id(id).set_ip_permissions(gone).send().await.api()?;
        }
    }
    let new: Vec<Atom> = want.difference(now).cloned().collect();
    if !new.is_empty() {
        let new = Some(permissions(new));
        if ingress {
            ec2(aws).authorize_security_group_ingress().group_id(id).set_ip_permissions(new).send().await.api()?;
        } else {
            ec2(aws).authorize_security_group_egress().group_id(id).set_ip_permissions(new).send().await.api()?;
        }
    }
    Ok(())
}
