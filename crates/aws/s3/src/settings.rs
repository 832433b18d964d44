//! Smaller settings inside `aws_s3_bucket`: CORS, logging, encryption, versioning, object lock, acceleration, who pays, tags.

use aws_sdk_s3::types as t;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Error, Tags};

use crate::s3;
use crate::shared::{build, setting};
use crate::{encryption, versioning};

/// Which other sites may use the bucket from a browser.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct CorsRule {
    /// Headers they may send.
    #[attr(keep_null)]
    allowed_headers: Option<Vec<String>>,
    /// Methods they may use.
    allowed_methods: Vec<String>,
    /// The sites.
    allowed_origins: Vec<String>,
    /// Headers of answers that they may read.
    #[attr(keep_null)]
    expose_headers: Option<Vec<String>>,
    /// Seconds for which a browser remembers this.
    max_age_seconds: Option<i32>,
}

/// Where access is logged.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Logging {
    /// Bucket of the logs.
    target_bucket: String,
    /// Start of their names.
    target_prefix: Option<String>,
}

/// How new objects are encrypted.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Encryption {
    /// The rule.
    rule: EncryptionRule,
}

/// How new objects are encrypted.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct EncryptionRule {
    /// When the request for an object does not say it.
    apply_server_side_encryption_by_default: ByDefault,
    /// Asks KMS less often, with a key for the bucket.
    bucket_key_enabled: Option<bool>,
}

/// Algorithm and key.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ByDefault {
    /// The KMS key; the account's own for S3 when not set.
    kms_master_key_id: Option<String>,
    /// The algorithm.
    #[attr(one_of("AES256", "aws:kms", "aws:kms:dsse"))]
    sse_algorithm: String,
}

/// Whether old versions of objects are kept.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Versions {
    /// Whether they are.
    #[attr(default = false)]
    pub(crate) enabled: Option<bool>,
    /// Whether their deletion wants MFA.
    #[attr(default = false)]
    mfa_delete: Option<bool>,
}

/// Objects that cannot be deleted for a time.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ObjectLock {
    /// Whether the bucket has locks.
    #[attr(
        force_new,
        deprecated = "object_lock_enabled is deprecated. Use the top-level parameter object_lock_enabled instead.",
        one_of("Enabled")
    )]
    pub(crate) object_lock_enabled: Option<String>,
    /// The lock of new objects.
    #[attr(deprecated = "rule is deprecated. Use the aws_s3_bucket_object_lock_configuration resource instead.")]
    rule: Option<LockRule>,
}

/// The lock of new objects.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct LockRule {
    /// How long, and who may lift it.
    default_retention: Retention,
}

/// How long objects are locked, and who may lift it.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Retention {
    /// Days of the lock.
    #[attr(range(1..))]
    days: Option<i32>,
    /// `COMPLIANCE` cannot be lifted by anybody.
    #[attr(one_of("GOVERNANCE", "COMPLIANCE"))]
    mode: String,
    /// Years of the lock.
    #[attr(range(1..))]
    years: Option<i32>,
}

pub(crate) async fn cors(aws: &Aws, bucket: &str) -> Result<Vec<CorsRule>, Error> {
    let answer = setting(s3(aws).get_bucket_cors().bucket(bucket).send().await)?;
    let some = |items: &[String]| (!items.is_empty()).then(|| items.to_vec());
    let one = |r: &t::CorsRule| CorsRule {
        allowed_headers: some(r.allowed_headers()),
        allowed_methods: r.allowed_methods().to_vec(),
        allowed_origins: r.allowed_origins().to_vec(),
        expose_headers: some(r.expose_headers()),
        max_age_seconds: r.max_age_seconds(),
    };
    Ok(answer.iter().flat_map(|a| a.cors_rules()).map(one).collect())
}

pub(crate) async fn put_cors(aws: &Aws, bucket: &str, rules: &[CorsRule]) -> Result<(), Error> {
    if rules.is_empty() {
        return s3(aws).delete_bucket_cors().bucket(bucket).send().await.api().map(drop);
    }
    let one = |r: &CorsRule| {
        t::CorsRule::builder()
            .set_allowed_headers(r.allowed_headers.clone())
            .set_allowed_methods(Some(r.allowed_methods.clone()))
            .set_allowed_origins(Some(r.allowed_origins.clone()))
            .set_expose_headers(r.expose_headers.clone())
            .set_max_age_seconds(r.max_age_seconds)
            .build()
            .map_err(build)
    };
    let rules = rules.iter().map(one).collect::<Result<_, _>>()?;
    let config = t::CorsConfiguration::builder().set_cors_rules(Some(rules)).build().map_err(build)?;
    s3(aws).put_bucket_cors().bucket(bucket).cors_configuration(config).send().await.api().map(drop)
}

pub(crate) async fn logging(aws: &Aws, bucket: &str) -> Result<Option<Logging>, Error> {
    let answer = setting(s3(aws).get_bucket_logging().bucket(bucket).send().await)?;
    let found = answer.and_then(|a| a.logging_enabled);
    Ok(found.map(|l| Logging { target_bucket: l.target_bucket, target_prefix: Some(l.target_prefix) }))
}

pub(crate) async fn put_logging(aws: &Aws, bucket: &str, wanted: Option<&Logging>) -> Result<(), Error> {
    let one = |l: &Logging| {
        let to = t::LoggingEnabled::builder().target_bucket(&l.target_bucket);
        to.target_prefix(l.target_prefix.clone().unwrap_or_default()).build().map_err(build)
    };
    let status = t::BucketLoggingStatus::builder().set_logging_enabled(wanted.map(one).transpose()?).build();
    s3(aws).put_bucket_logging().bucket(bucket).bucket_logging_status(status).send().await.api().map(drop)
}

pub(crate) async fn encryption(aws: &Aws, bucket: &str) -> Result<Option<Encryption>, Error> {
    let rules = encryption::read(aws, bucket, None).await?;
    Ok(rules.first().and_then(|r| {
        let default = r.apply_server_side_encryption_by_default()?;
        let by_default = ByDefault {
            kms_master_key_id: default.kms_master_key_id().map(str::to_owned),
            sse_algorithm: default.sse_algorithm().as_str().to_owned(),
        };
        let bucket_key_enabled = r.bucket_key_enabled();
        Some(Encryption {
            rule: EncryptionRule { apply_server_side_encryption_by_default: by_default, bucket_key_enabled },
        })
    }))
}

pub(crate) async fn put_encryption(aws: &Aws, bucket: &str, wanted: Option<&Encryption>) -> Result<(), Error> {
    let Some(wanted) = wanted else {
        return s3(aws).delete_bucket_encryption().bucket(bucket).send().await.api().map(drop);
    };
    let default = &wanted.rule.apply_server_side_encryption_by_default;
    let default = encryption::by_default(&default.sse_algorithm, default.kms_master_key_id.as_deref())?;
    let rule = t::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .set_bucket_key_enabled(wanted.rule.bucket_key_enabled);
    encryption::put(aws, bucket, None, vec![rule.build()]).await
}

pub(crate) async fn versions(aws: &Aws, bucket: &str) -> Result<Versions, Error> {
    let (status, mfa) = versioning::get(aws, bucket, None).await?;
    let enabled = |s: Option<String>| Some(s.as_deref() == Some("Enabled"));
    Ok(Versions { enabled: enabled(status), mfa_delete: enabled(mfa) })
}

pub(crate) async fn put_versions(aws: &Aws, bucket: &str, wanted: &Versions) -> Result<(), Error> {
    let status = if wanted.enabled == Some(true) { "Enabled" } else { "Suspended" };
    let mfa = if wanted.mfa_delete == Some(true) { "Enabled" } else { "Disabled" };
    let config = t::VersioningConfiguration::builder().status(status.into()).mfa_delete(mfa.into()).build();
    s3(aws).put_bucket_versioning().bucket(bucket).versioning_configuration(config).send().await.api().map(drop)
}

pub(crate) async fn object_lock(aws: &Aws, bucket: &str) -> Result<Option<ObjectLock>, Error> {
    let answer = setting(s3(aws).get_object_lock_configuration().bucket(bucket).send().await)?;
    let Some(found) = answer.and_then(|a| a.object_lock_configuration) else { return Ok(None) };
    let rule = found.rule().and_then(|r| r.default_retention()).map(|r| Retention {
        days: r.days(),
        mode: r.mode().map(|m| m.as_str().to_owned()).unwrap_or_default(),
        years: r.years(),
    });
    Ok(Some(ObjectLock {
        object_lock_enabled: found.object_lock_enabled().map(|e| e.as_str().to_owned()),
        rule: rule.map(|default_retention| LockRule { default_retention }),
    }))
}

pub(crate) async fn put_object_lock(aws: &Aws, bucket: &str, wanted: &ObjectLock) -> Result<(), Error> {
    let positive = |n: Option<i32>| n.filter(|n| *n > 0);
    let rule = wanted.rule.as_ref().map(|r| {
        let r = &r.default_retention;
        let retention = t::DefaultRetention::builder().mode(t::ObjectLockRetentionMode::from(r.mode.as_str()));
        let retention = retention.set_days(positive(r.days)).set_years(positive(r.years)).build();
        t::ObjectLockRule::builder().default_retention(retention).build()
    });
    let config = t::ObjectLockConfiguration::builder().object_lock_enabled(t::ObjectLockEnabled::Enabled);
    let call = s3(aws).put_object_lock_configuration().bucket(bucket);
    call.object_lock_configuration(config.set_rule(rule).build()).send().await.api().map(drop)
}

pub(crate) async fn acceleration(aws: &Aws, bucket: &str) -> Result<Option<String>, Error> {
    let answer = setting(s3(aws).get_bucket_accelerate_configuration().bucket(bucket).send().await)?;
    Ok(answer.and_then(|a| a.status).map(|s| s.as_str().to_owned()))
}

pub(crate) async fn put_acceleration(aws: &Aws, bucket: &str, wanted: &str) -> Result<(), Error> {
    let config = t::AccelerateConfiguration::builder().status(wanted.into()).build();
    let call = s3(aws).put_bucket_accelerate_configuration().bucket(bucket);
    call.accelerate_configuration(config).send().await.api().map(drop)
}

pub(crate) async fn payer(aws: &Aws, bucket: &str) -> Result<Option<String>, Error> {
    let answer = setting(s3(aws).get_bucket_request_payment().bucket(bucket).send().await)?;
    Ok(answer.and_then(|a| a.payer).map(|p| p.as_str().to_owned()))
}

pub(crate) async fn put_payer(aws: &Aws, bucket: &str, wanted: &str) -> Result<(), Error> {
    let config = t::RequestPaymentConfiguration::builder().payer(wanted.into()).build().map_err(build)?;
    let call = s3(aws).put_bucket_request_payment().bucket(bucket);
    call.request_payment_configuration(config).send().await.api().map(drop)
}

/// All tags, those of AWS itself (`aws:…`) too.
async fn every_tag(aws: &Aws, bucket: &str) -> Result<Tags, Error> {
    let answer = setting(s3(aws).get_bucket_tagging().bucket(bucket).send().await)?;
    Ok(answer.map(|a| a.tag_set).unwrap_or_default().into_iter().map(|t| (t.key, t.value)).collect())
}

pub(crate) async fn tags(aws: &Aws, bucket: &str) -> Result<Tags, Error> {
    Ok(every_tag(aws, bucket).await?.into_iter().filter(|(k, _)| !k.starts_with("aws:")).collect())
}

/// Sets all tags at once, as the API wants it; AWS's own have to be given back.
pub(crate) async fn put_tags(aws: &Aws, bucket: &str, wanted: &Tags) -> Result<(), Error> {
    let mut all: Tags = every_tag(aws, bucket).await?.into_iter().filter(|(k, _)| k.starts_with("aws:")).collect();
    all.extend(wanted.clone());
    if all.is_empty() {
        return s3(aws).delete_bucket_tagging().bucket(bucket).send().await.api().map(drop);
    }
    let set = all.into_iter().map(|(k, v)| t::Tag::builder().key(k).value(v).build().map_err(build));
    let tagging = t::Tagging::builder().set_tag_set(Some(set.collect::<Result<_, _>>()?)).build().map_err(build)?;
    s3(aws).put_bucket_tagging().bucket(bucket).tagging(tagging).send().await.api().map(drop)
}
