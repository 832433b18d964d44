# Enhanced monitoring, and alarms for what a database runs out of.

data "aws_iam_policy_document" "monitoring" {
  count = var.monitoring_interval_s > 0 ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  count = var.monitoring_interval_s > 0 ? 1 : 0

  name               = "${var.name}-db-monitoring"
  description        = "Enhanced monitoring of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.monitoring[0].json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  count = var.monitoring_interval_s > 0 ? 1 : 0

  role       = aws_iam_role.monitoring[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

locals {
  alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]

  # The instance and its replicas, by what their alarms are called.
  watched = merge(
    { (var.name) = aws_db_instance.this.identifier },
    { for i in range(var.replicas) : "${var.name}-replica-${i + 1}" => aws_db_instance.replica[i].identifier },
  )

  thresholds = {
    cpu = {
      metric      = "CPUUtilization"
      description = "The CPU is busy"
      operator    = "GreaterThanThreshold"
      threshold   = 80
    }
    storage = {
      metric      = "FreeStorageSpace"
      description = "Less than a tenth of the storage is free"
      operator    = "LessThanThreshold"
      threshold   = var.allocated_storage * 1024 * 1024 * 1024 / 10
    }
    memory = {
      metric      = "FreeableMemory"
      description = "Less than 100 MiB of memory are free"
      operator    = "LessThanThreshold"
      threshold   = 100 * 1024 * 1024
    }
    connections = {
      metric      = "DatabaseConnections"
      description = "There are many connections"
      operator    = "GreaterThanThreshold"
      threshold   = var.connection_threshold
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = {
    for pair in setproduct(keys(local.watched), var.alarms ? keys(local.thresholds) : []) :
    "${pair[0]}-${pair[1]}" => { instance = pair[0], kind = pair[1] }
  }

  alarm_name          = "${each.value.instance}-db-${each.value.kind}"
  alarm_description   = local.thresholds[each.value.kind].description
  namespace           = "AWS/RDS"
  metric_name         = local.thresholds[each.value.kind].metric
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = local.thresholds[each.value.kind].operator
  threshold           = local.thresholds[each.value.kind].threshold
  dimensions          = { DBInstanceIdentifier = local.watched[each.value.instance] }
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_db_event_subscription" "this" {
  count = var.alarms && var.notify ? 1 : 0

  name             = "${var.name}-db-events"
  sns_topic        = var.alarm_topic_arn
  source_type      = "db-instance"
  source_ids       = values(local.watched)
  event_categories = ["availability", "failover", "failure", "low storage", "recovery"]
}
