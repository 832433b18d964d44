//! `aws_s3_object`

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use aws_sdk_s3::types as api;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Block, Changes, Class, Computed, Cx, Error, Id, Map, Name, OptComputed, PlanEdit, Resource, Tags, Token, Value,
    async_trait, checks,
};

use crate::s3;
use crate::shared::{VISIBLE_WITHIN, absent, build};

fn rfc3339(text: &str) -> Result<(), String> {
    let fine = DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).is_ok();
    if fine { Ok(()) } else { Err("to be a time such as 2025-01-31T12:00:00Z".into()) }
}

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_object")]
pub(crate) struct Object {
    id: Id,
    /// A canned list.
    #[attr(
        one_of(
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "bucket-owner-read",
            "bucket-owner-full-control"
        ),
        carry,
        keep_null
    )]
    acl: OptComputed<String>,
    /// Its ARN.
    arn: Computed<String>,
    /// The bucket.
    #[attr(force_new, length(1..))]
    bucket: String,
    /// Asks KMS less often, with a key for the bucket.
    #[attr(invalidates(version_id))]
    bucket_key_enabled: OptComputed<bool>,
    /// For how long caches may keep it.
    #[attr(invalidates(version_id))]
    cache_control: Option<String>,
    /// Algorithm of a further checksum.
    #[attr(one_of("CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"), invalidates(version_id), carry, keep_null)]
    checksum_algorithm: Option<String>,
    /// The checksum.
    checksum_crc32: Computed<String>,
    /// The checksum.
    checksum_crc32c: Computed<String>,
    /// The checksum.
    checksum_crc64nvme: Computed<String>,
    /// The checksum.
    checksum_sha1: Computed<String>,
    /// The checksum.
    checksum_sha256: Computed<String>,
    /// The content.
    #[attr(invalidates(version_id), conflicts_with(content_base64, source), carry, keep_null)]
    content: Option<String>,
    /// The content in base64.
    #[attr(invalidates(version_id), conflicts_with(content, source), carry, keep_null)]
    content_base64: Option<String>,
    /// How browsers present it.
    #[attr(invalidates(version_id))]
    content_disposition: Option<String>,
    /// How the content is encoded.
    #[attr(invalidates(version_id))]
    content_encoding: Option<String>,
    /// Language of the content.
    #[attr(invalidates(version_id))]
    content_language: Option<String>,
    /// Type of the content.
    #[attr(invalidates(version_id))]
    content_type: OptComputed<String>,
    /// Hash of the content; a change uploads it again.
    #[attr(invalidates(version_id), conflicts_with(kms_key_id))]
    etag: OptComputed<String>,
    /// Deletes what is inside, too.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// The key.
    #[attr(force_new, length(1..))]
    key: String,
    /// The KMS key.
    #[attr(check = checks::arn, invalidates(version_id))]
    kms_key_id: OptComputed<String>,
    /// Further metadata.
    #[attr(invalidates(version_id))]
    metadata: Option<Map<String>>,
    /// Keeps it from being deleted.
    #[attr(one_of("ON", "OFF"))]
    object_lock_legal_hold_status: Option<String>,
    /// Who may shorten the retention.
    #[attr(one_of("GOVERNANCE", "COMPLIANCE"))]
    object_lock_mode: Option<String>,
    /// Until when it is kept.
    #[attr(check = rfc3339)]
    object_lock_retain_until_date: Option<String>,
    /// Settings of the provider that do not hold for it.
    override_provider: Option<OverrideProvider>,
    /// How it is encrypted.
    #[attr(one_of("AES256", "aws:kms", "aws:kms:dsse"), invalidates(version_id))]
    server_side_encryption: OptComputed<String>,
    /// Path of a file with the content.
    #[attr(invalidates(version_id), conflicts_with(content, content_base64), carry, keep_null)]
    source: Option<String>,
    /// Hash of the file; a change uploads it again.
    #[attr(invalidates(version_id), carry, keep_null)]
    source_hash: Option<String>,
    /// Storage class.
    #[attr(
        one_of(
            "STANDARD",
            "REDUCED_REDUNDANCY",
            "GLACIER",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "DEEP_ARCHIVE",
            "OUTPOSTS",
            "GLACIER_IR",
            "SNOW",
            "EXPRESS_ONEZONE"
        ),
        invalidates(version_id)
    )]
    storage_class: OptComputed<String>,
    /// Tags of the object.
    tags: Tags,
    /// Id of its version.
    version_id: Computed<String>,
    /// Where a website sends its readers instead.
    #[attr(invalidates(version_id))]
    website_redirect: Option<String>,
}

/// Settings of the provider that do not hold for it.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OverrideProvider {
    /// Other default tags.
    default_tags: Option<DefaultTags>,
}

/// Other default tags.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DefaultTags {
    /// Tags of the object.
    #[attr(length(0..=0))]
    tags: Option<Map<String>>,
}

#[async_trait]
impl Resource for Object {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Object";
    // Writing an object again replaces it.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.upload(cx).await?;
        Ok(Self { id: want.name().to_owned(), ..want })
    }

    // ListObjects gives neither metadata nor tags.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let client = s3(cx.api);
            let head = client.head_object().bucket(&k.bucket).key(k.name());
            let head = head.checksum_mode(api::ChecksumMode::Enabled).send();
            let tags = client.get_object_tagging().bucket(&k.bucket).key(k.name()).send();
            let (head, tags) = tokio::join!(head, tags);
            let head = match head.api() {
                // A missing bucket answers a HEAD request without a code.
                Err(e) if e.is_not_found() || e.has_code(&["NotFound"]) => return Ok(None),
                other => other?,
            };
            let tags = absent(tags.api())?.map(|t| t.tag_set).unwrap_or_default();
            Ok(Some(k.seen(cx.api, head, tags.into_iter().map(|t| (t.key, t.value)).collect())))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(CONTENT) {
            return want.upload(cx).await;
        }
        let client = s3(cx.api);
        let (bucket, key) = (&prior.bucket, prior.name());
        if let Some(acl) = want.acl.as_deref().filter(|_| changed.has(Self::ACL)) {
            client.put_object_acl().bucket(bucket).key(key).acl(api::ObjectCannedAcl::from(acl)).send().await.api()?;
        }
        if changed.has(Self::OBJECT_LOCK_LEGAL_HOLD_STATUS) {
            let status = want.object_lock_legal_hold_status.as_deref().unwrap_or("OFF");
            let hold = api::ObjectLockLegalHold::builder().status(api::ObjectLockLegalHoldStatus::from(status)).build();
            client.put_object_legal_hold().bucket(bucket).key(key).legal_hold(hold).send().await.api()?;
        }
        if changed.any(&[Self::OBJECT_LOCK_MODE, Self::OBJECT_LOCK_RETAIN_UNTIL_DATE]) {
            let retention = api::ObjectLockRetention::builder()
                .set_mode(want.object_lock_mode.as_deref().map(api::ObjectLockRetentionMode::from))
                .set_retain_until_date(want.retain_until())
                .build();
            // A retention that becomes shorter needs leave to do so.
            let bypass = prior.object_lock_mode.as_deref() == Some("GOVERNANCE");
            let call = client.put_object_retention().bucket(bucket).key(key).retention(retention);
            call.bypass_governance_retention(bypass).send().await.api()?;
        }
        if changed.tags() || changed.has(Self::OVERRIDE_PROVIDER) {
            let tags = want.tag_list()?;
            if tags.is_empty() {
                client.delete_object_tagging().bucket(bucket).key(key).send().await.api()?;
            } else {
                let tagging = api::Tagging::builder().set_tag_set(Some(tags)).build().map_err(build)?;
                client.put_object_tagging().bucket(bucket).key(key).tagging(tagging).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let client = s3(cx.api);
        let force = prior.force_destroy == Some(true);
        let versions = client.list_object_versions().bucket(&prior.bucket).prefix(prior.name()).send().await.api();
        let versions = match versions {
            Err(e) if e.is_not_found() => return Ok(()),
            other => other?,
        };
        let mut ids: Vec<Option<String>> = Vec::new();
        ids.extend(versions.versions().iter().filter(|v| v.key() == Some(prior.name())).map(|v| v.version_id.clone()));
        ids.extend(
            versions.delete_markers().iter().filter(|v| v.key() == Some(prior.name())).map(|v| v.version_id.clone()),
        );
        for id in ids {
            let id = id.filter(|id| id != "null");
            if force && id.is_some() {
                let none = api::ObjectLockLegalHold::builder().status(api::ObjectLockLegalHoldStatus::Off).build();
                let call = client.put_object_legal_hold().bucket(&prior.bucket).key(prior.name());
                // Most objects have no hold, and most buckets know none.
                let _ = call.set_version_id(id.clone()).legal_hold(none).send().await;
            }
            let call = client.delete_object().bucket(&prior.bucket).key(prior.name()).set_version_id(id);
            let call = if force { call.bypass_governance_retention(true) } else { call };
            call.send().await.api()?;
        }
        Ok(())
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Self::create(cx, want.clone()).await.map(Some)
    }

    /// A changed content is a new version with a new hash.
    fn customize(edit: &mut PlanEdit<'_>) {
        if edit.prior.is_some() && CONTENT.iter().any(|name| edit.changes(*name) || edit.emptied(*name)) {
            edit.set_unknown(Self::VERSION_ID);
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let path = id.strip_prefix("s3://").unwrap_or(id);
        match path.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(vec![
                (Self::ID, Value::string(key)),
                (Self::BUCKET, Value::string(bucket)),
                (Self::KEY, Value::string(key)),
            ]),
            _ => Err("<bucket>/<key> or s3://<bucket>/<key>".into()),
        }
    }
}

/// What only a new upload changes.
const CONTENT: &[Name] = &[
    Object::BUCKET_KEY_ENABLED,
    Object::CACHE_CONTROL,
    Object::CHECKSUM_ALGORITHM,
    Object::CONTENT,
    Object::CONTENT_BASE64,
    Object::CONTENT_DISPOSITION,
    Object::CONTENT_ENCODING,
    Object::CONTENT_LANGUAGE,
    Object::CONTENT_TYPE,
    Object::ETAG,
    Object::KMS_KEY_ID,
    Object::METADATA,
    Object::SERVER_SIDE_ENCRYPTION,
    Object::SOURCE,
    Object::SOURCE_HASH,
    Object::STORAGE_CLASS,
    Object::WEBSITE_REDIRECT,
];

impl Object {
    /// S3's name has no slash at the front and no empty folders.
    fn name(&self) -> &str {
        self.key.trim_start_matches('/')
    }

    fn retain_until(&self) -> Option<DateTime> {
        let date = self.object_lock_retain_until_date.as_deref()?;
        DateTime::from_str(date, DateTimeFormat::DateTimeWithOffset).ok()
    }

    /// The tags to be on the object: `override_provider` sets the provider's default tags aside.
    fn tag_list(&self) -> Result<Vec<api::Tag>, Error> {
        let tags = self.tags.iter();
        tags.map(|(k, v)| api::Tag::builder().key(k).value(v).build().map_err(build)).collect()
    }

    async fn body(&self) -> Result<ByteStream, Error> {
        if let Some(path) = self.source.as_deref().filter(|p| !p.is_empty()) {
            let bytes = tokio::fs::read(path).await;
            return bytes
                .map(ByteStream::from)
                .map_err(|e| Error::new(Class::Invalid, "", format!("opening {path}: {e}")));
        }
        if let Some(text) = self.content_base64.as_deref().filter(|t| !t.is_empty()) {
            let bytes =
                STANDARD.decode(text).map_err(|e| Error::new(Class::Invalid, "", format!("content_base64: {e}")))?;
            return Ok(bytes.into());
        }
        Ok(self.content.clone().unwrap_or_default().into_bytes().into())
    }

    async fn upload(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode as encode};
        let tags =
            self.tags.iter().map(|(k, v)| format!("{}={}", encode(k, NON_ALPHANUMERIC), encode(v, NON_ALPHANUMERIC)));
        let tags = tags.collect::<Vec<_>>().join("&");
        let kms = self.kms_key_id.clone().filter(|k| !k.is_empty());
        let encryption = self.server_side_encryption.clone().or_else(|| kms.is_some().then(|| "aws:kms".to_owned()));
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || async {
            s3(cx.api)
                .put_object()
                .bucket(&self.bucket)
                .key(self.name())
                .body(self.body().await?)
                .set_acl(self.acl.as_deref().map(api::ObjectCannedAcl::from))
                .set_bucket_key_enabled(self.bucket_key_enabled)
                .set_cache_control(self.cache_control.clone())
                .set_checksum_algorithm(self.checksum_algorithm.as_deref().map(api::ChecksumAlgorithm::from))
                .set_content_disposition(self.content_disposition.clone())
                .set_content_encoding(self.content_encoding.clone())
                .set_content_language(self.content_language.clone())
                .set_content_type(self.content_type.clone())
                .set_metadata(self.metadata.clone().map(|m| m.into_iter().collect()))
                .set_object_lock_legal_hold_status(
                    self.object_lock_legal_hold_status.as_deref().map(api::ObjectLockLegalHoldStatus::from),
                )
                .set_object_lock_mode(self.object_lock_mode.as_deref().map(api::ObjectLockMode::from))
                .set_object_lock_retain_until_date(self.retain_until())
                .set_server_side_encryption(encryption.as_deref().map(api::ServerSideEncryption::from))
                .set_ssekms_key_id(kms.clone())
                .set_storage_class(self.storage_class.as_deref().map(api::StorageClass::from))
                .set_website_redirect_location(self.website_redirect.clone())
                .set_tagging((!tags.is_empty()).then(|| tags.clone()))
                .send()
                .await
                .api()
                .map(drop)
        })
        .await
    }

    fn seen(self, aws: &Aws, head: HeadObjectOutput, tags: Tags) -> Self {
        let arn = format!("arn:{}:s3:::{}/{}", aws.partition(), self.bucket, self.name());
        Self {
            arn: Some(arn),
            acl: None,
            bucket_key_enabled: Some(head.bucket_key_enabled == Some(true)),
            cache_control: head.cache_control,
            checksum_algorithm: None,
            checksum_crc32: head.checksum_crc32,
            checksum_crc32c: head.checksum_crc32_c,
            checksum_crc64nvme: head.checksum_crc64_nvme,
            checksum_sha1: head.checksum_sha1,
            checksum_sha256: head.checksum_sha256,
            content: None,
            content_base64: None,
            content_disposition: head.content_disposition,
            content_encoding: head.content_encoding,
            content_language: head.content_language,
            content_type: head.content_type,
            etag: head.e_tag.map(|e| e.trim_matches('"').to_owned()),
            force_destroy: None,
            kms_key_id: head.ssekms_key_id,
            metadata: Some(head.metadata.unwrap_or_default().into_iter().map(|(k, v)| (k.to_lowercase(), v)).collect()),
            object_lock_legal_hold_status: head.object_lock_legal_hold_status.map(|s| s.as_str().to_owned()),
            object_lock_mode: head.object_lock_mode.map(|m| m.as_str().to_owned()),
            object_lock_retain_until_date: head
                .object_lock_retain_until_date
                .and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            override_provider: self.override_provider.clone(),
            server_side_encryption: head.server_side_encryption.map(|s| s.as_str().to_owned()),
            source: None,
            source_hash: None,
            // S3 does not say the usual class.
            storage_class: head.storage_class.map(|c| c.as_str().to_owned()).or_else(|| Some("STANDARD".into())),
            tags,
            version_id: head.version_id.filter(|v| v != "null"),
            website_redirect: head.website_redirect_location,
            id: self.name().to_owned(),
            bucket: self.bucket,
            key: self.key,
        }
    }
}
