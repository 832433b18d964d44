variable "v" {
type=string
}
output "o" {
  value = var.v
}
