"""As drift_attributes, for the finer parts of networks."""
from drift_attributes import EC2_TAG, every_attribute

MODULE = """
resource "aws_vpc" "one" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_vpc" "two" {
  cidr_block = "10.1.0.0/16"
}

resource "aws_subnet" "one" {
  count             = 3
  vpc_id            = aws_vpc.one.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index)
  availability_zone = "eu-west-1${["a", "b", "c"][count.index]}"
}

resource "aws_route_table" "one" {
  count  = 2
  vpc_id = aws_vpc.one.id
}

resource "aws_security_group" "one" {
  count  = 2
  vpc_id = aws_vpc.one.id
  name   = "group-${count.index}"
}

resource "aws_network_acl" "one" {
  vpc_id     = aws_vpc.one.id
  subnet_ids = [aws_subnet.one[0].id]
  tags       = { Name = "one" }

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 80
    to_port    = 80
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_network_acl" "two" {
  vpc_id = aws_vpc.one.id
}

resource "aws_network_acl_rule" "one" {
  count          = 2
  network_acl_id = aws_network_acl.two.id
  rule_number    = 100 + count.index
  rule_action    = "allow"
  protocol       = "tcp"
  from_port      = 80
  to_port        = 80
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl_association" "one" {
  network_acl_id = aws_network_acl.two.id
  subnet_id      = aws_subnet.one[1].id
}

resource "aws_default_network_acl" "one" {
  default_network_acl_id = aws_vpc.two.default_network_acl_id
  tags                   = { Name = "one" }
}

resource "aws_default_route_table" "one" {
  default_route_table_id = aws_vpc.two.default_route_table_id
  tags                   = { Name = "one" }
}

resource "aws_default_security_group" "one" {
  vpc_id = aws_vpc.two.id
  tags   = { Name = "one" }
}

resource "aws_default_vpc" "one" {
  tags = { Name = "one" }
}

resource "aws_default_subnet" "one" {
  availability_zone = "eu-west-1a"
  tags              = { Name = "one" }
}

resource "aws_main_route_table_association" "one" {
  vpc_id         = aws_vpc.one.id
  route_table_id = aws_route_table.one[0].id
}

resource "aws_security_group_rule" "one" {
  count             = 2
  type              = "ingress"
  security_group_id = aws_security_group.one[0].id
  protocol          = "tcp"
  from_port         = 80 + count.index
  to_port           = 80 + count.index
  cidr_blocks       = ["10.0.0.0/8"]
  description       = "one"
}

resource "aws_vpc_dhcp_options" "one" {
  count       = 2
  domain_name = "one-${count.index}.internal"
  tags        = { Name = "one" }
}

resource "aws_vpc_dhcp_options_association" "one" {
  vpc_id          = aws_vpc.one.id
  dhcp_options_id = aws_vpc_dhcp_options.one[0].id
}

resource "aws_vpc_endpoint" "one" {
  vpc_id          = aws_vpc.one.id
  service_name    = "com.amazonaws.eu-west-1.s3"
  route_table_ids = [aws_route_table.one[0].id]
  tags            = { Name = "one" }
}

resource "aws_vpc_endpoint" "two" {
  vpc_id             = aws_vpc.one.id
  vpc_endpoint_type  = "Interface"
  service_name       = "com.amazonaws.eu-west-1.logs"
  subnet_ids         = [aws_subnet.one[0].id]
  security_group_ids = [aws_security_group.one[0].id]
}

resource "aws_flow_log" "one" {
  count                = 2
  vpc_id               = [aws_vpc.one.id, aws_vpc.two.id][count.index]
  traffic_type         = ["ALL", "REJECT"][count.index]
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.one.arn
  tags                 = { Name = "one" }
}

resource "aws_s3_bucket" "one" {
  bucket        = "flow-logs-of-the-drift-test"
  force_destroy = true
}

resource "aws_vpc_peering_connection" "one" {
  vpc_id      = aws_vpc.one.id
  peer_vpc_id = aws_vpc.two.id
  auto_accept = true
  tags        = { Name = "one" }
}

resource "aws_vpc_ipv4_cidr_block_association" "one" {
  vpc_id     = aws_vpc.two.id
  cidr_block = "10.2.0.0/16"
}

resource "aws_egress_only_internet_gateway" "one" {
  count  = 2
  vpc_id = aws_vpc.one.id
  tags   = { Name = "one" }
}

resource "aws_network_interface" "one" {
  subnet_id       = aws_subnet.one[0].id
  private_ips     = ["10.0.0.50"]
  security_groups = [aws_security_group.one[0].id]
  description     = "one"
  tags            = { Name = "one" }
}
"""

RULE = 'ec2.create_network_acl_entry(NetworkAclId=me["id"], RuleNumber=200, Egress=%s, Protocol="6", RuleAction="deny", PortRange={"From": 81, "To": 81}, CidrBlock="10.9.0.0/16")'

CHANGES = [
    ("aws_network_acl.one", "ingress", RULE % False),
    ("aws_network_acl.one", "egress", RULE % True),
    ("aws_network_acl.one", "tags", EC2_TAG),
    ("aws_network_acl.one", "subnet_ids",
     'ec2.replace_network_acl_association(AssociationId=next(a["NetworkAclAssociationId"] for n in ec2.describe_network_acls()["NetworkAcls"] '
     'for a in n["Associations"] if a["SubnetId"] == of("aws_subnet.one[2]")["id"]), NetworkAclId=me["id"])'),
    ("aws_network_acl_rule.one[0]", "deleted", 'ec2.delete_network_acl_entry(NetworkAclId=me["network_acl_id"], RuleNumber=100, Egress=False)'),
    ("aws_network_acl_rule.one[1]", "rule_action to_port cidr_block",
     'ec2.replace_network_acl_entry(NetworkAclId=me["network_acl_id"], RuleNumber=101, Egress=False, Protocol="6", RuleAction="deny", '
     'PortRange={"From": 80, "To": 90}, CidrBlock="10.0.0.0/8")'),
    ("aws_network_acl_association.one", "deleted",
     'ec2.replace_network_acl_association(AssociationId=me["id"], NetworkAclId=of("aws_vpc.one")["default_network_acl_id"])'),
    ("aws_default_network_acl.one", "ingress", RULE % False),
    ("aws_default_network_acl.one", "tags", EC2_TAG),
    ("aws_default_route_table.one", "tags", EC2_TAG),
    ("aws_default_security_group.one", "tags", EC2_TAG),
    ("aws_default_security_group.one", "ingress", 'ec2.authorize_security_group_ingress(GroupId=me["id"], IpProtocol="tcp", FromPort=81, ToPort=81, CidrIp="10.0.0.0/8")'),
    ("aws_default_vpc.one", "tags", EC2_TAG),
    ("aws_default_vpc.one", "enable_dns_hostnames", 'ec2.modify_vpc_attribute(VpcId=me["id"], EnableDnsHostnames={"Value": False})'),
    ("aws_default_subnet.one", "tags", EC2_TAG),
    ("aws_default_subnet.one", "map_public_ip_on_launch", 'ec2.modify_subnet_attribute(SubnetId=me["id"], MapPublicIpOnLaunch={"Value": False})'),
    ("aws_main_route_table_association.one", "route_table_id",
     'ec2.replace_route_table_association(AssociationId=me["id"], RouteTableId=of("aws_route_table.one[1]")["id"])'),
    ("aws_security_group_rule.one[0]", "description",
     'ec2.update_security_group_rule_descriptions_ingress(GroupId=me["security_group_id"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, '
     '"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "other"}]}])'),
    ("aws_security_group_rule.one[1]", "deleted",
     'ec2.revoke_security_group_ingress(GroupId=me["security_group_id"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, '
     '"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "one"}]}])'),
    ("aws_vpc_dhcp_options.one[0]", "tags", EC2_TAG),
    ("aws_vpc_dhcp_options_association.one", "deleted", 'ec2.associate_dhcp_options(VpcId=me["vpc_id"], DhcpOptionsId=of("aws_vpc_dhcp_options.one[1]")["id"])'),
    ("aws_vpc_endpoint.one", "route_table_ids policy",
     'ec2.modify_vpc_endpoint(VpcEndpointId=me["id"], AddRouteTableIds=[of("aws_route_table.one[1]")["id"]], PolicyDocument=json.dumps('
     '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}))'),
    ("aws_vpc_endpoint.one", "tags", EC2_TAG),
    ("aws_vpc_endpoint.two", "subnet_ids security_group_ids",
     'ec2.modify_vpc_endpoint(VpcEndpointId=me["id"], AddSubnetIds=[of("aws_subnet.one[1]")["id"]], AddSecurityGroupIds=[of("aws_security_group.one[1]")["id"]])'),
    ("aws_flow_log.one[0]", "tags", EC2_TAG),
    ("aws_flow_log.one[1]", "deleted", 'ec2.delete_flow_logs(FlowLogIds=[me["id"]])'),
    ("aws_vpc_peering_connection.one", "tags", EC2_TAG),
    ("aws_vpc_peering_connection.one", "requester",
     'ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=me["id"], RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})'),
    ("aws_vpc_ipv4_cidr_block_association.one", "deleted", 'ec2.disassociate_vpc_cidr_block(AssociationId=me["id"])'),
    ("aws_egress_only_internet_gateway.one[0]", "tags", EC2_TAG),
    ("aws_egress_only_internet_gateway.one[1]", "deleted", 'ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=me["id"])'),
    ("aws_network_interface.one", "tags", EC2_TAG),
    ("aws_network_interface.one", "description", 'ec2.modify_network_interface_attribute(NetworkInterfaceId=me["id"], Description={"Value": "other"})'),
    ("aws_network_interface.one", "source_dest_check", 'ec2.modify_network_interface_attribute(NetworkInterfaceId=me["id"], SourceDestCheck={"Value": False})'),
    ("aws_network_interface.one", "security_groups", 'ec2.modify_network_interface_attribute(NetworkInterfaceId=me["id"], Groups=[of("aws_security_group.one[1]")["id"]])'),
    ("aws_network_interface.one", "private_ips", 'ec2.assign_private_ip_addresses(NetworkInterfaceId=me["id"], PrivateIpAddresses=["10.0.0.60"])'),
]


def test_every_attribute_of_networks():
    every_attribute(MODULE, CHANGES)
