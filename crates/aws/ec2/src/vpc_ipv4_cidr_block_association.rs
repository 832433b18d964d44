//! `aws_vpc_ipv4_cidr_block_association`

use aws_sdk_ec2::types::{VpcCidrBlockAssociation as Found, VpcCidrBlockStateCode};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Token, async_trait, checks};

use crate::{ec2, filter};

/// A further IPv4 range of a VPC.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_ipv4_cidr_block_association", timeouts(create = "10m", delete = "10m"))]
pub(crate) struct VpcIpv4CidrBlockAssociation {
    id: Id,
    /// The range, unless it comes from an address pool.
    #[attr(force_new, check = checks::ipv4_cidr)]
    cidr_block: OptComputed<String>,
    /// Address pool that the range comes from.
    #[attr(force_new, carry)]
    ipv4_ipam_pool_id: Option<String>,
    /// Size of the range taken from the pool.
    #[attr(force_new, carry, range(16..=28))]
    ipv4_netmask_length: Option<i64>,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

#[async_trait]
impl Resource for VpcIpv4CidrBlockAssociation {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC IPv4 CIDR Block Association";
    // A VPC has a range once.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .associate_vpc_cidr_block()
            .vpc_id(&want.vpc_id)
            .set_cidr_block(want.cidr_block.clone())
            .set_ipv4_ipam_pool_id(want.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(want.ipv4_netmask_length.filter(|n| *n > 0).map(|n| n as i32))
            .send()
            .await
            .api()?;
        let made = made.cidr_block_association.unwrap_or_else(|| Found::builder().build());
        Ok(Self { id: made.association_id.unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the range to be associated", Pace::QUICK, || async {
            let state = made.state(cx).await?;
            match state.as_deref() {
                Some("associated") => Ok(Seen::Ready(())),
                Some("failed" | "failing") => Err(Error::other(format!("the association is {state:?}"))),
                _ => Ok(Seen::Pending(state.unwrap_or_default())),
            }
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|k| k.id.clone());
        let vpcs = ec2(cx.api).describe_vpcs().filters(filter("cidr-block-association.association-id", ids));
        let vpcs = vpcs.into_paginator().items().send().try_collect().await.api()?;
        let all = vpcs.into_iter().flat_map(|v| {
            let vpc_id = v.vpc_id.unwrap_or_default();
            v.cidr_block_association_set.unwrap_or_default().into_iter().map(move |a| (vpc_id.clone(), a))
        });
        let found = all.filter(|(_, a)| !gone(a)).filter_map(|(vpc_id, a)| {
            let id = a.association_id?;
            let (ipv4_ipam_pool_id, ipv4_netmask_length) = (None, None);
            let object =
                Self { id: id.clone(), cidr_block: a.cidr_block, ipv4_ipam_pool_id, ipv4_netmask_length, vpc_id };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, found))
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Subnets that were just deleted may be in the way for a moment.
        cx.retry_on(&["InvalidCidrBlock.InUse", "DependencyViolation"], cx.remaining(), || async {
            ec2(cx.api).disassociate_vpc_cidr_block().association_id(&prior.id).send().await.api().map(drop)
        })
        .await?;
        cx.wait("the range to be gone", Pace::QUICK, || async {
            let state = prior.state(cx).await?;
            Ok(match state.as_deref() {
                None | Some("disassociated") => Seen::Ready(()),
                Some(state) => Seen::Pending(state.to_owned()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let Some(cidr) = want.cidr_block.as_deref().filter(|c| !c.is_empty()) else {
            return Err(Error::new(
                sdt_provider::Class::Unclear,
                "",
                "nothing tells which range was taken from the address pool",
            ));
        };
        let found = ec2(cx.api).describe_vpcs().filters(filter("vpc-id", [&want.vpc_id])).send().await.api()?;
        let mut all = found.vpcs().iter().flat_map(|v| v.cidr_block_association_set());
        let ours = all.find(|a| !gone(a) && a.cidr_block() == Some(cidr));
        Ok(ours.and_then(|a| a.association_id.clone()).map(|id| Self { id, ..want.clone() }))
    }
}

fn gone(a: &Found) -> bool {
    let state = a.cidr_block_state().and_then(|s| s.state());
    matches!(state, Some(VpcCidrBlockStateCode::Disassociated | VpcCidrBlockStateCode::Disassociating))
}

impl VpcIpv4CidrBlockAssociation {
    async fn state(&self, cx: &Cx<'_, Aws>) -> Result<Option<String>, Error> {
        let call = ec2(cx.api).describe_vpcs().filters(filter("vpc-id", [&self.vpc_id]));
        let found = call.send().await.api()?;
        let mut all = found.vpcs().iter().flat_map(|v| v.cidr_block_association_set());
        let found = all.find(|a| a.association_id() == Some(&self.id));
        Ok(found.and_then(|a| a.cidr_block_state()).and_then(|s| s.state()).map(|s| s.as_str().to_owned()))
    }
}
