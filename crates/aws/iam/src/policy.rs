//! `aws_iam_policy`

use std::collections::HashMap;

use aws_sdk_iam::types::{EntityType, Tag};
use sdt_aws_core::{Api, Aws, each, in_order, names, tags};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Json, OPERATION_TAG, OptComputed, Resource, Tags, Token, async_trait, equal,
};

use crate::{HANDFUL, decoded, iam, propagated};

/// A policy that several identities can have.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_iam_policy")]
pub(crate) struct Policy {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Number of identities it is attached to.
    #[attr(moving)]
    attachment_count: Computed<i32>,
    /// What it is for.
    #[attr(force_new)]
    description: Option<String>,
    /// Its name.
    #[attr(force_new, length(1..=128), conflicts_with(name_prefix), check = sdt_aws_core::checks::iam_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, length(1..=102), conflicts_with(name), check = sdt_aws_core::checks::iam_name)]
    name_prefix: OptComputed<String>,
    /// Its path.
    #[attr(force_new, default = "/")]
    path: Option<String>,
    /// The policy.
    #[attr(same = equal::policy, check = crate::document)]
    policy: Json,
    /// Unique id of the policy.
    policy_id: Computed<String>,
    /// Tags of the object.
    tags: Tags,
}

#[async_trait]
impl Resource for Policy {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Policy";
    const TOKEN: Token = Token::Tag;
    // Policies are read all at once or one by one, whatever their number.
    const CHUNK: usize = usize::MAX;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let made = iam(cx.api)
            .create_policy()
            .policy_name(&name)
            .policy_document(&want.policy)
            .set_path(want.path.clone())
            .set_description(want.description.clone())
            .set_tags(list(want.tags.clone()))
            .send()
            .await
            .api()?;
        let arn = made.policy.and_then(|p| p.arn).ok_or_else(|| Error::other("the answer names no policy"))?;
        Ok(Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        if known.len() >= HANDFUL {
            return all(cx.api, known).await;
        }
        each(known, |k| async move {
            let client = iam(cx.api);
            let Some(found) = client.get_policy().policy_arn(&k.id).send().await.api()?.policy else { return Ok(None) };
            let version = found.default_version_id.clone().unwrap_or_default();
            let document = client.get_policy_version().policy_arn(&k.id).version_id(version).send().await.api()?;
            let document = document.policy_version.and_then(|v| v.document).unwrap_or_default();
            Ok(Some(Self::seen(found, &document)))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = iam(cx.api);
        if changed.has(Self::POLICY) {
            make_room(cx.api, &prior.id).await?;
            propagated(cx, &["MalformedPolicyDocument"], || async {
                let call = client.create_policy_version().policy_arn(&prior.id).policy_document(&want.policy);
                call.set_as_default(true).send().await.api().map(drop)
            })
            .await?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_policy().policy_arn(&prior.id).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if let Some(set) = list(change.set) {
                client.tag_policy().policy_arn(&prior.id).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let client = iam(cx.api);
        for (version, default) in versions(cx.api, &prior.id).await? {
            if !default {
                client.delete_policy_version().policy_arn(&prior.id).version_id(version).send().await.api()?;
            }
        }
        // An identity that was just deleted may still hold it.
        cx.retry_on(&["DeleteConflict"], std::time::Duration::from_secs(20), || async {
            client.delete_policy().policy_arn(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let account = cx.api.account().await?;
        let path = want.path.as_deref().unwrap_or("/");
        let arn = format!("arn:{}:iam::{account}:policy{path}{name}", cx.api.partition());
        match iam(cx.api).get_policy().policy_arn(&arn).send().await.api() {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(answer) => {
                let tags = read_tags(answer.policy.and_then(|p| p.tags));
                let ours = tags::operation(&tags) == Some(cx.token());
                Ok(ours.then(|| Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want.clone() }))
            }
        }
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            match iam(aws).untag_policy().policy_arn(id).tag_keys(OPERATION_TAG).send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// All policies of the account in one listing with documents; tags and descriptions have no bulk read.
async fn all(aws: &Aws, known: &[Policy]) -> Result<Vec<Option<Policy>>, Error> {
    let mut details = HashMap::new();
    let mut marker = None;
    loop {
        let call = iam(aws).get_account_authorization_details().filter(EntityType::LocalManagedPolicy).max_items(1000);
        let answer = call.set_marker(marker).send().await.api()?;
        for policy in answer.policies.unwrap_or_default() {
            let document = policy.policy_version_list.into_iter().flatten().find(|v| v.is_default_version);
            let document = document.and_then(|v| v.document).unwrap_or_default();
            details.insert(policy.arn.unwrap_or_default(), document);
        }
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    let wanted: Vec<(String, String)> =
        known.iter().filter_map(|k| Some((k.id.clone(), details.get(&k.id)?.clone()))).collect();
    let found = each(&wanted, |(arn, document)| async move {
        let found = iam(aws).get_policy().policy_arn(&arn).send().await.api()?.policy;
        Ok(found.map(|f| (arn, Policy::seen(f, &document))))
    });
    Ok(in_order(known, |k| &k.id, found.await?.into_iter().flatten()))
}

/// Versions, oldest last, and which is in use.
async fn versions(aws: &Aws, arn: &str) -> Result<Vec<(String, bool)>, Error> {
    let found: Vec<_> =
        iam(aws).list_policy_versions().policy_arn(arn).into_paginator().items().send().try_collect().await.api()?;
    let mut found: Vec<_> =
        found.into_iter().filter_map(|v| Some((v.create_date, v.version_id?, v.is_default_version))).collect();
    found.sort_by_key(|b| std::cmp::Reverse(b.0));
    Ok(found.into_iter().map(|(_, id, default)| (id, default)).collect())
}

/// A policy has five versions at most: the oldest goes.
async fn make_room(aws: &Aws, arn: &str) -> Result<(), Error> {
    let all = versions(aws, arn).await?;
    if all.len() < 5 {
        return Ok(());
    }
    match all.into_iter().rev().find(|(_, default)| !default) {
        Some((version, _)) => {
            iam(aws).delete_policy_version().policy_arn(arn).version_id(version).send().await.api().map(drop)
        }
        None => Ok(()),
    }
}

impl Policy {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn seen(p: aws_sdk_iam::types::Policy, document: &str) -> Self {
        let name = p.policy_name.unwrap_or_default();
        Self {
            id: p.arn.clone().unwrap_or_default(),
            arn: p.arn,
            attachment_count: p.attachment_count,
            description: p.description,
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            path: p.path,
            policy: decoded(document),
            policy_id: p.policy_id,
            tags: read_tags(p.tags),
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()
}
