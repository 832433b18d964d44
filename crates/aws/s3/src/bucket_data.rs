//! Data source `aws_s3_bucket`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, FromValue, Id, Resource, Value, async_trait};

use crate::bucket::Bucket;
use crate::s3;

/// A bucket that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_s3_bucket")]
pub(crate) struct BucketData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// The bucket.
    bucket: String,
    /// Bucket domain name.
    bucket_domain_name: Computed<String>,
    /// Bucket regional domain name.
    bucket_regional_domain_name: Computed<String>,
    /// Hosted zone id.
    hosted_zone_id: Computed<String>,
    /// The region.
    region: Computed<String>,
    /// Website domain.
    website_domain: Computed<String>,
    /// Website endpoint.
    website_endpoint: Computed<String>,
}

#[async_trait]
impl DataSource for BucketData {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        s3(cx.api).head_bucket().bucket(&query.bucket).send().await.api()?;
        let known = Bucket::from_value(&Value::object([("id", Value::string(&query.bucket))]))?;
        let found = Bucket::read_many(cx, &[known]).await?.pop().flatten();
        let Some(b) = found else { return Err(Error::not_found(format!("there is no bucket {}", query.bucket))) };
        Ok(Self {
            id: query.bucket.clone(),
            arn: b.arn,
            bucket: query.bucket,
            bucket_domain_name: b.bucket_domain_name,
            bucket_regional_domain_name: b.bucket_regional_domain_name,
            hosted_zone_id: b.hosted_zone_id,
            region: b.region,
            website_domain: b.website_domain,
            website_endpoint: b.website_endpoint,
        })
    }
}
