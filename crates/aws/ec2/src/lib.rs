//! EC2: networks and their parts.

mod acl;
mod availability_zones;
mod data;
mod data_gateway;
mod data_route_table;
mod data_security_group;
mod data_subnet;
mod data_vpc;
mod default_network_acl;
mod default_route_table;
mod default_security_group;
mod default_subnet;
mod default_vpc;
mod egress_only_internet_gateway;
mod eip;
mod flow_log;
mod holders;
mod internet_gateway;
mod main_route_table_association;
mod nat_gateway;
mod network_acl;
mod network_acl_association;
mod network_acl_rule;
mod network_interface;
mod route;
mod route_table;
mod route_table_association;
mod security_group;
mod security_group_rule;
mod shared;
mod subnet;
mod tags;
mod vpc;
mod vpc_dhcp_options;
mod vpc_dhcp_options_association;
mod vpc_endpoint;
mod vpc_endpoint_association;
mod vpc_ipv4_cidr_block_association;
mod vpc_peering_connection;
mod vpc_security_group_rule;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(ec2, "ec2", aws_sdk_ec2);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<default_network_acl::DefaultNetworkAcl>(),
        resource::<default_route_table::DefaultRouteTable>(),
        resource::<default_security_group::DefaultSecurityGroup>(),
        resource::<default_subnet::DefaultSubnet>(),
        resource::<default_vpc::DefaultVpc>(),
        resource::<egress_only_internet_gateway::EgressOnlyInternetGateway>(),
        resource::<eip::Eip>(),
        resource::<flow_log::FlowLog>(),
        resource::<internet_gateway::InternetGateway>(),
        resource::<main_route_table_association::MainRouteTableAssociation>(),
        resource::<nat_gateway::NatGateway>(),
        resource::<network_acl::NetworkAcl>(),
        resource::<network_acl_association::NetworkAclAssociation>(),
        resource::<network_acl_rule::NetworkAclRule>(),
        resource::<network_interface::NetworkInterface>(),
        resource::<route::Route>(),
        resource::<route_table::RouteTable>(),
        resource::<route_table_association::RouteTableAssociation>(),
        resource::<security_group::SecurityGroup>(),
        resource::<security_group_rule::SecurityGroupRule>(),
        resource::<subnet::Subnet>(),
        resource::<vpc::Vpc>(),
        resource::<vpc_dhcp_options::VpcDhcpOptions>(),
        resource::<vpc_dhcp_options_association::VpcDhcpOptionsAssociation>(),
        resource::<vpc_endpoint::VpcEndpoint>(),
        resource::<vpc_endpoint_association::RouteTableAssociation>(),
        resource::<vpc_endpoint_association::SubnetAssociation>(),
        resource::<vpc_ipv4_cidr_block_association::VpcIpv4CidrBlockAssociation>(),
        resource::<vpc_peering_connection::VpcPeeringConnection>(),
        resource::<vpc_peering_connection::VpcPeeringConnectionAccepter>(),
        resource::<vpc_security_group_rule::EgressRule>(),
        resource::<vpc_security_group_rule::IngressRule>(),
    ],
    data: &[
        data_source::<availability_zones::AvailabilityZones>(),
        data_source::<data_gateway::InternetGateway>(),
        data_source::<data_gateway::NatGateway>(),
        data_source::<data_route_table::RouteTable>(),
        data_source::<data_route_table::RouteTables>(),
        data_source::<data_security_group::SecurityGroup>(),
        data_source::<data_security_group::SecurityGroups>(),
        data_source::<data_subnet::Subnet>(),
        data_source::<data_subnet::Subnets>(),
        data_source::<data_vpc::Vpc>(),
        data_source::<data_vpc::Vpcs>(),
    ],
    ephemeral: &[],
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
