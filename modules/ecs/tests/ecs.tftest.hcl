# The start order, and what services are told about each other. No AWS is asked.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name               = "sdt-test"
  vpc_id             = "vpc-1"
  private_subnet_ids = { a = "subnet-a", b = "subnet-b" }
  namespace          = "sdt-test.internal"
  config_server      = "config"
  registry           = "discovery"

  services = {
    config    = { image = "example/config:1", port = 8081, step = 1 }
    discovery = { image = "example/discovery:1", port = 8082, step = 2 }
    gateway   = { image = "example/gateway:1", port = 8080, step = 3, max_tasks = 4 }
    user      = { image = "example/user:1", port = 8083, max_tasks = 4, spot = true }
  }
}

run "order" {
  command = plan

  assert {
    condition     = keys(module.configuration) == ["config"] && keys(module.registry) == ["discovery"] && keys(module.gateway) == ["gateway"] && keys(module.service) == ["user"]
    error_message = "Each service starts in its step."
  }

  assert {
    condition     = local.environment["user"]["SPRING_CONFIG_IMPORT"] == "optional:configserver:http://config.sdt-test.internal:8081"
    error_message = "Services are told where the configuration server is."
  }

  assert {
    condition     = !contains(keys(local.environment["config"]), "SPRING_CONFIG_IMPORT")
    error_message = "The configuration server does not ask itself."
  }

  assert {
    condition     = contains([for s in aws_ecs_cluster.this.setting : s.value], "enabled")
    error_message = "Container insights are on."
  }

  assert {
    condition     = toset(aws_ecs_cluster_capacity_providers.this.capacity_providers) == toset(["FARGATE", "FARGATE_SPOT"])
    error_message = "Tasks may run on Fargate and on Spot."
  }
}

run "ports_are_distinct" {
  command = plan

  variables {
    config_server = null
    registry      = null
    services = {
      a = { image = "example/a:1", port = 8080 }
      b = { image = "example/b:1", port = 8080 }
    }
  }

  expect_failures = [var.services]
}
