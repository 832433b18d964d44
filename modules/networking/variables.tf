variable "name" {
  type        = string
  description = "Prefix of every name, for example sdt-dev."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 24 lower-case letters, digits and hyphens, and start with a letter."
  }
}

variable "cidr_block" {
  type        = string
  description = "IPv4 range of the VPC. Its subnets take the first four sixteenths of it."

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && try(tonumber(split("/", var.cidr_block)[1]) <= 20, false)
    error_message = "The range must be an IPv4 CIDR block of /20 or larger."
  }
}

variable "zones" {
  type        = number
  default     = 2
  description = "Number of availability zones, each with one public and one private subnet."

  validation {
    condition     = var.zones >= 2 && var.zones <= 3
    error_message = "A load balancer and a database subnet group need 2 zones; this layout has room for 3."
  }
}

variable "nat_gateways" {
  type        = number
  default     = 1
  description = "Number of NAT gateways: 0 leaves the private subnets without a way out, 1 is shared, 2 is one per zone."

  validation {
    condition     = contains([0, 1, 2], var.nat_gateways)
    error_message = "Choose 0, 1 or 2 NAT gateways."
  }
}

variable "gateway_endpoints" {
  type        = set(string)
  default     = ["s3"]
  description = "Services reached through gateway endpoints, which cost nothing: s3, dynamodb."

  validation {
    condition     = alltrue([for service in var.gateway_endpoints : contains(["s3", "dynamodb"], service)])
    error_message = "Only s3 and dynamodb have gateway endpoints."
  }
}

variable "interface_endpoints" {
  type        = set(string)
  default     = []
  description = "Services reached through interface endpoints in the private subnets, for example ecr.api or logs."
}

variable "flow_logs" {
  type = object({
    retention_days      = optional(number, 30)
    traffic_type        = optional(string, "ALL")
    aggregation_seconds = optional(number, 600)
  })
  default     = null
  description = "Records the traffic of the VPC. Without it nothing is recorded."

  validation {
    condition     = try(contains(["ACCEPT", "REJECT", "ALL"], var.flow_logs.traffic_type), true)
    error_message = "Record ACCEPT, REJECT or ALL traffic."
  }
}
