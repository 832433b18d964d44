//! Tags of RDS: one form for every kind of object.

use aws_sdk_rds::types::Tag;
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Error, OPERATION_TAG, Tags};

use crate::{instance, rds};

/// Tags in the API's form; `None` when there are none.
pub(crate) fn list(tags: &Tags) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| pairs(tags.clone()))
}

fn pairs(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()
}

/// Tags from the API's form.
pub(crate) fn seen(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default()))).collect()
}

/// The tags of an object whose list call does not say them.
pub(crate) async fn read(aws: &Aws, arn: &str) -> Result<Tags, Error> {
    let answer = rds(aws).list_tags_for_resource().resource_name(arn).send().await.api()?;
    Ok(seen(answer.tag_list))
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn change(aws: &Aws, arn: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        let call = rds(aws).remove_tags_from_resource().resource_name(arn);
        call.set_tag_keys(Some(change.remove)).send().await.api()?;
    }
    if !change.set.is_empty() {
        let call = rds(aws).add_tags_to_resource().resource_name(arn);
        call.set_tags(Some(pairs(change.set))).send().await.api()?;
    }
    Ok(())
}

/// Takes the creation tag off databases (by resource id) and subnet groups (by name): the types of a service share one call.
pub(crate) async fn forget(aws: &Aws, ids: &[String]) -> Result<(), Error> {
    // Names of groups have no capitals, resource ids have no small letters behind `db-`.
    let resource = |id: &&String| id.strip_prefix("db-").is_some_and(|k| k.bytes().any(|b| b.is_ascii_uppercase()));
    let (databases, groups): (Vec<&String>, Vec<&String>) = ids.iter().partition(resource);
    for some in databases.chunks(100) {
        let values = some.iter().map(|id| (*id).clone()).collect();
        for found in instance::describe(aws, "dbi-resource-id", values).await? {
            forget_one(aws, found.db_instance_arn()).await?;
        }
    }
    for name in groups {
        match rds(aws).describe_db_subnet_groups().db_subnet_group_name(name).send().await.api() {
            Err(e) if e.is_not_found() => {}
            found => forget_one(aws, found?.db_subnet_groups().first().and_then(|g| g.db_subnet_group_arn())).await?,
        }
    }
    Ok(())
}

async fn forget_one(aws: &Aws, arn: Option<&str>) -> Result<(), Error> {
    let Some(arn) = arn else { return Ok(()) };
    match rds(aws).remove_tags_from_resource().resource_name(arn).tag_keys(OPERATION_TAG).send().await.api() {
        Err(e) if e.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}

/// Takes the creation tag off objects whose ARN is `kind:name`: `pg:orders`.
pub(crate) async fn forget_named(aws: &Aws, kind: &str, ids: &[String]) -> Result<(), Error> {
    let account = aws.account().await?;
    for id in ids {
        forget_one(aws, Some(&aws.arn("rds", &account, &format!("{kind}:{id}")))).await?;
    }
    Ok(())
}

/// Whether the object carries the creation tag of this operation.
pub(crate) fn ours(found: &Tags, token: &str) -> bool {
    tags::operation(found) == Some(token)
}
