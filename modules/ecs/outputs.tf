output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "services" {
  description = "Name, task definition and port of the services."

  value = {
    for name, service in aws_ecs_service.service : name => {
      id              = service.id
      task_definition = service.task_definition
      port            = var.services[name].port
    }
  }
}

output "load_balancer_dns_name" {
  description = "Host name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "url" {
  description = "Where the entry service answers."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_lb.this.dns_name}"
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}
