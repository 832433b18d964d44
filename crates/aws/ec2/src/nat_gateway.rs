//! `aws_nat_gateway`

use aws_sdk_ec2::types::{ConnectivityType, NatGateway as Found, NatGatewayState, ResourceType};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Tags, Token, async_trait,
    checks, is_zero,
};

use crate::{ec2, filter, tags, text};

/// Lets a private network reach out through one address.
#[derive(Clone, Resource)]
#[resource(name = "aws_nat_gateway", timeouts(create = "10m", delete = "30m", update = "10m"))]
pub(crate) struct NatGateway {
    id: Id,
    /// The public address.
    #[attr(force_new)]
    allocation_id: Option<String>,
    /// Association of the public address.
    association_id: Computed<String>,
    /// `public` or `private`.
    #[attr(force_new, default = "public", one_of("private", "public"))]
    connectivity_type: String,
    /// The gateway's network interface.
    network_interface_id: Computed<String>,
    /// The gateway's private address.
    #[attr(force_new, check = checks::ipv4)]
    private_ip: OptComputed<String>,
    /// The gateway's public address.
    public_ip: Computed<String>,
    /// Further public addresses.
    #[attr(invalidates(secondary_private_ip_address_count, secondary_private_ip_addresses))]
    secondary_allocation_ids: Option<Set<String>>,
    /// How many further private addresses to take.
    #[attr(force_new, conflicts_with(secondary_private_ip_addresses))]
    secondary_private_ip_address_count: OptComputed<i64>,
    /// Further private addresses.
    #[attr(conflicts_with(secondary_private_ip_address_count))]
    secondary_private_ip_addresses: OptComputed<Set<String>>,
    /// The subnet it stands in.
    #[attr(force_new)]
    subnet_id: String,
    /// Tags of the gateway.
    tags: Tags,
}

#[async_trait]
impl Resource for NatGateway {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 NAT Gateway";
    // The API's client tokens are forgotten after a while; the tag is not.
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_nat_gateway()
            .client_token(cx.client_token(""))
            .subnet_id(&want.subnet_id)
            .connectivity_type(ConnectivityType::from(want.connectivity_type.as_str()))
            .set_allocation_id(want.allocation_id.clone())
            .set_private_ip_address(want.private_ip.clone())
            .set_secondary_allocation_ids(want.secondary_allocation_ids.clone().filter(|s| !s.is_empty()))
            .set_secondary_private_ip_addresses(want.secondary_private_ip_addresses.clone().filter(|s| !s.is_empty()))
            .set_secondary_private_ip_address_count(
                want.secondary_private_ip_address_count.filter(|n| *n > 0).map(|n| n as i32),
            )
            .set_tag_specifications(tags::on_create(ResourceType::Natgateway, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.nat_gateway.and_then(|g| g.nat_gateway_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the NAT gateway to become available", Pace::SLOW, || async {
            let Some(g) = find(cx.api, &made.id).await? else { return Ok(Seen::Pending("not visible yet".into())) };
            match g.state {
                Some(NatGatewayState::Available) => Ok(Seen::Ready(())),
                Some(NatGatewayState::Failed) => {
                    let code = g.failure_code.unwrap_or_default();
                    Err(Error::other(format!("the gateway failed: {code}: {}", g.failure_message.unwrap_or_default())))
                }
                state => Ok(Seen::Pending(state.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|g| g.id.clone());
        let found = ec2(cx.api).describe_nat_gateways().filter(filter("nat-gateway-id", ids));
        let found = found.into_paginator().items().send().try_collect().await.api()?;
        let objects = found.into_iter().filter(alive).filter_map(|g| {
            let id = g.nat_gateway_id?;
            let mut addresses = g.nat_gateway_addresses.unwrap_or_default();
            let primary = addresses.iter().position(|a| a.is_primary == Some(true)).unwrap_or(0);
            let first = (!addresses.is_empty()).then(|| addresses.remove(primary));
            let others = || addresses.iter();
            let object = Self {
                allocation_id: first.as_ref().and_then(|a| text(a.allocation_id.clone())),
                association_id: first.as_ref().and_then(|a| a.association_id.clone()),
                connectivity_type: g.connectivity_type.map(|c| c.as_str().to_owned()).unwrap_or_default(),
                network_interface_id: first.as_ref().and_then(|a| a.network_interface_id.clone()),
                private_ip: first.as_ref().and_then(|a| a.private_ip.clone()),
                public_ip: first.as_ref().and_then(|a| a.public_ip.clone()),
                secondary_allocation_ids: Some(others().filter_map(|a| text(a.allocation_id.clone())).collect()),
                secondary_private_ip_address_count: Some(others().filter(|a| a.private_ip.is_some()).count() as i64),
                secondary_private_ip_addresses: Some(others().filter_map(|a| a.private_ip.clone()).collect()),
                subnet_id: g.subnet_id.unwrap_or_default(),
                tags: tags::read(g.tags),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let id = &prior.id;
        if changed.has(Self::SECONDARY_ALLOCATION_IDS) {
            let (gone, new) =
                difference(prior.secondary_allocation_ids.as_ref(), want.secondary_allocation_ids.as_ref());
            if !gone.is_empty() {
                let found = find(cx.api, id).await?.and_then(|g| g.nat_gateway_addresses).unwrap_or_default();
                let of_gone = |a: &aws_sdk_ec2::types::NatGatewayAddress| {
                    a.allocation_id
                        .as_ref()
                        .is_some_and(|x| gone.contains(x))
                        .then(|| a.association_id.clone())
                        .flatten()
                };
                let associations: Vec<String> = found.iter().filter_map(of_gone).collect();
                let call = ec2(cx.api).disassociate_nat_gateway_address().nat_gateway_id(id);
                call.set_association_ids(Some(associations)).send().await.api()?;
            }
            if !new.is_empty() {
                let call = ec2(cx.api).associate_nat_gateway_address().nat_gateway_id(id).set_allocation_ids(Some(new));
                call.set_private_ip_addresses(want.secondary_private_ip_addresses.clone()).send().await.api()?;
            }
        } else if changed.has(Self::SECONDARY_PRIVATE_IP_ADDRESSES) && want.connectivity_type == "private" {
            let (gone, new) =
                difference(prior.secondary_private_ip_addresses.as_ref(), want.secondary_private_ip_addresses.as_ref());
            if !gone.is_empty() {
                let call = ec2(cx.api).unassign_private_nat_gateway_address().nat_gateway_id(id);
                call.set_private_ip_addresses(Some(gone)).send().await.api()?;
            }
            if !new.is_empty() {
                let call = ec2(cx.api).assign_private_nat_gateway_address().nat_gateway_id(id);
                call.set_private_ip_addresses(Some(new)).send().await.api()?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        ec2(cx.api).delete_nat_gateway().nat_gateway_id(&prior.id).send().await.api()?;
        cx.wait("the NAT gateway to be deleted", Pace::SLOW, || async {
            match find(cx.api, &prior.id).await? {
                Some(g) if g.state != Some(NatGatewayState::Deleted) => Ok(Seen::Pending("deleting".into())),
                _ => Ok(Seen::Ready(())),
            }
        })
        .await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let refused = match edit.planned(Self::CONNECTIVITY_TYPE).as_str() {
            Some("private") => [Self::ALLOCATION_ID, Self::SECONDARY_ALLOCATION_IDS]
                .into_iter()
                .find(|name| !edit.config(*name).is_unknown() && !is_zero(edit.config(*name)))
                .map(|name| (name, "private")),
            Some("public") => Some((Self::SECONDARY_PRIVATE_IP_ADDRESS_COUNT, "public"))
                .filter(|(name, _)| edit.config(*name).as_number().is_some()),
            _ => None,
        };
        if edit.planned(Self::CONNECTIVITY_TYPE).as_str() == Some("private")
            && edit.changes(Self::SECONDARY_PRIVATE_IP_ADDRESSES)
            && edit.config(Self::SECONDARY_PRIVATE_IP_ADDRESS_COUNT).is_null()
        {
            edit.set_unknown(Self::SECONDARY_PRIVATE_IP_ADDRESS_COUNT);
        }
        if let Some((name, kind)) = refused {
            edit.refuse(name, format!("{} is not supported with connectivity_type = {kind:?}", name.0));
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }
}

/// A deleted gateway stays visible for an hour.
fn alive(g: &Found) -> bool {
    !matches!(g.state, Some(NatGatewayState::Deleted | NatGatewayState::Deleting))
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Found>, Error> {
    let found = ec2(aws).describe_nat_gateways().filter(filter("nat-gateway-id", [id])).send().await.api()?;
    Ok(found.nat_gateways.unwrap_or_default().into_iter().next())
}

/// What is to go and what is to come.
fn difference(prior: Option<&Set<String>>, want: Option<&Set<String>>) -> (Vec<String>, Vec<String>) {
    let (prior, want) = (prior.cloned().unwrap_or_default(), want.cloned().unwrap_or_default());
    let gone = prior.iter().filter(|x| !want.contains(x)).cloned().collect();
    (gone, want.into_iter().filter(|x| !prior.contains(x)).collect())
}
