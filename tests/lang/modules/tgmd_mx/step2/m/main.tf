variable "i" {
  default = 1
}
resource "terraform_data" "a" {
  input=var.i
}
resource "terraform_data" "b" {
  input=2
}
output "o" {
  value = terraform_data.a.output
}
