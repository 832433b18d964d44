# MongoDB, Redis and RabbitMQ: ports, files, secrets. No AWS is asked.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

mock_provider "random" {}

variables {
  name                      = "sdt-test"
  vpc_id                    = "vpc-1"
  subnet_ids                = { a = "subnet-a", b = "subnet-b" }
  cluster_arn               = "arn:aws:ecs:eu-west-1:123456789012:cluster/sdt-test"
  cluster_name              = "sdt-test"
  namespace                 = { id = "ns-1", name = "sdt-test.internal" }
  client_security_group_ids = { tasks = "sg-1" }
  file_system_id            = "fs-1"

  access_points = {
    mongodb  = { id = "fsap-1", arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1" }
    redis    = { id = "fsap-2", arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-2" }
    rabbitmq = { id = "fsap-3", arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-3" }
  }
}

run "all" {
  command = plan

  assert {
    condition     = { for name, e in output.endpoints : name => e.port } == { mongodb = 27017, redis = 6379, rabbitmq = 5672 }
    error_message = "Each service listens on its own port."
  }

  assert {
    condition     = output.endpoints["mongodb"].host == "mongodb.sdt-test.internal"
    error_message = "Services are found in the namespace."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.client) == 3 && length(random_password.this) == 3
    error_message = "Clients reach each service, each has its password."
  }
}

run "one_of_them" {
  command = plan

  variables {
    services = { redis = { image = "example/redis:7" } }
  }

  assert {
    condition     = keys(output.endpoints) == ["redis"]
    error_message = "Only what is asked for is there."
  }
}

run "unknown_service" {
  command = plan

  variables {
    services = { postgres = { image = "example/postgres:16" } }
  }

  expect_failures = [var.services]
}
