//! `aws_iam_instance_profile`

use aws_sdk_iam::primitives::DateTimeFormat;
use aws_sdk_iam::types::{InstanceProfile as Found, Tag};
use sdt_aws_core::{Api, Aws, each, names, tags};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OPERATION_TAG, OptComputed, Resource, Tags, Token, async_trait};

use crate::{iam, propagated};

/// Gives EC2 instances a role.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_iam_instance_profile")]
pub(crate) struct InstanceProfile {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// When it was made.
    create_date: Computed<String>,
    /// Its name.
    #[attr(force_new, length(1..=128), conflicts_with(name_prefix), check = sdt_aws_core::checks::iam_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, length(1..=102), conflicts_with(name), check = sdt_aws_core::checks::iam_name)]
    name_prefix: OptComputed<String>,
    /// Its path.
    #[attr(force_new, default = "/")]
    path: Option<String>,
    /// Name of the role.
    #[attr(keep_null)]
    role: Option<String>,
    /// Tags of the object.
    tags: Tags,
    /// Its unique id.
    unique_id: Computed<String>,
}

#[async_trait]
impl Resource for InstanceProfile {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Instance Profile";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let call = iam(cx.api).create_instance_profile().instance_profile_name(&name).set_path(want.path.clone());
        let made = call.set_tags(list(want.tags.clone())).send().await.api()?;
        Ok(Self { id: name.clone(), arn: made.instance_profile.map(|p| p.arn), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        match &made.role {
            Some(role) => match add(cx, &made.id, role).await {
                // Already done: a profile has one role.
                Err(e) if e.has_code(&["LimitExceeded"]) => Ok(()),
                other => other,
            },
            None => Ok(()),
        }
    }

    // ListInstanceProfiles lacks tags.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let found = iam(cx.api).get_instance_profile().instance_profile_name(&k.id).send().await.api()?;
            Ok(found.instance_profile.map(Self::seen))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = iam(cx.api);
        let name = &prior.id;
        if changed.has(Self::ROLE) {
            if let Some(role) = &prior.role {
                remove(cx.api, name, role).await?;
            }
            if let Some(role) = &want.role {
                add(cx, name, role).await?;
            }
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                let call = client.untag_instance_profile().instance_profile_name(name);
                call.set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if let Some(set) = list(change.set) {
                client.tag_instance_profile().instance_profile_name(name).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if let Some(role) = &prior.role {
            remove(cx.api, &prior.id, role).await?;
        }
        iam(cx.api).delete_instance_profile().instance_profile_name(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        match iam(cx.api).get_instance_profile().instance_profile_name(&name).send().await.api() {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(answer) => {
                let Some(found) = answer.instance_profile else { return Ok(None) };
                let ours = tags::operation(&read_tags(found.tags)) == Some(cx.token());
                let arn = Some(found.arn);
                Ok(ours.then(|| Self { id: name.clone(), arn, name: Some(name), ..want.clone() }))
            }
        }
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            match iam(aws).untag_instance_profile().instance_profile_name(id).tag_keys(OPERATION_TAG).send().await.api()
            {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// Gives the profile its role, which may be as new as the profile.
async fn add(cx: &Cx<'_, Aws>, profile: &str, role: &str) -> Result<(), Error> {
    propagated(cx, &["InvalidParameterValue", "NoSuchEntity"], || async {
        let call = iam(cx.api).add_role_to_instance_profile().instance_profile_name(profile).role_name(role);
        call.send().await.api().map(drop)
    })
    .await
}

async fn remove(aws: &Aws, profile: &str, role: &str) -> Result<(), Error> {
    let call = iam(aws).remove_role_from_instance_profile().instance_profile_name(profile).role_name(role);
    match call.send().await.api() {
        Err(e) if e.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}

impl InstanceProfile {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn seen(p: Found) -> Self {
        Self {
            id: p.instance_profile_name.clone(),
            arn: Some(p.arn),
            create_date: p.create_date.fmt(DateTimeFormat::DateTime).ok().map(|d| crate::whole_seconds(&d)),
            name_prefix: Some(names::prefix_of(&p.instance_profile_name)),
            name: Some(p.instance_profile_name),
            path: Some(p.path),
            role: p.roles.into_iter().next().map(|r| r.role_name),
            tags: read_tags(p.tags),
            unique_id: Some(p.instance_profile_id),
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
