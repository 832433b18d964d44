module "environment" {
  source = "../../modules/environment"

  environment  = "staging"
  cidr_block   = "10.1.0.0/16"
  nat_gateways = 1
  tasks        = 1
  max_tasks    = 3
  spot         = true

  database = {
    instance_class        = "db.t3.small"
    allocated_storage     = 50
    backup_retention_days = 14
  }

  image_registry     = var.image_registry
  image_tag          = var.image_tag
  certificate_arn    = var.certificate_arn
  alarm_emails       = var.alarm_emails
  steady_start       = var.steady_start
  log_retention_days = 14
  protect            = false
}
