//! Ephemeral resource `aws_ssm_parameter`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, OptComputed, async_trait};

use crate::ssm;

/// A parameter that is there, for this run alone.
#[derive(Clone, DataSource)]
#[data(name = "aws_ssm_parameter", framework)]
pub(crate) struct ParameterEphemeral {
    /// Its ARN.
    arn: String,
    /// Its name.
    name: Computed<String>,
    /// Its kind.
    r#type: Computed<String>,
    /// The value.
    #[attr(sensitive)]
    value: Computed<String>,
    /// Its version.
    version: Computed<i64>,
    /// Whether an encrypted value is decrypted (default true).
    with_decryption: OptComputed<bool>,
}

#[async_trait]
impl DataSource for ParameterEphemeral {
    type Api = Aws;
    const HUMAN: &'static str = "SSM Parameter";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let decrypt = query.with_decryption != Some(false);
        let call = ssm(cx.api).get_parameter().name(&query.arn).with_decryption(decrypt);
        let Some(found) = call.send().await.api()?.parameter else {
            return Err(Error::not_found(format!("there is no parameter {}", query.arn)));
        };
        Ok(Self {
            arn: query.arn,
            name: found.name,
            r#type: found.r#type.map(|t| t.as_str().to_owned()),
            value: found.value,
            version: Some(found.version),
            with_decryption: Some(decrypt),
        })
    }
}
