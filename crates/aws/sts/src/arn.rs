//! `data.aws_arn`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait, checks};

/// The parts of an ARN.
#[derive(DataSource)]
#[data(name = "aws_arn")]
pub(crate) struct Arn {
    #[attr(optional)]
    id: Id,
    /// Account id.
    account: Computed<String>,
    /// The ARN.
    #[attr(check = checks::arn, length(1..))]
    arn: String,
    /// Partition.
    partition: Computed<String>,
    /// Region.
    region: Computed<String>,
    /// The rest, in the service's own form.
    resource: Computed<String>,
    /// Service.
    service: Computed<String>,
}

#[async_trait]
impl DataSource for Arn {
    type Api = Aws;
    const HUMAN: &'static str = "ARN";

    async fn read(_cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let mut parts = query.arn.splitn(6, ':').skip(1).map(ToOwned::to_owned);
        Ok(Self {
            id: query.arn.clone(),
            partition: parts.next(),
            service: parts.next(),
            region: parts.next(),
            account: parts.next(),
            resource: parts.next(),
            arn: query.arn,
        })
    }
}
