variable "name" {
  type        = string
  description = "Name of the file system and prefix of every other name."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the mount targets."
}

variable "subnet_ids" {
  type        = map(string)
  description = "Private subnets by zone; each gets a mount target."
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "Security groups that may mount, by a name of the client."
  default     = {}
}

variable "access_points" {
  type = map(object({
    path        = string
    uid         = optional(number, 1000)
    gid         = optional(number, 1000)
    permissions = optional(string, "0750")
  }))
  description = "Folders by name, each with the user that every client becomes there."
  default     = {}

  validation {
    condition     = alltrue([for point in var.access_points : startswith(point.path, "/")])
    error_message = "The path of an access point starts with \"/\"."
  }

  validation {
    condition     = alltrue([for point in var.access_points : can(regex("^0[0-7]{3}$", point.permissions))])
    error_message = "Permissions are four octal digits, such as 0750."
  }
}
