output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr_block" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Ids of the public subnets by zone."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "private_subnet_ids" {
  description = "Ids of the private subnets by zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }

  # Who starts something in a private subnet needs its way out.
  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "nat_public_ips" {
  description = "Addresses that the private subnets show to the outside, by zone of the NAT gateway."
  value       = { for zone, eip in aws_eip.nat : zone => eip.public_ip }
}

output "endpoint_ids" {
  description = "Ids of the endpoints by service."
  value       = { for service, endpoint in merge(aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface) : service => endpoint.id }
}

output "flow_log_group" {
  description = "Name of the log group with the traffic records; null without flow logs."
  value       = one(aws_cloudwatch_log_group.flow_logs[*].name)
}
