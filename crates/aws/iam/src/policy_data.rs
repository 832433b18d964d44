//! Data source `aws_iam_policy`

use aws_sdk_iam::types::PolicyScopeType;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Map, OptComputed, async_trait, checks};

use crate::{decoded, iam};

/// A policy that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_iam_policy")]
pub(crate) struct PolicyData {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    #[attr(check = checks::arn, conflicts_with(name, path_prefix))]
    arn: OptComputed<String>,
    /// Number of identities it is attached to.
    attachment_count: Computed<i32>,
    /// What it is for.
    description: Computed<String>,
    /// Its name.
    #[attr(conflicts_with(arn))]
    name: OptComputed<String>,
    /// Its path.
    path: Computed<String>,
    /// Path prefix.
    #[attr(conflicts_with(arn))]
    path_prefix: Option<String>,
    /// The policy.
    policy: Computed<String>,
    /// Unique id of the policy.
    policy_id: Computed<String>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
}

#[async_trait]
impl DataSource for PolicyData {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Policy";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let client = iam(cx.api);
        let arn = match &query.arn {
            Some(arn) => arn.clone(),
            None => {
                let call =
                    client.list_policies().scope(PolicyScopeType::All).set_path_prefix(query.path_prefix.clone());
                let all: Vec<_> = call.into_paginator().items().send().try_collect().await.api()?;
                let named = |p: &aws_sdk_iam::types::Policy| query.name.is_none() || p.policy_name == query.name;
                let mut found = all.into_iter().filter(named).filter_map(|p| p.arn);
                match (found.next(), found.next()) {
                    (Some(arn), None) => arn,
                    (None, _) => return Err(Error::not_found("no policy has this name")),
                    _ => return Err(Error::other("several policies fit; say the name or the ARN")),
                }
            }
        };
        let Some(policy) = client.get_policy().policy_arn(&arn).send().await.api()?.policy else {
            return Err(Error::not_found(format!("there is no policy {arn}")));
        };
        let version = policy.default_version_id.clone().unwrap_or_default();
        let document = client.get_policy_version().policy_arn(&arn).version_id(version).send().await.api()?;
        let document = document.policy_version.and_then(|v| v.document);
        Ok(Self {
            id: arn.clone(),
            arn: Some(arn),
            attachment_count: policy.attachment_count,
            description: Some(policy.description.unwrap_or_default()),
            name: policy.policy_name,
            path: policy.path,
            path_prefix: query.path_prefix,
            policy: document.map(|d| decoded(&d)),
            policy_id: policy.policy_id,
            tags: Some(policy.tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()),
        })
    }
}
