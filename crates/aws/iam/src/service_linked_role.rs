//! `aws_iam_service_linked_role`

use aws_sdk_iam::primitives::DateTimeFormat;
use aws_sdk_iam::types::{DeletionTaskStatusType, Role, Tag};
use sdt_aws_core::{Api, Aws, each, tags};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, Pace, Resource, Seen, Tags, Token, Value, async_trait};

use crate::iam;

fn service_name(text: &str) -> Result<(), String> {
    let fine = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
    if fine { Ok(()) } else { Err("to be a service's name such as ecs.amazonaws.com".into()) }
}

/// A role that belongs to an AWS service.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_iam_service_linked_role")]
pub(crate) struct ServiceLinkedRole {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Service that assumes the role: `ecs.amazonaws.com`.
    #[attr(force_new, check = service_name)]
    aws_service_name: String,
    /// When it was made.
    create_date: Computed<String>,
    /// End of the role's name.
    #[attr(force_new)]
    custom_suffix: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// Its name.
    name: Computed<String>,
    /// Its path.
    path: Computed<String>,
    /// Tags of the object.
    tags: Tags,
    /// Its unique id.
    unique_id: Computed<String>,
}

#[async_trait]
impl Resource for ServiceLinkedRole {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Service Linked Role";
    // A service has one role of a suffix in an account.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let call = iam(cx.api).create_service_linked_role().aws_service_name(&want.aws_service_name);
        let call = call.set_custom_suffix(want.custom_suffix.clone()).set_description(want.description.clone());
        let role = call.send().await.api()?.role.ok_or_else(|| Error::other("the answer names no role"))?;
        Ok(Self { id: role.arn.clone(), arn: Some(role.arn), name: Some(role.role_name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let Some(tags) = list(made.tags.clone()) else { return Ok(()) };
        iam(cx.api).tag_role().role_name(role_name(&made.id)).set_tags(Some(tags)).send().await.api().map(drop)
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let found = iam(cx.api).get_role().role_name(role_name(&k.id)).send().await.api()?.role;
            Ok(found.map(Self::seen))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = iam(cx.api);
        let name = role_name(&prior.id);
        if changed.has(Self::DESCRIPTION) {
            let text = want.description.clone().unwrap_or_default();
            client.update_role().role_name(name).description(text).send().await.api()?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_role().role_name(name).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if let Some(set) = list(change.set) {
                client.tag_role().role_name(name).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = iam(cx.api).delete_service_linked_role().role_name(role_name(&prior.id));
        let task = call.send().await.api()?.deletion_task_id;
        cx.wait("the role to be gone", Pace::QUICK, || async {
            let answer = match iam(cx.api)
                .get_service_linked_role_deletion_status()
                .deletion_task_id(&task)
                .send()
                .await
                .api()
            {
                Err(e) if e.is_not_found() => return Ok(Seen::Ready(())),
                other => other?,
            };
            match answer.status {
                DeletionTaskStatusType::Succeeded => Ok(Seen::Ready(())),
                DeletionTaskStatusType::Failed => {
                    let reason = answer.reason.and_then(|r| r.reason).unwrap_or_default();
                    Err(Error::new(sdt_provider::Class::InUse, "", reason))
                }
                other => Ok(Seen::Pending(other.as_str().to_owned())),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let path = format!("/aws-service-role/{}/", want.aws_service_name);
        let roles: Vec<Role> =
            iam(cx.api).list_roles().path_prefix(path).into_paginator().items().send().try_collect().await.api()?;
        let ours = roles.into_iter().find(|r| match want.custom_suffix.as_deref().filter(|s| !s.is_empty()) {
            Some(suffix) => r.role_name.ends_with(&format!("_{suffix}")),
            None => !r.role_name.contains('_'),
        });
        Ok(ours.map(|r| Self { id: r.arn.clone(), arn: Some(r.arn), name: Some(r.role_name), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        if id.contains(":role/aws-service-role/") {
            Ok(Vec::new())
        } else {
            Err("the ARN of a service-linked role".into())
        }
    }
}

fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl ServiceLinkedRole {
    fn seen(r: Role) -> Self {
        // The path names the service: /aws-service-role/ecs.amazonaws.com/
        let service = r.path.split('/').nth(2).unwrap_or_default().to_owned();
        Self {
            id: r.arn.clone(),
            arn: Some(r.arn),
            aws_service_name: service,
            create_date: r.create_date.fmt(DateTimeFormat::DateTime).ok().map(|d| crate::whole_seconds(&d)),
            custom_suffix: r.role_name.split_once('_').map(|(_, suffix)| suffix.to_owned()),
            description: r.description,
            name: Some(r.role_name),
            path: Some(r.path),
            tags: r.tags.into_iter().flatten().map(|t| (t.key, t.value)).collect(),
            unique_id: Some(r.role_id),
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}
