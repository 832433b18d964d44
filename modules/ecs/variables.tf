variable "name" {
  type        = string
  description = "Name of the cluster and prefix of every other name."

  validation {
    condition     = length(var.name) <= 24
    error_message = "Names of load balancers and roles leave room for 24 characters."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the tasks."
}

variable "private_subnet_ids" {
  type        = map(string)
  description = "Subnets of the tasks by zone."
}

variable "namespace" {
  type        = string
  description = "DNS name under which services find each other, such as sdt-dev.internal."

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.namespace))
    error_message = "The namespace is a DNS name of at least two parts."
  }
}

variable "services" {
  type = map(object({
    image       = string
    port        = number
    step        = optional(number, 4)
    cpu         = optional(number, 256)
    memory      = optional(number, 512)
    tasks       = optional(number, 1)
    max_tasks   = optional(number, 0)
    spot        = optional(bool, false)
    environment = optional(map(string), {})
    secrets     = optional(map(string), {})
    volumes = optional(map(object({
      file_system_id   = string
      access_point_id  = string
      access_point_arn = string
      path             = string
      read_only        = optional(bool, false)
    })), {})
  }))
  description = <<-EOT
    The services by name. `step` is their place in the start order, 1 to 4. `secrets` maps an environment variable to what ECS calls
    valueFrom: the ARN of a secret, with ":key::" behind it for one key of its JSON. `volumes` are access points of an EFS file system.
    A service with more `max_tasks` than `tasks` scales; one with `spot` may be interrupted.
  EOT

  validation {
    condition     = alltrue([for service in var.services : contains([1, 2, 3, 4], service.step)])
    error_message = "The start order has steps 1 to 4."
  }

  validation {
    condition     = length(distinct([for service in var.services : service.port])) == length(var.services)
    error_message = "Each service has a port of its own."
  }
}

variable "config_server" {
  type        = string
  default     = null
  description = "The service that all others ask for their configuration."

  validation {
    condition     = var.config_server == null || contains(keys(var.services), coalesce(var.config_server, "-"))
    error_message = "The configuration server must be one of the services."
  }
}

variable "registry" {
  type        = string
  default     = null
  description = "The service where all others announce themselves (Eureka)."

  validation {
    condition     = var.registry == null || contains(keys(var.services), coalesce(var.registry, "-"))
    error_message = "The registry must be one of the services."
  }
}

variable "target_group_arns" {
  type        = map(string)
  default     = {}
  description = "Target groups of a load balancer by the service that they send requests to."
}

variable "load_balancer_security_group_id" {
  type        = string
  default     = null
  description = "Security group of that load balancer."
}

variable "secret_arns" {
  type        = map(string)
  default     = {}
  description = "Secrets that ECS may read to start a task, by a name for each."
}

variable "steady_start" {
  type        = bool
  default     = false
  description = "Waits in each step of the start order until its tasks run and are well."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which logs are kept."
}
