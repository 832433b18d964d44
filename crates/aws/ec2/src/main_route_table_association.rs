//! `aws_main_route_table_association`

use aws_sdk_ec2::types::RouteTableAssociation;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, Pace, Resource, Seen, Token, Value, async_trait};

use crate::{ec2, filter, shared};

/// Makes a route table the main one of its VPC; a destroy gives the place back to the one before.
#[derive(Clone, Resource)]
#[resource(name = "aws_main_route_table_association", timeouts(create = "5m", delete = "5m", update = "2m"))]
pub(crate) struct MainRouteTableAssociation {
    id: Id,
    /// The main route table before.
    original_route_table_id: Computed<String>,
    /// The main route table.
    route_table_id: String,
    /// The VPC.
    vpc_id: String,
}

#[async_trait]
impl Resource for MainRouteTableAssociation {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Main Route Table Association";
    // A VPC always has exactly one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let there = main_of(cx, &want.vpc_id).await?;
        let id = there.route_table_association_id.clone().unwrap_or_default();
        let original_route_table_id = there.route_table_id.clone();
        let id = replace(cx, &id, &want.route_table_id).await?;
        Ok(Self { id, original_route_table_id, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.wait(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut tables = shared::all_route_tables(cx).await?.unwrap_or_default().to_vec();
        let seen = |vpc: &str| tables.iter().any(|t| t.vpc_id() == Some(vpc));
        let missing: Vec<String> = known.iter().map(|k| k.vpc_id.clone()).filter(|v| !seen(v)).collect();
        if !missing.is_empty() {
            let call = ec2(cx.api).describe_route_tables().filters(filter("association.main", ["true"]));
            let call = call.filters(filter("vpc-id", missing)).into_paginator().items().send();
            tables.extend(call.try_collect().await.api()?);
        }
        let of = |k: &Self| {
            let here = tables.iter().filter(|t| t.vpc_id() == Some(&k.vpc_id));
            let main = here.flat_map(|t| t.associations()).find(|a| a.main() == Some(true))?;
            Some(Self {
                id: main.route_table_association_id.clone()?,
                route_table_id: main.route_table_id.clone()?,
                ..k.clone()
            })
        };
        Ok(known.iter().map(of).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.has(Self::VPC_ID) {
            // As if destroyed here and created there.
            Self::delete(cx, prior).await?;
            let there = main_of(cx, &want.vpc_id).await?;
            let id = there.route_table_association_id.clone().unwrap_or_default();
            replace(cx, &id, &want.route_table_id).await?;
        } else {
            let there = main_of(cx, &prior.vpc_id).await?;
            let id = there.route_table_association_id.clone().unwrap_or_default();
            replace(cx, &id, &want.route_table_id).await?;
        }
        want.wait(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let Some(original) = prior.original_route_table_id.as_ref().filter(|o| !o.is_empty()) else { return Ok(()) };
        let there = match main_of(cx, &prior.vpc_id).await {
            Err(e) if e.is_not_found() => return Ok(()),
            other => other?,
        };
        if there.route_table_id() == Some(original) {
            return Ok(());
        }
        replace(cx, there.route_table_association_id().unwrap_or_default(), original).await?;
        Self { route_table_id: original.clone(), ..prior.clone() }.wait(cx).await
    }

    /// Which table was the main one before cannot be told any more: a destroy then leaves the place as it is.
    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let there = main_of(cx, &want.vpc_id).await?;
        let ours = there.route_table_id() == Some(&want.route_table_id);
        let id = there.route_table_association_id.clone().filter(|_| ours);
        Ok(id.map(|id| Self { id, original_route_table_id: None, ..want.clone() }))
    }

    fn import(_id: &str) -> Result<Vec<(Name, Value)>, String> {
        Err("no kind: this type cannot be imported".to_owned())
    }
}

async fn main_of(cx: &Cx<'_, Aws>, vpc: &str) -> Result<RouteTableAssociation, Error> {
    let call = ec2(cx.api).describe_route_tables().filters(filter("association.main", ["true"]));
    let found = call.filters(filter("vpc-id", [vpc])).send().await.api()?;
    let main = found.route_tables().iter().flat_map(|t| t.associations()).find(|a| a.main() == Some(true)).cloned();
    main.ok_or_else(|| Error::not_found(format!("the VPC {vpc} has no main route table")))
}

async fn replace(cx: &Cx<'_, Aws>, association: &str, table: &str) -> Result<String, Error> {
    let call = ec2(cx.api).replace_route_table_association().association_id(association).route_table_id(table);
    Ok(call.send().await.api()?.new_association_id.unwrap_or_default())
}

impl MainRouteTableAssociation {
    async fn wait(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the main route table to change", Pace::QUICK, || async {
            let there = main_of(cx, &self.vpc_id).await?;
            let done = there.route_table_id() == Some(&self.route_table_id);
            Ok(if done { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }
}
