module "environment" {
  source = "../../modules/environment"

  environment  = "dev"
  cidr_block   = "10.0.0.0/16"
  nat_gateways = 1
  tasks        = 1

  database = {
    instance_class        = "db.t3.micro"
    allocated_storage     = 20
    backup_retention_days = 7
  }

  image_registry     = var.image_registry
  image_tag          = var.image_tag
  certificate_arn    = var.certificate_arn
  log_retention_days = 7
  protect            = false
}
