# One service on Fargate: its log group, task definition, name in the namespace, and how it scales. iam.tf has its role.

locals {
  # A service that may be interrupted keeps one task on regular capacity, the others run on Spot.
  strategy = var.spot ? {
    FARGATE      = { base = 1, weight = 1 }
    FARGATE_SPOT = { base = 0, weight = 3 }
    } : {
    FARGATE = { base = 0, weight = 1 }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.prefix}/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.prefix}-${var.name}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([
    merge(
      {
        name      = var.name
        image     = var.image
        essential = true
        cpu       = var.cpu
        memory    = var.memory

        portMappings = [{
          containerPort = var.port
          hostPort      = var.port
          protocol      = "tcp"
        }]

        environment = [for name, value in var.environment : { name = name, value = value }]
        secrets     = [for name, source in var.secrets : { name = name, valueFrom = source }]

        mountPoints = [
          for name, volume in var.volumes :
          { sourceVolume = name, containerPath = volume.path, readOnly = volume.read_only }
        ]

        logConfiguration = {
          logDriver = "awslogs"
          options = {
            "awslogs-group"         = aws_cloudwatch_log_group.this.name
            "awslogs-region"        = var.region
            "awslogs-stream-prefix" = var.name
          }
        }
      },
      length(var.command) > 0 ? { command = var.command } : {},
      length(var.health_check) > 0 ? {
        healthCheck = {
          command     = var.health_check
          interval    = 30
          timeout     = 5
          retries     = 3
          startPeriod = 60
        }
      } : {},
    )
  ])

  dynamic "volume" {
    for_each = var.volumes

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
  description  = "Tasks of ${var.prefix}-${var.name}"
  namespace_id = var.namespace_id

  dns_config {
    namespace_id   = var.namespace_id
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
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.tasks

  # One task that owns its files must stop before the next one starts; all others overlap.
  deployment_minimum_healthy_percent = var.exclusive ? 0 : 100
  deployment_maximum_percent         = var.exclusive ? 100 : 200
  health_check_grace_period_seconds  = length(var.target_group_arns) > 0 ? 60 : null
  wait_for_steady_state              = var.steady_start
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
    subnets          = values(var.subnet_ids)
    security_groups  = var.security_group_ids
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  dynamic "load_balancer" {
    for_each = var.target_group_arns

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.port
    }
  }

  # Tasks without these permissions cannot start.
  depends_on = [aws_iam_role_policy.volumes]

  lifecycle {
    # How many tasks run is then the scaling's business.
    ignore_changes = [desired_count]
  }
}
