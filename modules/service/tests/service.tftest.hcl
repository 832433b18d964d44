# Scaling, Spot, volumes and secrets of one service. No AWS is asked.

mock_provider "aws" {}

variables {
  name = "task"

  platform = {
    prefix             = "sdt-test"
    region             = "eu-west-1"
    cluster_arn        = "arn:aws:ecs:eu-west-1:123456789012:cluster/sdt-test"
    cluster_name       = "sdt-test"
    namespace_id       = "ns-1"
    subnet_ids         = { a = "subnet-a" }
    security_group_ids = ["sg-1"]
    execution_role_arn = "arn:aws:iam::123456789012:role/execution"
    assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }

  service = {
    image = "example/task:1"
    port  = 8084
  }
}

run "steady" {
  command = plan

  assert {
    condition     = length(aws_appautoscaling_target.this) == 0
    error_message = "Without room to grow nothing scales."
  }

  assert {
    condition     = [for s in aws_ecs_service.this.capacity_provider_strategy : s.capacity_provider] == ["FARGATE"]
    error_message = "Spot is used only where it is allowed."
  }

  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100
    error_message = "The old tasks stay until the new ones are well."
  }
}

run "scales" {
  command = plan

  variables {
    service = {
      image     = "example/task:1"
      port      = 8084
      tasks     = 2
      max_tasks = 6
      spot      = true
    }
  }

  assert {
    condition     = aws_appautoscaling_target.this[0].min_capacity == 2 && aws_appautoscaling_target.this[0].max_capacity == 6
    error_message = "It scales between tasks and max_tasks."
  }

  assert {
    condition = alltrue([
      for policy in aws_appautoscaling_policy.this :
      policy.target_tracking_scaling_policy_configuration[0].scale_out_cooldown == 60 &&
      policy.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 300 &&
      policy.target_tracking_scaling_policy_configuration[0].target_value >= 70 &&
      policy.target_tracking_scaling_policy_configuration[0].target_value <= 80
    ])
    error_message = "It scales at 70 to 80 percent, out after 60 seconds and in after 300."
  }

  assert {
    condition     = contains([for s in aws_ecs_service.this.capacity_provider_strategy : s.capacity_provider], "FARGATE_SPOT")
    error_message = "A service that may be interrupted runs on Spot."
  }
}

run "owns_its_files" {
  command = plan

  variables {
    service = {
      image     = "example/task:1"
      port      = 8084
      exclusive = true
      secrets   = { PASSWORD = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a:password::" }
      volumes = {
        data = {
          file_system_id   = "fs-1"
          access_point_id  = "fsap-1"
          access_point_arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1"
          path             = "/data"
        }
      }
    }
  }

  assert {
    condition     = aws_ecs_service.this.deployment_maximum_percent == 100 && aws_ecs_service.this.deployment_minimum_healthy_percent == 0
    error_message = "The old task stops before the new one starts."
  }

  assert {
    condition     = length(aws_iam_role_policy.volumes) == 1
    error_message = "The task may mount its volume."
  }
}

run "fargate_sizes" {
  command = plan

  variables {
    service = {
      image  = "example/task:1"
      port   = 8084
      cpu    = 256
      memory = 4096
    }
  }

  expect_failures = [var.service]
}
