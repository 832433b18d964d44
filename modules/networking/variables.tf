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
