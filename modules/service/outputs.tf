output "id" {
  description = "ARN of the service."
  value       = aws_ecs_service.this.id
}

output "name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "task_definition" {
  description = "ARN of the task definition."
  value       = aws_ecs_task_definition.this.arn
}

output "task_role_name" {
  description = "Role of the tasks, for further permissions."
  value       = aws_iam_role.task.name
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "port" {
  description = "Port on which the tasks listen."
  value       = var.service.port
}
