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

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Settings of the database beside those that every environment has, by name."
}

variable "monitoring_interval_s" {
  type        = number
  default     = 60
  description = "Seconds between values of enhanced monitoring; 0 turns it off."

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.monitoring_interval_s)
    error_message = "RDS measures every 1, 5, 10, 15, 30 or 60 seconds, or not at all (0)."
  }
}

variable "alarms" {
  type        = bool
  default     = true
  description = "Whether there are alarms for CPU, storage, memory and connections."
}

variable "notify" {
  type        = bool
  default     = false
  description = "Whether `alarm_topic_arn` is told of failures and failovers too."
}

variable "alarm_topic_arn" {
  type        = string
  default     = null
  description = "Topic that is told of alarms."
}

variable "connection_threshold" {
  type        = number
  default     = 80
  description = "Connections above which there is an alarm."
}
