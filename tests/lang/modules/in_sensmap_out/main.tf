variable "s" {
  default = "sec"
  sensitive = true
}
output "o" {
  value = { (var.s) = 1 }
}
