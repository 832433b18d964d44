//! The DynamoDB table: the lock item and the digest item.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use sdt_aws_sdk::{AwsConfig, AwsError, AwsErrorKind};
use sdt_state::{LockInfo, StoreError};
use serde_json::{Map, Value as Json};

use crate::lease::{self, Lease};
use crate::locking::{Record, Slot, Tag};

/// The table and the items of one state in it.
#[derive(Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
    /// `<bucket>/<key>`
    id: String,
}

impl Table {
    pub(crate) fn new(aws: &AwsConfig, name: &str, id: String) -> Self {
        Self { client: Client::new(&aws.service("dynamodb")), name: name.to_owned(), id }
    }

    /// Key of the digest item.
    pub(crate) fn digest_id(&self) -> String {
        format!("{}-md5", self.id)
    }

    pub(crate) async fn digest(&self) -> Result<Option<String>, AwsError> {
        let item = self.item(self.digest_id()).await?;
        Ok(item.as_ref().and_then(|i| text(i, "Digest")).filter(|d| !d.is_empty()))
    }

    pub(crate) async fn put_digest(&self, md5: &str) -> Result<(), AwsError> {
        self.client
            .put_item()
            .table_name(&self.name)
            .item("LockID", AttributeValue::S(self.digest_id()))
            .item("Digest", AttributeValue::S(md5.to_owned()))
            .send()
            .await
            .map(drop)
            .map_err(|error| AwsError::of(&error))
    }

    pub(crate) async fn delete_digest(&self) -> Result<(), AwsError> {
        let id = AttributeValue::S(self.digest_id());
        let request = self.client.delete_item().table_name(&self.name).key("LockID", id);
        request.send().await.map(drop).map_err(|error| AwsError::of(&error))
    }

    async fn item(&self, id: String) -> Result<Option<HashMap<String, AttributeValue>>, AwsError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("LockID", AttributeValue::S(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| AwsError::of(&error))?;
        Ok(output.item.filter(|item| !item.is_empty()))
    }

    /// Writes the lock item if the condition holds.
    async fn put(
        &self,
        record: &Record,
        condition: &str,
        values: Option<HashMap<String, AttributeValue>>,
    ) -> Result<Option<Tag>, AwsError> {
        let info = LockInfo { extra: Map::new(), ..record.info.clone() };
        let info = serde_json::to_string(&info).unwrap_or_default();
        let mut request = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("LockID", AttributeValue::S(self.id.clone()))
            .item("Info", AttributeValue::S(info.clone()))
            .condition_expression(condition)
            .set_expression_attribute_values(values);
        for (name, value) in record.lease.iter().flat_map(Lease::to_json) {
            let value = match value {
                Json::Number(n) => AttributeValue::N(n.to_string()),
                Json::String(s) => AttributeValue::S(s),
                _ => continue,
            };
            request = request.item(name, value);
        }
        match request.send().await.map_err(|error| AwsError::of(&error)) {
            Ok(_) => Ok(Some(Tag::Item { info, expires_ms: record.lease.as_ref().map(|l| l.expires_ms) })),
            Err(error) if error.kind == AwsErrorKind::Precondition => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The condition that the item is the one that was read.
    fn unchanged(tag: &Tag) -> (String, Option<HashMap<String, AttributeValue>>) {
        let Tag::Item { info, expires_ms } = tag else { return ("attribute_not_exists(LockID)".into(), None) };
        let mut values = HashMap::from([(":info".to_owned(), AttributeValue::S(info.clone()))]);
        let mut condition = "Info = :info".to_owned();
        if let Some(expires) = expires_ms {
            values.insert(":expires".to_owned(), AttributeValue::N(expires.to_string()));
            condition.push_str(&format!(" AND {} = :expires", lease::EXPIRES));
        }
        (condition, Some(values))
    }
}

#[async_trait]
impl Slot for Table {
    fn failed(&self, what: &str, error: AwsError) -> StoreError {
        let name = &self.name;
        let hint = match error.code.as_deref() {
            Some("ResourceNotFoundException") => format!(
                ". The table {name:?} does not exist in this region: create it with the partition key \"LockID\" (String), or correct `dynamodb_table` in the backend's configuration"
            ),
            Some("ValidationException") => {
                format!(". The table {name:?} must have the partition key \"LockID\" (String) and no sort key")
            }
            _ => String::new(),
        };
        StoreError::Io {
            what: format!("{what} (DynamoDB table {name})"),
            message: format!("{error}{hint}"),
            source: Some(Arc::new(error)),
        }
    }

    async fn create(&self, record: &Record) -> Result<Option<Tag>, AwsError> {
        self.put(record, "attribute_not_exists(LockID)", None).await
    }

    async fn read(&self) -> Result<Option<(Record, Tag)>, AwsError> {
        let Some(item) = self.item(self.id.clone()).await? else { return Ok(None) };
        let json = text(&item, "Info").unwrap_or_default();
        // An item that something else has written is a lock all the same, of an unknown holder.
        let info = serde_json::from_str(&json).unwrap_or_else(|_| LockInfo {
            path: self.id.clone(),
            info: json.clone(),
            ..LockInfo::default()
        });
        let attributes: Map<String, Json> = item
            .iter()
            .filter_map(|(name, value)| match value {
                AttributeValue::S(s) => Some((name.clone(), Json::String(s.clone()))),
                AttributeValue::N(n) => Some((name.clone(), Json::from(n.parse::<u64>().ok()?))),
                _ => None,
            })
            .collect();
        let lease = Lease::from_json(&attributes);
        let tag = Tag::Item { info: json, expires_ms: lease.as_ref().map(|l| l.expires_ms) };
        Ok(Some((Record { info, lease }, tag)))
    }

    async fn replace(&self, tag: &Tag, record: &Record) -> Result<Option<Tag>, AwsError> {
        let (condition, values) = Self::unchanged(tag);
        self.put(record, &condition, values).await
    }

    async fn remove(&self, tag: &Tag) -> Result<bool, AwsError> {
        let (condition, values) = Self::unchanged(tag);
        let result = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key("LockID", AttributeValue::S(self.id.clone()))
            .condition_expression(condition)
            .set_expression_attribute_values(values)
            .send()
            .await;
        match result.map_err(|error| AwsError::of(&error)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == AwsErrorKind::Precondition => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn text(item: &HashMap<String, AttributeValue>, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}
