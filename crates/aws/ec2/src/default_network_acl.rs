//! `aws_default_network_acl`

use sdt_aws_core::{Aws, in_order};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, Resource, Set, Tags, Token, Value, async_trait};

use crate::acl::{self, AclRule};
use crate::{shared, tags};

/// The ACL that a VPC is made with, taken over: its rules become those given here. It cannot be deleted; a destroy only forgets it.
#[derive(Clone, Resource)]
#[resource(name = "aws_default_network_acl")]
pub(crate) struct DefaultNetworkAcl {
    id: Id,
    /// ARN of the ACL.
    arn: Computed<String>,
    /// The ACL.
    #[attr(force_new)]
    default_network_acl_id: String,
    /// Rules for traffic that leaves.
    egress: Set<AclRule>,
    /// Rules for traffic that comes in.
    ingress: Set<AclRule>,
    /// Account that owns the ACL.
    owner_id: Computed<String>,
    /// Subnets that have this ACL. They only leave it by getting another.
    subnet_ids: Option<Set<String>>,
    /// Tags of the ACL.
    tags: Tags,
    /// The VPC.
    vpc_id: Computed<String>,
}

#[async_trait]
impl Resource for DefaultNetworkAcl {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Default Network ACL";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let there = acl::find(cx, &want.default_network_acl_id).await?;
        if there.is_default != Some(true) {
            let message = format!("{} is not the default network ACL of its VPC", want.default_network_acl_id);
            return Err(Error::new(sdt_provider::Class::Invalid, "", message));
        }
        Ok(Self { id: want.default_network_acl_id.clone(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let there = acl::find(cx, &made.id).await?;
        acl::change_rules(cx, &there, true, &made.egress).await?;
        acl::change_rules(cx, &there, false, &made.ingress).await?;
        for subnet in made.subnet_ids.iter().flatten() {
            acl::associate(cx, &made.id, subnet).await?;
        }
        tags::update(cx.api, &made.id, &tags::read(there.tags), &made.tags).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = shared::network_acls(cx, known.iter().map(|k| k.id.clone())).await?;
        let objects = found.into_iter().filter_map(|a| {
            let id = a.network_acl_id.clone()?;
            let owner = a.owner_id.clone().unwrap_or_default();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("network-acl/{id}"))),
                default_network_acl_id: id.clone(),
                egress: acl::rules(&a, true),
                ingress: acl::rules(&a, false),
                owner_id: Some(owner),
                subnet_ids: Some(acl::subnets(&a)),
                tags: tags::read(a.tags),
                vpc_id: a.vpc_id,
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::EGRESS, Self::INGRESS]) {
            let there = acl::find(cx, &prior.id).await?;
            acl::change_rules(cx, &there, true, &want.egress).await?;
            acl::change_rules(cx, &there, false, &want.ingress).await?;
        }
        for subnet in want.subnet_ids.iter().flatten() {
            if !prior.subnet_ids.iter().flatten().any(|p| p == subnet) {
                acl::associate(cx, &prior.id, subnet).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(_cx: &Cx<'_, Aws>, _prior: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(_cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(Some(Self { id: want.default_network_acl_id.clone(), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::DEFAULT_NETWORK_ACL_ID, Value::string(id))])
    }
}
