//! Data source `aws_secretsmanager_secret`

use aws_sdk_secretsmanager::primitives::DateTimeFormat;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, OptComputed, async_trait, checks};

use crate::secretsmanager;

/// A secret that is there, without its value.
#[derive(Clone, DataSource)]
#[data(name = "aws_secretsmanager_secret")]
pub(crate) struct SecretData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    #[attr(check = checks::arn, exactly_one_of(arn, name))]
    arn: OptComputed<String>,
    /// Created date.
    created_date: Computed<String>,
    /// What it is for.
    description: Computed<String>,
    /// The KMS key.
    kms_key_id: Computed<String>,
    /// Last changed date.
    last_changed_date: Computed<String>,
    /// Its name.
    #[attr(exactly_one_of(arn, name))]
    name: OptComputed<String>,
    /// The policy.
    policy: Computed<String>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
}

#[async_trait]
impl DataSource for SecretData {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let client = secretsmanager(cx.api);
        let key = query.arn.clone().or(query.name).unwrap_or_default();
        let found = client.describe_secret().secret_id(&key).send().await.api()?;
        let policy = client.get_resource_policy().secret_id(&key).send().await.api()?.resource_policy;
        let time = |t: Option<aws_sdk_secretsmanager::primitives::DateTime>| {
            t.and_then(|t| t.fmt(DateTimeFormat::DateTime).ok())
        };
        Ok(Self {
            id: found.arn.clone().unwrap_or_default(),
            arn: found.arn,
            created_date: time(found.created_date),
            description: Some(found.description.unwrap_or_default()),
            kms_key_id: Some(found.kms_key_id.unwrap_or_default()),
            last_changed_date: time(found.last_changed_date),
            name: found.name,
            policy: Some(policy.unwrap_or_default()),
            tags: Some(
                found.tags.into_iter().flatten().filter_map(|t| Some((t.key?, t.value.unwrap_or_default()))).collect(),
            ),
        })
    }
}
