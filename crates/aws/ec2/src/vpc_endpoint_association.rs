//! `aws_vpc_endpoint_route_table_association`, `aws_vpc_endpoint_subnet_association`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Changes, Cx, Error, Id, Name, Pace, Resource, Seen, Token, Value, async_trait};

use crate::ec2;
use crate::vpc_endpoint::{find, settled};

/// Neither has an id of its own; the public provider makes this one up.
fn name(endpoint: &str, other: &str) -> String {
    format!("a-{endpoint}{}", crc32fast::hash(other.as_bytes()))
}

/// Defines the type that adds one thing to an endpoint.
macro_rules! association {
    (
        $(#[$meta:meta])* $name:ident { $(#[$doc:meta])* $field:ident, $constant:ident },
        $human:literal, $list:ident, $add:ident, $remove:ident, $form:literal
    ) => {
        $(#[$meta])*
        pub(crate) struct $name {
            id: Id,
            $(#[$doc])*
            #[attr(force_new)]
            $field: String,
            /// The endpoint.
            #[attr(force_new)]
            vpc_endpoint_id: String,
        }

        #[async_trait]
        impl Resource for $name {
            type Api = Aws;
            const HUMAN: &'static str = $human;
            const TOKEN: Token = Token::Name;

            async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
                let call = ec2(cx.api).modify_vpc_endpoint().vpc_endpoint_id(&want.vpc_endpoint_id);
                call.$add(&want.$field).send().await.api()?;
                Ok(Self { id: name(&want.vpc_endpoint_id, &want.$field), ..want })
            }

            async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
                cx.wait("the endpoint to have it", Pace::QUICK, || async {
                    let found = find(cx, [made.vpc_endpoint_id.clone()]).await?.pop();
                    let done = found.is_some_and(|e| e.$list().contains(&made.$field));
                    Ok(if done { Seen::Ready(()) } else { Seen::Pending(String::new()) })
                })
                .await?;
                settled(cx, &made.vpc_endpoint_id).await.map(drop)
            }

            async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
                let found = find(cx, known.iter().map(|k| k.vpc_endpoint_id.clone())).await?;
                let read = |k: &Self| {
                    let endpoint = found.iter().find(|e| e.vpc_endpoint_id() == Some(&k.vpc_endpoint_id))?;
                    let there = endpoint.$list().contains(&k.$field);
                    there.then(|| Self { id: name(&k.vpc_endpoint_id, &k.$field), ..k.clone() })
                };
                Ok(known.iter().map(read).collect())
            }

            async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
                Ok(())
            }

            async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
                let call = ec2(cx.api).modify_vpc_endpoint().vpc_endpoint_id(&prior.vpc_endpoint_id);
                call.$remove(&prior.$field).send().await.api()?;
                cx.wait("the endpoint to lose it", Pace::QUICK, || async {
                    let found = find(cx, [prior.vpc_endpoint_id.clone()]).await?.pop();
                    let done = found.is_none_or(|e| !e.$list().contains(&prior.$field));
                    Ok(if done { Seen::Ready(()) } else { Seen::Pending(String::new()) })
                })
                .await
            }

            async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
                Ok(Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten())
            }

            fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
                let parts = id.split_once('/').filter(|(a, b)| !a.is_empty() && !b.is_empty());
                let (endpoint, other) = parts.ok_or_else(|| $form.to_owned())?;
                Ok(vec![
                    (Self::ID, Value::string(name(endpoint, other))),
                    (Self::VPC_ENDPOINT_ID, Value::string(endpoint)),
                    (Self::$constant, Value::string(other)),
                ])
            }
        }
    };
}

association!(
    /// Leads a route table to a gateway endpoint.
    #[derive(Clone, Resource)]
    #[resource(name = "aws_vpc_endpoint_route_table_association")]
    RouteTableAssociation {
        /// The route table.
        route_table_id, ROUTE_TABLE_ID
    },
    "EC2 VPC Endpoint Route Table Association",
    route_table_ids,
    add_route_table_ids,
    remove_route_table_ids,
    "vpc-endpoint-id/route-table-id"
);

association!(
    /// Gives an interface endpoint an interface in a subnet.
    #[derive(Clone, Resource)]
    #[resource(name = "aws_vpc_endpoint_subnet_association", timeouts(create = "10m", delete = "10m"))]
    SubnetAssociation {
        /// The subnet.
        subnet_id, SUBNET_ID
    },
    "EC2 VPC Endpoint Subnet Association",
    subnet_ids,
    add_subnet_ids,
    remove_subnet_ids,
    "vpc-endpoint-id/subnet-id"
);
