//! The lock file: an object that is written only if it is absent.

use async_trait::async_trait;
use sdt_aws_sdk::AwsError;
use sdt_state::{LockInfo, StoreError};
use serde_json::Map;

use crate::lease::Lease;
use crate::locking::{Record, Slot, Tag};
use crate::objects::{Condition, Objects};

/// `<key>.tflock`
#[derive(Clone)]
pub(crate) struct LockFile {
    pub(crate) objects: Objects,
    pub(crate) key: String,
}

impl LockFile {
    async fn put(&self, record: &Record, condition: &Condition) -> Result<Option<Tag>, AwsError> {
        let extra = record.lease.as_ref().map(Lease::to_json).unwrap_or_default();
        let body = serde_json::to_vec(&LockInfo { extra, ..record.info.clone() }).unwrap_or_default();
        Ok(self.objects.put(&self.key, &body, condition).await?.map(Tag::Etag))
    }
}

#[async_trait]
impl Slot for LockFile {
    fn failed(&self, what: &str, error: AwsError) -> StoreError {
        self.objects.failed(&format!("{what}:"), &self.key, error)
    }

    async fn create(&self, record: &Record) -> Result<Option<Tag>, AwsError> {
        self.put(record, &Condition::Absent).await
    }

    async fn read(&self) -> Result<Option<(Record, Tag)>, AwsError> {
        let Some(object) = self.objects.get(&self.key).await? else { return Ok(None) };
        let mut info: LockInfo = serde_json::from_slice(&object.bytes)
            .unwrap_or_else(|_| LockInfo { path: self.key.clone(), ..LockInfo::default() });
        let lease = Lease::from_json(&info.extra);
        info.extra = Map::new();
        Ok(Some((Record { info, lease }, Tag::Etag(object.etag.unwrap_or_default()))))
    }

    async fn replace(&self, tag: &Tag, record: &Record) -> Result<Option<Tag>, AwsError> {
        let Tag::Etag(etag) = tag else { return Ok(None) };
        self.put(record, &Condition::Tag(etag.clone())).await
    }

    async fn remove(&self, tag: &Tag) -> Result<bool, AwsError> {
        let Tag::Etag(etag) = tag else { return Ok(false) };
        self.objects.delete(&self.key, Some(etag)).await
    }
}
