variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the tasks."
}

variable "subnet_ids" {
  type        = map(string)
  description = "Private subnets of the tasks by zone."
}

variable "cluster_arn" {
  type        = string
  description = "Cluster in which the tasks run."
}

variable "cluster_name" {
  type        = string
  description = "Name of that cluster."
}

variable "namespace" {
  type        = object({ id = string, name = string })
  description = "Namespace in which the services are found."
}

variable "client_security_group_ids" {
  type        = map(string)
  default     = {}
  description = "Security groups that may connect, by a name of the client."
}

variable "file_system_id" {
  type        = string
  description = "EFS file system of the data."
}

variable "access_points" {
  type        = map(object({ id = string, arn = string }))
  description = "Access points of that file system, one for each service by its name."

  validation {
    condition     = alltrue([for name in keys(var.services) : contains(keys(var.access_points), name)])
    error_message = "Each data service needs an access point of its name."
  }
}

variable "services" {
  type = map(object({
    image  = string
    cpu    = optional(number, 256)
    memory = optional(number, 512)
  }))
  default = {
    mongodb  = { image = "public.ecr.aws/docker/library/mongo:7.0", cpu = 512, memory = 1024 }
    redis    = { image = "public.ecr.aws/docker/library/redis:7.4" }
    rabbitmq = { image = "public.ecr.aws/docker/library/rabbitmq:3.13", cpu = 512, memory = 1024 }
  }
  description = "Which of mongodb, redis and rabbitmq there are, their images and sizes."

  validation {
    condition     = alltrue([for name in keys(var.services) : contains(["mongodb", "redis", "rabbitmq"], name)])
    error_message = "The data services are mongodb, redis and rabbitmq."
  }
}

variable "username" {
  type        = string
  default     = "sdt"
  description = "Name of the user in MongoDB and RabbitMQ."
}

variable "database" {
  type        = string
  default     = "sdt"
  description = "Name of the first database of MongoDB."
}

variable "steady_start" {
  type        = bool
  default     = false
  description = "Waits until the tasks run and are well."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which logs are kept."
}

variable "protect" {
  type        = bool
  default     = false
  description = "Keeps the deleted secret for 30 days."
}
