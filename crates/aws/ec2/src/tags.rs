//! Tags of EC2 objects, and finding an object by its creation tag.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Cx, Error, OPERATION_TAG, Tags};

use crate::{ec2, filter};

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()
}

/// Tags for a creation call; `None` when there are none.
pub(crate) fn on_create(kind: ResourceType, tags: &Tags) -> Option<Vec<TagSpecification>> {
    if tags.is_empty() {
        return None;
    }
    Some(vec![TagSpecification::builder().resource_type(kind).set_tags(Some(list(tags.clone()))).build()])
}

/// Tags from an answer.
pub(crate) fn read(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default()))).collect()
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn update(aws: &Aws, id: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        let gone = change.remove.iter().map(|k| Tag::builder().key(k).build()).collect();
        ec2(aws).delete_tags().resources(id).set_tags(Some(gone)).send().await.api()?;
    }
    if !change.set.is_empty() {
        ec2(aws).create_tags().resources(id).set_tags(Some(list(change.set))).send().await.api()?;
    }
    Ok(())
}

/// Removes the temporary creation tag, many objects in one call.
pub(crate) async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
    // DeleteTags takes 1,000 ids.
    for ids in ids.chunks(1000) {
        let tag = Tag::builder().key(OPERATION_TAG).build();
        let call = ec2(aws).delete_tags().set_resources(Some(ids.to_vec())).tags(tag);
        match call.send().await.api() {
            // One object that is gone fails the whole call.
            Err(e) if e.is_not_found() && ids.len() > 1 => {
                for id in ids {
                    let tag = Tag::builder().key(OPERATION_TAG).build();
                    let _ = ec2(aws).delete_tags().resources(id).tags(tag).send().await;
                }
            }
            Err(e) if e.is_not_found() => {}
            other => drop(other?),
        }
    }
    Ok(())
}

/// The id of the object that a creation with this token made: a token belongs to one creation of one object.
pub(crate) async fn by_token(cx: &Cx<'_, Aws>) -> Result<Option<String>, Error> {
    let filters = vec![filter("key", [OPERATION_TAG]), filter("value", [cx.token()])];
    let found = ec2(cx.api).describe_tags().set_filters(Some(filters)).send().await.api()?;
    Ok(found.tags().first().and_then(|t| t.resource_id.clone()))
}
