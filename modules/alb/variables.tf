variable "name" {
  type        = string
  description = "Name of the load balancer and prefix of every other name."

  validation {
    condition     = length(var.name) <= 28
    error_message = "Names of load balancers and their security groups leave room for 28 characters."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the load balancer."
}

variable "subnet_ids" {
  type        = map(string)
  description = "Public subnets by zone, at least two."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "A load balancer covers at least two zones."
  }
}

variable "targets" {
  type = map(object({
    port                 = number
    health_check_path    = optional(string, "/actuator/health")
    health_check_matcher = optional(string, "200")
    paths                = optional(list(string), [])
    priority             = optional(number)
  }))
  description = <<-EOT
    What stands behind the load balancer, by name. `paths` are the patterns that lead there, at most five; `priority` is the place of the
    rule among the others, by name when not set.
  EOT

  validation {
    condition     = alltrue([for target in var.targets : length(target.paths) <= 5])
    error_message = "A rule of a load balancer has at most five values."
  }

  validation {
    condition     = alltrue([for target in var.targets : startswith(target.health_check_path, "/")])
    error_message = "The path of a health check starts with \"/\"."
  }
}

variable "default_target" {
  type        = string
  description = "The target of every request that no rule is for."

  validation {
    condition     = contains(keys(var.targets), var.default_target)
    error_message = "The default target must be one of the targets."
  }
}

variable "target_security_group_id" {
  type        = string
  description = "Security group of the targets."
}

variable "closed_paths" {
  type        = list(string)
  default     = []
  description = "Patterns of paths that are nobody's business and get 404; at most five."

  validation {
    condition     = length(var.closed_paths) <= 5
    error_message = "A rule of a load balancer has at most five values."
  }
}

variable "certificate_arn" {
  type        = string
  default     = null
  description = "Certificate of the load balancer. Without one it serves plain HTTP."
}

variable "further_certificate_arns" {
  type        = set(string)
  default     = []
  description = "Certificates for further host names."
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

variable "internal" {
  type        = bool
  default     = false
  description = "Whether only the VPC reaches it."
}

variable "idle_timeout_s" {
  type        = number
  default     = 60
  description = "Seconds after which an idle connection ends."
}

variable "alarms" {
  type        = bool
  default     = true
  description = "Whether there are alarms for errors and unhealthy targets."
}

variable "alarm_topic_arn" {
  type        = string
  default     = null
  description = "Topic that is told of alarms."
}

variable "error_threshold" {
  type        = number
  default     = 25
  description = "Answers 5xx in five minutes that are still all right."
}

variable "protect" {
  type        = bool
  default     = false
  description = "Refuses the deletion of the load balancer."
}
