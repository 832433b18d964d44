//! `aws_ssm_parameter`

use std::collections::HashMap;

use aws_sdk_ssm::operation::describe_parameters::DescribeParametersOutput;
use aws_sdk_ssm::types::{
    Parameter as Found, ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType, ResourceTypeForTagging,
    Tag,
};
use sdt_aws_core::{Api, Aws, each, tags};
use sdt_provider::{
    Changes, Class, Computed, Cx, Error, Id, Name, OPERATION_TAG, OptComputed, PlanEdit, Resource, Tags, Token, Value,
    async_trait,
};

use crate::ssm;

/// Intelligent tiering ends in one of the other tiers, which is then what AWS says.
fn same_tier(prior: &Value, want: &Value) -> bool {
    prior.as_str().is_some_and(|p| !p.is_empty()) && want.as_str() == Some("Intelligent-Tiering")
}

/// A value by name.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_ssm_parameter")]
pub(crate) struct Parameter {
    id: Id,
    /// Expression that the value must match.
    #[attr(length(0..=1024))]
    allowed_pattern: Option<String>,
    /// Its ARN.
    arn: OptComputed<String>,
    /// Kind of value: `text`, `aws:ec2:image`.
    #[attr(force_new, one_of("aws:ec2:image", "aws:ssm:integration", "text"))]
    data_type: OptComputed<String>,
    /// What it is for.
    #[attr(length(0..=1024))]
    description: Option<String>,
    /// Whether the value came in as `value_wo`.
    has_value_wo: Computed<bool>,
    /// The value, shown in plans.
    #[attr(invalidates(value), exactly_one_of(insecure_value, value, value_wo), keep_null)]
    insecure_value: OptComputed<String>,
    /// Id of the key.
    key_id: OptComputed<String>,
    /// Its name.
    #[attr(force_new, length(1..=2048))]
    name: String,
    /// Overwrites a parameter that is there.
    #[attr(carry, keep_null)]
    overwrite: Option<bool>,
    /// Tags of the object.
    tags: Tags,
    /// Tier of the parameter.
    #[attr(one_of("Standard", "Advanced", "Intelligent-Tiering"), same = same_tier)]
    tier: OptComputed<String>,
    /// Its kind.
    #[attr(one_of("String", "StringList", "SecureString"))]
    r#type: String,
    /// The value.
    #[attr(
        sensitive,
        invalidates(insecure_value, version),
        exactly_one_of(insecure_value, value, value_wo),
        keep_null
    )]
    value: OptComputed<String>,
    /// The value, never stored in state.
    #[attr(sensitive, write_only, required_with(value_wo_version), exactly_one_of(insecure_value, value, value_wo))]
    value_wo: Option<String>,
    /// To be raised when `value_wo` is to be written again.
    #[attr(invalidates(has_value_wo), required_with(value_wo), carry, keep_null)]
    value_wo_version: Option<i32>,
    /// Its version.
    version: Computed<i32>,
}

#[async_trait]
impl Resource for Parameter {
    type Api = Aws;
    const HUMAN: &'static str = "SSM Parameter";
    const TOKEN: Token = Token::Tag;
    // GetParameters takes ten names.
    const CHUNK: usize = 10;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let overwrite = want.overwrite == Some(true);
        let made = want.put(cx, overwrite).await?;
        // An overwriting call takes no tags.
        if let Some(set) = list(want.tags.clone()).filter(|_| overwrite) {
            let call = ssm(cx.api).add_tags_to_resource().resource_type(ResourceTypeForTagging::Parameter);
            call.resource_id(&want.name).set_tags(Some(set)).send().await.api()?;
        }
        Ok(Self { id: want.name.clone(), version: Some(made as i32), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let names: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let client = ssm(cx.api);
        let values = client.get_parameters().set_names(Some(names.clone())).with_decryption(true).send();
        let filter =
            ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(names.clone())).build();
        let filter = filter.map_err(|e| Error::new(Class::Invalid, "", e.to_string()))?;
        let facts = client.describe_parameters().parameter_filters(filter).into_paginator().send();
        // Tags have no bulk read.
        let tags = each(&names, |name| async move {
            let call = ssm(cx.api).list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter);
            match call.resource_id(name).send().await.api() {
                Err(e) if e.has_code(&["InvalidResourceId"]) => Ok(None),
                other => Ok(Some(read_tags(other?.tag_list))),
            }
        });
        let (values, facts, tags) = tokio::join!(values, facts.try_collect(), tags);
        let mut values: HashMap<String, Found> =
            values.api()?.parameters.into_iter().flatten().filter_map(|p| Some((p.name.clone()?, p))).collect();
        let pages: Vec<DescribeParametersOutput> = facts.api()?;
        let facts = pages.into_iter().flat_map(|page| page.parameters.unwrap_or_default());
        let mut facts: HashMap<String, ParameterMetadata> = facts.filter_map(|p| Some((p.name.clone()?, p))).collect();
        let one = |(k, tags): (&Self, Option<Tags>)| {
            let found = values.remove(&k.id)?;
            Some(k.seen(found, facts.remove(&k.id), tags.unwrap_or_default()))
        };
        Ok(known.iter().zip(tags?).map(one).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let parameter = [
            Self::ALLOWED_PATTERN,
            Self::DESCRIPTION,
            Self::INSECURE_VALUE,
            Self::KEY_ID,
            Self::TIER,
            Self::TYPE,
            Self::VALUE,
            Self::VALUE_WO_VERSION,
        ];
        if changed.any(&parameter) {
            want.put(cx, true).await?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            let kind = ResourceTypeForTagging::Parameter;
            if !change.remove.is_empty() {
                let call = ssm(cx.api).remove_tags_from_resource().resource_type(kind.clone()).resource_id(&prior.id);
                call.set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if let Some(set) = list(change.set) {
                let call = ssm(cx.api).add_tags_to_resource().resource_type(kind).resource_id(&prior.id);
                call.set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        ssm(cx.api).delete_parameter().name(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.name.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| tags::operation(&f.tags) == Some(cx.token())).map(|f| Self { version: f.version, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let call = ssm(aws).remove_tags_from_resource().resource_type(ResourceTypeForTagging::Parameter);
            match call.resource_id(id).tag_keys(OPERATION_TAG).send().await.api() {
                Err(e) if e.is_not_found() || e.has_code(&["InvalidResourceId"]) => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    /// A parameter can become an advanced one, but not a standard one again.
    fn customize(edit: &mut PlanEdit<'_>) {
        let tier = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        if tier(edit.prior(Self::TIER)) == "Advanced" && tier(edit.planned(Self::TIER)) == "Standard" {
            edit.replace(Self::TIER);
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }
}

impl Parameter {
    async fn put(&self, cx: &Cx<'_, Aws>, overwrite: bool) -> Result<i64, Error> {
        let value = self.value_wo.clone().or_else(|| self.insecure_value.clone()).or_else(|| self.value.clone());
        let secure = self.r#type == "SecureString";
        let mut call = ssm(cx.api)
            .put_parameter()
            .name(&self.name)
            .r#type(ParameterType::from(self.r#type.as_str()))
            .set_value(value)
            .set_allowed_pattern(self.allowed_pattern.clone())
            .set_data_type(self.data_type.clone())
            .set_key_id(self.key_id.clone().filter(|_| secure))
            .set_tier(self.tier.as_deref().map(ParameterTier::from))
            .overwrite(overwrite);
        if overwrite {
            call = call.description(self.description.clone().unwrap_or_default());
        } else {
            call = call.set_description(self.description.clone()).set_tags(list(self.tags.clone()));
        }
        Ok(call.send().await.api()?.version)
    }

    fn seen(&self, p: Found, facts: Option<ParameterMetadata>, tags: Tags) -> Self {
        let secret = p.r#type == Some(ParameterType::SecureString);
        // The value itself is never in what is known of an object; its version is.
        let hidden = self.has_value_wo == Some(true) || self.value_wo_version.is_some();
        let open = self.insecure_value.is_some() && !secret;
        let (tier, facts) = match facts {
            Some(f) => (f.tier.map(|t| t.as_str().to_owned()), (f.description, f.key_id, f.allowed_pattern)),
            None => (None, (None, None, None)),
        };
        Self {
            id: self.id.clone(),
            allowed_pattern: facts.2,
            arn: p.arn,
            data_type: p.data_type,
            description: facts.0,
            has_value_wo: Some(hidden),
            insecure_value: p.value.clone().filter(|_| open && !hidden),
            key_id: facts.1.filter(|_| secret),
            name: p.name.unwrap_or_default(),
            overwrite: None,
            tags,
            tier,
            r#type: p.r#type.map(|t| t.as_str().to_owned()).unwrap_or_default(),
            value: p.value.filter(|_| !open && !hidden),
            value_wo: None,
            value_wo_version: None,
            version: Some(p.version as i32),
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()
}
