//! `aws_network_acl_association`

use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Changes, Cx, Error, Id, Resource, Token, async_trait};

use crate::{acl, ec2, filter, shared};

/// Gives a subnet its network ACL; without it the subnet has the VPC's own again.
#[derive(Clone, Resource)]
#[resource(name = "aws_network_acl_association")]
pub(crate) struct NetworkAclAssociation {
    id: Id,
    /// The ACL.
    #[attr(force_new)]
    network_acl_id: String,
    /// The subnet.
    #[attr(force_new)]
    subnet_id: String,
}

#[async_trait]
impl Resource for NetworkAclAssociation {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Network ACL Association";
    // A subnet always has exactly one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        Ok(Self { id: acl::associate(cx, &want.network_acl_id, &want.subnet_id).await?, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut acls = shared::all_network_acls(cx).await?.unwrap_or_default().to_vec();
        let seen: Vec<&str> =
            acls.iter().flat_map(|a| a.associations()).filter_map(|a| a.network_acl_association_id()).collect();
        let missing: Vec<String> =
            known.iter().map(|k| k.id.clone()).filter(|id| !seen.contains(&id.as_str())).collect();
        if !missing.is_empty() {
            let found = ec2(cx.api).describe_network_acls().filters(filter("association.association-id", missing));
            acls.extend(found.into_paginator().items().send().try_collect().await.api()?);
        }
        let found = acls.iter().flat_map(|a| a.associations()).filter_map(|a| {
            let id = a.network_acl_association_id.clone()?;
            let object =
                Self { id: id.clone(), network_acl_id: a.network_acl_id.clone()?, subnet_id: a.subnet_id.clone()? };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, found))
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let Some(there) = Self::read_many(cx, std::slice::from_ref(prior)).await?.pop().flatten() else {
            return Ok(());
        };
        let vpc = acl::find(cx, &there.network_acl_id).await?.vpc_id.unwrap_or_default();
        acl::release(cx, &vpc, &[there.subnet_id]).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let call = ec2(cx.api).describe_network_acls().filters(filter("association.subnet-id", [&want.subnet_id]));
        let found = call.send().await.api()?;
        let all = found.network_acls().iter().flat_map(|a| a.associations());
        let mut ours =
            all.filter(|a| a.subnet_id() == Some(&want.subnet_id) && a.network_acl_id() == Some(&want.network_acl_id));
        Ok(ours.next().and_then(|a| a.network_acl_association_id.clone()).map(|id| Self { id, ..want.clone() }))
    }
}
