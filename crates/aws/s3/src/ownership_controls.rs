//! `aws_s3_bucket_ownership_controls`

use aws_sdk_s3::types::{self as api, ObjectOwnership};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Block, Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait};

use crate::s3;
use crate::shared::{VISIBLE_WITHIN, absent, build};

/// Who owns the objects that others put into a bucket.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_ownership_controls")]
pub(crate) struct OwnershipControls {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..))]
    bucket: String,
    /// The rules.
    rule: Rule,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    /// Who owns new objects.
    #[attr(one_of("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"))]
    object_ownership: String,
}

#[async_trait]
impl Resource for OwnershipControls {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Ownership Controls";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket", "OperationAborted"], VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: want.bucket.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let answer = absent(s3(cx.api).get_bucket_ownership_controls().bucket(&k.id).send().await.api())?;
            let rule = answer.and_then(|a| a.ownership_controls).and_then(|c| c.rules.into_iter().next());
            Ok(rule.map(|r| Self {
                bucket: k.id.clone(),
                id: k.id,
                rule: Rule { object_ownership: r.object_ownership.as_str().to_owned() },
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        cx.retry_on(&["OperationAborted"], VISIBLE_WITHIN, || async {
            s3(cx.api).delete_bucket_ownership_controls().bucket(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.bucket.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| *f == made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::BUCKET, Value::string(id))])
    }
}

impl OwnershipControls {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let rule = api::OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::from(self.rule.object_ownership.as_str()))
            .build()
            .map_err(build)?;
        let controls = api::OwnershipControls::builder().rules(rule).build().map_err(build)?;
        let call = s3(cx.api).put_bucket_ownership_controls().bucket(&self.bucket);
        call.ownership_controls(controls).send().await.api().map(drop)
    }
}
