# One environment of the Skills Development Tracker: network, services, database and files put together.

locals {
  name = "sdt-${var.environment}"
}

module "networking" {
  source = "../networking"

  name         = local.name
  cidr_block   = var.cidr_block
  nat_gateways = var.nat_gateways

  interface_endpoints = var.interface_endpoints
  flow_logs           = var.flow_logs
}

module "rds" {
  source = "../rds"

  name                      = local.name
  vpc_id                    = module.networking.vpc_id
  subnet_ids                = module.networking.private_subnet_ids
  client_security_group_ids = { tasks = module.ecs.security_group_id }

  instance_class        = var.database.instance_class
  allocated_storage     = var.database.allocated_storage
  backup_retention_days = var.database.backup_retention_days
  multi_az              = var.database.multi_az
  replicas              = var.database.replicas
  protect               = var.protect
}

module "efs" {
  source = "../efs"

  name                      = local.name
  vpc_id                    = module.networking.vpc_id
  subnet_ids                = module.networking.private_subnet_ids
  client_security_group_ids = { tasks = module.ecs.security_group_id }
  access_points             = { for folder in local.folders : folder => { path = "/${folder}" } }
}

module "ecs" {
  source = "../ecs"

  name               = local.name
  vpc_id             = module.networking.vpc_id
  public_subnet_ids  = module.networking.public_subnet_ids
  private_subnet_ids = module.networking.private_subnet_ids

  services           = local.services
  entry              = "gateway"
  secret_arns        = { database = module.rds.secret_arn }
  certificate_arn    = var.certificate_arn
  log_retention_days = var.log_retention_days
  protect            = var.protect
}
