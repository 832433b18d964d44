variable "e" {
  ephemeral = true
  sensitive = true
  default = 1
}
output "o" {
  value = var.e
}
