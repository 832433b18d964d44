//! EC2: networks and their parts.

mod security_group;
mod subnet;
mod tags;
mod vpc;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(ec2, "ec2", aws_sdk_ec2);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<security_group::SecurityGroup>(),
        resource::<subnet::Subnet>(),
        resource::<vpc::Vpc>(),
    ],
    data: &[],
};

/// A filter of a Describe call.
fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> aws_sdk_ec2::types::Filter {
    aws_sdk_ec2::types::Filter::builder()
        .name(name)
        .set_values(Some(values.into_iter().map(Into::into).collect()))
        .build()
}

/// A string with "" as absent: several services answer "" for "none".
fn text(value: Option<String>) -> Option<String> {
    value.filter(|s| !s.is_empty())
}
