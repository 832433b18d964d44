//! Data source `aws_secretsmanager_secret_version`

use aws_sdk_secretsmanager::primitives::DateTimeFormat;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, OptComputed, Set, async_trait};

use crate::secretsmanager;

/// A value of a secret that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_secretsmanager_secret_version")]
pub(crate) struct SecretVersionData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Created date.
    created_date: Computed<String>,
    /// Secret binary.
    #[attr(sensitive)]
    secret_binary: Computed<String>,
    /// Secret id.
    secret_id: String,
    /// Secret string.
    #[attr(sensitive)]
    secret_string: Computed<String>,
    /// Id of its version.
    version_id: OptComputed<String>,
    /// Version stage.
    version_stage: Option<String>,
    /// Version stages.
    version_stages: Computed<Set<String>>,
}

#[async_trait]
impl DataSource for SecretVersionData {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret Version";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        // The newest version unless one is named.
        let stage = query.version_stage.clone().unwrap_or_else(|| "AWSCURRENT".into());
        let call = secretsmanager(cx.api).get_secret_value().secret_id(&query.secret_id);
        let call = match &query.version_id {
            Some(version) => call.version_id(version),
            None => call.version_stage(&stage),
        };
        let found = call.send().await.api()?;
        let version = found.version_id.unwrap_or_default();
        let id = query.version_id.clone().unwrap_or_else(|| stage.clone());
        Ok(Self {
            id: format!("{}|{id}", query.secret_id),
            arn: found.arn,
            created_date: found.created_date.and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            secret_binary: Some(found.secret_binary.map(|b| STANDARD.encode(b)).unwrap_or_default()),
            secret_id: query.secret_id,
            secret_string: Some(found.secret_string.unwrap_or_default()),
            version_id: Some(version),
            version_stage: Some(stage),
            version_stages: found.version_stages,
        })
    }
}
