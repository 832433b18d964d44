//! `aws_db_parameter_group`

use aws_sdk_rds::types::DbParameterGroup as Found;
use sdt_aws_core::{Api, Aws, each, in_order, names, tagging};
use sdt_provider::{
    Changes, Computed, Cx, Described, Error, Id, Name, OptComputed, Resource, Set, Tags, Token, Value, async_trait,
};

use crate::parameters::{self, Parameter};
use crate::{checks, rds, tags};

/// Settings of databases.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_db_parameter_group")]
pub(crate) struct ParameterGroup {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// What it is for.
    #[attr(force_new, default = "Managed by Terraform")]
    description: Option<String>,
    /// Family that the group is for.
    #[attr(force_new)]
    family: String,
    /// Its name.
    #[attr(force_new, length(0..=255), conflicts_with(name_prefix), check = checks::parameter_group)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, length(0..=226), conflicts_with(name), check = checks::parameter_group)]
    name_prefix: OptComputed<String>,
    /// Parameters that differ from the family's.
    parameter: Set<Parameter>,
    /// Leaves it in place when the resource is destroyed.
    #[attr(default = false, carry)]
    skip_destroy: Option<bool>,
    /// Tags of the object.
    tags: Tags,
}

#[async_trait]
impl Resource for ParameterGroup {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Parameter Group";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let call = rds(cx.api)
            .create_db_parameter_group()
            .db_parameter_group_name(&name)
            .db_parameter_group_family(&want.family);
        let call = call.description(want.description.clone().unwrap_or_default()).set_tags(tags::list(&want.tags));
        let arn = call.send().await.api()?.db_parameter_group.and_then(|g| g.db_parameter_group_arn);
        Ok(Self { id: name.clone(), name: Some(name), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.change(cx, &made.id, &[]).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // The call takes one name or none: one group is asked for by name, several are picked from pages of all.
        let found: Vec<Found> = match known {
            [one] => {
                match rds(cx.api).describe_db_parameter_groups().db_parameter_group_name(&one.id).send().await.api() {
                    Err(e) if e.is_not_found() => Vec::new(),
                    answer => answer?.db_parameter_groups.unwrap_or_default(),
                }
            }
            _ => {
                let pages = rds(cx.api).describe_db_parameter_groups().max_records(100).into_paginator().items();
                pages.send().try_collect().await.api()?
            }
        };
        let wanted: Vec<Found> =
            found.into_iter().filter(|g| known.iter().any(|k| g.db_parameter_group_name() == Some(&k.id))).collect();
        let prior =
            |g: &Found| known.iter().find(|k| g.db_parameter_group_name() == Some(&k.id)).map(|k| k.tags.clone());
        let arns: Vec<_> = wanted
            .iter()
            .map(|g| (g.db_parameter_group_arn().unwrap_or_default().to_owned(), prior(g).unwrap_or_default()))
            .collect();
        let read = |arn: String| async move { tags::read(cx.api, &arn).await };
        let tags = tagging::confirmed(cx, Self::META.name, &arns, read).await?;
        let wanted: Vec<(Found, Tags)> = wanted.into_iter().zip(tags).filter_map(|(g, t)| Some((g, t?))).collect();
        // Parameters have no bulk read.
        let objects = each(&wanted, |(g, tags)| async move {
            let name = g.db_parameter_group_name().unwrap_or_default().to_owned();
            let pages = rds(cx.api).describe_db_parameters().db_parameter_group_name(&name).source("user");
            let parameters: Vec<_> = pages.into_paginator().items().send().try_collect().await.api()?;
            Ok(Some((name, Self::seen(g, Parameter::seen(parameters), tags))))
        });
        Ok(in_order(known, |k| &k.id, objects.await?.into_iter().flatten()))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::PARAMETER) {
            want.change(cx, &prior.id, &prior.parameter).await?;
        }
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.skip_destroy == Some(true) {
            return Ok(());
        }
        // What was deleted holds its group for a moment longer.
        cx.retry_on(&["InvalidDBParameterGroupState"], std::time::Duration::from_secs(180), || async {
            rds(cx.api).delete_db_parameter_group().db_parameter_group_name(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let made = Self { id: name.clone(), name: Some(name), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| tags::ours(&f.tags, cx.token())).map(|f| Self { arn: f.arn, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_named(aws, "pg", ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }
}

impl ParameterGroup {
    /// RDS keeps names in lower case.
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let generated = || cx.generated_name(self.name_prefix.as_deref().unwrap_or_default());
        self.name.clone().unwrap_or_else(generated).to_lowercase()
    }

    /// Sets what is new or different and resets what is gone.
    async fn change(&self, cx: &Cx<'_, Aws>, name: &str, prior: &[Parameter]) -> Result<(), Error> {
        for batch in parameters::to_set(prior, &self.parameter) {
            rds(cx.api)
                .modify_db_parameter_group()
                .db_parameter_group_name(name)
                .set_parameters(Some(batch))
                .send()
                .await
                .api()?;
        }
        for batch in parameters::to_reset(prior, &self.parameter) {
            let call = rds(cx.api)
                .reset_db_parameter_group()
                .db_parameter_group_name(name)
                .reset_all_parameters(false)
                .set_parameters(Some(batch));
            let call = &call;
            // A group that has just changed takes no other change for a moment.
            let limit = std::time::Duration::from_secs(180);
            cx.retry_on(&["InvalidDBParameterGroupState"], limit, || async move {
                call.clone().send().await.api().map(drop)
            })
            .await?;
        }
        Ok(())
    }

    fn seen(g: Found, parameter: Set<Parameter>, tags: Tags) -> Self {
        let name = g.db_parameter_group_name.unwrap_or_default();
        Self {
            id: name.clone(),
            arn: g.db_parameter_group_arn,
            description: g.description,
            family: g.db_parameter_group_family.unwrap_or_default(),
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            parameter,
            skip_destroy: None,
            tags,
        }
    }
}
