//! The bucket: reading and conditional writing of objects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectCannedAcl, ObjectIdentifier, ServerSideEncryption};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sdt_aws_sdk::{AwsConfig, AwsError, AwsErrorKind};
use sdt_state::StoreError;

use crate::config::S3Config;

/// How often a write is repeated that met another one at the very same time.
const CONFLICTS: u32 = 4;

/// The objects of one bucket, all written with the backend's encryption.
#[derive(Clone)]
pub(crate) struct Objects {
    client: Client,
    config: Arc<S3Config>,
    /// Key and its MD5, base64, where the customer holds the key.
    customer_key: Option<(String, String)>,
    /// Versions of journal segments this process has written, by key. Deleted by version they leave nothing behind in a versioned
    /// bucket; deleted by key alone each would stay as an old version and a marker.
    versions: Arc<Mutex<HashMap<String, String>>>,
}

/// The most memory taken for an object because its announced length says so.
const RESERVED: usize = 256 << 20;

/// What the keys of journal segments have in them.
pub(crate) const SEGMENTS: &str = ".sdt-journal/";

/// An object as read.
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) etag: Option<String>,
}

/// What must hold for a write.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// Nothing.
    Any,
    /// There is no such object.
    Absent,
    /// The object is still the one with this tag.
    Tag(String),
}

impl Objects {
    pub(crate) fn new(aws: &AwsConfig, config: Arc<S3Config>) -> Result<Self, StoreError> {
        let mut builder = aws_sdk_s3::config::Builder::from(&aws.service("s3")).force_path_style(aws.s3_use_path_style);
        if config.skip_s3_checksum {
            builder = builder
                .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(aws_sdk_s3::config::ResponseChecksumValidation::WhenRequired);
        }
        let given = config.sse_customer_key.as_ref().map(|key| key.0.clone());
        let given = given.or_else(|| std::env::var("AWS_SSE_CUSTOMER_KEY").ok().filter(|key| !key.is_empty()));
        let customer_key = match given {
            None => None,
            Some(key) => match BASE64.decode(&key) {
                Ok(bytes) if bytes.len() == 32 => {
                    use md5::Digest as _;
                    Some((key, BASE64.encode(md5::Md5::digest(&bytes))))
                }
                _ => {
                    let message =
                        "backend \"s3\": sse_customer_key (or AWS_SSE_CUSTOMER_KEY) must be 32 bytes in base64";
                    return Err(StoreError::Config { message: message.into() });
                }
            },
        };
        Ok(Self { client: Client::from_conf(builder.build()), config, customer_key, versions: Arc::default() })
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Object>, AwsError> {
        self.fetch(key, None).await
    }

    /// The bytes of one version; an error when it is not there.
    pub(crate) async fn get_version(&self, key: &str, version: &str) -> Result<Vec<u8>, AwsError> {
        let found = self.fetch(key, Some(version.to_owned())).await?;
        found.map(|o| o.bytes).ok_or_else(|| AwsError {
            kind: AwsErrorKind::NotFound,
            code: None,
            message: format!("there is no version {version:?}"),
            status: None,
            request_id: None,
        })
    }

    /// Versions of an object but the present one, newest first.
    pub(crate) async fn versions_of(&self, key: &str) -> Result<Vec<crate::StateVersion>, AwsError> {
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let request = self.client.list_object_versions().bucket(&self.config.bucket).prefix(key);
            let request = request.set_key_marker(key_marker).set_version_id_marker(id_marker);
            let output = request.send().await.map_err(|error| AwsError::of(&error))?;
            for v in output.versions.unwrap_or_default() {
                let present = v.is_latest.unwrap_or_default();
                if let (false, Some(id), true) = (present, v.version_id, v.key.as_deref() == Some(key)) {
                    let time = v.last_modified.map_or(0, |t| t.secs());
                    let bytes = usize::try_from(v.size.unwrap_or_default()).unwrap_or_default();
                    found.push(crate::StateVersion { id, time, bytes });
                }
            }
            (key_marker, id_marker) = (output.next_key_marker, output.next_version_id_marker);
            if key_marker.is_none() {
                found.sort_by_key(|v| std::cmp::Reverse(v.time));
                return Ok(found);
            }
        }
    }

    async fn fetch(&self, key: &str, version: Option<String>) -> Result<Option<Object>, AwsError> {
        let mut request = self.client.get_object().bucket(&self.config.bucket).key(key).set_version_id(version);
        if let Some((secret, md5)) = &self.customer_key {
            request = request.sse_customer_algorithm("AES256").sse_customer_key(secret).sse_customer_key_md5(md5);
        }
        let output = match request.send().await {
            Ok(output) => output,
            Err(error) => {
                let error = AwsError::of(&error);
                return if is_absent(&error) { Ok(None) } else { Err(error) };
            }
        };
        let etag = output.e_tag;
        let expected = output.content_length.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(expected.min(RESERVED));
        let mut body = output.body;
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| AwsError {
                kind: AwsErrorKind::Network,
                code: None,
                message: format!("the answer broke off: {error}"),
                status: None,
                request_id: None,
            })?;
            bytes.extend_from_slice(&part);
        }
        Ok(Some(Object { bytes, etag }))
    }

    /// Returns the new tag, or none when the condition did not hold.
    pub(crate) async fn put(&self, key: &str, body: &[u8], condition: &Condition) -> Result<Option<String>, AwsError> {
        let mut tries = 0;
        loop {
            match self.put_once(key, body, condition).await {
                Ok(etag) => return Ok(Some(etag)),
                Err(error) if error.code.as_deref() == Some("ConditionalRequestConflict") && tries < CONFLICTS => {
                    tries += 1;
                }
                Err(error) if error.kind == AwsErrorKind::Precondition => return Ok(None),
                // `If-Match` on an object that is gone.
                Err(error) if matches!(condition, Condition::Tag(_)) && is_absent(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    async fn put_once(&self, key: &str, body: &[u8], condition: &Condition) -> Result<String, AwsError> {
        let config = &self.config;
        let mut request = self
            .client
            .put_object()
            .bucket(&config.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(body.to_vec()));
        request = match condition {
            Condition::Any => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Tag(tag) => request.if_match(tag),
        };
        if let Some(acl) = &config.acl {
            request = request.acl(ObjectCannedAcl::from(acl.as_str()));
        }
        if let Some((secret, md5)) = &self.customer_key {
            request = request.sse_customer_algorithm("AES256").sse_customer_key(secret).sse_customer_key_md5(md5);
        } else if config.encrypt {
            request = match &config.kms_key_id {
                Some(id) => request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(id),
                None => request.server_side_encryption(ServerSideEncryption::Aes256),
            };
        }
        let output = request.send().await.map_err(|error| AwsError::of(&error))?;
        if let (true, Some(version)) = (key.contains(SEGMENTS), output.version_id) {
            self.versions.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), version);
        }
        Ok(output.e_tag.unwrap_or_default())
    }

    /// Deletes an object, if it is still the one with the tag.
    pub(crate) async fn delete(&self, key: &str, tag: Option<&str>) -> Result<bool, AwsError> {
        let request = self.client.delete_object().bucket(&self.config.bucket).key(key);
        let result = match tag {
            Some(tag) => request.clone().if_match(tag).send().await,
            None => request.clone().send().await,
        };
        match result.map_err(|error| AwsError::of(&error)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == AwsErrorKind::Precondition => Ok(false),
            Err(error) if is_absent(&error) => Ok(true),
            // Not every S3 knows conditional deletes; the caller has compared before.
            Err(error) if tag.is_some() && error.kind == AwsErrorKind::NotImplemented => {
                request.send().await.map_err(|error| AwsError::of(&error))?;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Keys under a prefix with the second of their last change.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<(String, i64)>, AwsError> {
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let output = self
                .client
                .list_objects_v2()
                .bucket(&self.config.bucket)
                .prefix(prefix)
                .set_continuation_token(next)
                .send()
                .await
                .map_err(|error| AwsError::of(&error))?;
            for object in output.contents.unwrap_or_default() {
                let changed = object.last_modified.map_or(0, |t| t.secs());
                keys.extend(object.key.map(|key| (key, changed)));
            }
            next = output.next_continuation_token;
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Deletes objects, by version where it is known.
    pub(crate) async fn delete_all(&self, keys: &[String]) -> Result<(), AwsError> {
        for chunk in keys.chunks(1000) {
            let known: Vec<Option<String>> = {
                let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
                chunk.iter().map(|key| versions.remove(key)).collect()
            };
            match self.delete_some(chunk.iter().zip(known)).await {
                // Deleting a version is a permission of its own.
                Err(error) if error.kind == AwsErrorKind::AccessDenied => {
                    self.delete_some(chunk.iter().map(|key| (key, None))).await?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    async fn delete_some(&self, objects: impl Iterator<Item = (&String, Option<String>)>) -> Result<(), AwsError> {
        let one = |(key, version)| ObjectIdentifier::builder().key(key).set_version_id(version).build().ok();
        let objects: Vec<ObjectIdentifier> = objects.filter_map(one).collect();
        let Ok(delete) = Delete::builder().set_objects(Some(objects)).quiet(true).build() else { return Ok(()) };
        let request = self.client.delete_objects().bucket(&self.config.bucket).delete(delete);
        let output = request.send().await.map_err(|error| AwsError::of(&error))?;
        match output.errors.unwrap_or_default().into_iter().next() {
            None => Ok(()),
            Some(error) => {
                let denied = error.code.as_deref() == Some("AccessDenied");
                Err(AwsError {
                    kind: if denied { AwsErrorKind::AccessDenied } else { AwsErrorKind::Other },
                    code: error.code,
                    message: error.message.unwrap_or_default(),
                    status: None,
                    request_id: None,
                })
            }
        }
    }

    /// An error for people.
    pub(crate) fn failed(&self, what: &str, key: &str, error: AwsError) -> StoreError {
        let bucket = &self.config.bucket;
        let hint = match error.code.as_deref() {
            Some("NoSuchBucket") => format!(
                ". The bucket {bucket:?} does not exist: create it, or correct `bucket` in the backend's configuration"
            ),
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                format!(
                    ". The bucket {bucket:?} seems to be in another region: correct `region` in the backend's configuration"
                )
            }
            _ => String::new(),
        };
        StoreError::Io {
            what: format!("{what} s3://{bucket}/{key}"),
            message: format!("{error}{hint}"),
            source: Some(Arc::new(error)),
        }
    }
}

fn is_absent(error: &AwsError) -> bool {
    error.kind == AwsErrorKind::NotFound && error.code.as_deref() != Some("NoSuchBucket")
}
