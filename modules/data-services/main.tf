# MongoDB, Redis and RabbitMQ as tasks of their own: one task each, its data on an access point of EFS, its password in a secret.
#
# A task that stops leaves its files behind, and the next one goes on with them; that is why the old one stops before the new one starts.

data "aws_region" "current" {}

locals {
  # What each service is, beside its size.
  kinds = {
    mongodb = {
      port         = 27017
      path         = "/data/db"
      command      = ["mongod", "--auth", "--bind_ip_all"]
      health_check = ["CMD-SHELL", "mongosh --quiet --eval 'db.adminCommand(\"ping\").ok' || exit 1"]
      environment  = { MONGO_INITDB_ROOT_USERNAME = var.username, MONGO_INITDB_DATABASE = var.database }
      secrets      = { MONGO_INITDB_ROOT_PASSWORD = "mongodb_password" }
    }
    redis = {
      port         = 6379
      path         = "/data"
      command      = ["sh", "-c", "exec redis-server --appendonly yes --requirepass \"$REDIS_PASSWORD\""]
      health_check = ["CMD-SHELL", "redis-cli -a \"$REDIS_PASSWORD\" --no-auth-warning ping | grep -q PONG"]
      environment  = {}
      secrets      = { REDIS_PASSWORD = "redis_password" }
    }
    rabbitmq = {
      port         = 5672
      path         = "/var/lib/rabbitmq"
      command      = []
      health_check = ["CMD-SHELL", "rabbitmq-diagnostics -q ping"]
      # The node's name is part of its files: it must not change with the task's address.
      environment = { RABBITMQ_DEFAULT_USER = var.username, RABBITMQ_NODENAME = "rabbit@localhost" }
      secrets     = { RABBITMQ_DEFAULT_PASS = "rabbitmq_password" }
    }
  }

  services = { for name, service in var.services : name => merge(local.kinds[name], service) }
}

resource "random_password" "this" {
  for_each = var.services

  length = 32

  # These go into connection strings.
  special = false
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "${var.name}/data-services"
  description             = "Users and passwords of ${join(", ", keys(var.services))}"
  recovery_window_in_days = var.protect ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id

  secret_string = jsonencode(merge(
    { username = var.username },
    { for name, password in random_password.this : "${name}_password" => password.result },
  ))
}

resource "aws_security_group" "this" {
  name        = "${var.name}-data"
  description = "Data services of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-data" }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = {
    for pair in setproduct(keys(var.client_security_group_ids), keys(local.services)) :
    "${pair[0]}-${pair[1]}" => { client = pair[0], service = pair[1] }
  }

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.client_security_group_ids[each.value.client]
  description                  = "${each.value.service} from ${each.value.client}"
  ip_protocol                  = "tcp"
  from_port                    = local.services[each.value.service].port
  to_port                      = local.services[each.value.service].port
}

# Images, logs and the file system.
resource "aws_vpc_security_group_egress_rule" "this" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "Everywhere"
  ip_protocol       = "-1"
}

module "service" {
  source   = "../service"
  for_each = local.services

  name = each.key

  platform = {
    prefix             = "${var.name}-data"
    region             = data.aws_region.current.name
    cluster_arn        = var.cluster_arn
    cluster_name       = var.cluster_name
    namespace_id       = var.namespace.id
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
    execution_role_arn = aws_iam_role.execution.arn
    assume_role_policy = data.aws_iam_policy_document.assume.json
    log_retention_days = var.log_retention_days
    steady_start       = var.steady_start
  }

  service = merge(each.value, {
    exclusive = true
    secrets   = { for variable, key in each.value.secrets : variable => "${aws_secretsmanager_secret.this.arn}:${key}::" }

    volumes = {
      data = {
        file_system_id   = var.file_system_id
        access_point_id  = var.access_points[each.key].id
        access_point_arn = var.access_points[each.key].arn
        path             = each.value.path
      }
    }
  })

  # A task that starts before its secret has a value would fail.
  depends_on = [
    aws_secretsmanager_secret_version.this,
    aws_iam_role_policy.secrets,
    aws_iam_role_policy_attachment.execution,
  ]
}
