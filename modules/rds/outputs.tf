output "identifier" {
  description = "Identifier of the instance."
  value       = aws_db_instance.this.identifier
}

output "address" {
  description = "Host name of the instance."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the instance."
  value       = aws_db_instance.this.port
}

output "replica_addresses" {
  description = "Host names of the read replicas."
  value       = aws_db_instance.replica[*].address
}

output "secret_arn" {
  description = "Secret with engine, host, port, dbname, username and password as JSON."
  value       = aws_secretsmanager_secret.admin.arn

  # A task that starts before the version exists would fail to read it.
  depends_on = [aws_secretsmanager_secret_version.admin]
}

output "security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.this.id
}

output "parameter_group_name" {
  description = "Parameter group of the instance."
  value       = aws_db_parameter_group.this.name
}

output "alarm_arns" {
  description = "Alarms of the instance and its replicas by name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}
