//! `aws_internet_gateway`

use aws_sdk_ec2::types::ResourceType;
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Tags, Token, async_trait};

use crate::{ec2, filter, tags};

/// The door between a VPC and the internet.
#[derive(Clone, Resource)]
#[resource(name = "aws_internet_gateway", timeouts(create = "20m", delete = "20m", update = "20m"))]
pub(crate) struct InternetGateway {
    id: Id,
    /// ARN of the gateway.
    arn: Computed<String>,
    /// Account that owns the gateway.
    owner_id: Computed<String>,
    /// Tags of the gateway.
    tags: Tags,
    /// The VPC it is attached to.
    vpc_id: OptComputed<String>,
}

#[async_trait]
impl Resource for InternetGateway {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Internet Gateway";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_internet_gateway()
            .set_tag_specifications(tags::on_create(ResourceType::InternetGateway, &want.tags))
            .send()
            .await
            .api()?;
        let id = made.internet_gateway.and_then(|g| g.internet_gateway_id).unwrap_or_default();
        Ok(Self { id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        match &made.vpc_id {
            Some(vpc) => attach(cx, &made.id, vpc).await,
            None => Ok(()),
        }
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|g| g.id.clone());
        let found = ec2(cx.api).describe_internet_gateways().filters(filter("internet-gateway-id", ids));
        let found = found.into_paginator().items().send().try_collect().await.api()?;
        let objects = found.into_iter().filter_map(|g| {
            let id = g.internet_gateway_id?;
            let owner = g.owner_id.unwrap_or_default();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("internet-gateway/{id}"))),
                owner_id: Some(owner),
                tags: tags::read(g.tags),
                vpc_id: g.attachments.unwrap_or_default().into_iter().find_map(|a| a.vpc_id),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::VPC_ID) {
            if let Some(vpc) = &prior.vpc_id {
                detach(cx, &prior.id, vpc).await?;
            }
            if let Some(vpc) = &want.vpc_id {
                attach(cx, &prior.id, vpc).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if let Some(vpc) = &prior.vpc_id {
            detach(cx, &prior.id, vpc).await?;
        }
        cx.retry_on(&["DependencyViolation"], cx.remaining(), || async {
            ec2(cx.api).delete_internet_gateway().internet_gateway_id(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

async fn attach(cx: &Cx<'_, Aws>, id: &str, vpc: &str) -> Result<(), Error> {
    let call = cx.retry_on(&["InvalidInternetGatewayID.NotFound"], cx.remaining(), || async {
        ec2(cx.api).attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await.api().map(drop)
    });
    match call.await {
        // Said again after a crash.
        Err(e) if e.has_code(&["Resource.AlreadyAssociated"]) && attached(cx, id).await?.as_deref() == Some(vpc) => {}
        other => other?,
    }
    cx.wait("the internet gateway to be attached", Pace::QUICK, || async {
        Ok(if attached(cx, id).await?.as_deref() == Some(vpc) {
            Seen::Ready(())
        } else {
            Seen::Pending("attaching".into())
        })
    })
    .await
}

async fn detach(cx: &Cx<'_, Aws>, id: &str, vpc: &str) -> Result<(), Error> {
    // Addresses that are still mapped into the VPC keep it attached until they go.
    let call = cx.retry_on(&["DependencyViolation"], cx.remaining(), || async {
        ec2(cx.api).detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await.api().map(drop)
    });
    match call.await {
        Err(e) if e.is_not_found() || e.has_code(&["Gateway.NotAttached"]) => return Ok(()),
        other => other?,
    }
    cx.wait("the internet gateway to be detached", Pace::QUICK, || async {
        Ok(if attached(cx, id).await?.is_none() { Seen::Ready(()) } else { Seen::Pending("detaching".into()) })
    })
    .await
}

/// The VPC that a gateway is attached to.
async fn attached(cx: &Cx<'_, Aws>, id: &str) -> Result<Option<String>, Error> {
    let found =
        ec2(cx.api).describe_internet_gateways().filters(filter("internet-gateway-id", [id])).send().await.api()?;
    Ok(found.internet_gateways().first().and_then(|g| g.attachments().first()).and_then(|a| a.vpc_id.clone()))
}
