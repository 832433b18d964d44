# Parameter group, monitoring, replicas and alarms. No AWS is asked.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/monitoring" }
  }
}

mock_provider "random" {}

variables {
  name                  = "sdt-test"
  vpc_id                = "vpc-1"
  subnet_ids            = { a = "subnet-a", b = "subnet-b" }
  instance_class        = "db.t3.micro"
  allocated_storage     = 20
  backup_retention_days = 7
  alarm_topic_arn       = "arn:aws:sns:eu-west-1:123456789012:alarms"
}

run "one_instance" {
  command = plan

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres16" && contains([for p in aws_db_parameter_group.this.parameter : p.name], "rds.force_ssl")
    error_message = "The parameter group fits the version and refuses plain connections."
  }

  assert {
    condition     = aws_db_instance.this.monitoring_interval == 60 && length(aws_iam_role.monitoring) == 1
    error_message = "Enhanced monitoring has its role."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 4 && length(aws_db_instance.replica) == 0
    error_message = "The instance has four alarms."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["sdt-test-storage"].threshold == 2 * 1024 * 1024 * 1024
    error_message = "A tenth of the storage must be free."
  }
}

run "replicas" {
  command = plan

  variables {
    replicas = 1
    notify   = true
  }

  assert {
    condition     = length(aws_db_instance.replica) == 1 && length(aws_cloudwatch_metric_alarm.this) == 8
    error_message = "A replica has alarms of its own."
  }

  assert {
    condition     = length(aws_db_event_subscription.this) == 1
    error_message = "The topic is told of failovers."
  }
}

run "replicas_need_backups" {
  command = plan

  variables {
    replicas              = 1
    backup_retention_days = 0
  }

  expect_failures = [aws_db_instance.this]
}

run "unknown_interval" {
  command = plan

  variables {
    monitoring_interval_s = 7
  }

  expect_failures = [var.monitoring_interval_s]
}
