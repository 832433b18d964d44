# More tasks when they are busy, soon; fewer when they are not, later.

locals {
  scales = var.service.max_tasks > var.service.tasks
}

resource "aws_appautoscaling_target" "this" {
  count = local.scales ? 1 : 0

  service_namespace  = "ecs"
  resource_id        = "service/${var.platform.cluster_name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.service.tasks
  max_capacity       = var.service.max_tasks
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.scales ? {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", percent = var.service.cpu_percent }
    memory = { metric = "ECSServiceAverageMemoryUtilization", percent = var.service.memory_percent }
  } : {}

  name               = "${var.platform.prefix}-${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}
