//! `aws_iam_role_policy_attachment`

use std::collections::{BTreeSet, HashMap};

use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait, checks};

use crate::{iam, many, propagated, role_details};

/// A managed policy attached to a role.
#[derive(Clone, Resource)]
#[resource(name = "aws_iam_role_policy_attachment")]
pub(crate) struct RolePolicyAttachment {
    id: Id,
    /// The policy.
    #[attr(force_new, check = checks::arn)]
    policy_arn: String,
    /// The role, by name.
    #[attr(force_new)]
    role: String,
}

#[async_trait]
impl Resource for RolePolicyAttachment {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Role Policy Attachment";
    const TOKEN: Token = Token::Name;
    const CHUNK: usize = usize::MAX;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        propagated(cx, &["NoSuchEntity"], || async {
            let call = iam(cx.api).attach_role_policy().role_name(&want.role).policy_arn(&want.policy_arn);
            call.send().await.api().map(drop)
        })
        .await?;
        Ok(want.identified(cx))
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let roles: BTreeSet<String> = known.iter().map(|k| k.role.clone()).collect();
        let roles: Vec<String> = roles.into_iter().collect();
        let attached: HashMap<String, Vec<String>> = if !many(cx, roles.len()) {
            let lists = each(&roles, |role| async move { attached(cx.api, &role).await.map(Some) }).await?;
            roles.into_iter().zip(lists).filter_map(|(role, list)| Some((role, list?))).collect()
        } else {
            let one = |d: &aws_sdk_iam::types::RoleDetail| {
                let arns = d.attached_managed_policies().iter().filter_map(|p| p.policy_arn.clone());
                Some((d.role_name.clone()?, arns.collect()))
            };
            role_details(cx).await?.iter().filter_map(one).collect()
        };
        let there = |k: &Self| attached.get(&k.role).is_some_and(|arns| arns.contains(&k.policy_arn));
        Ok(known.iter().map(|k| there(k).then(|| k.clone())).collect())
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        // Every change replaces the attachment.
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        iam(cx.api)
            .detach_role_policy()
            .role_name(&prior.role)
            .policy_arn(&prior.policy_arn)
            .send()
            .await
            .api()
            .map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = want.identified(cx);
        Ok(Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten())
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once('/') {
            Some((role, arn)) if !role.is_empty() && checks::arn(arn).is_ok() && !arn.is_empty() => Ok(vec![
                (Self::ROLE, Value::string(role)),
                (Self::POLICY_ARN, Value::string(arn)),
                (Self::ID, Value::string(format!("{role}-{arn}"))),
            ]),
            _ => Err("<role-name>/<policy_arn>".to_owned()),
        }
    }
}

impl RolePolicyAttachment {
    /// Attachments have no id of their own: the public provider makes one up, and so do we, the same at every replay.
    fn identified(&self, cx: &Cx<'_, Aws>) -> Self {
        Self { id: cx.generated_name(&format!("{}-", self.role)), ..self.clone() }
    }
}

async fn attached(aws: &Aws, role: &str) -> Result<Vec<String>, Error> {
    let list = iam(aws).list_attached_role_policies().role_name(role).into_paginator().items().send();
    Ok(list.try_collect().await.api()?.into_iter().filter_map(|p| p.policy_arn).collect())
}
