module "environment" {
  source = "../../modules/environment"

  environment  = "production"
  cidr_block   = "10.2.0.0/16"
  nat_gateways = 2
  tasks        = 2
  max_tasks    = 8
  spot         = false

  database = {
    instance_class        = "db.r5.large"
    allocated_storage     = 100
    backup_retention_days = 30
    multi_az              = true
    replicas              = 1
  }

  image_registry     = var.image_registry
  image_tag          = var.image_tag
  certificate_arn    = var.certificate_arn
  alarm_emails       = var.alarm_emails
  steady_start       = var.steady_start
  log_retention_days = 90
  protect            = true
}
