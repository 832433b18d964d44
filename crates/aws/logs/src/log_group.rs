//! `aws_cloudwatch_log_group`

use aws_sdk_cloudwatchlogs::types::{LogGroup as Found, LogGroupClass};
use sdt_aws_core::{Api, Aws, in_order, names, tagging, tags};
use sdt_provider::{
    Changes, Complaint, Computed, Cx, Described, Error, Id, Name, OPERATION_TAG, OptComputed, Path, Resource, Tags,
    Token, Value, async_trait, invalid,
};

use crate::logs;

/// A group of log streams with one retention.
#[derive(Clone, Resource)]
#[resource(name = "aws_cloudwatch_log_group")]
pub(crate) struct LogGroup {
    id: Id,
    /// ARN of the group, without the `:*` that some services want behind it.
    arn: Computed<String>,
    /// ARN of the KMS key that encrypts new data.
    kms_key_id: Option<String>,
    /// Class of the group: what can be done with its data, and its price.
    #[attr(force_new, one_of("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"))]
    log_group_class: OptComputed<String>,
    /// Name of the group.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=512), check = group_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=483), check = group_name)]
    name_prefix: OptComputed<String>,
    /// Days after which data is deleted; 0 keeps it for ever.
    #[attr(default = 0)]
    retention_in_days: Option<i64>,
    /// Leaves the group in place when the resource is destroyed.
    #[attr(default = false, carry)]
    skip_destroy: Option<bool>,
    /// Tags of the group.
    tags: Tags,
}

/// What PutRetentionPolicy takes; 0 stands for no policy.
const RETENTIONS: [i64; 23] =
    [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

fn group_name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_/#.".contains(c);
    sdt_aws_core::checks::made_of(text, fits, "letters, digits and -_/#.")
}

#[async_trait]
impl Resource for LogGroup {
    type Api = Aws;
    const HUMAN: &'static str = "CloudWatch Logs Log Group";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        logs(cx.api)
            .create_log_group()
            .log_group_name(&name)
            .set_kms_key_id(want.kms_key_id.clone())
            .set_log_group_class(want.log_group_class.as_deref().map(LogGroupClass::from))
            .set_tags((!want.tags.is_empty()).then(|| want.tags.clone().into_iter().collect()))
            .send()
            .await
            .api()?;
        Ok(Self { id: name.clone(), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        match made.retention_in_days {
            Some(days) if days > 0 => made.put_retention(cx).await,
            _ => Ok(()),
        }
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // The API has no list of names, but a prefix: the longest that all share reads them in the fewest pages.
        let prefix = common_prefix(known.iter().map(|k| k.id.as_str()));
        let call = logs(cx.api).describe_log_groups();
        let call = if prefix.is_empty() { call } else { call.log_group_name_prefix(prefix) };
        let groups: Vec<Found> = call.into_paginator().items().send().try_collect().await.api()?;
        let wanted = groups.into_iter().filter(|g| known.iter().any(|k| g.log_group_name() == Some(&k.id)));
        let wanted: Vec<(Found, String)> = wanted.map(|g| (arn(&g), g)).map(|(a, g)| (g, a)).collect();
        let prior = |g: &Found| known.iter().find(|k| g.log_group_name() == Some(&k.id)).map(|k| k.tags.clone());
        let arns: Vec<_> = wanted.iter().map(|(g, arn)| (arn.clone(), prior(g).unwrap_or_default())).collect();
        let tags =
            tagging::confirmed(cx, Self::META.name, &arns, |arn| async move { tags_of(cx.api, &arn).await }).await?;
        let objects = wanted.into_iter().zip(tags).filter_map(|((group, arn), tags)| {
            let name = group.log_group_name?;
            let object = Self {
                id: name.clone(),
                arn: Some(arn),
                kms_key_id: group.kms_key_id,
                log_group_class: group.log_group_class.map(|c| c.as_str().to_owned()),
                name_prefix: Some(names::prefix_of(&name)),
                retention_in_days: Some(group.retention_in_days.unwrap_or_default().into()),
                skip_destroy: None,
                tags: tags?,
                name: Some(name.clone()),
            };
            Some((name, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = logs(cx.api);
        if changed.has(Self::RETENTION_IN_DAYS) {
            Self { id: prior.id.clone(), ..want.clone() }.put_retention(cx).await?;
        }
        if changed.has(Self::KMS_KEY_ID) {
            match &want.kms_key_id {
                Some(key) => {
                    client.associate_kms_key().log_group_name(&prior.id).kms_key_id(key).send().await.api()?;
                }
                None => {
                    client.disassociate_kms_key().log_group_name(&prior.id).send().await.api()?;
                }
            }
        }
        if changed.tags() {
            let arn = prior.arn.clone().unwrap_or_default();
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_resource().resource_arn(&arn).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if !change.set.is_empty() {
                let set = change.set.into_iter().collect();
                client.tag_resource().resource_arn(&arn).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.skip_destroy == Some(true) {
            return Ok(());
        }
        logs(cx.api).delete_log_group().log_group_name(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let made = Self { id: name.clone(), name: Some(name), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| tags::operation(&f.tags) == Some(cx.token())).map(|_| made))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let call = logs(aws).describe_log_groups().log_group_name_prefix(id).send().await.api()?;
            let Some(group) = call.log_groups().iter().find(|g| g.log_group_name() == Some(id)) else { continue };
            logs(aws).untag_resource().resource_arn(arn(group)).tag_keys(OPERATION_TAG).send().await.api()?;
        }
        Ok(())
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let days = config.get(Self::RETENTION_IN_DAYS.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        match days {
            Some(days) if !RETENTIONS.contains(&days) => {
                let detail = format!("expected retention_in_days to be one of {RETENTIONS:?}, got {days}");
                vec![invalid(Path::root().attr(Self::RETENTION_IN_DAYS.0), "Invalid value for an argument", detail)]
            }
            _ => Vec::new(),
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }

    fn import_id(want: &Self) -> Option<String> {
        want.name.clone()
    }
}

/// The ARN of a group; older answers have `:*` behind it.
fn arn(group: &Found) -> String {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, Error> {
    let answer = logs(aws).list_tags_for_resource().resource_arn(arn).send().await.api()?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

fn common_prefix<'a>(names: impl Iterator<Item = &'a str>) -> &'a str {
    names
        .reduce(|a, b| {
            let same = a.char_indices().zip(b.chars()).take_while(|((_, x), y)| x == y);
            let end = same.last().map_or(0, |((at, c), _)| at + c.len_utf8());
            &a[..end]
        })
        .unwrap_or_default()
}

impl LogGroup {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    async fn put_retention(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let client = logs(cx.api);
        match self.retention_in_days.unwrap_or_default() {
            0 => client.delete_retention_policy().log_group_name(&self.id).send().await.api().map(drop),
            days => {
                let call = client.put_retention_policy().log_group_name(&self.id);
                call.retention_in_days(days as i32).send().await.api().map(drop)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::common_prefix;

    #[test]
    fn shared_start() {
        let check = |names: &[&str], want: &str| assert_eq!(common_prefix(names.iter().copied()), want);
        check(&[], "");
        check(&["/ecs/a"], "/ecs/a");
        check(&["/ecs/a", "/ecs/b"], "/ecs/");
        check(&["/ecs/é1", "/ecs/é2"], "/ecs/é");
        check(&["x", "/ecs"], "");
    }
}
