//! `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule`

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule as Found, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Pace, PlanEdit, Resource, Seen, Tags, Token, Value, async_trait, checks,
};

use crate::{ec2, filter, tags, text};

/// One source and one range of ports that may come in.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_security_group_ingress_rule", framework)]
pub(crate) struct IngressRule {
    id: Id,
    /// ARN of the rule.
    arn: Computed<String>,
    /// IPv4 range.
    #[attr(
        check = checks::ipv4_cidr,
        exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id)
    )]
    cidr_ipv4: Option<String>,
    /// IPv6 range.
    #[attr(
        check = checks::ipv6_cidr,
        exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id)
    )]
    cidr_ipv6: Option<String>,
    /// What the rule is for.
    description: Option<String>,
    /// First port, or ICMP type.
    #[attr(range(-1..=65535))]
    from_port: Option<i64>,
    /// Protocol by name or number, `-1` for all.
    #[attr(same = same_protocol)]
    ip_protocol: String,
    /// Prefix list.
    #[attr(exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id))]
    prefix_list_id: Option<String>,
    /// Another security group, `account/group` for one of another account.
    #[attr(exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id))]
    referenced_security_group_id: Option<String>,
    /// The group that the rule belongs to.
    #[attr(force_new)]
    security_group_id: String,
    /// Id of the rule, the same as `id`.
    security_group_rule_id: Computed<String>,
    /// Tags of the rule.
    tags: Tags,
    /// Last port, or ICMP code.
    #[attr(range(-1..=65535))]
    to_port: Option<i64>,
}

/// One destination and one range of ports that may leave.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_security_group_egress_rule", framework)]
pub(crate) struct EgressRule {
    id: Id,
    /// ARN of the rule.
    arn: Computed<String>,
    /// IPv4 range.
    #[attr(
        check = checks::ipv4_cidr,
        exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id)
    )]
    cidr_ipv4: Option<String>,
    /// IPv6 range.
    #[attr(
        check = checks::ipv6_cidr,
        exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id)
    )]
    cidr_ipv6: Option<String>,
    /// What the rule is for.
    description: Option<String>,
    /// First port, or ICMP type.
    #[attr(range(-1..=65535))]
    from_port: Option<i64>,
    /// Protocol by name or number, `-1` for all.
    #[attr(same = same_protocol)]
    ip_protocol: String,
    /// Prefix list.
    #[attr(exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id))]
    prefix_list_id: Option<String>,
    /// Another security group, `account/group` for one of another account.
    #[attr(exactly_one_of(cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id))]
    referenced_security_group_id: Option<String>,
    /// The group that the rule belongs to.
    #[attr(force_new)]
    security_group_id: String,
    /// Id of the rule, the same as `id`.
    security_group_rule_id: Computed<String>,
    /// Tags of the rule.
    tags: Tags,
    /// Last port, or ICMP code.
    #[attr(range(-1..=65535))]
    to_port: Option<i64>,
}

/// `tcp`, `TCP` and `6` are one protocol.
fn same_protocol(a: &Value, b: &Value) -> bool {
    let name = |v: &Value| v.as_str().map(crate::security_group::protocol);
    name(a) == name(b)
}

/// Both directions are one thing but for the call that allows and the one that revokes.
macro_rules! rule {
    ($rule:ident, $human:literal, $egress:literal, $authorize:ident, $revoke:ident) => {
        #[async_trait]
        impl Resource for $rule {
            type Api = Aws;
            const HUMAN: &'static str = $human;
            const TOKEN: Token = Token::Tag;

            async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
                let made = ec2(cx.api)
                    .$authorize()
                    .group_id(&want.security_group_id)
                    .ip_permissions(want.permission())
                    .set_tag_specifications(tags::on_create(ResourceType::SecurityGroupRule, &want.tags))
                    .send()
                    .await
                    .api()?;
                let id =
                    made.security_group_rules.unwrap_or_default().into_iter().find_map(|r| r.security_group_rule_id);
                Ok(Self { id: id.unwrap_or_default(), ..want })
            }

            async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
                let found = find(cx, known.iter().map(|r| r.id.clone()).collect()).await?.to_vec();
                // moto does not say whose the group is.
                let nameless = found.iter().any(|r| r.group_owner_id.is_none());
                let account = if nameless { cx.api.account().await? } else { String::new() };
                let objects = found.into_iter().filter(|r| r.is_egress == Some($egress)).filter_map(|r| {
                    let id = r.security_group_rule_id.clone()?;
                    let owner = r.group_owner_id.clone().unwrap_or_else(|| account.clone());
                    let protocol = r.ip_protocol.clone().unwrap_or_default();
                    let port = |p: Option<i32>| p.map(i64::from).filter(|_| protocol != "-1");
                    let object = Self {
                        arn: Some(cx.api.arn("ec2", &owner, &format!("security-group-rule/{id}"))),
                        cidr_ipv4: text(r.cidr_ipv4.clone()),
                        cidr_ipv6: text(r.cidr_ipv6.clone()),
                        description: text(r.description.clone()),
                        from_port: port(r.from_port),
                        prefix_list_id: text(r.prefix_list_id.clone()),
                        referenced_security_group_id: referenced(&r, &owner),
                        security_group_id: r.group_id.clone().unwrap_or_default(),
                        security_group_rule_id: Some(id.clone()),
                        tags: tags::read(r.tags.clone()),
                        to_port: port(r.to_port),
                        ip_protocol: protocol.clone(),
                        id: id.clone(),
                    };
                    Some((id, object))
                });
                Ok(in_order(known, |k| &k.id, objects))
            }

            async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
                let rule = [
                    Self::CIDR_IPV4,
                    Self::CIDR_IPV6,
                    Self::DESCRIPTION,
                    Self::FROM_PORT,
                    Self::IP_PROTOCOL,
                    Self::PREFIX_LIST_ID,
                    Self::REFERENCED_SECURITY_GROUP_ID,
                    Self::TO_PORT,
                ];
                if changed.any(&rule) {
                    let request = SecurityGroupRuleRequest::builder()
                        .ip_protocol(&want.ip_protocol)
                        .set_cidr_ipv4(want.cidr_ipv4.clone())
                        .set_cidr_ipv6(want.cidr_ipv6.clone())
                        .set_description(want.description.clone())
                        .set_from_port(want.from_port.map(|p| p as i32))
                        .set_prefix_list_id(want.prefix_list_id.clone())
                        .set_referenced_group_id(
                            want.referenced_security_group_id.as_deref().map(|g| split(g).1.to_owned()),
                        )
                        .set_to_port(want.to_port.map(|p| p as i32))
                        .build();
                    let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(&prior.id);
                    let update = update.security_group_rule(request).build();
                    let call = ec2(cx.api).modify_security_group_rules().group_id(&prior.security_group_id);
                    call.security_group_rules(update).send().await.api()?;
                    let wanted = want.permission();
                    cx.wait("the rule to change", Pace::QUICK, || async {
                        let found = Self::read_many(cx, std::slice::from_ref(prior)).await?.pop().flatten();
                        let done = found.is_none_or(|f| f.permission() == wanted);
                        Ok(if done { Seen::Ready(()) } else { Seen::Pending(String::new()) })
                    })
                    .await?;
                }
                if changed.tags() {
                    tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
                }
                Ok(())
            }

            async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
                let call = ec2(cx.api).$revoke().group_id(&prior.security_group_id);
                call.security_group_rule_ids(&prior.id).send().await.api()?;
                Ok(())
            }

            async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
                let found = tags::by_token(cx).await?;
                Ok(found.map(|id| Self { id, ..want.clone() }))
            }

            async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
                tags::forget_token(aws, ids).await
            }

            fn customize(edit: &mut PlanEdit<'_>) {
                // A rule keeps the kind of its peer.
                for name in [Self::CIDR_IPV4, Self::CIDR_IPV6, Self::PREFIX_LIST_ID, Self::REFERENCED_SECURITY_GROUP_ID]
                {
                    if edit.changes(name) && edit.prior(name).is_null() != edit.planned(name).is_null() {
                        edit.replace(name);
                    }
                }
            }
        }

        impl $rule {
            fn permission(&self) -> IpPermission {
                let protocol = crate::security_group::protocol(&self.ip_protocol);
                let p = IpPermission::builder().ip_protocol(&protocol);
                let p = p.set_from_port(self.from_port.map(|p| p as i32)).set_to_port(self.to_port.map(|p| p as i32));
                let d = self.description.clone();
                let p = match &self.cidr_ipv4 {
                    Some(x) => p.ip_ranges(IpRange::builder().cidr_ip(x).set_description(d.clone()).build()),
                    None => p,
                };
                let p = match &self.cidr_ipv6 {
                    Some(x) => p.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(x).set_description(d.clone()).build()),
                    None => p,
                };
                let p = match &self.prefix_list_id {
                    Some(x) => {
                        p.prefix_list_ids(PrefixListId::builder().prefix_list_id(x).set_description(d.clone()).build())
                    }
                    None => p,
                };
                let p = match &self.referenced_security_group_id {
                    Some(x) => {
                        let (account, group) = split(x);
                        let pair =
                            UserIdGroupPair::builder().group_id(group).set_user_id(account.map(ToOwned::to_owned));
                        p.user_id_group_pairs(pair.set_description(d).build())
                    }
                    None => p,
                };
                p.build()
            }
        }
    };
}

rule!(
    IngressRule,
    "EC2 Security Group Ingress Rule",
    false,
    authorize_security_group_ingress,
    revoke_security_group_ingress
);
rule!(
    EgressRule,
    "EC2 Security Group Egress Rule",
    true,
    authorize_security_group_egress,
    revoke_security_group_egress
);

/// Rules by id; one call for those of both directions in a refresh.
async fn find(cx: &Cx<'_, Aws>, ids: BTreeSet<String>) -> Result<Arc<Vec<Found>>, Error> {
    let list = |ids: BTreeSet<String>| async move {
        let found = ec2(cx.api).describe_security_group_rules().filters(filter("security-group-rule-id", ids));
        found.into_paginator().items().send().try_collect().await.api()
    };
    let mut all = cx.together_by("aws_vpc_security_group_ingress_rule", "id");
    all.extend(cx.together_by("aws_vpc_security_group_egress_rule", "id"));
    // A filter takes 200 values.
    if all.len() <= 200 && ids.is_subset(&all) {
        cx.shared("ec2:DescribeSecurityGroupRules", list(all)).await
    } else {
        list(ids).await.map(Arc::new)
    }
}

/// The referenced group; with its account when that is another.
fn referenced(rule: &Found, owner: &str) -> Option<String> {
    let info = rule.referenced_group_info.as_ref()?;
    let group = text(info.group_id.clone())?;
    match text(info.user_id.clone()) {
        Some(account) if account != owner && !owner.is_empty() => Some(format!("{account}/{group}")),
        _ => Some(group),
    }
}

fn split(group: &str) -> (Option<&str>, &str) {
    group.split_once('/').map_or((None, group), |(account, group)| (Some(account), group))
}
