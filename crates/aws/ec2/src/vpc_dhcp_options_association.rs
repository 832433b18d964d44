//! `aws_vpc_dhcp_options_association`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait};

use crate::{ec2, filter};

/// Gives a VPC its DHCP options; a destroy leaves it without.
#[derive(Clone, Resource)]
#[resource(name = "aws_vpc_dhcp_options_association")]
pub(crate) struct VpcDhcpOptionsAssociation {
    id: Id,
    /// The options.
    dhcp_options_id: String,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

#[async_trait]
impl Resource for VpcDhcpOptionsAssociation {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 VPC DHCP Options Set Association";
    // A VPC has at most one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.associate(cx).await?;
        Ok(Self { id: want.name(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|k| k.vpc_id.clone());
        let vpcs = ec2(cx.api).describe_vpcs().filters(filter("vpc-id", ids)).into_paginator().items().send();
        let vpcs = vpcs.try_collect().await.api()?;
        let read = |k: &Self| {
            let vpc = vpcs.iter().find(|v| v.vpc_id() == Some(&k.vpc_id))?;
            let options = vpc.dhcp_options_id.clone()?;
            // After an import only the VPC is known; other options are another association.
            let ours = k.dhcp_options_id.is_empty() || k.dhcp_options_id == options;
            let found = Self { dhcp_options_id: options, ..k.clone() };
            ours.then(|| Self { id: found.name(), ..found })
        };
        Ok(known.iter().map(read).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        Self { vpc_id: prior.vpc_id.clone(), ..want.clone() }.associate(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        Self { dhcp_options_id: "default".to_owned(), ..prior.clone() }.associate(cx).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten())
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        if id.starts_with("vpc-") { Ok(vec![(Self::VPC_ID, Value::string(id))]) } else { Err("vpc-id".to_owned()) }
    }
}

impl VpcDhcpOptionsAssociation {
    fn name(&self) -> String {
        format!("{}-{}", self.dhcp_options_id, self.vpc_id)
    }

    async fn associate(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let call = ec2(cx.api).associate_dhcp_options().dhcp_options_id(&self.dhcp_options_id).vpc_id(&self.vpc_id);
        call.send().await.api().map(drop)
    }
}
