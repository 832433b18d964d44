//! `aws_s3_bucket_server_side_encryption_configuration`, and the same rules inside `aws_s3_bucket`.

use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Block, Changes, Cx, Error, Id, Name, Resource, Set, Token, Value, async_trait, checks};

use crate::s3;
use crate::shared::{self, VISIBLE_WITHIN, absent, build};

/// How a bucket encrypts new objects.
#[derive(Clone, Resource)]
#[resource(name = "aws_s3_bucket_server_side_encryption_configuration")]
pub(crate) struct EncryptionConfiguration {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: Option<String>,
    /// The rule.
    #[attr(min = 1)]
    rule: Set<Rule>,
}

/// How new objects are encrypted.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    /// When the request for an object does not say it.
    apply_server_side_encryption_by_default: Option<ByDefault>,
    /// Asks KMS less often, with a key for the bucket.
    bucket_key_enabled: Option<bool>,
}

/// Algorithm and key.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ByDefault {
    /// The KMS key; the account's own for S3 when not set.
    #[attr(default = "")]
    kms_master_key_id: Option<String>,
    /// The algorithm.
    #[attr(one_of("AES256", "aws:kms", "aws:kms:dsse"))]
    sse_algorithm: String,
}

#[async_trait]
impl Resource for EncryptionConfiguration {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Server-side Encryption Configuration";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: shared::id(&want.bucket, want.expected_bucket_owner.as_deref()), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let rule = read(cx.api, &k.bucket, k.expected_bucket_owner.clone()).await?;
            let id = shared::id(&k.bucket, k.expected_bucket_owner.as_deref());
            Ok((!rule.is_empty()).then(|| Self { id, rule: rule.iter().map(Rule::seen).collect(), ..k }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    /// S3 goes back to its own encryption.
    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = s3(cx.api).delete_bucket_encryption().bucket(&prior.bucket);
        call.set_expected_bucket_owner(prior.expected_bucket_owner.clone()).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        // Every bucket is encrypted somehow: only the rule that is wanted tells.
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.filter(|f| f.rule == want.rule))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        shared::import(id, Self::BUCKET, Self::EXPECTED_BUCKET_OWNER)
    }
}

impl EncryptionConfiguration {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let rules = self.rule.iter().map(Rule::request).collect::<Result<_, _>>()?;
        put(cx.api, &self.bucket, self.expected_bucket_owner.clone(), rules).await
    }
}

impl Rule {
    fn request(&self) -> Result<ServerSideEncryptionRule, Error> {
        let default = self.apply_server_side_encryption_by_default.as_ref();
        let default = default.map(|d| by_default(&d.sse_algorithm, d.kms_master_key_id.as_deref())).transpose()?;
        Ok(ServerSideEncryptionRule::builder()
            .set_apply_server_side_encryption_by_default(default)
            .set_bucket_key_enabled(self.bucket_key_enabled)
            .build())
    }

    fn seen(r: &ServerSideEncryptionRule) -> Self {
        Self {
            apply_server_side_encryption_by_default: r.apply_server_side_encryption_by_default().map(|d| ByDefault {
                kms_master_key_id: d.kms_master_key_id().map(str::to_owned),
                sse_algorithm: d.sse_algorithm().as_str().to_owned(),
            }),
            bucket_key_enabled: r.bucket_key_enabled(),
        }
    }
}

/// Algorithm and key in the API's form.
pub(crate) fn by_default(algorithm: &str, key: Option<&str>) -> Result<ServerSideEncryptionByDefault, Error> {
    ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(algorithm))
        .set_kms_master_key_id(key.filter(|k| !k.is_empty()).map(str::to_owned))
        .build()
        .map_err(build)
}

/// The rules of a bucket, none when it has no configuration.
pub(crate) async fn read(
    aws: &Aws,
    bucket: &str,
    owner: Option<String>,
) -> Result<Vec<ServerSideEncryptionRule>, Error> {
    let answer = s3(aws).get_bucket_encryption().bucket(bucket).set_expected_bucket_owner(owner).send().await.api();
    let found = absent(answer)?.and_then(|a| a.server_side_encryption_configuration);
    Ok(found.map(|c| c.rules).unwrap_or_default())
}

/// Sets the rules.
pub(crate) async fn put(
    aws: &Aws,
    bucket: &str,
    owner: Option<String>,
    rules: Vec<ServerSideEncryptionRule>,
) -> Result<(), Error> {
    let wanted = ServerSideEncryptionConfiguration::builder().set_rules(Some(rules)).build().map_err(build)?;
    let call = s3(aws).put_bucket_encryption().bucket(bucket).set_expected_bucket_owner(owner);
    call.server_side_encryption_configuration(wanted).send().await.api().map(drop)
}
