//! `aws_kms_key`

use std::time::Duration;

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType, OriginType, Tag};
use sdt_aws_core::{Api, Aws, each, tags};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Json, OPERATION_TAG, OptComputed, Pace, Resource, Seen, Tags, Token, async_trait,
    equal,
};

use crate::kms;

/// A key of KMS.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_kms_key", timeouts(create = "2m"))]
pub(crate) struct Key {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Allows a policy that locks its author out.
    #[attr(default = false, carry)]
    bypass_policy_lockout_safety_check: Option<bool>,
    /// Key store outside of KMS.
    #[attr(force_new, length(1..=22))]
    custom_key_store_id: Option<String>,
    /// Kind of key.
    #[attr(
        force_new,
        default = "SYMMETRIC_DEFAULT",
        one_of(
            "RSA_2048",
            "RSA_3072",
            "RSA_4096",
            "ECC_NIST_P256",
            "ECC_NIST_P384",
            "ECC_NIST_P521",
            "ECC_SECG_P256K1",
            "SYMMETRIC_DEFAULT",
            "HMAC_224",
            "HMAC_256",
            "HMAC_384",
            "HMAC_512",
            "SM2"
        )
    )]
    customer_master_key_spec: Option<String>,
    /// Days between deletion and the end of the key.
    #[attr(range(7..=30), carry, keep_null)]
    deletion_window_in_days: Option<i32>,
    /// What it is for.
    description: OptComputed<String>,
    /// Makes new key material from time to time.
    #[attr(default = false)]
    enable_key_rotation: Option<bool>,
    /// Whether the key can be used.
    #[attr(default = true)]
    is_enabled: Option<bool>,
    /// Id of the key.
    key_id: Computed<String>,
    /// What the key is for.
    #[attr(
        force_new,
        default = "ENCRYPT_DECRYPT",
        one_of("SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
    )]
    key_usage: Option<String>,
    /// Can be copied to other regions.
    #[attr(force_new)]
    multi_region: OptComputed<bool>,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: OptComputed<Json>,
    /// Days between rotations.
    #[attr(required_with(enable_key_rotation), range(90..=2560))]
    rotation_period_in_days: OptComputed<i32>,
    /// Tags of the object.
    tags: Tags,
    /// Key in an external key store.
    #[attr(force_new, required_with(custom_key_store_id))]
    xks_key_id: Option<String>,
}

/// What KMS says of a policy that names a role it does not see yet.
const NEW_PRINCIPAL: &[&str] = &["MalformedPolicyDocumentException"];

#[async_trait]
impl Resource for Key {
    type Api = Aws;
    const HUMAN: &'static str = "KMS Key";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let mut call = kms(cx.api)
            .create_key()
            .bypass_policy_lockout_safety_check(want.bypass_policy_lockout_safety_check == Some(true))
            .set_key_spec(want.customer_master_key_spec.as_deref().map(KeySpec::from))
            .set_key_usage(want.key_usage.as_deref().map(KeyUsageType::from))
            .set_custom_key_store_id(want.custom_key_store_id.clone())
            .set_description(want.description.clone())
            .set_multi_region(want.multi_region)
            .set_policy(want.policy.clone())
            .set_tags(list(want.tags.clone()))
            .set_xks_key_id(want.xks_key_id.clone());
        if want.custom_key_store_id.is_some() {
            call = call.origin(if want.xks_key_id.is_some() {
                OriginType::ExternalKeyStore
            } else {
                OriginType::AwsCloudhsm
            });
        }
        let call = &call;
        let made = cx
            .retry_on(NEW_PRINCIPAL, Duration::from_secs(120), || async move { call.clone().send().await.api() })
            .await?
            .key_metadata
            .ok_or_else(|| Error::other("the answer names no key"))?;
        Ok(Self { id: made.key_id, arn: made.arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        if made.enable_key_rotation == Some(true) {
            made.rotate(cx, &made.id).await?;
        }
        if made.is_enabled == Some(false) {
            made.enable(cx, &made.id).await?;
        }
        Ok(())
    }

    // No call gives more than ids in bulk.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let client = kms(cx.api);
            let found = client.describe_key().key_id(&k.id).send().await.api()?.key_metadata;
            let Some(found) = found.filter(|f| !going(f)) else { return Ok(None) };
            let policy = client.get_key_policy().key_id(&k.id).policy_name("default").send();
            let pages = client.list_resource_tags().key_id(&k.id).into_paginator().items().send();
            let (policy, tags, rotation) = tokio::join!(policy, pages.try_collect(), rotation(cx.api, &found));
            Ok(Some(Self::seen(found, policy.api()?.policy, rotation?, read_tags(tags.api()?))))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = kms(cx.api);
        let id = &prior.id;
        // A disabled key takes no other change: it is enabled first and disabled last.
        let enable = changed.has(Self::IS_ENABLED);
        if enable && want.is_enabled != Some(false) {
            want.enable(cx, id).await?;
        }
        if changed.any(&[Self::ENABLE_KEY_ROTATION, Self::ROTATION_PERIOD_IN_DAYS]) {
            want.rotate(cx, id).await?;
        }
        if changed.has(Self::DESCRIPTION) {
            let text = want.description.clone().unwrap_or_default();
            client.update_key_description().key_id(id).description(text).send().await.api()?;
        }
        if let Some(policy) = want.policy.as_ref().filter(|_| changed.has(Self::POLICY)) {
            let bypass = want.bypass_policy_lockout_safety_check == Some(true);
            cx.retry_on(NEW_PRINCIPAL, Duration::from_secs(120), || async {
                let call = client.put_key_policy().key_id(id).policy_name("default").policy(policy);
                call.bypass_policy_lockout_safety_check(bypass).send().await.api().map(drop)
            })
            .await?;
        }
        if enable && want.is_enabled == Some(false) {
            want.enable(cx, id).await?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_resource().key_id(id).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if let Some(set) = list(change.set) {
                client.tag_resource().key_id(id).set_tags(Some(set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let days = prior.deletion_window_in_days.filter(|d| *d > 0).unwrap_or(30);
        match kms(cx.api).schedule_key_deletion().key_id(&prior.id).pending_window_in_days(days).send().await.api() {
            Err(e) if e.has_code(&["KMSInvalidStateException"]) && e.message.contains("pending deletion") => {}
            other => drop(other?),
        }
        cx.wait("the key's deletion to be scheduled", Pace::QUICK, || async {
            match kms(cx.api).describe_key().key_id(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(found) if found.key_metadata.as_ref().is_none_or(going) => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending(String::new())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let client = kms(cx.api);
        let all: Vec<_> = client.list_keys().into_paginator().items().send().try_collect().await.api()?;
        let ids: Vec<String> = all.into_iter().filter_map(|k| k.key_id).collect();
        // Keys of other services let nobody see their tags.
        let found = each(&ids, |id| async move {
            let tags = kms(cx.api).list_resource_tags().key_id(&id).send().await.api();
            let ours = tags.is_ok_and(|t| tags::operation(&read_tags(t.tags.unwrap_or_default())) == Some(cx.token()));
            Ok(ours.then_some(id))
        });
        let Some(id) = found.await?.into_iter().flatten().next() else { return Ok(None) };
        let found = client.describe_key().key_id(&id).send().await.api()?.key_metadata;
        let found = found.filter(|f| !going(f));
        Ok(found.map(|f| Self { id, arn: f.arn, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids.iter().filter(|id| !id.starts_with("alias/")) {
            match kms(aws).untag_resource().key_id(id).tag_keys(OPERATION_TAG).send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// Tells whether the key is deleted: KMS keeps it for days.
fn going(key: &KeyMetadata) -> bool {
    matches!(key.key_state, Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
}

/// Whether the key rotates, and how often. Only symmetric keys of KMS itself can.
async fn rotation(aws: &Aws, key: &KeyMetadata) -> Result<(bool, Option<i32>), Error> {
    let symmetric = key.key_spec == Some(KeySpec::SymmetricDefault);
    if !symmetric || key.origin.as_ref().is_some_and(|o| *o != OriginType::AwsKms) {
        return Ok((false, None));
    }
    match kms(aws).get_key_rotation_status().key_id(&key.key_id).send().await.api() {
        Err(e) if e.has_code(&["UnsupportedOperationException"]) => Ok((false, None)),
        answer => answer.map(|a| (a.key_rotation_enabled, a.rotation_period_in_days)),
    }
}

impl Key {
    async fn rotate(&self, cx: &Cx<'_, Aws>, id: &str) -> Result<(), Error> {
        if self.enable_key_rotation == Some(true) {
            let days = self.rotation_period_in_days.filter(|d| *d > 0);
            kms(cx.api).enable_key_rotation().key_id(id).set_rotation_period_in_days(days).send().await.api().map(drop)
        } else {
            kms(cx.api).disable_key_rotation().key_id(id).send().await.api().map(drop)
        }
    }

    async fn enable(&self, cx: &Cx<'_, Aws>, id: &str) -> Result<(), Error> {
        if self.is_enabled == Some(false) {
            kms(cx.api).disable_key().key_id(id).send().await.api().map(drop)
        } else {
            kms(cx.api).enable_key().key_id(id).send().await.api().map(drop)
        }
    }

    fn seen(k: KeyMetadata, policy: Option<String>, rotation: (bool, Option<i32>), tags: Tags) -> Self {
        Self {
            id: k.key_id.clone(),
            arn: k.arn,
            bypass_policy_lockout_safety_check: None,
            custom_key_store_id: k.custom_key_store_id,
            customer_master_key_spec: k.key_spec.map(|s| s.as_str().to_owned()),
            deletion_window_in_days: None,
            description: k.description,
            enable_key_rotation: Some(rotation.0),
            is_enabled: Some(k.enabled),
            key_id: Some(k.key_id),
            key_usage: k.key_usage.map(|u| u.as_str().to_owned()),
            multi_region: Some(k.multi_region == Some(true)),
            policy,
            rotation_period_in_days: rotation.1.filter(|_| rotation.0),
            tags,
            xks_key_id: k.xks_key_configuration.and_then(|x| x.id),
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> =
        tags.into_iter().filter_map(|(k, v)| Tag::builder().tag_key(k).tag_value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

fn read_tags(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|t| (t.tag_key, t.tag_value)).collect()
}
