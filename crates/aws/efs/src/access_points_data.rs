//! Data source `aws_efs_access_points`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait};

use crate::efs;

/// The access points of a file system.
#[derive(Clone, DataSource)]
#[data(name = "aws_efs_access_points")]
pub(crate) struct AccessPointsData {
    #[attr(optional)]
    id: Id,
    /// Arns.
    arns: Computed<Vec<String>>,
    /// The file system.
    #[attr(length(1..))]
    file_system_id: String,
    /// Ids.
    ids: Computed<Vec<String>>,
}

#[async_trait]
impl DataSource for AccessPointsData {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Access Points";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let pages = efs(cx.api).describe_access_points().file_system_id(&query.file_system_id).into_paginator().items();
        let all: Vec<_> = pages.send().try_collect().await.api()?;
        Ok(Self {
            id: query.file_system_id.clone(),
            arns: Some(all.iter().filter_map(|p| p.access_point_arn.clone()).collect()),
            file_system_id: query.file_system_id,
            ids: Some(all.into_iter().filter_map(|p| p.access_point_id).collect()),
        })
    }
}
