//! `aws_s3_bucket`

use aws_sdk_s3::types::{BucketCannedAcl, BucketLocationConstraint, CreateBucketConfiguration};
use sdt_aws_core::{Api, Aws, each, names};
use sdt_provider::{
    Changes, Class, Computed, Cx, Error, Id, Json, Name, OptComputed, Pace, Resource, Seen, Set, Tags, Token, Value,
    async_trait,
};

use crate::access::{self, Grant};
use crate::empty::empty;
use crate::lifecycle::{self, LifecycleRule};
use crate::replication::{self, Replication};
use crate::s3;
use crate::settings::{self, CorsRule, Encryption, Logging, ObjectLock, Versions};
use crate::shared::VISIBLE_WITHIN;
use crate::website::{self, Website};

/// A bucket. Most of its settings are better kept in resources of their own.
#[derive(Clone, Resource)]
#[resource(name = "aws_s3_bucket", timeouts(create = "20m", read = "20m", update = "20m", delete = "1h"))]
pub(crate) struct Bucket {
    id: Id,
    /// Transfer acceleration.
    #[attr(
        one_of("Enabled", "Suspended"),
        deprecated = "acceleration_status is deprecated. Use the aws_s3_bucket_accelerate_configuration resource instead."
    )]
    acceleration_status: OptComputed<String>,
    /// Canned ACL.
    #[attr(
        carry,
        keep_null,
        conflicts_with(grant),
        one_of(
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "log-delivery-write"
        ),
        deprecated = "acl is deprecated. Use the aws_s3_bucket_acl resource instead."
    )]
    acl: OptComputed<String>,
    /// ARN of the bucket.
    pub(crate) arn: Computed<String>,
    /// Name of the bucket, unique in all of AWS.
    #[attr(force_new, conflicts_with(bucket_prefix), length(0..=63))]
    bucket: OptComputed<String>,
    /// Host name of the bucket.
    pub(crate) bucket_domain_name: Computed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(bucket), length(0..=37))]
    bucket_prefix: OptComputed<String>,
    /// Host name of the bucket with its region.
    pub(crate) bucket_regional_domain_name: Computed<String>,
    /// Which other sites may use the bucket from a browser.
    #[attr(
        computed,
        deprecated = "cors_rule is deprecated. Use the aws_s3_bucket_cors_configuration resource instead."
    )]
    cors_rule: Vec<CorsRule>,
    /// Deletes the bucket's objects with it.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// Who may do what.
    #[attr(
        computed,
        conflicts_with(acl),
        deprecated = "grant is deprecated. Use the aws_s3_bucket_acl resource instead."
    )]
    grant: Set<Grant>,
    /// Route 53 zone of the region's websites.
    pub(crate) hosted_zone_id: Computed<String>,
    /// What happens to objects as they get older.
    #[attr(
        computed,
        deprecated = "lifecycle_rule is deprecated. Use the aws_s3_bucket_lifecycle_configuration resource instead."
    )]
    lifecycle_rule: Vec<LifecycleRule>,
    /// Where access is logged.
    #[attr(deprecated = "logging is deprecated. Use the aws_s3_bucket_logging resource instead.")]
    logging: OptComputed<Logging>,
    /// Objects that cannot be deleted for a time.
    #[attr(
        deprecated = "object_lock_configuration is deprecated. Use the top-level parameter object_lock_enabled and the \
                      aws_s3_bucket_object_lock_configuration resource instead."
    )]
    object_lock_configuration: OptComputed<ObjectLock>,
    /// Whether objects can be locked.
    #[attr(force_new, conflicts_with(object_lock_configuration))]
    object_lock_enabled: OptComputed<bool>,
    /// Bucket policy.
    #[attr(deprecated = "policy is deprecated. Use the aws_s3_bucket_policy resource instead.")]
    policy: OptComputed<Json>,
    /// Region of the bucket.
    pub(crate) region: Computed<String>,
    /// Copies of new objects in other buckets.
    #[attr(
        deprecated = "replication_configuration is deprecated. Use the aws_s3_bucket_replication_configuration resource instead."
    )]
    replication_configuration: OptComputed<Replication>,
    /// Who pays for requests.
    #[attr(
        one_of("Requester", "BucketOwner"),
        deprecated = "request_payer is deprecated. Use the aws_s3_bucket_request_payment_configuration resource instead."
    )]
    request_payer: OptComputed<String>,
    /// How new objects are encrypted.
    #[attr(
        deprecated = "server_side_encryption_configuration is deprecated. Use the aws_s3_bucket_server_side_encryption_configuration \
                      resource instead."
    )]
    server_side_encryption_configuration: OptComputed<Encryption>,
    /// Tags of the bucket.
    tags: Tags,
    /// Whether old versions of objects are kept.
    #[attr(deprecated = "versioning is deprecated. Use the aws_s3_bucket_versioning resource instead.")]
    versioning: OptComputed<Versions>,
    /// A website from the bucket's objects.
    #[attr(deprecated = "website is deprecated. Use the aws_s3_bucket_website_configuration resource instead.")]
    website: OptComputed<Website>,
    /// Domain of the region's websites.
    #[attr(
        keep_null,
        deprecated = "website_domain is deprecated. Use the aws_s3_bucket_website_configuration resource instead."
    )]
    pub(crate) website_domain: Computed<String>,
    /// Host name of the website.
    #[attr(
        keep_null,
        deprecated = "website_endpoint is deprecated. Use the aws_s3_bucket_website_configuration resource instead."
    )]
    pub(crate) website_endpoint: Computed<String>,
}

#[async_trait]
impl Resource for Bucket {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let region = cx.api.region();
        // There a bucket of the caller's own can be created again, which would adopt and change it.
        if region == "us-east-1" && s3(cx.api).head_bucket().bucket(&name).send().await.is_ok() {
            let why = format!("there is a bucket {name} already");
            return Err(Error::new(Class::AlreadyExists, "BucketAlreadyExists", why));
        }
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build()
        });
        let locks = want.object_lock_enabled == Some(true) || want.object_lock_configuration.is_some();
        // S3 is busy with an earlier bucket of the same name.
        cx.retry_on(&["OperationAborted"], VISIBLE_WITHIN, || async {
            s3(cx.api)
                .create_bucket()
                .bucket(&name)
                .set_create_bucket_configuration(place.clone())
                .set_acl(want.acl.as_deref().map(BucketCannedAcl::from))
                .set_object_lock_enabled_for_bucket(locks.then_some(true))
                .send()
                .await
                .api()
                .map(drop)
        })
        .await?;
        Ok(Self { id: name.clone(), bucket: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the bucket to become visible", Pace::QUICK, || async {
            match s3(cx.api).head_bucket().bucket(&made.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Pending(e.code)),
                other => other.map(|_| Seen::Ready(())),
            }
        })
        .await?;
        let configured = |name: Name| match name {
            Self::ACCELERATION_STATUS => made.acceleration_status.is_some(),
            // The canned ACL went with the creation.
            Self::ACL => false,
            Self::CORS_RULE => !made.cors_rule.is_empty(),
            Self::GRANT => !made.grant.is_empty(),
            Self::LIFECYCLE_RULE => !made.lifecycle_rule.is_empty(),
            Self::LOGGING => made.logging.is_some(),
            Self::OBJECT_LOCK_CONFIGURATION => made.object_lock_configuration.is_some(),
            Self::POLICY => made.policy.is_some(),
            Self::REPLICATION_CONFIGURATION => made.replication_configuration.is_some(),
            Self::REQUEST_PAYER => made.request_payer.is_some(),
            Self::SERVER_SIDE_ENCRYPTION_CONFIGURATION => made.server_side_encryption_configuration.is_some(),
            Self::VERSIONING => made.versioning.as_ref().is_some_and(|v| v.enabled == Some(true)),
            Self::WEBSITE => made.website.is_some(),
            name => name.0 == "tags" && !made.tags.is_empty(),
        };
        made.write(cx, &made.id, &configured).await
    }

    // Each bucket is asked for alone, and each of its settings: S3 has no call that reads more than one.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move { Self::read(cx.api, &k.id).await.map(Some) }).await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        want.write(cx, &prior.id, &|name| changed.has(name)).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let delete = || async { s3(cx.api).delete_bucket().bucket(&prior.id).send().await.api().map(drop) };
        let mut outcome = delete().await;
        if prior.force_destroy == Some(true) {
            // Something may still be writing into the bucket.
            let mut rounds = 0;
            while outcome.as_ref().is_err_and(|e| e.has_code(&["BucketNotEmpty"])) && rounds < 3 {
                empty(cx, &prior.id, prior.object_lock_enabled == Some(true)).await?;
                outcome = delete().await;
                rounds += 1;
            }
        }
        outcome?;
        cx.wait("the bucket to be gone", Pace::QUICK, || async {
            match s3(cx.api).head_bucket().bucket(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending(String::new())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let account = cx.api.account().await?;
        let head = s3(cx.api).head_bucket().bucket(&name).expected_bucket_owner(account).send().await.api();
        match head {
            Err(e) if e.is_not_found() => return Ok(None),
            Err(e) => return Err(e),
            Ok(_) => {}
        }
        // A bucket just made has no tags, or those that are wanted: others belong to somebody else.
        let tags = settings::tags(cx.api, &name).await?;
        let ours = tags.iter().all(|(k, v)| want.tags.get(k) == Some(v));
        Ok(ours.then(|| Self { id: name.clone(), bucket: Some(name), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::BUCKET, Value::string(id))])
    }
}

impl Bucket {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.bucket.clone().unwrap_or_else(|| cx.generated_name(self.bucket_prefix.as_deref().unwrap_or_default()))
    }

    /// Writes the settings that `has` names. May run again.
    async fn write(&self, cx: &Cx<'_, Aws>, bucket: &str, has: &(dyn Fn(Name) -> bool + Sync)) -> Result<(), Error> {
        let aws = cx.api;
        if has(Name("tags")) {
            settings::put_tags(aws, bucket, &self.tags).await?;
        }
        if has(Self::POLICY) {
            access::put_policy(cx, bucket, self.policy.as_deref()).await?;
        }
        if has(Self::CORS_RULE) {
            settings::put_cors(aws, bucket, &self.cors_rule).await?;
        }
        if has(Self::WEBSITE) {
            website::put(aws, bucket, self.website.as_ref()).await?;
        }
        // Before everything that needs versions: replication and locks.
        if let (true, Some(versions)) = (has(Self::VERSIONING), &self.versioning) {
            settings::put_versions(aws, bucket, versions).await?;
        }
        if let (true, Some(acl)) = (has(Self::ACL), &self.acl) {
            access::put_acl(aws, bucket, acl).await?;
        }
        if has(Self::GRANT) {
            if self.grant.is_empty() {
                access::put_acl(aws, bucket, "private").await?;
            } else {
                access::put_grants(aws, bucket, &self.grant).await?;
            }
        }
        if has(Self::LOGGING) {
            settings::put_logging(aws, bucket, self.logging.as_ref()).await?;
        }
        if has(Self::LIFECYCLE_RULE) {
            lifecycle::put(cx, bucket, &self.lifecycle_rule).await?;
        }
        if let (true, Some(status)) = (has(Self::ACCELERATION_STATUS), &self.acceleration_status) {
            settings::put_acceleration(aws, bucket, status).await?;
        }
        if let (true, Some(payer)) = (has(Self::REQUEST_PAYER), &self.request_payer) {
            settings::put_payer(aws, bucket, payer).await?;
        }
        if has(Self::SERVER_SIDE_ENCRYPTION_CONFIGURATION) {
            settings::put_encryption(aws, bucket, self.server_side_encryption_configuration.as_ref()).await?;
        }
        if let (true, Some(lock)) = (has(Self::OBJECT_LOCK_CONFIGURATION), &self.object_lock_configuration) {
            settings::put_object_lock(aws, bucket, lock).await?;
        }
        if has(Self::REPLICATION_CONFIGURATION) {
            replication::put(cx, bucket, self.replication_configuration.as_ref()).await?;
        }
        Ok(())
    }

    async fn read(aws: &Aws, name: &str) -> Result<Self, Error> {
        let head = s3(aws).head_bucket().bucket(name).send().await.api()?;
        let region = head.bucket_region.unwrap_or_else(|| aws.region().to_owned());
        let (one, two) = tokio::join!(
            async {
                tokio::try_join!(
                    settings::acceleration(aws, name),
                    settings::cors(aws, name),
                    access::grants(aws, name),
                    lifecycle::read(aws, name),
                    settings::logging(aws, name),
                    settings::object_lock(aws, name),
                    access::policy(aws, name),
                )
            },
            async {
                tokio::try_join!(
                    replication::read(aws, name),
                    settings::payer(aws, name),
                    settings::encryption(aws, name),
                    settings::tags(aws, name),
                    settings::versions(aws, name),
                    website::read(aws, name),
                )
            },
        );
        let (acceleration_status, cors_rule, grant, lifecycle_rule, logging, lock, policy) = one?;
        let (replication_configuration, request_payer, encryption, tags, versions, website) = two?;
        let suffix = aws.dns_suffix();
        let domain = website.as_ref().map(|_| website::domain(&region, suffix));
        Ok(Self {
            id: name.to_owned(),
            acceleration_status,
            acl: None,
            arn: Some(format!("arn:{}:s3:::{name}", aws.partition())),
            bucket: Some(name.to_owned()),
            bucket_domain_name: Some(format!("{name}.s3.{suffix}")),
            bucket_prefix: Some(names::prefix_of(name)),
            bucket_regional_domain_name: Some(format!("{name}.s3.{region}.{suffix}")),
            cors_rule,
            force_destroy: None,
            grant,
            hosted_zone_id: hosted_zone(&region).map(str::to_owned),
            lifecycle_rule,
            logging,
            object_lock_enabled: Some(lock.as_ref().is_some_and(|l| l.object_lock_enabled.is_some())),
            object_lock_configuration: lock,
            policy: policy.or_else(|| Some(String::new())),
            replication_configuration,
            request_payer,
            server_side_encryption_configuration: encryption,
            tags,
            versioning: Some(versions),
            website_endpoint: domain.as_ref().map(|d| format!("{name}.{d}")),
            website_domain: domain,
            website,
            region: Some(region),
        })
    }
}

/// Route 53 zones of the website endpoints. Source: "Amazon S3 endpoints and quotas" in the AWS General Reference.
fn hosted_zone(region: &str) -> Option<&'static str> {
    Some(match region {
        "af-south-1" => "Z83WF9RJE8B12",
        "ap-east-1" => "ZNB98KWMFR0R6",
        "ap-northeast-1" => "Z2M4EHUR26P7ZW",
        "ap-northeast-2" => "Z3W03O7B5YMIYP",
        "ap-northeast-3" => "Z2YQB5RD63NC85",
        "ap-south-1" => "Z11RGJOFQNVJUP",
        "ap-south-2" => "Z02976202B4EZMXIPMXF7",
        "ap-southeast-1" => "Z3O0J2DXBE1FTB",
        "ap-southeast-2" => "Z1WCIGYICN2BYD",
        "ap-southeast-3" => "Z01846753K324LI26A3VV",
        "ap-southeast-4" => "Z0312387243XT5FE14WFO",
        "ca-central-1" => "Z1QDHH18159H29",
        "ca-west-1" => "Z03565811Z33SLEZTHOUL",
        "cn-north-1" => "Z5CN8UMXT92WN",
        "cn-northwest-1" => "Z282HJ1KT0DH03",
        "eu-central-1" => "Z21DNDUVLTQW6Q",
        "eu-central-2" => "Z030506016YDQGETNASS",
        "eu-north-1" => "Z3BAZG2TWCNX0D",
        "eu-south-1" => "Z30OZKI7KPW7MI",
        "eu-south-2" => "Z0081959F7139GRJC19J",
        "eu-west-1" => "Z1BKCTXD74EZPE",
        "eu-west-2" => "Z3GKZC51ZF0DB4",
        "eu-west-3" => "Z3R1K369G5AVDG",
        "il-central-1" => "Z09640613K4A3MN55U7GU",
        "me-central-1" => "Z06143092I8HRXZRUZROF",
        "me-south-1" => "Z1MPMWCPA7YB62",
        "sa-east-1" => "Z7KQH4QJS55SO",
        "us-east-1" => "Z3AQBSTGFYJSTF",
        "us-east-2" => "Z2O1EMRO9K5GLX",
        "us-gov-east-1" => "Z2NIFVYYW2VKV1",
        "us-gov-west-1" => "Z31GFT0UA1I2HV",
        "us-west-1" => "Z2F56UZL2M1ACD",
        "us-west-2" => "Z3BJ6K6RIION7M",
        _ => return None,
    })
}
