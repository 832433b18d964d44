//! `aws_s3_bucket_policy`

use sdt_aws_core::{Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Json, Name, Resource, Token, Value, async_trait, equal};

use crate::access;

/// Who may do what with a bucket.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_policy")]
pub(crate) struct BucketPolicy {
    id: Id,
    /// The bucket.
    #[attr(force_new)]
    bucket: String,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: Json,
}

#[async_trait]
impl Resource for BucketPolicy {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        access::put_policy(cx, &want.bucket, Some(&want.policy)).await?;
        Ok(Self { id: want.bucket.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let policy = access::policy(cx.api, &k.id).await?;
            Ok(policy.map(|policy| Self { bucket: k.id.clone(), id: k.id, policy }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        access::put_policy(cx, &prior.id, Some(&want.policy)).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        access::put_policy(cx, &prior.id, None).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.bucket.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy), &Value::string(&want.policy));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::BUCKET, Value::string(id))])
    }
}
