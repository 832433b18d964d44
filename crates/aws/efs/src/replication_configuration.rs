//! `aws_efs_replication_configuration`

use aws_sdk_efs::primitives::DateTimeFormat;
use aws_sdk_efs::types::{
    Destination as FoundDestination, DestinationToCreate, ReplicationConfigurationDescription as Found,
    ReplicationStatus,
};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, Pace, Resource, Seen, Token, Value, async_trait,
};

use crate::efs;

/// A copy of a file system in another zone or region.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_efs_replication_configuration", timeouts(create = "20m", delete = "20m"))]
pub(crate) struct ReplicationConfiguration {
    id: Id,
    /// When it was made.
    creation_time: Computed<String>,
    /// Where the copy goes.
    destination: Destination,
    /// ARN of the first source.
    original_source_file_system_arn: Computed<String>,
    /// ARN of the source.
    source_file_system_arn: Computed<String>,
    /// The file system that is copied.
    #[attr(force_new)]
    source_file_system_id: String,
    /// Its region.
    source_file_system_region: Computed<String>,
}

/// Where the copy goes.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Destination {
    /// Zone of a copy in one zone.
    #[attr(force_new, at_least_one_of(availability_zone_name, region))]
    availability_zone_name: Option<String>,
    /// The file system.
    #[attr(force_new)]
    file_system_id: OptComputed<String>,
    /// The KMS key.
    #[attr(force_new)]
    kms_key_id: Option<String>,
    /// The region.
    #[attr(force_new, at_least_one_of(availability_zone_name, region), check = sdt_aws_core::checks::region)]
    region: OptComputed<String>,
    /// Its state.
    status: Computed<String>,
}

#[async_trait]
impl Resource for ReplicationConfiguration {
    type Api = Aws;
    const HUMAN: &'static str = "EFS Replication Configuration";
    // A file system has one.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let d = &want.destination;
        let destination = DestinationToCreate::builder()
            .set_region(d.region.clone())
            .set_availability_zone_name(d.availability_zone_name.clone())
            .set_file_system_id(d.file_system_id.clone())
            .set_kms_key_id(d.kms_key_id.clone())
            .build();
        let call = efs(cx.api).create_replication_configuration().source_file_system_id(&want.source_file_system_id);
        call.destinations(destination).send().await.api()?;
        Ok(Self { id: want.source_file_system_id.clone(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        cx.wait("the replication to be enabled", Pace::SLOW, || async {
            let found = describe(cx.api, &made.id).await?.and_then(|f| f.destinations.into_iter().next());
            match found.map(|d| d.status) {
                Some(ReplicationStatus::Enabled) => Ok(Seen::Ready(())),
                Some(ReplicationStatus::Error) => Err(Error::other("the replication's state is ERROR")),
                other => Ok(Seen::Pending(other.map(|s| s.as_str().to_owned()).unwrap_or_default())),
            }
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move { Ok(describe(cx.api, &k.id).await?.and_then(|f| k.seen(f))) }).await
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = efs(cx.api).delete_replication_configuration().source_file_system_id(&prior.id);
        call.send().await.api()?;
        cx.wait("the replication to be gone", Pace::SLOW, || async {
            Ok(match describe(cx.api, &prior.id).await? {
                Some(_) => Seen::Pending("DELETING".into()),
                None => Seen::Ready(()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = describe(cx.api, &want.source_file_system_id).await?;
        Ok(found.map(|_| Self { id: want.source_file_system_id.clone(), ..want.clone() }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::SOURCE_FILE_SYSTEM_ID, Value::string(id))])
    }
}

async fn describe(aws: &Aws, system: &str) -> Result<Option<Found>, Error> {
    match efs(aws).describe_replication_configurations().file_system_id(system).send().await.api() {
        Err(e) if e.is_not_found() => Ok(None),
        other => Ok(other?.replications.unwrap_or_default().into_iter().next()),
    }
}

impl ReplicationConfiguration {
    fn seen(&self, f: Found) -> Option<Self> {
        let destination: FoundDestination = f.destinations.into_iter().next()?;
        Some(Self {
            id: f.source_file_system_id.clone(),
            creation_time: f.creation_time.fmt(DateTimeFormat::DateTime).ok(),
            destination: Destination {
                // Said at the creation and never again.
                availability_zone_name: self.destination.availability_zone_name.clone(),
                kms_key_id: self.destination.kms_key_id.clone(),
                file_system_id: Some(destination.file_system_id),
                region: Some(destination.region),
                status: Some(destination.status.as_str().to_owned()),
            },
            original_source_file_system_arn: Some(f.original_source_file_system_arn),
            source_file_system_arn: Some(f.source_file_system_arn),
            source_file_system_id: f.source_file_system_id,
            source_file_system_region: Some(f.source_file_system_region),
        })
    }
}
