//! `aws_egress_only_internet_gateway`

use aws_sdk_ec2::types::ResourceType;
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Cx, Error, Id, Resource, Tags, Token, async_trait};

use crate::{ec2, tags};

/// A door to the internet for IPv6 that only opens from inside.
#[derive(Clone, Resource)]
#[resource(name = "aws_egress_only_internet_gateway")]
pub(crate) struct EgressOnlyInternetGateway {
    id: Id,
    /// Tags of the gateway.
    tags: Tags,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

#[async_trait]
impl Resource for EgressOnlyInternetGateway {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Egress-only Internet Gateway";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_egress_only_internet_gateway()
            .vpc_id(&want.vpc_id)
            .client_token(cx.client_token(""))
            .set_tag_specifications(tags::on_create(ResourceType::EgressOnlyInternetGateway, &want.tags))
            .send()
            .await
            .api()?;
        let id = made.egress_only_internet_gateway.and_then(|g| g.egress_only_internet_gateway_id);
        Ok(Self { id: id.unwrap_or_default(), ..want })
    }

    // There is no filter by id, and a list of ids fails when one is gone. A region has few of them: all are listed.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = ec2(cx.api).describe_egress_only_internet_gateways().into_paginator().items().send();
        let objects = found.try_collect().await.api()?.into_iter().filter_map(|g| {
            let id = g.egress_only_internet_gateway_id?;
            let vpc_id = g.attachments.unwrap_or_default().into_iter().find_map(|a| a.vpc_id)?;
            Some((id.clone(), Self { id, tags: tags::read(g.tags), vpc_id }))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = ec2(cx.api).delete_egress_only_internet_gateway();
        call.egress_only_internet_gateway_id(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}
