//! `aws_db_option_group`

use aws_sdk_rds::types::{OptionConfiguration, OptionGroup as Found, OptionSetting as ApiSetting};
use sdt_aws_core::{Api, Aws, each, in_order, names};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Resource, Set, Tags, Token, Value, async_trait,
};

use crate::{rds, tags};

/// Further abilities of databases.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_db_option_group", timeouts(delete = "15m"))]
pub(crate) struct OptionGroup {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Engine that the group is for.
    #[attr(force_new)]
    engine_name: String,
    /// Major version of that engine.
    #[attr(force_new)]
    major_engine_version: String,
    /// Its name.
    #[attr(force_new, length(0..=255), conflicts_with(name_prefix), check = crate::checks::option_group)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, length(0..=229), conflicts_with(name), check = crate::checks::option_prefix)]
    name_prefix: OptComputed<String>,
    /// The options.
    option: Set<DbOption>,
    /// What the group is for.
    #[attr(force_new, default = "Managed by Terraform")]
    option_group_description: Option<String>,
    /// Leaves it in place when the resource is destroyed.
    #[attr(default = false, carry)]
    skip_destroy: Option<bool>,
    /// Tags of the object.
    tags: Tags,
}

/// The options.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DbOption {
    /// Security groups outside of a VPC.
    db_security_group_memberships: Option<Set<String>>,
    /// The option.
    option_name: String,
    /// Settings of the option.
    option_settings: Set<OptionSetting>,
    /// The port.
    port: Option<i32>,
    /// Its version.
    #[attr(default = "")]
    version: Option<String>,
    /// Security groups of the option's port.
    vpc_security_group_memberships: Option<Set<String>>,
}

/// Settings of the option.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OptionSetting {
    /// Its name.
    name: String,
    /// The value.
    value: String,
}

#[async_trait]
impl Resource for OptionGroup {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Option Group";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let made = rds(cx.api)
            .create_option_group()
            .option_group_name(&name)
            .engine_name(&want.engine_name)
            .major_engine_version(&want.major_engine_version)
            .option_group_description(want.option_group_description.clone().unwrap_or_default())
            .set_tags(tags::list(&want.tags))
            .send()
            .await
            .api()?;
        let arn = made.option_group.and_then(|g| g.option_group_arn);
        Ok(Self { id: name.clone(), name: Some(name), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.change(cx, &made.id, &[]).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // The call takes one name or none: one group is asked for by name, several are picked from pages of all.
        let found: Vec<Found> = match known {
            [one] => match rds(cx.api).describe_option_groups().option_group_name(&one.id).send().await.api() {
                Err(e) if e.is_not_found() => Vec::new(),
                answer => answer?.option_groups_list.unwrap_or_default(),
            },
            _ => {
                let pages = rds(cx.api).describe_option_groups().max_records(100).into_paginator().items();
                pages.send().try_collect().await.api()?
            }
        };
        let wanted: Vec<(Found, Self)> = found
            .into_iter()
            .filter_map(|g| Some((g.clone(), known.iter().find(|k| g.option_group_name() == Some(&k.id))?.clone())))
            .collect();
        // Tags have no bulk read.
        let objects = each(&wanted, |(g, known)| async move {
            let tags = tags::read(cx.api, g.option_group_arn().unwrap_or_default()).await?;
            Ok(Some((known.id.clone(), known.seen(g, tags))))
        });
        Ok(in_order(known, |k| &k.id, objects.await?.into_iter().flatten()))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::OPTION) {
            want.change(cx, &prior.id, &prior.option).await?;
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
        // A database that was deleted holds its group, and so does its last snapshot for a while.
        cx.retry_on(&["InvalidOptionGroupStateFault"], cx.remaining(), || async {
            rds(cx.api).delete_option_group().option_group_name(&prior.id).send().await.api().map(drop)
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
        tags::forget_named(aws, "og", ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }
}

impl OptionGroup {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let generated = || cx.generated_name(self.name_prefix.as_deref().unwrap_or_default());
        self.name.clone().unwrap_or_else(generated).to_lowercase()
    }

    async fn change(&self, cx: &Cx<'_, Aws>, name: &str, prior: &[DbOption]) -> Result<(), Error> {
        let kept = |p: &DbOption| self.option.iter().any(|w| w.option_name == p.option_name);
        let gone: Vec<String> = prior.iter().filter(|p| !kept(p)).map(|p| p.option_name.clone()).collect();
        let new: Vec<_> = self.option.iter().filter(|w| !prior.contains(w)).map(DbOption::request).collect();
        if gone.is_empty() && new.is_empty() {
            return Ok(());
        }
        let call = rds(cx.api).modify_option_group().option_group_name(name).apply_immediately(true);
        let call = call.set_options_to_include((!new.is_empty()).then_some(new));
        let call = &call.set_options_to_remove((!gone.is_empty()).then_some(gone));
        // A role that an option names may not be visible to RDS yet.
        let limit = std::time::Duration::from_secs(120);
        cx.retry_on(&["InvalidParameterValue"], limit, || async move {
            match call.clone().send().await.api() {
                Err(e) if e.has_code(&["InvalidParameterValue"]) && !e.message.contains("IAM role") => {
                    Err(Error { code: String::new(), message: format!("{}: {}", e.code, e.message), ..e })
                }
                other => other.map(drop),
            }
        })
        .await
    }

    fn seen(&self, g: Found, tags: Tags) -> Self {
        let name = g.option_group_name.unwrap_or_default();
        let options = g.options.into_iter().flatten();
        let option = options.map(|o| {
            let known = self.option.iter().find(|k| Some(&k.option_name) == o.option_name.as_ref());
            DbOption::seen(o, known)
        });
        Self {
            id: name.clone(),
            arn: g.option_group_arn,
            engine_name: g.engine_name.unwrap_or_default(),
            major_engine_version: g.major_engine_version.unwrap_or_default(),
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            option: option.collect(),
            option_group_description: g.option_group_description,
            skip_destroy: None,
            tags,
        }
    }
}

impl DbOption {
    fn request(&self) -> OptionConfiguration {
        let setting = |s: &OptionSetting| ApiSetting::builder().name(&s.name).value(&s.value).build();
        let settings: Vec<ApiSetting> = self.option_settings.iter().map(setting).collect();
        let some = |v: &Option<Vec<String>>| v.clone().filter(|v| !v.is_empty());
        OptionConfiguration::builder()
            .option_name(&self.option_name)
            .set_port(self.port.filter(|p| *p > 0))
            .set_option_version(self.version.clone())
            .set_option_settings((!settings.is_empty()).then_some(settings))
            .set_db_security_group_memberships(some(&self.db_security_group_memberships))
            .set_vpc_security_group_memberships(some(&self.vpc_security_group_memberships))
            .build()
    }

    /// Settings that nobody asked for are AWS's own: only those that were asked for, or that differ from the default, count.
    fn seen(o: aws_sdk_rds::types::Option, known: Option<&Self>) -> Self {
        let asked = |name: &str| known.is_some_and(|k| k.option_settings.iter().any(|s| s.name == name));
        let settings = o.option_settings.into_iter().flatten().filter(|s| {
            let name = s.name.as_deref().unwrap_or_default();
            asked(name) || s.value.is_some() && s.value != s.default_value && s.is_modifiable != Some(false)
        });
        let port = o.port.filter(|_| known.is_none_or(|k| k.port.is_some_and(|p| p > 0)));
        let version = o.option_version.filter(|_| known.is_none_or(|k| k.version.is_some()));
        Self {
            db_security_group_memberships: Some(
                o.db_security_group_memberships
                    .into_iter()
                    .flatten()
                    .filter_map(|m| m.db_security_group_name)
                    .collect(),
            ),
            option_name: o.option_name.unwrap_or_default(),
            option_settings: settings
                .filter_map(|s| Some(OptionSetting { name: s.name?, value: s.value.unwrap_or_default() }))
                .collect(),
            port,
            version,
            vpc_security_group_memberships: Some(
                o.vpc_security_group_memberships
                    .into_iter()
                    .flatten()
                    .filter_map(|m| m.vpc_security_group_id)
                    .collect(),
            ),
        }
    }
}
