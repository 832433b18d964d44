//! Data source `aws_ssm_parameter`

use aws_sdk_ssm::types::ParameterType;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait};

use crate::ssm;

/// A parameter that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_ssm_parameter")]
pub(crate) struct ParameterData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// The value, shown in plans.
    insecure_value: Computed<String>,
    /// Its name.
    name: String,
    /// Its kind.
    r#type: Computed<String>,
    /// The value.
    #[attr(sensitive)]
    value: Computed<String>,
    /// Its version.
    version: Computed<i32>,
    /// With decryption.
    with_decryption: Option<bool>,
}

#[async_trait]
impl DataSource for ParameterData {
    type Api = Aws;
    const HUMAN: &'static str = "SSM Parameter";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let decrypt = query.with_decryption != Some(false);
        let call = ssm(cx.api).get_parameter().name(&query.name).with_decryption(decrypt);
        let Some(found) = call.send().await.api()?.parameter else {
            return Err(Error::not_found(format!("there is no parameter {}", query.name)));
        };
        let open = found.r#type != Some(ParameterType::SecureString);
        Ok(Self {
            id: found.name.clone().unwrap_or_default(),
            arn: found.arn,
            insecure_value: Some(found.value.clone().filter(|_| open).unwrap_or_default()),
            name: query.name,
            r#type: found.r#type.map(|t| t.as_str().to_owned()),
            value: found.value,
            version: Some(found.version as i32),
            with_decryption: Some(decrypt),
        })
    }
}
