//! `aws_route_table_association`

use aws_sdk_ec2::types::{RouteTable, RouteTableAssociation as Found, RouteTableAssociationStateCode};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Cx, Error, Id, Name, Pace, Resource, Seen, Token, Value, async_trait};

use crate::{ec2, filter, shared};

/// Gives a subnet or gateway its route table.
#[derive(Clone, Resource)]
#[resource(name = "aws_route_table_association", timeouts(create = "5m", delete = "5m", update = "2m"))]
pub(crate) struct RouteTableAssociation {
    id: Id,
    /// The gateway.
    #[attr(force_new, exactly_one_of(gateway_id, subnet_id))]
    gateway_id: Option<String>,
    /// The route table.
    route_table_id: String,
    /// The subnet.
    #[attr(force_new, exactly_one_of(gateway_id, subnet_id))]
    subnet_id: Option<String>,
}

#[async_trait]
impl Resource for RouteTableAssociation {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Route Table Association";
    // A subnet or gateway has at most one.
    const TOKEN: Token = Token::Name;
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let limit = std::time::Duration::from_secs(5 * 60);
        let made = cx
            .retry_on(&["InvalidRouteTableID.NotFound"], limit, || async {
                ec2(cx.api)
                    .associate_route_table()
                    .route_table_id(&want.route_table_id)
                    .set_subnet_id(want.subnet_id.clone())
                    .set_gateway_id(want.gateway_id.clone())
                    .send()
                    .await
                    .api()
            })
            .await?;
        Ok(Self { id: made.association_id.unwrap_or_default(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.wait(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // By what is associated, not by id: an association led to another table behind our back has a new id.
        let found = associations(cx, known).await?;
        let gone = |a: &Found| {
            let state = a.association_state().and_then(|s| s.state());
            matches!(
                state,
                Some(RouteTableAssociationStateCode::Disassociated | RouteTableAssociationStateCode::Disassociating)
            )
        };
        Ok(known
            .iter()
            .map(|k| {
                let of = |a: &&Found| {
                    (k.subnet_id.is_some() && a.subnet_id == k.subnet_id)
                        || (k.gateway_id.is_some() && a.gateway_id == k.gateway_id)
                        || (k.subnet_id.is_none()
                            && k.gateway_id.is_none()
                            && a.route_table_association_id() == Some(&k.id))
                };
                let a = found.iter().filter(|a| !gone(a)).find(of)?;
                Some(Self {
                    id: a.route_table_association_id.clone()?,
                    gateway_id: a.gateway_id.clone(),
                    route_table_id: a.route_table_id.clone().unwrap_or_default(),
                    subnet_id: a.subnet_id.clone(),
                })
            })
            .collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        let call = ec2(cx.api).replace_route_table_association().association_id(&prior.id);
        call.route_table_id(&want.route_table_id).send().await.api()?;
        want.wait(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        ec2(cx.api).disassociate_route_table().association_id(&prior.id).send().await.api()?;
        cx.wait("the association to end", Pace::QUICK, || async {
            let found = Self::read_many(cx, std::slice::from_ref(prior)).await?.pop().flatten();
            Ok(if found.is_none_or(|f| f.id != prior.id) { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.filter(|f| f.route_table_id == want.route_table_id))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let form = || "subnet-id/route-table-id or gateway-id/route-table-id".to_owned();
        let (target, table) = id.split_once('/').filter(|(a, b)| !a.is_empty() && !b.is_empty()).ok_or_else(form)?;
        let name = if target.starts_with("subnet-") { Self::SUBNET_ID } else { Self::GATEWAY_ID };
        Ok(vec![(name, Value::string(target)), (Self::ROUTE_TABLE_ID, Value::string(table))])
    }
}

impl RouteTableAssociation {
    async fn wait(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the association to take effect", Pace::QUICK, || async {
            let found = Self::read_many(cx, std::slice::from_ref(self)).await?.pop().flatten();
            let done = found.is_some_and(|f| f.route_table_id == self.route_table_id);
            Ok(if done { Seen::Ready(()) } else { Seen::Pending("associating".into()) })
        })
        .await
    }
}

/// Every association that may be one of the known ones.
async fn associations(cx: &Cx<'_, Aws>, known: &[RouteTableAssociation]) -> Result<Vec<Found>, Error> {
    let all = shared::all_route_tables(cx).await?.unwrap_or_default();
    let seen: Vec<Found> = all.iter().flat_map(|t| t.associations().to_vec()).collect();
    let missing = |k: &&RouteTableAssociation| match (&k.subnet_id, &k.gateway_id) {
        (Some(subnet), _) => !seen.iter().any(|a| a.subnet_id() == Some(subnet)),
        (_, Some(gateway)) => !seen.iter().any(|a| a.gateway_id() == Some(gateway)),
        _ => !seen.iter().any(|a| a.route_table_association_id() == Some(&k.id)),
    };
    let known: Vec<&RouteTableAssociation> = known.iter().filter(missing).collect();
    if known.is_empty() {
        return Ok(seen);
    }
    let subnets: Vec<String> = known.iter().filter_map(|k| k.subnet_id.clone()).collect();
    let other = |k: &&&RouteTableAssociation| k.subnet_id.is_none();
    let mut tables: Vec<RouteTable> = Vec::new();
    if !subnets.is_empty() {
        let call = ec2(cx.api).describe_route_tables().filters(filter("association.subnet-id", subnets));
        tables.extend(call.into_paginator().items().send().try_collect().await.api()?);
    }
    if known.iter().any(|k| other(&k)) {
        let ids = known.iter().filter(other).map(|k| k.route_table_id.clone());
        let call = ec2(cx.api).describe_route_tables().filters(filter("route-table-id", ids));
        tables.extend(call.into_paginator().items().send().try_collect().await.api()?);
    }
    Ok(seen.into_iter().chain(tables.into_iter().flat_map(|t| t.associations.unwrap_or_default())).collect())
}
