//! `aws_db_subnet_group`

use aws_sdk_rds::types::DbSubnetGroup;
use sdt_aws_core::{Api, Aws, in_order, names, tagging, tags as operation_tags};
use sdt_provider::{
    Changes, Computed, Cx, Described, Error, Id, Name, OptComputed, Pace, Resource, Seen, Set, Tags, Token, Value,
    async_trait,
};

use crate::{checks, rds, tags};

/// Subnets that databases may be in.
#[derive(Clone, Resource)]
#[resource(name = "aws_db_subnet_group")]
pub(crate) struct SubnetGroup {
    id: Id,
    /// ARN of the group.
    arn: Computed<String>,
    /// What the group is for.
    #[attr(default = "Managed by Terraform")]
    description: Option<String>,
    /// Name of the group.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=255), check = checks::subnet_group)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=229), check = checks::subnet_group)]
    name_prefix: OptComputed<String>,
    /// The subnets, in at least two zones.
    subnet_ids: Set<String>,
    /// Kinds of addresses that databases in the group may have.
    supported_network_types: Computed<Set<String>>,
    /// Tags of the group.
    tags: Tags,
    /// VPC of the subnets.
    vpc_id: Computed<String>,
}

#[async_trait]
impl Resource for SubnetGroup {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Subnet Group";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let call = rds(cx.api).create_db_subnet_group().db_subnet_group_name(&name);
        let made = call
            .db_subnet_group_description(want.description.clone().unwrap_or_default())
            .set_subnet_ids(Some(want.subnet_ids.clone()))
            .set_tags(tags::list(&want.tags))
            .send()
            .await
            .api()?;
        let arn = made.db_subnet_group.and_then(|g| g.db_subnet_group_arn);
        // RDS keeps names in lower case.
        let name = name.to_lowercase();
        Ok(Self { id: name.clone(), name: Some(name), arn, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // The call takes one name or none: one group is asked for by name, several are picked from pages of all.
        let found: Vec<DbSubnetGroup> = match known {
            [one] => match rds(cx.api).describe_db_subnet_groups().db_subnet_group_name(&one.id).send().await.api() {
                Err(e) if e.is_not_found() => Vec::new(),
                answer => answer?.db_subnet_groups.unwrap_or_default(),
            },
            _ => {
                let pages = rds(cx.api).describe_db_subnet_groups().max_records(100).into_paginator().items();
                pages.send().try_collect().await.api()?
            }
        };
        let wanted: Vec<DbSubnetGroup> =
            found.into_iter().filter(|g| known.iter().any(|k| g.db_subnet_group_name() == Some(&k.id))).collect();
        let prior =
            |g: &DbSubnetGroup| known.iter().find(|k| g.db_subnet_group_name() == Some(&k.id)).map(|k| k.tags.clone());
        let arns: Vec<_> = wanted
            .iter()
            .map(|g| (g.db_subnet_group_arn().unwrap_or_default().to_owned(), prior(g).unwrap_or_default()))
            .collect();
        let read = |arn: String| async move { tags::read(cx.api, &arn).await };
        let tags = tagging::confirmed(cx, Self::META.name, &arns, read).await?;
        let objects = wanted.into_iter().zip(tags).filter_map(|(g, tags)| Self::seen(g, tags?));
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::SUBNET_IDS, Self::DESCRIPTION]) {
            let call = rds(cx.api).modify_db_subnet_group().db_subnet_group_name(&prior.id);
            let call = call.db_subnet_group_description(want.description.clone().unwrap_or_default());
            call.set_subnet_ids(Some(want.subnet_ids.clone())).send().await.api()?;
        }
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // A database that was deleted holds its group for a moment longer.
        cx.retry_on(&["InvalidDBSubnetGroupStateFault"], std::time::Duration::from_secs(300), || async {
            rds(cx.api).delete_db_subnet_group().db_subnet_group_name(&prior.id).send().await.api().map(drop)
        })
        .await?;
        cx.wait("the subnet group to be gone", Pace::QUICK, || async {
            match rds(cx.api).describe_db_subnet_groups().db_subnet_group_name(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(answer) if answer.db_subnet_groups().is_empty() => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending(String::new())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx).to_lowercase();
        let made = Self { id: name.clone(), name: Some(name), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let ours = found.filter(|f| operation_tags::operation(&f.tags) == Some(cx.token()));
        Ok(ours.map(|f| Self { arn: f.arn, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget(aws, ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }
}

impl SubnetGroup {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn seen(g: DbSubnetGroup, tags: Tags) -> Option<(String, Self)> {
        let name = g.db_subnet_group_name?;
        let object = Self {
            id: name.clone(),
            arn: g.db_subnet_group_arn,
            description: g.db_subnet_group_description,
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name.clone()),
            subnet_ids: g.subnets.unwrap_or_default().into_iter().filter_map(|s| s.subnet_identifier).collect(),
            supported_network_types: Some(g.supported_network_types.unwrap_or_default()),
            tags,
            vpc_id: g.vpc_id,
        };
        Some((name, object))
    }
}
