//! Emptying a bucket: every version of every object, a thousand at a time.

use aws_sdk_s3::types::{Delete, ObjectIdentifier, ObjectLockLegalHold, ObjectLockLegalHoldStatus};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Class, Cx, Error};

use crate::s3;
use crate::shared::build;

/// Deletes everything in the bucket. With `locked`, retention that the caller may bypass and legal holds do not stop it.
pub(crate) async fn empty(cx: &Cx<'_, Aws>, bucket: &str, locked: bool) -> Result<(), Error> {
    let client = s3(cx.api);
    let mut done = 0_usize;
    let (mut key, mut version) = (None, None);
    loop {
        let call = client.list_object_versions().bucket(bucket).max_keys(1000);
        let page = call.set_key_marker(key).set_version_id_marker(version).send().await.api()?;
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let objects = versions.chain(markers).filter_map(|(key, version)| {
            Some(ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build())
        });
        let objects: Vec<ObjectIdentifier> = objects.collect::<Result<_, _>>().map_err(build)?;
        done += objects.len();
        for held in delete(cx.api, bucket, objects, locked).await? {
            release(cx.api, bucket, &held).await?;
            if let Some(still) = delete(cx.api, bucket, vec![held], locked).await?.first() {
                return Err(Error::new(Class::Denied, "AccessDenied", format!("{} is locked", still.key())));
            }
        }
        cx.waiting(&format!("emptying the bucket, {done} versions deleted"));
        if cx.stopping() {
            return Err(Error::new(Class::Stopped, "", "stopped while emptying the bucket"));
        }
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// Deletes these versions; answers with those that a legal hold may protect.
async fn delete(
    aws: &Aws,
    bucket: &str,
    objects: Vec<ObjectIdentifier>,
    locked: bool,
) -> Result<Vec<ObjectIdentifier>, Error> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(build)?;
    let call = s3(aws).delete_objects().bucket(bucket).delete(wanted);
    let call = if locked { call.bypass_governance_retention(true) } else { call };
    let answer = call.send().await.api()?;
    let mut held = Vec::new();
    for e in answer.errors() {
        match e.code().unwrap_or_default() {
            "NoSuchKey" | "NoSuchVersion" => {}
            "AccessDenied" if locked => {
                let object = ObjectIdentifier::builder().key(e.key().unwrap_or_default());
                held.push(object.set_version_id(e.version_id().map(str::to_owned)).build().map_err(build)?);
            }
            code => {
                let text = format!("{}: {}", e.key().unwrap_or_default(), e.message().unwrap_or_default());
                return Err(Error::new(sdt_aws_core::classify(code), code, text));
            }
        }
    }
    Ok(held)
}

/// Lifts a legal hold.
async fn release(aws: &Aws, bucket: &str, object: &ObjectIdentifier) -> Result<(), Error> {
    let off = ObjectLockLegalHold::builder().status(ObjectLockLegalHoldStatus::Off).build();
    let call = s3(aws).put_object_legal_hold().bucket(bucket).key(object.key());
    call.set_version_id(object.version_id().map(str::to_owned)).legal_hold(off).send().await.api().map(drop)
}
