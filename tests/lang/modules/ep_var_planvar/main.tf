variable "e" {
  default = "eph"
  ephemeral = true
}
output "o" {
  value = 1
}
