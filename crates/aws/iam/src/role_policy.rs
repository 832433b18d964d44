//! `aws_iam_role_policy`

use std::collections::HashMap;

use sdt_aws_core::{Api, Aws, each, in_order, names};
use sdt_provider::{Changes, Cx, Error, Id, Json, Name, OptComputed, Resource, Token, Value, async_trait, equal};

use crate::{decoded, iam, many, propagated, role_details};

/// A policy inside a role.
#[derive(Clone, Resource)]
#[resource(name = "aws_iam_role_policy")]
pub(crate) struct RolePolicy {
    id: Id,
    /// Name of the policy.
    #[attr(force_new, conflicts_with(name_prefix), length(1..=128), check = sdt_aws_core::checks::iam_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(1..=102), check = sdt_aws_core::checks::iam_name)]
    name_prefix: OptComputed<String>,
    /// What the role may do.
    #[attr(same = equal::policy, form = equal::version_first, check = crate::document)]
    policy: Json,
    /// The role, by name.
    #[attr(force_new, length(1..=128))]
    role: String,
}

#[async_trait]
impl Resource for RolePolicy {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Role Policy";
    const TOKEN: Token = Token::Name;
    const CHUNK: usize = usize::MAX;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = want.identified(cx);
        made.put(cx).await?;
        Ok(made)
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        if !many(cx, known.len()) {
            return each(known, |k| async move {
                let (role, name) = k.parts();
                let answer = iam(cx.api).get_role_policy().role_name(&role).policy_name(&name).send().await.api()?;
                Ok(Some(Self::seen(role, name, answer.policy_document())))
            })
            .await;
        }
        let mut found: HashMap<String, Self> = HashMap::new();
        for detail in role_details(cx).await?.iter() {
            let role = detail.role_name.clone().unwrap_or_default();
            for policy in detail.role_policy_list.clone().into_iter().flatten() {
                let name = policy.policy_name.unwrap_or_default();
                let object = Self::seen(role.clone(), name, &policy.policy_document.unwrap_or_default());
                found.insert(object.id.clone(), object);
            }
        }
        Ok(in_order(known, |k| &k.id, found))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        let (role, name) = prior.parts();
        Self { role, name: Some(name), ..want.clone() }.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let (role, name) = prior.parts();
        iam(cx.api).delete_role_policy().role_name(role).policy_name(name).send().await.api().map(drop)
    }

    /// Putting a policy again gives the same policy, so only one with our content is ours.
    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = want.identified(cx);
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy), &Value::string(&made.policy));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once(':') {
            Some((role, name)) if !role.is_empty() && !name.is_empty() => {
                Ok(vec![(Self::ROLE, Value::string(role)), (Self::NAME, Value::string(name))])
            }
            _ => Err("role_name:policy_name".to_owned()),
        }
    }
}

impl RolePolicy {
    fn identified(&self, cx: &Cx<'_, Aws>) -> Self {
        let name =
            self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()));
        Self { id: format!("{}:{name}", self.role), name: Some(name), ..self.clone() }
    }

    /// Role and policy, from the id.
    fn parts(&self) -> (String, String) {
        let (role, name) = self.id.split_once(':').unwrap_or((&self.role, ""));
        (role.to_owned(), name.to_owned())
    }

    fn seen(role: String, name: String, document: &str) -> Self {
        Self {
            id: format!("{role}:{name}"),
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            policy: decoded(document),
            role,
        }
    }

    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let name = self.name.clone().unwrap_or_default();
        propagated(cx, &["NoSuchEntity"], || async {
            let call =
                iam(cx.api).put_role_policy().role_name(&self.role).policy_name(&name).policy_document(&self.policy);
            call.send().await.api().map(drop)
        })
        .await
    }
}
