//! AWS Cloud Map: names by which services find each other.

mod http_namespace;
mod namespace;
mod private_dns_namespace;
mod service;
mod tags;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(servicediscovery, "servicediscovery", aws_sdk_servicediscovery);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<http_namespace::HttpNamespace>(),
        resource::<private_dns_namespace::PrivateDnsNamespace>(),
        resource::<service::DiscoveryService>(),
    ],
    data: &[],
    ephemeral: &[],
};

/// What an SDK builder that misses a required part says.
fn part<T, E: std::fmt::Display>(built: Result<T, E>) -> Result<T, sdt_provider::Error> {
    built.map_err(|e| sdt_provider::Error::new(sdt_provider::Class::Invalid, "", e.to_string()))
}
