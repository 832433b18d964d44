# One role with which ECS starts tasks, and one role for each service to act with; each may do what it must and no more.

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Starts the tasks of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "secrets" {
  count = length(var.secret_arns) > 0 ? 1 : 0

  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(var.secret_arns)
  }
}

resource "aws_iam_role_policy" "secrets" {
  count = length(var.secret_arns) > 0 ? 1 : 0

  name   = "read-secrets"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.secrets[0].json
}

resource "aws_iam_role" "task" {
  for_each = var.services

  name               = "${var.name}-${each.key}"
  description        = "What the tasks of ${each.key} may do"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

locals {
  mounting = { for name, service in var.services : name => service.volumes if length(service.volumes) > 0 }
}

data "aws_iam_policy_document" "volumes" {
  for_each = local.mounting

  dynamic "statement" {
    for_each = each.value

    content {
      sid       = title(replace(statement.key, "/[^A-Za-z0-9]/", ""))
      resources = ["*"]

      actions = compact([
        "elasticfilesystem:ClientMount",
        statement.value.read_only ? "" : "elasticfilesystem:ClientWrite",
      ])

      condition {
        test     = "StringEquals"
        variable = "elasticfilesystem:AccessPointArn"
        values   = [statement.value.access_point_arn]
      }
    }
  }
}

resource "aws_iam_role_policy" "volumes" {
  for_each = local.mounting

  name   = "mount-volumes"
  role   = aws_iam_role.task[each.key].id
  policy = data.aws_iam_policy_document.volumes[each.key].json
}
