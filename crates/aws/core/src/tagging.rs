//! Tags of many objects in one call, for services that answer for one object at a time.
//!
//! The Resource Groups Tagging API hears of changes with a delay. So it may confirm what was last known, and never contradict: where it
//! says something else, or nothing, the object's own service is asked.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_resourcegroupstagging::types::TagFilter;
use sdt_provider::{Class, Cx, Error, Tags, Value};

use crate::error::Api as _;
use crate::{Aws, each};

crate::client!(tagging, "resourcegroupstaggingapi", aws_sdk_resourcegroupstagging);

/// From so many objects on, a listing costs less than asking for each.
const HANDFUL: usize = 3;

/// Most filters of one call.
const FILTERS: usize = 50;

/// A type whose own service has no bulk read of tags.
struct Kind {
    type_name: &'static str,
    /// Its name in the tagging API.
    filter: &'static str,
    /// Not everywhere does the tagging API know the type; asking for it then fails the whole call.
    everywhere: bool,
    /// Objects without tags are not listed. Where some implementations do not list the type at all, absence says nothing.
    absence_counts: bool,
}

const KINDS: [Kind; 9] = [
    Kind { type_name: "aws_cloudwatch_log_group", filter: "logs", everywhere: true, absence_counts: true },
    Kind {
        type_name: "aws_ecs_task_definition",
        filter: "ecs:task-definition",
        everywhere: true,
        absence_counts: true,
    },
    Kind { type_name: "aws_db_subnet_group", filter: "rds:subgrp", everywhere: true, absence_counts: false },
    Kind { type_name: "aws_db_event_subscription", filter: "rds:es", everywhere: true, absence_counts: false },
    Kind { type_name: "aws_db_parameter_group", filter: "rds:pg", everywhere: true, absence_counts: false },
    Kind {
        type_name: "aws_cloudwatch_metric_alarm",
        filter: "cloudwatch:alarm",
        everywhere: true,
        absence_counts: false,
    },
    Kind {
        type_name: "aws_appautoscaling_target",
        filter: "application-autoscaling:scalable-target",
        everywhere: false,
        absence_counts: false,
    },
    Kind {
        type_name: "aws_service_discovery_service",
        filter: "servicediscovery:service",
        everywhere: false,
        absence_counts: false,
    },
    Kind { type_name: "aws_sns_topic", filter: "sns", everywhere: true, absence_counts: false },
];

/// Tags by ARN, and whether that is all there are.
#[derive(Default)]
struct Listing {
    tags: HashMap<String, Tags>,
    complete: bool,
}

/// Tags of objects of a type, known by ARN and last known tags: from one listing for the whole refresh where that confirms what is
/// known, else by `read`, which gets the ARN.
///
/// # Errors
/// The first error of `read` that is not "not found".
pub async fn confirmed<F, Fut>(
    cx: &Cx<'_, Aws>,
    type_name: &str,
    known: &[(String, Tags)],
    read: F,
) -> Result<Vec<Option<Tags>>, Error>
where
    F: Fn(String) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Tags, Error>> + Send,
{
    let all: Vec<&Value> = KINDS.iter().flat_map(|k| cx.together(k.type_name)).collect();
    let listing = if all.len() < HANDFUL || cx.together(type_name).is_empty() {
        None
    } else {
        let listing = cx.shared("tagging:GetResources", list_known(cx, &all)).await;
        listing.inspect_err(|e| tracing::debug!(error = %e, "tags are read one by one")).ok()
    };
    let absence = KINDS.iter().any(|k| k.type_name == type_name && k.absence_counts);
    let same = |arn: &str, tags: &Tags| {
        listing.as_ref().is_some_and(|l| match l.tags.get(arn) {
            Some(found) => found == tags,
            None => tags.is_empty() && l.complete && absence,
        })
    };
    let (same, read) = (&same, &read);
    each(known, |(arn, tags)| async move { if same(&arn, &tags) { Ok(Some(tags)) } else { read(arn).await.map(Some) } })
        .await
}

/// Lists with all kinds, or without those that are not known everywhere.
async fn list_known(cx: &Cx<'_, Aws>, all: &[&Value]) -> Result<Listing, Error> {
    match list(cx, all, |_| true).await {
        Err(e) if e.class == Class::Invalid => list(cx, all, |k| k.everywhere).await,
        other => other,
    }
}

/// Lists the tags of all objects of the kinds in the refresh; narrowed to tags that all of them have.
async fn list(cx: &Cx<'_, Aws>, all: &[&Value], wanted: fn(&Kind) -> bool) -> Result<Listing, Error> {
    let kinds = KINDS
        .iter()
        .filter(|k| wanted(k) && !cx.together(k.type_name).is_empty())
        .map(|k| k.filter.to_owned())
        .collect();
    let common = common(all.iter().map(|o| tags_of(o)));
    let narrowed = !common.is_empty();
    let filters: Vec<TagFilter> =
        common.into_iter().take(FILTERS).map(|(k, v)| TagFilter::builder().key(k).values(v).build()).collect();
    let call = tagging(cx.api).get_resources().resources_per_page(100).tags_per_page(500);
    let call = call.set_resource_type_filters(Some(kinds)).set_tag_filters(narrowed.then_some(filters));
    // In an account full of other objects, asking for each of ours is cheaper.
    let most = 3 + all.len() / 10;
    let mut out = Listing::default();
    let mut token = None;
    for _ in 0..most {
        let answer = call.clone().set_pagination_token(token).send().await.api()?;
        for one in answer.resource_tag_mapping_list.into_iter().flatten() {
            let tags = one.tags.into_iter().flatten().map(|t| (t.key, t.value)).collect();
            let arn = one.resource_arn.unwrap_or_default();
            out.tags.insert(arn.strip_suffix(":*").unwrap_or(&arn).to_owned(), tags);
        }
        token = answer.pagination_token.filter(|t| !t.is_empty());
        if token.is_none() {
            out.complete = !narrowed;
            break;
        }
    }
    Ok(out)
}

fn tags_of(object: &Value) -> Tags {
    let members = object.get("tags_all").and_then(Value::as_members);
    members.into_iter().flatten().filter_map(|(k, v)| Some((k.to_string(), v.as_str()?.to_owned()))).collect()
}

/// The tags that all have in common.
fn common(all: impl Iterator<Item = Tags>) -> BTreeMap<String, String> {
    all.reduce(|a, b| a.into_iter().filter(|(k, v)| b.get(k) == Some(v)).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_common() {
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let check = |all: Vec<Tags>, want: Tags| assert_eq!(common(all.into_iter()), want);
        check(vec![], tags(&[]));
        check(vec![tags(&[("a", "1"), ("b", "1")]), tags(&[("a", "1"), ("b", "2")])], tags(&[("a", "1")]));
        check(vec![tags(&[("a", "1")]), tags(&[])], tags(&[]));
    }
}
