//! `aws_network_acl`

use aws_sdk_ec2::types::ResourceType;
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Set, Tags, Token, async_trait,
};

use crate::acl::{self, AclRule};
use crate::{ec2, shared, tags};

/// Rules for the traffic of subnets, without memory of connections. Rules may be given here or as `aws_network_acl_rule`, but not both
/// ways for one ACL.
#[derive(Clone, Resource)]
#[resource(name = "aws_network_acl")]
pub(crate) struct NetworkAcl {
    id: Id,
    /// ARN of the ACL.
    arn: Computed<String>,
    /// Rules for traffic that leaves.
    #[attr(nested)]
    egress: OptComputed<Set<AclRule>>,
    /// Rules for traffic that comes in.
    #[attr(nested)]
    ingress: OptComputed<Set<AclRule>>,
    /// Account that owns the ACL.
    owner_id: Computed<String>,
    /// Subnets that have this ACL.
    subnet_ids: OptComputed<Set<String>>,
    /// Tags of the ACL.
    tags: Tags,
    /// The VPC.
    #[attr(force_new)]
    vpc_id: String,
}

#[async_trait]
impl Resource for NetworkAcl {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Network ACL";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = ec2(cx.api)
            .create_network_acl()
            .vpc_id(&want.vpc_id)
            .client_token(cx.client_token(""))
            .set_tag_specifications(tags::on_create(ResourceType::NetworkAcl, &want.tags))
            .send()
            .await
            .api()?;
        Ok(Self { id: made.network_acl.and_then(|a| a.network_acl_id).unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let there = cx
            .wait("the network ACL to exist", Pace::QUICK, || async {
                match acl::find(cx, &made.id).await {
                    Err(e) if e.is_not_found() => Ok(Seen::Pending(String::new())),
                    other => other.map(Seen::Ready),
                }
            })
            .await?;
        acl::change_rules(cx, &there, true, made.egress.as_deref().unwrap_or_default()).await?;
        acl::change_rules(cx, &there, false, made.ingress.as_deref().unwrap_or_default()).await?;
        for subnet in made.subnet_ids.iter().flatten() {
            acl::associate(cx, &made.id, subnet).await?;
        }
        Ok(())
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found = shared::network_acls(cx, known.iter().map(|k| k.id.clone())).await?;
        let objects = found.into_iter().filter_map(|a| {
            let id = a.network_acl_id.clone()?;
            let owner = a.owner_id.clone().unwrap_or_default();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &owner, &format!("network-acl/{id}"))),
                egress: Some(acl::rules(&a, true)),
                ingress: Some(acl::rules(&a, false)),
                owner_id: Some(owner),
                subnet_ids: Some(acl::subnets(&a)),
                tags: tags::read(a.tags),
                vpc_id: a.vpc_id.unwrap_or_default(),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::EGRESS, Self::INGRESS]) {
            let there = acl::find(cx, &prior.id).await?;
            if changed.has(Self::EGRESS) {
                acl::change_rules(cx, &there, true, want.egress.as_deref().unwrap_or_default()).await?;
            }
            if changed.has(Self::INGRESS) {
                acl::change_rules(cx, &there, false, want.ingress.as_deref().unwrap_or_default()).await?;
            }
        }
        if changed.has(Self::SUBNET_IDS) {
            let wanted = want.subnet_ids.clone().unwrap_or_default();
            let gone: Vec<String> =
                prior.subnet_ids.iter().flatten().filter(|s| !wanted.contains(s)).cloned().collect();
            acl::release(cx, &prior.vpc_id, &gone).await?;
            for subnet in wanted.iter().filter(|s| !prior.subnet_ids.iter().flatten().any(|p| p == *s)) {
                acl::associate(cx, &prior.id, subnet).await?;
            }
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let there = acl::find(cx, &prior.id).await?;
        acl::release(cx, &prior.vpc_id, &acl::subnets(&there)).await?;
        cx.retry_on(&["DependencyViolation"], cx.remaining(), || async {
            ec2(cx.api).delete_network_acl().network_acl_id(&prior.id).send().await.api().map(drop)
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
