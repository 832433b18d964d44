//! `aws_iam_role`

use std::collections::HashMap;

use aws_sdk_iam::types::{Role as Found, Tag};
use sdt_aws_core::{Api, Aws, each, in_order, names, tags};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Json, OPERATION_TAG, OptComputed, Resource, Set, Tags, Token, async_trait,
    checks, equal,
};

use crate::{decoded, iam, many, propagated, role_details, whole_seconds};

/// An identity that services and users can assume.
#[derive(Clone, Resource)]
#[resource(name = "aws_iam_role")]
pub(crate) struct Role {
    id: Id,
    /// ARN of the role.
    arn: Computed<String>,
    /// Who may assume the role.
    #[attr(same = equal::policy, check = crate::document)]
    assume_role_policy: Json,
    /// When the role was made.
    create_date: Computed<String>,
    /// What the role is for.
    #[attr(length(0..=1000))]
    description: Option<String>,
    /// Detaches policies that something else attached before the role is deleted.
    #[attr(default = false, carry)]
    force_detach_policies: Option<bool>,
    /// Inline policies, all of them.
    #[attr(computed, deprecated = "Use aws_iam_role_policy instead.", same = same_inline)]
    inline_policy: Set<Inline>,
    /// Attached policies, all of them.
    #[attr(check = checks::arn, deprecated = "Use aws_iam_role_policy_attachment instead.")]
    managed_policy_arns: OptComputed<Set<String>>,
    /// Longest session, in seconds.
    #[attr(default = 3600, range(3600..=43200))]
    max_session_duration: Option<i64>,
    /// Name of the role.
    #[attr(force_new, conflicts_with(name_prefix), length(1..=64), check = sdt_aws_core::checks::iam_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(1..=38), check = sdt_aws_core::checks::iam_name)]
    name_prefix: OptComputed<String>,
    /// Path of the role.
    #[attr(force_new, default = "/", length(0..=512))]
    path: Option<String>,
    /// ARN of the policy that limits what the role may do at most.
    #[attr(check = checks::arn)]
    permissions_boundary: Option<String>,
    /// Tags of the role.
    tags: Tags,
    /// Unique id of the role.
    unique_id: Computed<String>,
}

/// A policy inside the role.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Inline {
    /// Its name.
    #[attr(length(1..=128), check = sdt_aws_core::checks::iam_name)]
    name: Option<String>,
    /// The policy.
    #[attr(form = equal::version_first, check = crate::document)]
    policy: Option<String>,
}

/// Sets of inline policies that mean the same; an empty block stands for none.
fn same_inline(a: &sdt_provider::Value, b: &sdt_provider::Value) -> bool {
    let policies = |v: &sdt_provider::Value| -> Option<Vec<(String, sdt_provider::Value)>> {
        if v.is_unknown() || !v.is_null() && v.as_items().is_none() {
            return None;
        }
        let one = |item: &sdt_provider::Value| {
            let name = item.get("name").and_then(|n| n.as_str()).unwrap_or_default().to_owned();
            (!name.is_empty()).then(|| (name, item.get("policy").cloned().unwrap_or(sdt_provider::Value::NULL)))
        };
        Some(v.as_items().unwrap_or_default().iter().filter_map(one).collect())
    };
    let (Some(a), Some(b)) = (policies(a), policies(b)) else { return false };
    let same = |x: &sdt_provider::Value, y: &sdt_provider::Value| x.raw_equals(y) || equal::policy(x, y);
    a.len() == b.len() && a.iter().all(|(name, x)| b.iter().any(|(other, y)| name == other && same(x, y)))
}

/// Policies of a role.
#[derive(Clone, Default)]
struct Policies {
    inline: Vec<Inline>,
    attached: Vec<String>,
}

#[async_trait]
impl Resource for Role {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Role";
    const TOKEN: Token = Token::Tag;
    // Roles are read all at once or one by one, whatever their number.
    const CHUNK: usize = usize::MAX;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        // A principal in the policy may be as new as the role.
        propagated(cx, &["MalformedPolicyDocument"], || async {
            iam(cx.api)
                .create_role()
                .role_name(&name)
                .assume_role_policy_document(&want.assume_role_policy)
                .set_path(want.path.clone())
                .set_description(want.description.clone())
                .set_max_session_duration(want.max_session_duration.map(|s| s as i32))
                .set_permissions_boundary(want.permissions_boundary.clone())
                .set_tags((!want.tags.is_empty()).then(|| list(want.tags.clone())))
                .send()
                .await
                .api()
                .map(drop)
        })
        .await?;
        Ok(Self { id: name.clone(), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.put_inline(cx, &[]).await?;
        made.attach(cx, &[]).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        if many(cx, known.len()) {
            all(cx, known).await
        } else {
            each(known, |k| async move { one(cx.api, &k.id).await }).await
        }
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = iam(cx.api);
        let name = &prior.id;
        let want = &Self { id: name.clone(), ..want.clone() };
        if changed.has(Self::ASSUME_ROLE_POLICY) {
            propagated(cx, &["MalformedPolicyDocument"], || async {
                let call = client.update_assume_role_policy().role_name(name).policy_document(&want.assume_role_policy);
                call.send().await.api().map(drop)
            })
            .await?;
        }
        if changed.any(&[Self::DESCRIPTION, Self::MAX_SESSION_DURATION]) {
            let call = client.update_role().role_name(name).description(want.description.clone().unwrap_or_default());
            call.set_max_session_duration(want.max_session_duration.map(|s| s as i32)).send().await.api()?;
        }
        if changed.has(Self::PERMISSIONS_BOUNDARY) {
            match &want.permissions_boundary {
                Some(arn) => {
                    client
                        .put_role_permissions_boundary()
                        .role_name(name)
                        .permissions_boundary(arn)
                        .send()
                        .await
                        .api()?;
                }
                None => {
                    client.delete_role_permissions_boundary().role_name(name).send().await.api()?;
                }
            }
        }
        if changed.has(Self::INLINE_POLICY) {
            want.put_inline(cx, &prior.inline_policy).await?;
        }
        if changed.has(Self::MANAGED_POLICY_ARNS) {
            want.attach(cx, prior.managed_policy_arns.as_deref().unwrap_or_default()).await?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_role().role_name(name).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if !change.set.is_empty() {
                client.tag_role().role_name(name).set_tags(Some(list(change.set))).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let client = iam(cx.api);
        let name = &prior.id;
        // A role that still has policies cannot go: those that are ours, or all when the configuration says so.
        let force = prior.force_detach_policies == Some(true);
        let mut now = Policies {
            inline: prior.inline_policy.clone(),
            attached: prior.managed_policy_arns.clone().unwrap_or_default(),
        };
        if force {
            now = policies_of(cx.api, name).await?;
        }
        for arn in &now.attached {
            gone(client.detach_role_policy().role_name(name).policy_arn(arn).send().await.api().map(drop))?;
        }
        for policy in now.inline.iter().filter_map(|p| p.name.as_ref()) {
            gone(client.delete_role_policy().role_name(name).policy_name(policy).send().await.api().map(drop))?;
        }
        // An instance profile that is just going away still holds the role.
        cx.retry_on(&["DeleteConflict"], std::time::Duration::from_secs(20), || async {
            client.delete_role().role_name(name).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        match iam(cx.api).get_role().role_name(&name).send().await.api() {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(answer) => {
                let tags = read_tags(answer.role.and_then(|r| r.tags));
                let ours = tags::operation(&tags) == Some(cx.token());
                Ok(ours.then(|| Self { id: name.clone(), name: Some(name), ..want.clone() }))
            }
        }
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            gone(iam(aws).untag_role().role_name(id).tag_keys(OPERATION_TAG).send().await.api().map(drop))?;
        }
        Ok(())
    }

    fn import_id(want: &Self) -> Option<String> {
        want.name.clone()
    }
}

/// What is gone already needs no removal.
fn gone(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(e) if e.is_not_found() => Ok(()),
        other => other,
    }
}

/// One role: its own call and those for its policies.
async fn one(aws: &Aws, name: &str) -> Result<Option<Role>, Error> {
    let (role, policies) = tokio::join!(iam(aws).get_role().role_name(name).send(), policies_of(aws, name));
    let Some(role) = role.api()?.role else { return Ok(None) };
    Ok(Some(Role::seen(role, policies?)))
}

/// All roles in two listings: one has descriptions and durations, the other policies, boundaries and tags.
async fn all(cx: &Cx<'_, Aws>, known: &[Role]) -> Result<Vec<Option<Role>>, Error> {
    let list = iam(cx.api).list_roles().max_items(1000).into_paginator().items().send();
    let (listed, details) = tokio::join!(list.try_collect(), role_details(cx));
    let listed: HashMap<String, Found> = listed.api()?.into_iter().map(|r| (r.role_name().to_owned(), r)).collect();
    let details = details?;
    let found = details.iter().filter_map(|detail| {
        let detail = detail.clone();
        let name = detail.role_name?;
        known.iter().find(|k| k.id == name)?;
        let mut role = listed.get(&name)?.clone();
        role.permissions_boundary = detail.permissions_boundary;
        role.tags = detail.tags;
        let inline = detail
            .role_policy_list
            .into_iter()
            .flatten()
            .map(|p| Inline { name: p.policy_name, policy: p.policy_document.map(|d| decoded(&d)) });
        let attached = detail.attached_managed_policies.into_iter().flatten().filter_map(|p| p.policy_arn);
        Some((name, Role::seen(role, Policies { inline: inline.collect(), attached: attached.collect() })))
    });
    Ok(in_order(known, |k| &k.id, found))
}

async fn policies_of(aws: &Aws, role: &str) -> Result<Policies, Error> {
    let client = iam(aws);
    let names = client.list_role_policies().role_name(role).into_paginator().items().send().try_collect();
    let attached = client.list_attached_role_policies().role_name(role).into_paginator().items().send().try_collect();
    let (names, attached) = tokio::join!(names, attached);
    let names: Vec<String> = names.api()?;
    let inline = each(&names, |name| async move {
        let answer = iam(aws).get_role_policy().role_name(role).policy_name(&name).send().await.api()?;
        Ok(Some(Inline { name: Some(name), policy: Some(decoded(answer.policy_document())) }))
    });
    let attached = attached.api()?.into_iter().filter_map(|p| p.policy_arn).collect();
    Ok(Policies { inline: inline.await?.into_iter().flatten().collect(), attached })
}

impl Role {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn seen(role: Found, policies: Policies) -> Self {
        use aws_sdk_iam::primitives::DateTimeFormat;
        Self {
            id: role.role_name.clone(),
            arn: Some(role.arn),
            assume_role_policy: role.assume_role_policy_document.map(|d| decoded(&d)).unwrap_or_default(),
            create_date: role.create_date.fmt(DateTimeFormat::DateTime).ok().map(|d| whole_seconds(&d)),
            description: role.description,
            force_detach_policies: None,
            inline_policy: policies.inline,
            managed_policy_arns: Some(policies.attached),
            max_session_duration: Some(role.max_session_duration.unwrap_or(3600).into()),
            name_prefix: Some(names::prefix_of(&role.role_name)),
            name: Some(role.role_name),
            path: Some(role.path),
            permissions_boundary: role.permissions_boundary.and_then(|b| b.permissions_boundary_arn),
            tags: read_tags(role.tags),
            unique_id: Some(role.role_id),
        }
    }

    /// Makes the inline policies those that are wanted.
    async fn put_inline(&self, cx: &Cx<'_, Aws>, prior: &[Inline]) -> Result<(), Error> {
        let client = iam(cx.api);
        let named = |all: &[Inline]| -> Vec<(String, String)> {
            let one = |p: &Inline| Some((p.name.clone()?, p.policy.clone().unwrap_or_default()));
            all.iter().filter_map(one).collect()
        };
        let wanted = named(&self.inline_policy);
        for (name, _) in named(prior).iter().filter(|(name, _)| !wanted.iter().any(|(w, _)| w == name)) {
            gone(client.delete_role_policy().role_name(&self.id).policy_name(name).send().await.api().map(drop))?;
        }
        for (name, policy) in &wanted {
            let call = client.put_role_policy().role_name(&self.id).policy_name(name).policy_document(policy);
            call.send().await.api()?;
        }
        Ok(())
    }

    /// Makes the attached policies those that are wanted.
    async fn attach(&self, cx: &Cx<'_, Aws>, prior: &[String]) -> Result<(), Error> {
        let client = iam(cx.api);
        let wanted = self.managed_policy_arns.clone().unwrap_or_default();
        for arn in prior.iter().filter(|arn| !wanted.contains(arn)) {
            gone(client.detach_role_policy().role_name(&self.id).policy_arn(arn).send().await.api().map(drop))?;
        }
        for arn in wanted.iter().filter(|arn| !prior.contains(arn)) {
            client.attach_role_policy().role_name(&self.id).policy_arn(arn).send().await.api()?;
        }
        Ok(())
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect()
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()
}
