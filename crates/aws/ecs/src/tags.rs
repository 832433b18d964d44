//! Tags of ECS objects.

use aws_sdk_ecs::types::Tag;
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Error, OPERATION_TAG, Tags};

use crate::ecs;

/// Tags for a creation call; `None` when there are none.
pub(crate) fn on_create(tags: &Tags) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| list(tags.clone()))
}

/// Tags as the API writes them.
pub(crate) fn list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()
}

/// Tags from an answer.
pub(crate) fn read(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default()))).collect()
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn update(aws: &Aws, arn: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        ecs(aws).untag_resource().resource_arn(arn).set_tag_keys(Some(change.remove)).send().await.api()?;
    }
    if !change.set.is_empty() {
        ecs(aws).tag_resource().resource_arn(arn).set_tags(Some(list(change.set))).send().await.api()?;
    }
    Ok(())
}

/// Removes the temporary creation tag; an object that is gone has none.
pub(crate) async fn forget_token(aws: &Aws, arn: &str) -> Result<(), Error> {
    match ecs(aws).untag_resource().resource_arn(arn).tag_keys(OPERATION_TAG).send().await.api() {
        Err(e) if e.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}
