//! Data source `aws_db_subnet_group`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Set, async_trait};

use crate::rds;

/// A subnet group of databases that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_db_subnet_group")]
pub(crate) struct SubnetGroupData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// What it is for.
    description: Computed<String>,
    /// Its name.
    name: String,
    /// Its state.
    status: Computed<String>,
    /// Subnet ids.
    subnet_ids: Computed<Set<String>>,
    /// Supported network types.
    supported_network_types: Computed<Set<String>>,
    /// The VPC.
    vpc_id: Computed<String>,
}

#[async_trait]
impl DataSource for SubnetGroupData {
    type Api = Aws;
    const HUMAN: &'static str = "RDS DB Subnet Group";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = rds(cx.api).describe_db_subnet_groups().db_subnet_group_name(&query.name);
        let Some(g) = call.send().await.api()?.db_subnet_groups.unwrap_or_default().into_iter().next() else {
            return Err(Error::not_found(format!("there is no subnet group {}", query.name)));
        };
        Ok(Self {
            id: g.db_subnet_group_name.clone().unwrap_or_default(),
            arn: g.db_subnet_group_arn,
            description: g.db_subnet_group_description,
            name: g.db_subnet_group_name.unwrap_or_default(),
            status: g.subnet_group_status,
            subnet_ids: Some(g.subnets.into_iter().flatten().filter_map(|s| s.subnet_identifier).collect()),
            supported_network_types: Some(g.supported_network_types.unwrap_or_default()),
            vpc_id: g.vpc_id,
        })
    }
}
