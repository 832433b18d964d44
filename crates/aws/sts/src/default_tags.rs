//! `data.aws_default_tags`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, async_trait};

/// The default tags of the provider configuration.
#[derive(DataSource)]
#[data(name = "aws_default_tags")]
pub(crate) struct DefaultTags {
    #[attr(optional)]
    id: Id,
    /// Tags that every object gets.
    tags: Computed<Map<String>>,
}

#[async_trait]
impl DataSource for DefaultTags {
    type Api = Aws;
    const HUMAN: &'static str = "Default Tags";

    async fn read(cx: &Cx<'_, Aws>, _query: Self) -> Result<Self, Error> {
        Ok(Self { id: cx.api.partition().to_owned(), tags: Some(cx.api.default_tags.clone()) })
    }
}
