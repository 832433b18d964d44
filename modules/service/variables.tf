variable "name" {
  type        = string
  description = "Name of the service, also in the namespace."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "The name of a service consists of lower-case letters, digits and hyphens."
  }
}

variable "prefix" {
  type        = string
  description = "Prefix of the names of roles, log groups and task definitions."
}

variable "region" {
  type        = string
  description = "Region of the log group."
}

variable "cluster_arn" {
  type        = string
  description = "Cluster in which the tasks run."
}

variable "cluster_name" {
  type        = string
  description = "Name of that cluster."
}

variable "namespace_id" {
  type        = string
  description = "Namespace in which the tasks are found."
}

variable "subnet_ids" {
  type        = map(string)
  description = "Private subnets of the tasks by zone."
}

variable "security_group_ids" {
  type        = list(string)
  description = "Security groups of the tasks."
}

variable "execution_role_arn" {
  type        = string
  description = "Role with which ECS starts the tasks."
}

variable "assume_role_policy" {
  type        = string
  description = "Who may assume the role of the tasks, as JSON."
}

variable "image" {
  type        = string
  description = "Image of the container."
}

variable "port" {
  type        = number
  description = "Port on which the container listens."

  validation {
    condition     = var.port >= 1 && var.port <= 65535
    error_message = "A port is between 1 and 65535."
  }
}

variable "cpu" {
  type        = number
  default     = 256
  description = "CPU units of a task; 1024 are one processor."

  validation {
    condition     = contains([256, 512, 1024, 2048], var.cpu)
    error_message = "A service of ours has 256, 512, 1024 or 2048 CPU units."
  }
}

variable "memory" {
  type        = number
  default     = 512
  description = "Memory of a task in MB."

  # Source: "Task CPU and memory" of the ECS developer guide.
  validation {
    condition = contains({
      "256"  = [512, 1024, 2048]
      "512"  = [1024, 2048, 3072, 4096]
      "1024" = [2048, 3072, 4096, 5120, 6144, 7168, 8192]
      "2048" = [for gb in range(4, 17) : gb * 1024]
    }[tostring(var.cpu)], var.memory)
    error_message = "Fargate has its own choice of memory for each number of CPU units (256: 512, 1024 or 2048 MB)."
  }
}

variable "command" {
  type        = list(string)
  default     = []
  description = "Command in place of the image's own."
}

variable "health_check" {
  type        = list(string)
  default     = []
  description = "Command that tells whether the container is well, such as [\"CMD-SHELL\", \"redis-cli ping\"]."
}

variable "environment" {
  type        = map(string)
  default     = {}
  description = "Environment variables."
}

variable "secrets" {
  type        = map(string)
  default     = {}
  description = "Environment variables that ECS takes from secrets: ARN, with \":key::\" behind it for one key of its JSON."
}

variable "volumes" {
  type = map(object({
    file_system_id   = string
    access_point_id  = string
    access_point_arn = string
    path             = string
    read_only        = optional(bool, false)
  }))
  default     = {}
  description = "Access points of an EFS file system, by name, and where they are mounted."
}

variable "tasks" {
  type        = number
  default     = 1
  description = "Tasks to begin with, and the fewest when it scales."

  validation {
    condition     = var.tasks >= 0 && var.tasks <= 100
    error_message = "Between 0 and 100 tasks."
  }
}

variable "max_tasks" {
  type        = number
  default     = 0
  description = "Most tasks when it scales; it does not unless this is more than `tasks`."
}

variable "cpu_percent" {
  type        = number
  default     = 70
  description = "Use of the CPU that scaling keeps."

  validation {
    condition     = var.cpu_percent >= 70 && var.cpu_percent <= 80
    error_message = "Services scale at 70 to 80 percent."
  }
}

variable "memory_percent" {
  type        = number
  default     = 80
  description = "Use of the memory that scaling keeps."

  validation {
    condition     = var.memory_percent >= 70 && var.memory_percent <= 80
    error_message = "Services scale at 70 to 80 percent."
  }
}

variable "spot" {
  type        = bool
  default     = false
  description = "Runs all tasks but one on Fargate Spot, which AWS may interrupt."
}

variable "exclusive" {
  type        = bool
  default     = false
  description = "Stops the old task before the new one starts: for a task that owns its files."
}

variable "steady_start" {
  type        = bool
  default     = false
  description = "Waits until the tasks run and are well."
}

variable "target_group_arns" {
  type        = map(string)
  default     = {}
  description = "Target groups of load balancers that send requests to the tasks, by a name for each."
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
