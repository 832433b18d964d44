output "vpc_id" {
  description = "Id of the VPC."
  value       = module.networking.vpc_id
}

output "url" {
  description = "Where the API gateway answers."
  value       = module.ecs.url
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
