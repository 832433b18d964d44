//! What all kinds of namespaces share.

use aws_sdk_servicediscovery::types::{
    FilterCondition, NamespaceFilter, NamespaceFilterName, NamespaceProperties, NamespaceSummary, NamespaceType,
    OperationStatus, OperationTargetType,
};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Cx, Error, Pace, Seen, Tags};

use crate::{part, servicediscovery, tags};

/// A namespace of any kind.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) properties: Option<NamespaceProperties>,
    pub(crate) tags: Tags,
}

/// What names of namespaces are made of.
///
/// # Errors
/// What the value must be.
pub(crate) fn name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    sdt_aws_core::checks::made_of(text, fits, "letters, digits, periods, underscores and hyphens")
}

/// The namespaces with these ids: a page of a hundred for several, one call for one.
pub(crate) async fn read(aws: &Aws, ids: &[String], kind: NamespaceType) -> Result<Vec<(String, Namespace)>, Error> {
    let found: Vec<Namespace> = if let [id] = ids {
        let answer = servicediscovery(aws).get_namespace().id(id).send().await.api();
        let found = match answer {
            Err(e) if e.is_not_found() => None,
            other => other?.namespace,
        };
        found
            .into_iter()
            .map(|n| Namespace {
                id: n.id.unwrap_or_default(),
                arn: n.arn.unwrap_or_default(),
                name: n.name.unwrap_or_default(),
                description: n.description,
                properties: n.properties,
                tags: Tags::new(),
            })
            .collect()
    } else {
        list(aws, &kind)
            .await?
            .into_iter()
            .map(|n| Namespace {
                id: n.id.unwrap_or_default(),
                arn: n.arn.unwrap_or_default(),
                name: n.name.unwrap_or_default(),
                description: n.description,
                properties: n.properties,
                tags: Tags::new(),
            })
            .filter(|n| ids.contains(&n.id))
            .collect()
    };
    // Tags have no bulk read.
    let found = each(&found, |n| async move {
        let tags = tags::read(aws, &n.arn).await?;
        Ok(Some((n.id.clone(), Namespace { tags, ..n })))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// All namespaces of a kind.
async fn list(aws: &Aws, kind: &NamespaceType) -> Result<Vec<NamespaceSummary>, Error> {
    let filter = NamespaceFilter::builder().name(NamespaceFilterName::Type).values(kind.as_str());
    let filter = part(filter.condition(FilterCondition::Eq).build())?;
    let pages = servicediscovery(aws).list_namespaces().filters(filter).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.api()?;
    Ok(pages.into_iter().flat_map(|p| p.namespaces.unwrap_or_default()).collect())
}

/// The namespace that was made with this token.
pub(crate) async fn made_with(
    aws: &Aws,
    token: &str,
    name: &str,
    kind: NamespaceType,
) -> Result<Option<String>, Error> {
    for id in list(aws, &kind).await?.into_iter().filter(|n| n.name.as_deref() == Some(name)).filter_map(|n| n.id) {
        let found = servicediscovery(aws).get_namespace().id(&id).send().await.api()?.namespace;
        if found.and_then(|n| n.creator_request_id).as_deref() == Some(token) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Waits for an operation and returns the namespace that it is about.
pub(crate) async fn operation(cx: &Cx<'_, Aws>, id: Option<String>, what: &str) -> Result<String, Error> {
    let id = id.unwrap_or_default();
    cx.wait(what, Pace::QUICK, || async {
        let found = servicediscovery(cx.api).get_operation().operation_id(&id).send().await.api()?.operation;
        let Some(found) = found else { return Ok(Seen::Pending(String::new())) };
        match found.status {
            Some(OperationStatus::Success) => {
                let target = found.targets.and_then(|t| t.get(&OperationTargetType::Namespace).cloned());
                Ok(Seen::Ready(target.unwrap_or_default()))
            }
            Some(OperationStatus::Fail) => {
                let code = found.error_code.unwrap_or_default();
                Err(Error::new(sdt_aws_core::classify(&code), code, found.error_message.unwrap_or_default()))
            }
            other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
        }
    })
    .await
}

/// Deletes a namespace; services that were just deleted hold it for a moment longer.
pub(crate) async fn delete(cx: &Cx<'_, Aws>, id: &str) -> Result<(), Error> {
    let limit = std::time::Duration::from_secs(300);
    let answer = cx
        .retry_on(&["ResourceInUse"], limit, || async {
            servicediscovery(cx.api).delete_namespace().id(id).send().await.api()
        })
        .await?;
    operation(cx, answer.operation_id, "the namespace to be gone").await.map(drop)
}
