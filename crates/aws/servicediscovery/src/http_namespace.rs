//! `aws_service_discovery_http_namespace`

use aws_sdk_servicediscovery::types::NamespaceType;
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Resource, Tags, Token, async_trait};

use crate::{namespace, servicediscovery, tags};

/// Names that are discovered over HTTP only.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_service_discovery_http_namespace")]
pub(crate) struct HttpNamespace {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// What it is for.
    #[attr(force_new)]
    description: Option<String>,
    /// Name for discovery over HTTP.
    http_name: Computed<String>,
    /// Its name.
    #[attr(force_new, length(1..=1024), check = crate::namespace::name)]
    name: String,
    /// Tags of the object.
    tags: Tags,
}

#[async_trait]
impl Resource for HttpNamespace {
    type Api = Aws;
    const HUMAN: &'static str = "Service Discovery HTTP Namespace";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = servicediscovery(cx.api)
            .create_http_namespace()
            .name(&want.name)
            .creator_request_id(cx.client_token(""))
            .set_description(want.description.clone())
            .set_tags(tags::list(want.tags.clone())?)
            .send()
            .await
            .api()?;
        // Only the operation says the id.
        let id = namespace::operation(cx, made.operation_id, "the namespace to be made").await?;
        Ok(Self { id, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = namespace::read(cx.api, &ids, NamespaceType::Http).await?;
        let objects = found.into_iter().map(|(id, n)| {
            let http_name = n.properties.and_then(|p| p.http_properties).and_then(|p| p.http_name);
            let object = Self {
                id: id.clone(),
                arn: Some(n.arn),
                description: n.description,
                http_name,
                name: n.name,
                tags: n.tags,
            };
            (id, object)
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        namespace::delete(cx, &prior.id).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = namespace::made_with(cx.api, &cx.client_token(""), &want.name, NamespaceType::Http).await?;
        Ok(found.map(|id| Self { id, ..want.clone() }))
    }
}
