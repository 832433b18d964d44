# One service on Fargate: its log group, task definition, name in the namespace, and how it scales. iam.tf has its role.

locals {
  # A service that may be interrupted keeps one task on regular capacity, the others run on Spot.
  strategy = var.service.spot ? {
    FARGATE      = { base = 1, weight = 1 }
    FARGATE_SPOT = { base = 0, weight = 3 }
    } : {
    FARGATE = { base = 0, weight = 1 }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.platform.prefix}/${var.name}"
  retention_in_days = var.platform.log_retention_days
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.platform.prefix}-${var.name}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.service.cpu
  memory                   = var.service.memory
  execution_role_arn       = var.platform.execution_role_arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([
    merge(
      {
        name      = var.name
        image     = var.service.image
        essential = true
        cpu       = var.service.cpu
        memory    = var.service.memory

        portMappings = [{
          containerPort = var.service.port
          hostPort      = var.service.port
          protocol      = "tcp"
        }]

        environment = [for name, value in var.service.environment : { name = name, value = value }]
        secrets     = [for name, source in var.service.secrets : { name = name, valueFrom = source }]

        mountPoints = [
          for name, volume in var.service.volumes :
          { sourceVolume = name, containerPath = volume.path, readOnly = volume.read_only }
        ]

        logConfiguration = {
          logDriver = "awslogs"
          options = {
            "awslogs-group"         = aws_cloudwatch_log_group.this.name
            "awslogs-region"        = var.platform.region
            "awslogs-stream-prefix" = var.name
          }
        }
      },
      length(var.service.command) > 0 ? { command = var.service.command } : {},
      length(var.service.health_check) > 0 ? {
        healthCheck = {
          command     = var.service.health_check
          interval    = 30
          timeout     = 5
          retries     = 3
          startPeriod = 60
        }
      } : {},
    )
  ])

  dynamic "volume" {
    for_each = var.service.volumes

    content {
      name = volume.key

      efs_volume_configuration {
        file_system_id     = volume.value.file_system_id
        transit_encryption = "ENABLED"

        authorization_config {
          access_point_id = volume.value.access_point_id
          iam             = "ENABLED"
        }
      }
    }
  }
}

# The name under which others find the tasks.
resource "aws_service_discovery_service" "this" {
  name         = var.name
  description  = "Tasks of ${var.platform.prefix}-${var.name}"
  namespace_id = var.platform.namespace_id

  dns_config {
    namespace_id   = var.platform.namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = var.platform.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.service.tasks

  # One task that owns its files must stop before the next one starts; all others overlap.
  deployment_minimum_healthy_percent = var.service.exclusive ? 0 : 100
  deployment_maximum_percent         = var.service.exclusive ? 100 : 200
  health_check_grace_period_seconds  = length(var.service.target_group_arns) > 0 ? 60 : null
  wait_for_steady_state              = var.platform.steady_start
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  dynamic "capacity_provider_strategy" {
    for_each = local.strategy

    content {
      capacity_provider = capacity_provider_strategy.key
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = values(var.platform.subnet_ids)
    security_groups  = var.platform.security_group_ids
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  dynamic "load_balancer" {
    for_each = var.service.target_group_arns

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.service.port
    }
  }

  # Tasks without these permissions cannot start.
  depends_on = [aws_iam_role_policy.volumes]

  lifecycle {
    # How many tasks run is then the scaling's business.
    ignore_changes = [desired_count]
  }
}
