//! STS: who we are and where.

mod caller_identity;
mod region;

use sdt_aws_core::{Api, Aws, Identity};
use sdt_provider::{Error, Service, data_source};

sdt_aws_core::client!(sts, "sts", aws_sdk_sts);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[],
    data: &[data_source::<caller_identity::CallerIdentity>(), data_source::<region::Region>()],
};

/// Who the credentials belong to; asked once for each provider configuration.
///
/// # Errors
/// When there are no usable credentials.
pub async fn identity(aws: &Aws) -> Result<&Identity, Error> {
    aws.identity(|| async {
        let answer = sts(aws).get_caller_identity().send().await.api()?;
        Ok(Identity {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
            user_id: answer.user_id.unwrap_or_default(),
        })
    })
    .await
}
