locals {
  all = merge(module.configuration, module.registry, module.gateway, module.service)
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn

  # Who starts tasks needs the cluster's capacity.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "namespace" {
  description = "Id and name of the namespace in which services find each other."
  value       = { id = aws_service_discovery_private_dns_namespace.this.id, name = var.namespace }
}

output "services" {
  description = "Name, task definition and port of the services."

  value = {
    for name, service in local.all : name => {
      id              = service.id
      task_definition = service.task_definition
      port            = service.port
    }
  }
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}
