//! `aws_efs_access_point`

use std::collections::BTreeSet;

use aws_sdk_efs::types::{
    AccessPointDescription, CreationInfo as ApiCreationInfo, LifeCycleState, PosixUser as ApiPosixUser,
    RootDirectory as ApiRootDirectory,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OptComputed, Pace, Resource, Seen, Set, Tags, Token, async_trait,
};

use crate::{efs, part, tags};

/// An entry into a file system: a folder and the user that clients become.
#[derive(Clone, Resource)]
#[resource(name = "aws_efs_access_point")]
pub(crate) struct AccessPoint {
    id: Id,
    /// ARN of the access point.
    arn: Computed<String>,
    /// ARN of the file system.
    file_system_arn: Computed<String>,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
    /// Account that owns the access point.
    owner_id: Computed<String>,
    /// The user that every client becomes.
    #[attr(force_new)]
    posix_user: Option<PosixUser>,
    /// The folder that clients see as root.
    root_directory: OptComputed<RootDirectory>,
    /// Tags of the access point.
    tags: Tags,
}

/// The user that every client becomes.
#[derive(Clone, Block)]
pub(crate) struct PosixUser {
    /// Group.
    #[attr(force_new)]
    gid: i64,
    /// Further groups.
    #[attr(force_new, keep_null)]
    secondary_gids: Option<Set<i64>>,
    /// User.
    #[attr(force_new)]
    uid: i64,
}

/// The folder that clients see as root.
#[derive(Clone, Block)]
pub(crate) struct RootDirectory {
    /// Owner and permissions with which the folder is made.
    creation_info: OptComputed<CreationInfo>,
    /// Path in the file system.
    #[attr(force_new)]
    path: OptComputed<String>,
}

/// Owner and permissions of a new folder.
#[derive(Clone, Block)]
pub(crate) struct CreationInfo {
    /// Group.
    #[attr(force_new)]
    owner_gid: i64,
    /// User.
    #[attr(force_new)]
    owner_uid: i64,
    /// Permissions in octal.
    #[attr(force_new)]
    permissions: String,
}

#[async_trait]
impl Resource for AccessPoint {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Access Point";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = efs(cx.api)
            .create_access_point()
            .client_token(cx.client_token(""))
            .file_system_id(&want.file_system_id)
            .set_posix_user(want.posix_user.as_ref().map(PosixUser::request).transpose()?)
            .set_root_directory(want.root_directory.as_ref().map(RootDirectory::request).transpose()?)
            .set_tags(tags::list(want.tags.clone())?)
            .send()
            .await
            .api()?;
        Ok(Self { id: made.access_point_id.unwrap_or_default(), arn: made.access_point_arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the access point to become available", Pace::QUICK, || async {
            let found = match describe(cx.api, &made.id).await {
                Err(e) if e.is_not_found() => None,
                other => other?,
            };
            match found.and_then(|f| f.life_cycle_state) {
                Some(LifeCycleState::Available) => Ok(Seen::Ready(())),
                Some(LifeCycleState::Error) => Err(Error::other("the access point's state is error")),
                other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // One call for the access points of a file system; after an import it is not known.
        let (alone, grouped): (Vec<&Self>, Vec<&Self>) = known.iter().partition(|k| k.file_system_id.is_empty());
        let systems: Vec<String> =
            grouped.iter().map(|k| k.file_system_id.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut found: Vec<AccessPointDescription> =
            each(&systems, |id| async move { list(cx.api, &id).await.map(Some) })
                .await?
                .into_iter()
                .flatten()
                .flatten()
                .collect();
        let alone: Vec<String> = alone.iter().map(|k| k.id.clone()).collect();
        found.extend(each(&alone, |id| async move { describe(cx.api, &id).await }).await?.into_iter().flatten());
        found.retain(|f| !matches!(f.life_cycle_state, Some(LifeCycleState::Deleted | LifeCycleState::Deleting)));
        let objects = found.into_iter().map(|f| {
            let object = Self::from_answer(cx.api, f);
            (object.id.clone(), object)
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        efs(cx.api).delete_access_point().access_point_id(&prior.id).send().await.api()?;
        cx.wait("the access point to be gone", Pace::QUICK, || async {
            match describe(cx.api, &prior.id).await {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                Ok(None) => Ok(Seen::Ready(())),
                Ok(Some(f)) if f.life_cycle_state == Some(LifeCycleState::Deleted) => Ok(Seen::Ready(())),
                Ok(Some(_)) => Ok(Seen::Pending("deleting".into())),
                Err(e) => Err(e),
            }
        })
        .await
    }

    // EFS refuses the same token again, but says with each access point which token made it.
    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let token = cx.client_token("");
        let found = match list(cx.api, &want.file_system_id).await {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        let ours = found.into_iter().find(|f| f.client_token.as_ref() == Some(&token));
        Ok(ours.map(|f| Self { id: f.access_point_id.unwrap_or_default(), arn: f.access_point_arn, ..want.clone() }))
    }
}

async fn list(aws: &Aws, file_system: &str) -> Result<Vec<AccessPointDescription>, Error> {
    let call = efs(aws).describe_access_points().file_system_id(file_system);
    call.into_paginator().items().send().try_collect().await.api()
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<AccessPointDescription>, Error> {
    let found = efs(aws).describe_access_points().access_point_id(id).send().await.api()?;
    Ok(found.access_points.unwrap_or_default().into_iter().next())
}

impl AccessPoint {
    fn from_answer(aws: &Aws, f: AccessPointDescription) -> Self {
        let system = f.file_system_id.unwrap_or_default();
        let owner = f.owner_id.unwrap_or_default();
        Self {
            id: f.access_point_id.unwrap_or_default(),
            arn: f.access_point_arn,
            file_system_arn: Some(aws.arn("elasticfilesystem", &owner, &format!("file-system/{system}"))),
            file_system_id: system,
            owner_id: Some(owner),
            posix_user: f.posix_user.map(|u| PosixUser {
                gid: u.gid,
                secondary_gids: u.secondary_gids.filter(|g| !g.is_empty()),
                uid: u.uid,
            }),
            root_directory: f.root_directory.map(|r| RootDirectory {
                creation_info: r.creation_info.map(|c| CreationInfo {
                    owner_gid: c.owner_gid,
                    owner_uid: c.owner_uid,
                    permissions: c.permissions,
                }),
                path: r.path,
            }),
            tags: tags::read(f.tags.unwrap_or_default()),
        }
    }
}

impl PosixUser {
    fn request(&self) -> Result<ApiPosixUser, Error> {
        let groups = self.secondary_gids.clone().filter(|g| !g.is_empty());
        part(ApiPosixUser::builder().uid(self.uid).gid(self.gid).set_secondary_gids(groups).build())
    }
}

impl RootDirectory {
    fn request(&self) -> Result<ApiRootDirectory, Error> {
        let made = |c: &CreationInfo| {
            let info = ApiCreationInfo::builder().owner_gid(c.owner_gid).owner_uid(c.owner_uid);
            part(info.permissions(&c.permissions).build())
        };
        let info = self.creation_info.as_ref().map(made).transpose()?;
        Ok(ApiRootDirectory::builder().set_path(self.path.clone()).set_creation_info(info).build())
    }
}
