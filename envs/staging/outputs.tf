output "vpc_id" {
  description = "Id of the VPC."
  value       = module.environment.vpc_id
}

output "url" {
  description = "Where the API gateway answers."
  value       = module.environment.url
}

output "services" {
  description = "The services with their task definitions and ports."
  value       = module.environment.services
}

output "database" {
  description = "How to reach the database; the secret has user and password."
  value       = module.environment.database
}

output "file_system_id" {
  description = "Id of the shared file system."
  value       = module.environment.file_system_id
}

output "data_services" {
  description = "How to reach MongoDB, Redis and RabbitMQ; the secret has user and passwords."
  value       = module.environment.data_services
}

output "alarm_topic_arn" {
  description = "Topic that is told of alarms."
  value       = module.environment.alarm_topic_arn
}
