//! `aws_s3_bucket_public_access_block`

use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait};

use crate::s3;
use crate::shared::VISIBLE_WITHIN;

/// Keeps a bucket and its objects from being public.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_public_access_block")]
pub(crate) struct PublicAccessBlock {
    id: Id,
    /// Refuses new public ACLs.
    #[attr(default = false)]
    block_public_acls: Option<bool>,
    /// Refuses new public policies.
    #[attr(default = false)]
    block_public_policy: Option<bool>,
    /// The bucket.
    #[attr(force_new)]
    bucket: String,
    /// Acts as if there were no public ACLs.
    #[attr(default = false)]
    ignore_public_acls: Option<bool>,
    /// Lets only the account and AWS services use a bucket with a public policy.
    #[attr(default = false)]
    restrict_public_buckets: Option<bool>,
}

#[async_trait]
impl Resource for PublicAccessBlock {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Public Access Block";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx, &want.bucket)).await?;
        Ok(Self { id: want.bucket.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let answer = s3(cx.api).get_public_access_block().bucket(&k.id).send().await.api()?;
            Ok(answer.public_access_block_configuration.map(|found| Self {
                id: k.id.clone(),
                block_public_acls: found.block_public_acls,
                block_public_policy: found.block_public_policy,
                bucket: k.id,
                ignore_public_acls: found.ignore_public_acls,
                restrict_public_buckets: found.restrict_public_buckets,
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx, &prior.id).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        s3(cx.api).delete_public_access_block().bucket(&prior.id).send().await.api().map(drop)
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

impl PublicAccessBlock {
    async fn put(&self, cx: &Cx<'_, Aws>, bucket: &str) -> Result<(), Error> {
        let wanted = PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.block_public_acls == Some(true))
            .block_public_policy(self.block_public_policy == Some(true))
            .ignore_public_acls(self.ignore_public_acls == Some(true))
            .restrict_public_buckets(self.restrict_public_buckets == Some(true))
            .build();
        let call = s3(cx.api).put_public_access_block().bucket(bucket);
        call.public_access_block_configuration(wanted).send().await.api().map(drop)
    }
}
