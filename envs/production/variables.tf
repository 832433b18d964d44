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
