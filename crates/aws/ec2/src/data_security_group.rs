//! `data.aws_security_group`, `data.aws_security_groups`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, OptComputed, Set, async_trait};

use crate::data::{Conditions, Filter, only, visible};
use crate::{ec2, text};

/// A security group.
#[derive(DataSource)]
#[data(name = "aws_security_group", timeouts(read = "20m"), legacy)]
pub(crate) struct SecurityGroup {
    #[attr(optional)]
    id: Id,
    /// ARN of the group.
    arn: Computed<String>,
    /// What the group is for.
    description: Computed<String>,
    /// Further conditions.
    filter: Set<Filter>,
    /// Name of the group.
    name: OptComputed<String>,
    /// Tags of the group.
    tags: OptComputed<Map<String>>,
    /// The VPC.
    vpc_id: OptComputed<String>,
}

#[async_trait]
impl DataSource for SecurityGroup {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Security Group";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default()
            .with("group-id", &Some(&query.id))
            .with("group-name", &query.name)
            .with("vpc-id", &query.vpc_id)
            .tagged(&query.tags)
            .and(&query.filter);
        let call = ec2(cx.api).describe_security_groups().set_filters(conditions.list());
        let g = only(Self::HUMAN, call.into_paginator().items().send().try_collect().await.api()?)?;
        let (id, owner) = (g.group_id.clone().unwrap_or_default(), g.owner_id.clone().unwrap_or_default());
        Ok(Self {
            arn: Some(cx.api.arn("ec2", &owner, &format!("security-group/{id}"))),
            description: g.description.clone(),
            filter: query.filter,
            name: g.group_name.clone(),
            tags: visible(g.tags.clone()),
            vpc_id: text(g.vpc_id.clone()),
            id,
        })
    }
}

/// Ids of security groups.
#[derive(DataSource)]
#[data(name = "aws_security_groups", timeouts(read = "20m"), legacy)]
pub(crate) struct SecurityGroups {
    #[attr(optional)]
    id: Id,
    /// ARNs of the groups found.
    arns: Computed<Vec<String>>,
    /// Further conditions.
    filter: Set<Filter>,
    /// Ids of the groups found.
    ids: Computed<Vec<String>>,
    /// Tags that they must have.
    #[attr(keep_null)]
    tags: OptComputed<Map<String>>,
    /// VPCs of the groups found.
    vpc_ids: Computed<Vec<String>>,
}

#[async_trait]
impl DataSource for SecurityGroups {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Security Groups";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let conditions = Conditions::default().tagged(&query.tags).and(&query.filter).list();
        let found = ec2(cx.api).describe_security_groups().set_filters(conditions).into_paginator().items().send();
        let found = found.try_collect().await.api()?;
        let (mut arns, mut ids, mut vpc_ids) = (Vec::new(), Vec::new(), Vec::new());
        for g in found {
            let (id, owner) = (g.group_id.unwrap_or_default(), g.owner_id.unwrap_or_default());
            arns.push(cx.api.arn("ec2", &owner, &format!("security-group/{id}")));
            ids.push(id);
            vpc_ids.push(g.vpc_id.unwrap_or_default());
        }
        let id = cx.api.region().to_owned();
        Ok(Self { id, arns: Some(arns), ids: Some(ids), vpc_ids: Some(vpc_ids), ..query })
    }
}
