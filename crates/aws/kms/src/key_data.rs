//! Data source `aws_kms_key`

use aws_sdk_kms::primitives::{DateTime, DateTimeFormat};
use aws_sdk_kms::types::MultiRegionKey;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, async_trait};

use crate::kms;

/// An id, an alias, or the ARN of either.
fn key_or_alias(text: &str) -> Result<(), String> {
    let hex = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_hexdigit());
    let id = |s: &str| {
        let parts: Vec<&str> = s.split('-').collect();
        let uuid = parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, n)| hex(part, n));
        uuid || s.strip_prefix("mrk-").is_some_and(|rest| hex(rest, 32))
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    let alias = |s: &str| s.strip_prefix("alias/").is_some_and(|name| !name.is_empty() && name.bytes().all(plain));
    let name = match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", _, "kms", _, _, name] => name,
        _ => text,
    };
    let fine = text.is_empty() || alias(name) || id(name.strip_prefix("key/").unwrap_or(name));
    if fine { Ok(()) } else { Err("to be the id of a KMS key, alias/NAME, or the ARN of one".into()) }
}

/// A key that is there, by id, ARN or alias.
#[derive(Clone, DataSource)]
#[data(name = "aws_kms_key")]
pub(crate) struct KeyData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Aws account id.
    aws_account_id: Computed<String>,
    /// Cloud hsm cluster id.
    cloud_hsm_cluster_id: Computed<String>,
    /// Creation date.
    creation_date: Computed<String>,
    /// Key store outside of KMS.
    custom_key_store_id: Computed<String>,
    /// Kind of key.
    customer_master_key_spec: Computed<String>,
    /// Deletion date.
    deletion_date: Computed<String>,
    /// What it is for.
    description: Computed<String>,
    /// Whether it is in use.
    enabled: Computed<bool>,
    /// Expiration model.
    expiration_model: Computed<String>,
    /// Grant tokens.
    grant_tokens: Option<Vec<String>>,
    /// Id, ARN or alias of the key.
    #[attr(check = key_or_alias)]
    key_id: String,
    /// Key manager.
    key_manager: Computed<String>,
    /// Key spec.
    key_spec: Computed<String>,
    /// Key state.
    key_state: Computed<String>,
    /// What the key is for.
    key_usage: Computed<String>,
    /// Can be copied to other regions.
    multi_region: Computed<bool>,
    /// Multi region configuration.
    multi_region_configuration: Computed<Vec<MultiRegion>>,
    /// Origin.
    origin: Computed<String>,
    /// Pending deletion window in days.
    pending_deletion_window_in_days: Computed<i32>,
    /// Valid to.
    valid_to: Computed<String>,
    /// Xks key configuration.
    xks_key_configuration: Computed<Vec<ExternalKey>>,
}

/// Multi region configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MultiRegion {
    /// Multi region key type.
    multi_region_key_type: Computed<String>,
    /// Primary key.
    primary_key: Computed<Vec<RegionalKey>>,
    /// Replica keys.
    replica_keys: Computed<Vec<RegionalKey>>,
}

/// Xks key configuration.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ExternalKey {
    /// Its id.
    id: Computed<String>,
}

/// Primary key.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct RegionalKey {
    /// Its ARN.
    arn: Computed<String>,
    /// The region.
    region: Computed<String>,
}

#[async_trait]
impl DataSource for KeyData {
    type Api = Aws;
    const HUMAN: &'static str = "KMS Key";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = kms(cx.api).describe_key().key_id(&query.key_id).set_grant_tokens(query.grant_tokens.clone());
        let Some(k) = call.send().await.api()?.key_metadata else {
            return Err(Error::not_found(format!("there is no key {}", query.key_id)));
        };
        // Terraform stores seconds only.
        let time =
            |t: Option<DateTime>| t.and_then(|t| DateTime::from_secs(t.secs()).fmt(DateTimeFormat::DateTime).ok());
        let text = |t: Option<String>| Some(t.unwrap_or_default());
        let key = |k: MultiRegionKey| RegionalKey { arn: k.arn, region: k.region };
        let regions = k.multi_region_configuration.map(|m| MultiRegion {
            multi_region_key_type: m.multi_region_key_type.map(|t| t.as_str().to_owned()),
            primary_key: Some(m.primary_key.map(key).into_iter().collect()),
            replica_keys: Some(m.replica_keys.into_iter().flatten().map(key).collect()),
        });
        Ok(Self {
            id: k.key_id,
            arn: k.arn,
            aws_account_id: k.aws_account_id,
            cloud_hsm_cluster_id: text(k.cloud_hsm_cluster_id),
            creation_date: time(k.creation_date),
            custom_key_store_id: text(k.custom_key_store_id),
            customer_master_key_spec: k.key_spec.as_ref().map(|s| s.as_str().to_owned()),
            deletion_date: time(k.deletion_date),
            description: text(k.description),
            enabled: Some(k.enabled),
            expiration_model: text(k.expiration_model.map(|m| m.as_str().to_owned())),
            grant_tokens: query.grant_tokens,
            key_id: query.key_id,
            key_manager: k.key_manager.map(|m| m.as_str().to_owned()),
            key_spec: k.key_spec.map(|s| s.as_str().to_owned()),
            key_state: k.key_state.map(|s| s.as_str().to_owned()),
            key_usage: k.key_usage.map(|u| u.as_str().to_owned()),
            multi_region: Some(k.multi_region == Some(true)),
            multi_region_configuration: Some(regions.into_iter().collect()),
            origin: k.origin.map(|o| o.as_str().to_owned()),
            pending_deletion_window_in_days: Some(k.pending_deletion_window_in_days.unwrap_or_default()),
            valid_to: time(k.valid_to),
            xks_key_configuration: Some(
                k.xks_key_configuration.into_iter().map(|x| ExternalKey { id: x.id }).collect(),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::key_or_alias;

    #[test]
    fn keys_and_aliases() {
        let check = |text: &str, fine: bool| assert_eq!(key_or_alias(text).is_ok(), fine, "{text}");
        check("alias/aws/s3", true);
        check("11111111-2222-4333-8444-555555555555", true);
        check("mrk-1234abcd12ab34cd56ef1234567890ab", true);
        check("arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-4333-8444-555555555555", true);
        check("arn:aws:kms:eu-west-1:123456789012:alias/x", true);
        check("nonsense", false);
        check("alias/a b", false);
        check("arn:aws:iam::123456789012:role/x", false);
        check("arn:aws:kms:eu-west-1:123456789012:key/nonsense", false);
    }
}
