# How the parts fit together: start order, who reaches what, what differs between environments. No AWS is asked.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b"] }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

mock_provider "random" {}

variables {
  environment  = "dev"
  cidr_block   = "10.0.0.0/16"
  nat_gateways = 1
  tasks        = 1

  database = {
    instance_class        = "db.t3.micro"
    allocated_storage     = 20
    backup_retention_days = 1
  }
}

run "catalogue" {
  command = plan

  assert {
    condition     = [for step in [1, 2, 3] : [for name, service in local.services : name if service.step == step]] == [["config"], ["discovery"], ["gateway"]]
    error_message = "The configuration server starts first, then the registry, then the gateway."
  }

  assert {
    condition     = length(local.services) == 15 && length(distinct([for service in local.services : service.port])) == 15
    error_message = "Each of the 15 services has its own port."
  }

  assert {
    condition     = alltrue([for name in ["config", "discovery"] : local.services[name].max_tasks == 0])
    error_message = "What the others look for does not scale."
  }

  assert {
    condition     = !anytrue([for service in local.services : service.spot])
    error_message = "Nothing is interrupted unless the environment allows it."
  }

  assert {
    condition     = !contains(keys(local.services["sandbox-runner"].secrets), "DB_PASSWORD") && contains(keys(local.services["user"].secrets), "DB_PASSWORD")
    error_message = "What runs the code of learners gets no access to the database."
  }

  assert {
    condition     = keys(local.targets) == ["auth", "gateway"]
    error_message = "Visitors reach the gateway and the sign-in, nothing else."
  }

  assert {
    condition     = local.data_environment["mongodb"]["MONGODB_PORT"] == "27017" && !contains(keys(local.data_secrets["redis"]), "REDIS_USER")
    error_message = "Services are told where the data services are."
  }
}

run "spot_where_allowed" {
  command = plan

  variables {
    spot      = true
    max_tasks = 6
  }

  assert {
    condition     = local.services["practice"].spot && !local.services["user"].spot && !local.services["gateway"].spot
    error_message = "Only services that may be interrupted run on Fargate Spot."
  }

  assert {
    condition     = local.services["user"].max_tasks == 6
    error_message = "Services scale as far as the environment says."
  }
}

run "alarms_are_heard" {
  command = plan

  variables {
    alarm_emails = ["a@example.com", "b@example.com"]
  }

  assert {
    condition     = length(aws_sns_topic_subscription.alarms) == 2 && aws_sns_topic.alarms.name == "sdt-dev-alarms"
    error_message = "Each address is subscribed to the environment's alarms."
  }
}

run "unknown_environment" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "too_many_tasks" {
  command = plan

  variables {
    tasks = 21
  }

  expect_failures = [var.tasks]
}
