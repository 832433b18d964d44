variable "v" {
type=list(string)
nullable=false
default=["d"]
}
output "o" {
  value = var.v
}
