module "environment" {
  source = "../../modules/environment"

  environment  = "dev"
  cidr_block   = "10.0.0.0/16"
  nat_gateways = 1
  tasks        = 1
  max_tasks    = 2
  spot         = true

  database = {
    instance_class        = "db.t3.micro"
    allocated_storage     = 20
    backup_retention_days = 7
  }

  image_registry     = var.image_registry
  image_tag          = var.image_tag
  certificate_arn    = var.certificate_arn
  alarm_emails       = var.alarm_emails
  steady_start       = var.steady_start
  log_retention_days = 7
  protect            = false
}
