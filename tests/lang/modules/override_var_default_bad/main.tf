variable "v" {
type=number
default=5
}
output "o" {
  value = var.v
}
