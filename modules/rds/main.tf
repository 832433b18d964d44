# PostgreSQL in private subnets, encrypted; who connects finds everything needed in one secret.

locals {
  port = 5432

  # The family of parameters goes with the major version: postgres16.
  family = "postgres${split(".", var.engine_version)[0]}"
}

resource "random_password" "admin" {
  length = 32

  # RDS refuses "/", "@", the double quote and the space.
  override_special = "!#$%&*()-_=+[]{}<>:?"
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of ${var.name}"
  subnet_ids  = values(var.subnet_ids)

  tags = { Name = var.name }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-db"
  description = "PostgreSQL of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-db" }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value
  description                  = "PostgreSQL from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_db_parameter_group" "this" {
  # A group of another family has another name, so that it can exist before the old one goes.
  name        = "${var.name}-${local.family}"
  family      = local.family
  description = "Settings of ${var.name}"

  dynamic "parameter" {
    for_each = merge(local.parameters, var.parameters)

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = contains(local.static_parameters, parameter.key) ? "pending-reboot" : "immediate"
    }
  }

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  storage_type      = "gp3"
  allocated_storage = var.allocated_storage
  storage_encrypted = true

  db_name  = var.database
  username = var.username
  password = random_password.admin.result
  port     = local.port

  parameter_group_name   = aws_db_parameter_group.this.name
  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false

  backup_retention_period = var.backup_retention_days
  backup_window           = "02:00-03:00"
  maintenance_window      = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot   = true

  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]

  monitoring_interval = var.monitoring_interval_s
  monitoring_role_arn = var.monitoring_interval_s > 0 ? aws_iam_role.monitoring[0].arn : null

  auto_minor_version_upgrade = false
  apply_immediately          = true
  deletion_protection        = var.protect
  skip_final_snapshot        = !var.protect
  final_snapshot_identifier  = var.protect ? "${var.name}-final" : null

  tags = { Name = var.name }

  lifecycle {
    precondition {
      condition     = var.replicas == 0 || var.backup_retention_days > 0
      error_message = "Replicas need automated backups: backup_retention_days must be at least 1."
    }
  }
}

resource "aws_db_instance" "replica" {
  count = var.replicas

  identifier          = "${var.name}-replica-${count.index + 1}"
  replicate_source_db = aws_db_instance.this.identifier
  instance_class      = var.instance_class

  parameter_group_name   = aws_db_parameter_group.this.name
  storage_encrypted      = true
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false

  monitoring_interval = var.monitoring_interval_s
  monitoring_role_arn = var.monitoring_interval_s > 0 ? aws_iam_role.monitoring[0].arn : null

  iam_database_authentication_enabled = aws_db_instance.this.iam_database_authentication_enabled
  enabled_cloudwatch_logs_exports     = aws_db_instance.this.enabled_cloudwatch_logs_exports

  auto_minor_version_upgrade = false
  apply_immediately          = true
  skip_final_snapshot        = true

  tags = { Name = "${var.name}-replica-${count.index + 1}" }
}

resource "aws_secretsmanager_secret" "admin" {
  name                    = "${var.name}/database"
  description             = "Administrator of the PostgreSQL instance ${var.name}"
  recovery_window_in_days = var.protect ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "admin" {
  secret_id = aws_secretsmanager_secret.admin.id

  secret_string = jsonencode({
    engine   = "postgres"
    host     = aws_db_instance.this.address
    port     = local.port
    dbname   = var.database
    username = var.username
    password = random_password.admin.result
  })
}
