# The services in the order in which they start. A service of a later step finds those of the earlier ones running:
#
#   1  the configuration server, which all others ask at their start
#   2  the registry, where they announce themselves
#   3  the gateway, which visitors reach
#   4  everything else
#
# Each step is a call of the same module; `depends_on` between the calls makes the order.

locals {
  step = { for step in range(1, 5) : step => toset([for name, service in var.services : name if service.step == step]) }

  # What every service is told about the others.
  addresses = {
    for variable, service in {
      SPRING_CONFIG_IMPORT                 = var.config_server
      EUREKA_CLIENT_SERVICEURL_DEFAULTZONE = var.registry
    } :
    variable => (
      variable == "SPRING_CONFIG_IMPORT"
      ? "optional:configserver:http://${service}.${var.namespace}:${var.services[service].port}"
      : "http://${service}.${var.namespace}:${var.services[service].port}/eureka/"
    )
    if service != null
  }

  environment = {
    for name, service in var.services : name => merge(
      { SERVER_PORT = tostring(service.port) },
      { for variable, value in local.addresses : variable => value if name != var.config_server },
      service.environment,
    )
  }

  platform = {
    prefix             = var.name
    region             = data.aws_region.current.name
    cluster_arn        = aws_ecs_cluster.this.arn
    cluster_name       = aws_ecs_cluster.this.name
    namespace_id       = aws_service_discovery_private_dns_namespace.this.id
    subnet_ids         = var.private_subnet_ids
    security_group_ids = [aws_security_group.tasks.id]
    execution_role_arn = aws_iam_role.execution.arn
    assume_role_policy = data.aws_iam_policy_document.assume.json
    log_retention_days = var.log_retention_days
    steady_start       = var.steady_start
  }

  services = {
    for name, service in var.services : name => merge(service, {
      environment       = local.environment[name]
      target_group_arns = { for target, arn in var.target_group_arns : target => arn if target == name }
    })
  }
}

module "configuration" {
  source   = "../service"
  for_each = local.step[1]

  name     = each.key
  platform = local.platform
  service  = local.services[each.key]

  # Without capacity providers and permissions no task starts.
  depends_on = [
    aws_ecs_cluster_capacity_providers.this,
    aws_iam_role_policy.secrets,
    aws_iam_role_policy_attachment.execution,
  ]
}

module "registry" {
  source   = "../service"
  for_each = local.step[2]

  name     = each.key
  platform = local.platform
  service  = local.services[each.key]

  depends_on = [module.configuration]
}

module "gateway" {
  source   = "../service"
  for_each = local.step[3]

  name     = each.key
  platform = local.platform
  service  = local.services[each.key]

  depends_on = [module.registry]
}

module "service" {
  source   = "../service"
  for_each = local.step[4]

  name     = each.key
  platform = local.platform
  service  = local.services[each.key]

  depends_on = [module.gateway]
}
