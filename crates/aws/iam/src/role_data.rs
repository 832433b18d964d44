//! Data source `aws_iam_role`

use aws_sdk_iam::primitives::DateTimeFormat;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, Map, OptComputed, async_trait};

use crate::{decoded, iam, whole_seconds};

/// A role that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_iam_role", legacy)]
pub(crate) struct RoleData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Assume role policy.
    assume_role_policy: Computed<String>,
    /// When it was made.
    create_date: Computed<String>,
    /// What it is for.
    description: Computed<String>,
    /// Max session duration.
    max_session_duration: Computed<i32>,
    /// Its name.
    name: String,
    /// Its path.
    path: Computed<String>,
    /// Permissions boundary.
    permissions_boundary: Computed<String>,
    /// Role last used.
    role_last_used: Computed<Vec<LastUsed>>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
    /// Its unique id.
    unique_id: Computed<String>,
}

/// Role last used.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct LastUsed {
    /// Last used date.
    last_used_date: Computed<String>,
    /// The region.
    region: Computed<String>,
}

#[async_trait]
impl DataSource for RoleData {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Role";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let answer = iam(cx.api).get_role().role_name(&query.name).send().await.api()?;
        let Some(role) = answer.role else { return Err(Error::not_found(format!("there is no role {}", query.name))) };
        let used = role.role_last_used.map(|u| LastUsed {
            last_used_date: u
                .last_used_date
                .and_then(|d| d.fmt(DateTimeFormat::DateTime).ok())
                .map(|d| whole_seconds(&d)),
            region: u.region,
        });
        Ok(Self {
            id: role.role_name.clone(),
            arn: Some(role.arn),
            assume_role_policy: role.assume_role_policy_document.map(|d| decoded(&d)),
            create_date: role.create_date.fmt(DateTimeFormat::DateTime).ok().map(|d| whole_seconds(&d)),
            description: Some(role.description.unwrap_or_default()),
            max_session_duration: role.max_session_duration,
            name: role.role_name,
            path: Some(role.path),
            permissions_boundary: Some(
                role.permissions_boundary.and_then(|b| b.permissions_boundary_arn).unwrap_or_default(),
            ),
            role_last_used: Some(used.into_iter().collect()),
            tags: Some(role.tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()),
            unique_id: Some(role.role_id),
        })
    }
}
