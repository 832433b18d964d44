variable "s" {
  default = "sec"
  sensitive = true
}
variable "v" {
  default = 1
  validation {
    condition = var.v == 2
    error_message = [var.s, "b"]
  }
}
