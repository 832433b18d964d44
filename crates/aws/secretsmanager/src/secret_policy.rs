//! `aws_secretsmanager_secret_policy`

use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Json, Name, Resource, Token, Value, async_trait, checks, equal};

use crate::secretsmanager;

/// Who may do what with a secret.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_secretsmanager_secret_policy")]
pub(crate) struct SecretPolicy {
    id: Id,
    /// Refuses policies that let everybody in.
    #[attr(carry, keep_null)]
    block_public_policy: Option<bool>,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: Json,
    /// ARN of the secret.
    #[attr(force_new, check = checks::arn)]
    secret_arn: String,
}

#[async_trait]
impl Resource for SecretPolicy {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let arn = want.put(cx, &want.secret_arn).await?;
        Ok(Self { id: arn, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let found = secretsmanager(cx.api).get_resource_policy().secret_id(&k.id).send().await.api();
            let found = match found {
                // The secret is waiting for its deletion.
                Err(e) if e.has_code(&["InvalidRequestException"]) => return Ok(None),
                other => other?,
            };
            let policy = found.resource_policy.filter(|p| !p.is_empty());
            Ok(policy.map(|policy| Self {
                id: k.id.clone(),
                block_public_policy: None,
                policy,
                secret_arn: found.arn.unwrap_or(k.id),
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx, &prior.id).await.map(drop)
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        secretsmanager(cx.api).delete_resource_policy().secret_id(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.secret_arn.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy), &Value::string(&want.policy));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::SECRET_ARN, Value::string(id))])
    }
}

impl SecretPolicy {
    async fn put(&self, cx: &Cx<'_, Aws>, secret: &str) -> Result<String, Error> {
        let call = secretsmanager(cx.api).put_resource_policy().secret_id(secret).resource_policy(&self.policy);
        let call = &call.set_block_public_policy(self.block_public_policy);
        // A role that the policy names may not be visible to Secrets Manager yet.
        let limit = std::time::Duration::from_secs(120);
        let codes = ["MalformedPolicyDocumentException"];
        let made = cx.retry_on(&codes, limit, || async move { call.clone().send().await.api() }).await?;
        Ok(made.arn.unwrap_or_else(|| secret.to_owned()))
    }
}
