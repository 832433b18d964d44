variable "region" {
  type        = string
  default     = "eu-west-1"
  description = "Region of bucket and table; the backend blocks name the same."
}

variable "bucket" {
  type        = string
  default     = null
  description = "Name of the bucket, by default sdt-state- and the account's id."

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "lock_table" {
  type        = string
  default     = "sdt-state-locks"
  description = "Name of the lock table; the backend blocks name the same."
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether destroy may delete a bucket that still holds states."
}
