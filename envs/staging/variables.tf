variable "region" {
  type        = string
  default     = "eu-west-1"
  description = "Region of everything in this environment."
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

variable "alarm_emails" {
  type        = set(string)
  default     = []
  description = "Addresses that are told of alarms; each must confirm it."
}

variable "steady_start" {
  type        = bool
  default     = false
  description = "Waits in each step of the start order until its tasks run and are well."
}
