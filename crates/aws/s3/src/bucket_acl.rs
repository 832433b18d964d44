//! `aws_s3_bucket_acl`

use aws_sdk_s3::types as api;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Resource, Set, Token, Value, async_trait, checks,
};

use crate::s3;
use crate::shared::{VISIBLE_WITHIN, build};

/// The list of who may do what with a bucket.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_acl")]
pub(crate) struct BucketAcl {
    id: Id,
    /// The grants, one by one.
    #[attr(exactly_one_of(access_control_policy, acl))]
    access_control_policy: OptComputed<AccessControlPolicy>,
    /// A canned list.
    #[attr(
        one_of(
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "log-delivery-write"
        ),
        invalidates(access_control_policy),
        exactly_one_of(access_control_policy, acl),
        carry,
        keep_null
    )]
    acl: Option<String>,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: Option<String>,
}

/// The grants, one by one.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AccessControlPolicy {
    /// A grant.
    grant: Set<Grant>,
    /// Account that owns it.
    owner: Owner,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Grant {
    /// Who it is for.
    grantee: Option<Grantee>,
    /// What it allows.
    #[attr(one_of("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"))]
    permission: String,
}

/// Account that owns it.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Owner {
    /// Name that people see.
    display_name: OptComputed<String>,
    /// Its id.
    id: String,
}

/// Who it is for.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Grantee {
    /// Name that people see.
    display_name: Computed<String>,
    /// E-mail address of an account.
    #[attr(default = "")]
    email_address: Option<String>,
    /// Its id.
    #[attr(default = "")]
    id: Option<String>,
    /// Its kind.
    #[attr(one_of("CanonicalUser", "AmazonCustomerByEmail", "Group"))]
    r#type: String,
    /// URI of a group.
    #[attr(default = "")]
    uri: Option<String>,
}

#[async_trait]
impl Resource for BucketAcl {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket ACL";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        // Ownership controls that were just set may still forbid lists.
        let codes = ["NoSuchBucket", "AccessControlListNotSupported"];
        cx.retry_on(&codes, VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: want.identity(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let call = s3(cx.api).get_bucket_acl().bucket(&k.bucket);
            let found = call.set_expected_bucket_owner(k.expected_bucket_owner.clone()).send().await.api()?;
            let owner = found.owner.unwrap_or_else(|| api::Owner::builder().build());
            let policy = AccessControlPolicy {
                grant: found.grants.into_iter().flatten().map(Grant::seen).collect(),
                owner: Owner { display_name: owner.display_name, id: owner.id.unwrap_or_default() },
            };
            // A canned list reads back as its grants.
            Ok(Some(Self { access_control_policy: Some(policy), id: k.identity(), ..k }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    /// A bucket always has a list: the one that is there stays, as users of the public provider know it.
    async fn delete(_cx: &Cx<'_, Aws>, _prior: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        // Setting the list again is harmless.
        Self::create(cx, want.clone()).await.map(Some)
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let known = |a: &str| a.contains('-') || a == "private";
        let parts: Vec<&str> = id.split(',').collect();
        let owner = |account: &str| (Self::EXPECTED_BUCKET_OWNER, Value::string(account));
        let acl = |acl: &str| (Self::ACL, Value::string(acl));
        match parts[..] {
            [bucket] if !bucket.is_empty() => Ok(vec![(Self::BUCKET, Value::string(bucket))]),
            [bucket, second] if !bucket.is_empty() => {
                Ok(vec![(Self::BUCKET, Value::string(bucket)), if known(second) { acl(second) } else { owner(second) }])
            }
            [bucket, account, list] if !bucket.is_empty() => {
                Ok(vec![(Self::BUCKET, Value::string(bucket)), owner(account), acl(list)])
            }
            _ => Err("BUCKET[,EXPECTED_BUCKET_OWNER][,ACL]".into()),
        }
    }
}

impl BucketAcl {
    fn identity(&self) -> String {
        let parts = [Some(&self.bucket), self.expected_bucket_owner.as_ref(), self.acl.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).filter(|p| !p.is_empty()).collect();
        parts.join(",")
    }

    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let call = s3(cx.api).put_bucket_acl().bucket(&self.bucket);
        let call = call.set_expected_bucket_owner(self.expected_bucket_owner.clone());
        let call = match (&self.acl, &self.access_control_policy) {
            (Some(acl), _) => call.acl(api::BucketCannedAcl::from(acl.as_str())),
            (None, Some(policy)) => call.access_control_policy(policy.request()?),
            (None, None) => return Ok(()),
        };
        call.send().await.api().map(drop)
    }
}

impl AccessControlPolicy {
    fn request(&self) -> Result<api::AccessControlPolicy, Error> {
        let owner = api::Owner::builder().id(&self.owner.id).set_display_name(self.owner.display_name.clone()).build();
        let grants = self.grant.iter().map(Grant::request).collect::<Result<_, _>>()?;
        Ok(api::AccessControlPolicy::builder().owner(owner).set_grants(Some(grants)).build())
    }
}

impl Grant {
    fn request(&self) -> Result<api::Grant, Error> {
        let grantee = self.grantee.as_ref().map(|g| {
            api::Grantee::builder()
                .r#type(api::Type::from(g.r#type.as_str()))
                .set_id(g.id.clone())
                .set_email_address(g.email_address.clone())
                .set_uri(g.uri.clone())
                .build()
                .map_err(build)
        });
        let permission = api::Permission::from(self.permission.as_str());
        Ok(api::Grant::builder().set_grantee(grantee.transpose()?).permission(permission).build())
    }

    fn seen(g: api::Grant) -> Self {
        Self {
            grantee: g.grantee.map(|g| Grantee {
                display_name: g.display_name,
                email_address: g.email_address,
                id: g.id,
                r#type: g.r#type.as_str().to_owned(),
                uri: g.uri,
            }),
            permission: g.permission.map(|p| p.as_str().to_owned()).unwrap_or_default(),
        }
    }
}
