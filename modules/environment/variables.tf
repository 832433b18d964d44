variable "environment" {
  type        = string
  description = "Name of the environment."

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "The environment is dev, staging or production."
  }
}

variable "cidr_block" {
  type        = string
  description = "IPv4 range of the VPC."
}

variable "nat_gateways" {
  type        = number
  description = "Number of NAT gateways: 1 shared or 2, one per zone."
}

variable "tasks" {
  type        = number
  description = "Tasks of each service."

  validation {
    condition     = var.tasks >= 0 && var.tasks <= 20
    error_message = "Between 0 and 20 tasks of each service."
  }
}

variable "max_tasks" {
  type        = number
  default     = 4
  description = "Most tasks of a service that scales; none does unless this is more than `tasks`."
}

variable "spot" {
  type        = bool
  default     = false
  description = "Runs services that may be interrupted on Fargate Spot."
}

variable "steady_start" {
  type        = bool
  default     = false
  description = "Waits in each step of the start order until its tasks run and are well."
}

variable "alarm_emails" {
  type        = set(string)
  default     = []
  description = "Addresses that are told of alarms; each must confirm it."
}

variable "database" {
  type = object({
    instance_class        = string
    allocated_storage     = number
    backup_retention_days = number
    multi_az              = optional(bool, false)
    replicas              = optional(number, 0)
  })
  description = "Size and safety of the PostgreSQL instance."
}

variable "image_registry" {
  type        = string
  default     = "public.ecr.aws/sdt"
  description = "Registry and folder of the images."
}

variable "image_tag" {
  type        = string
  default     = "latest"
  description = "Version of the images."
}

variable "certificate_arn" {
  type        = string
  default     = null
  description = "Certificate of the load balancer. Without one it serves plain HTTP."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which logs are kept."
}

variable "protect" {
  type        = bool
  default     = false
  description = "Guards load balancer and database against deletion."
}
