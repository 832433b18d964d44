//! `aws_cloudwatch_log_resource_policy`

use aws_sdk_cloudwatchlogs::types::ResourcePolicy as Found;
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Cx, Error, Id, Json, Name, Resource, Token, Value, async_trait, equal};

use crate::logs;

/// Which services may write to log groups.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_cloudwatch_log_resource_policy")]
pub(crate) struct ResourcePolicy {
    id: Id,
    /// The policy.
    #[attr(same = equal::policy)]
    policy_document: Json,
    /// Its name.
    #[attr(force_new)]
    policy_name: String,
}

#[async_trait]
impl Resource for ResourcePolicy {
    type Api = Aws;
    const HUMAN: &'static str = "CloudWatch Logs Resource Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.put(cx).await?;
        Ok(Self { id: want.policy_name.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found: Vec<Found> = Vec::new();
        let mut next = None;
        // Ten is the most that a region has.
        loop {
            let answer = logs(cx.api).describe_resource_policies().set_next_token(next).send().await.api()?;
            found.extend(answer.resource_policies.unwrap_or_default());
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        let objects = found.into_iter().filter_map(|p| {
            let name = p.policy_name?;
            let object = Self { id: name.clone(), policy_document: p.policy_document?, policy_name: name.clone() };
            Some((name, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        logs(cx.api).delete_resource_policy().policy_name(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.policy_name.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy_document), &Value::string(&want.policy_document));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::POLICY_NAME, Value::string(id))])
    }
}

impl ResourcePolicy {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let call = logs(cx.api).put_resource_policy().policy_name(&self.policy_name);
        call.policy_document(&self.policy_document).send().await.api().map(drop)
    }
}
