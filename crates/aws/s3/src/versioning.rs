//! `aws_s3_bucket_versioning`

use aws_sdk_s3::types::{BucketVersioningStatus, MfaDelete, VersioningConfiguration};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Block, Changes, Cx, Error, Id, Name, OptComputed, Pace, Path, PlanEdit, Resource, Seen, Token, Value, async_trait,
    checks, invalid,
};

use crate::s3;
use crate::shared::{self, VISIBLE_WITHIN};

/// Whether a bucket keeps old versions of its objects.
#[derive(Clone, Resource)]
#[resource(name = "aws_s3_bucket_versioning")]
pub(crate) struct Versioning {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: Option<String>,
    /// Serial number of the MFA device, a space, and what it shows: needed once deletion wants MFA.
    #[attr(carry, keep_null)]
    mfa: Option<String>,
    /// What is kept.
    versioning_configuration: Configuration,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Configuration {
    /// Whether deletion of versions wants MFA.
    #[attr(one_of("Enabled", "Disabled"))]
    mfa_delete: OptComputed<String>,
    /// `Disabled` only for buckets that never had versions.
    #[attr(one_of("Enabled", "Suspended", "Disabled"))]
    status: String,
}

#[async_trait]
impl Resource for Versioning {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Versioning";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        if want.versioning_configuration.status != "Disabled" {
            cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx, &want.versioning_configuration)).await?;
        }
        Ok(Self { id: shared::id(&want.bucket, want.expected_bucket_owner.as_deref()), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.in_force(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move { k.read(cx.api).await.map(Some) }).await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        let want = Self { id: prior.id.clone(), ..want.clone() };
        want.put(cx, &want.versioning_configuration).await?;
        want.in_force(cx).await
    }

    /// Versions cannot be given up, only made no more.
    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.versioning_configuration.status == "Disabled" {
            return Ok(());
        }
        prior.put(cx, &Configuration { mfa_delete: None, status: "Suspended".into() }).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        match want.read(cx.api).await {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(found) => Ok((found.versioning_configuration.status == want.versioning_configuration.status)
                .then(|| Self { id: found.id, ..want.clone() })),
        }
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let status = |v: &Value| {
            let first = v.as_items().and_then(|i| i.first().cloned());
            first.and_then(|c| c.get("status").and_then(Value::as_str).map(str::to_owned)).unwrap_or_default()
        };
        let (had, wanted) =
            (status(edit.prior(Self::VERSIONING_CONFIGURATION)), status(edit.planned(Self::VERSIONING_CONFIGURATION)));
        if wanted == "Disabled" && (had == "Enabled" || had == "Suspended") {
            let detail = format!(
                "versioning_configuration.status cannot be updated from '{had}' to 'Disabled': a bucket that had versions can only \
                 be suspended"
            );
            let path = Path::root().attr(Self::VERSIONING_CONFIGURATION.0);
            edit.complaints.push(invalid(path, "Versioning cannot be disabled", detail));
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        shared::import(id, Self::BUCKET, Self::EXPECTED_BUCKET_OWNER)
    }
}

impl Versioning {
    async fn put(&self, cx: &Cx<'_, Aws>, wanted: &Configuration) -> Result<(), Error> {
        let wanted = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::from(wanted.status.as_str()))
            .set_mfa_delete(wanted.mfa_delete.as_deref().map(MfaDelete::from))
            .build();
        let call = s3(cx.api).put_bucket_versioning().bucket(&self.bucket);
        let call = call.set_expected_bucket_owner(self.expected_bucket_owner.clone()).set_mfa(self.mfa.clone());
        call.versioning_configuration(wanted).send().await.api().map(drop)
    }

    async fn read(&self, aws: &Aws) -> Result<Self, Error> {
        let (status, mfa_delete) = get(aws, &self.bucket, self.expected_bucket_owner.clone()).await?;
        Ok(Self {
            id: shared::id(&self.bucket, self.expected_bucket_owner.as_deref()),
            bucket: self.bucket.clone(),
            expected_bucket_owner: self.expected_bucket_owner.clone(),
            mfa: None,
            versioning_configuration: Configuration {
                mfa_delete,
                status: status.unwrap_or_else(|| "Disabled".to_owned()),
            },
        })
    }

    /// Bucket settings are answered late by some of S3's servers.
    async fn in_force(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the bucket's versioning to change", Pace::QUICK, || async {
            let now = self.read(cx.api).await?.versioning_configuration.status;
            Ok(if now == self.versioning_configuration.status { Seen::Ready(()) } else { Seen::Pending(now) })
        })
        .await
    }
}

/// Status and MFA deletion of a bucket, `None` where it never had any.
pub(crate) async fn get(
    aws: &Aws,
    bucket: &str,
    owner: Option<String>,
) -> Result<(Option<String>, Option<String>), Error> {
    let answer = s3(aws).get_bucket_versioning().bucket(bucket).set_expected_bucket_owner(owner).send().await;
    let found = shared::setting(answer)?;
    let status = found.as_ref().and_then(|f| f.status()).map(|s| s.as_str().to_owned());
    let mfa_delete = found.as_ref().and_then(|f| f.mfa_delete()).map(|m| m.as_str().to_owned());
    Ok((status, mfa_delete))
}
