//! Data source `aws_rds_engine_version`

use aws_sdk_rds::types::{DbEngineVersion, Filter as ApiFilter};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Id, OptComputed, Set, async_trait};

use crate::rds;

/// A version of a database engine.
#[derive(Clone, DataSource)]
#[data(name = "aws_rds_engine_version")]
pub(crate) struct EngineVersion {
    #[attr(optional)]
    id: Id,
    /// Default character set.
    default_character_set: Computed<String>,
    /// Default only.
    default_only: Option<bool>,
    /// Database engine.
    engine: String,
    /// Engine description.
    engine_description: Computed<String>,
    /// Exportable log types.
    exportable_log_types: Computed<Set<String>>,
    /// Which objects it is for.
    filter: Set<Filter>,
    /// Has major target.
    has_major_target: Option<bool>,
    /// Has minor target.
    has_minor_target: Option<bool>,
    /// Include all.
    include_all: Option<bool>,
    /// Latest.
    latest: Option<bool>,
    /// Parameter group family.
    parameter_group_family: OptComputed<String>,
    /// Preferred major targets.
    preferred_major_targets: Option<Vec<String>>,
    /// Preferred upgrade targets.
    preferred_upgrade_targets: Option<Vec<String>>,
    /// Preferred versions.
    preferred_versions: Option<Vec<String>>,
    /// Its state.
    status: Computed<String>,
    /// Supported character sets.
    supported_character_sets: Computed<Set<String>>,
    /// Supported feature names.
    supported_feature_names: Computed<Set<String>>,
    /// Supported modes.
    supported_modes: Computed<Set<String>>,
    /// Supported timezones.
    supported_timezones: Computed<Set<String>>,
    /// Supports certificate rotation without restart.
    supports_certificate_rotation_without_restart: Computed<bool>,
    /// Supports global databases.
    supports_global_databases: Computed<bool>,
    /// Supports integrations.
    supports_integrations: Computed<bool>,
    /// Supports limitless database.
    supports_limitless_database: Computed<bool>,
    /// Supports local write forwarding.
    supports_local_write_forwarding: Computed<bool>,
    /// Supports log exports to cloudwatch.
    supports_log_exports_to_cloudwatch: Computed<bool>,
    /// Supports parallel query.
    supports_parallel_query: Computed<bool>,
    /// Supports read replica.
    supports_read_replica: Computed<bool>,
    /// Valid major targets.
    valid_major_targets: Computed<Set<String>>,
    /// Valid minor targets.
    valid_minor_targets: Computed<Set<String>>,
    /// Valid upgrade targets.
    valid_upgrade_targets: Computed<Set<String>>,
    /// Its version.
    version: OptComputed<String>,
    /// Version actual.
    version_actual: Computed<String>,
    /// Version description.
    version_description: Computed<String>,
}

/// Which objects it is for.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Filter {
    /// Its name.
    name: String,
    /// Patterns; one must match.
    values: Set<String>,
}

#[async_trait]
impl DataSource for EngineVersion {
    type Api = Aws;
    const HUMAN: &'static str = "RDS Engine Version";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let mut call = rds(cx.api)
            .describe_db_engine_versions()
            .engine(&query.engine)
            .list_supported_character_sets(true)
            .list_supported_timezones(true)
            .set_db_parameter_group_family(query.parameter_group_family.clone())
            .set_engine_version(query.version.clone())
            .set_include_all(query.include_all);
        for f in &query.filter {
            call = call.filters(ApiFilter::builder().name(&f.name).set_values(Some(f.values.clone())).build());
        }
        // Versions that were asked for by name may be others than the default one.
        let named = query.version.is_some() || query.preferred_versions.is_some() || query.latest == Some(true);
        let targets = [query.has_major_target, query.has_minor_target].contains(&Some(true));
        let lists = query.preferred_major_targets.is_some() || query.preferred_upgrade_targets.is_some();
        if query.default_only == Some(true) || query.default_only.is_none() && !named && !targets && !lists {
            call = call.default_only(true);
        }
        let mut found: Vec<DbEngineVersion> = call.into_paginator().items().send().try_collect().await.api()?;
        found.retain(|v| query.fits(v));
        let chosen = match &query.preferred_versions {
            Some(preferred) if !preferred.is_empty() => {
                preferred.iter().find_map(|p| found.iter().find(|v| v.engine_version() == Some(p)).cloned())
            }
            _ => {
                found.sort_by_key(|v| numbers(v.engine_version().unwrap_or_default()));
                if found.len() > 1 && query.latest != Some(true) && named {
                    return Err(Error::other(format!(
                        "{} versions fit; set latest, or preferred_versions",
                        found.len()
                    )));
                }
                found.pop()
            }
        };
        match chosen {
            Some(v) => Ok(query.with(v)),
            None => Err(Error::not_found("no version fits")),
        }
    }
}

/// The numbers of a version, for their order: 16.10 is after 16.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn targets(v: &DbEngineVersion, major: Option<bool>) -> Vec<String> {
    let all = v.valid_upgrade_target().iter();
    let kind = all.filter(|t| major.is_none_or(|m| t.is_major_version_upgrade == Some(m)));
    kind.filter_map(|t| t.engine_version.clone()).collect()
}

impl EngineVersion {
    fn fits(&self, v: &DbEngineVersion) -> bool {
        let one_of = |wanted: &Option<Vec<String>>, there: Vec<String>| {
            wanted.as_ref().is_none_or(|w| w.is_empty() || w.iter().any(|t| there.contains(t)))
        };
        (self.has_major_target != Some(true) || !targets(v, Some(true)).is_empty())
            && (self.has_minor_target != Some(true) || !targets(v, Some(false)).is_empty())
            && one_of(&self.preferred_major_targets, targets(v, Some(true)))
            && one_of(&self.preferred_upgrade_targets, targets(v, None))
    }

    fn with(self, v: DbEngineVersion) -> Self {
        let (upgrades, majors, minors) = (targets(&v, None), targets(&v, Some(true)), targets(&v, Some(false)));
        let yes = |b: Option<bool>| Some(b == Some(true));
        Self {
            id: v.engine_version.clone().unwrap_or_default(),
            default_character_set: v.default_character_set.and_then(|c| c.character_set_name),
            engine_description: v.db_engine_description,
            exportable_log_types: Some(v.exportable_log_types.unwrap_or_default()),
            parameter_group_family: v.db_parameter_group_family,
            status: v.status,
            supported_character_sets: Some(
                v.supported_character_sets.into_iter().flatten().filter_map(|c| c.character_set_name).collect(),
            ),
            supported_feature_names: Some(v.supported_feature_names.unwrap_or_default()),
            supported_modes: Some(v.supported_engine_modes.unwrap_or_default()),
            supported_timezones: Some(
                v.supported_timezones.into_iter().flatten().filter_map(|t| t.timezone_name).collect(),
            ),
            supports_certificate_rotation_without_restart: yes(v.supports_certificate_rotation_without_restart),
            supports_global_databases: yes(v.supports_global_databases),
            supports_integrations: yes(v.supports_integrations),
            supports_limitless_database: yes(v.supports_limitless_database),
            supports_local_write_forwarding: yes(v.supports_local_write_forwarding),
            supports_log_exports_to_cloudwatch: yes(v.supports_log_exports_to_cloudwatch_logs),
            supports_parallel_query: yes(v.supports_parallel_query),
            supports_read_replica: yes(v.supports_read_replica),
            valid_major_targets: Some(majors),
            valid_minor_targets: Some(minors),
            valid_upgrade_targets: Some(upgrades),
            version_actual: v.engine_version.clone(),
            version: v.engine_version,
            version_description: v.db_engine_version_description,
            ..self
        }
    }
}
