variable "name" {
  type        = string
  description = "Identifier of the instance and prefix of every other name."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the database."
}

variable "subnet_ids" {
  type        = map(string)
  description = "Private subnets by zone, at least two."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "A database subnet group covers at least two zones."
  }
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "Security groups that may connect, by a name of the client."
  default     = {}
}

variable "engine_version" {
  type        = string
  default     = "16.4"
  description = "Version of PostgreSQL."

  validation {
    condition     = can(regex("^1[3-9](\\.\\d+)?$", var.engine_version))
    error_message = "The version must be a PostgreSQL version from 13 on, such as 16 or 16.4."
  }
}

variable "instance_class" {
  type        = string
  description = "Instance class, for example db.t3.micro."

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "An instance class of RDS starts with \"db.\"."
  }
}

variable "allocated_storage" {
  type        = number
  description = "Storage in GB."

  validation {
    condition     = var.allocated_storage >= 20 && var.allocated_storage <= 65536
    error_message = "Storage of type gp3 is between 20 and 65,536 GB."
  }
}

variable "backup_retention_days" {
  type        = number
  description = "Days for which automated backups are kept."

  validation {
    condition     = var.backup_retention_days >= 0 && var.backup_retention_days <= 35
    error_message = "RDS keeps automated backups for 0 to 35 days."
  }
}

variable "multi_az" {
  type        = bool
  default     = false
  description = "Whether a standby runs in another zone."
}

variable "replicas" {
  type        = number
  default     = 0
  description = "Number of read replicas."

  validation {
    condition     = var.replicas >= 0 && var.replicas <= 5
    error_message = "RDS for PostgreSQL has at most 5 replicas here."
  }
}

variable "database" {
  type        = string
  default     = "sdt"
  description = "Name of the first database."
}

variable "username" {
  type        = string
  default     = "sdt_admin"
  description = "Name of the administrator."
}

variable "protect" {
  type        = bool
  default     = false
  description = "Refuses deletion, takes a final snapshot and keeps the deleted secret for 30 days."
}
