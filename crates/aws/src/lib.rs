//! The AWS provider: the list of its services, and its configuration block.
//!
//! It acts as registry.terraform.io/hashicorp/aws 5.100.0. Looking a schema up builds that one and no other.

mod config;
mod endpoints;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_aws_core::Aws;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{Backend, Error, Native, Provider, ProviderEnv, Service, TagSettings};
use sdt_schema::Schema;
use sdt_value::Value;

/// The AWS provider.
pub type AwsProvider = Native<AwsBackend>;

/// What of the AWS provider is its own.
pub struct AwsBackend;

/// The services, one line each.
const SERVICES: &[Service<Aws>] = &[
    #[cfg(feature = "acm")]
    sdt_aws_acm::SERVICE,
    #[cfg(feature = "appautoscaling")]
    sdt_aws_appautoscaling::SERVICE,
    #[cfg(feature = "cloudwatch")]
    sdt_aws_cloudwatch::SERVICE,
    #[cfg(feature = "dynamodb")]
    sdt_aws_dynamodb::SERVICE,
    #[cfg(feature = "ec2")]
    sdt_aws_ec2::SERVICE,
    #[cfg(feature = "ecs")]
    sdt_aws_ecs::SERVICE,
    #[cfg(feature = "efs")]
    sdt_aws_efs::SERVICE,
    #[cfg(feature = "elbv2")]
    sdt_aws_elbv2::SERVICE,
    #[cfg(feature = "iam")]
    sdt_aws_iam::SERVICE,
    #[cfg(feature = "kms")]
    sdt_aws_kms::SERVICE,
    #[cfg(feature = "logs")]
    sdt_aws_logs::SERVICE,
    #[cfg(feature = "rds")]
    sdt_aws_rds::SERVICE,
    #[cfg(feature = "s3")]
    sdt_aws_s3::SERVICE,
    #[cfg(feature = "secretsmanager")]
    sdt_aws_secretsmanager::SERVICE,
    #[cfg(feature = "servicediscovery")]
    sdt_aws_servicediscovery::SERVICE,
    #[cfg(feature = "sns")]
    sdt_aws_sns::SERVICE,
    #[cfg(feature = "ssm")]
    sdt_aws_ssm::SERVICE,
    #[cfg(feature = "sts")]
    sdt_aws_sts::SERVICE,
];

/// The provider, unconfigured.
#[must_use]
pub fn provider() -> Arc<dyn Provider> {
    Arc::new(AwsProvider::new())
}

#[async_trait]
impl Backend for AwsBackend {
    type Api = Aws;
    const SOURCE: &'static str = "hashicorp/aws";
    const VERSION: Option<&'static str> = Some("5.100.0");

    fn services() -> &'static [Service<Aws>] {
        SERVICES
    }

    fn config_schema() -> Schema {
        config::schema()
    }

    fn validate_config(config: &Value) -> Diagnostics {
        config::validate(config)
    }

    async fn start(config: &Value, _env: &ProviderEnv) -> Result<(Aws, TagSettings), Diagnostics> {
        let provider = config::Provider::read(config)?;
        let loaded = sdt_aws_sdk::load(&provider.settings).await.map_err(|e| {
            Diagnostics::from(Diagnostic::error("The AWS provider cannot be configured", format!("{e}.")))
        })?;
        let mut aws = Aws::new(loaded.sdk().clone(), provider.settings.endpoints.clone());
        aws.s3_path_style = provider.settings.s3_use_path_style;
        aws.default_tags.clone_from(&provider.tags.default_tags);
        if !provider.allowed_account_ids.is_empty() || !provider.forbidden_account_ids.is_empty() {
            let who = aws.identity().await;
            let account = who.map(|w| w.account.clone()).map_err(|e| {
                Diagnostics::from(Diagnostic::error("The AWS account cannot be told", format!("{e}\n{}", e.remedy())))
            })?;
            let (allowed, forbidden) = (&provider.allowed_account_ids, &provider.forbidden_account_ids);
            if forbidden.contains(&account) || !allowed.is_empty() && !allowed.contains(&account) {
                let detail = format!(
                    "The credentials belong to account {account}, which allowed_account_ids or forbidden_account_ids of the \
                     provider block exclude. Use credentials of the right account."
                );
                return Err(Diagnostic::error("AWS account not allowed", detail).into());
            }
        }
        Ok((aws, provider.tags))
    }

    async fn explain(aws: &Aws, e: Error) -> Error {
        aws.decoded(e).await
    }

    fn call_counts(aws: &Aws) -> BTreeMap<String, u64> {
        aws.call_counts()
    }
}
