//! `aws_default_security_group`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Computed, Cx, Error, Id, OptComputed, Resource, Set, Tags, Token, async_trait};

use crate::security_group::{Rule, SecurityGroup};
use crate::{default_vpc, ec2, filter, tags};

/// The security group that a VPC is made with, taken over: its rules become those given here. It cannot be deleted; a destroy only
/// forgets it.
#[derive(Clone, Resource)]
#[resource(name = "aws_default_security_group", version = 1)]
pub(crate) struct DefaultSecurityGroup {
    id: Id,
    /// ARN of the group.
    arn: Computed<String>,
    /// What the service says the group is for.
    description: Computed<String>,
    /// Rules for traffic that leaves.
    #[attr(nested)]
    egress: OptComputed<Set<Rule>>,
    /// Rules for traffic that comes in.
    #[attr(nested)]
    ingress: OptComputed<Set<Rule>>,
    /// Name of the group.
    name: Computed<String>,
    /// Start of a made up name; never for this group.
    name_prefix: Computed<String>,
    /// Account that owns the group.
    owner_id: Computed<String>,
    /// Has no effect: the group is never deleted.
    #[attr(default = false, carry)]
    revoke_rules_on_delete: Option<bool>,
    /// Tags of the group.
    tags: Tags,
    /// The VPC, the default one when not set.
    #[attr(force_new)]
    vpc_id: OptComputed<String>,
}

#[async_trait]
impl Resource for DefaultSecurityGroup {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Default Security Group";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let gone = || Error::not_found("the VPC has no default security group");
        let vpc_id = match want.vpc_id.clone() {
            Some(id) => Some(id),
            None => default_vpc::find(cx).await?,
        };
        let id = find(cx, vpc_id.as_deref().unwrap_or_default()).await?.ok_or_else(gone)?;
        Ok(Self { id, vpc_id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let want = made.group();
        SecurityGroup::finish(cx, &want).await?;
        let there = crate::security_group::find(cx.api, [made.id.clone()]).await?.pop();
        tags::update(cx.api, &made.id, &tags::read(there.and_then(|g| g.tags)), &made.tags).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let groups: Vec<SecurityGroup> = known.iter().map(Self::group).collect();
        let found = SecurityGroup::read_many(cx, &groups).await?;
        Ok(found.into_iter().map(|g| g.map(Self::seen)).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        SecurityGroup::update(cx, &prior.group(), &want.group(), changed).await
    }

    async fn delete(_cx: &Cx<'_, Aws>, _prior: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Self::create(cx, want.clone()).await.map(Some)
    }
}

async fn find(cx: &Cx<'_, Aws>, vpc: &str) -> Result<Option<String>, Error> {
    let call = ec2(cx.api).describe_security_groups().filters(filter("group-name", ["default"]));
    let found = call.filters(filter("vpc-id", [vpc])).send().await.api()?;
    Ok(found.security_groups().first().and_then(|g| g.group_id.clone()))
}

impl DefaultSecurityGroup {
    /// As a group like any other.
    fn group(&self) -> SecurityGroup {
        let k = self.clone();
        SecurityGroup {
            id: k.id,
            arn: k.arn,
            description: k.description.unwrap_or_default(),
            egress: k.egress,
            ingress: k.ingress,
            name: k.name,
            name_prefix: k.name_prefix,
            owner_id: k.owner_id,
            revoke_rules_on_delete: None,
            tags: k.tags,
            vpc_id: k.vpc_id,
        }
    }

    fn seen(g: SecurityGroup) -> Self {
        Self {
            id: g.id,
            arn: g.arn,
            description: Some(g.description),
            egress: g.egress,
            ingress: g.ingress,
            name: g.name,
            name_prefix: g.name_prefix,
            owner_id: g.owner_id,
            revoke_rules_on_delete: None,
            tags: g.tags,
            vpc_id: g.vpc_id,
        }
    }
}
