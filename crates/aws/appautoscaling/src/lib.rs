//! Application Auto Scaling: what may be scaled, by which policies and schedules.

mod policy;
mod scheduled_action;
mod target;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(appautoscaling, "appautoscaling", aws_sdk_applicationautoscaling);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<policy::Policy>(),
        resource::<scheduled_action::ScheduledAction>(),
        resource::<target::Target>(),
    ],
    data: &[],
    ephemeral: &[],
};

/// The distinct values of a key: one call each.
fn distinct<T>(all: &[T], key: impl Fn(&T) -> &str) -> Vec<String> {
    all.iter().map(|k| key(k).to_owned()).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// What the parts of an import id say: `ecs/service/cluster/name/ecs:service:DesiredCount` has resource ids with slashes inside.
fn target_parts(id: &str) -> Option<(String, String, String)> {
    let (namespace, rest) = id.split_once('/')?;
    let (resource, dimension) = rest.rsplit_once('/')?;
    let full = ![namespace, resource, dimension].contains(&"");
    full.then(|| (namespace.to_owned(), resource.to_owned(), dimension.to_owned()))
}

/// A number that may be empty, as text.
fn whole_number(text: &str) -> Result<(), String> {
    if text.is_empty() || text.parse::<i32>().is_ok() { Ok(()) } else { Err("to be a whole number".into()) }
}

/// A number that may be empty, as text.
fn number(text: &str) -> Result<(), String> {
    if text.is_empty() || text.parse::<f64>().is_ok() { Ok(()) } else { Err("to be a number".into()) }
}

/// What an SDK builder that misses a required part says.
fn part<T, E: std::fmt::Display>(built: Result<T, E>) -> Result<T, sdt_provider::Error> {
    built.map_err(|e| sdt_provider::Error::new(sdt_provider::Class::Invalid, "", e.to_string()))
}
