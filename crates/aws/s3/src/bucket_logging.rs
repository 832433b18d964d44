//! `aws_s3_bucket_logging`

use aws_sdk_s3::types as api;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Block, Changes, Computed, Cx, Error, Id, Name, Resource, Set, Token, Value, async_trait, checks};

use crate::s3;
use crate::shared::{self, VISIBLE_WITHIN, build, setting};

/// Where a bucket's accesses are logged.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_logging")]
pub(crate) struct BucketLogging {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: Option<String>,
    /// The bucket that gets the log.
    target_bucket: String,
    /// Further grants on the log.
    target_grant: Set<TargetGrant>,
    /// Form of the names in it.
    target_object_key_format: Option<KeyFormat>,
    /// Start of the names in it.
    target_prefix: String,
}

/// Further grants on the log.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct TargetGrant {
    /// Who it is for.
    grantee: Grantee,
    /// What it allows.
    #[attr(one_of("FULL_CONTROL", "READ", "WRITE"))]
    permission: String,
}

/// Form of the names in it.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct KeyFormat {
    /// By date.
    #[attr(exactly_one_of(partitioned_prefix, simple_prefix))]
    partitioned_prefix: Option<PartitionedPrefix>,
    /// Without folders.
    #[attr(exactly_one_of(partitioned_prefix, simple_prefix))]
    simple_prefix: Option<SimplePrefix>,
}

/// Who it is for.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Grantee {
    /// Name that people see.
    display_name: Computed<String>,
    /// E-mail address of an account.
    #[attr(default = "")]
    email_address: Option<String>,
    /// Its id.
    #[attr(default = "")]
    id: Option<String>,
    /// Its kind.
    #[attr(one_of("CanonicalUser", "AmazonCustomerByEmail", "Group"))]
    r#type: String,
    /// URI of a group.
    #[attr(default = "")]
    uri: Option<String>,
}

/// By date.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct PartitionedPrefix {
    /// Which date: of the event or of the delivery.
    #[attr(one_of("EventTime", "DeliveryTime"))]
    partition_date_source: String,
}

/// Without folders.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct SimplePrefix {}

#[async_trait]
impl Resource for BucketLogging {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Logging";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: shared::id(&want.bucket, want.expected_bucket_owner.as_deref()), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let call = s3(cx.api).get_bucket_logging().bucket(&k.bucket);
            let answer = setting(call.set_expected_bucket_owner(k.expected_bucket_owner.clone()).send().await)?;
            let id = shared::id(&k.bucket, k.expected_bucket_owner.as_deref());
            Ok(answer.and_then(|a| a.logging_enabled).map(|found| Self {
                id,
                target_bucket: found.target_bucket,
                target_grant: found.target_grants.into_iter().flatten().filter_map(TargetGrant::seen).collect(),
                target_object_key_format: found.target_object_key_format.map(KeyFormat::seen),
                target_prefix: found.target_prefix,
                ..k
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = s3(cx.api).put_bucket_logging().bucket(&prior.bucket);
        let call = call.bucket_logging_status(api::BucketLoggingStatus::builder().build());
        call.set_expected_bucket_owner(prior.expected_bucket_owner.clone()).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        let same = |f: &Self| f.target_bucket == want.target_bucket && f.target_prefix == want.target_prefix;
        Ok(found.filter(same))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        shared::import(id, Self::BUCKET, Self::EXPECTED_BUCKET_OWNER)
    }
}

impl BucketLogging {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let grants = self.target_grant.iter().map(TargetGrant::request).collect::<Result<Vec<_>, _>>()?;
        let enabled = api::LoggingEnabled::builder()
            .target_bucket(&self.target_bucket)
            .target_prefix(&self.target_prefix)
            .set_target_grants((!grants.is_empty()).then_some(grants))
            .set_target_object_key_format(self.target_object_key_format.as_ref().map(KeyFormat::request))
            .build()
            .map_err(build)?;
        let status = api::BucketLoggingStatus::builder().logging_enabled(enabled).build();
        let call = s3(cx.api).put_bucket_logging().bucket(&self.bucket).bucket_logging_status(status);
        call.set_expected_bucket_owner(self.expected_bucket_owner.clone()).send().await.api().map(drop)
    }
}

impl TargetGrant {
    fn request(&self) -> Result<api::TargetGrant, Error> {
        let grantee = api::Grantee::builder()
            .r#type(api::Type::from(self.grantee.r#type.as_str()))
            .set_id(self.grantee.id.clone())
            .set_email_address(self.grantee.email_address.clone())
            .set_uri(self.grantee.uri.clone())
            .build()
            .map_err(build)?;
        let permission = api::BucketLogsPermission::from(self.permission.as_str());
        Ok(api::TargetGrant::builder().grantee(grantee).permission(permission).build())
    }

    fn seen(g: api::TargetGrant) -> Option<Self> {
        let grantee = g.grantee?;
        Some(Self {
            grantee: Grantee {
                display_name: grantee.display_name,
                email_address: grantee.email_address,
                id: grantee.id,
                r#type: grantee.r#type.as_str().to_owned(),
                uri: grantee.uri,
            },
            permission: g.permission?.as_str().to_owned(),
        })
    }
}

impl KeyFormat {
    fn request(&self) -> api::TargetObjectKeyFormat {
        let partitioned = self.partitioned_prefix.as_ref().map(|p| {
            let source = api::PartitionDateSource::from(p.partition_date_source.as_str());
            api::PartitionedPrefix::builder().partition_date_source(source).build()
        });
        api::TargetObjectKeyFormat::builder()
            .set_partitioned_prefix(partitioned)
            .set_simple_prefix(self.simple_prefix.as_ref().map(|_| api::SimplePrefix::builder().build()))
            .build()
    }

    fn seen(f: api::TargetObjectKeyFormat) -> Self {
        Self {
            partitioned_prefix: f.partitioned_prefix.map(|p| PartitionedPrefix {
                partition_date_source: p.partition_date_source.map(|s| s.as_str().to_owned()).unwrap_or_default(),
            }),
            simple_prefix: f.simple_prefix.map(|_| SimplePrefix {}),
        }
    }
}
