//! `data.aws_availability_zones`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, Id, Set, async_trait};

use crate::data::{Conditions, Filter};
use crate::ec2;

/// The zones of the region that the account may use.
#[derive(DataSource)]
#[data(name = "aws_availability_zones", timeouts(read))]
pub(crate) struct AvailabilityZones {
    #[attr(optional)]
    id: Id,
    /// Also zones that the account has not opted into.
    all_availability_zones: Option<bool>,
    /// Zone names to leave out.
    exclude_names: Option<Set<String>>,
    /// Zone ids to leave out.
    exclude_zone_ids: Option<Set<String>>,
    /// Further conditions.
    filter: Set<Filter>,
    /// Groups of the zones found.
    group_names: Computed<Set<String>>,
    /// Names of the zones found, sorted.
    names: Computed<Vec<String>>,
    /// State that the zones must have.
    #[attr(one_of("available", "information", "impaired", "unavailable", "constrained"))]
    state: Option<String>,
    /// Ids of the zones found, in the order of the names.
    zone_ids: Computed<Vec<String>>,
}

#[async_trait]
impl DataSource for AvailabilityZones {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Availability Zones";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let call = ec2(cx.api).describe_availability_zones().set_all_availability_zones(query.all_availability_zones);
        let conditions = Conditions::default().with("state", &query.state).and(&query.filter);
        let call = call.set_filters(conditions.list());
        let mut zones = call.send().await.api()?.availability_zones.unwrap_or_default();
        zones.sort_by(|a, b| a.zone_name.cmp(&b.zone_name));
        let excluded = |list: &Option<Set<String>>, value: Option<&str>| {
            list.as_ref().is_some_and(|l| l.iter().any(|x| Some(x.as_str()) == value))
        };
        zones.retain(|z| {
            !excluded(&query.exclude_names, z.zone_name()) && !excluded(&query.exclude_zone_ids, z.zone_id())
        });
        let mut groups: Vec<String> = zones.iter().map(|z| z.group_name.clone().unwrap_or_default()).collect();
        groups.sort();
        groups.dedup();
        Ok(Self {
            id: cx.api.region().to_owned(),
            group_names: Some(groups),
            names: Some(zones.iter().filter_map(|z| z.zone_name.clone()).collect()),
            zone_ids: Some(zones.iter().filter_map(|z| z.zone_id.clone()).collect()),
            ..query
        })
    }
}
