//! Ephemeral resource `aws_secretsmanager_secret_version`

use aws_sdk_secretsmanager::primitives::DateTimeFormat;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, OptComputed, async_trait};

use crate::secretsmanager;

/// A value of a secret, for this run alone.
#[derive(Clone, DataSource)]
#[data(name = "aws_secretsmanager_secret_version", framework)]
pub(crate) struct SecretVersionEphemeral {
    /// Its ARN.
    arn: Computed<String>,
    /// When the version was made.
    created_date: Computed<String>,
    /// The value, where it is not text.
    #[attr(sensitive)]
    secret_binary: Computed<String>,
    /// ARN or name of the secret.
    secret_id: String,
    /// The value, where it is text.
    #[attr(sensitive)]
    secret_string: Computed<String>,
    /// Which version; the newest one where neither it nor a stage is named.
    version_id: OptComputed<String>,
    /// The stage that the version has.
    version_stage: OptComputed<String>,
    /// All stages that the version has.
    version_stages: Computed<Vec<String>>,
}

#[async_trait]
impl DataSource for SecretVersionEphemeral {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret Version";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let found = secretsmanager(cx.api)
            .get_secret_value()
            .secret_id(&query.secret_id)
            .set_version_id(query.version_id.clone())
            .set_version_stage(query.version_stage.clone())
            .send()
            .await
            .api()?;
        Ok(Self {
            arn: found.arn,
            created_date: found.created_date.and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            secret_binary: Some(found.secret_binary.map(|b| STANDARD.encode(b)).unwrap_or_default()),
            secret_id: query.secret_id,
            secret_string: found.secret_string,
            version_id: found.version_id,
            version_stage: query.version_stage,
            version_stages: found.version_stages,
        })
    }
}
