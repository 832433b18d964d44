//! Tags of load balancers, target groups and listeners.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_elasticloadbalancingv2::types::Tag;
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Cx, Error, OPERATION_TAG, Tags};

use crate::elbv2;

/// Most ARNs of a DescribeTags call.
pub(crate) const BATCH: usize = 20;

/// Tags as the API writes them; `None` when there are none.
pub(crate) fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().into()).collect();
    (!tags.is_empty()).then_some(tags)
}

/// Tags by ARN, of objects that exist.
pub(crate) async fn of(aws: &Aws, arns: &[String]) -> Result<HashMap<String, Tags>, Error> {
    let mut out = HashMap::new();
    for arns in arns.chunks(BATCH) {
        let found = elbv2(aws).describe_tags().set_resource_arns(Some(arns.to_vec())).send().await.api()?;
        for one in found.tag_descriptions.unwrap_or_default() {
            let tags = one.tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default())));
            out.insert(one.resource_arn.unwrap_or_default(), tags.collect());
        }
    }
    Ok(out)
}

/// As [`of`], with one listing for all types of a refresh.
pub(crate) async fn together(cx: &Cx<'_, Aws>, arns: &[String]) -> Result<HashMap<String, Tags>, Error> {
    let types =
        ["aws_lb", "aws_alb", "aws_lb_target_group", "aws_alb_target_group", "aws_lb_listener", "aws_alb_listener"];
    let all: BTreeSet<String> = types.iter().flat_map(|t| cx.together_by(t, "id")).collect();
    if all.len() <= arns.len() || !arns.iter().all(|a| all.contains(a)) {
        return of(cx.api, arns).await;
    }
    let all: Vec<String> = all.into_iter().collect();
    match cx.shared("elasticloadbalancing:DescribeTags", async { of(cx.api, &all).await }).await {
        Ok(found) => Ok(arns.iter().filter_map(|a| Some((a.clone(), found.get(a)?.clone()))).collect()),
        // One object that is gone fails the whole call.
        Err(e) if e.is_not_found() => of(cx.api, arns).await,
        Err(e) => Err(e),
    }
}

/// Makes the tags of an object those that are wanted.
pub(crate) async fn update(aws: &Aws, arn: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        elbv2(aws).remove_tags().resource_arns(arn).set_tag_keys(Some(change.remove)).send().await.api()?;
    }
    if let Some(set) = list(change.set) {
        elbv2(aws).add_tags().resource_arns(arn).set_tags(Some(set)).send().await.api()?;
    }
    Ok(())
}

/// Removes the temporary creation tag, many objects in one call.
pub(crate) async fn forget_token(aws: &Aws, arns: &[String]) -> Result<(), Error> {
    let remove = |arns: Vec<String>| {
        let call = elbv2(aws).remove_tags().set_resource_arns(Some(arns)).tag_keys(OPERATION_TAG);
        async move { call.send().await.api().map(drop) }
    };
    for arns in arns.chunks(BATCH) {
        match remove(arns.to_vec()).await {
            // One object that is gone fails the whole call.
            Err(e) if e.is_not_found() => {
                for arn in arns {
                    let alone = remove(vec![arn.clone()]).await;
                    alone.or_else(|e| if e.is_not_found() { Ok(()) } else { Err(e) })?;
                }
            }
            other => other?,
        }
    }
    Ok(())
}

/// Tells whether this operation made the object.
pub(crate) async fn ours(aws: &Aws, arn: &str, token: &str) -> Result<bool, Error> {
    let found = of(aws, &[arn.to_owned()]).await?;
    Ok(found.get(arn).and_then(tags::operation) == Some(token))
}

/// The only one of these objects that has the wanted tags.
pub(crate) async fn only_with(aws: &Aws, arns: Vec<String>, wanted: &Tags, what: &str) -> Result<String, Error> {
    let mut left = arns;
    if !wanted.is_empty() {
        let found = of(aws, &left).await?;
        left.retain(|arn| found.get(arn).is_some_and(|tags| wanted.iter().all(|(k, v)| tags.get(k) == Some(v))));
    }
    match &left[..] {
        [arn] => Ok(arn.clone()),
        [] => Err(Error::not_found(format!("no {what} fits"))),
        _ => Err(Error::other(format!("{} of the kind {what} fit; say which by arn or name", left.len()))),
    }
}
