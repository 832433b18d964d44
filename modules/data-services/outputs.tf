output "endpoints" {
  description = "Host name and port of the services by name."

  # Who is told of them may connect at once.
  value = {
    for name, service in module.service : name => {
      host = "${service.name}.${var.namespace.name}"
      port = service.port
    }
  }
}

output "secret_arn" {
  description = "Secret with username, mongodb_password, redis_password and rabbitmq_password as JSON."
  value       = aws_secretsmanager_secret.this.arn

  # A task that starts before the version exists would fail to read it.
  depends_on = [aws_secretsmanager_secret_version.this]
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}
