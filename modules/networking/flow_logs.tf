# Records of all traffic of the VPC, in CloudWatch Logs.

data "aws_iam_policy_document" "flow_logs_trust" {
  count = var.flow_logs == null ? 0 : 1

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.flow_logs[0].arn}:*"]
  }
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  name              = "/vpc/${var.name}"
  retention_in_days = var.flow_logs.retention_days
}

resource "aws_iam_role" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.flow_logs_trust[0].json
}

resource "aws_iam_role_policy" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  name   = "write"
  role   = aws_iam_role.flow_logs[0].name
  policy = data.aws_iam_policy_document.flow_logs[0].json
}

resource "aws_flow_log" "this" {
  count = var.flow_logs == null ? 0 : 1

  vpc_id                   = aws_vpc.this.id
  traffic_type             = var.flow_logs.traffic_type
  log_destination          = aws_cloudwatch_log_group.flow_logs[0].arn
  iam_role_arn             = aws_iam_role.flow_logs[0].arn
  max_aggregation_interval = var.flow_logs.aggregation_seconds

  tags = { Name = var.name }

  depends_on = [aws_iam_role_policy.flow_logs]
}
