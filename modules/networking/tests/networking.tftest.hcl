# What the module plans, without an account.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name       = "sdt-test"
  cidr_block = "10.0.0.0/16"
}

run "two_zones_by_default" {
  command = plan

  assert {
    condition     = length(aws_subnet.public) == 2 && length(aws_subnet.private) == 2
    error_message = "Each of the two zones has a public and a private subnet."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2
    error_message = "One NAT gateway serves both zones."
  }

  assert {
    condition     = keys(aws_vpc_endpoint.gateway) == ["s3"] && length(aws_vpc_endpoint.interface) == 0
    error_message = "Only the endpoint that costs nothing is there by default."
  }

  assert {
    condition     = length(aws_flow_log.this) == 0
    error_message = "Nothing is recorded by default."
  }
}

run "endpoints_and_flow_logs" {
  command = plan

  variables {
    zones               = 3
    nat_gateways        = 2
    interface_endpoints = ["logs"]
    flow_logs           = { retention_days = 14 }
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 1 && length(aws_security_group.endpoints) == 1
    error_message = "The interface endpoint has its security group."
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 14
    error_message = "All traffic is recorded for 14 days."
  }

  assert {
    condition     = alltrue([for rule in aws_network_acl_rule.egress : rule.rule_action == "allow"])
    error_message = "What leaves is not fenced in."
  }
}

run "too_small_a_range_is_refused" {
  command = plan

  variables {
    cidr_block = "10.0.0.0/24"
  }

  expect_failures = [var.cidr_block]
}
