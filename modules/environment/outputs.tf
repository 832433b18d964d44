output "vpc_id" {
  description = "Id of the VPC."
  value       = module.networking.vpc_id
}

output "url" {
  description = "Where the API gateway answers."
  value       = module.alb.url
}

output "services" {
  description = "The services with their task definitions and ports."
  value       = module.ecs.services
}

output "database" {
  description = "How to reach the database; the secret has user and password."

  value = {
    address           = module.rds.address
    port              = module.rds.port
    replica_addresses = module.rds.replica_addresses
    secret_arn        = module.rds.secret_arn
  }
}

output "file_system_id" {
  description = "Id of the shared file system."
  value       = module.efs.file_system_id
}

output "data_services" {
  description = "How to reach MongoDB, Redis and RabbitMQ; the secret has user and passwords."

  value = {
    endpoints  = module.data_services.endpoints
    secret_arn = module.data_services.secret_arn
  }
}

output "alarm_topic_arn" {
  description = "Topic that is told of alarms."
  value       = aws_sns_topic.alarms.arn
}
