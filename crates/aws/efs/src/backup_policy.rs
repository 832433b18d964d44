//! `aws_efs_backup_policy`

use aws_sdk_efs::types::{BackupPolicy as ApiPolicy, Status};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Block, Changes, Cx, Error, Id, Name, Pace, Resource, Seen, Token, Value, async_trait};

use crate::{efs, part};

/// Whether AWS Backup keeps copies of a file system.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_efs_backup_policy")]
pub(crate) struct BackupPolicy {
    id: Id,
    /// Whether AWS Backup keeps copies.
    backup_policy: Policy,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
}

/// Whether AWS Backup keeps copies.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Policy {
    /// Its state.
    #[attr(one_of("DISABLED", "ENABLED"))]
    status: String,
}

#[async_trait]
impl Resource for BackupPolicy {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Backup Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        put(cx, &want.file_system_id, &want.backup_policy.status).await?;
        Ok(Self { id: want.file_system_id.clone(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        settled(cx, &made.id).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let status = status(cx.api, &k.id).await?;
            Ok(status.map(|s| Self {
                backup_policy: Policy { status: s.as_str().to_owned() },
                file_system_id: k.id.clone(),
                id: k.id,
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        put(cx, &prior.id, &want.backup_policy.status).await?;
        settled(cx, &prior.id).await
    }

    /// A file system always has a policy: it is turned off.
    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        match put(cx, &prior.id, "DISABLED").await {
            Err(e) if e.is_not_found() => Ok(()),
            Err(e) => Err(e),
            Ok(()) => settled(cx, &prior.id).await,
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = status(cx.api, &want.file_system_id).await?;
        let ours = found.is_some_and(|s| s.as_str() == want.backup_policy.status);
        Ok(ours.then(|| Self { id: want.file_system_id.clone(), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::FILE_SYSTEM_ID, Value::string(id))])
    }
}

async fn status(aws: &Aws, system: &str) -> Result<Option<Status>, Error> {
    match efs(aws).describe_backup_policy().file_system_id(system).send().await.api() {
        Err(e) if e.is_not_found() => Ok(None),
        other => Ok(other?.backup_policy.map(|p| p.status)),
    }
}

async fn put(cx: &Cx<'_, Aws>, system: &str, status: &str) -> Result<(), Error> {
    let policy = part(ApiPolicy::builder().status(Status::from(status)).build())?;
    efs(cx.api).put_backup_policy().file_system_id(system).backup_policy(policy).send().await.api().map(drop)
}

async fn settled(cx: &Cx<'_, Aws>, system: &str) -> Result<(), Error> {
    cx.wait("the backup policy", Pace::QUICK, || async {
        Ok(match status(cx.api, system).await? {
            Some(s @ (Status::Enabling | Status::Disabling)) => Seen::Pending(s.as_str().to_owned()),
            _ => Seen::Ready(()),
        })
    })
    .await
}
