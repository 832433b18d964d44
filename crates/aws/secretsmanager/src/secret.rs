//! `aws_secretsmanager_secret`

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{ReplicaRegionType, ReplicationStatusType, StatusType, Tag};
use sdt_aws_core::{Api, Aws, each, names, tags};
use sdt_provider::{
    Block, Changes, Complaint, Computed, Cx, Error, Id, Json, OPERATION_TAG, OptComputed, Pace, Path, Resource, Seen,
    Set, Tags, Token, Value, async_trait, invalid,
};

use crate::secretsmanager;

/// A secret without its value: name, key, policy, replicas. Values are `aws_secretsmanager_secret_version`.
#[derive(Clone, Resource)]
#[resource(name = "aws_secretsmanager_secret")]
pub(crate) struct Secret {
    id: Id,
    /// ARN of the secret.
    arn: Computed<String>,
    /// What the secret is for.
    description: Option<String>,
    /// Whether a replica overwrites a secret of the same name in its region.
    #[attr(default = false, carry)]
    force_overwrite_replica_secret: Option<bool>,
    /// KMS key that encrypts the values; the account's own when not set.
    kms_key_id: Option<String>,
    /// Name of the secret.
    #[attr(force_new, conflicts_with(name_prefix), length(0..=512), check = secret_name)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), length(0..=486), check = secret_name)]
    name_prefix: OptComputed<String>,
    /// Resource policy. `{}` removes it.
    policy: OptComputed<Json>,
    /// Days in which a deleted secret can be restored; 0 deletes at once.
    #[attr(default = 30, carry)]
    recovery_window_in_days: Option<i64>,
    /// Copies in other regions.
    #[attr(computed)]
    replica: Set<Replica>,
    /// Tags of the secret.
    tags: Tags,
}

/// A copy in another region.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Replica {
    /// KMS key there.
    kms_key_id: OptComputed<String>,
    /// When it was last read.
    last_accessed_date: Computed<String>,
    /// The region.
    region: String,
    /// Whether it is in step.
    status: Computed<String>,
    /// Why it is not.
    status_message: Computed<String>,
}

fn secret_name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    sdt_aws_core::checks::made_of(text, fits, "letters, digits and /_+=.@-")
}

#[async_trait]
impl Resource for Secret {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let replicas: Vec<ReplicaRegionType> = want.replica.iter().map(Replica::request).collect();
        let made = secretsmanager(cx.api)
            .create_secret()
            .name(&name)
            .set_description(want.description.clone())
            .set_kms_key_id(want.kms_key_id.clone())
            .set_force_overwrite_replica_secret(want.force_overwrite_replica_secret)
            .set_add_replica_regions((!replicas.is_empty()).then_some(replicas))
            .set_tags((!want.tags.is_empty()).then(|| list(want.tags.clone())))
            .send()
            .await
            .api()?;
        let arn = made.arn.unwrap_or_default();
        Ok(Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        if made.replica.is_empty() && !made.has_policy() {
            return Ok(());
        }
        made.replicas_in_step(cx).await?;
        if made.has_policy() { made.put_policy(cx).await } else { Ok(()) }
    }

    // ListSecrets would read a hundred at once, but may lag five minutes behind; DescribeSecret does not.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let found = secretsmanager(cx.api).describe_secret().secret_id(&k.id).send().await.api()?;
            if found.deleted_date.is_some() {
                return Ok(None);
            }
            let policy = secretsmanager(cx.api).get_resource_policy().secret_id(&k.id).send().await.api();
            let policy = match policy {
                Err(e) if e.is_not_found() => None,
                other => other?.resource_policy,
            };
            Ok(Some(Self::from_answer(found, policy)))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let client = secretsmanager(cx.api);
        let id = &prior.id;
        let want = &Self { id: id.clone(), ..want.clone() };
        if changed.has(Self::REPLICA) {
            let gone: Vec<String> = prior
                .replica
                .iter()
                .filter(|p| !want.replica.iter().any(|w| w.same(p)))
                .map(|p| p.region.clone())
                .collect();
            if !gone.is_empty() {
                let call =
                    client.remove_regions_from_replication().secret_id(id).set_remove_replica_regions(Some(gone));
                call.send().await.api()?;
            }
            let new: Vec<_> = want
                .replica
                .iter()
                .filter(|w| !prior.replica.iter().any(|p| w.same(p)))
                .map(Replica::request)
                .collect();
            if !new.is_empty() {
                let call = client.replicate_secret_to_regions().secret_id(id).set_add_replica_regions(Some(new));
                call.force_overwrite_replica_secret(want.force_overwrite_replica_secret == Some(true))
                    .send()
                    .await
                    .api()?;
                want.replicas_in_step(cx).await?;
            }
        }
        if changed.any(&[Self::DESCRIPTION, Self::KMS_KEY_ID]) {
            let call = client.update_secret().secret_id(id).description(want.description.clone().unwrap_or_default());
            call.set_kms_key_id(want.kms_key_id.clone()).send().await.api()?;
        }
        if changed.has(Self::POLICY) {
            if want.has_policy() {
                want.put_policy(cx).await?;
            } else {
                client.delete_resource_policy().secret_id(id).send().await.api()?;
            }
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                client.untag_resource().secret_id(id).set_tag_keys(Some(change.remove)).send().await.api()?;
            }
            if !change.set.is_empty() {
                client.tag_resource().secret_id(id).set_tags(Some(list(change.set))).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let client = secretsmanager(cx.api);
        let replicas: Vec<String> = prior.replica.iter().map(|r| r.region.clone()).collect();
        if !replicas.is_empty() {
            let call = client.remove_regions_from_replication().secret_id(&prior.id);
            call.set_remove_replica_regions(Some(replicas)).send().await.api()?;
        }
        let call = client.delete_secret().secret_id(&prior.id);
        let call = match prior.recovery_window_in_days {
            Some(0) => call.force_delete_without_recovery(true),
            days => call.recovery_window_in_days(days.unwrap_or(30)),
        };
        call.send().await.api()?;
        cx.wait("the secret to be gone", Pace::QUICK, || async {
            match client.describe_secret().secret_id(&prior.id).send().await.api() {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(found) if found.deleted_date.is_some() => Ok(Seen::Ready(())),
                Ok(_) => Ok(Seen::Pending(String::new())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        match secretsmanager(cx.api).describe_secret().secret_id(&name).send().await.api() {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(found) if found.deleted_date.is_some() => Ok(None),
            Ok(found) => {
                let ours = tags::operation(&read_tags(found.tags)) == Some(cx.token());
                Ok(ours.then(|| Self {
                    id: found.arn.clone().unwrap_or_default(),
                    arn: found.arn,
                    name: Some(name),
                    ..want.clone()
                }))
            }
        }
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            match secretsmanager(aws).untag_resource().secret_id(id).tag_keys(OPERATION_TAG).send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let days = config.get(Self::RECOVERY_WINDOW_IN_DAYS.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        match days {
            Some(days) if days != 0 && !(7..=30).contains(&days) => {
                let detail = format!("expected recovery_window_in_days to be 0 or in the range (7 - 30), got {days}");
                vec![invalid(
                    Path::root().attr(Self::RECOVERY_WINDOW_IN_DAYS.0),
                    "Invalid value for an argument",
                    detail,
                )]
            }
            _ => Vec::new(),
        }
    }
}

impl Secret {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn has_policy(&self) -> bool {
        self.policy.as_deref().is_some_and(|p| !p.is_empty() && p.trim() != "{}")
    }

    fn from_answer(found: DescribeSecretOutput, policy: Option<String>) -> Self {
        let name = found.name.unwrap_or_default();
        Self {
            id: found.arn.clone().unwrap_or_default(),
            arn: found.arn,
            description: found.description,
            force_overwrite_replica_secret: None,
            kms_key_id: found.kms_key_id,
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            policy: policy.or_else(|| Some(String::new())),
            recovery_window_in_days: None,
            replica: found.replication_status.unwrap_or_default().into_iter().map(Replica::from_answer).collect(),
            tags: read_tags(found.tags),
        }
    }

    async fn put_policy(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let policy = self.policy.clone().unwrap_or_default();
        // A role that the policy names may not be visible to Secrets Manager yet.
        let codes = ["MalformedPolicyDocumentException"];
        cx.retry_on(&codes, std::time::Duration::from_secs(120), || async {
            secretsmanager(cx.api)
                .put_resource_policy()
                .secret_id(&self.id)
                .resource_policy(&policy)
                .send()
                .await
                .api()
                .map(drop)
        })
        .await
    }

    async fn replicas_in_step(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the secret's replicas", Pace::QUICK, || async {
            let found = secretsmanager(cx.api).describe_secret().secret_id(&self.id).send().await.api()?;
            let waiting = found.replication_status().iter().find(|r| r.status() == Some(&StatusType::InProgress));
            Ok(match waiting {
                Some(r) => Seen::Pending(format!("{} in progress", r.region().unwrap_or_default())),
                None => Seen::Ready(()),
            })
        })
        .await
    }
}

impl Replica {
    fn same(&self, other: &Self) -> bool {
        self.region == other.region && (self.kms_key_id.is_none() || self.kms_key_id == other.kms_key_id)
    }

    fn request(&self) -> ReplicaRegionType {
        ReplicaRegionType::builder().region(&self.region).set_kms_key_id(self.kms_key_id.clone()).build()
    }

    fn from_answer(found: ReplicationStatusType) -> Self {
        use aws_sdk_secretsmanager::primitives::DateTimeFormat;
        Self {
            kms_key_id: found.kms_key_id,
            last_accessed_date: found.last_accessed_date.and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            region: found.region.unwrap_or_default(),
            status: found.status.map(|s| s.as_str().to_owned()),
            status_message: found.status_message,
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default()))).collect()
}
