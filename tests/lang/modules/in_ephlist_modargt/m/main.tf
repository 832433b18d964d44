variable "x" {
  type = string
  nullable = false
}
output "o" {
  value = var.x
  sensitive = true
}
