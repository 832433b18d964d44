//! `aws_vpc_peering_connection`, `aws_vpc_peering_connection_accepter`

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    PeeringConnectionOptionsRequest, ResourceType, VpcPeeringConnection as Found, VpcPeeringConnectionVpcInfo,
};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Block, Changes, Class, Computed, Cx, Error, Id, Name, OptComputed, Pace, Resource, Seen, Tags, Token, Value,
    async_trait,
};

use crate::{ec2, filter, tags};

/// Asks another VPC for a connection, and accepts it when that VPC is in the same account and region.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_peering_connection", timeouts(create = "1m", delete = "1m", update = "1m"))]
pub(crate) struct VpcPeeringConnection {
    id: Id,
    /// State of the request.
    accept_status: Computed<String>,
    /// Settings of the other side.
    #[attr(computed)]
    accepter: OptComputed<PeeringOptions>,
    /// Accepts the request at once.
    #[attr(carry)]
    auto_accept: Option<bool>,
    /// Account of the other VPC.
    #[attr(force_new)]
    peer_owner_id: OptComputed<String>,
    /// Region of the other VPC.
    #[attr(force_new)]
    peer_region: OptComputed<String>,
    /// The other VPC.
    #[attr(force_new)]
    peer_vpc_id: String,
    /// Settings of this side.
    #[attr(computed)]
    requester: OptComputed<PeeringOptions>,
    /// Tags of the connection.
    tags: Tags,
    /// The VPC that asks.
    #[attr(force_new)]
    vpc_id: String,
}

/// The side of a peering connection that is asked.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_peering_connection_accepter", timeouts(create = "1m", update = "1m"))]
pub(crate) struct VpcPeeringConnectionAccepter {
    id: Id,
    /// State of the request.
    accept_status: Computed<String>,
    /// Settings of this side.
    #[attr(computed)]
    accepter: OptComputed<PeeringOptions>,
    /// Accepts the request.
    #[attr(carry)]
    auto_accept: Option<bool>,
    /// Account of the VPC that asks.
    peer_owner_id: Computed<String>,
    /// Region of the VPC that asks.
    peer_region: Computed<String>,
    /// The VPC that asks.
    peer_vpc_id: Computed<String>,
    /// Settings of the side that asks.
    #[attr(computed)]
    requester: OptComputed<PeeringOptions>,
    /// Tags of the connection.
    tags: Tags,
    /// The VPC that is asked.
    vpc_id: Computed<String>,
    /// The connection.
    #[attr(force_new)]
    vpc_peering_connection_id: String,
}

/// Settings of one side.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct PeeringOptions {
    /// Resolves public names of the other VPC to private addresses.
    #[attr(default = false)]
    allow_remote_vpc_dns_resolution: bool,
}

#[async_trait]
impl Resource for VpcPeeringConnection {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC Peering Connection";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_vpc_peering_connection()
            .vpc_id(&want.vpc_id)
            .peer_vpc_id(&want.peer_vpc_id)
            .set_peer_owner_id(want.peer_owner_id.clone())
            .set_peer_region(want.peer_region.clone())
            .set_tag_specifications(tags::on_create(ResourceType::VpcPeeringConnection, &want.tags))
            .send()
            .await
            .api()?;
        let id = made.vpc_peering_connection.and_then(|c| c.vpc_peering_connection_id);
        Ok(Self { id: id.unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let state = settled(cx, &made.id).await?;
        if made.auto_accept == Some(true) && state == "pending-acceptance" {
            accept(cx, &made.id).await?;
        }
        set_options(cx, &made.id, made.accepter.as_ref(), made.requester.as_ref()).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = find(cx, known.iter().map(|k| k.id.clone())).await?;
        let objects = found.into_iter().filter_map(|c| {
            let id = c.vpc_peering_connection_id.clone()?;
            let (asked, asks) = (c.accepter_vpc_info(), c.requester_vpc_info());
            let object = Self {
                accept_status: Some(status(&c).to_owned()),
                accepter: options(asked),
                auto_accept: None,
                peer_owner_id: asked.and_then(|v| v.owner_id.clone()),
                peer_region: asked.and_then(|v| v.region.clone()),
                peer_vpc_id: asked.and_then(|v| v.vpc_id.clone()).unwrap_or_default(),
                requester: options(asks),
                vpc_id: asks.and_then(|v| v.vpc_id.clone()).unwrap_or_default(),
                tags: tags::read(c.tags.clone()),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let waiting = prior.accept_status.as_deref() == Some("pending-acceptance");
        if changed.has(Self::AUTO_ACCEPT) && want.auto_accept == Some(true) && waiting {
            accept(cx, &prior.id).await?;
        }
        let accepter = want.accepter.as_ref().filter(|_| changed.has(Self::ACCEPTER));
        let requester = want.requester.as_ref().filter(|_| changed.has(Self::REQUESTER));
        set_options(cx, &prior.id, accepter, requester).await?;
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = ec2(cx.api).delete_vpc_peering_connection().vpc_peering_connection_id(&prior.id);
        match call.send().await.api() {
            // It is going, or was never accepted in time.
            Err(e) if e.has_code(&["InvalidStateTransition"]) => {}
            other => drop(other?),
        }
        cx.wait("the connection to be gone", Pace::QUICK, || async {
            let left = find(cx, [prior.id.clone()]).await?.pop();
            Ok(left.map_or(Seen::Ready(()), |c| Seen::Pending(status(&c).to_owned())))
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

#[async_trait]
impl Resource for VpcPeeringConnectionAccepter {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC Peering Connection Accepter";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let id = want.vpc_peering_connection_id.clone();
        // A request from another region arrives with a delay.
        cx.wait("the request to arrive", Pace::QUICK, || async {
            let found = find(cx, [id.clone()]).await?.pop();
            Ok(found.map_or_else(|| Seen::Pending(String::new()), |_| Seen::Ready(())))
        })
        .await?;
        Ok(Self { id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let state = settled(cx, &made.id).await?;
        if made.auto_accept == Some(true) && state == "pending-acceptance" {
            accept(cx, &made.id).await?;
        }
        set_options(cx, &made.id, made.accepter.as_ref(), made.requester.as_ref()).await?;
        // Inside one account the other side's tags are on the same object: ours are added to them.
        let mut there = find(cx, [made.id.clone()]).await?.pop().map(|c| tags::read(c.tags)).unwrap_or_default();
        there.retain(|k, _| made.tags.contains_key(k));
        tags::update(cx.api, &made.id, &there, &made.tags).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = find(cx, known.iter().map(|k| k.id.clone())).await?;
        let objects = found.into_iter().filter_map(|c| {
            let id = c.vpc_peering_connection_id.clone()?;
            let (asked, asks) = (c.accepter_vpc_info(), c.requester_vpc_info());
            // Inside one account the connection is seen from who asks.
            let owner = |v: Option<&VpcPeeringConnectionVpcInfo>| v.and_then(|v| v.owner_id.clone());
            let (near, far) = if owner(asked) == owner(asks) { (asks, asked) } else { (asked, asks) };
            let object = Self {
                accept_status: Some(status(&c).to_owned()),
                accepter: options(asked),
                auto_accept: None,
                peer_owner_id: far.and_then(|v| v.owner_id.clone()),
                peer_region: far.and_then(|v| v.region.clone()),
                peer_vpc_id: far.and_then(|v| v.vpc_id.clone()),
                requester: options(asks),
                tags: tags::read(c.tags.clone()),
                vpc_id: near.and_then(|v| v.vpc_id.clone()),
                vpc_peering_connection_id: id.clone(),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let waiting = prior.accept_status.as_deref() == Some("pending-acceptance");
        if changed.has(Self::AUTO_ACCEPT) && want.auto_accept == Some(true) && waiting {
            accept(cx, &prior.id).await?;
        }
        let accepter = want.accepter.as_ref().filter(|_| changed.has(Self::ACCEPTER));
        let requester = want.requester.as_ref().filter(|_| changed.has(Self::REQUESTER));
        set_options(cx, &prior.id, accepter, requester).await?;
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    /// The connection belongs to who asked for it.
    async fn delete(_cx: &Cx<'_, Aws>, _prior: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(_cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(Some(Self { id: want.vpc_peering_connection_id.clone(), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::VPC_PEERING_CONNECTION_ID, Value::string(id))])
    }
}

fn status(c: &Found) -> &str {
    c.status().and_then(|s| s.code()).map_or("", |c| c.as_str())
}

/// Connections by id, without those that are gone: the service shows them for a while.
async fn find(cx: &Cx<'_, Aws>, ids: impl IntoIterator<Item = String> + Send) -> Result<Vec<Found>, Error> {
    let ids: BTreeSet<String> = ids.into_iter().collect();
    let call = ec2(cx.api).describe_vpc_peering_connections().filters(filter("vpc-peering-connection-id", ids));
    let mut found: Vec<Found> = call.into_paginator().items().send().try_collect().await.api()?;
    found.retain(|c| !matches!(status(c), "deleted" | "deleting" | "rejected" | "failed" | "expired"));
    Ok(found)
}

/// Waits until the connection works or waits to be accepted; returns its state.
async fn settled(cx: &Cx<'_, Aws>, id: &str) -> Result<String, Error> {
    cx.wait("the peering connection", Pace::QUICK, || async {
        let found = find(cx, [id.to_owned()]).await?.pop();
        Ok(match found.as_ref().map(status) {
            Some(state @ ("active" | "pending-acceptance")) => Seen::Ready(state.to_owned()),
            state => Seen::Pending(state.unwrap_or_default().to_owned()),
        })
    })
    .await
}

async fn accept(cx: &Cx<'_, Aws>, id: &str) -> Result<(), Error> {
    ec2(cx.api).accept_vpc_peering_connection().vpc_peering_connection_id(id).send().await.api()?;
    cx.wait("the peering connection to become active", Pace::QUICK, || async {
        let state = settled(cx, id).await?;
        Ok(if state == "active" { Seen::Ready(()) } else { Seen::Pending(state) })
    })
    .await
}

/// Settings of one side, once there are some.
fn options(side: Option<&VpcPeeringConnectionVpcInfo>) -> Option<PeeringOptions> {
    let options = side?.peering_options()?;
    let on = options.allow_dns_resolution_from_remote_vpc() == Some(true);
    Some(PeeringOptions { allow_remote_vpc_dns_resolution: on })
}

async fn set_options(
    cx: &Cx<'_, Aws>,
    id: &str,
    accepter: Option<&PeeringOptions>,
    requester: Option<&PeeringOptions>,
) -> Result<(), Error> {
    if accepter.is_none() && requester.is_none() {
        return Ok(());
    }
    if settled(cx, id).await? != "active" {
        let why = "settings of a peering connection can be made only when it is active: accept it on the other side, or set auto_accept";
        return Err(Error::new(Class::Invalid, "", why));
    }
    let request = |o: &PeeringOptions| {
        let on = o.allow_remote_vpc_dns_resolution;
        PeeringConnectionOptionsRequest::builder().allow_dns_resolution_from_remote_vpc(on).build()
    };
    ec2(cx.api)
        .modify_vpc_peering_connection_options()
        .vpc_peering_connection_id(id)
        .set_accepter_peering_connection_options(accepter.map(request))
        .set_requester_peering_connection_options(requester.map(request))
        .send()
        .await
        .api()
        .map(drop)
}
