//! `data.aws_caller_identity`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait};

/// The account and user that the provider's credentials belong to.
#[derive(DataSource)]
#[data(name = "aws_caller_identity")]
pub(crate) struct CallerIdentity {
    #[attr(optional)]
    id: Id,
    /// Account id.
    account_id: Computed<String>,
    /// ARN of the caller.
    arn: Computed<String>,
    /// Unique id of the caller.
    user_id: Computed<String>,
}

#[async_trait]
impl DataSource for CallerIdentity {
    type Api = Aws;
    const HUMAN: &'static str = "STS Caller Identity";

    async fn read(cx: &Cx<'_, Aws>, _query: Self) -> Result<Self, Error> {
        let who = cx.api.identity().await?.clone();
        Ok(Self {
            id: who.account.clone(),
            account_id: Some(who.account),
            arn: Some(who.arn),
            user_id: Some(who.user_id),
        })
    }
}
