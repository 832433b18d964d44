//! EC2: networks and their parts.

mod availability_zones;
mod eip;
mod internet_gateway;
mod nat_gateway;
mod route;
mod route_table;
mod route_table_association;
mod security_group;
mod security_group_rule;
mod shared;
mod subnet;
mod tags;
mod vpc;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(ec2, "ec2", aws_sdk_ec2);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<eip::Eip>(),
        resource::<internet_gateway::InternetGateway>(),
        resource::<nat_gateway::NatGateway>(),
        resource::<route::Route>(),
        resource::<route_table::RouteTable>(),
        resource::<route_table_association::RouteTableAssociation>(),
        resource::<security_group::SecurityGroup>(),
        resource::<security_group_rule::EgressRule>(),
        resource::<security_group_rule::IngressRule>(),
        resource::<subnet::Subnet>(),
        resource::<vpc::Vpc>(),
    ],
    data: &[data_source::<availability_zones::AvailabilityZones>()],
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
