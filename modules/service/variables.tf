variable "name" {
  type        = string
  description = "Name of the service, also in the namespace."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "The name of a service consists of lower-case letters, digits and hyphens."
  }
}

variable "platform" {
  type = object({
    prefix             = string
    region             = string
    cluster_arn        = string
    cluster_name       = string
    namespace_id       = string
    subnet_ids         = map(string)
    security_group_ids = list(string)
    execution_role_arn = string
    assume_role_policy = string
    log_retention_days = optional(number, 30)
    steady_start       = optional(bool, false)
  })
  description = <<-EOT
    Where the service runs, the same for all services of a cluster: `prefix` begins the names of roles, log groups and task definitions;
    `region` is that of the logs; tasks run in the cluster in the private subnets by zone, and are found in the namespace;
    ECS starts them with the execution role, and their own roles have the assume role policy (JSON). Logs are kept for
    `log_retention_days`. With `steady_start` a change waits until the tasks run and are well.
  EOT

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 180, 365], var.platform.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "service" {
  type = object({
    image             = string
    port              = number
    cpu               = optional(number, 256)
    memory            = optional(number, 512)
    command           = optional(list(string), [])
    health_check      = optional(list(string), [])
    environment       = optional(map(string), {})
    secrets           = optional(map(string), {})
    tasks             = optional(number, 1)
    max_tasks         = optional(number, 0)
    cpu_percent       = optional(number, 70)
    memory_percent    = optional(number, 80)
    spot              = optional(bool, false)
    exclusive         = optional(bool, false)
    target_group_arns = optional(map(string), {})
    volumes = optional(map(object({
      file_system_id   = string
      access_point_id  = string
      access_point_arn = string
      path             = string
      read_only        = optional(bool, false)
    })), {})
  })
  description = <<-EOT
    The service: its image, the port on which it listens, CPU units (1024 are one processor) and MB of memory of a task.
    `command` replaces the image's own; `health_check` tells whether the container is well, such as ["CMD-SHELL", "redis-cli ping"].
    `secrets` maps an environment variable to what ECS calls valueFrom: the ARN of a secret, with ":key::" behind it for one key
    of its JSON. It begins with `tasks`, the fewest when it scales, and scales up to `max_tasks` if that is more, at `cpu_percent` and
    `memory_percent`. One with `spot` runs all tasks but one on Fargate Spot, which AWS may interrupt; one that is `exclusive`
    stops the old task before the new one starts, as a task that owns its files must. `target_group_arns` are those of load balancers that
    send requests to the tasks, by a name for each; `volumes` are access points of an EFS file system and where they are mounted.
  EOT

  validation {
    condition     = var.service.port >= 1 && var.service.port <= 65535
    error_message = "A port is between 1 and 65535."
  }

  validation {
    condition     = contains([256, 512, 1024, 2048], var.service.cpu)
    error_message = "A service of ours has 256, 512, 1024 or 2048 CPU units."
  }

  # Source: "Task CPU and memory" of the ECS developer guide.
  validation {
    condition = contains(lookup({
      "256"  = [512, 1024, 2048]
      "512"  = [1024, 2048, 3072, 4096]
      "1024" = [2048, 3072, 4096, 5120, 6144, 7168, 8192]
      "2048" = [for gb in range(4, 17) : gb * 1024]
    }, tostring(var.service.cpu), [var.service.memory]), var.service.memory)
    error_message = "Fargate has its own choice of memory for each number of CPU units (256: 512, 1024 or 2048 MB)."
  }

  validation {
    condition     = var.service.tasks >= 0 && var.service.tasks <= 100
    error_message = "Between 0 and 100 tasks."
  }

  validation {
    condition     = alltrue([for percent in [var.service.cpu_percent, var.service.memory_percent] : percent >= 70 && percent <= 80])
    error_message = "Services scale at 70 to 80 percent."
  }
}
