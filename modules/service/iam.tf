# What the tasks may do: mount their volumes, and nothing else.

resource "aws_iam_role" "task" {
  name               = "${var.platform.prefix}-${var.name}"
  description        = "What the tasks of ${var.name} may do"
  assume_role_policy = var.platform.assume_role_policy
}

resource "aws_iam_role_policy" "volumes" {
  count = length(var.service.volumes) > 0 ? 1 : 0

  name = "mount-volumes"
  role = aws_iam_role.task.id

  # No data source makes this text: one would be read anew whenever an earlier step of the start order changes.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, volume in var.service.volumes : {
        Sid      = title(replace(name, "/[^A-Za-z0-9]/", ""))
        Effect   = "Allow"
        Action   = volume.read_only ? ["elasticfilesystem:ClientMount"] : ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource = "*"
        Condition = {
          StringEquals = { "elasticfilesystem:AccessPointArn" = volume.access_point_arn }
        }
      }
    ]
  })
}
