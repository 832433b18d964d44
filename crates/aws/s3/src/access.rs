//! Who may do what with a bucket: canned ACLs, grants and the policy.

use aws_sdk_s3::types as t;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Cx, Error, Set};

use crate::s3;
use crate::shared::{VISIBLE_WITHIN, absent, build};

/// What one grantee may do.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Grant {
    /// Canonical id of an account.
    #[attr(default = "")]
    id: Option<String>,
    /// What it may do.
    #[attr(one_of("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"))]
    permissions: Set<String>,
    /// Kind of grantee.
    #[attr(one_of("CanonicalUser", "Group"))]
    r#type: String,
    /// URI of a group.
    #[attr(default = "")]
    uri: Option<String>,
}

/// The grants of a bucket, one for each grantee.
pub(crate) async fn grants(aws: &Aws, bucket: &str) -> Result<Vec<Grant>, Error> {
    let answer = absent(s3(aws).get_bucket_acl().bucket(bucket).send().await.api())?;
    let mut out: Vec<Grant> = Vec::new();
    for grant in answer.iter().flat_map(|a| a.grants()) {
        let (Some(grantee), Some(permission)) = (grant.grantee(), grant.permission()) else { continue };
        let permission = permission.as_str().to_owned();
        let (id, uri) = (grantee.id().map(str::to_owned), grantee.uri().map(str::to_owned));
        match out.iter_mut().find(|g| g.id == id && g.uri == uri) {
            Some(known) => known.permissions.push(permission),
            None => {
                out.push(Grant { id, permissions: vec![permission], r#type: grantee.r#type().as_str().to_owned(), uri })
            }
        }
    }
    Ok(out)
}

/// Sets the grants; the owner stays.
pub(crate) async fn put_grants(aws: &Aws, bucket: &str, wanted: &[Grant]) -> Result<(), Error> {
    let owner = s3(aws).get_bucket_acl().bucket(bucket).send().await.api()?.owner;
    let mut grants = Vec::new();
    for grant in wanted {
        let set = |s: Option<&String>| s.filter(|s| !s.is_empty()).cloned();
        let grantee = t::Grantee::builder()
            .r#type(t::Type::from(grant.r#type.as_str()))
            .set_id(set(grant.id.as_ref()))
            .set_uri(set(grant.uri.as_ref()))
            .build()
            .map_err(build)?;
        grants.extend(
            grant.permissions.iter().map(|p| {
                t::Grant::builder().grantee(grantee.clone()).permission(t::Permission::from(p.as_str())).build()
            }),
        );
    }
    let policy = t::AccessControlPolicy::builder().set_owner(owner).set_grants(Some(grants)).build();
    s3(aws).put_bucket_acl().bucket(bucket).access_control_policy(policy).send().await.api().map(drop)
}

/// Sets a canned ACL.
pub(crate) async fn put_acl(aws: &Aws, bucket: &str, acl: &str) -> Result<(), Error> {
    s3(aws).put_bucket_acl().bucket(bucket).acl(t::BucketCannedAcl::from(acl)).send().await.api().map(drop)
}

/// The policy, `None` when there is none.
pub(crate) async fn policy(aws: &Aws, bucket: &str) -> Result<Option<String>, Error> {
    Ok(absent(s3(aws).get_bucket_policy().bucket(bucket).send().await.api())?.and_then(|a| a.policy))
}

/// Sets the policy, an empty one removes it.
pub(crate) async fn put_policy(cx: &Cx<'_, Aws>, bucket: &str, policy: Option<&str>) -> Result<(), Error> {
    let Some(policy) = policy.filter(|p| !p.is_empty() && p.trim() != "{}") else {
        return s3(cx.api).delete_bucket_policy().bucket(bucket).send().await.api().map(drop);
    };
    // A role that the policy names may not be visible to S3 yet.
    cx.retry_on(&["MalformedPolicy", "NoSuchBucket"], VISIBLE_WITHIN, || async {
        s3(cx.api).put_bucket_policy().bucket(bucket).policy(policy).send().await.api().map(drop)
    })
    .await
}
