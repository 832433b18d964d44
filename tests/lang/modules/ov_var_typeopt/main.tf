variable "v" {
  type = object({ a = optional(string, "x") })
  default = {}
}
output "o" {
  value = var.v
}
