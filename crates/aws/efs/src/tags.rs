//! Tags of EFS objects.

use aws_sdk_efs::types::Tag;
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Error, OPERATION_TAG, Tags};

use crate::{efs, part};

/// Tags as the API writes them; `None` when there are none.
pub(crate) fn list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Option<Vec<Tag>>, Error> {
    let tags: Vec<Tag> =
        tags.into_iter().map(|(k, v)| part(Tag::builder().key(k).value(v).build())).collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// Tags from an answer.
pub(crate) fn read(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|t| (t.key, t.value)).collect()
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn update(aws: &Aws, id: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        efs(aws).untag_resource().resource_id(id).set_tag_keys(Some(change.remove)).send().await.api()?;
    }
    if let Some(set) = list(change.set)? {
        efs(aws).tag_resource().resource_id(id).set_tags(Some(set)).send().await.api()?;
    }
    Ok(())
}

/// Removes the temporary creation tag.
pub(crate) async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
    for id in ids {
        match efs(aws).untag_resource().resource_id(id).tag_keys(OPERATION_TAG).send().await.api() {
            Err(e) if e.is_not_found() => {}
            other => drop(other?),
        }
    }
    Ok(())
}
