//! Tags of namespaces and services.

use aws_sdk_servicediscovery::types::Tag;
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Error, Tags};

use crate::{part, servicediscovery};

/// Tags as the API writes them; `None` when there are none.
pub(crate) fn list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Option<Vec<Tag>>, Error> {
    let tags: Vec<Tag> =
        tags.into_iter().map(|(k, v)| part(Tag::builder().key(k).value(v).build())).collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// The tags of an object.
pub(crate) async fn read(aws: &Aws, arn: &str) -> Result<Tags, Error> {
    let answer = servicediscovery(aws).list_tags_for_resource().resource_arn(arn).send().await.api()?;
    Ok(answer.tags.unwrap_or_default().into_iter().map(|t| (t.key, t.value)).collect())
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn update(aws: &Aws, arn: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        servicediscovery(aws)
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .api()?;
    }
    if let Some(set) = list(change.set)? {
        servicediscovery(aws).tag_resource().resource_arn(arn).set_tags(Some(set)).send().await.api()?;
    }
    Ok(())
}
