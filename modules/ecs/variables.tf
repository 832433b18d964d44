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
  description = "VPC of the load balancer and the tasks."
}

variable "public_subnet_ids" {
  type        = map(string)
  description = "Subnets of the load balancer by zone."
}

variable "private_subnet_ids" {
  type        = map(string)
  description = "Subnets of the tasks by zone."
}

variable "services" {
  type = map(object({
    image       = string
    port        = number
    cpu         = optional(number, 256)
    memory      = optional(number, 512)
    count       = optional(number, 1)
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
    The services by name. `secrets` maps an environment variable to what ECS calls valueFrom: the ARN of a secret, with
    ":key::" behind it for one key of its JSON. `volumes` are access points of an EFS file system.
  EOT

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "The name of a service consists of lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for service in var.services : service.port >= 1 && service.port <= 65535])
    error_message = "A port is between 1 and 65535."
  }

  # Source: "Task CPU and memory" of the ECS developer guide, for the sizes that a service of ours may have.
  validation {
    condition = alltrue([
      for service in var.services : contains({
        "256"  = [512, 1024, 2048]
        "512"  = [1024, 2048, 3072, 4096]
        "1024" = [2048, 3072, 4096, 5120, 6144, 7168, 8192]
        "2048" = [for gb in range(4, 17) : gb * 1024]
      }[tostring(service.cpu)], service.memory)
      if contains([256, 512, 1024, 2048], service.cpu)
    ]) && alltrue([for service in var.services : contains([256, 512, 1024, 2048], service.cpu)])
    error_message = "Fargate takes 256, 512, 1024 or 2048 CPU units, each with its own choice of memory (256: 512, 1024 or 2048 MB)."
  }
}

variable "entry" {
  type        = string
  description = "The service behind the load balancer."
}

variable "health_check_path" {
  type        = string
  default     = "/actuator/health"
  description = "Path of the entry service that answers 200 when it is well."
}

variable "secret_arns" {
  type        = map(string)
  default     = {}
  description = "Secrets that ECS may read to start a task, by a name for each."
}

variable "certificate_arn" {
  type        = string
  default     = null
  description = "Certificate of the load balancer. Without one it serves plain HTTP."
}

variable "allowed_cidr_blocks" {
  type        = set(string)
  default     = ["0.0.0.0/0"]
  description = "Who may reach the load balancer."

  validation {
    condition     = alltrue([for block in var.allowed_cidr_blocks : can(cidrhost(block, 0))])
    error_message = "Each entry must be an IPv4 CIDR block."
  }
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which logs are kept."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 180, 365], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "protect" {
  type        = bool
  default     = false
  description = "Refuses the deletion of the load balancer."
}
