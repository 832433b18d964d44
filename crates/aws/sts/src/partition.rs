//! `data.aws_partition`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait};

/// The partition of the provider's region: AWS itself, or one of its separate parts.
#[derive(DataSource)]
#[data(name = "aws_partition")]
pub(crate) struct Partition {
    #[attr(optional)]
    id: Id,
    /// End of names of services: `amazonaws.com`.
    dns_suffix: Computed<String>,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    partition: Computed<String>,
    /// Start of names of endpoint services: `com.amazonaws`.
    reverse_dns_prefix: Computed<String>,
}

/// A name read backwards: `com.amazonaws` for `amazonaws.com`.
pub(crate) fn reversed(name: &str) -> String {
    name.split('.').rev().collect::<Vec<_>>().join(".")
}

#[async_trait]
impl DataSource for Partition {
    type Api = Aws;
    const HUMAN: &'static str = "Partition";

    async fn read(cx: &Cx<'_, Aws>, _query: Self) -> Result<Self, Error> {
        let suffix = cx.api.dns_suffix();
        Ok(Self {
            id: cx.api.partition().to_owned(),
            dns_suffix: Some(suffix.to_owned()),
            partition: Some(cx.api.partition().to_owned()),
            reverse_dns_prefix: Some(reversed(suffix)),
        })
    }
}
