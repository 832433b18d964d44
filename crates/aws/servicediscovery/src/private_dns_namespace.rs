//! `aws_service_discovery_private_dns_namespace`

use aws_sdk_servicediscovery::types::{NamespaceType, PrivateDnsNamespaceChange};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, Resource, Tags, Token, Value, async_trait};

use crate::{namespace, servicediscovery, tags};

/// Names that the hosts of a VPC can resolve.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_service_discovery_private_dns_namespace")]
pub(crate) struct PrivateDnsNamespace {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// What it is for.
    description: Option<String>,
    /// The Route 53 zone.
    hosted_zone: Computed<String>,
    /// Its name.
    #[attr(force_new, length(1..=1024), check = crate::namespace::name)]
    name: String,
    /// Tags of the object.
    tags: Tags,
    /// The VPC whose hosts can resolve the names.
    #[attr(force_new, carry, required)]
    vpc: Option<String>,
}

#[async_trait]
impl Resource for PrivateDnsNamespace {
    type Api = Aws;
    const HUMAN: &'static str = "Service Discovery Private DNS Namespace";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = servicediscovery(cx.api)
            .create_private_dns_namespace()
            .name(&want.name)
            .set_vpc(want.vpc.clone())
            .creator_request_id(cx.client_token(""))
            .set_description(want.description.clone())
            .set_tags(tags::list(want.tags.clone())?)
            .send()
            .await
            .api()?;
        // Only the operation says the id.
        let id = namespace::operation(cx, made.operation_id, "the namespace and its zone to be made").await?;
        Ok(Self { id, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = namespace::read(cx.api, &ids, NamespaceType::DnsPrivate).await?;
        let objects = found.into_iter().map(|(id, n)| {
            let hosted_zone = n.properties.and_then(|p| p.dns_properties).and_then(|p| p.hosted_zone_id);
            let object = Self {
                id: id.clone(),
                arn: Some(n.arn),
                description: n.description,
                hosted_zone,
                name: n.name,
                tags: n.tags,
                vpc: None,
            };
            (id, object)
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::DESCRIPTION) {
            let change = PrivateDnsNamespaceChange::builder().description(want.description.clone().unwrap_or_default());
            let call = servicediscovery(cx.api).update_private_dns_namespace().id(&prior.id);
            let answer = call.updater_request_id(cx.client_token("u")).namespace(change.build()).send().await.api()?;
            namespace::operation(cx, answer.operation_id, "the namespace to be changed").await?;
        }
        if changed.tags() {
            tags::update(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        namespace::delete(cx, &prior.id).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = namespace::made_with(cx.api, &cx.client_token(""), &want.name, NamespaceType::DnsPrivate).await?;
        Ok(found.map(|id| Self { id, ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once(':') {
            Some((id, vpc)) if !id.is_empty() && !vpc.is_empty() => {
                Ok(vec![(Self::ID, Value::string(id)), (Self::VPC, Value::string(vpc))])
            }
            _ => Err("NAMESPACE_ID:VPC_ID".into()),
        }
    }
}
