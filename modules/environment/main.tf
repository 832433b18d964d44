# One environment of the Skills Development Tracker: network, load balancer, services, database and files put together.

locals {
  name = "sdt-${var.environment}"
}

module "networking" {
  source = "../networking"

  name         = local.name
  cidr_block   = var.cidr_block
  nat_gateways = var.nat_gateways
}

module "alb" {
  source = "../alb"

  name                     = local.name
  vpc_id                   = module.networking.vpc_id
  subnet_ids               = module.networking.public_subnet_ids
  target_security_group_id = module.ecs.security_group_id
  targets                  = local.targets
  default_target           = "gateway"
  closed_paths             = ["/actuator", "/actuator/*"]
  certificate_arn          = var.certificate_arn
  alarm_topic_arn          = aws_sns_topic.alarms.arn
  protect                  = var.protect
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
  alarm_topic_arn       = aws_sns_topic.alarms.arn
  notify                = true
  protect               = var.protect
}

module "efs" {
  source = "../efs"

  name       = local.name
  vpc_id     = module.networking.vpc_id
  subnet_ids = module.networking.private_subnet_ids

  client_security_group_ids = {
    tasks = module.ecs.security_group_id
    data  = module.data_services.security_group_id
  }

  access_points = merge(
    { for folder in local.folders : folder => { path = "/${folder}" } },
    # The user that each image runs as.
    { for name in local.data_services : name => { path = "/data/${name}", uid = 999, gid = 999 } },
  )
}

module "data_services" {
  source = "../data-services"

  name                      = local.name
  vpc_id                    = module.networking.vpc_id
  subnet_ids                = module.networking.private_subnet_ids
  cluster_arn               = module.ecs.cluster_arn
  cluster_name              = module.ecs.cluster_name
  namespace                 = module.ecs.namespace
  client_security_group_ids = { tasks = module.ecs.security_group_id }
  file_system_id            = module.efs.file_system_id
  access_points             = { for name in local.data_services : name => module.efs.access_points[name] }
  steady_start              = var.steady_start
  log_retention_days        = var.log_retention_days
  protect                   = var.protect
}

module "ecs" {
  source = "../ecs"

  name               = local.name
  vpc_id             = module.networking.vpc_id
  private_subnet_ids = module.networking.private_subnet_ids
  namespace          = "${local.name}.internal"

  services                        = local.services
  config_server                   = "config"
  registry                        = "discovery"
  target_group_arns               = module.alb.target_group_arns
  load_balancer_security_group_id = module.alb.security_group_id
  secret_arns                     = { database = module.rds.secret_arn, data-services = module.data_services.secret_arn }
  steady_start                    = var.steady_start
  log_retention_days              = var.log_retention_days
}
